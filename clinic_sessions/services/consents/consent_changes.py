"""What becomes of a consent: the patient changes their mind, or it was entered by mistake. Nothing is ever removed."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.papers.consents import ConsentReason
from clinic_sessions.domain.papers.papers import ConsentAnswer, ConsentEventKind
from clinic_sessions.domain.session.lifecycle import IN_CLINIC, SessionKind
from clinic_sessions.models import AuditAction, Consent, ConsentEvent, Patient, ProtocolVersion, TreatmentSession
from clinic_sessions.services import alerts, audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.consents import consents
from clinic_sessions.services.refusals import ChangedMeanwhile, Refusal

TOLD = "The patient changed their mind about the consent. The session goes on until someone stops it. They said: "


def change_mind(
    db: Session, patient: Patient, consent: Consent, words: str, *, at: datetime, now: datetime, by: Actor
) -> Sequence[TreatmentSession]:
    """Keep that the patient changed their mind at a moment, and give the sessions under way, which are not stopped.

    Each of them raises an alert. Load the patient `to_change` first. Refuses with ChangedMeanwhile when another
    consent counts by now, ConsentReason when the moment cannot be, NotAllowed.
    """
    consents.check_may(by)
    if not _counts(db, patient, consent) or consent.answer is not ConsentAnswer.SIGNED:
        raise ChangedMeanwhile(ConsentReason.NOT_STANDING)
    if at > now:
        raise Refusal(ConsentReason.NOT_YET)
    if at < consent.at:
        raise Refusal(ConsentReason.BEFORE_IT_WAS_SIGNED)
    event = _add(db, consent, ConsentEventKind.CHANGED_MIND, words, at=at, now=now, by=by)
    going_on = _under_way(db, consent)
    for treatment in going_on:
        alerts.raise_alert(
            db, patient, AlertKind.OUTSIDE_RULES, AlertTier.NOW, f"{TOLD}{words}",
            dedup_key=f"consent_event:{event.id}:{treatment.id}", now=now, by=by, session_id=treatment.id,
        )  # fmt: skip
    return going_on


def mark_mistake(db: Session, patient: Patient, consent: Consent, words: str, *, now: datetime, by: Actor) -> None:
    """Keep that a consent was entered by mistake; the one before it counts again, if there is one.

    Refuses with ChangedMeanwhile when that is noted already, ConsentReason when the patient changed their mind about
    it: what they said stays, and only a new answer comes after it; NotAllowed.
    """
    consents.check_may(by)
    if consents.event_of(consent, ConsentEventKind.ENTERED_BY_MISTAKE):
        raise ChangedMeanwhile(ConsentReason.ALREADY_A_MISTAKE)
    if consents.event_of(consent, ConsentEventKind.CHANGED_MIND):
        raise Refusal(ConsentReason.MIND_WAS_CHANGED)
    _add(db, consent, ConsentEventKind.ENTERED_BY_MISTAKE, words, at=now, now=now, by=by)


def _counts(db: Session, patient: Patient, consent: Consent) -> bool:
    """Say whether this is the newest of its series that was no mistake, and the patient has not changed their mind."""
    same = [
        one
        for one in consents.of_patient(db, patient.id)
        if (one.plan_id, one.protocol_key) == (consent.plan_id, consent.protocol_key)
        and not consents.event_of(one, ConsentEventKind.ENTERED_BY_MISTAKE)
    ]
    newest = same[0] if same else None
    return newest is consent and not consents.event_of(consent, ConsentEventKind.CHANGED_MIND)


def _add(
    db: Session, consent: Consent, kind: ConsentEventKind, words: str, *, at: datetime, now: datetime, by: Actor
) -> ConsentEvent:
    event = ConsentEvent(consent_id=consent.id, kind=kind, at=at, recorded_at=now, by_id=by.user_id, words=words)
    consent.events.append(event)
    db.flush()
    audit.note(
        db, AuditAction.CHANGE, "consent", consent.id, now=now, by=by, patient_id=consent.patient_id,
        changes={"event": [None, kind], "at": [None, at]}, reason=words,
    )  # fmt: skip
    return event


def _under_way(db: Session, consent: Consent) -> Sequence[TreatmentSession]:
    row = TreatmentSession
    query = sa.select(row).join(ProtocolVersion, ProtocolVersion.id == row.protocol_version_id)
    same = row.plan_id == consent.plan_id if consent.plan_id is not None else row.plan_id.is_(None)
    query = query.where(row.patient_id == consent.patient_id, ProtocolVersion.key == consent.protocol_key, same)
    treatments = query.where(row.kind == SessionKind.TREATMENT, row.status.in_(IN_CLINIC))
    return db.scalars(treatments.order_by(row.starts_at)).all()
