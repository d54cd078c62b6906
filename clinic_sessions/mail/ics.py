"""Calendar files: say when and where a visit is, and nothing of why. The one writer of all of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from icalendar import Calendar, Event, vCalAddress, vDuration, vText

from clinic_sessions.domain.scheduling.calendar_entry import Standing

PRODUCT = "-//Clinic Sessions//EN"


class Method(StrEnum):
    """What a mailed or downloaded file asks of a calendar (RFC 5546)."""

    PUBLISH = "PUBLISH"
    CANCEL = "CANCEL"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One visit in a calendar; instants are aware UTC.

    `uid` stays the same for life, `sequence` grows with each change of time, place or standing.
    """

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str
    place: str | None
    standing: Standing
    changed_at: datetime
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Organizer:
    """Who publishes the entries: without it a calendar heeds no cancellation (RFC 5546, 3.2.5)."""

    name: str
    address: str


def method_of(standings: Collection[Standing]) -> Method:
    """Say what a file of visits that stand so asks: CANCEL when all of them are off, else PUBLISH.

    Never REQUEST: a patient who declines an invitation in a mail program would believe the visit cancelled.
    """
    return Method.CANCEL if set(standings) == {Standing.CANCELLED} else Method.PUBLISH


def file(entries: Sequence[Entry], *, organizer: Organizer, now: datetime) -> bytes:
    """Write the file that is mailed to a patient or fetched by them; `now` is when it is written."""
    calendar = _calendar()
    calendar.add("method", method_of({entry.standing for entry in entries}).value)
    for entry in entries:
        event = _event(entry)
        event.add("dtstamp", now)
        event.add("organizer", _address(organizer))
        calendar.add_component(event)
    return _written(calendar)


def feed(entries: Sequence[Entry], *, name: str, zone_name: str, every: timedelta) -> bytes:
    """Write what a subscribed calendar reads again and again; `every` is how often.

    No METHOD: it is a snapshot and asks nothing, so DTSTAMP is when the entry last changed (RFC 5545, 3.8.7.2). The
    same entries give the same bytes. TRANSPARENT: other people's visits make nobody busy.
    """
    calendar = _calendar()
    calendar.add("x-wr-calname", vText(name))
    calendar.add("x-wr-timezone", vText(zone_name))
    calendar.add("refresh-interval", vDuration(every), parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", vDuration(every))
    for entry in entries:
        event = _event(entry)
        event.add("dtstamp", entry.changed_at)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return _written(calendar)


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    return calendar


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstart", entry.starts_at)
    event.add("dtend", entry.ends_at)
    event.add("summary", entry.summary)
    if entry.place:
        event.add("location", entry.place)
    if entry.url:
        event.add("url", entry.url)
    event.add("sequence", entry.sequence)
    event.add("status", entry.standing.value)
    event.add("class", "PRIVATE")
    event.add("last-modified", entry.changed_at)
    return event


def _address(organizer: Organizer) -> vCalAddress:
    address = vCalAddress(f"mailto:{organizer.address}")
    address.params["CN"] = organizer.name
    return address


def _written(calendar: Calendar) -> bytes:
    written: bytes = calendar.to_ical()
    return written
