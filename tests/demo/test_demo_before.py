"""Before their doses, the demo's patients were asked and read as the gate wants it."""

import sqlalchemy as sa

from clinic_sessions.domain.session.lifecycle import EXPECTED
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.domain.session.session_checks import CheckItem
from clinic_sessions.models import DoseEvent, SessionCheck, TreatmentSession
from clinic_sessions.services.before import start_gate
from clinic_sessions.services.drug import dose_order
from tests.demo.conftest import Filled


def test_nothing_stood_against_any_dose_that_was_begun(filled: Filled) -> None:
    begun = filled.db.scalars(sa.select(TreatmentSession).where(TreatmentSession.dose_started_at.is_not(None))).all()
    assert len(begun) > 50
    against = {
        (one.id, reason.value)
        for one in begun
        if one.dose_started_at is not None
        for reason in start_gate.unmet(filled.db, one, one.order_id, one.dose_started_at)
    }
    asked = {reason for _, reason in against if not reason.startswith(("label", "draw", "second"))}
    assert asked == set()


def test_no_answer_was_given_after_now_and_some_rides_are_known_ahead(filled: Filled) -> None:
    assert max(filled.db.scalars(sa.select(SessionCheck.recorded_at))) <= filled.now
    ahead = sa.select(sa.func.count(SessionCheck.id)).join(TreatmentSession)
    ahead = ahead.where(TreatmentSession.status.in_(EXPECTED), SessionCheck.item == CheckItem.RIDE)
    assert filled.db.scalar(ahead)


def test_every_dose_is_the_one_that_its_order_comes_to_with_the_weight_of_its_day(filled: Filled) -> None:
    started = filled.db.scalars(sa.select(DoseEvent).where(DoseEvent.kind == DoseEventKind.STARTED)).all()
    assert len(started) > 50
    given = [(one.id, one.micrograms) for one in started]
    ordered = [(one.id, dose_order.to_give(filled.db, one.treatment, one.at)) for one in started]
    assert given == [(event_id, dose and dose.micrograms) for event_id, dose in ordered]
