"""`python -m clinic_sessions` is the same command as `clinic-sessions`."""

from clinic_sessions.cli import main

main()
