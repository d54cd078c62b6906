"""Screening and clearance: may this person be treated at all."""
