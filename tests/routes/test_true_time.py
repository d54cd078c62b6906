"""The true time of an entry over the web: typed the day after, corrected, and said where it is of another day."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.models import Clinic, VitalsReading
from tests import factories
from tests.conftest import SignIn
from tests.services.day import a_nurse, take


def _last(db: Session) -> VitalsReading:
    db.rollback()
    found = db.scalars(sa.select(VitalsReading).order_by(VitalsReading.id.desc())).first()
    assert found is not None
    db.expunge(found)
    db.rollback()
    return found


def test_a_correction_the_day_after_keeps_its_day_and_a_time_on_two_days_is_asked_for_its_date(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    yesterday = now - timedelta(hours=25)
    treatment = factories.a_session(db, factories.a_patient(db, clinic), yesterday)
    take(db, treatment, Action.ARRIVE, yesterday, a_nurse(db, clinic))
    db.commit()
    nurse, path = signed_in(Role.NURSE), f"/sessions/{treatment.id}/vitals"
    assert nurse.post(path, data={"systolic": "121/81"}).status_code == 303
    first = _last(db)
    assert first.at == now

    form = nurse.get(f"{path}?corrects={first.id}").text
    assert 'value="10:00"' in form
    assert 'value="2026-11-23"' in form
    typed = {"systolic": "131/81", "at": "10:00", "at_day": "2026-11-23", "corrects": str(first.id)}
    assert nurse.post(path, data=typed).status_code == 303
    assert _last(db).at == now

    asked = nurse.post(path, data={"systolic": "118/70", "at": "9:30 am"})
    assert asked.status_code == 422
    assert "Choose the date." in asked.text
    told = nurse.post(path, data={"systolic": "118/70", "at": "9:30 am", "at_day": "2026-11-22"})
    assert _last(db).at == datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
    assert "Vitals saved: Sun Nov 22, 9:30 am." in nurse.get(told.location).text


def test_no_date_is_asked_for_on_the_day_of_the_visit(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    treatment = factories.a_session(db, factories.a_patient(db, clinic), now)
    take(db, treatment, Action.ARRIVE, now, a_nurse(db, clinic))
    db.commit()
    assert 'name="at_day"' not in signed_in(Role.NURSE).get(f"/sessions/{treatment.id}/vitals").text
