"""What the clinic is made of: sites, chairs, hours, closures."""
