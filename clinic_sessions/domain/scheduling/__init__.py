"""When a visit can stand: hours, chairs, nurses, spacing, series."""
