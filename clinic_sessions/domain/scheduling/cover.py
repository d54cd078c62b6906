"""Nurse cover by the minute: what the nurses on shift can give, what is asked of them, and where it is not enough.

Shares are thousandths of a nurse. A day is read as one number a minute, which makes a question about a block a
comparison of a few slices, however many sessions stand in the day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import accumulate

from clinic_sessions.domain.protocols.protocols import Protocol, SiteRole
from clinic_sessions.domain.scheduling.shifts import Duty
from clinic_sessions.domain.wall_time import Span

MINUTE = timedelta(minutes=1)
NURSE = 1000
"""One nurse, in thousandths."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """What one phase of a block asks for: from which minute of it, how long, how much of a nurse, and who on site."""

    offset: int
    minutes: int
    nurse_milli: int
    roles: frozenset[SiteRole] = frozenset()


@dataclass(frozen=True)
class Profile:
    """What a whole block asks for; `waiting_milli`: of a nurse, while its patient is out of the chair and waits."""

    needs: tuple[Need, ...]
    waiting_milli: int = 0

    def waiting_from(self, minute: int) -> "Profile":
        """Give what the block asks for when the patient left the chair at a minute of it: the wait, until its end."""
        before = [replace(n, minutes=min(n.minutes, minute - n.offset)) for n in self.needs if n.offset < minute]
        left = self.minutes - minute
        wait = [Need(offset=minute, minutes=left, nurse_milli=self.waiting_milli)] if left > 0 else []
        return Profile((*before, *wait), self.waiting_milli)

    @cached_property
    def steps(self) -> tuple[tuple[int, int], ...]:
        """The minutes of the block at which its share of the nurses changes, and by how much."""
        change: dict[int, int] = {}
        for need in self.needs:
            change[need.offset] = change.get(need.offset, 0) + need.nurse_milli
            change[need.offset + need.minutes] = change.get(need.offset + need.minutes, 0) - need.nurse_milli
        return tuple((minute, step) for minute, step in sorted(change.items()) if step)

    @cached_property
    def minutes(self) -> int:
        """How long the block is."""
        return max((need.offset + need.minutes for need in self.needs), default=0)

    @cached_property
    def hardest_first(self) -> tuple[tuple[int, int, int], ...]:
        """The stretches that take nurses, the greatest share first: first minute, end, thousandths of a nurse."""
        taking = [(n.offset, n.offset + n.minutes, n.nurse_milli) for n in self.needs if n.nurse_milli]
        return tuple(sorted(taking, key=lambda one: -one[2]))

    @cached_property
    def roles(self) -> Mapping[SiteRole, tuple[tuple[int, int], ...]]:
        """The stretches for which each role must be on site, touching ones as one."""
        found: dict[SiteRole, list[tuple[int, int]]] = {}
        for need in self.needs:
            for role in need.roles:
                spans = found.setdefault(role, [])
                start = spans.pop()[0] if spans and spans[-1][1] == need.offset else need.offset
                spans.append((start, need.offset + need.minutes))
        return {role: tuple(spans) for role, spans in found.items()}


def profile_of(protocol: Protocol) -> Profile:
    """Give what a session under a protocol asks for, phase by phase."""
    starts = accumulate((phase.minutes.whole for phase in protocol.phases), initial=0)
    return Profile(
        tuple(
            Need(
                offset=start,
                minutes=phase.minutes.whole,
                nurse_milli=phase.nurse_milli,
                roles=frozenset(required.role for required in phase.roles),
            )
            for start, phase in zip(starts, protocol.phases, strict=False)
        ),
        waiting_milli=protocol.waiting_nurse.thousandths,
    )


def visit_profile(minutes: int, nurse_milli: int) -> Profile:
    """Give what a visit without a protocol asks for: the same all through."""
    return Profile((Need(offset=0, minutes=minutes, nurse_milli=nurse_milli),))


@dataclass(frozen=True, kw_only=True)
class Demand:
    """A session that stands: when its block starts, and what it asks for."""

    starts_at: datetime
    profile: Profile


@dataclass(frozen=True, kw_only=True)
class Shortfall:
    """The first minute at which a block cannot be covered: by nurses (`role` None), or for want of a role on site."""

    at: datetime
    role: SiteRole | None = None
    needed_milli: int = 0
    spare_milli: int = 0


class DayCover:
    """A stretch of one day, minute by minute: nurses on shift, what is left of them, and which roles are on site."""

    def __init__(self, window: Span, duties: Iterable[Duty], demands: Iterable[Demand]) -> None:
        self.window = window
        self.length = (window.ends_at - window.starts_at) // MINUTE
        self._duties = list(duties)
        self._sites: dict[SiteRole, Sequence[int]] = {}
        self._change = [0] * (self.length + 1)
        for duty in self._duties:
            if duty.role is SiteRole.NURSE:
                self._add(self._change, duty.span, NURSE)
        self._on_duty = list(self._change)
        for demand in demands:
            self._take(demand)

    @cached_property
    def spare(self) -> Sequence[int]:
        """Thousandths of a nurse that are free, for each minute; below zero where more is asked than there is."""
        return list(accumulate(self._change))

    @cached_property
    def nurses(self) -> Sequence[int]:
        """Thousandths of a nurse on shift, for each minute."""
        return list(accumulate(self._on_duty))

    def on_site(self, role: SiteRole) -> Sequence[int]:
        """How many people are on shift in a role, for each minute."""
        if role not in self._sites:
            change = [0] * (self.length + 1)
            for duty in self._duties:
                if duty.role is role:
                    self._add(change, duty.span, 1)
            self._sites[role] = list(accumulate(change))
        return self._sites[role]

    def minute(self, moment: datetime) -> int:
        """Give the minute of the window that a moment falls in; it may lie outside."""
        return (moment - self.window.starts_at) // MINUTE

    def covers(self, start: int, profile: Profile) -> bool:
        """Say whether a block that starts at a minute of the window can be covered; outside it nobody is on shift."""
        if start < 0 or start + profile.minutes > self.length:
            return False
        spare = self.spare
        for begin, end, share in profile.hardest_first:
            if min(spare[start + begin : start + end]) < share:
                return False
        return all(
            min(self.on_site(role)[start + begin : start + end]) > 0
            for role, spans in profile.roles.items()
            for begin, end in spans
        )

    def _add(self, change: list[int], span: Span, amount: int) -> None:
        begin, end = self.minute(span.starts_at), self.minute(span.ends_at)
        if end > 0 and begin < self.length:
            change[max(begin, 0)] += amount
            change[min(end, self.length)] -= amount

    def _take(self, demand: Demand) -> None:
        start, length, change = self.minute(demand.starts_at), self.length, self._change
        for minute, step in demand.profile.steps:
            at = start + minute
            if at <= 0:
                change[0] -= step
            elif at < length:
                change[at] -= step


def shortfalls(cover: DayCover, starts_at: datetime, profile: Profile, *, stands: bool = False) -> list[Shortfall]:
    """List what a block at `starts_at` lacks: the first minute without nurses enough, and the first without each role.

    `stands`: the block is among the day's demands already, and lacks nurses where the day as a whole does. Outside the
    window nobody is on shift.
    """
    start = cover.minute(starts_at)
    found = list[Shortfall]()
    for need in profile.needs:
        wanted = 0 if stands else need.nurse_milli
        at = _first_below(cover.spare, start + need.offset, need.minutes, wanted) if need.nurse_milli else None
        if at is not None:
            spare = cover.spare[at] if 0 <= at < cover.length else 0
            moment = cover.window.starts_at + at * MINUTE
            found.append(Shortfall(at=moment, needed_milli=need.nurse_milli, spare_milli=spare))
            break
    for role, spans in profile.roles.items():
        missing = (_first_below(cover.on_site(role), start + begin, end - begin, 1) for begin, end in spans)
        if (at := next((one for one in missing if one is not None), None)) is not None:
            found.append(Shortfall(at=cover.window.starts_at + at * MINUTE, role=role))
    return found


def deficits(cover: DayCover, starts_at: datetime, profile: Profile) -> Mapping[SiteRole | None, Mapping[int, int]]:
    """Give every minute of the window in which a block that stands lacks nurses (None) or a role, and how much.

    Thousandths of a nurse that the day is short of, 1 for a role that nobody on site has; what is there is left out.
    """
    start = cover.minute(starts_at)
    taking = (at for begin, end, _ in profile.hardest_first for at in range(start + begin, start + end))
    found: dict[SiteRole | None, dict[int, int]] = {
        None: {at: -cover.spare[at] for at in taking if 0 <= at < cover.length and cover.spare[at] < 0}
    }
    for role, spans in profile.roles.items():
        here = cover.on_site(role)
        needing = (at for begin, end in spans for at in range(start + begin, start + end))
        found[role] = {at: 1 for at in needing if 0 <= at < cover.length and not here[at]}
    return {role: minutes for role, minutes in found.items() if minutes}


def _first_below(values: Sequence[int], start: int, minutes: int, wanted: int) -> int | None:
    last = len(values) - 1
    if start >= 0 and start + minutes <= last and min(values[start : start + minutes], default=wanted) >= wanted:
        return None
    for at in range(start, start + minutes):
        if not 0 <= at < last or values[at] < wanted:
            return at
    return None
