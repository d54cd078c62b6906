"""Patients' ways in: what a token opens, and until when."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.models import Clinic, Link, LinkPurpose, Patient
from clinic_sessions.services import links
from clinic_sessions.services.refusals import Absent
from tests import factories

DAY = timedelta(days=1)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """A patient."""
    return factories.a_patient(db, clinic)


def _issue(db: Session, patient: Patient, now: datetime) -> str:
    return links.issue(db, LinkPurpose.APPOINTMENT, 17, patient, message_id=None, now=now, expires_at=now + DAY)


def test_a_token_of_128_bits_opens_its_one_thing_and_is_kept_nowhere(
    db: Session, patient: Patient, now: datetime
) -> None:
    token = _issue(db, patient, now)

    link = links.open_link(db, LinkPurpose.APPOINTMENT, token, now)
    assert (link.object_id, link.patient_id) == (17, patient.id)
    assert len(token) == 22
    assert token not in str(db.execute(sa.select(Link.__table__)).all())


def test_a_later_link_leaves_the_earlier_good(db: Session, patient: Patient, now: datetime) -> None:
    tokens = [_issue(db, patient, now) for _ in range(3)]

    assert len({links.open_link(db, LinkPurpose.APPOINTMENT, token, now).id for token in tokens}) == 3


def test_the_wrong_purpose_and_an_unknown_token_are_not_there(db: Session, patient: Patient, now: datetime) -> None:
    token = _issue(db, patient, now)

    for purpose, given in (
        (LinkPurpose.CHECK_IN, token),
        (LinkPurpose.APPOINTMENT, token[:-1]),
        (LinkPurpose.FEED, ""),
    ):
        with pytest.raises(Absent):
            links.open_link(db, purpose, given, now)


def test_a_link_ends_at_its_time_and_when_it_is_taken_back(db: Session, patient: Patient, now: datetime) -> None:
    token = _issue(db, patient, now)
    links.open_link(db, LinkPurpose.APPOINTMENT, token, now + DAY - timedelta(seconds=1))
    with pytest.raises(links.Expired):
        links.open_link(db, LinkPurpose.APPOINTMENT, token, now + DAY)

    links.revoke_for(db, LinkPurpose.APPOINTMENT, 17, now)
    with pytest.raises(links.Revoked):
        links.open_link(db, LinkPurpose.APPOINTMENT, token, now)


def test_the_address_is_built_from_the_settings() -> None:
    made = links.address("https://visits.example.org", LinkPurpose.CHECK_IN, "token")

    assert made == "https://visits.example.org/c/token"
