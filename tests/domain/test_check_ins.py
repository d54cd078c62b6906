"""What a check-in asks, on which screens, and which answers mean danger."""

from datetime import UTC, datetime, timedelta

import pytest

from clinic_sessions.domain.messages.check_ins import (
    LASTING,
    SEND,
    TRANSITIONS,
    CheckInAction,
    CheckInKind,
    CheckInStatus,
    Forbidden,
    Open,
    Question,
    after,
    first_open,
    is_danger,
    questions,
    steps,
)

SHORT = (Question.MOOD, Question.SIDE_EFFECTS, Question.SAFETY)
LONG = (Question.MOOD, Question.SIDE_EFFECTS, Question.PHQ9)


@pytest.mark.parametrize("kind", [CheckInKind.AFTER_4H, CheckInKind.AFTER_24H, CheckInKind.AFTER_72H])
@pytest.mark.parametrize("allowed", [True, False])
def test_early_check_ins_never_ask_phq9(kind: CheckInKind, allowed: bool) -> None:
    assert questions(kind, phq9_allowed=allowed) == SHORT


def test_the_seven_day_check_in_asks_phq9_when_its_recall_allows() -> None:
    assert questions(CheckInKind.AFTER_7D, phq9_allowed=True) == LONG
    assert questions(CheckInKind.AFTER_7D, phq9_allowed=False) == SHORT


def test_each_question_has_a_screen_and_the_last_one_sends() -> None:
    assert steps(SHORT, {}, lasting=False) == ("mood", "side_effects", "safety", SEND)
    assert steps(SHORT, {}, lasting=True) == ("mood", LASTING, "side_effects", "safety", SEND)
    assert steps(LONG, {}, lasting=False)[2:] == (*(f"phq9-{item}" for item in range(1, 10)), SEND)


@pytest.mark.parametrize(("answer", "asked"), [(None, False), (0, False), (1, True), (3, True)])
def test_the_function_item_is_asked_only_when_a_problem_was_reported(answer: int | None, asked: bool) -> None:
    assert ("phq9-10" in steps(LONG, {"phq9-4": answer}, lasting=False)) is asked


def test_a_skipped_screen_is_not_open_any_more() -> None:
    screens = steps(SHORT, {}, lasting=False)
    assert first_open(screens, {}) == "mood"
    assert first_open(screens, {"mood": None, "safety": False}) == "side_effects"
    assert first_open(screens, dict.fromkeys(screens)) == SEND


@pytest.mark.parametrize(
    ("step", "value", "danger"),
    [
        ("safety", True, True),
        ("safety", False, False),
        ("safety", None, False),
        ("phq9-9", 0, False),
        ("phq9-9", 1, True),
        ("phq9-9", 3, True),
        ("phq9-9", None, False),
        ("phq9-8", 3, False),
        ("mood", 1, False),
    ],
)
def test_danger_is_a_yes_or_item_nine_above_zero(step: str, value: object, danger: bool) -> None:
    assert is_danger(step, value) is danger


@pytest.mark.parametrize("status", CheckInStatus)
def test_an_answer_is_taken_until_the_moment_it_expires(status: CheckInStatus) -> None:
    due = datetime(2026, 11, 23, 18, tzinfo=UTC)
    row = Open(due_at=due, expires_at=due + timedelta(hours=48), status=status)
    takes = status in {CheckInStatus.PLANNED, CheckInStatus.ASKED, CheckInStatus.STARTED}
    assert row.at(row.expires_at - timedelta(seconds=1)) is takes
    assert not row.at(row.expires_at)


@pytest.mark.parametrize("status", CheckInStatus)
@pytest.mark.parametrize("action", CheckInAction)
def test_steps_follow_the_table(status: CheckInStatus, action: CheckInAction) -> None:
    if action in TRANSITIONS[status]:
        assert after(status, action) is TRANSITIONS[status][action]
    else:
        with pytest.raises(Forbidden):
            after(status, action)
