"""Booking a visit that is no treatment, and moving it."""

import re
from datetime import datetime

from wtforms import HiddenField

from clinic_sessions.domain.scheduling import visits
from clinic_sessions.domain.scheduling.reasons import MoveReason
from clinic_sessions.domain.session.lifecycle import SessionKind
from clinic_sessions.forms.booking import OTHER, SlotForm, in_years, number
from clinic_sessions.forms.changes import ReasonsField
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.forms.moments import refuse

LENGTHS = range(visits.SHORTEST, visits.LONGEST + 1, visits.STEP)

_OF_TREATMENTS = frozenset({MoveReason.CLINIC_CHAIR, MoveReason.ATE})
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


class VisitForm(SlotForm):
    """When a visit is; `starts_at` (aware UTC) after a good `validate`."""

    starts_at: datetime | None = None

    def _choose(self) -> bool:
        if self.slot.data == OTHER:
            self.starts_at = self.moment
            return self.moment is not None and self._in_reach(self.day.data or self.meta.today, self.day)
        self.starts_at = read_start(self.slot.data)
        if self.starts_at is None:
            return refuse(self.slot, "Choose a time, or type another one.")
        return self._in_reach(self.starts_at.date(), self.slot)


class NewVisitForm(KeyedForm, VisitForm):
    """A booking, for a patient and a host already chosen."""


class MoveVisitForm(VisitForm):
    """A move to another time, host or length."""

    version = HiddenField()
    reasons = ReasonsField("Why", [reason for reason in MoveReason if reason not in _OF_TREATMENTS])
