"""What waits for someone today."""
