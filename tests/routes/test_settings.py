"""Several sites: where a person works now, and the owner's settings of each."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import AuditEntry, Chair, Clinic, Closure, User
from tests import factories
from tests.conftest import SignIn, Visitor

THURSDAY = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
"""Ten o'clock in Los Angeles."""


@pytest.fixture
def second(db: Session, clinic: Clinic) -> Clinic:
    """Another site, an hour ahead of Los Angeles in winter."""
    return factories.a_clinic(db, "America/Phoenix", name="Desert Ridge")


@pytest.fixture
def owner(db: Session, clinic: Clinic, second: Clinic, signed_in: SignIn) -> Visitor:
    """The owner of both sites."""
    user = factories.a_user(db, clinic, Role.OWNER)
    user.clinics.append(second)
    return signed_in(user=user)


def week(version: int, **given: str) -> dict[str, Any]:
    """Hours as typed: weekdays from 8 to 6, but for the days given."""
    hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "8:00 am - 6:00 pm")
    return {"version": version, **hours, **given}


def test_every_page_of_the_settings_opens(owner: Visitor, second: Clinic, db: Session) -> None:
    chair = second.chairs[0].id
    paths = ("", "/hours", "/chairs", f"/chairs/{chair}", "/closures")
    for path in ("/settings", "/settings/people", "/settings/sites/new", *(f"/settings/sites/{second.id}{p}" for p in paths)):
        answer = owner.get(path)
        assert (answer.status_code, path) == (200, path)
        assert "<h1>" in answer.text
