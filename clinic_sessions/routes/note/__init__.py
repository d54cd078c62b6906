"""The note of a session: composed, signed, added to."""
