"""Pages that a patient opens from a link."""
