"""What those who are to come still lack, for the lists from which they are checked in."""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain.papers.screening_kinds import ScreeningSource, ScreeningStatus
from clinic_sessions.domain.session.arrivals import Lack
from clinic_sessions.domain.session.lifecycle import SessionKind
from clinic_sessions.domain.session.start_gate import against_ride
from clinic_sessions.models import Screening, TreatmentSession
from clinic_sessions.services.before import session_checks
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.plans import papers
from clinic_sessions.services.plans.papers import Papers


def lacking(db: Session, session_ids: Collection[int]) -> Mapping[int, Sequence[Lack]]:
    """List by session what is missing at its own start; the number of queries does not grow with them.

    Visits without a dose are left out.
    """
    if not session_ids:
        return {}
    query = sa.select(TreatmentSession).where(
        TreatmentSession.id.in_(session_ids), TreatmentSession.kind == SessionKind.TREATMENT
    )
    listed = db.scalars(
        query.options(
            joinedload(TreatmentSession.clinic),
            joinedload(TreatmentSession.protocol_version),
            selectinload(TreatmentSession.changes),
        )
    ).all()
    found, rides = papers.missing(db, listed), _with_a_ride(db, listed)
    unfiled = _with_forms(db, {one.patient_id for one in listed})
    return {
        one.id: [
            *(_of_papers(found[one.id]) if one.id in found else []),
            *([Lack.FORMS] if one.patient_id in unfiled else []),
            *([] if one.id in rides else [Lack.WAY_HOME]),
        ]
        for one in listed
    }


def _of_papers(one: Papers) -> list[Lack]:
    parts = (
        (Lack.CLEARANCE, one.clearance),
        (Lack.CONSENT, one.consent),
        (Lack.ORDER, one.order),
        (Lack.PROGRAM, one.programme),
    )
    return [lack for lack, reasons in parts if reasons]


def _with_a_ride(db: Session, listed: Sequence[TreatmentSession]) -> set[int]:
    rides = session_checks.rides(db, listed)
    return {
        one.id
        for one in listed
        if one.id in rides and one.protocol_version
        if not against_ride(session_checks.as_check(rides[one.id]), protocol_of(one.protocol_version))
    }


def _with_forms(db: Session, patient_ids: Collection[int]) -> set[int]:
    waits = Screening.status.in_((ScreeningStatus.DRAFT, ScreeningStatus.SUBMITTED))
    query = sa.select(Screening.patient_id).where(
        Screening.patient_id.in_(patient_ids), Screening.source == ScreeningSource.PATIENT, waits
    )
    return set(db.scalars(query))
