"""The papers of each series as the patient's page shows them: what stands, until when, and what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain.papers.orders import OrderEventKind
from clinic_sessions.domain.papers.papers import ConsentEventKind, PaperReason
from clinic_sessions.domain.protocols.protocols import Drug
from clinic_sessions.domain.scheduling.plans import PlanStatus
from clinic_sessions.domain.session.lifecycle import SessionKind
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import (
    ClearanceDecision,
    Consent,
    ConsentEvent,
    Enrolment,
    MonitoringCheck,
    Order,
    Patient,
    Plan,
    ProtocolVersion,
    TreatmentSession,
)
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.orders.order_rows import event_of
from clinic_sessions.services.plans import papers
from clinic_sessions.services.plans.papers import Papers, Want


class PaperPart(StrEnum):
    """Which paper a line is about."""

    CLEARANCE = "clearance"
    CONSENT = "consent"
    ORDER = "order"
    PROGRAM = "program"
    CHECK = "check"
    PLAN = "plan"


@dataclass(frozen=True, kw_only=True)
class PaperLine:
    """One paper of a series. `on`: since when; `until`: the last day; `stops`: whether no session starts without it.

    `pending`: it holds, but somebody still has to sign it.
    """

    part: PaperPart
    reasons: Sequence[PaperReason] = ()
    on: date | None = None
    until: date | None = None
    stops: bool = True
    pending: bool = False


@dataclass(frozen=True, kw_only=True)
class SeriesPapers:
    """The papers of a series, or of a protocol that is booked without a plan.

    They are those at the start of its next session, or now when none is booked.
    """

    patient_id: int
    version: ProtocolVersion
    plan: Plan | None
    session: TreatmentSession | None
    lines: Sequence[PaperLine] = ()

    @property
    def key(self) -> tuple[int | None, str]:
        """What its consents have in common."""
        return (self.plan.id if self.plan else None, self.version.key)

    @property
    def missing(self) -> list[PaperPart]:
        """The papers without which no session of it starts."""
        return [line.part for line in self.lines if line.reasons and line.stops]


@dataclass(frozen=True, kw_only=True)
class _Found:
    cleared: Mapping[str, ClearanceDecision]
    consents: Mapping[tuple[int | None, str], Consent]
    orders: Mapping[int, Order]
    enrolled_on: date | None
    checked_at: datetime | None


def of(
    db: Session, patient: Patient, coming: Sequence[TreatmentSession], *, now: datetime, zone: ZoneInfo
) -> list[SeriesPapers]:
    """Gather the papers of every series that goes on, the newest first, then of what is booked without a plan.

    The number of queries does not grow with them. `coming`: the patient's sessions to come, in order.
    """
    asked = _asked(db, patient, coming)
    if not asked:
        return []
    moments = [max(now, one.session.starts_at) if one.session else now for one in asked]
    read = papers.read(db, [_want(one, at, zone) for one, at in zip(asked, moments, strict=True)])
    found = _find(db, patient.id, [one.order_id for one in read if one.order_id is not None])
    return [replace(one, lines=_lines(one, stands, found, zone)) for one, stands in zip(asked, read, strict=True)]


def _asked(db: Session, patient: Patient, coming: Sequence[TreatmentSession]) -> list[SeriesPapers]:
    query = sa.select(Plan).where(
        Plan.patient_id == patient.id, Plan.status.in_([PlanStatus.ACTIVE, PlanStatus.PAUSED])
    )
    newest = query.options(joinedload(Plan.protocol_version)).order_by(Plan.started_at.desc(), Plan.id.desc())
    following = {one.plan_id: one for one in reversed(coming)}
    of_plans = [
        SeriesPapers(patient_id=patient.id, version=plan.protocol_version, plan=plan, session=following.get(plan.id))
        for plan in db.scalars(newest)
    ]
    first = {
        one.protocol_version.key: SeriesPapers(
            patient_id=patient.id, version=one.protocol_version, plan=None, session=one
        )
        for one in reversed(coming)
        if one.plan_id is None and one.protocol_version is not None and one.kind is SessionKind.TREATMENT
    }
    return [*of_plans, *first.values()]


def _want(one: SeriesPapers, at: datetime, zone: ZoneInfo) -> Want:
    plan_id, key = one.key
    return Want(
        patient_id=one.patient_id, protocol_key=key, drug=protocol_of(one.version).drug, plan_id=plan_id, at=at,
        zone=zone,
    )  # fmt: skip


def _find(db: Session, patient_id: int, order_ids: Sequence[int]) -> _Found:
    decisions = sa.select(ClearanceDecision).where(ClearanceDecision.patient_id == patient_id)
    mistake = sa.exists().where(
        ConsentEvent.consent_id == Consent.id, ConsentEvent.kind == ConsentEventKind.ENTERED_BY_MISTAKE
    )
    consents = sa.select(Consent).where(Consent.patient_id == patient_id, ~mistake)
    orders = sa.select(Order).where(Order.id.in_(order_ids)).options(selectinload(Order.events))
    enrolled = sa.select(sa.func.min(Enrolment.enrolled_on)).where(
        Enrolment.patient_id == patient_id, Enrolment.ended_at.is_(None)
    )
    checked = sa.select(MonitoringCheck.checked_at).where(MonitoringCheck.patient_id == patient_id)
    return _Found(
        cleared={
            one.protocol_key: one for one in db.scalars(decisions.order_by(ClearanceDecision.at, ClearanceDecision.id))
        },
        consents={
            (one.plan_id, one.protocol_key): one for one in db.scalars(consents.order_by(Consent.at, Consent.id))
        },
        orders={one.id: one for one in db.scalars(orders)} if order_ids else {},
        enrolled_on=db.scalar(enrolled),
        checked_at=db.scalars(checked.order_by(MonitoringCheck.checked_at.desc()).limit(1)).first(),
    )


def _lines(about: SeriesPapers, one: Papers, found: _Found, zone: ZoneInfo) -> list[PaperLine]:
    cleared, consent = found.cleared.get(about.version.key), found.consents.get(about.key)
    order = found.orders.get(one.order_id) if one.order_id is not None else None
    late = [reason for reason in (*one.programme, *one.warnings) if reason is PaperReason.MONITORING_DUE]
    lines = [
        PaperLine(
            part=PaperPart.CLEARANCE, reasons=one.clearance, on=local_day(cleared.at, zone) if cleared else None,
            until=cleared.until if cleared else None,
        ),
        PaperLine(
            part=PaperPart.CONSENT, reasons=one.consent, on=local_day(consent.at, zone) if consent else None,
            until=consent.until if consent else None,
        ),
        PaperLine(
            part=PaperPart.ORDER, reasons=one.order, on=order.valid_from if order else None,
            until=order.valid_until if order else None,
            pending=order is not None and order.spoken and event_of(order, OrderEventKind.SIGNED) is None,
        ),
        PaperLine(
            part=PaperPart.CHECK, reasons=late, stops=PaperReason.MONITORING_DUE in one.programme,
            on=local_day(found.checked_at, zone) if found.checked_at else None,
        ),
    ]  # fmt: skip
    if protocol_of(about.version).drug is Drug.ESKETAMINE:
        outside = [reason for reason in one.programme if reason is PaperReason.NOT_ENROLLED]
        lines.insert(3, PaperLine(part=PaperPart.PROGRAM, reasons=outside, on=found.enrolled_on))
    if PaperReason.PLAN_PAUSED in one.programme:
        lines.append(PaperLine(part=PaperPart.PLAN, reasons=[PaperReason.PLAN_PAUSED]))
    return lines
