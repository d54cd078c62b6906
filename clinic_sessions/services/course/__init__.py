"""A patient's course, in the order in which it happened."""
