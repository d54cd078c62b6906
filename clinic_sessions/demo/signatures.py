"""How the demo's patients sign the consent to their series."""

import math
from datetime import datetime

from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import Staffing
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.papers.consents import Strokes
from clinic_sessions.domain.papers.papers import InterpretedBy
from clinic_sessions.models import Patient, Plan
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.consents import consent_documents, consents
from clinic_sessions.services.consents.consents import Signature, Subject, Talk

_HOW = {"in person": InterpretedBy.IN_PERSON, "by video": InterpretedBy.VIDEO, "by phone": InterpretedBy.PHONE}


def sign_series(db: Session, patient: Patient, plan: Plan, staff: Staffing, at: datetime) -> None:
    """Let a patient sign the consent to their series: every fifth on paper, the others on the screen."""
    nurse, about = staff.nurses[0], Subject(version=plan.protocol_version, plan=plan)
    text = consent_documents.newest(db, about.version.key)
    on_paper = patient.id % 5 == 0
    signature = Signature(
        document_version_id=text.id if text else 0, name=patient.name, at=at,
        paper_reference=f"Scans 2026, consent {1000 + patient.id}" if on_paper else None,
        strokes=None if on_paper or patient.id % 3 == 0 else drawn_by(patient.name),
    )  # fmt: skip
    consents.sign(db, patient, about, _talk(patient, nurse), signature, now=at, by=nurse)


def _talk(patient: Patient, nurse: Actor) -> Talk:
    how = next((way for words, way in _HOW.items() if words in (patient.interpreter or "")), None)
    spanish = patient.language is Language.ES
    return Talk(
        language=patient.language, witness_id=nurse.user_id or 0,
        interpreter=f"No. {4400 + patient.id}, language line" if how else None, interpreted_by=how,
        read_aloud=spanish or how is not None,
    )  # fmt: skip


def drawn_by(name: str) -> Strokes:
    """Draw a signature of loops, as long and as high as a name has it, and a line under it."""
    width = min(880, 160 + 32 * len(name))
    letters = [ord(letter) % 7 for letter in name]
    loops = [
        [60 + x, int(480 + (90 + 22 * letters[x // 40 % len(letters)]) * math.sin(x / 21))]
        for x in range(0, width - 60, 9)
    ]
    return [loops, [[70, 800], [width // 2, 780], [width - 20, 805]]]
