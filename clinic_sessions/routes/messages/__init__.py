"""What patients are told and asked, and how it leaves the house."""
