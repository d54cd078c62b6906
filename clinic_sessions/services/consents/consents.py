"""Consents: signed on the screen or on paper, or chosen against; for a series, or a protocol while there is no plan.

Whoever calls these loads the patient `to_change` first: a start of theirs then waits, or this does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.papers import consents as rules
from clinic_sessions.domain.papers.consents import ConsentReason, Strokes
from clinic_sessions.domain.papers.papers import ConsentAnswer, ConsentEventKind, InterpretedBy, SigningWay
from clinic_sessions.domain.permissions import Permission, Role
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import (
    AuditAction,
    Clinic,
    Consent,
    ConsentEvent,
    Patient,
    Plan,
    ProtocolVersion,
    User,
    UserClinic,
    UserRole,
)
from clinic_sessions.services import audit, catalogue, documents
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.consents import consent_documents
from clinic_sessions.services.refusals import Absent, NotAllowed, Refusal

WITNESSES = (Role.FRONT_DESK, Role.NURSE, Role.PROVIDER)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is consented to: the series of a plan, or a protocol while there is no plan."""

    version: ProtocolVersion
    plan: Plan | None

    @property
    def key(self) -> tuple[int | None, str]:
        """What its consents and sessions have in common."""
        return (self.plan.id if self.plan else None, self.version.key)


@dataclass(frozen=True, kw_only=True)
class Talk:
    """How the patient was told: in which language, through whom, before whom, and whether all of it was read out."""

    language: Language
    witness_id: int
    interpreter: str | None = None
    interpreted_by: InterpretedBy | None = None
    read_aloud: bool = False


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What the patient signed and how. `until`: the last day it holds; None: as long as may be.

    `sure`: somebody looked at a name that is not the patient's, and it is right.
    """

    document_version_id: int
    name: str
    at: datetime
    until: date | None = None
    sure: bool = False
    strokes: Strokes | None = None
    paper_reference: str | None = None

    @property
    def way(self) -> SigningWay:
        """On paper when it has the reference of the scan."""
        return SigningWay.SCREEN if self.paper_reference is None else SigningWay.PAPER


def subject(db: Session, patient: Patient, plan_id: int | None, protocol: str | None) -> Subject:
    """Find what a consent is about by its plan, else by a protocol's key or version id; raises Absent for others'."""
    if plan_id is not None:
        plan = db.scalar(sa.select(Plan).where(Plan.id == plan_id, Plan.patient_id == patient.id))
        if plan is None:
            raise Absent
        return Subject(version=plan.protocol_version, plan=plan)
    version = next((one for one in catalogue.published(db) if protocol in {one.key, str(one.id)}), None)
    if version is None:
        raise Absent
    return Subject(version=version, plan=None)


def witnesses(db: Session, patient: Patient) -> Sequence[User]:
    """List who may witness a patient's signature: everyone of the care team at their clinics, by name."""
    query = (
        sa.select(User)
        .join(UserClinic, UserClinic.user_id == User.id)
        .join(UserRole, UserRole.user_id == User.id)
        .where(UserClinic.clinic_id.in_(patient.clinic_ids), UserRole.role.in_(WITNESSES), User.disabled_at.is_(None))
        .order_by(User.name, User.id)
        .distinct()
    )
    return db.scalars(query).all()


def of_patient(db: Session, patient_id: int) -> Sequence[Consent]:
    """List every consent of a patient with what became of it, the newest first."""
    query = sa.select(Consent).where(Consent.patient_id == patient_id).order_by(Consent.at.desc(), Consent.id.desc())
    people = (joinedload(Consent.witness), joinedload(Consent.by), joinedload(Consent.document_version))
    events = selectinload(Consent.events).joinedload(ConsentEvent.by)
    return db.scalars(query.options(*people, events, joinedload(Consent.protocol_version))).all()


def load(db: Session, patient: Patient, consent_id: int) -> Consent:
    """Load a consent of a patient; raises Absent when it is another's."""
    consent = db.scalar(sa.select(Consent).where(Consent.id == consent_id, Consent.patient_id == patient.id))
    if consent is None:
        raise Absent
    return consent


def event_of(consent: Consent, kind: ConsentEventKind) -> ConsentEvent | None:
    """Give the event of a kind that a consent has; None while it has none."""
    return next((event for event in consent.events if event.kind is kind), None)


def longest(db: Session, signed_on: date) -> date:
    """Give the last day on which a consent signed on a day may hold."""
    return signed_on + timedelta(days=documents.thresholds(db).consent.whole)


def sign(
    db: Session, patient: Patient, about: Subject, talk: Talk, signature: Signature, *, now: datetime, by: Actor
) -> Consent:
    """Record a signed consent. Refuses with ConsentReason listing all that stands against it, NotAllowed.

    The longest it may hold is the clinic's own number (thresholds, `consent`).
    """
    check_may(by)
    zone = db.get_one(Clinic, patient.clinic_id).zone
    signed_on, today = local_day(signature.at, zone), local_day(now, zone)
    last = longest(db, signed_on)
    until = signature.until or last
    reasons = consent_documents.against(db, about.version, signature.document_version_id, signature.way)
    found = {
        ConsentReason.OTHER_NAME: not rules.same_name(signature.name, patient.name) and not signature.sure,
        ConsentReason.NOT_YET: signature.at > now,
        ConsentReason.TOO_LONG_AGO: last < today,
        ConsentReason.UNTIL_PAST: until < signed_on,
        ConsentReason.UNTIL_TOO_LATE: until > last,
        ConsentReason.MIND_CHANGED_SINCE: _mind_changed_since(db, patient, about, signature.at),
    }
    reasons += [reason for reason, stands in found.items() if stands]
    if reasons:
        raise Refusal(*reasons)
    row = _row(db, patient, about, talk, signature.at, now=now, by=by)
    row.document_version_id, row.answer, row.way = signature.document_version_id, ConsentAnswer.SIGNED, signature.way
    row.signed_name, row.paper_reference, row.until = signature.name, signature.paper_reference, until
    if signature.strokes:
        row.strokes = signature.strokes
    return _add(db, row, now=now, by=by)


def choose_not_to(
    db: Session, patient: Patient, about: Subject, talk: Talk, words: str, *, now: datetime, by: Actor
) -> Consent:
    """Record that the patient chose not to consent, with words. Refuses with ConsentReason, NotAllowed."""
    check_may(by)
    document = consent_documents.newest(db, about.version.key)
    if document is None:
        raise Refusal(ConsentReason.NO_TEXT)
    row = _row(db, patient, about, talk, now, now=now, by=by)
    row.document_version_id, row.answer, row.words = document.id, ConsentAnswer.CHOSE_NOT_TO, words
    return _add(db, row, now=now, by=by)


def check_may(by: Actor) -> None:
    """Refuse with NotAllowed who does not record consents."""
    if by.user is None or not by.user.may(Permission.RECORD_CONSENT):
        raise NotAllowed(ConsentReason.NOT_ALLOWED)


def _mind_changed_since(db: Session, patient: Patient, about: Subject, at: datetime) -> bool:
    """Say whether the patient changed their mind about this series at or after a moment."""
    plan_id, key = about.key
    query = sa.select(ConsentEvent.id).join(Consent, Consent.id == ConsentEvent.consent_id)
    same = Consent.plan_id == plan_id if plan_id is not None else Consent.plan_id.is_(None)
    query = query.where(Consent.patient_id == patient.id, Consent.protocol_key == key, same)
    changed = query.where(ConsentEvent.kind == ConsentEventKind.CHANGED_MIND, ConsentEvent.at > at)
    return db.scalar(changed.limit(1)) is not None


def _row(
    db: Session, patient: Patient, about: Subject, talk: Talk, at: datetime, *, now: datetime, by: Actor
) -> Consent:
    if talk.witness_id != by.user_id and all(one.id != talk.witness_id for one in witnesses(db, patient)):
        raise Absent
    return Consent(
        patient_id=patient.id, plan_id=about.plan.id if about.plan else None, protocol_key=about.version.key,
        protocol_version_id=about.version.id, language=talk.language, interpreter=talk.interpreter,
        interpreted_by=talk.interpreted_by, read_aloud=talk.read_aloud, witness_id=talk.witness_id, at=at,
        recorded_at=now, by_id=by.user_id,
    )  # fmt: skip


def _add(db: Session, row: Consent, *, now: datetime, by: Actor) -> Consent:
    db.add(row)
    db.flush()
    protocol = catalogue.protocol_of(db.get_one(ProtocolVersion, row.protocol_version_id))
    changes: dict[str, list[object]] = {
        "answer": [None, row.answer], "until": [None, row.until], "way": [None, row.way],
        "plan_id": [None, row.plan_id], "protocol_version_id": [None, row.protocol_version_id],
        "document_version_id": [None, row.document_version_id], "off_label": [None, protocol.off_label],
    }  # fmt: skip
    audit.note(
        db, AuditAction.CREATE, "consent", row.id, now=now, by=by, patient_id=row.patient_id, changes=changes,
        reason=row.words,
    )  # fmt: skip
    return row
