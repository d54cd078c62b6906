"""Which booked sessions a change of hours, chairs or closures would leave where nobody can be treated."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.domain.scheduling.timetable import LONGEST_BLOCK, Opening, openings
from clinic_sessions.domain.session.lifecycle import EXPECTED, OCCUPYING, Status
from clinic_sessions.domain.wall_time import Span, local_day
from clinic_sessions.models import Chair, Clinic, Closure, Patient, ProtocolVersion, TreatmentSession, User
from clinic_sessions.services.booking.day_rooms import hours_of
from clinic_sessions.services.refusals import Refusal

Ahead = sa.Row[int, datetime, datetime, bool, bool]


class HitReason(StrEnum):
    WOULD_HIT = "would_hit"


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A booked session, and whom to call about it."""

    session_id: int
    patient_id: int
    name: str
    phone: str
    language: Language
    starts_at: datetime
    ends_at: datetime
    chair: str | None
    host: str | None
    status: Status

    @property
    def is_movable(self) -> bool:
        """Say whether it can still be moved or cancelled: the patient is to come."""
        return self.status in EXPECTED


class WouldHit(Refusal):
    """The change hits booked sessions, and nobody has said that exactly these are to be kept."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        super().__init__(HitReason.WOULD_HIT)
        self.hits = hits
        self.key = key_of(hits)


def key_of(hits: Iterable[Hit]) -> str:
    """Name a set of sessions, each at its time, so that a form can say which ones it showed."""
    shown = ",".join(f"{hit.session_id}@{hit.starts_at.timestamp():.0f}" for hit in hits)
    return hashlib.sha256(shown.encode()).hexdigest()[:32]


def ask(hits: Sequence[Hit], kept: str | None) -> None:
    """Refuse with WouldHit unless there are no hits, or `kept` names exactly these."""
    if hits and key_of(hits) != kept:
        raise WouldHit(hits)


def of_hours(db: Session, clinic: Clinic, after: Sequence[Opening], now: datetime) -> list[Hit]:
    """List the booked sessions that lie within the opening hours as they are and not within those of `after`."""
    was, will = within(hours_of(clinic), clinic), within(after, clinic)
    blocks = {row.id: Span(starts_at=row.starts_at, ends_at=row.ends_at) for row in standing(db, clinic.id, now)}
    return among(db, [one for one, block in blocks.items() if was(block) and not will(block)])


def of_chair(db: Session, chair: Chair, routes: Collection[Route], in_use: bool, now: datetime) -> list[Hit]:
    """List the sessions booked in a chair that is taken out of use, or loses the equipment that they need."""
    lost = [route for route in Route if chair.allows(route) and route not in routes]
    query = _ids(chair.clinic_id, now).where(TreatmentSession.chair_id == chair.id)
    if in_use:
        query = query.join(ProtocolVersion, ProtocolVersion.id == TreatmentSession.protocol_version_id)
        query = query.where(ProtocolVersion.route.in_(lost))
    return among(db, db.scalars(query).all())


def of_closure(db: Session, clinic_id: int, chair_id: int | None, span: Span, now: datetime) -> list[Hit]:
    """List the sessions booked in a stretch of time in which the clinic, or one chair, is to take nobody."""
    query = _ids(clinic_id, now).where(
        TreatmentSession.ends_at > span.starts_at, TreatmentSession.starts_at < span.ends_at
    )
    if chair_id is not None:
        query = query.where(TreatmentSession.chair_id == chair_id)
    return among(db, db.scalars(query).all())


def stranded(db: Session, clinic: Clinic, now: datetime) -> list[Hit]:
    """List the sessions booked where nobody can be treated: closed, out of hours, or in a chair that is no use."""
    open_then = within(hours_of(clinic), clinic)
    rows = standing(db, clinic.id, now)
    return among(
        db,
        [
            row.id
            for row in rows
            if row.closed or row.unfit or not open_then(Span(starts_at=row.starts_at, ends_at=row.ends_at))
        ],
    )


def standing(db: Session, clinic_id: int, now: datetime) -> Sequence[Ahead]:
    """Give what is booked ahead at a clinic: id, start, end, whether it is closed then, whether the chair is unfit."""
    closed = sa.exists().where(
        Closure.clinic_id == clinic_id,
        Closure.removed_at.is_(None),
        Closure.ends_at > TreatmentSession.starts_at,
        Closure.starts_at < TreatmentSession.ends_at,
        sa.or_(Closure.chair_id.is_(None), Closure.chair_id == TreatmentSession.chair_id),
    )
    equipped = sa.case(
        (ProtocolVersion.route == Route.IV, Chair.allows_iv),
        (ProtocolVersion.route == Route.IN_, Chair.allows_in),
        (ProtocolVersion.route == Route.IM, Chair.allows_im),
        else_=sa.true(),
    )
    unfit = sa.and_(Chair.id.is_not(None), sa.not_(sa.and_(Chair.in_use, equipped)))
    query = (
        sa.select(
            TreatmentSession.id,
            TreatmentSession.starts_at,
            TreatmentSession.ends_at,
            closed.label("closed"),
            unfit.label("unfit"),
        )
        .outerjoin(Chair, Chair.id == TreatmentSession.chair_id)
        .outerjoin(ProtocolVersion, ProtocolVersion.id == TreatmentSession.protocol_version_id)
        .where(*_ahead(clinic_id, now))
        .order_by(TreatmentSession.starts_at)
    )
    return db.execute(query).all()


def within(hours: Sequence[Opening], clinic: Clinic) -> Callable[[Span], bool]:
    """Give the question whether a block lies wholly within one opening; each day's openings are made once."""
    zone, days = clinic.zone, dict[object, list[Span]]()

    def ask_about(block: Span) -> bool:
        day = local_day(block.starts_at, zone)
        if day not in days:
            days[day] = openings(day, hours, zone)
        return any(opening.holds(block) for opening in days[day])

    return ask_about


def _ahead(clinic_id: int, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        TreatmentSession.clinic_id == clinic_id,
        TreatmentSession.starts_at > now - LONGEST_BLOCK,
        TreatmentSession.ends_at > now,
        TreatmentSession.status.in_(OCCUPYING),
    )


def _ids(clinic_id: int, now: datetime) -> sa.Select[int]:
    return sa.select(TreatmentSession.id).where(*_ahead(clinic_id, now))


def among(db: Session, ids: Collection[int]) -> list[Hit]:
    """Give sessions as they are to be called about, soonest first."""
    if not ids:
        return []
    one = TreatmentSession
    query = (
        sa.select(
            one.id.label("session_id"), one.patient_id, one.starts_at, one.ends_at, one.status,
            Patient.name, Patient.phone, Patient.language, Chair.name.label("chair"), User.name.label("host"),
        )
        .join(Patient, Patient.id == one.patient_id)
        .outerjoin(Chair, Chair.id == one.chair_id)
        .outerjoin(User, User.id == one.host_id)
        .where(one.id.in_(ids))
        .order_by(one.starts_at, one.id)
    )  # fmt: skip
    return [Hit(**row) for row in db.execute(query).mappings()]
