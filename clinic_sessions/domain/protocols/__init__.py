"""Protocols: versioned texts and numbers, drafted, compared, published."""
