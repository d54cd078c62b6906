"""Before a dose: everything that stands against it at once, each with what mends it, and what a provider may lift."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.protocols.protocols import EscortKind, Measure, Protocol
from clinic_sessions.domain.session.session_checks import (
    BEFORE_DOSE,
    Check,
    CheckItem,
    Intake,
    asked_of,
    complete_at,
    newest,
)
from clinic_sessions.domain.session.start_gate import (
    LIFTABLE,
    Answer,
    BeforeDose,
    GoAhead,
    StartReason,
    is_lifted,
    item_of,
    may_start,
    things,
)
from tests.domain.test_protocols import KEYS, shipped

TEN = datetime(2026, 11, 23, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
MEASURED = (Measure.SYSTOLIC, Measure.DIASTOLIC, Measure.HEART_RATE, Measure.SPO2_PERCENT)
SAID_NO = {
    CheckItem.IDENTITY: StartReason.IDENTITY_NOT_CHECKED,
    CheckItem.FOOD: StartReason.ATE,
    CheckItem.DRINK: StartReason.DRANK,
    CheckItem.RIDE: StartReason.NO_RIDE,
    CheckItem.PREGNANCY: StartReason.PREGNANCY_POSSIBLE,
    CheckItem.MEDICINES: StartReason.MEDICINES_CHANGED,
    CheckItem.NASAL_SPRAY: StartReason.SPRAYED,
    CheckItem.RISK: StartReason.AT_RISK,
}


def check(item: CheckItem, at: datetime = TEN - 10 * MINUTE, **more: object) -> Check:
    """An answer that stands against nothing, but for what a test says."""
    escort = EscortKind.NAMED_ADULT if item is CheckItem.RIDE else None
    return Check(**{"item": item, "clear": True, "at": at, "escort": escort, **more})  # type: ignore[arg-type]


def known(key: str = "in-esketamine", *answers: Check, **more: object) -> BeforeDose:
    """Everything that a protocol asks for, but for what a test says."""
    protocol = shipped(key)
    asked = asked_of(protocol, pregnancy=True)
    whole = {
        "protocol": protocol, "asked": asked, "checks": newest([*(check(item) for item in asked), *answers]),
        "measured": MEASURED, "out_of_range_at": None, "weight_needed": False, "drug": [],
    }  # fmt: skip
    return BeforeDose(**{**whole, **more})  # type: ignore[arg-type]


def said(answer: Answer, *reasons: StartReason, at: datetime = TEN, until: datetime | None = None) -> GoAhead:
    return GoAhead(answer=answer, at=at, reasons={reason.value for reason in reasons}, until=until)


@pytest.mark.parametrize("key", KEYS)
def test_nothing_stands_against_a_dose_once_everything_is_asked_read_and_drawn(key: str) -> None:
    assert may_start(known(key), TEN) == []


def test_with_nothing_known_every_reason_is_named_at_once_in_the_order_of_the_work() -> None:
    nothing = known(
        checks={}, measured=(), out_of_range_at=TEN, weight_needed=True, drug=[StartReason.LABEL_MISSING],
        go_ahead=said(Answer.NOT_TODAY),
    )  # fmt: skip
    assert [reason.value for reason in may_start(nothing, TEN)] == [
        "identity_not_checked", "food_not_asked", "drink_not_asked", "ride_not_asked", "pregnancy_not_asked",
        "medicines_not_asked", "nasal_spray_not_asked", "risk_not_asked", "no_pressure", "no_heart_rate", "no_oxygen",
        "out_of_range", "weight_needed", "label_missing", "provider_said_not_today",
    ]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_the_spray_is_asked_only_where_a_spray_is_given_and_pregnancy_only_of_who_may_be_pregnant(key: str) -> None:
    protocol = shipped(key)
    nasal = protocol.preparation.nasal_spray is not None
    assert nasal is key.startswith("in-")
    for pregnancy in (True, False):
        left_out = {CheckItem.NASAL_SPRAY} if not nasal else set()
        left_out |= {CheckItem.PREGNANCY} if not pregnancy else set()
        assert set(BEFORE_DOSE) - set(asked_of(protocol, pregnancy=pregnancy)) == left_out


@pytest.mark.parametrize("item", BEFORE_DOSE)
def test_a_question_that_was_not_asked_stands_alone_and_no_provider_lifts_it(item: CheckItem) -> None:
    facts = known()
    facts = replace(facts, checks={one: check for one, check in facts.checks.items() if one is not item})
    (reason,) = may_start(facts, TEN)
    assert item_of(reason) is item
    assert reason not in LIFTABLE
    assert may_start(replace(facts, go_ahead=said(Answer.GO_AHEAD, reason)), TEN) == [reason]


@pytest.mark.parametrize("item", BEFORE_DOSE)
def test_an_answer_against_the_dose_stands_until_it_is_answered_anew(item: CheckItem) -> None:
    against = check(item, clear=False)
    assert may_start(known("in-esketamine", against), TEN) == [SAID_NO[item]]
    assert may_start(known("in-esketamine", against, check(item, TEN - MINUTE)), TEN) == []
    assert may_start(known("in-esketamine", against, check(item, TEN - HOUR)), TEN) == [SAID_NO[item]]


def test_of_two_answers_at_the_same_minute_the_one_given_last_counts() -> None:
    assert may_start(known("im", check(CheckItem.RISK, TEN, clear=False), check(CheckItem.RISK, TEN)), TEN) == []
    assert may_start(known("im", check(CheckItem.RISK, TEN), check(CheckItem.RISK, TEN, clear=False)), TEN) == [
        StartReason.AT_RISK
    ]


WAITS: list[tuple[str, CheckItem, Intake | None, Callable[[Protocol], timedelta]]] = [
    ("iv-mood", CheckItem.FOOD, Intake.FOOD, lambda p: p.preparation.food.whole * HOUR),
    ("iv-mood", CheckItem.FOOD, None, lambda p: p.preparation.food.whole * HOUR),
    ("iv-mood", CheckItem.FOOD, Intake.HEAVY_MEAL, lambda p: (p.preparation.heavy or p.preparation.food).whole * HOUR),
    ("iv-mood", CheckItem.DRINK, Intake.CLEAR_LIQUID, lambda p: p.preparation.liquid.whole * MINUTE),
    ("in-esketamine", CheckItem.FOOD, Intake.FOOD, lambda p: p.preparation.food.whole * HOUR),
    ("in-esketamine", CheckItem.DRINK, Intake.CLEAR_LIQUID, lambda p: p.preparation.liquid.whole * MINUTE),
    (
        "in-esketamine",
        CheckItem.NASAL_SPRAY,
        None,
        lambda p: (p.preparation.nasal_spray or p.preparation.liquid).whole * MINUTE,
    ),
]


@pytest.mark.parametrize(("key", "item", "intake", "wait"), WAITS)
def test_fasting_is_complete_on_the_minute_that_the_protocol_says(
    key: str, item: CheckItem, intake: Intake | None, wait: Callable[[Protocol], timedelta]
) -> None:
    taken = TEN - wait(shipped(key))
    told = check(item, clear=False, intake=intake, last_at=taken)
    facts = known(key, told)
    assert complete_at(facts.protocol, told) == TEN
    assert may_start(facts, TEN - timedelta(seconds=1)) == [SAID_NO[item]]
    assert may_start(facts, TEN) == []


def test_a_heavy_meal_waits_longer_than_a_meal_where_the_protocol_tells_them_apart() -> None:
    meal, heavy = (
        check(CheckItem.FOOD, last_at=TEN - 7 * HOUR, intake=intake) for intake in (Intake.FOOD, Intake.HEAVY_MEAL)
    )
    assert may_start(known("iv-mood", meal), TEN) == []
    assert may_start(known("iv-mood", heavy), TEN) == [StartReason.ATE]


@given(
    fasted=st.integers(0, 16 * 60),
    more=st.integers(0, 120),
    key=st.sampled_from(KEYS),
    intake=st.sampled_from([Intake.FOOD, Intake.HEAVY_MEAL]),
)
def test_fasting_is_complete_at_one_moment_and_stays_so(fasted: int, more: int, key: str, intake: Intake) -> None:
    told = check(CheckItem.FOOD, last_at=TEN - fasted * MINUTE, intake=intake)
    facts = known(key, told)
    done = complete_at(facts.protocol, told)
    assert done is not None
    assert (may_start(facts, TEN) == []) is (done <= TEN)
    assert may_start(facts, max(done, TEN) + more * MINUTE) == []


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("escort", [*EscortKind, None])
def test_the_way_home_is_one_that_the_protocol_accepts(key: str, escort: EscortKind | None) -> None:
    facts = known(key, check(CheckItem.RIDE, escort=escort))
    accepted = escort in facts.protocol.escort.accepted
    assert may_start(facts, TEN) == ([] if accepted else [StartReason.RIDE_NOT_ACCEPTED])


def test_a_person_who_cannot_be_called_stands_against_the_dose_until_a_provider_lifts_it() -> None:
    facts = known("iv-mood", check(CheckItem.RIDE, escort=EscortKind.NAMED_ADULT, nameless=True))
    assert may_start(facts, TEN) == [StartReason.RIDE_NAMELESS]
    said = GoAhead(answer=Answer.GO_AHEAD, at=TEN, reasons=[StartReason.RIDE_NAMELESS.value])
    assert may_start(replace(facts, go_ahead=said), TEN) == []


def test_the_readings_of_one_form_are_one_thing() -> None:
    readings = [StartReason.NO_PRESSURE, StartReason.NO_OXYGEN]
    assert [things(readings), things(readings[:1]), things([*readings, StartReason.ATE]), things([])] == [1, 1, 2, 0]


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        (Measure.SYSTOLIC, StartReason.NO_PRESSURE),
        (Measure.DIASTOLIC, StartReason.NO_PRESSURE),
        (Measure.HEART_RATE, StartReason.NO_HEART_RATE),
        (Measure.SPO2_PERCENT, StartReason.NO_OXYGEN),
    ],
)
def test_a_first_reading_lacks_what_it_lacks(missing: Measure, reason: StartReason) -> None:
    facts = known("im", measured=[one for one in MEASURED if one is not missing])
    assert may_start(facts, TEN) == [reason]
    assert may_start(replace(facts, go_ahead=said(Answer.GO_AHEAD, reason)), TEN) == [reason], "it is read instead"


def test_a_go_ahead_lifts_what_it_names_and_nothing_else() -> None:
    facts = known("im", check(CheckItem.RISK, clear=False), out_of_range_at=TEN - 5 * MINUTE)
    assert may_start(facts, TEN) == [StartReason.AT_RISK, StartReason.OUT_OF_RANGE]
    lifted = replace(facts, go_ahead=said(Answer.GO_AHEAD, StartReason.OUT_OF_RANGE))
    assert may_start(lifted, TEN) == [StartReason.AT_RISK]
    assert is_lifted(StartReason.OUT_OF_RANGE, lifted)
    both = replace(facts, go_ahead=said(Answer.GO_AHEAD, StartReason.OUT_OF_RANGE, StartReason.AT_RISK))
    assert may_start(both, TEN) == []


@pytest.mark.parametrize(("later", "stands"), [(-MINUTE, False), (0 * MINUTE, False), (MINUTE, True)])
def test_a_reading_or_an_answer_that_came_after_the_go_ahead_is_not_lifted_by_it(
    later: timedelta, stands: bool
) -> None:
    word = said(Answer.GO_AHEAD, StartReason.OUT_OF_RANGE, StartReason.MEDICINES_CHANGED, at=TEN - 10 * MINUTE)
    reading = known("im", out_of_range_at=word.at + later, go_ahead=word)
    assert may_start(reading, TEN) == ([StartReason.OUT_OF_RANGE] if stands else [])
    changed = check(CheckItem.MEDICINES, word.at - HOUR, clear=False, known_at=word.at + later)
    told = known("im", go_ahead=word, checks={**known("im").checks, CheckItem.MEDICINES: changed})
    assert may_start(told, TEN) == ([StartReason.MEDICINES_CHANGED] if stands else [])


def test_wait_stands_until_its_minute_and_not_today_stays() -> None:
    wait = known("im", go_ahead=said(Answer.WAIT, until=TEN + 15 * MINUTE))
    assert may_start(wait, TEN) == [StartReason.PROVIDER_SAID_WAIT]
    assert may_start(wait, TEN + 15 * MINUTE) == []
    no = known("im", go_ahead=said(Answer.NOT_TODAY))
    assert may_start(no, TEN + 10 * HOUR) == [StartReason.PROVIDER_SAID_NOT_TODAY]


@given(
    named=st.sets(st.sampled_from(StartReason)),
    against=st.sets(st.sampled_from(BEFORE_DOSE)),
    unasked=st.sets(st.sampled_from(BEFORE_DOSE)),
    high=st.booleans(),
    measured=st.sets(st.sampled_from(MEASURED)),
    weight=st.booleans(),
    drug=st.lists(st.sampled_from([StartReason.LABEL_EXPIRED, StartReason.SECOND_PERSON_DIFFERS]), unique=True),
)
def test_no_go_ahead_lifts_what_is_to_be_done_instead(
    named: set[StartReason],
    against: set[CheckItem],
    unasked: set[CheckItem],
    high: bool,
    measured: set[Measure],
    weight: bool,
    drug: list[StartReason],
) -> None:
    facts = known(
        checks={item: check(item, clear=item not in against) for item in BEFORE_DOSE if item not in unasked},
        measured=measured,
        out_of_range_at=TEN - MINUTE if high else None,
        weight_needed=weight,
        drug=drug,
    )
    before = may_start(facts, TEN)
    after = may_start(replace(facts, go_ahead=said(Answer.GO_AHEAD, *named)), TEN)
    assert after == [reason for reason in before if reason not in named or reason not in LIFTABLE]
    assert [reason for reason in before if reason not in LIFTABLE] == [
        reason for reason in after if reason not in LIFTABLE
    ]
