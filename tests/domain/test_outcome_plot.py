"""The picture of outcomes: every row has its mark, within the edges, and no two labels overlap."""

from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.drug.given_doses import Dose, Given, Mood
from clinic_sessions.domain.messages.check_ins import CheckInKind, CheckInStatus
from clinic_sessions.domain.outcomes.outcome_labels import Lane
from clinic_sessions.domain.outcomes.outcome_panels import NARROW, SMALL, WIDE, Frame
from clinic_sessions.domain.outcomes.outcome_plot import Rows, draw
from clinic_sessions.domain.outcomes.outcome_rows import Event, dose_rows, event_rows, score_rows
from clinic_sessions.domain.outcomes.outcomes import OUTCOME_SCALES, Score, course
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.protocols.protocols import Drug, Route
from tests.domain.scales.shipped import shipped
from tests.domain.test_outcomes import FIRST, RULES, ZONE

FRAMES = [WIDE, NARROW, SMALL]


def rows(
    scored: list[tuple[ScaleKey, int, int]], dosed: list[tuple[int, int]], happened: list[tuple[int, str]]
) -> Rows:
    """The rows of scores, doses and events by day; a dose's mood is its day modulo eleven."""
    doses = [
        Dose(
            session_id=place, clinic_id=1, at=FIRST + timedelta(days=day), drug=Drug.KETAMINE, route=Route.IV,
            given=Given(micrograms=amount),
            moods={CheckInKind.AFTER_24H: Mood(status=CheckInStatus.ANSWERED, value=day % 11)},
        )
        for place, (day, amount) in enumerate(sorted(dosed))
    ]  # fmt: skip
    courses = []
    for key in OUTCOME_SCALES:
        own = sorted((day, total % (shipped(key).highest + 1)) for of, day, total in scored if of is key)
        listed = [
            Score(id=place, at=FIRST + timedelta(days=day), total=total, band=shipped(key).band_of(total))
            for place, (day, total) in enumerate(own)
        ]
        courses.append(course(shipped(key), listed, [dose.at for dose in doses], RULES, ZONE))
    events = [Event(at=FIRST + timedelta(days=day), short=words) for day, words in happened]
    return Rows(
        scores=score_rows([one for one in courses if one], ZONE),
        doses=dose_rows(doses, ZONE),
        events=event_rows(events, ZONE),
    )


day = st.integers(-30, 700)
drawn = st.builds(
    rows,
    st.lists(st.tuples(st.sampled_from(OUTCOME_SCALES), day, st.integers(0, 80)), max_size=40),
    st.lists(st.tuples(day, st.integers(1, 500_000)), max_size=40, unique_by=lambda one: one[0]),
    st.lists(st.tuples(day, st.sampled_from(["Paused", "Hospital", "Plan changed"])), max_size=6),
)


@given(drawn, st.sampled_from(FRAMES))
def test_every_row_has_one_mark_and_every_mark_a_place_inside_the_picture(one: Rows, frame: Frame) -> None:
    plot = draw(one, frame, ZONE)
    if plot is None:
        assert one.moments == []
        return
    marks = [mark for panel in plot.panels for mark in panel.marks]
    expected = [row.ref for row in one.scores] + [mood.ref for mood in one.moods]
    assert sorted(mark.row.ref for mark in marks) == sorted(expected)
    assert [upright.row for upright in plot.doses] == list(one.doses)
    assert [upright.row for upright in plot.events] == list(one.events)
    for panel in plot.panels:
        assert all(panel.top <= mark.y <= panel.bottom for mark in panel.marks)
        assert [mark.x for mark in panel.marks] == sorted(mark.x for mark in panel.marks)
    assert all(frame.left <= mark.x <= plot.right for mark in marks)
    assert len({panel.shape for panel in plot.panels}) == len(plot.panels)
    assert plot.panels == sorted(plot.panels, key=lambda panel: panel.top)
    assert all(panel.bottom <= plot.bottom <= plot.height for panel in plot.panels)


@given(st.lists(st.tuples(st.floats(0, 900), st.text("ab ", min_size=1, max_size=20)), max_size=30), st.integers(1, 3))
def test_no_two_words_of_a_lane_overlap_and_none_leaves_its_edges(words: list[tuple[float, str]], count: int) -> None:
    lane = Lane(left=0, right=900, rows=count)
    for x, text in words:
        lane.centre(x, text)
        lane.place(x + 3, text, before=x - 3)
    for row in range(count):
        taken = sorted((start, end) for at, start, end in lane.taken if at == row)
        assert all(start >= 0 and end <= 900 for start, end in taken)
        assert all(end <= start for (_, end), (start, _) in pairwise(taken))


@pytest.mark.parametrize("frame", FRAMES)
def test_a_single_score_stands_in_the_middle_of_two_weeks_with_its_number(frame: Frame) -> None:
    plot = draw(rows([(ScaleKey.PHQ_9, 0, 18)], [], []), frame, ZONE)
    assert plot is not None
    mark = plot.panels[0].marks[0]
    assert mark.label is not None
    assert mark.label.text == "18 baseline"
    assert abs(mark.x - (frame.left + plot.right) / 2) < 1
    assert [panel.title for panel in plot.panels] == ["PHQ-9, 0 to 27, lower is better"]


def test_nothing_gives_no_picture() -> None:
    assert draw(Rows(scores=[], doses=[], events=[]), WIDE, ZONE) is None


def test_bands_are_named_from_the_lowest_up_and_fill_the_panel() -> None:
    plot = draw(rows([(ScaleKey.PHQ_9, 0, 18)], [], []), WIDE, ZONE)
    assert plot is not None
    panel = plot.panels[0]
    assert [" ".join(side.lines) for side in panel.sides] == [
        "minimal", "mild", "moderate", "moderately severe", "severe",
    ]  # fmt: skip
    assert panel.sides[0].bottom == panel.bottom
    assert panel.sides[-1].top == panel.top
    assert [level.value for level in panel.levels] == [0, 5, 10, 15, 20, 27]


def test_a_scale_without_bands_shows_its_published_cuts_or_nothing() -> None:
    plot = draw(rows([(ScaleKey.PCL_5, 0, 40), (ScaleKey.PEG, 0, 4)], [], []), WIDE, ZONE)
    assert plot is not None
    pcl_5, peg = plot.panels
    assert [side.lines for side in pcl_5.sides] == [["cut", "31 to 33"]]
    assert len(pcl_5.cuts) == 2
    assert (peg.sides, peg.cuts) == ([], [])


def test_doses_that_differ_are_labelled_before_those_like_the_one_before() -> None:
    plot = draw(rows([], [(3 * n, 40_000 if n < 20 else 45_000) for n in range(40)], []), NARROW, ZONE)
    assert plot is not None
    labelled = {upright.row.at: upright.label.text for upright in plot.doses if upright.label}
    assert labelled[FIRST] == "40 mg IV"
    assert labelled[FIRST + timedelta(days=60)] == "45 mg IV"
    assert len(labelled) < 40


def test_the_axis_says_the_year_at_its_beginning_and_where_it_is_another() -> None:
    plot = draw(rows([(ScaleKey.PHQ_9, 0, 18), (ScaleKey.PHQ_9, 600, 4)], [], []), WIDE, ZoneInfo("UTC"))
    assert plot is not None
    assert [tick.text for tick in plot.ticks] == [
        "Mar 2, 2026", "Jun 10", "Sep 18", "Dec 27", "Apr 6, 2027", "Jul 15, 2027", "Oct 23, 2027",
    ]  # fmt: skip
    narrow = draw(rows([(ScaleKey.PHQ_9, 0, 18), (ScaleKey.PHQ_9, 600, 4)], [], []), NARROW, ZoneInfo("UTC"))
    assert narrow is not None
    assert [tick.text for tick in narrow.ticks][0::2] == ["Mar 2, 2026", "Oct 23, 2027"]


@pytest.mark.parametrize(
    ("status", "said"),
    [(None, "Not asked"), (CheckInStatus.WITHDRAWN, "Not asked"), (CheckInStatus.PLANNED, "Not yet"),
     (CheckInStatus.STARTED, "Not yet"), (CheckInStatus.NOT_ANSWERED, "No answer"),
     (CheckInStatus.ANSWERED, "Skipped")],
)  # fmt: skip
def test_a_mood_that_is_missing_says_why(status: CheckInStatus | None, said: str) -> None:
    moods = {CheckInKind.AFTER_4H: Mood(status=status)} if status else {}
    dose = Dose(
        session_id=1, clinic_id=1, at=FIRST, drug=Drug.KETAMINE, route=Route.IM, given=Given(micrograms=1), moods=moods
    )
    assert dose_rows([dose], ZONE)[0].moods[0] == said
    assert Rows(scores=[], doses=dose_rows([dose], ZONE), events=[]).moods == []
