"""The dates of a whole series, found and booked together."""
