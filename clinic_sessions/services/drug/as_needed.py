"""The as-needed drugs of a session's order: what may be given, up to which limit, and what was given today."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from clinic_sessions.domain.papers.orders import OrderState
from clinic_sessions.domain.session import as_needed as rules
from clinic_sessions.domain.session.lifecycle import OCCUPYING
from clinic_sessions.domain.session.readiness import Reason
from clinic_sessions.domain.session.side_effects import InterventionKind
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.models import AsNeeded, Intervention, Order, TreatmentSession
from clinic_sessions.services import documents
from clinic_sessions.services.orders import order_rows
from clinic_sessions.services.plans import papers
from clinic_sessions.services.refusals import Absent
from clinic_sessions.services.session import facts

_HOLDS = frozenset({OrderState.HOLDS, OrderState.HOLDS_UNSIGNED})


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A drug that may be given. `given`: what the patient had of it today, in order of time.

    `passes`: whether one more ordered dose goes past the limit; None when the order's words do not tell.
    `holds`: whether its order still does.
    """

    row: AsNeeded
    kind: InterventionKind
    given: Sequence[Intervention]
    passes: bool | None
    holds: bool = True

    def is_for(self, label: str) -> bool:
        """Whether the order's reason names this side effect."""
        return label.casefold() in self.row.reason.casefold()


def of(db: Session, treatment: TreatmentSession, at: datetime) -> list[Offered]:
    """List the drugs that the order of a session allows at a moment, each with what was given on that day."""
    rows = _rows(db, treatment, at)
    if not rows:
        return []
    today = given_on_day(db, treatment, at)
    return [_offered(row, today) for row in rows]


def one(db: Session, treatment: TreatmentSession, row_id: int, at: datetime) -> Offered:
    """Give one drug of an order of this patient, also of one that has ended meanwhile: what was given is still noted.

    Raises Absent for a drug of anybody else's order.
    """
    found = next((offered for offered in of(db, treatment, at) if offered.row.id == row_id), None)
    if found is not None:
        return found
    mine = sa.select(AsNeeded).join(Order, Order.id == AsNeeded.order_id)
    row = db.scalar(mine.where(AsNeeded.id == row_id, Order.patient_id == treatment.patient_id))
    if row is None:
        raise Absent
    return replace(_offered(row, given_on_day(db, treatment, at)), holds=False)


def _offered(row: AsNeeded, today: Sequence[Intervention]) -> Offered:
    given = [one for one in today if _is_of(one, row)]
    passes = rules.passes(row.limit_words, [one.dose_words or "" for one in given], row.dose_words)
    return Offered(row=row, kind=rules.kind_of(row.drug), given=given, passes=passes)


def _is_of(one: Intervention, row: AsNeeded) -> bool:
    """Whether an intervention gave this drug, under whichever order or under none."""
    return one.as_needed_id == row.id or rules.same_drug(row.drug, one.term or one.kind.value)


def given_on_day(db: Session, treatment: TreatmentSession, at: datetime) -> list[Intervention]:
    """List the standing interventions of the patient on the clinic's day of a moment, in order of time."""
    zone = treatment.clinic.zone
    span = day_span(local_day(at, zone), zone)
    query = (
        sa.select(Intervention)
        .join(TreatmentSession, TreatmentSession.id == Intervention.session_id)
        .where(
            TreatmentSession.patient_id == treatment.patient_id,
            Intervention.at >= span.starts_at,
            Intervention.at < span.ends_at,
        )
        .options(selectinload(Intervention.by))
        .order_by(Intervention.at, Intervention.id)
    )
    return facts.standing(db.scalars(query).all())


def _rows(db: Session, treatment: TreatmentSession, at: datetime) -> Sequence[AsNeeded]:
    """Give the lines of the order that holds at a moment; once the visit is over, of the one of its start."""
    if treatment.status not in OCCUPYING:
        query = sa.select(AsNeeded).where(AsNeeded.order_id == treatment.order_id)
        return db.scalars(query.order_by(AsNeeded.id)).all() if treatment.order_id is not None else []
    order = _holding(db, treatment, at)
    return order.as_needed if order else []


def _holding(db: Session, treatment: TreatmentSession, at: datetime) -> Order | None:
    """Give the newest order that holds for a session: one written while the patient is here counts at once."""
    if treatment.protocol_version is None:
        return None
    day, within = local_day(at, treatment.clinic.zone), documents.thresholds(db).spoken_order.whole
    query = (
        sa.select(Order)
        .where(
            Order.patient_id == treatment.patient_id,
            Order.protocol_key == treatment.protocol_version.key,
            Order.written_at < at + papers.SAME_MINUTE,
            Order.valid_until >= day,
        )
        .options(selectinload(Order.events), selectinload(Order.as_needed))
        .order_by(Order.written_at.desc(), Order.id.desc())
    )
    mine = [one for one in db.scalars(query) if one.plan_id in {None, treatment.plan_id}]
    return next((one for one in mine if order_rows.state_of(one, day, at, within) in _HOLDS), None)


def against(
    db: Session,
    treatment: TreatmentSession,
    kind: InterventionKind,
    dose: str | None,
    row: AsNeeded | None,
    *,
    at: datetime,
    instead_of: Intervention | None,
) -> list[Reason]:
    """List what stands against a drug that was given at `at`: no order, another dose, or more than its limit.

    `instead_of`: the entry that this one corrects, which counts no more.
    """
    if row is None:
        return [Reason.NO_AS_NEEDED_ORDER] if kind in rules.DRUGS else []
    today = [one for one in given_on_day(db, treatment, at) if instead_of is None or one.id != instead_of.id]
    before = [one.dose_words or "" for one in today if _is_of(one, row)]
    holds = row.id in {line.id for line in _rows(db, treatment, at)}
    reasons = [] if holds else [Reason.NO_AS_NEEDED_ORDER]
    if rules.other_dose(row.dose_words, dose or ""):
        reasons.append(Reason.OTHER_THAN_ORDERED)
    if rules.passes(row.limit_words, before, dose or row.dose_words):
        reasons.append(Reason.AS_NEEDED_LIMIT)
    return reasons


def covering(db: Session, treatment: TreatmentSession, drug: str, at: datetime) -> AsNeeded | None:
    """Give the as-needed line of the session's order that allows a drug at a moment; None when none does."""
    return next((row for row in _rows(db, treatment, at) if rules.same_drug(row.drug, drug)), None)
