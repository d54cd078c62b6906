"""What a treatment stands on: screening, consent, orders, checks."""
