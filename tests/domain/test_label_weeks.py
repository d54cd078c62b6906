"""Treatment weeks under a label: which week a day is in, what is allowed there, and when a series has more."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from importlib import resources

from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.protocols import protocols
from clinic_sessions.domain.protocols.protocols import Protocol, SeriesKind
from clinic_sessions.domain.scheduling import label_weeks, pattern
from clinic_sessions.domain.scheduling.label_weeks import WEEK, allowed, labelled, over, week_of

FIRST = date(2026, 12, 1)
DAYS = st.dates(date(2026, 1, 1), date(2036, 12, 31))


def shipped(name: str) -> Protocol:
    return protocols.parse(resources.files("clinic_sessions.protocols").joinpath(f"{name}.toml").read_text())


ESKETAMINE = shipped("in-esketamine")
PHASES = labelled(ESKETAMINE)


@given(first=DAYS, days=st.integers(0, 3000))
def test_treatment_week_n_is_days_7n_minus_7_to_7n_minus_1(first: date, days: int) -> None:
    week = week_of(first, first + timedelta(days=days))
    assert WEEK * (week - 1) <= days <= WEEK * week - 1


@given(first=DAYS, offsets=st.lists(st.integers(0, 100), max_size=30))
def test_a_week_is_named_exactly_when_more_of_its_days_are_counted_than_it_may_have(
    first: date, offsets: list[int]
) -> None:
    days = [first, *(first + timedelta(days=one) for one in offsets)]
    most = {week: 2 if week <= 4 else 1 for week in range(1, 20)}
    counts = Counter(sum(day >= first + timedelta(days=WEEK * n) for n in range(1, 20)) + 1 for day in days)
    expected = {(week, count) for week, count in counts.items() if count > most[week]}
    found = over(PHASES, reversed(days))
    assert {(one.week, one.count) for one in found} == expected
    assert [one.week for one in found] == sorted(one.week for one in found)


@given(first=DAYS, count=st.integers(1, 40))
def test_the_rhythm_of_the_protocol_is_never_more_than_its_label(first: date, count: int) -> None:
    one = pattern.of_protocol(PHASES)
    assert over(PHASES, [first + timedelta(days=one.day(place)) for place in range(1, count + 1)]) == []


def test_esketamine_has_two_a_week_for_four_weeks_then_one_with_the_source() -> None:
    weeks = [(allowed(PHASES, week).phase, allowed(PHASES, week).most) for week in (1, 4, 5, 8, 9, 200)]
    assert weeks == [
        (SeriesKind.INDUCTION, 2), (SeriesKind.INDUCTION, 2), (SeriesKind.CONTINUATION, 1),
        (SeriesKind.CONTINUATION, 1), (SeriesKind.MAINTENANCE, 1), (SeriesKind.MAINTENANCE, 1),
    ]  # fmt: skip
    assert "mims [S]" in allowed(PHASES, 9).source


def test_a_third_session_in_the_second_week_is_said_in_words() -> None:
    days = [FIRST + timedelta(days=one) for one in (0, 2, 7, 9, 13)]
    assert [one.words for one in over(PHASES, days)] == ["3 in treatment week 2; the label says 2"]
    assert over(PHASES, []) == []


def test_a_version_from_before_the_field_reads_as_ever_and_allows_its_rhythm() -> None:
    old = replace(ESKETAMINE, series=tuple(replace(phase, most_a_week=None) for phase in ESKETAMINE.series))
    text = protocols.as_json(old)
    assert "most_a_week" not in text
    again = protocols.from_json(text)
    assert again == old
    assert [allowed(again.series, week).most for week in (1, 5, 9)] == [2, 1, 1]


def test_only_esketamine_has_a_label_with_treatment_weeks() -> None:
    for name in ("iv-mood", "iv-pain", "im", "in-racemic"):
        assert label_weeks.labelled(shipped(name)) == ()
        assert over(labelled(shipped(name)), [FIRST] * 9) == []
