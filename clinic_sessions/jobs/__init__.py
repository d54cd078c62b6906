"""The clock's side: one timetable, each job a loop around a service."""
