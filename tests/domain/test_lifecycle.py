"""The life of a session: the table, its properties, and the page printed from it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain import lifecycle
from clinic_sessions.domain.lifecycle import (
    EXPECTED,
    IN_CLINIC,
    NEXT_STEP,
    OCCUPYING,
    OTHER_ENDINGS,
    TRANSITIONS,
    UNDOABLE,
    Action,
    NotOffered,
    Status,
    offered,
    transition,
)
from clinic_sessions.domain.words import say

PAGE = Path(__file__).parents[2] / "docs" / "states.md"
HEAD = """# The life of a session

Printed from `clinic_sessions/domain/lifecycle.py`; a test compares.

| From | Act | Leads to | Needs | Gate |
|---|---|---|---|---|
"""


def printed() -> str:
    """Write the table of transitions as a page."""
    rows = [
        f"| {say(status)} | {say(action)} | {say(step.to)} | `{step.permission}` | {step.gate or ''} |"
        for status, acts in TRANSITIONS.items()
        for action, step in acts.items()
    ]
    ended = ", ".join(say(status).lower() for status, acts in TRANSITIONS.items() if not acts)
    keeps = ", ".join(say(status).lower() for status in Status if status in OCCUPYING)
    undone = ", ".join(say(action).lower() for action in Action if action in UNDOABLE)
    notes = f"Ended for good: {ended}.\n\nKeeps its chair and its patient: {keeps}.\n\nCan be undone: {undone}.\n"
    return HEAD + "\n".join(rows) + "\n\n" + notes


def test_the_page_says_what_the_table_says() -> None:
    assert PAGE.read_text() == printed()


def test_every_status_has_its_place_in_the_table() -> None:
    assert set(TRANSITIONS) == set(Status)


def test_what_has_ended_offers_nothing_and_keeps_no_chair() -> None:
    ended = {status for status in Status if not offered(status)}
    assert ended.isdisjoint(OCCUPYING)
    assert ended | OCCUPYING == set(Status)


def test_every_status_but_a_hold_is_reached_from_a_booking() -> None:
    reached, found = {Status.BOOKED}, {Status.BOOKED}
    while found:
        found = {step.to for status in found for step in TRANSITIONS[status].values()} - reached
        reached |= found
    assert reached == set(Status) - {Status.HELD, Status.LAPSED}


def test_the_next_step_is_always_one_that_is_offered() -> None:
    assert all(action in offered(status) for status, action in NEXT_STEP.items())
    assert set(NEXT_STEP) == EXPECTED | IN_CLINIC


def test_whoever_is_in_the_clinic_can_be_taken_to_hospital_or_leave_in_any_way() -> None:
    for status in IN_CLINIC:
        assert {step.to for step in TRANSITIONS[status].values()} >= OTHER_ENDINGS


def test_moving_a_confirmed_session_makes_it_booked_again() -> None:
    assert transition(Status.CONFIRMED, Action.MOVE).to is Status.BOOKED


@given(status=st.sampled_from(Status), action=st.sampled_from(Action))
def test_an_act_is_offered_or_refused_by_name(status: Status, action: Action) -> None:
    if action in offered(status):
        assert transition(status, action).to in Status
    else:
        with pytest.raises(NotOffered):
            transition(status, action)


def test_the_way_into_the_table_cannot_be_written_to() -> None:
    with pytest.raises(TypeError):
        lifecycle.TRANSITIONS[Status.LEFT] = {}  # type: ignore[index]
