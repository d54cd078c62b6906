"""The lines of a preview of dates: what was found for each place, what was chosen, and what stands against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta

from clinic_sessions.domain import pattern
from clinic_sessions.domain.series_solver import Wish, wished_start
from clinic_sessions.forms.booking import Chosen
from clinic_sessions.forms.series import DatesForm
from clinic_sessions.models import Clinic, Plan, TreatmentSession
from clinic_sessions.routes import filters, objections
from clinic_sessions.routes.present import person
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.series_dates import Dated, Row

CLOCKS = "The clocks change over that time."
TOGETHER = "That time is free, but then not all dates would keep their distance."


@dataclass(frozen=True, kw_only=True)
class Line:
    """One place of a preview. `chosen`: the first of its `times`; `treatment`: the session that is to be moved."""

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
    return [
        Line(
            place=row.place,
            text=pattern.progress(row.place, plan.session_count),
            chosen=row.time,
            times=[*([row.time] if row.time else []), *sorted(row.others, key=lambda one: one.starts_at)],
            wished=f"{filters.short_day(row.wished_day)}, {_wall(wish.wall)}",
            as_wished=row.as_wished,
            why=_why(row, clinic, wish),
            treatment=(moving or {}).get(row.place),
        )
        for row in rows
    ]


def as_sent(
    lines: Sequence[Line], form: DatesForm, refused: Mapping[int, Refusal], plan: Plan, clinic: Clinic
) -> list[Line]:
    """Give the lines that were shown with everything as it was chosen, and beside each what stands against it."""
    shown = [line for line in lines if line.place in form.versions]
    return [_as_sent(line, form, refused.get(line.place), plan, clinic) for line in shown]


def _as_sent(line: Line, form: DatesForm, refusal: Refusal | None, plan: Plan, clinic: Clinic) -> Line:
    chosen, said = form.chosen.get(line.place), list[str]()
    mine = _dated(chosen, plan, clinic) if chosen else line.chosen
    if refusal is not None:
        said = list(objections.read(refusal, person(), clinic).said)
    elif line.place in form.unchosen:
        said = ["Choose a time, or leave this session out."]
    others = [one for one in line.times if mine is None or _key(one) != _key(mine)]
    return replace(
        line,
        chosen=mine,
        times=[*([mine] if mine else []), *others],
        as_wished=line.as_wished and mine is not None and line.chosen is not None and _key(mine) == _key(line.chosen),
        refused=said,
        dropped=line.place in form.dropped,
    )


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
