"""The demo's consents: chosen against, taken back and signed anew, ending soon."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import ZONE, Staffing, office_hour
from clinic_sessions.demo.patients import OnFile
from clinic_sessions.demo.signatures import drawn_by
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Consent
from clinic_sessions.services.consents import consent_changes, consents
from clinic_sessions.services.consents.consents import Signature, Subject, Talk

CHOSE_NOT_TO, CHANGED_MIND, ENDS_SOON, ONLY_ASKED = (
    "Harriet Pemberton",
    "Grace Abernathy",
    "Rafael Monteiro",
    "Malik Johnson",
)


def note_consents(db: Session, people: Sequence[OnFile], staff: Staffing, now: datetime) -> None:
    """Let a few patients who come in some days answer otherwise than most."""
    named = {one.person.name: one for one in people}
    _choose_not_to(db, named, staff, now)
    _change_mind(db, named[CHANGED_MIND], staff, now)
    last = local_day(now, ZONE) + timedelta(days=10)
    _sign_anew(db, named[ENDS_SOON], staff, office_hour(now - timedelta(days=3), now), last)


def _choose_not_to(db: Session, named: Mapping[str, OnFile], staff: Staffing, now: datetime) -> None:
    nurse = staff.nurses[0]
    for name, words in (
        (CHOSE_NOT_TO, "I want to talk with my sister first."),
        (ONLY_ASKED, "Not this year."),
    ):
        one, at = named[name], office_hour(now - timedelta(days=1), now)
        talk = Talk(language=one.patient.language, witness_id=nurse.user_id or 0)
        about = _about(db, one)
        consents.choose_not_to(db, one.patient, about, talk, words, now=at, by=nurse)


def _change_mind(db: Session, one: OnFile, staff: Staffing, now: datetime) -> None:
    signed = consents.of_patient(db, one.patient.id)[0]
    at = office_hour(now - timedelta(days=3), now)
    words = "My heart doctor wants to see me first."
    consent_changes.change_mind(db, one.patient, signed, words, at=at, now=at, by=staff.nurses[1])
    _sign_anew(db, one, staff, office_hour(now - timedelta(days=1), now), None)


def _sign_anew(db: Session, one: OnFile, staff: Staffing, at: datetime, until: date | None) -> Consent:
    nurse, about = staff.nurses[1], _about(db, one)
    before = consents.of_patient(db, one.patient.id)[0]
    signature = Signature(
        document_version_id=before.document_version_id, name=one.patient.name, at=at, until=until,
        strokes=drawn_by(one.patient.name),
    )  # fmt: skip
    talk = Talk(language=one.patient.language, witness_id=nurse.user_id or 0, read_aloud=True)
    return consents.sign(db, one.patient, about, talk, signature, now=at, by=nurse)


def _about(db: Session, one: OnFile) -> Subject:
    if one.plan is not None:
        return Subject(version=one.plan.protocol_version, plan=one.plan)
    return consents.subject(db, one.patient, None, "iv-mood")
