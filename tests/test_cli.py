"""Opening a real clinic from the command line, and what is refused there."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from clinic_sessions.cli import main
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.typed_clinic import ClinicUnreadable, read_chair, read_openings
from clinic_sessions.models import Clinic, SignIn, User
from clinic_sessions.services.accounts import sign_ins

PASSWORD = "correct horse battery"
CLINIC = [
    "clinic", "add", "Harbor Street Clinic", "--zone", "America/Los_Angeles", "--phone", "(310) 555-0100",
    "--address", "12 Harbor Street", "--open", "mon-fri=8:00-18:00", "--open", "sat=9:00-13:00",
    "--chair", "Chair 1=iv,im", "--chair", "Room 2=in",
]  # fmt: skip
NURSE = ["user", "add", "ana@clinic.org", "Ana Ruiz", "--role", "nurse", "--role", "owner", "--password", PASSWORD]


class Operator:
    """Someone at the machine's command line."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.env = {"CLINIC_DATABASE_URL": database_url, "CLINIC_DATA_DIR": str(folder), "CLINIC_LOG_LEVEL": "ERROR"}

    def says(self, *words: str) -> Result:
        """Run a command."""
        return CliRunner().invoke(main, list(words), env=self.env)


@pytest.fixture
def operator(database_url: str, tmp_path: Path) -> Operator:
    """An operator with an empty, migrated database."""
    return Operator(database_url, tmp_path)


def test_a_clinic_is_opened_and_its_people_added(operator: Operator, db: Session) -> None:
    assert operator.says(*CLINIC).exit_code == 0
    assert operator.says(*NURSE).exit_code == 0
    clinic = db.scalars(sa.select(Clinic)).one()
    assert (clinic.phone, clinic.name_in_messages) == ("+13105550100", "Harbor Street Clinic")
    assert [(chair.name, chair.allows_iv, chair.allows_in, chair.allows_im) for chair in clinic.chairs] == [
        ("Chair 1", True, False, True),
        ("Room 2", False, True, False),
    ]
    assert [hours.weekday for hours in clinic.opening_hours] == [0, 1, 2, 3, 4, 5]
    user = db.scalars(sa.select(User)).one()
    assert user.roles == {Role.NURSE, Role.OWNER}
    assert user.clinics == [clinic]
    assert sign_ins.matches(user, PASSWORD)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("America/Los_Angeles", "Mars/Olympus"), "no such time zone"),
        (("sat=9:00-13:00", "fri=9:00-13:00"), "overlap"),
        (("Room 2=in", "Chair 1=in"), "same name"),
        (("Room 2=in", "Room 2=oral"), "Type a chair"),
        (("mon-fri=8:00-18:00", "always"), "Type opening hours"),
        (("(310) 555-0100", "12"), "area code"),
    ],
)
def test_what_cannot_be_opened_is_refused_in_words(
    operator: Operator, db: Session, change: tuple[str, str], said: str
) -> None:
    answer = operator.says(*[change[1] if word == change[0] else word for word in CLINIC])
    assert (answer.exit_code, said in answer.output) == (2, True)
    assert db.scalar(sa.select(sa.func.count()).select_from(Clinic)) == 0


def test_a_second_clinic_of_the_same_name_is_refused(operator: Operator) -> None:
    operator.says(*CLINIC)
    assert "of this name" in operator.says(*CLINIC).output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (NURSE, "no clinic yet"),
        (["user", "disable", "nobody@clinic.org"], "no account"),
        (["user", "reset", "nobody@clinic.org", "--password", PASSWORD], "no account"),
    ],
)
def test_nobody_is_added_to_nothing(operator: Operator, words: list[str], said: str) -> None:
    answer = operator.says(*words)
    assert (answer.exit_code, said in answer.output) == (2, True)


@pytest.mark.parametrize(
    ("change", "said"),
    [(("ana@clinic.org", "ana"), "not an email address"), ((PASSWORD, "short"), "at least 12")],
)
def test_an_account_that_cannot_be_is_refused(operator: Operator, change: tuple[str, str], said: str) -> None:
    operator.says(*CLINIC)
    assert said in operator.says(*[change[1] if word == change[0] else word for word in NURSE]).output


def test_a_disabled_account_loses_its_sign_ins_and_a_reset_one_its_password(operator: Operator, db: Session) -> None:
    operator.says(*CLINIC)
    operator.says(*NURSE)
    assert operator.says("user", "reset", "ana@clinic.org", "--password", "another horse battery").exit_code == 0
    assert operator.says("user", "disable", "ana@clinic.org").exit_code == 0
    user = db.scalars(sa.select(User)).one()
    assert user.disabled_at is not None
    assert not sign_ins.matches(user, PASSWORD)
    assert db.scalars(sa.select(SignIn).where(SignIn.ended_at.is_(None))).all() == []


def test_the_views_are_printed_with_what_each_needs(operator: Operator) -> None:
    printed = operator.says("routes", "--policy").output
    assert "/patients/<int:patient_id>" in printed
    assert "public: people sign in here" in printed


@pytest.mark.parametrize("text", ["", "mon", "fri-mon=8:00-9:00", "mon=9:00-8:00", "mon=8:61-9:00", "mon=8:00-25:00"])
def test_hours_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(ClinicUnreadable):
        read_openings(text)


@pytest.mark.parametrize("text", ["", "=iv", "Chair 1", "Chair 1=", "Chair 1=iv;im", f"{'x' * 61}=iv"])
def test_chairs_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(ClinicUnreadable):
        read_chair(text)
