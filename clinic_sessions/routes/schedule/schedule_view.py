"""What somebody looks at on the schedule: which days, and which sessions; kept in every address that leads on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from urllib.parse import urlencode

from flask import g, request, url_for

from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.booking import number
from clinic_sessions.models import Clinic
from clinic_sessions.services.schedule.schedule_rows import Wanted

WEEK = "week"
KEPT = ("route", "nurse", "provider")


@dataclass(frozen=True, kw_only=True)
class View:
    """A day or a week of the schedule, and the addresses around it."""

    day: date
    today: date
    is_week: bool
    can_book: bool
    kept: dict[str, str]
    """The filters, as they stand in the address."""

    @property
    def first(self) -> date:
        """The first day shown; a week begins on Sunday."""
        return self.day - timedelta(days=self.day.isoweekday() % 7) if self.is_week else self.day

    @property
    def last(self) -> date:
        """The last day shown."""
        return self.first + timedelta(days=6) if self.is_week else self.day

    @property
    def is_now(self) -> bool:
        """Say whether today is among the days."""
        return self.first <= self.today <= self.last

    @property
    def day_before(self) -> date:
        """The day, or the first day of the week, before."""
        return self.first - timedelta(days=7 if self.is_week else 1)

    @property
    def day_after(self) -> date:
        """The day, or the first day of the week, after."""
        return self.last + timedelta(days=1)

    @cached_property
    def at(self) -> str:
        """The schedule itself."""
        return url_for("schedule.index")

    @property
    def here(self) -> str:
        """The address of what is shown."""
        return self.address(self.day)

    @property
    def unfiltered(self) -> str:
        """The same without filters."""
        return self._at(self.day, as_week=self.is_week, kept={})

    @property
    def as_day(self) -> str:
        """The same day alone."""
        return self.address(self.day, as_week=False)

    @property
    def as_week(self) -> str:
        """The week of the same day."""
        return self.address(self.day, as_week=True)

    def address(self, day: date, *, as_week: bool | None = None) -> str:
        """Give the address of another day under the same filters."""
        return self._at(day, as_week=self.is_week if as_week is None else as_week, kept=self.kept)

    def _at(self, day: date, *, as_week: bool, kept: Mapping[str, str]) -> str:
        view = {"view": WEEK} if as_week else {}
        return f"{self.at}?{urlencode({'date': day.isoformat(), **view, **kept})}"

    def book(self, day: date) -> str | None:
        """Give the address at which a session is booked on a day; None when the person does not book."""
        return url_for("booking.new", date=day.isoformat()) if self.can_book else None


def view_of(clinic: Clinic, day: date | None, *, can_book: bool) -> View:
    """Read from the address what is to be shown; without a day it is today's."""
    today = local_day(g.now, clinic.zone)
    return View(
        day=day or today,
        today=today,
        is_week=request.args.get("view") == WEEK,
        can_book=can_book,
        kept={name: request.args[name] for name in KEPT if request.args.get(name)},
    )


def read_wanted() -> Wanted:
    """Read the filters from the address; what is none is left out."""
    route = request.args.get("route", "")
    return Wanted(
        route=Route(route) if route in list(Route) else None,
        nurse_id=number(request.args.get("nurse")),
        provider_id=number(request.args.get("provider")),
    )
