"""Rating scales, and whether the treatment works."""
