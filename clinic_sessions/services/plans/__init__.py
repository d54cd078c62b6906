"""A patient's plan, and the papers that it stands on."""
