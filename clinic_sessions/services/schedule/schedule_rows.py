"""The sessions of a stretch of days as the schedule shows them: one range query, and what may be left out of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.papers import Clearance
from clinic_sessions.domain.patients.alike import alike
from clinic_sessions.domain.protocols.protocols import PhaseKind, Route
from clinic_sessions.domain.scheduling import absence
from clinic_sessions.domain.scheduling.cover import MINUTE, Demand, Profile, profile_of, visit_profile
from clinic_sessions.domain.scheduling.timetable import OverrideKind
from clinic_sessions.domain.session.lifecycle import EXPECTED, OCCUPYING, SessionKind, Status
from clinic_sessions.domain.wall_time import Span, day_span, local_day
from clinic_sessions.models import (
    BookingOverride,
    ClearanceDecision,
    Clinic,
    Patient,
    Plan,
    ProtocolVersion,
    TreatmentSession,
    User,
)
from clinic_sessions.services import catalogue
from clinic_sessions.services.session import here

LATE = timedelta(minutes=10)
"""A patient who has not been checked in so long after the start is marked as not here yet."""

FREED = frozenset({Status.CANCELLED, Status.LAPSED})
"""These never stood, or no longer stand, in their chair: the list names them, the grid does not draw them."""


class Card(NamedTuple):
    """One session with all that its card says; a tuple, because a picture of a day is kept by all that it shows."""

    id: int
    patient_id: int
    name: str
    preferred_name: str | None
    chair_id: int | None
    starts_at: datetime
    ends_at: datetime
    kind: SessionKind
    status: Status
    version: int
    route: Route | None
    digest: str | None
    nurse_milli: int
    place: int | None
    total: int | None
    nurse_id: int | None
    nurse: str | None
    provider_id: int | None
    provider: str | None
    host_id: int | None
    host: str | None
    lifted: OverrideKind | None
    lifted_by: str | None
    is_provisional: bool = False
    is_alike: bool = False
    is_late: bool = False
    is_proposed: bool = False
    is_wanted: bool = True

    @property
    def block(self) -> Span:
        """The whole time that it takes."""
        return Span(starts_at=self.starts_at, ends_at=self.ends_at)

    @property
    def known(self) -> "Known | None":
        """What its protocol version says, once it was learnt; None without one."""
        return _learnt[self.digest] if self.digest else None

    @property
    def may_be_moved(self) -> bool:
        """Say whether it can be moved to another time."""
        return self.status in EXPECTED

    @property
    def may_be_dragged(self) -> bool:
        """Say whether it can be drawn to another chair."""
        return self.may_be_moved and self.kind is SessionKind.TREATMENT


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which sessions somebody wants to see; None: any."""

    route: Route | None = None
    nurse_id: int | None = None
    provider_id: int | None = None

    def takes(self, card: Card) -> bool:
        """Say whether a session is one of them; a provider's are those of their plans and those that they hold."""
        return (
            self.route in (None, card.route)
            and self.nurse_id in (None, card.nurse_id)
            and self.provider_id in (None, card.provider_id, card.host_id)
        )


ALL = Wanted()


class Part(NamedTuple):
    """One phase of a block, as it is drawn."""

    kind: PhaseKind
    minutes: int


class Known(NamedTuple):
    """What a protocol version says of its blocks."""

    name: str
    """Stands for it within one page."""
    route: Route
    parts: tuple[Part, ...]
    profile: Profile


_ONE, _BOOKED = TreatmentSession.__table__.c, BookingOverride.__table__.c


def in_days() -> Sequence[sa.ColumnElement[bool]]:
    """Give the conditions of a session that begins at `clinic` from `from_moment` on and before `to_moment`."""
    return (
        _ONE.clinic_id == sa.bindparam("clinic"),
        _ONE.starts_at >= sa.bindparam("from_moment"),
        _ONE.starts_at < sa.bindparam("to_moment"),
    )


def span_of(clinic: Clinic, first: date, last: date) -> dict[str, object]:
    """Give what these conditions ask for: the days from one to another."""
    return {
        "clinic": clinic.id,
        "from_moment": day_span(first, clinic.zone).starts_at,
        "to_moment": day_span(last, clinic.zone).ends_at,
    }


def _query(*conditions: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    users = cast(sa.Table, User.__table__)
    nurse, provider, host, lifter = (users.alias(name) for name in ("nurse", "provider", "host", "lifter"))
    patient, plan, version = Patient.__table__.c, Plan.__table__.c, ProtocolVersion.__table__.c
    standing = sa.and_(
        _BOOKED.session_id == _ONE.id,
        _BOOKED.schedule_version == _ONE.schedule_version,
        _BOOKED.kind != OverrideKind.SPACING,
    )
    return (
        sa.select(
            _ONE.id, _ONE.patient_id, patient.name, patient.preferred_name, _ONE.chair_id, _ONE.starts_at,
            _ONE.ends_at, _ONE.kind, _ONE.status, _ONE.version, version.route, version.digest, _ONE.nurse_milli,
            _ONE.place_in_plan, plan.session_count, _ONE.nurse_id, nurse.c.name, plan.provider_id, provider.c.name,
            _ONE.host_id, host.c.name, _BOOKED.kind, lifter.c.name, _cleared_until(version.key),
        )
        .select_from(TreatmentSession.__table__)
        .join(Patient.__table__, patient.id == _ONE.patient_id)
        .outerjoin(ProtocolVersion.__table__, version.id == _ONE.protocol_version_id)
        .outerjoin(Plan.__table__, plan.id == _ONE.plan_id)
        .outerjoin(nurse, nurse.c.id == _ONE.nurse_id)
        .outerjoin(provider, provider.c.id == plan.provider_id)
        .outerjoin(host, host.c.id == _ONE.host_id)
        .outerjoin(BookingOverride.__table__, standing)
        .outerjoin(lifter, lifter.c.id == _BOOKED.by_id)
        .where(*conditions)
        .order_by(_ONE.starts_at, _ONE.chair_id, _ONE.id, _BOOKED.id)
    )  # fmt: skip


def _cleared_until(key: sa.ColumnElement[str]) -> sa.ScalarSelect[Any]:
    """Give the last day of the clearance that counts for a session's patient and protocol; null when none counts."""
    decided = ClearanceDecision.__table__.c
    until = sa.case((decided.decision == Clearance.CLEARED, decided.until))
    mine = sa.select(until).where(decided.patient_id == _ONE.patient_id, decided.protocol_key == key)
    newest = mine.order_by(decided.at.desc(), decided.id.desc()).limit(1)
    return newest.correlate(TreatmentSession.__table__, ProtocolVersion.__table__).scalar_subquery()


QUERY = _query(*in_days())
"""The sessions that begin within some days of a clinic: a range of one index.

Built once, and of tables rather than classes: either would be half of what it costs to ask.
"""


def read(db: Session, clinic: Clinic, first: date, last: date) -> tuple[Card, ...]:
    """Read the sessions in order of their start; of several rules lifted for one, the first."""
    return _cards(db.execute(QUERY, span_of(clinic, first, last)).all(), clinic)


def still_here(db: Session, clinic: Clinic, now: datetime) -> tuple[Card, ...]:
    """Read the sessions of a day before whose patients are still here."""
    return _cards(db.execute(_query(here.since_before(clinic, now))).all(), clinic)


def _cards(rows: Sequence[sa.Row[*tuple[Any, ...]]], clinic: Clinic) -> tuple[Card, ...]:
    found: dict[int, Card] = {}
    for row in rows:
        card = Card(*row[:-1])
        found.setdefault(card.id, card._replace(is_provisional=_is_provisional(card, row[-1], clinic)))
    return tuple(found.values())


def _is_provisional(card: Card, cleared_until: date | None, clinic: Clinic) -> bool:
    """Say whether a treatment to come is of a patient who is not cleared for its day."""
    if card.status not in EXPECTED or card.kind is not SessionKind.TREATMENT:
        return False
    return cleared_until is None or local_day(card.starts_at, clinic.zone) > cleared_until


_learnt: dict[str, Known] = {}
_lock = Lock()


def learn(db: Session, cards: Iterable[Card]) -> None:
    """Read what the sessions' protocol versions say; a version never changes, so this process reads each once."""
    if missing := {card.digest for card in cards if card.digest} - _learnt.keys():
        versions = db.scalars(sa.select(ProtocolVersion).where(ProtocolVersion.digest.in_(missing))).all()
        found = {version.digest: _read(version) for version in versions}
        with _lock:
            _learnt.update(found)


def _read(version: ProtocolVersion) -> Known:
    protocol = catalogue.protocol_of(version)
    parts = tuple(Part(kind=phase.kind, minutes=phase.minutes.whole) for phase in protocol.phases)
    return Known(name=version.digest[:12], route=version.route, parts=parts, profile=profile_of(protocol))


@lru_cache(maxsize=64)
def _alike(named: tuple[tuple[int, str], ...]) -> frozenset[int]:
    """Every name of a day is held against every other: the dearest part of a picture, and seldom another answer."""
    return alike(named)


def marked(cards: Iterable[Card], *, until: datetime, absent_after: int, wanted: Wanted = ALL) -> list[Card]:
    """Mark the cards of a day: names that are alike, patients who should be here by `until`, sessions wanted.

    Whoever is not here `absent_after` minutes after the start is asked about.
    """
    every = list(cards)
    same = _alike(tuple((card.patient_id, card.name) for card in every if card.status not in FREED))
    return [
        card._replace(
            is_alike=card.patient_id in same,
            is_late=card.status in EXPECTED and until - card.starts_at >= LATE,
            is_proposed=absence.proposed(card.status, card.starts_at, until, minutes=absent_after),
            is_wanted=wanted.takes(card),
        )
        for card in every
    ]


def demands(cards: Iterable[Card]) -> list[Demand]:
    """Give what the sessions that stand ask of the nurses."""
    return [Demand(starts_at=one.starts_at, profile=_profile(one)) for one in cards if one.status in OCCUPYING]


def _profile(card: Card) -> Profile:
    known = card.known
    minutes = (card.ends_at - card.starts_at) // MINUTE
    return known.profile if known else visit_profile(minutes, card.nurse_milli)
