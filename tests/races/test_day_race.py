"""Several tablets at one visit at once: one label, one draw, one answer stands, and nothing written is lost."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action, Gate
from clinic_sessions.domain.session.start_gate import StartReason
from clinic_sessions.models import (
    ActorKind,
    Draw,
    DrugLabel,
    ProviderAnswer,
    SecondCount,
    TreatmentSession,
    User,
    VitalsReading,
)
from clinic_sessions.services.accounts import sign_ins
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import asking, start_gate
from clinic_sessions.services.session import lifecycle
from tests import factories
from tests.races.conftest import MONDAY_TEN, Desks
from tests.races.servers import Answer, Post, cookie_of

RIVALS, ROUNDS = 4, 3
VIAL = {"drug": "ketamine", "strength": "50", "volume": "10", "total": "500", "lot": "K4471", "expires": "11/2027"}


@dataclass(frozen=True, kw_only=True)
class Day:
    """A patient who has come, and the browsers of a nurse, of a second nurse, and of a provider."""

    desks: Desks
    db: Session
    visit: int
    patient: int
    nurse: str
    second: str
    provider: str

    @property
    def treatment(self) -> TreatmentSession:
        self.db.rollback()
        return self.db.get_one(TreatmentSession, self.visit)

    def post(self, number: int, page: str, form: Mapping[str, str], cookie: str = "") -> Post:
        named = {"patient": str(self.patient), "form_key": secrets.token_urlsafe(24), **form}
        path, port = f"/sessions/{self.visit}/{page}", self.desks.ports[number % len(self.desks.ports)]
        return Post(port=port, path=path, form=named, cookie=cookie or self.nurse)

    def rivals(self, page: str, form: Mapping[str, str], cookie: str = "") -> list[int]:
        """Send the same words from several screens at once; give how they were answered."""
        self.db.rollback()
        posts = [self.post(number, page, form, cookie) for number in range(RIVALS)]
        return sorted(answer.status for answer in self.desks.send(posts, self.nurse, threads=RIVALS))

    def both(self, one: Post, other: Post) -> list[Answer]:
        self.db.rollback()
        return self.desks.send([one, other], self.nurse, threads=2)


ONE_WINS = [303] + [409] * (RIVALS - 1)


@pytest.fixture
def day(desks: Desks, db: Session) -> Day:
    clinic = factories.a_clinic(db)
    people = [factories.a_user(db, clinic, role) for role in (Role.NURSE, Role.NURSE, Role.PROVIDER)]
    by = Actor(kind=ActorKind.USER, user=people[0], role=Role.NURSE)
    made = factories.a_session(db, factories.a_patient(db, clinic), MONDAY_TEN)
    lifecycle.do(db, made, Action.ARRIVE, now=MONDAY_TEN, by=by)
    factories.ready_to_start(db, made, MONDAY_TEN, drug=False)
    nurse, second, provider = (_cookie(desks, db, user) for user in people)
    db.commit()
    return Day(
        desks=desks, db=db, visit=made.id, patient=made.patient_id, nurse=nurse, second=second, provider=provider
    )  # fmt: skip


def _cookie(desks: Desks, db: Session, user: User) -> str:
    return cookie_of(desks.app, sign_ins.open_sign_in(db, user, now=MONDAY_TEN, address="127.0.0.1"))


def _rows(day: Day, model: type[DrugLabel] | type[Draw] | type[SecondCount] | type[ProviderAnswer]) -> list[int]:
    day.db.rollback()
    return list(day.db.scalars(sa.select(model.id).where(model.session_id == day.visit).order_by(model.id)))


def test_one_label_and_one_draw_stand_however_many_tablets_enter_them(day: Day) -> None:
    assert day.rivals("drug/label", VIAL) == ONE_WINS
    [label] = _rows(day, DrugLabel)
    drawn = {"label": str(label), "mg": "40", "ml": "0.8"}
    assert day.rivals("drug/draw", drawn) == ONE_WINS
    [draw] = _rows(day, Draw)
    more = {**VIAL, "lot": "K9", "draw": str(draw), "mg": "5", "ml": "0.1", "sure_dose": "y"}
    assert day.rivals("drug/vial", more) == ONE_WINS
    assert len(_rows(day, Draw)) == 2
    counted = {"draw": str(draw), "strength": "50", "ml": "0.8"}
    assert day.rivals("drug/count", counted, day.second) == [303] * RIVALS
    assert len(_rows(day, SecondCount)) == RIVALS, "every count is kept, the newest counts"
    assert day.rivals("drug/draw", {**drawn, "corrects": str(draw), "sure_dose": "y"}) == ONE_WINS


def test_no_count_is_taken_for_a_draw_that_is_entered_anew_at_the_same_time(day: Day) -> None:
    day.rivals("drug/label", VIAL)
    [label] = _rows(day, DrugLabel)
    form = {"label": str(label), "mg": "40", "ml": "0.8"}
    day.rivals("drug/draw", form)
    for _ in range(ROUNDS):
        old = start_gate.so_far(day.db, day.treatment)[-1].id
        anew = day.post(0, "drug/draw", {**form, "corrects": str(old)})
        count = day.post(1, "drug/count", {"draw": str(old), "strength": "50", "ml": "0.8"}, day.second)
        drew, counted = day.both(anew, count)
        assert (drew.status, counted.status in {303, 409}) == (303, True)
        standing = start_gate.in_hand(day.db, day.treatment)
        assert standing is not None
        assert [row.counts for row in standing.draws] == [[]], "the new draw is counted anew"


def _answer(day: Day, answer: str) -> dict[str, str]:
    return {"answer": answer, "words": "As every time.", "seen": asking.mark(day.db, day.treatment)}


def _ask(day: Day) -> None:
    nurse = Actor(kind=ActorKind.USER, user=day.db.scalars(sa.select(User).order_by(User.id)).first(), role=Role.NURSE)
    reasons = [StartReason.OUT_OF_RANGE]
    asking.ask(day.db, day.treatment, Gate.MAY_START, reasons, "Now?", now=MONDAY_TEN, by=nurse)
    day.db.commit()


def test_of_a_providers_answers_from_several_screens_one_stands(day: Day) -> None:
    _ask(day)
    assert day.rivals("decide/may_start", _answer(day, "not_today"), day.provider) == ONE_WINS
    assert len(_rows(day, ProviderAnswer)) == 1


def test_a_provider_and_a_nurse_who_write_at_once_see_each_other_and_no_word_is_lost(day: Day) -> None:
    _ask(day)
    for number in range(ROUNDS):
        word = day.post(0, "decide/may_start", _answer(day, "not_today"), day.provider)
        reading = day.post(1, "vitals", {"systolic": "131/82", "heart_rate": "77"})
        answered, read = day.both(word, reading) if number % 2 else day.both(reading, word)[::-1]
        assert (read.status, answered.status in {303, 409}) == (303, True)
        if answered.status == 409:
            assert "Something new was recorded meanwhile" in answered.body
            assert "As every time." in answered.body
    readings = sa.select(sa.func.count(VitalsReading.id)).where(
        VitalsReading.session_id == day.visit, VitalsReading.systolic_mmhg == 131
    )
    assert day.db.scalar(readings) == ROUNDS
