"""Who works when, and whether there are nurses enough."""
