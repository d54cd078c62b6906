"""Booking a session: when, in which chair, once for each showing of the form."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from wtforms import BooleanField, RadioField, SelectField

from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.forms.lifting import LiftingForm
from clinic_sessions.forms.moments import MomentForm, refuse

OTHER = "other"
FURTHEST = timedelta(days=400)
FIRST_YEAR, LAST_YEAR = 2000, 2200

_SLOT = re.compile(r"([0-9]{1,9})@([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?Z)", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


def number(text: str | None) -> int | None:
    """Read the number of a row; None for anything else, however large."""
    return int(text) if text and _NUMBER.fullmatch(text) else None


def slot_value(chair_id: int, starts_at: datetime) -> str:
    """Write a chair and a start as the value of a chip."""
    return f"{chair_id}@{starts_at:%Y-%m-%dT%H:%M}Z"


def read_slot(text: str | None) -> tuple[int, datetime] | None:
    """Read the value of a chip; None when it is none."""
    found = _SLOT.fullmatch(text or "")
    if found is None:
        return None
    try:
        starts_at = datetime.fromisoformat(found[2])
    except ValueError:
        return None
    return (int(found[1]), starts_at) if in_years(starts_at) else None


def in_years(day: date) -> bool:
    """Say whether a day is of the years for which there can be a schedule; near the ends of time no zone has a wall."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What a form chose: a chair and a start."""

    chair_id: int
    starts_at: datetime


class SlotForm(MomentForm):
    """When: one of the times offered, or another one that is typed; what was chosen is read by `_choose`."""

    slot = RadioField("When", choices=[], validate_choice=False)
    tell = BooleanField("Tell the patient", default=True)

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields, then what they chose together."""
        self.needs_moment = self.slot.data == OTHER
        good = super().validate(extra_validators)
        if self.slot.data != OTHER and self.wall.data is not None:
            return refuse(self.slot, "You typed a time too. Choose \u201cAnother time\u201d to use it, or clear it.")
        return self._choose() and good

    def _choose(self) -> bool:
        raise NotImplementedError

    def _read_moment(self) -> bool:
        return super()._read_moment() if self.needs_moment else True

    def _in_reach(self, day: date, field: Any) -> bool:
        today: date = self.meta.today
        if not today - timedelta(days=1) <= day <= today + FURTHEST:
            return refuse(field, "Choose a day from today to a year ahead.")
        return True


class PlaceForm(SlotForm, LiftingForm):
    """When and in which chair: one of the times offered, or another one that is typed."""

    chair = SelectField("Chair", choices=[], coerce=str, validate_choice=False)

    chosen: Chosen | None = None
    chairs: frozenset[str] = frozenset()

    def offer_chairs(self, chairs: Sequence[tuple[int, str]]) -> None:
        """Set the chairs that can be chosen."""
        self.chair.choices = options((str(chair_id), name) for chair_id, name in chairs)
        self.chairs = frozenset(str(chair_id) for chair_id, _ in chairs)

    def _choose(self) -> bool:
        if self.slot.data == OTHER:
            return self._typed()
        slot = read_slot(self.slot.data)
        if slot is None:
            return refuse(self.slot, "Choose a time, or type another one.")
        self.chosen = Chosen(chair_id=slot[0], starts_at=slot[1])
        return self._in_reach(slot[1].date(), self.slot)

    def _typed(self) -> bool:
        if self.chair.data not in self.chairs:
            return refuse(self.chair, "Choose a chair.")
        if self.moment is None or self.day.data is None:
            return False
        self.chosen = Chosen(chair_id=int(self.chair.data), starts_at=self.moment)
        return self._in_reach(self.day.data, self.day)


class BookingForm(KeyedForm, PlaceForm):
    """A booking, for a patient already chosen."""
