"""A patient who is not coming: when the desk is asked, when a cancellation is late, when a clinician calls."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from clinic_sessions.domain.scheduling.reasons import BY_CLINIC, CancelReason
from clinic_sessions.domain.session.lifecycle import EXPECTED, Status
from clinic_sessions.domain.wall_time import local_day

RECENT_ALERT = timedelta(days=14)
"""A patient with a safety alert raised within this long before is called by a clinician [P]."""

FIRST_WEEKS = timedelta(weeks=3)
"""How long after its first session a series is young [P]: an induction lasts about as long."""

FIRST_SESSIONS = 4
"""A series is young up to this session of it [P]."""

NOT_THEIR_SIDE = BY_CLINIC | {CancelReason.BOOKED_BY_MISTAKE, CancelReason.PROVIDER_DECIDED}
"""Reasons for which a patient is never late."""


class CallReason(StrEnum):
    """Why a clinician calls a patient who did not come, before anyone else does."""

    RECENT_ALERT = "recent_alert"
    EARLY_IN_SERIES = "early_in_series"


def proposed(status: Status, starts_at: datetime, now: datetime, *, minutes: int) -> bool:
    """Say whether the desk is to be asked if a patient came; only a person ever says that they did not.

    `minutes` after the start, the clinic's own setting (propose_absence_minutes).

    >>> ten = datetime.fromisoformat("2026-11-24T18:00+00:00")
    >>> proposed(Status.BOOKED, ten, ten + timedelta(minutes=20), minutes=20)
    True
    """
    return status in EXPECTED and now - starts_at >= timedelta(minutes=minutes)


def is_late(reasons: Collection[CancelReason], starts_at: datetime, at: datetime, *, hours: int) -> bool:
    """Say whether a visit cancelled at `at` was cancelled late: by the patient's side, within `hours` of its start."""
    return within_notice(starts_at, at, hours=hours) and NOT_THEIR_SIDE.isdisjoint(reasons)


def within_notice(starts_at: datetime, at: datetime, *, hours: int) -> bool:
    """Say whether a visit begins sooner than the notice that the clinic asks for, or has begun."""
    return starts_at - at < timedelta(hours=hours)


def is_on_the_day(starts_at: datetime, at: datetime, zone: ZoneInfo) -> bool:
    """Say whether `at` falls on the clinic's day of the visit."""
    return local_day(starts_at, zone) == local_day(at, zone)


def why_call(
    *,
    at: datetime,
    starts_at: datetime,
    last_alert_at: datetime | None,
    place: int | None,
    series_began_at: datetime | None,
) -> list[CallReason]:
    """List why a clinician is to call a patient who did not come; empty when the desk may.

    `place` is the visit's place in its series and `series_began_at` the start of the first session of it.
    """
    reasons = []
    if last_alert_at is not None and at - last_alert_at <= RECENT_ALERT:
        reasons.append(CallReason.RECENT_ALERT)
    young = series_began_at is not None and starts_at - series_began_at < FIRST_WEEKS
    if young or (place is not None and place <= FIRST_SESSIONS):
        reasons.append(CallReason.EARLY_IN_SERIES)
    return reasons


def notice_text(starts_at: datetime, at: datetime) -> str:
    """Say how long before its start a visit was cancelled.

    >>> ten = datetime.fromisoformat("2026-11-24T18:00+00:00")
    >>> notice_text(ten, ten - timedelta(hours=19, minutes=40))
    '19 h before'
    """
    minutes = int((starts_at - at).total_seconds() // 60)
    if minutes < 0:
        return "after the start"
    return f"{minutes // 60} h before" if minutes >= 120 else f"{minutes} min before"
