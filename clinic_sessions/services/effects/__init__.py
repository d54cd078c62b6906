"""Side effects, what was done about them, who is called afterwards."""
