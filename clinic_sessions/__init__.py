"""Clinic Sessions: books treatment sessions, runs the treatment day, reminds and follows up."""

from clinic_sessions.app import create_app

__all__ = ["create_app"]
