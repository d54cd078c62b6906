"""What a patient wrote before a visit, beside the questions: medicines, allergies, what was tried; a draft to go by."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from clinic_sessions.domain import names
from clinic_sessions.domain.papers.intake import LONGEST_MEDICINE, FreeText
from clinic_sessions.models import Medicine, Screening
from clinic_sessions.services.screening import intake, screening

_NUMBER = re.compile(r"\s(?=\d)")


@dataclass(frozen=True, kw_only=True)
class Written:
    """The patient's own words. `medicines`: the lines that are not on the list yet; `filed`: whether it was filed."""

    screening_id: int
    at: datetime
    filed: bool
    medicines: Sequence[str]
    allergies: str | None
    treatments: str | None


@dataclass(frozen=True, kw_only=True)
class SplitLine:
    """A written medicine as its form proposes it, to be looked over by a clinician."""

    name: str
    dose_words: str | None


def of_patient(db: Session, patient_id: int, listed: Iterable[Medicine]) -> Written | None:
    """Give what the patient wrote last; `listed`: their medicines, by which lines are known to be added."""
    row = intake.newest_sent(screening.of_patient(db, patient_id))
    return written(row, listed) if row else None


def written(row: Screening, listed: Iterable[Medicine]) -> Written | None:
    """Give what the patient wrote beside the questions of one questionnaire; None when it was nothing."""
    lines = row.draft.get(FreeText.MEDICINES.value) or []
    allergies, treatments = (row.draft.get(one.value) or None for one in (FreeText.ALLERGIES, FreeText.TREATMENTS))
    if not (lines or allergies or treatments):
        return None
    known = [names.folded(one.name) for one in listed]
    return Written(
        screening_id=row.id,
        at=row.submitted_at or row.started_at,
        filed=row.filed_at is not None,
        medicines=[line for line in lines if not _is_listed(line, known)],
        allergies=allergies,
        treatments=treatments,
    )


def _is_listed(line: str, known: Iterable[str]) -> bool:
    folded = f" {names.folded(line)} "
    return any(name and f" {name} " in folded for name in known)


def split(line: str) -> SplitLine | None:
    """Take a written line apart at its first number: before it the name, from it on the dose; None for a blank line.

    >>> split("Lorazepam 1 mg twice a day")
    SplitLine(name='Lorazepam', dose_words='1 mg twice a day')
    """
    name, *rest = _NUMBER.split(" ".join(line.split())[:LONGEST_MEDICINE], maxsplit=1)
    return SplitLine(name=name.rstrip(",;: "), dose_words=rest[0] if rest else None) if name else None
