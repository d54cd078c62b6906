"""The treatment day of one patient: its steps, its record, what is due."""
