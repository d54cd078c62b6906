"""The search for free times and the booking itself: in process, and posted by one client or by rivals."""

import re
import secrets
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall
from functools import partial
from itertools import islice
from urllib.parse import urlencode

import sqlalchemy as sa

from bench.clinic import Bench
from bench.data import ZONE
from bench.pages import Client
from bench.rows import seconds, timed
from clinic_sessions import clock
from clinic_sessions.extensions import db
from clinic_sessions.forms.booking import slot_value
from clinic_sessions.models import Chair, Clinic, Patient, ProtocolVersion
from clinic_sessions.services.booking import free_times

EACH = 80
"""How many bookings a round makes."""
FIRST_DAY = timedelta(days=14)
STARTS = (8, 11, 14, 17)
CHAIRS = 4
"""Few enough at a time for the nurses on shift: no booking is to be refused."""


@dataclass(frozen=True, kw_only=True)
class Booked:
    """How one round of bookings went."""

    p50: float
    rate: float


def search(bench: Bench) -> float:
    """Time the search for the next three free times of an infusion, from a day that is full."""
    with bench.app.app_context():
        want = free_times.wanted(_version(), 1, clock.now())
        clinic = _clinic()
        return timed(lambda: free_times.next_three(db.session(), clinic, want))


def day_starts(bench: Bench) -> float:
    """Time finding every free start of tomorrow."""
    tomorrow = bench.today + timedelta(days=1)
    with bench.app.app_context():
        want = free_times.wanted(_version(), 0, _at(tomorrow, 0))
        clinic = _clinic()
        return timed(lambda: free_times.starts_by_day(db.session(), clinic, want, tomorrow))


def forms(bench: Bench, port: int) -> Iterator[str]:
    """Give filled forms without end as a browser posts them: each another patient, chair and time."""
    page = Client(port, bench.cookie).get("/sessions/new?patient=1")
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    if found is None:
        raise LookupError("no token on the page")
    with bench.app.app_context():
        what = _version().id
        chairs = list(db.session().scalars(sa.select(Chair.id).order_by(Chair.id).limit(CHAIRS)))
        patients = list(db.session().scalars(sa.select(Patient.id).order_by(Patient.id)))
    times = _times(bench.today + FIRST_DAY)
    for number, patient in enumerate(patients):
        if number % CHAIRS == 0:
            start = next(times)
        yield urlencode(
            {
                "csrf_token": found[1], "patient": patient, "what": what, "tell": "y",
                "form_key": secrets.token_urlsafe(24), "slot": slot_value(chairs[number % CHAIRS], start),
            }
        )  # fmt: skip


def post_all(port: int, cookie: str, forms: Iterator[str], *, clients: int) -> Booked:
    """Post one round of bookings over so many connections at once."""
    round_ = list(islice(forms, EACH))

    def book(some: list[str]) -> list[float]:
        client = Client(port, cookie)
        return [seconds(partial(client.post, "/sessions/new", form)) for form in some]

    before = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        took = [one for some in pool.map(book, [round_[n::clients] for n in range(clients)]) for one in some]
    return Booked(p50=statistics.median(took), rate=len(took) / (time.perf_counter() - before))


def _times(day: date) -> Iterator[datetime]:
    while True:
        yield from (_at(day, hour) for hour in STARTS)
        day += timedelta(days=1)


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, wall(hour), ZONE).astimezone(UTC)


def _version() -> ProtocolVersion:
    return db.session().scalars(sa.select(ProtocolVersion).where(ProtocolVersion.key == "iv-mood")).one()


def _clinic() -> Clinic:
    return db.session().scalars(sa.select(Clinic)).one()
