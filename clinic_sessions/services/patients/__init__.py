"""Who a patient is, and what the file says of them."""
