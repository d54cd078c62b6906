"""A booking in a night on which the clocks change: from what is typed to what the patient's calendar is given."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.config import Config
from clinic_sessions.domain.messages.messages import MessageKind
from clinic_sessions.domain.permissions import Role
from clinic_sessions.mail.compose import calendar_file, preview
from clinic_sessions.models import Clinic, Message, OpeningHours, TreatmentSession
from clinic_sessions.services import form_keys
from clinic_sessions.services.messages import letters
from tests import factories
from tests.conftest import SignIn


@pytest.fixture
def clinic(db: Session) -> Clinic:
    """A clinic in New York that is open on Sundays, day and night."""
    made = factories.a_clinic(db, "America/New_York")
    made.opening_hours.append(OpeningHours(weekday=6, opens_minute=0, closes_minute=1440))
    db.commit()
    return made


@pytest.mark.parametrize(
    ("day", "wall", "which", "said", "written"),
    [
        ("3/14/2027", "2:30 am", "", "does not exist that day", None),
        ("3/14/2027", "3:00 am", "", "3:00 am (Eastern Daylight Time)", b"20270314T070000Z"),
        ("11/7/2027", "1:30 am", "", "Choose which one", None),
        ("11/7/2027", "1:30 am", "first", "1:30 am (Eastern Daylight Time)", b"20271107T053000Z"),
        ("11/7/2027", "1:30 am", "second", "1:30 am (Eastern Standard Time)", b"20271107T063000Z"),
    ],
)
def test_a_booking_in_a_night_of_change_is_refused_asked_about_or_right(
    db: Session, clinic: Clinic, config: Config, signed_in: SignIn, now: datetime,
    day: str, wall: str, which: str, said: str, written: bytes | None,
) -> None:  # fmt: skip
    patient = factories.a_patient(db, clinic)
    typed = {"slot": "other", "day": day, "wall": wall, "which": which, "chair": str(clinic.chairs[0].id), "tell": "y"}
    whom = {"patient": str(patient.id), "what": str(factories.a_protocol(db).id), "form_key": form_keys.new()}
    answer = signed_in(Role.FRONT_DESK).post("/sessions/new", data={**typed, **whom})
    db.rollback()
    if written is None:
        assert (answer.status_code, said in answer.text) == (422, True)
        assert db.scalars(sa.select(TreatmentSession)).all() == []
        return
    assert answer.status_code == 303
    message = db.scalars(sa.select(Message).where(Message.kind == MessageKind.CONFIRMATION)).one()
    letter = letters.letter_of(message, now, {})
    assert letter.visit is not None
    assert said in preview(letter).text
    file = calendar_file([letter.visit], language=letter.language, config=config, now=now)
    assert b"DTSTART:" + written in file.split(b"\r\n")
