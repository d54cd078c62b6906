"""Courses of scales: baseline, response, relapse, and what was given, against plain readings of the same rules."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.drug.given_doses import Dose, Given, cumulative, given_of
from clinic_sessions.domain.outcomes.outcome_rows import dose_words, per_kg_words
from clinic_sessions.domain.outcomes.outcome_words import due_words, summary
from clinic_sessions.domain.outcomes.outcomes import Course, Rules, Score, Window, course
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.protocols.protocols import Drug, Route
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.domain.sourced import Sourced
from tests.domain.scales.shipped import shipped

ZONE = ZoneInfo("America/Los_Angeles")
FIRST = datetime(2026, 3, 2, 18, tzinfo=UTC)


def number(value: int) -> Sourced:
    """A number of the clinic."""
    return Sourced(value=Decimal(value), unit="x", source="Proposal [P]")


RULES = Rules(response=number(50), relapse_from=number(10), relapse_rise=number(5))
DOSES = [FIRST + timedelta(days=3 * place) for place in range(6)]


def scores(*days_and_totals: tuple[int, int]) -> list[Score]:
    """Scores so many days after the first dose, at noon of the clinic's day."""
    return [
        Score(id=place, at=FIRST + timedelta(days=day), total=total, band=None)
        for place, (day, total) in enumerate(days_and_totals)
    ]


def of(*days_and_totals: tuple[int, int], key: ScaleKey = ScaleKey.PHQ_9, doses: list[datetime] = DOSES) -> Course:
    """The course of these scores."""
    found = course(shipped(key), scores(*days_and_totals), doses, RULES, ZONE)
    assert found is not None
    return found


histories = st.lists(st.integers(0, 27), min_size=1, max_size=12)


def test_baseline_is_the_last_score_before_the_first_dose_or_else_the_first() -> None:
    assert of((-20, 22), (-1, 18), (7, 9)).baseline.total == 18
    assert of((2, 17), (9, 9)).baseline.total == 17
    assert of((-20, 22), (-1, 18), doses=[]).baseline.total == 22
    assert course(shipped(ScaleKey.PHQ_9), [], DOSES, RULES, ZONE) is None


def test_time_to_response_counts_days_and_doses_from_the_first_dose() -> None:
    found = of((-1, 20), (7, 12), (14, 10), (21, 4)).response
    assert found is not None
    assert (found.score.total, found.days, found.doses) == (10, 14, 5)


def test_nothing_before_a_dose_counts_as_a_response() -> None:
    assert of((-9, 20), (-3, 20), (-1, 5), doses=[]).response is None


@given(histories)
def test_the_first_response_is_the_first_score_at_half_of_the_baseline_or_less(totals: list[int]) -> None:
    found = of((-1, 21), *((7 * place, total) for place, total in enumerate(totals, 1)))
    expected = next((total for total in totals if 2 * total <= 21), None)
    assert (found.response.score.total if found.response else None) == expected
    remitted = next((total for total in totals if total < 5), None)
    assert (found.remission.score.total if found.remission else None) == remitted


@given(histories)
def test_a_relapse_is_ten_or_more_and_five_above_the_best_so_far_once_there_was_a_response(totals: list[int]) -> None:
    found = of((-1, 21), *((7 * place, total) for place, total in enumerate(totals, 1)))
    whole = [21, *totals]
    places = [n for n in range(1, len(whole)) if whole[n] >= 10 and whole[n] - min(whole[:n]) >= 5]
    responded = next((n for n in range(1, len(whole)) if 2 * whole[n] <= 21), len(whole))
    lost = [n for n in places if n > responded]
    assert (found.relapse.score.id if found.relapse else None) == (lost[0] if lost else None)
    assert (found.turned is not None) == (bool(places) and places[-1] == len(whole) - 1)
    if found.turned:
        assert found.turned.best.total == min(whole[:-1])
        assert found.review_due


@given(histories)
def test_the_best_is_the_first_of_the_lowest_from_baseline_on(totals: list[int]) -> None:
    found = of((-30, 0), (-1, 21), *((7 * place, total) for place, total in enumerate(totals, 1)))
    assert found.best.total == min([21, *totals])
    assert found.best.id == 1 + [21, *totals].index(int(found.best.total))


def test_a_relapse_tells_how_long_after_the_best_and_after_the_first_response() -> None:
    found = of((-1, 20), (7, 9), (14, 6), (28, 12)).relapse
    assert found is not None
    assert (found.best.total, found.score.total, found.days, found.days_from_response) == (6, 12, 14, 21)
    never = of((-1, 20), (7, 12), (28, 18))
    assert never.relapse is None
    assert never.turned is not None
    assert never.turned.days_from_response is None


def test_days_are_those_of_the_clinics_calendar_over_the_night_of_change() -> None:
    late = datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    found = course(
        shipped(ScaleKey.PHQ_9),
        [Score(id=1, at=late - timedelta(hours=1), total=20, band=None),
         Score(id=2, at=late + timedelta(hours=1), total=8, band=None)],
        [late], RULES, ZONE,
    )  # fmt: skip
    assert found is not None
    assert found.response is not None
    assert (found.response.days, found.response.doses) == (1, 1)


def test_a_curve_that_turns_says_so_with_the_two_scores_and_their_days() -> None:
    assert due_words(of((-1, 20), (7, 6), (28, 12)), ZONE) == (
        "PHQ-9 has risen from 6 at best on Mar 9, 2026 to 12 on Mar 30, 2026, 21 days after it, the first response."
    )
    worse = of((-1, 8), (14, 13), key=ScaleKey.GAD_7)
    assert due_words(worse, ZONE) == ("GAD-7 is clearly worse than at baseline: 8 on Mar 1, 2026, 13 on Mar 16, 2026.")
    assert due_words(of((-1, 20), (7, 6)), ZONE) == ""


def test_a_course_is_told_in_sentences() -> None:
    assert summary(of((-1, 20), (7, 9), (21, 4)), ZONE) == [
        "4 of 27 (Mar 23, 2026): 16 points better (80%), response, remission. Baseline 20 of 27 (Mar 1, 2026).",
        "First response after 7 days and 3 doses, with 9 on Mar 9, 2026.",
        "Remission first reached after 21 days and 6 doses, with 4 on Mar 23, 2026.",
    ]
    assert summary(of((-1, 20)), ZONE) == ["Baseline 20 of 27 (Mar 1, 2026). Nothing to compare it with yet."]
    assert summary(of((2, 17)), ZONE) == [
        "Baseline 17 of 27 (Mar 4, 2026), the first score, taken after the first dose. Nothing to compare it with yet."
    ]
    assert len(summary(of((-9, 21), (-1, 20)), ZONE)) == 1
    assert "No response so far." in summary(of((-1, 20), (7, 19)), ZONE)
    assert "No reliable change so far." in summary(of((-1, 12), (7, 10), key=ScaleKey.GAD_7), ZONE)


def test_a_window_keeps_what_is_in_it_and_the_baseline_from_before() -> None:
    own = scores((-40, 22), (-9, 18), (7, 9), (40, 15))
    window = Window(starts_at=FIRST - timedelta(days=1), ends_at=FIRST + timedelta(days=30))
    assert [one.total for one in window.scores(own, FIRST)] == [18, 9]
    assert [one.total for one in Window().scores(own, FIRST)] == [22, 18, 9, 15]
    begun = Window(starts_at=FIRST - timedelta(days=10), ends_at=None)
    assert [one.total for one in begun.scores(own, FIRST)] == [18, 9, 15]


def dose(micrograms: int | None, at: datetime = FIRST, *, drug: Drug = Drug.KETAMINE, grams: int | None = None) -> Dose:
    """A dose of so many micrograms."""
    return Dose(
        session_id=1, clinic_id=1, at=at, drug=drug, route=Route.IV, given=Given(micrograms=micrograms), grams=grams
    )


@given(st.lists(st.tuples(st.integers(1, 500_000), st.integers(0, 1500), st.sampled_from(Drug)), max_size=30))
def test_what_was_given_in_all_is_exact_to_the_microgram_for_each_drug_and_year(
    rows: list[tuple[int, int, Drug]],
) -> None:
    doses = [dose(amount, FIRST + timedelta(days=day), drug=drug) for amount, day, drug in rows]
    found = {one.drug: one for one in cumulative(doses, ZONE)}
    for drug in Drug:
        own = [(amount, FIRST + timedelta(days=day)) for amount, day, of_drug in rows if of_drug is drug]
        assert (drug in found) == bool(own)
        if own:
            assert found[drug].total == sum(amount for amount, _ in own)
            assert found[drug].doses == len(own)
            for year, amount in found[drug].years:
                assert amount == sum(one for one, at in own if at.astimezone(ZONE).year == year)


def test_a_year_ends_at_midnight_of_the_clinic() -> None:
    new_year = datetime(2027, 1, 1, 8, tzinfo=UTC)
    found = cumulative([dose(1000, new_year - timedelta(minutes=1)), dose(2000, new_year)], ZONE)
    assert found[0].years == [(2027, 2000), (2026, 1000)]


@pytest.mark.parametrize(
    ("events", "amount", "at_most"),
    [
        ([], None, False),
        ([(DoseEventKind.STARTED, 40_000)], 40_000, False),
        ([(DoseEventKind.STARTED, 40_000), (DoseEventKind.GIVEN, 40_000)], 40_000, False),
        ([(DoseEventKind.STARTED, 40_000), (DoseEventKind.STOPPED, 15_000)], 15_000, False),
        ([(DoseEventKind.STARTED, 40_000), (DoseEventKind.STOPPED, None)], 40_000, True),
        ([(DoseEventKind.DEVICE, 28_000), (DoseEventKind.DEVICE, 28_000)], 56_000, False),
        ([(DoseEventKind.STARTED, 40_000), (DoseEventKind.WASTED, 10_000)], 40_000, False),
    ],
)
def test_what_was_given_is_what_was_written_at_the_end_else_the_devices_else_what_was_begun(
    events: list[tuple[DoseEventKind, int | None]], amount: int | None, at_most: bool
) -> None:
    assert given_of(events) == Given(micrograms=amount, at_most=at_most)


@given(st.integers(1, 500_000), st.integers(20_000, 250_000))
def test_a_dose_for_each_kilogram_is_within_half_a_hundredth(micrograms: int, grams: int) -> None:
    said = per_kg_words(dose(micrograms, grams=grams))
    assert abs(Fraction(said.removesuffix(" mg/kg")) - Fraction(micrograms, grams)) <= Fraction(1, 200)


def test_what_is_not_known_of_a_dose_is_said_and_never_made_up() -> None:
    assert per_kg_words(dose(40_000)) == ""
    assert dose_words(dose(None)) == "amount not written down IV"
    stopped = Dose(
        session_id=1, clinic_id=1, at=FIRST, drug=Drug.KETAMINE, route=Route.IM,
        given=Given(micrograms=40_250, at_most=True),
    )  # fmt: skip
    assert dose_words(stopped) == "at most 40.25 mg IM"
    assert cumulative([dose(None), stopped], ZONE)[0].unknown == 1
    assert cumulative([stopped], ZONE)[0].at_most
