"""Files a whole screening for a patient of the demo, by plain rows."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.screening_kinds import ItemAnswer, ScreeningSource, ScreeningStatus
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.models import FiledAnswer, Patient, Screening
from clinic_sessions.services.screening import screening

_TOOK = timedelta(minutes=15)


def file_screening(
    db: Session, patient: Patient, route: Route, by_id: int | None, at: datetime, yes: Mapping[str, str]
) -> int:
    """File a screening in which the questions of `yes` were answered so, with these words, and all others with no."""
    document = screening.published(db, route)
    row = Screening(
        patient_id=patient.id, route=route, document_version_id=document.id, source=ScreeningSource.STAFF,
        status=ScreeningStatus.FILED, draft={}, started_at=at - _TOOK, by_id=by_id, filed_at=at, filed_by_id=by_id,
        systolic_mmhg=112 + patient.id % 23, diastolic_mmhg=68 + patient.id % 17,
    )  # fmt: skip
    db.add(row)
    db.flush()
    parts = screening.questionnaire_of(document).asked(patient.pregnancy_possible)
    keys = [item.key for part in parts for item in part.items]
    answers = [
        {"screening_id": row.id, "item": key, "words": yes.get(key),
         "answer": ItemAnswer.YES if key in yes else ItemAnswer.NO}
        for key in keys
    ]  # fmt: skip
    db.execute(sa.insert(FiledAnswer), answers)
    return row.id
