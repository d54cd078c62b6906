"""A visit gets a time, changes it, loses it."""
