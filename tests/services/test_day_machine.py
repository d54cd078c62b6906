"""Whatever people do on a day, in any order and noted at whatever true time: its gates hold, and nothing is lost."""

from datetime import date, datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.papers import Clearance
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import NEXT_STEP, Action, Gate, SessionKind, offered
from clinic_sessions.domain.session.session_checks import BEFORE_DOSE, BEFORE_LEAVING
from clinic_sessions.domain.session.side_effects import Grade, SideEffectKind
from clinic_sessions.domain.session.start_gate import Answer
from clinic_sessions.models import ClearanceDecision, Clinic
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.session import lifecycle, steps
from clinic_sessions.services.session.lifecycle import GateClosed
from tests import factories
from tests.services import day_model
from tests.services.day import DOSE
from tests.services.day_rules import AGO, MINUTE, DayRules

GATED = (Action.START, Action.CALL_READY, Action.LEAVE)
NEXT = NEXT_STEP[SessionKind.TREATMENT]
ELSEWHERE = {Action.MOVE, Action.HOLD, Action.BOOK, Action.UNDO}


class ADay(DayRules):
    """A patient's day under one of three protocols: any step, also as a fact, also at an earlier time."""

    begins: datetime

    @initialize(
        key=st.sampled_from(["iv-mood", "im", "in-esketamine"]), whole=st.sampled_from([True] * 6 + [False]),
        begun=st.sampled_from([1, 1, 1, 3, 3, 4, 0]),
    )  # fmt: skip
    def book(self, key: str, whole: bool, begun: int) -> None:
        self.begin()
        self.now, version = self.begins, factories.a_protocol(self.db, key)
        patient = factories.a_patient(self.db, self.clinic, papers=whole)
        self.one = factories.a_session(self.db, patient, self.now, protocol=version)
        self.protocol = protocol_of(version)
        self.papers = set[str]() if whole else {"not_cleared", "consent_missing", "order_missing"}
        if not whole and key == "in-esketamine":
            self.papers.add("not_enrolled")
        self.seen = self.rows()
        for _ in range(begun):
            self.go_on_as_planned()

    @rule(nth=st.sampled_from([0, 0, 0, 1, 2, 3, 4]), ago=AGO, happened=st.booleans(), twice=st.booleans())
    def step(self, nth: int, ago: int, happened: bool, twice: bool) -> None:
        steps_now = [one for one in offered(SessionKind.TREATMENT, self.one.status) if one not in ELSEWHERE]
        if steps_now:
            action = steps_now[nth % len(steps_now)]
            self.take(action, self.now - ago * MINUTE, happened=happened, twice=twice)

    @rule(action=st.sampled_from([one for one in Action if one not in ELSEWHERE]))
    def step_out_of_order(self, action: Action) -> None:
        self.take(action, self.now)

    def take(self, action: Action, at: datetime, *, happened: bool = False, twice: bool = False) -> None:
        """Take a step: it is refused for exactly what it lacks, or, when it has happened, stored with exactly that.

        A step told to be earlier is refused for what it lacks now as well.
        """
        lacks, before = self.lacks(action, at), len(self.one.changes)
        lacking = lacks if lacks is None else lacks | (self.lacks(action, self.now) or set())
        micrograms = DOSE * 2 if twice and happened else None
        step = steps.Step(action=action, version=self.one.version, at=at, happened=happened, micrograms=micrograms)
        refused = self.act(steps.take, self.one, step)
        if refused is None:
            assert len(self.one.changes) == before + 1
            assert lacks is None or set(self.one.changes[-1].outside_rules) == lacks
            assert happened or not lacking
        elif isinstance(refused, GateClosed) and lacks is not None:
            assert {reason.value for reason in refused.reasons} == lacking
            assert lacking
            assert not happened

    def lacks(self, action: Action, at: datetime) -> set[str] | None:
        """All that a step lacks at its true time, None where that is not modelled."""
        if action is Action.START:
            return day_model.against_start(self.db, self.one, at, self.papers)
        if action in GATED:
            return day_model.against_leaving(self.db, self.one, at, at_the_door=action is Action.LEAVE)
        return None

    @rule(not_given=st.sampled_from([True, True, False]))
    def undo(self, not_given: bool) -> None:
        asks = bool(steps.unsays(self.db, self.one)) and not not_given
        step = steps.Step(action=Action.UNDO, version=self.one.version, not_given=not_given)
        refused = self.act(steps.take, self.one, step)
        assert refused is not None or not asks, "a dose is unsaid by one tap"

    def prepare(self, but: int) -> None:
        """Everything that a start asks for, done well but for one thing."""
        self.answer([(item, n != but) for n, item in enumerate(BEFORE_DOSE)], self.protocol.escort.accepted[0], 0)
        self.read_vitals(168 if but == 8 else 118, True, 0)
        self.weigh(178_000 if but == 9 else 80_000)
        self.read_label(False)
        if but != 10:
            self.draw(DOSE, 1)
        if but != 11:
            self.count(True, 2 if but == 12 else 1, 1)
        if but == 13 and "not_cleared" not in self.papers:
            self.defer()

    def wait_and_assess(self, but: int) -> None:
        """Everything that leaving asks for, done well but for one thing."""
        if but != 0:
            self.now = max(self.now, day_model.minimum_ends(self.db, self.one, self.protocol) or self.now)
        self.read_vitals(196 if but == 1 else 118, True, 0)
        self.recover()
        if but == 2:
            self.feel(SideEffectKind.SEDATION, Grade.MILD, 0)
        answers = [(item, n != but) for n, item in enumerate(BEFORE_LEAVING, 3)]
        left_out = [one for n, one in enumerate(answers, 9) if n != but]
        self.answer(left_out, self.protocol.escort.accepted[0], 0)

    @rule(
        but=st.sampled_from([*range(15), 11, 12, 12, 13, 13]),
        ago=AGO,
        happened=st.sampled_from([False, False, True]),
        lifted=st.booleans(),
    )
    @precondition(lambda self: self.one.status in NEXT)
    def go_on_but_for_one_thing(self, but: int, ago: int, happened: bool, lifted: bool) -> None:
        action = NEXT[self.one.status]
        if action is Action.START:
            self.prepare(but)
        if action in {Action.CALL_READY, Action.LEAVE}:
            self.wait_and_assess(but)
        if lifted:
            self.decide(Gate.MAY_START if action is Action.START else Gate.MAY_LEAVE, True, Answer.GO_AHEAD, 0)
        self.take(action, self.now - ago * MINUTE, happened=happened)

    @rule()
    @precondition(lambda self: self.one.status in NEXT)
    def go_on_as_planned(self) -> None:
        self.go_on_but_for_one_thing(but=99, ago=0, happened=False, lifted=False)

    @rule()
    @precondition(lambda self: "not_cleared" not in self.papers)
    def defer(self) -> None:
        """A provider takes the clearance back."""
        row = ClearanceDecision(
            patient_id=self.one.patient_id, protocol_key=self.protocol.key,
            protocol_version_id=self.one.protocol_version_id, at=self.now, by_id=self.provider.user_id,
            decision=Clearance.DEFERRED, until=date(2026, 12, 24), words="Blood pressure first",
        )  # fmt: skip
        self.db.add(row)
        self.db.flush()
        self.papers = {"deferred"}

    @invariant()
    def the_status_is_that_of_the_last_step_not_undone(self) -> None:
        last = lifecycle.last_step(self.one)
        assert last is not None
        assert self.one.status is last.to_status
        assert (self.one.left_at is None) is (last.action is not Action.LEAVE)

    @invariant()
    def the_dose_times_are_those_of_the_events_that_stand(self) -> None:
        known = day_model.began(self.db, self.one), day_model.ended(self.db, self.one)
        assert (self.one.dose_started_at, self.one.dose_ended_at) == known


def test_no_order_of_acts_passes_a_gate_unmarked_or_loses_a_row(db: Session, clinic: Clinic, now: datetime) -> None:
    roles = [Role.NURSE, Role.NURSE, Role.PROVIDER]
    ADay.people = [(factories.a_user(db, clinic, role).id, role) for role in roles]
    ADay.db, ADay.clinic_id, ADay.begins = db, clinic.id, now
    db.commit()
    run_state_machine_as_test(ADay, settings=settings(max_examples=60, stateful_step_count=12, deadline=None))


@pytest.mark.parametrize(("begun", "things"), [(1, 14), (3, 12)], ids=["before the dose", "before leaving"])
def test_each_one_thing_left_undone_alone_stops_the_step(
    db: Session, clinic: Clinic, now: datetime, begun: int, things: int
) -> None:
    roles = [Role.NURSE, Role.NURSE, Role.PROVIDER]
    ADay.people = [(factories.a_user(db, clinic, role).id, role) for role in roles]
    ADay.db, ADay.clinic_id, ADay.begins = db, clinic.id, now
    db.commit()
    for but in range(things):
        day = ADay()
        day.book(key="iv-mood", whole=True, begun=begun)
        steps_before = len(day.one.changes)
        day.go_on_but_for_one_thing(but=but, ago=0, happened=False, lifted=False)
        at_the_door_only = begun == 3 and but in {6, 7, 8}
        no_spray_and_a_first_weight = begun == 1 and but in {6, 9}
        assert (len(day.one.changes) > steps_before) is (at_the_door_only or no_spray_and_a_first_weight), but
        day.teardown()
