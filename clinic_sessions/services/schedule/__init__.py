"""The day by chair and the week, as they are looked at."""
