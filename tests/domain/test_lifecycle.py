"""The life of a session: the table, its properties, and the page printed from it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.scheduling.visits import act_words
from clinic_sessions.domain.session import lifecycle
from clinic_sessions.domain.session.lifecycle import (
    EXPECTED,
    IN_CLINIC,
    NEXT_STEP,
    OCCUPYING,
    OTHER_ENDINGS,
    TRANSITIONS,
    UNDOABLE,
    Action,
    Gate,
    NotOffered,
    SessionKind,
    Status,
    offered,
    transition,
)
from clinic_sessions.domain.words import say

PAGE = Path(__file__).parents[2] / "docs" / "states.md"
HEAD = """# The life of a session

Printed from `clinic_sessions/domain/session/lifecycle.py`; a test compares.
"""
TABLE = """
| From | Act | Leads to | Needs | Gate |
|---|---|---|---|---|
"""
VISITS = [kind for kind in SessionKind if kind is not SessionKind.TREATMENT]
EACH_KIND = pytest.mark.parametrize("kind", SessionKind)


def table(kind: SessionKind) -> str:
    """Write the transitions of one kind."""
    rows = [
        f"| {say(status)} | {act_words(kind, action)} | {say(step.to)} | `{step.permission}` | {step.gate or ''} |"
        for status, acts in TRANSITIONS[kind].items()
        for action, step in acts.items()
    ]
    return TABLE + "\n".join(rows) + "\n"


def printed() -> str:
    """Write the tables of transitions as a page."""
    others = ", ".join(say(kind).lower() for kind in VISITS)
    ended = ", ".join(say(status).lower() for status in Status if status not in OCCUPYING)
    keeps = ", ".join(say(status).lower() for status in Status if status in OCCUPYING)
    undone = ", ".join(say(action).lower() for action in Action if action in UNDOABLE)
    return (
        f"{HEAD}\n## Treatment\n{table(SessionKind.TREATMENT)}"
        f"\n## Other visits: {others}\n{table(SessionKind.EVALUATION)}"
        f"\n## Both\n\nEnded: {ended}.\n\nKeeps its patient, its chair and its host: {keeps}.\n"
        f"\nCan be undone: {undone}.\n"
    )


def test_the_page_says_what_the_table_says() -> None:
    assert PAGE.read_text() == printed()


def test_every_status_of_a_treatment_has_its_place_in_the_table() -> None:
    assert set(TRANSITIONS[SessionKind.TREATMENT]) == set(Status)


def test_all_other_visits_share_one_table() -> None:
    assert all(TRANSITIONS[kind] == TRANSITIONS[SessionKind.EVALUATION] for kind in VISITS)


@EACH_KIND
def test_what_has_ended_keeps_no_chair_and_offers_at_most_the_hospital_the_same_day(kind: SessionKind) -> None:
    for status in set(Status) - OCCUPYING:
        gone = status in {Status.LEFT, Status.LEFT_AGAINST_ADVICE, Status.LEFT_WITHOUT_TELLING_US}
        assert offered(kind, status) == ((Action.TAKE_TO_HOSPITAL,) if gone else ())
        assert all(step.gate is Gate.SAME_DAY for step in TRANSITIONS[kind][status].values())
    assert all(offered(kind, status) for status in OCCUPYING & set(TRANSITIONS[kind]))


@EACH_KIND
def test_every_status_of_the_table_but_a_hold_is_reached_from_a_booking(kind: SessionKind) -> None:
    reached, found = {Status.BOOKED}, {Status.BOOKED}
    while found:
        found = {step.to for status in found for step in TRANSITIONS[kind][status].values()} - reached
        reached |= found
    assert reached == set(TRANSITIONS[kind]) - {Status.HELD, Status.LAPSED}


@EACH_KIND
def test_the_next_step_is_always_one_that_is_offered(kind: SessionKind) -> None:
    assert all(action in offered(kind, status) for status, action in NEXT_STEP[kind].items())
    assert set(NEXT_STEP[kind]) == (EXPECTED | IN_CLINIC) & set(TRANSITIONS[kind])


@EACH_KIND
def test_whoever_is_in_the_clinic_can_be_taken_to_hospital_or_leave_in_any_way(kind: SessionKind) -> None:
    for status in IN_CLINIC & set(TRANSITIONS[kind]):
        assert {step.to for step in TRANSITIONS[kind][status].values()} >= OTHER_ENDINGS


@EACH_KIND
def test_moving_a_confirmed_session_makes_it_booked_again(kind: SessionKind) -> None:
    assert transition(kind, Status.CONFIRMED, Action.MOVE).to is Status.BOOKED


@given(kind=st.sampled_from(VISITS), status=st.sampled_from(Status), action=st.sampled_from(Action))
def test_no_visit_without_a_dose_can_be_brought_under_treatment(
    kind: SessionKind, status: Status, action: Action
) -> None:
    if action in offered(kind, status):
        assert transition(kind, status, action).to not in {Status.IN_TREATMENT, Status.OBSERVING, Status.READY}
    else:
        with pytest.raises(NotOffered):
            transition(kind, status, action)


@given(status=st.sampled_from(Status), action=st.sampled_from(Action))
def test_an_act_is_offered_or_refused_by_name(status: Status, action: Action) -> None:
    if action in offered(SessionKind.TREATMENT, status):
        assert transition(SessionKind.TREATMENT, status, action).to in Status
    else:
        with pytest.raises(NotOffered):
            transition(SessionKind.TREATMENT, status, action)


def test_the_way_into_the_table_cannot_be_written_to() -> None:
    with pytest.raises(TypeError):
        lifecycle.TRANSITIONS[SessionKind.TREATMENT][Status.LEFT] = {}  # type: ignore[index]
