"""The drug in the hand: label, draw, count, the dose while it runs, the log."""
