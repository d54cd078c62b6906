"""The lines of a preview of dates: what was found for each place, what was chosen, and what stands against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from clinic_sessions.domain.scheduling import pattern
from clinic_sessions.domain.scheduling.series_solver import Wish, wished_start
from clinic_sessions.domain.scheduling.timetable import OverrideKind
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.booking import Chosen
from clinic_sessions.forms.lifting import needs_reason
from clinic_sessions.forms.series import DatesForm
from clinic_sessions.models import Clinic, Plan, TreatmentSession
from clinic_sessions.routes import filters
from clinic_sessions.routes.booking import objections
from clinic_sessions.routes.booking.objections import Refused
from clinic_sessions.routes.present import person
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.series.series_dates import Dated, Row

CLOCKS = "The clocks change over that time."
TOGETHER = "That time is free, but then not all dates would keep their distance."


@dataclass(frozen=True, kw_only=True)
class AllTheSame:
    """A time that can be chosen although something stands against it: choosing it lifts the rules in `kinds`."""

    time: Dated
    kinds: Sequence[OverrideKind]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One place of a preview. `chosen`: one of its `times`, or of `despite` by which the rules in `lifted` are lifted.

    `ask`: who could book the wished time, or the one that was refused, when this person may not.
    `treatment`: the session that is to be moved.
    """

    place: int
    text: str
    chosen: Dated | None
    times: Sequence[Dated]
    wished: str
    as_wished: bool
    why: Sequence[str]
    refused: Sequence[str] = ()
    dropped: bool = False
    treatment: TreatmentSession | None = None
    zone: ZoneInfo
    despite: Sequence[AllTheSame] = ()
    lifted: Sequence[OverrideKind] = ()
    ask: str | None = None

    @property
    def day(self) -> date | None:
        """The day at the clinic on which the place would have its session; None when it is left out."""
        left = self.treatment.starts_at if self.treatment else None
        at = left if self.dropped or not self.chosen else self.chosen.starts_at
        return local_day(at, self.zone) if at else None

    @property
    def asks_reason(self) -> bool:
        """Whether one of its choices is kept with a reason."""
        return any(needs_reason(one.kinds) for one in self.despite)

    @property
    def stays(self) -> bool:
        """Whether the session that is to be moved would be where it is."""
        return (
            self.treatment is not None
            and self.chosen is not None
            and (self.treatment.chair_id, self.treatment.starts_at) == _key(self.chosen)
        )

    @property
    def needs_eyes(self) -> bool:
        """Whether its choices are shown at once: it is not as wished, was refused, or has no date."""
        return not (self.as_wished or self.stays) or bool(self.refused)


def of_rows(
    rows: Sequence[Row], plan: Plan, clinic: Clinic, wish: Wish,
    moving: Mapping[int, TreatmentSession] | None = None,
) -> list[Line]:  # fmt: skip
    """Give the lines of what was found."""
    return [_line(row, plan, clinic, wish, (moving or {}).get(row.place)) for row in rows]


def _line(row: Row, plan: Plan, clinic: Clinic, wish: Wish, treatment: TreatmentSession | None) -> Line:
    kinds, ask = objections.may_lift(sorted(row.despite.kinds), person()) if row.despite else ((), None)
    return Line(
        place=row.place,
        text=pattern.progress(row.place, plan.session_count),
        chosen=row.time,
        times=[*([row.time] if row.time else []), *sorted(row.others, key=lambda one: one.starts_at)],
        wished=f"{filters.short_day(row.wished_day)}, {_wall(wish.wall)}",
        as_wished=row.as_wished,
        why=_why(row, clinic, wish),
        treatment=treatment,
        zone=clinic.zone,
        despite=[AllTheSame(time=row.despite.time, kinds=kinds)] if row.despite and kinds else [],
        ask=ask,
    )


def as_sent(
    lines: Sequence[Line], form: DatesForm, refused: Mapping[int, Refusal], plan: Plan, clinic: Clinic
) -> list[Line]:
    """Give the lines that were shown with everything as it was chosen, and beside each what stands against it."""
    shown = [line for line in lines if line.place in form.versions]
    return [_as_sent(line, form, refused.get(line.place), plan, clinic) for line in shown]


def _as_sent(line: Line, form: DatesForm, refusal: Refusal | None, plan: Plan, clinic: Clinic) -> Line:
    chosen, lifted = form.chosen.get(line.place), sorted(form.lifted.get(line.place, ()))
    mine = _dated(chosen, plan, clinic) if chosen else line.chosen
    refused = objections.NOTHING if refusal is None else objections.read(refusal, person(), clinic)
    if line.place in form.unchosen:
        refused = Refused(said=["Choose a time, or leave this session out."])
    others = [one for one in line.times if mine is None or lifted or _key(one) != _key(mine)]
    return replace(
        line,
        chosen=mine,
        times=[*([mine] if mine and not lifted else []), *others],
        as_wished=line.as_wished and mine is not None and line.chosen is not None and _key(mine) == _key(line.chosen),
        refused=refused.said,
        dropped=line.place in form.dropped,
        despite=_despite(line, mine, lifted if refusal is None else refused.lift),
        lifted=lifted,
        ask=line.ask if refusal is None else refused.ask,
    )


def _despite(line: Line, mine: Dated | None, kinds: Sequence[OverrideKind]) -> list[AllTheSame]:
    """Offer the time that was chosen with the rules that stand against it now, and what was offered besides."""
    own = [AllTheSame(time=mine, kinds=sorted(kinds))] if mine and kinds else []
    return own + [one for one in line.despite if not own or mine is None or _key(one.time) != _key(mine)]


def _key(one: Dated) -> tuple[object, ...]:
    return one.chair_id, one.starts_at


def _dated(chosen: Chosen, plan: Plan, clinic: Clinic) -> Dated:
    names = {chair.id: chair.name for chair in clinic.chairs}
    ends_at = chosen.starts_at + timedelta(minutes=plan.protocol_version.block_minutes)
    return Dated(
        chair_id=chosen.chair_id,
        chair=names.get(chosen.chair_id, "\u2013"),
        starts_at=chosen.starts_at,
        ends_at=ends_at,
    )


def _why(row: Row, clinic: Clinic, wish: Wish) -> list[str]:
    if row.as_wished:
        return []
    if wished_start(row.wished_day, wish, clinic.zone) is None:
        return [CLOCKS]
    return [objections.in_words(one, clinic) for one in row.against] or [TOGETHER]


def _wall(wall: time) -> str:
    return f"{wall.hour % 12 or 12}:{wall.minute:02d} {'am' if wall.hour < 12 else 'pm'}"
