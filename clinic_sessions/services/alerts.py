"""Safety alerts: raised once an event, answered with a note, never silently closed."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import flag_modified

from clinic_sessions.domain.alerts import (
    ANSWER_WITHIN,
    ENDINGS,
    AlertAction,
    AlertKind,
    AlertStatus,
    AlertTier,
    Forbidden,
    Promise,
    after,
    promise,
)
from clinic_sessions.domain.scheduling.timetable import Opening
from clinic_sessions.domain.session.lifecycle import OTHER_ENDINGS
from clinic_sessions.models import Alert, AlertEvent, AuditAction, Clinic, Patient, PatientClinic, TreatmentSession
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile


class AlertReason(StrEnum):
    ALREADY_ANSWERED = "already_answered"


def raise_alert(
    db: Session,
    patient: Patient,
    kind: AlertKind,
    tier: AlertTier,
    words: str,
    *,
    dedup_key: str,
    now: datetime,
    by: Actor,
    session_id: int | None = None,
    check_in_id: int | None = None,
) -> Alert:
    """Raise an alert, or give the one that stands for the same event (`dedup_key`)."""
    standing = db.scalar(sa.select(Alert).where(Alert.dedup_key == dedup_key))
    if standing is not None:
        return standing
    alert = Alert(
        clinic_id=patient.clinic_id,
        patient_id=patient.id,
        session_id=session_id,
        check_in_id=check_in_id,
        kind=kind,
        tier=tier,
        dedup_key=dedup_key,
        words=words,
        raised_at=now,
        answer_by=_answer_by(db.get_one(Clinic, patient.clinic_id), tier, now),
        raised_by_id=by.user_id,
    )
    alert.events.append(AlertEvent(action=AlertAction.RAISE, at=now, by_id=by.user_id))
    db.add(alert)
    db.flush()
    audit.note(db, AuditAction.CREATE, "alert", alert.id, now=now, by=by, patient_id=patient.id)
    return alert


def add(db: Session, alert: Alert, tier: AlertTier, words: str, *, now: datetime, by: Actor) -> None:
    """Add to what an alert says, unless it says just that; whoever answers must have looked at it again.

    `tier`: how soon it is to be answered from now on, when that is another than before.
    """
    if (tier, words) == (alert.tier, alert.told[0].words):
        return
    if tier is not alert.tier:
        alert.tier, alert.answer_by = tier, _answer_by(db.get_one(Clinic, alert.clinic_id), tier, now)
    alert.events.append(AlertEvent(action=AlertAction.RAISE, at=now, by_id=by.user_id, note=words))
    flag_modified(alert, "words")
    db.flush()
    changes = {"told": [None, alert.events[-1].id]}
    audit.note(db, AuditAction.CHANGE, "alert", alert.id, now=now, by=by, patient_id=alert.patient_id, changes=changes)


def want_help(
    db: Session, patient: Patient, words: str, *, about: str, now: datetime, by: Actor, session_id: int | None = None
) -> Alert:
    """Raise the alert of a patient who asked for help now, once while nobody has answered it.

    After an answer, asking again is a new event and a new alert. `about` names what the patient came by, such as
    `check_in:17`.
    """
    told = f"{about}:help:"
    answered = sa.select(sa.func.count()).select_from(Alert).where(Alert.dedup_key.startswith(told, autoescape=True))
    count = db.scalar(answered.where(Alert.status != AlertStatus.OPEN)) or 0
    return raise_alert(
        db, patient, AlertKind.HELP_WANTED, AlertTier.NOW, words,
        dedup_key=f"{told}{count + 1}", now=now, by=by, session_id=session_id,
    )  # fmt: skip


def promise_of(alert: Alert, clinic: Clinic) -> Promise | None:
    """Give what the patient behind an alert is told about who calls by when."""
    return promise(alert.raised_at, alert.tier, hours_of(clinic), clinic.zone)


def hours_of(clinic: Clinic) -> list[Opening]:
    """Give a clinic's opening hours as the domain reads them."""
    return [
        Opening(weekday=row.weekday, opens_minute=row.opens_minute, closes_minute=row.closes_minute)
        for row in clinic.opening_hours
    ]


def _answer_by(clinic: Clinic, tier: AlertTier, now: datetime) -> datetime:
    told = promise(now, tier, hours_of(clinic), clinic.zone)
    return told.at if told and told.is_open else now + ANSWER_WITHIN[tier]


def answer(db: Session, alert: Alert, action: AlertAction, note: str, *, seen: int, now: datetime, by: Actor) -> None:
    """Acknowledge or close an alert with a note; `seen` is the version that the person looked at.

    Refuses with ChangedMeanwhile when someone else was first.
    """
    if alert.version != seen:
        raise ChangedMeanwhile(AlertReason.ALREADY_ANSWERED)
    try:
        to = after(alert.status, action)
    except Forbidden:
        raise ChangedMeanwhile(AlertReason.ALREADY_ANSWERED) from None
    audit.note(
        db, AuditAction.CHANGE, "alert", alert.id,
        now=now, by=by, patient_id=alert.patient_id, changes={"status": [alert.status, to]},
    )  # fmt: skip
    alert.status = to
    alert.events.append(AlertEvent(action=action, at=now, by_id=by.user_id, note=note))
    db.flush()


_ALERT, _SHARED = Alert.__table__.c, PatientClinic.__table__.c
_HERE: sa.BindParameter[int] = sa.bindparam("clinics", expanding=True)
OPEN = (
    sa.select(sa.func.count())
    .select_from(Alert.__table__)
    .where(
        _ALERT.status == AlertStatus.OPEN,
        sa.or_(
            _ALERT.clinic_id.in_(_HERE),
            _ALERT.patient_id.in_(sa.select(_SHARED.patient_id).where(_SHARED.clinic_id.in_(_HERE))),
        ),
    )
)
"""Asked by every page, so it is built once."""


def open_count(db: Session, *clinic_ids: int) -> int:
    """Count the alerts about patients of these clinics that nobody has acknowledged."""
    return db.scalar(OPEN, {"clinics": clinic_ids}) or 0


def waiting(db: Session, *clinic_ids: int) -> list[Alert]:
    """List the alerts that are not closed: open ones first, the soonest to be answered on top."""
    query = _with_people().where(Alert.status != AlertStatus.CLOSED, _of(clinic_ids))
    return list(db.scalars(query.order_by(Alert.status != AlertStatus.OPEN, Alert.answer_by, Alert.id)))


def closed(db: Session, *clinic_ids: int, limit: int = 30) -> list[Alert]:
    """List the alerts that were closed, the newest first."""
    query = _with_people().where(Alert.status == AlertStatus.CLOSED, _of(clinic_ids))
    return list(db.scalars(query.order_by(Alert.raised_at.desc(), Alert.id.desc()).limit(limit)))


def standing(db: Session, dedup_keys: list[str]) -> Alert | None:
    """Give the latest alert among those of these events; None when none was raised."""
    query = sa.select(Alert).where(Alert.dedup_key.in_(dedup_keys))
    return db.scalar(query.order_by(Alert.id.desc()).limit(1))


def holds_messages(db: Session, alert: Alert) -> bool:
    """Say whether the patient's reminders and check-ins wait for this alert: it is about an ending that stands."""
    if alert.kind not in ENDINGS or alert.status is AlertStatus.CLOSED or alert.session_id is None:
        return False
    return db.get_one(TreatmentSession, alert.session_id).status in OTHER_ENDINGS


def _with_people() -> sa.Select[Alert]:
    events = selectinload(Alert.events).joinedload(AlertEvent.by)
    return sa.select(Alert).options(joinedload(Alert.patient), events)


def _of(clinic_ids: Collection[int]) -> sa.ColumnElement[bool]:
    shared = sa.select(PatientClinic.patient_id).where(PatientClinic.clinic_id.in_(clinic_ids))
    return sa.or_(Alert.clinic_id.in_(clinic_ids), Alert.patient_id.in_(shared))


def load(db: Session, alert_id: int, clinic_ids: Collection[int]) -> Alert:
    """Load an alert about a patient of one of the clinics; raises Absent otherwise."""
    alert = db.scalar(_with_people().where(Alert.id == alert_id, _of(clinic_ids)))
    if alert is None:
        raise Absent
    return alert
