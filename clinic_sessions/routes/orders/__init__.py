"""What a provider orders, and the dose that it comes to."""
