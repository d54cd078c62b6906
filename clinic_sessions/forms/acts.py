"""What forms about a session's acts share: the true time of the act, and ticks that keep what looks wrong."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import BooleanField, Form, HiddenField

from clinic_sessions.domain.drug import doses
from clinic_sessions.domain.session.readiness import DoseToGive
from clinic_sessions.domain.wall_time import Hour, SkippedHour, instant, local_day
from clinic_sessions.forms.fields import ClockField, Typed, meta
from clinic_sessions.forms.moments import SKIPPED

SLACK = timedelta(minutes=1)
"""A tablet's clock may be a little ahead."""


def act_meta(
    now: datetime,
    zone: ZoneInfo,
    starts_at: datetime,
    *,
    asks_before: datetime | None = None,
    cap: int | None = None,
    devices: bool = False,
    ordered: DoseToGive | None = None,
) -> dict[str, Any]:
    """Give what an act's form must know: the day its wall times are of, and what it asks about.

    `asks_before`: earlier times need a tick. `cap` in micrograms: larger doses need a tick. `ordered`: a start with
    another dose needs a tick.
    """
    today = local_day(now, zone)
    act_day = min(local_day(starts_at, zone), today)
    asked = {"asks_before": asks_before, "cap": cap, "devices": devices, "ordered": ordered}
    return {**meta(now, zone), "act_day": act_day, **asked}


class MgField(Typed):
    """A dose in mg; its value is whole micrograms."""

    def read(self, typed: str) -> int:
        """Read it exactly; anything but plain digits with one point or comma is refused."""
        return doses.parse_mg(typed)

    def write(self, value: Any) -> str:
        """Write it without its unit."""
        return doses.mg_text(int(value)).removesuffix(" mg")


class ActForm(Form):
    """A form about an act; after a good `validate`, `moment` is its true time (aware UTC), None for now."""

    at = ClockField("True time")
    sure_time = BooleanField("Yes, this is the true time")
    form_key = HiddenField()
    corrects = HiddenField()

    moment: datetime | None = None
    asks_time = False

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields, then their meaning together; every message stands beside its field."""
        super().validate(extra_validators)
        self._read_time()
        for field, text in self.against():
            field.errors = [*field.errors, text]
        return not self.errors

    def against(self) -> Iterator[tuple[Any, str]]:
        """Give what else speaks against what was typed: a field and the words beside it."""
        yield from ()

    def _read_time(self) -> None:
        if self.at.errors or self.at.data is None:
            return
        day: date = self.meta.act_day
        try:
            self.moment = instant(day, self.at.data, self.meta.zone, Hour.FIRST)
        except SkippedHour:
            self.at.errors = [SKIPPED]
        self._judge_time()

    def _judge_time(self) -> None:
        earliest: datetime | None = self.meta.asks_before
        if self.moment is None:
            return
        if self.moment > self.meta.now + SLACK:
            self.at.errors = ["This time has not come yet. Leave it blank for now."]
        elif earliest is not None and self.moment < earliest.replace(second=0) and not self.sure_time.data:
            self.asks_time = True
            self.at.errors = ["This is before the step that came before it. Check the time, or tick that it is true."]


class DosedForm(ActForm):
    """An act with a dose; one above the protocol's limit is asked about, never refused."""

    mg = MgField("Dose in mg")
    sure_dose = BooleanField("Yes, this is the dose")
    asks_dose = False

    def dose_doubts(self) -> Iterator[tuple[Any, str]]:
        """Ask about a dose above the protocol's limit for one session."""
        cap: int | None = self.meta.cap
        if cap is not None and self.mg.data is not None and self.mg.data > cap and not self.sure_dose.data:
            self.asks_dose = True
            text = f"{doses.mg_text(self.mg.data)} is above the protocol's limit of {doses.mg_text(cap)}."
            yield self.mg, f"{text} Check the number, or tick that it is right."
