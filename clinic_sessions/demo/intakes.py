"""What patients of the demo take and took, and the questions that two of them were asked by link."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import Staffing, office_hour
from clinic_sessions.demo.patients import OnFile
from clinic_sessions.demo.post import Post
from clinic_sessions.domain.papers.intake import FreeText
from clinic_sessions.domain.papers.screening_kinds import ItemAnswer, TreatmentResponse
from clinic_sessions.domain.protocols.protocols import Drug, Route
from clinic_sessions.models import Patient
from clinic_sessions.services.actor import patient_by_link
from clinic_sessions.services.patients import medicines, prior_treatments
from clinic_sessions.services.patients.medicines import NewMedicine
from clinic_sessions.services.patients.prior_treatments import Earlier
from clinic_sessions.services.screening import intake

PATIENT = patient_by_link(None)

_MEDICINES: tuple[tuple[NewMedicine, ...], ...] = (
    (NewMedicine(name="Sertraline", dose_words="100 mg in the morning"),
     NewMedicine(name="Lorazepam", dose_words="0.5 mg twice a day", daily=1_000)),
    (NewMedicine(name="Lamictal", dose_words="200 mg a day"),),
    (NewMedicine(name="Oxycodone", dose_words="5 mg when needed"), NewMedicine(name="Gabapentin", dose_words="300 mg"),
     NewMedicine(name="Clopidogrel", dose_words="75 mg")),
    (NewMedicine(name="Vyvanse", dose_words="40 mg in the morning"),),
    (NewMedicine(name="Nardil", dose_words="15 mg three times a day"),
     NewMedicine(name="Carbamazepine", dose_words="200 mg twice a day")),
    (NewMedicine(name="Klonopin", dose_words="when needed"),),
)  # fmt: skip
"""Of each kind of warning one, for the first patients who follow a plan."""

_EARLIER = (
    Earlier(name="Sertraline 200 mg", when="2019, for eight months", response=TreatmentResponse.HELPED_SOME),
    Earlier(name="Venlafaxine 225 mg", when="2021", response=TreatmentResponse.NOT_TOLERATED, words="Sweating"),
    Earlier(name="Cognitive behavioral therapy", when="Since 2020", response=TreatmentResponse.HELPED),
)
_SAID = {
    "sleep_apnea": (ItemAnswer.NOT_SURE, "My partner says that I snore"),
    "allergies": (ItemAnswer.YES, "Penicillin: a rash"),
    "substance_past": (ItemAnswer.YES, None),
}


def note_medicines(db: Session, people: Sequence[OnFile], staff: Staffing, now: datetime) -> None:
    """List medicines and earlier treatments of some patients; the first one's warnings were read."""
    with_plan = [one.patient for one in people if one.plan is not None]
    nurse = staff.nurses[0]
    for patient, taken in zip(with_plan, _MEDICINES, strict=False):
        at = office_hour(patient.registered_at + timedelta(days=1), now)
        for new in taken:
            medicines.add(db, patient, new, now=at, by=nurse)
        for earlier in _EARLIER[: 1 + patient.id % len(_EARLIER)]:
            prior_treatments.add(db, patient, earlier, now=at, by=nurse)
    first = with_plan[0]
    for one in medicines.every_warning(db, medicines.listed(db, first.id), list(Drug)):
        medicines.acknowledge(
            db, first, one.medicine.id, one.words, "Taper agreed with Dr. Adler", now=now - timedelta(days=1), by=nurse
        )


def ask_two(db: Session, people: Sequence[OnFile], staff: Staffing, now: datetime) -> None:
    """Ask two new patients for answers: one has sent them, the other has not begun."""
    free = [one.patient for one in people if one.plan is None]
    able = [one for one in free if not intake.why_not(db, one, Route.IV, now)]
    for sends, (patient, route) in zip((True, False), zip(able[-4:-2], (Route.IV, Route.IM), strict=True), strict=True):
        at = office_hour(now - timedelta(days=2), now)
        row = intake.ask(db, patient, route, now=at, by=staff.desk)
        Post(db=db, now=now).deliver(patient, now)
        if sends:
            _answer(db, patient, row.id, at + timedelta(hours=3))


def _answer(db: Session, patient: Patient, screening_id: int, at: datetime) -> None:
    row = intake.load(db, screening_id, patient.id)
    for part in intake.parts(row):
        for item in part.items:
            answer, words = _SAID.get(item.key, (ItemAnswer.NO, None))
            intake.save_answer(db, row, item, answer, words, said=item.en, now=at, by=PATIENT)
    lines = ["Lorazepam 1 mg at night", "Levothyroxine 50 mcg", "St. John's wort"]
    intake.save_text(db, row, FreeText.MEDICINES, lines, now=at)
    intake.save_text(db, row, FreeText.ALLERGIES, "Penicillin: a rash", now=at)
    intake.save_text(db, row, FreeText.TREATMENTS, "Sertraline in 2022, it helped a little.\nAcupuncture.", now=at)
    intake.submit(db, row, now=at + timedelta(minutes=9), by=PATIENT)
