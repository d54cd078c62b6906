"""What forms about a session's acts share: the true time of the act, and ticks that keep what looks wrong."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import BooleanField, Form, HiddenField

from clinic_sessions.domain.drug import doses
from clinic_sessions.domain.session.readiness import DoseToGive
from clinic_sessions.domain.session.true_time import named
from clinic_sessions.domain.wall_time import Hour, SkippedHour, local_day, real_times_around
from clinic_sessions.forms.fields import ClockField, DayField, OneOfField, Typed, meta
from clinic_sessions.forms.moments import HOURS, REPEATED, SKIPPED, refuse

SLACK = timedelta(minutes=1)
"""A tablet's clock may be a little ahead."""


def act_meta(
    now: datetime,
    zone: ZoneInfo,
    starts_at: datetime,
    *,
    kept: datetime | None = None,
    asks_before: datetime | None = None,
    cap: int | None = None,
    devices: bool = False,
    infused: bool = True,
    ordered: DoseToGive | None = None,
) -> dict[str, Any]:
    """Give what an act's form must know: the first day its wall times may be of, and what it asks about.

    `kept`: when the act was that the form corrects; it stays so unless another time is typed. `asks_before`: earlier
    times need a tick. `cap` in micrograms: larger doses need a tick. `ordered`: a start with another dose needs a tick.
    `infused`: the dose runs, so that it can be paused.
    """
    first_day = min(local_day(one, zone) for one in (starts_at, now, kept) if one is not None)
    asked = {"asks_before": asks_before, "cap": cap, "devices": devices, "infused": infused, "ordered": ordered}
    return {**meta(now, zone), "first_day": first_day, "kept": kept, **asked}


class MgField(Typed):
    """A dose in mg; its value is whole micrograms."""

    def read(self, typed: str) -> int:
        """Read it exactly; anything but plain digits with one point or comma is refused."""
        return doses.parse_mg(typed)

    def write(self, value: Any) -> str:
        """Write it without its unit."""
        return doses.mg_text(int(value)).removesuffix(" mg")


class ActForm(Form):
    """A form about an act; after a good `validate`, `moment` is its true time (aware UTC), None for now.

    A time without its date is of the one day on which it has been since the step before; of several it is asked which.
    """

    at = ClockField("True time")
    at_day = DayField("Date")
    at_which = OneOfField("Which of the two?", Hour, ask="Choose one of the two.", said=HOURS, blank="Not needed")
    sure_time = BooleanField("Yes, this is the true time")
    form_key = HiddenField()
    corrects = HiddenField()

    moment: datetime | None = None
    asks_time = False
    asks_which = False

    @property
    def asks_day(self) -> bool:
        """Whether the act may have been on another day than today."""
        return bool(self.meta.first_day < self.meta.today)

    @property
    def time_wrong(self) -> bool:
        """Whether something is to be said about the time."""
        return bool(self.at.errors or self.at_day.errors or self.at_which.errors)

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields, then their meaning together; every message stands beside its field."""
        super().validate(extra_validators)
        if not self.time_wrong:
            self._read_time()
        for field, text in self.against():
            field.errors = [*field.errors, text]
        return not self.errors

    def against(self) -> Iterator[tuple[Any, str]]:
        """Give what else speaks against what was typed: a field and the words beside it."""
        yield from ()

    def _read_time(self) -> None:
        if self._keeps():
            self.moment = self.meta.kept
        elif self.at.data is not None:
            self._judge(self._named())
        elif self.at_day.data is not None:
            refuse(self.at, "Enter the time too, like 10:40 am, or leave both blank.")

    def _keeps(self) -> bool:
        """Whether the time of what is corrected was left as it was."""
        kept: datetime | None = self.meta.kept
        if kept is None:
            return self.at.data is None and self.at_day.data is None
        local = kept.astimezone(self.meta.zone)
        same_time = self.at.data in {None, local.time().replace(second=0, microsecond=0)}
        return same_time and self.at_day.data in {None, local.date()}

    def _named(self) -> list[datetime] | None:
        """List the moments that were typed; None when something is wrong with them, and it has been said."""
        day: date | None = self.at_day.data
        first, last = (day, day) if day else (self.meta.first_day, self.meta.today)
        if first < self.meta.first_day:
            refuse(self.at_day, "This is before the day of the visit. Check the date.")
            return None
        since: datetime | None = self.meta.asks_before
        since, until = since and since.replace(second=0), self.meta.now + SLACK
        try:
            return named(self.at.data, self.meta.zone, first=first, last=last, until=until, since=since)
        except SkippedHour:
            before, after = real_times_around(first, self.at.data, self.meta.zone)
            refuse(self.at, SKIPPED.format(before=self.at.write(before), after=self.at.write(after)))
        return None

    def _judge(self, found: list[datetime] | None) -> None:
        if found is None:
            return
        if not found:
            refuse(self.at, "This time has not come yet. Leave it blank for now.")
        elif len({local_day(one, self.meta.zone) for one in found}) > 1:
            refuse(self.at_day, "This time has been on more than one day since. Choose the date.")
        elif len(found) > 1 and self.at_which.data is None:
            self.asks_which = True
            refuse(self.at_which, REPEATED)
        else:
            self.moment = found[-1 if self.at_which.data is Hour.SECOND else 0]
            self._ask_if_early()

    def _ask_if_early(self) -> None:
        earliest: datetime | None = self.meta.asks_before
        if earliest and self.moment and self.moment < earliest.replace(second=0) and not self.sure_time.data:
            self.asks_time = True
            refuse(self.at, "This is before the step that came before it. Check the time, or tick that it is true.")


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
