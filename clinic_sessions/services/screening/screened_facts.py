"""What a filed screening says that the patient's file does not: shown beside it, and taken over by a clinician."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from clinic_sessions.domain import names, words
from clinic_sessions.domain.contacts import PregnancyPossible
from clinic_sessions.domain.papers.intake import FreeText
from clinic_sessions.domain.papers.screening_kinds import ItemAnswer, ScreeningStatus
from clinic_sessions.domain.patients.allergies import NONE_KNOWN, has_none
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.models import Patient, Screening
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.patients import patients
from clinic_sessions.services.refusals import ChangedMeanwhile, NotAllowed
from clinic_sessions.services.screening import screening

SHORTEST_WORD = 4
_ALLERGIES = ("allergies", "hypersensitivity")
_MAYBE = frozenset({ItemAnswer.YES, ItemAnswer.NOT_SURE})


class Fact(StrEnum):
    """What of the file a screening may fill; the value is the patient's own field."""

    ALLERGIES = "allergies"
    PREGNANCY = "pregnancy_possible"


class FactReason(StrEnum):
    """Why nothing is taken over."""

    NOTHING_TO_TAKE = "nothing_to_take"
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A fact that the file lacks: what the screening says, and what the file would say (`value`) once taken over."""

    fact: Fact
    said: str
    value: str | PregnancyPossible


def offered(patient: Patient, listed: Sequence[Screening]) -> list[Offer]:
    """List what the screening filed last says and the file does not; `listed`: what `screening.of_patient` gives."""
    filed = [one for one in listed if one.status is ScreeningStatus.FILED and one.filed_at is not None]
    if not filed:
        return []
    newest = max(filed, key=lambda one: (one.filed_at or one.started_at, one.id))
    return [one for one in (_allergies(patient, newest), _pregnancy(patient, newest)) if one is not None]


def take(db: Session, patient: Patient, fact: Fact, *, version: int, now: datetime, by: Actor) -> None:
    """Take a fact over into the file; load the patient `to_change` first.

    Refuses with NotAllowed for who is no clinician, ChangedMeanwhile when the file is not at `version`, and
    NOTHING_TO_TAKE when the file says it already.
    """
    if by.user is None or not by.user.may(Permission.EDIT_CLINICAL):
        raise NotAllowed(FactReason.NOT_ALLOWED)
    offers = offered(patient, screening.of_patient(db, patient.id))
    offer = next((one for one in offers if one.fact is fact), None)
    if offer is None:
        raise ChangedMeanwhile(FactReason.NOTHING_TO_TAKE)
    patients.change(db, patient, {fact.value: offer.value}, version=version, now=now, by=by)


def _allergies(patient: Patient, filed: Screening) -> Offer | None:
    rows = {row.item: row for row in filed.answers}
    asked = [rows[key] for key in _ALLERGIES if key in rows]
    if asked and all(row.answer is ItemAnswer.NO for row in asked) and not _written(filed):
        return None if patient.allergies else Offer(fact=Fact.ALLERGIES, said="No allergy", value=NONE_KNOWN)
    said = [row.words for row in asked if row.answer in _MAYBE and row.words] + _written(filed)
    known = "" if has_none(patient.allergies) else patient.allergies or ""
    fresh: list[str] = []
    for line in said:
        if not _says(f"{known} {' '.join(fresh)}", line):
            fresh.append(line)
    if not fresh:
        return None
    return Offer(fact=Fact.ALLERGIES, said="\n".join(fresh), value="\n".join(filter(None, [known, *fresh])))


def _written(filed: Screening) -> list[str]:
    return [line for line in str(filed.draft.get(FreeText.ALLERGIES.value) or "").splitlines() if line.strip()]


def _says(text: str, line: str) -> bool:
    """Whether every longer word of a line is in the text: told in other words is told."""
    told = names.folded(text).split()
    return all(word in told for word in names.folded(line).split() if len(word) >= SHORTEST_WORD)


def _pregnancy(patient: Patient, filed: Screening) -> Offer | None:
    answer = next((row.answer for row in filed.answers if row.item == "pregnancy"), None)
    if answer not in _MAYBE or patient.pregnancy_possible is not PregnancyPossible.NOT_ASKED:
        return None
    return Offer(fact=Fact.PREGNANCY, said=f"Pregnant: {words.say(answer).lower()}", value=PregnancyPossible.YES)
