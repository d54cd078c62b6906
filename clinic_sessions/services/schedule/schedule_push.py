"""What a later dose does to the day: the visits of the same chair that begin later, and the closing hour."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.protocols.protocols import PhaseKind, phase_minutes
from clinic_sessions.domain.scheduling import timetable, waiting
from clinic_sessions.domain.session.lifecycle import EXPECTED, OCCUPYING
from clinic_sessions.domain.wall_time import Span, day_span, local_day
from clinic_sessions.models import TreatmentSession
from clinic_sessions.services.booking import day_rooms
from clinic_sessions.services.catalogue import protocol_of

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Later:
    """A later visit in the same chair that would begin at `starts_at`, so many minutes after it is booked."""

    treatment: TreatmentSession
    starts_at: datetime
    minutes: int

    @property
    def is_movable(self) -> bool:
        """Whether the patient is still to come, so that another time can be given."""
        return self.treatment.status in EXPECTED


@dataclass(frozen=True, kw_only=True)
class Push:
    """The day once a dose begins at `dose_at`: when its visit ends, whom it pushes, when the chair's day is over.

    `past_closing`: how many minutes the last visit of the chair ends after `closes_at`.
    """

    dose_at: datetime
    ends_at: datetime
    late_minutes: int
    later: Sequence[Later]
    closes_at: datetime | None
    past_closing: int

    @property
    def hits(self) -> bool:
        """Whether it breaks what is booked, or the closing hour."""
        return bool(self.later) or self.past_closing > 0


def of(db: Session, treatment: TreatmentSession, dose_times: Iterable[datetime]) -> list[Push]:
    """Give what each of these moments would do to the day if the dose of a visit began then; two queries."""
    if treatment.protocol_version is None:
        return []
    prepare = phase_minutes(protocol_of(treatment.protocol_version), PhaseKind.PREPARE)
    after, closes_at = _after(db, treatment), _closes_at(treatment)
    return [_push(treatment, dose_at, prepare, after, closes_at) for dose_at in dose_times]


def _push(
    treatment: TreatmentSession,
    dose_at: datetime,
    prepare: int,
    after: Sequence[TreatmentSession],
    closes_at: datetime | None,
) -> Push:
    ends_at = waiting.end_after(treatment.block, prepare, dose_at)
    moved = waiting.pushed(ends_at, [one.block for one in after])
    later = [
        Later(treatment=one, starts_at=block.starts_at, minutes=_minutes(one.starts_at, block.starts_at))
        for one, block in zip(after, moved, strict=True)
        if block.starts_at > one.starts_at
    ]
    last = max([ends_at, *(one.ends_at for one in moved[: len(later)])])
    return Push(
        dose_at=dose_at,
        ends_at=ends_at,
        late_minutes=_minutes(treatment.ends_at, ends_at),
        later=later,
        closes_at=closes_at,
        past_closing=max(_minutes(closes_at, last), 0) if closes_at else 0,
    )


def _minutes(planned: datetime, moment: datetime) -> int:
    """Count whole minutes, a begun one as whole."""
    return -((planned - moment) // MINUTE)


def _after(db: Session, treatment: TreatmentSession) -> Sequence[TreatmentSession]:
    one, zone = TreatmentSession, treatment.clinic.zone
    day = day_span(local_day(treatment.starts_at, zone), zone)
    query = sa.select(one).where(
        one.chair_id == treatment.chair_id, one.id != treatment.id, one.status.in_(OCCUPYING),
        one.starts_at >= treatment.starts_at, one.starts_at < day.ends_at,
    )  # fmt: skip
    return db.scalars(query.options(joinedload(one.patient)).order_by(one.starts_at)).all()


def _closes_at(treatment: TreatmentSession) -> datetime | None:
    zone = treatment.clinic.zone
    opened = timetable.openings(local_day(treatment.starts_at, zone), day_rooms.hours_of(treatment.clinic), zone)
    begins = Span(starts_at=treatment.starts_at, ends_at=treatment.starts_at + MINUTE)
    return next((opening.ends_at for opening in opened if opening.holds(begins)), None)
