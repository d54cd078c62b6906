"""When a patient hears from the clinic: reminders before a visit and check-ins after it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic_sessions.domain.messages.messages import CHANGES, GRACE, OPTIONAL_PER_DAY, OPTIONAL_PER_WEEK, MessageKind
from clinic_sessions.domain.wall_time import first_instant, local_day

EVENING = time(18, 0)
"""The evening before, when the fasting times are told."""


@dataclass(frozen=True, kw_only=True)
class QuietHours:
    """No message of the clock's own between these wall times; minutes after midnight, over midnight."""

    from_minute: int = 21 * 60
    until_minute: int = 8 * 60


@dataclass(frozen=True, kw_only=True)
class Planned:
    kind: MessageKind
    due_at: datetime
    useful_until: datetime


CHECK_IN_AFTER = {
    MessageKind.CHECK_IN_4H: timedelta(hours=4),
    MessageKind.CHECK_IN_24H: timedelta(hours=24),
    MessageKind.CHECK_IN_72H: timedelta(hours=72),
    MessageKind.CHECK_IN_7D: timedelta(days=7),
}
CHECK_IN_OPEN = {
    MessageKind.CHECK_IN_4H: timedelta(hours=12),
    MessageKind.CHECK_IN_24H: timedelta(hours=48),
    MessageKind.CHECK_IN_72H: timedelta(hours=72),
    MessageKind.CHECK_IN_7D: timedelta(days=7),
}
"""How long each check-in can be answered after it is due."""


def out_of_quiet_hours(moment: datetime, zone: ZoneInfo, quiet: QuietHours) -> datetime:
    """Move a moment within the quiet hours to their end.

    >>> late = datetime.fromisoformat("2026-11-24T05:30:00+00:00")  # 21:30 in Los Angeles
    >>> out_of_quiet_hours(late, ZoneInfo("America/Los_Angeles"), QuietHours()).isoformat()
    '2026-11-24T16:00:00+00:00'
    """
    local = moment.astimezone(zone)
    minute = local.hour * 60 + local.minute
    until = time(quiet.until_minute // 60, quiet.until_minute % 60)
    if minute >= quiet.from_minute:
        return first_instant(local.date() + timedelta(days=1), until, zone)
    if minute < quiet.until_minute:
        return first_instant(local.date(), until, zone)
    return moment


def before_quiet_hours(moment: datetime, zone: ZoneInfo, quiet: QuietHours) -> datetime:
    """Move a moment within the quiet hours back to the minute before they begin: a reminder helps before, not after."""
    local = moment.astimezone(zone)
    minute = local.hour * 60 + local.minute
    start = time((quiet.from_minute - 1) // 60, (quiet.from_minute - 1) % 60)
    if minute >= quiet.from_minute:
        return first_instant(local.date(), start, zone)
    if minute < quiet.until_minute:
        return first_instant(local.date() - timedelta(days=1), start, zone)
    return moment


def reminders(
    starts_at: datetime, *, booked_at: datetime, zone: ZoneInfo, mid_series: bool, quiet: QuietHours
) -> list[Planned]:
    """Plan the reminders of a visit: 7 days before (unless in the middle of a series), 48 hours, the evening before.

    A reminder that would be due before the booking is not planned, and each is of use until the next one is due.
    """
    evening = first_instant(local_day(starts_at, zone) - timedelta(days=1), EVENING, zone)
    two_days = before_quiet_hours(starts_at - timedelta(hours=48), zone, quiet)
    week = before_quiet_hours(starts_at - timedelta(days=7), zone, quiet)
    planned = [
        Planned(kind=MessageKind.REMINDER_48H, due_at=two_days, useful_until=evening),
        Planned(kind=MessageKind.REMINDER_EVENING, due_at=evening, useful_until=starts_at),
    ]
    if not mid_series:
        planned.insert(0, Planned(kind=MessageKind.REMINDER_7D, due_at=week, useful_until=two_days))
    return [plan for plan in planned if booked_at < plan.due_at < plan.useful_until]


def check_ins(left_at: datetime, *, zone: ZoneInfo, quiet: QuietHours) -> list[Planned]:
    """Plan the check-ins after a visit: 4, 24 and 72 hours and 7 days from leaving, out of the quiet hours.

    How the same day went cannot be asked the next morning: within the quiet hours the first is left out.
    """
    planned = []
    for kind, wait in CHECK_IN_AFTER.items():
        due = out_of_quiet_hours(left_at + wait, zone, quiet)
        if kind is MessageKind.CHECK_IN_4H and due != left_at + wait:
            continue
        planned.append(Planned(kind=kind, due_at=due, useful_until=due + CHECK_IN_OPEN[kind]))
    return planned


def notice_due(kind: MessageKind, now: datetime, starts_at: datetime, *, by_staff: bool) -> datetime:
    """Say when the notice of an act at `now` leaves: a change that staff made after GRACE, all else at once.

    A visit that begins within the grace is told of at once.
    """
    begins_sooner = now <= starts_at < now + GRACE
    return now + GRACE if by_staff and kind in CHANGES and not begins_sooner else now


def next_free_moment(moment: datetime, had: Iterable[datetime], zone: ZoneInfo, quiet: QuietHours) -> datetime:
    """Move an optional message to where the patient has had fewer than one that clinic day and three in seven days.

    `had` are the instants of the optional messages before it; a later day begins at the end of its quiet hours.
    """
    days = [local_day(one, zone) for one in had]
    day = local_day(moment, zone)
    morning = time(quiet.until_minute // 60, quiet.until_minute % 60)
    while days.count(day) >= OPTIONAL_PER_DAY or _in_week(days, day) >= OPTIONAL_PER_WEEK:
        day += timedelta(days=1)
        moment = first_instant(day, morning, zone)
    return moment


def _in_week(days: list[date], last: date) -> int:
    return sum(last - timedelta(days=7) < day <= last for day in days)
