"""The rating scales: each one's data file, its scoring as published in one pure function, and what a change means."""
