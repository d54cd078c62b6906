"""Which papers a treatment has and lacks: one reading for a start and for every list that shows what is missing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.orders import OrderEventKind
from clinic_sessions.domain.papers.papers import (
    Clearance,
    ConsentAnswer,
    ConsentEventKind,
    ConsentGiven,
    Decision,
    OrderGiven,
    PaperReason,
    clearance_reasons,
    consent_reasons,
    order_reasons,
)
from clinic_sessions.domain.protocols.protocols import Drug
from clinic_sessions.domain.scheduling.plans import GOING_ON, PlanStatus
from clinic_sessions.domain.session.lifecycle import SessionKind
from clinic_sessions.domain.thresholds import Thresholds
from clinic_sessions.domain.wall_time import local_day, months_from
from clinic_sessions.models import (
    ClearanceDecision,
    Consent,
    ConsentEvent,
    Enrolment,
    MonitoringCheck,
    Order,
    OrderEvent,
    Patient,
    Plan,
    ProtocolVersion,
    TreatmentSession,
)
from clinic_sessions.services import documents
from clinic_sessions.services.catalogue import protocol_of

SAME_MINUTE = timedelta(minutes=1)
"""Times are noted to the minute: a paper made within the minute of a start was there."""

ANY_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Want:
    """The treatment that is asked about: whose, under which protocol and plan, when, and on which day of the clinic."""

    patient_id: int
    protocol_key: str
    drug: Drug
    plan_id: int | None
    at: datetime
    zone: ZoneInfo

    @property
    def day(self) -> date:
        """The clinic's day on which its papers count."""
        return local_day(self.at, self.zone)


@dataclass(frozen=True, kw_only=True)
class Papers:
    """What stands against a start. `clearance`: against a firm booking too; `warnings` stop nothing.

    `order_id`: the order that holds.
    """

    clearance: Sequence[PaperReason]
    consent: Sequence[PaperReason]
    order: Sequence[PaperReason]
    programme: Sequence[PaperReason]
    warnings: Sequence[PaperReason]
    order_id: int | None

    @property
    def reasons(self) -> list[PaperReason]:
        """Every reason against a start, in the order in which they are mended."""
        return [*self.clearance, *self.consent, *self.order, *self.programme]


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What stands about the patients who are asked about, each by the key under which a want finds it."""

    decisions: Mapping[tuple[int, str], Decision]
    consents: Mapping[tuple[int, str, int | None], ConsentGiven]
    orders: Mapping[tuple[int, str], list[tuple[int, int | None, OrderGiven]]]
    enrolled: Mapping[int, date]
    checked: Mapping[int, datetime]
    paused: Collection[tuple[int, str]]
    over: Collection[int | None]
    numbers: Thresholds


def lock(db: Session, patient_id: int) -> None:
    """Keep others from changing a patient's papers until the transaction ends; rows that name them may be added."""
    db.execute(sa.select(Patient.id).where(Patient.id == patient_id).with_for_update(key_share=True))


def want_of(treatment: TreatmentSession, version: ProtocolVersion, at: datetime) -> Want:
    """Say what to ask about a treatment at a moment: its papers count on the day of that moment."""
    return Want(
        patient_id=treatment.patient_id,
        protocol_key=version.key,
        drug=protocol_of(version).drug,
        plan_id=treatment.plan_id,
        at=at,
        zone=treatment.clinic.zone,
    )


def of_treatment(db: Session, treatment: TreatmentSession, at: datetime) -> Papers | None:
    """Read the papers that one treatment had at a moment; None for a visit without a dose.

    A paper made later does not count: whoever notes a start late had none then.
    """
    if treatment.protocol_version is None:
        return None
    return read(db, [want_of(treatment, treatment.protocol_version, at)], made_by=at + SAME_MINUTE)[0]


def missing(db: Session, treatments: Iterable[TreatmentSession]) -> Mapping[int, Papers]:
    """Read the papers of many sessions, each at its own start, by the session's id; visits are left out."""
    listed = [one for one in treatments if one.kind is SessionKind.TREATMENT and one.protocol_version is not None]
    wants = [want_of(one, one.protocol_version, one.starts_at) for one in listed if one.protocol_version is not None]
    return {one.id: papers for one, papers in zip(listed, read(db, wants), strict=True)}


def read(db: Session, wants: Sequence[Want], made_by: datetime = ANY_TIME) -> list[Papers]:
    """Read the papers for each want, in order; the number of queries does not grow with them.

    `made_by`: clearances, consents and orders from this moment on are left out; what takes one back counts always.
    """
    if not wants:
        return []
    patients = {want.patient_id for want in wants}
    numbers = documents.thresholds(db)
    paused, over = _not_active(db, patients)
    known = _Known(
        decisions=newest_decisions(db, patients, made_by),
        consents=_consents(db, patients, made_by),
        orders=_orders(db, patients, numbers, made_by),
        enrolled=_enrolled(db, patients),
        checked=_checked(db, patients),
        paused=paused,
        over=over,
        numbers=numbers,
    )
    return [_of(want, known) for want in wants]


def _of(want: Want, known: _Known) -> Papers:
    key = (want.patient_id, want.protocol_key)
    mine = [(order_id, order) for order_id, plan_id, order in known.orders[key] if plan_id in {None, want.plan_id}]
    holding = [order_id for order_id, order in mine if not order_reasons([order], want.day, want.at)]
    late = _monitoring_due(known.checked.get(want.patient_id), want, known.numbers)
    blocks = bool(known.numbers.monitoring_blocks.whole)
    return Papers(
        clearance=clearance_reasons(known.decisions.get(key), want.day),
        consent=consent_reasons(known.consents.get((*key, want.plan_id)), want.day),
        order=order_reasons([order for _, order in mine], want.day, want.at),
        programme=[
            *([PaperReason.PLAN_PAUSED] if key in known.paused else []),
            *([PaperReason.PLAN_OVER] if want.plan_id in known.over else []),
            *_not_enrolled(known.enrolled.get(want.patient_id), want),
            *(late if blocks else []),
        ],
        warnings=[] if blocks else late,
        order_id=holding[0] if holding else None,
    )


def newest_decisions(
    db: Session, patients: Collection[int], made_by: datetime = ANY_TIME
) -> dict[tuple[int, str], Decision]:
    """Give the decision that counts for each patient and protocol key."""
    row = ClearanceDecision
    query = sa.select(row.patient_id, row.protocol_key, row.decision, row.until, row.at)
    counts = sa.or_(row.at < made_by, row.decision != Clearance.CLEARED)
    rows = db.execute(query.where(row.patient_id.in_(patients), counts).order_by(row.at, row.id))
    return {
        (one.patient_id, one.protocol_key): Decision(decision=one.decision, until=one.until, at=one.at) for one in rows
    }


def _consents(
    db: Session, patients: Collection[int], made_by: datetime
) -> dict[tuple[int, str, int | None], ConsentGiven]:
    def has(kind: ConsentEventKind) -> sa.ColumnElement[bool]:
        return sa.exists().where(ConsentEvent.consent_id == Consent.id, ConsentEvent.kind == kind)

    counts = sa.or_(Consent.at < made_by, Consent.answer != ConsentAnswer.SIGNED)
    query = (
        sa.select(
            Consent.patient_id, Consent.protocol_key, Consent.plan_id, Consent.answer, Consent.until,
            has(ConsentEventKind.CHANGED_MIND),
        )
        .where(Consent.patient_id.in_(patients), ~has(ConsentEventKind.ENTERED_BY_MISTAKE), counts)
        .order_by(Consent.at, Consent.id)
    )  # fmt: skip
    return {
        (patient_id, key, plan_id): ConsentGiven(answer=answer, until=until, changed_mind=changed)
        for patient_id, key, plan_id, answer, until, changed in db.execute(query)
    }


def _orders(
    db: Session, patients: Collection[int], numbers: Thresholds, made_by: datetime
) -> Mapping[tuple[int, str], list[tuple[int, int | None, OrderGiven]]]:
    def has(*kinds: OrderEventKind) -> sa.ColumnElement[bool]:
        return sa.exists().where(OrderEvent.order_id == Order.id, OrderEvent.kind.in_(kinds))

    query = (
        sa.select(
            Order.id, Order.patient_id, Order.protocol_key, Order.plan_id, Order.valid_from, Order.valid_until,
            Order.spoken, Order.written_at,
            has(OrderEventKind.SIGNED), has(OrderEventKind.ENDED, OrderEventKind.REPLACED),
        )
        .where(Order.patient_id.in_(patients), Order.written_at < made_by)
        .order_by(Order.written_at.desc(), Order.id.desc())
    )  # fmt: skip
    found: dict[tuple[int, str], list[tuple[int, int | None, OrderGiven]]] = defaultdict(list)
    sign_within = timedelta(hours=numbers.spoken_order.whole)
    for order_id, patient_id, key, plan_id, first, last, spoken, written_at, signed, ended in db.execute(query):
        given = OrderGiven(
            valid_from=first, valid_until=last, ended=ended, signed=signed,
            sign_by=written_at + sign_within if spoken else None,
        )  # fmt: skip
        found[patient_id, key].append((order_id, plan_id, given))
    return found


def _enrolled(db: Session, patients: Collection[int]) -> dict[int, date]:
    query = sa.select(Enrolment.patient_id, sa.func.min(Enrolment.enrolled_on)).group_by(Enrolment.patient_id)
    rows = db.execute(query.where(Enrolment.patient_id.in_(patients), Enrolment.ended_at.is_(None)))
    return {patient_id: day for patient_id, day in rows if day is not None}


def _not_enrolled(enrolled_on: date | None, want: Want) -> list[PaperReason]:
    if want.drug is not Drug.ESKETAMINE or (enrolled_on is not None and enrolled_on <= want.day):
        return []
    return [PaperReason.NOT_ENROLLED]


def _checked(db: Session, patients: Collection[int]) -> dict[int, datetime]:
    latest = sa.func.max(MonitoringCheck.checked_at, type_=MonitoringCheck.checked_at.type)
    query = sa.select(MonitoringCheck.patient_id, latest).group_by(MonitoringCheck.patient_id)
    rows = db.execute(query.where(MonitoringCheck.patient_id.in_(patients)))
    return {patient_id: at for patient_id, at in rows if at is not None}


def _monitoring_due(checked_at: datetime | None, want: Want, numbers: Thresholds) -> list[PaperReason]:
    oldest = months_from(want.day, -numbers.monitoring_every.whole)
    return [] if checked_at is not None and local_day(checked_at, want.zone) >= oldest else [PaperReason.MONITORING_DUE]


def _not_active(db: Session, patients: Collection[int]) -> tuple[set[tuple[int, str]], set[int | None]]:
    """Give whose plan under which protocol is paused (nothing is given beside it either), and which plans are over."""
    version = ProtocolVersion
    query = sa.select(Plan.id, Plan.patient_id, version.key, Plan.status)
    query = query.join(version, version.id == Plan.protocol_version_id)
    rows = db.execute(query.where(Plan.patient_id.in_(patients), Plan.status != PlanStatus.ACTIVE)).all()
    paused = {(row.patient_id, row.key) for row in rows if row.status is PlanStatus.PAUSED}
    return paused, {row.id for row in rows if row.status not in GOING_ON}
