"""Use cases: each takes the database session, the moment and the person; none commits, none knows of HTTP."""
