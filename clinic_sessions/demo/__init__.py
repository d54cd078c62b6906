"""The demo clinic: invented people, and a history that leads up to now."""

from clinic_sessions.demo.filling import NotEmpty, fill

__all__ = ["NotEmpty", "fill"]
