"""Consents: read, signed, chosen against."""
