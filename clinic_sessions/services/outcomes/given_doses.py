"""The doses that a patient was given, with the weight then and the mood after each, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.drug.given_doses import MOOD_KINDS, Dose, Mood, given_of
from clinic_sessions.domain.messages.check_ins import CheckInKind, Question
from clinic_sessions.models import CheckIn, CheckInAnswer, DoseEvent, TreatmentSession, Weight
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.patients import weights
from clinic_sessions.services.session import facts


def sessions(
    db: Session, patient_id: int, *, before: datetime | None = None, newest: int | None = None
) -> Sequence[TreatmentSession]:
    """List the sessions whose dose was begun, the newest first, with their protocols and sites.

    `before`: only those that began before it; `newest`: so many at most.
    """
    query = (
        sa.select(TreatmentSession)
        .where(TreatmentSession.patient_id == patient_id, TreatmentSession.dose_started_at.is_not(None))
        .options(joinedload(TreatmentSession.protocol_version), joinedload(TreatmentSession.clinic))
        .order_by(TreatmentSession.dose_started_at.desc(), TreatmentSession.id.desc())
        .limit(newest)
    )
    if before is not None:
        query = query.where(TreatmentSession.dose_started_at < before)
    return db.scalars(query).all()


def of(db: Session, patient_id: int, treatments: Sequence[TreatmentSession]) -> list[Dose]:
    """Give the doses of these sessions of a patient, oldest first."""
    ids = [one.id for one in treatments]
    events, moods = _events(db, ids), _moods(db, ids)
    weighings = weights.standing(weights.listed(db, patient_id))
    found = [_dose(one, events[one.id], moods[one.id], weighings) for one in treatments]
    return sorted((dose for dose in found if dose), key=lambda dose: dose.at)


def _dose(
    treatment: TreatmentSession,
    events: Sequence[DoseEvent],
    moods: Mapping[CheckInKind, Mood],
    weighings: Sequence[Weight],
) -> Dose | None:
    if treatment.protocol_version is None or treatment.dose_started_at is None:
        return None
    at = treatment.dose_started_at
    return Dose(
        session_id=treatment.id,
        clinic_id=treatment.clinic_id,
        at=at,
        drug=protocol_of(treatment.protocol_version).drug,
        route=treatment.protocol_version.route,
        given=given_of([(event.kind, event.micrograms) for event in facts.standing_doses(events)]),
        grams=next((one.grams for one in weighings if one.measured_at <= at), None),
        moods=moods,
    )


def _events(db: Session, ids: Sequence[int]) -> Mapping[int, list[DoseEvent]]:
    found: dict[int, list[DoseEvent]] = defaultdict(list)
    for event in db.scalars(
        sa.select(DoseEvent).where(DoseEvent.session_id.in_(ids)).order_by(DoseEvent.at, DoseEvent.id)
    ):
        found[event.session_id].append(event)
    return found


def _moods(db: Session, ids: Sequence[int]) -> Mapping[int, dict[CheckInKind, Mood]]:
    answer = sa.and_(CheckInAnswer.check_in_id == CheckIn.id, CheckInAnswer.question == Question.MOOD)
    query = (
        sa.select(CheckIn.session_id, CheckIn.kind, CheckIn.status, CheckInAnswer.value)
        .outerjoin(CheckInAnswer, answer)
        .where(CheckIn.session_id.in_(ids), CheckIn.kind.in_(MOOD_KINDS))
    )
    found: dict[int, dict[CheckInKind, Mood]] = defaultdict(dict)
    for session_id, kind, status, value in db.execute(query):
        found[session_id][kind] = Mood(status=status, value=value.get("value") if value else None)
    return found
