"""The one way out: what is written, and how it leaves."""
