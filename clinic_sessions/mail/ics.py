"""The calendar file of a visit: says when and where, and nothing of why."""

from datetime import datetime

from icalendar import Calendar, Event

PRODUCT = "-//Clinic Sessions//EN"


def visit(
    *,
    uid: str,
    host: str,
    sequence: int,
    starts_at: datetime,
    ends_at: datetime,
    summary: str,
    place: str,
    cancelled: bool,
    now: datetime,
) -> bytes:
    """Write one visit; the same `uid` for life, `sequence` grows when time or place changes. Instants are aware UTC.

    METHOD:PUBLISH, not REQUEST: a patient who declines an invitation would believe the visit cancelled.
    """
    event = Event()
    event.add("uid", f"{uid}@{host}")
    event.add("dtstamp", now)
    event.add("dtstart", starts_at)
    event.add("dtend", ends_at)
    event.add("summary", summary)
    event.add("location", place)
    event.add("sequence", sequence)
    event.add("class", "PRIVATE")
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
