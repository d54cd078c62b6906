"""What those who are to come still lack, for the lists from which they are checked in."""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.papers.screening_kinds import ScreeningSource, ScreeningStatus
from clinic_sessions.domain.session.arrivals import Lack
from clinic_sessions.domain.session.lifecycle import SessionKind
from clinic_sessions.domain.session.session_checks import CheckItem
from clinic_sessions.models import Screening, SessionCheck, TreatmentSession
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
        query.options(joinedload(TreatmentSession.clinic), joinedload(TreatmentSession.protocol_version))
    ).all()
    found, rides = papers.missing(db, listed), _with_a_ride(db, [one.id for one in listed])
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


def _with_a_ride(db: Session, session_ids: Collection[int]) -> set[int]:
    query = sa.select(SessionCheck.session_id, SessionCheck.clear).where(
        SessionCheck.session_id.in_(session_ids), SessionCheck.item == CheckItem.RIDE
    )
    newest = {row.session_id: row.clear for row in db.execute(query.order_by(SessionCheck.at, SessionCheck.id))}
    return {session_id for session_id, clear in newest.items() if clear}


def _with_forms(db: Session, patient_ids: Collection[int]) -> set[int]:
    waits = Screening.status.in_((ScreeningStatus.DRAFT, ScreeningStatus.SUBMITTED))
    query = sa.select(Screening.patient_id).where(
        Screening.patient_id.in_(patient_ids), Screening.source == ScreeningSource.PATIENT, waits
    )
    return set(db.scalars(query))
