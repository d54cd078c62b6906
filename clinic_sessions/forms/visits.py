"""Booking a visit that is no treatment, and moving it."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from wtforms import BooleanField, HiddenField, RadioField

from clinic_sessions.domain import visits
from clinic_sessions.domain.lifecycle import SessionKind
from clinic_sessions.domain.reasons import MoveReason
from clinic_sessions.forms.booking import FURTHEST, OTHER, STALE_FORM, in_years, number, refuse
from clinic_sessions.forms.changes import ReasonsField
from clinic_sessions.forms.keys import is_key
from clinic_sessions.forms.moments import MomentForm

LENGTHS = range(visits.SHORTEST, visits.LONGEST + 1, visits.STEP)

_START = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}Z", re.ASCII)


def start_value(starts_at: datetime) -> str:
    """Write a start as the value of a chip."""
    return f"{starts_at:%Y-%m-%dT%H:%M}Z"


def read_start(text: str | None) -> datetime | None:
    """Read the value of a chip; None when it is none."""
    if not _START.fullmatch(text or ""):
        return None
    try:
        starts_at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return starts_at if in_years(starts_at) else None


def read_kind(text: str | None) -> SessionKind | None:
    """Read a kind of visit; None for a treatment, which is booked elsewhere, and for anything else."""
    return next((kind for kind in visits.KINDS if kind.value == text), None)


def read_minutes(text: str | None) -> int | None:
    """Read how long a visit is to be; None for what no visit may last."""
    minutes = number(text)
    return minutes if minutes is not None and visits.is_length(minutes) else None


class VisitForm(MomentForm):
    """When: one of the times offered, or another one that is typed; `starts_at` (aware UTC) after a good `validate`."""

    slot = RadioField("When", choices=[], validate_choice=False)
    tell = BooleanField("Tell the patient", default=True)

    starts_at: datetime | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields, then the start that they name together."""
        self.needs_moment = self.slot.data == OTHER
        good = super().validate(extra_validators)
        return self._choose() and good

    def _read_moment(self) -> bool:
        return super()._read_moment() if self.needs_moment else True

    def _choose(self) -> bool:
        if self.slot.data == OTHER:
            self.starts_at = self.moment
            return self.moment is not None and self._in_reach(self.day.data or self.meta.today, self.day)
        if self.wall.data is not None:
            return refuse(self.slot, "You typed a time too. Choose \u201cAnother time\u201d to use it, or clear it.")
        self.starts_at = read_start(self.slot.data)
        if self.starts_at is None:
            return refuse(self.slot, "Choose a time, or type another one.")
        return self._in_reach(self.starts_at.date(), self.slot)

    def _in_reach(self, day: date, field: Any) -> bool:
        today: date = self.meta.today
        if not today - timedelta(days=1) <= day <= today + FURTHEST:
            return refuse(field, "Choose a day from today to a year ahead.")
        return True


class NewVisitForm(VisitForm):
    """A booking, for a patient and a host already chosen."""

    form_key = HiddenField()

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the one-use key besides."""
        good = super().validate(extra_validators)
        if not is_key(self.form_key.data):
            self.form_errors = [STALE_FORM]
            return False
        return good


class MoveVisitForm(VisitForm):
    """A move to another time, host or length."""

    version = HiddenField()
    reasons = ReasonsField("Why", [reason for reason in MoveReason if reason is not MoveReason.CLINIC_CHAIR])
