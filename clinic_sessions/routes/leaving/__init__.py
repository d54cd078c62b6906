"""Before the patient leaves: reasons against it, the ride, the way home."""
