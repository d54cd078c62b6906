"""Where a patient who is in the clinic now is to be found, and what runs there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.alerts import AlertStatus, AlertTier
from clinic_sessions.domain.session.lifecycle import IN_CLINIC, SessionKind, Status
from clinic_sessions.domain.words import say
from clinic_sessions.models import Alert, TreatmentSession
from clinic_sessions.services.drug import dose_controls, infusions
from clinic_sessions.services.leaving.waiting_for_ride import BACK
from clinic_sessions.services.session import facts


@dataclass(frozen=True, kw_only=True)
class Here:
    """A patient who is here: by which visit, in which chair or with whom, and what is so there. No drug is named."""

    treatment: TreatmentSession
    place: str
    doing: str


def of_patients(db: Session, patient_ids: Collection[int], clinic_ids: Collection[int], now: datetime) -> Mapping[
    int, Here
]:  # fmt: skip
    """Give those of the patients who are in one of the clinics now, by patient."""
    if not patient_ids:
        return {}
    query = _visits(clinic_ids, now).where(TreatmentSession.patient_id.in_(patient_ids))
    return {one.patient_id: _here(db, one) for one in db.scalars(query)}


def urgent(db: Session, clinic_ids: Collection[int], now: datetime) -> Sequence[tuple[Here, int]]:
    """List those in the clinics now about whom an alert is open that is to be answered at once, and how many each."""
    open_now = (Alert.status == AlertStatus.OPEN, Alert.tier == AlertTier.NOW)
    counted = sa.select(Alert.patient_id, sa.func.count().label("n")).where(*open_now).group_by(Alert.patient_id)
    found = counted.subquery()
    query = _visits(clinic_ids, now).join(found, found.c.patient_id == TreatmentSession.patient_id)
    rows = db.execute(query.add_columns(found.c.n)).unique().all()
    return [(_here(db, one), n) for one, n in rows]


def _visits(clinic_ids: Collection[int], now: datetime) -> sa.Select[TreatmentSession]:
    seen = (TreatmentSession.chair, TreatmentSession.host, TreatmentSession.protocol_version, TreatmentSession.clinic)
    return (
        sa.select(TreatmentSession)
        .where(
            TreatmentSession.clinic_id.in_(clinic_ids),
            TreatmentSession.kind != SessionKind.TELEHEALTH,
            TreatmentSession.status.in_(IN_CLINIC),
            TreatmentSession.starts_at >= now - BACK,
        )
        .options(*(joinedload(one) for one in seen))
        .order_by(TreatmentSession.starts_at, TreatmentSession.id)
    )


def _here(db: Session, treatment: TreatmentSession) -> Here:
    place = treatment.host.name if treatment.host else treatment.chair.name if treatment.chair else ""
    if treatment.status is Status.READY:
        place = "Out of the chair"
    doing = say(treatment.status).lower()
    if treatment.status is Status.READY:
        doing = "ready, waits for a ride"
    elif treatment.status is Status.IN_TREATMENT and infusions.is_infused(treatment):
        paused = dose_controls.is_paused(facts.dose_events(db, treatment))
        doing = "infusion paused" if paused else "infusion running"
    return Here(treatment=treatment, place=place, doing=doing)
