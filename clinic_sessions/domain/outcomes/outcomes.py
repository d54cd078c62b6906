"""How a treatment works over time: a course for each scale beside its doses, when it helped, and when that was lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.scales.changes import Change, baseline_place, change
from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.scales.results import Band, Total
from clinic_sessions.domain.sourced import Sourced
from clinic_sessions.domain.thresholds import Thresholds
from clinic_sessions.domain.wall_time import local_day

OUTCOME_SCALES = (
    ScaleKey.PHQ_9, ScaleKey.GAD_7, ScaleKey.PCL_5, ScaleKey.PEG, ScaleKey.NRS_PAIN, ScaleKey.MADRS,
    ScaleKey.QIDS_SR16,
)  # fmt: skip
"""The scales whose course is followed; the others belong to one visit or answer yes or no."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """One result of a scale, with its exact total."""

    id: int
    at: datetime
    total: Total
    band: Band | None


@dataclass(frozen=True, kw_only=True)
class Point:
    """A score of a course. `change`: from baseline; None up to the baseline, and where no change is published."""

    score: Score
    change: Change | None = None


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A turn of a course: the score that shows it, so many days and doses after the first dose."""

    score: Score
    days: int
    doses: int


@dataclass(frozen=True, kw_only=True)
class Relapse:
    """A score that has risen by the clinic's measure from the best one before it; `days` from the best to it."""

    score: Score
    best: Score
    days: int
    days_from_response: int | None
    """From the first response to it; None when there was none before."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """One scale over time, oldest first, with what its numbers say."""

    scale: Scale
    points: Sequence[Point]
    baseline: Score
    dosed_before: bool
    """Whether a dose came before the baseline, as no score came before the dose."""
    best: Score
    """The lowest from baseline on; of equals the first."""
    response: Moment | None
    remission: Moment | None
    reliable: Moment | None
    """The first reliable change for the better."""
    relapse: Relapse | None
    """The first such rise after a response."""
    turned: Relapse | None
    """The latest score when it has risen so from the best before it, whether or not there was a response."""

    @property
    def latest(self) -> Point:
        """The newest score."""
        return self.points[-1]

    @property
    def worse(self) -> bool:
        """Whether the latest is worse than the baseline by more than a published reliable change."""
        return self.latest.change is not None and bool(self.latest.change.worse)

    @property
    def review_due(self) -> bool:
        """Whether the curve has turned, so that a provider looks at it."""
        return self.turned is not None or self.worse


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The clinic's own numbers for a course."""

    response: Sourced
    relapse_from: Sourced
    relapse_rise: Sourced

    @classmethod
    def of(cls, numbers: Thresholds) -> "Rules":
        """Take them from the published thresholds."""
        return cls(response=numbers.response, relapse_from=numbers.relapse_from, relapse_rise=numbers.relapse_rise)


def course(
    scale: Scale, scores: Sequence[Score], doses: Sequence[datetime], rules: Rules, zone: ZoneInfo
) -> Course | None:
    """Read a scale's course from its scores and the moments of the doses, both oldest first; None without a score.

    Baseline is the last score before the first dose, or the first one without such. Response, remission and reliable
    change are counted from it, unrounded, by the scale's published rule; only what comes after a dose counts as one.
    Days are those of the clinic's calendar.
    """
    if not scores:
        return None
    start = baseline_place([score.at for score in scores], doses[0] if doses else None)
    baseline = scores[start]
    points = [
        *(Point(score=score) for score in scores[: start + 1]),
        *(
            Point(score=score, change=change(scale, baseline.total, score.total, clinic_response=rules.response))
            for score in scores[start + 1 :]
        ),
    ]
    after = [point for point in points[start + 1 :] if doses and point.score.at > doses[0]]
    response = _first([p.score for p in after if p.change and p.change.response], doses, zone)
    rises = _rises(scale, scores[start:], [p.score for p in after], rules)
    lost = [one for one in rises if response and one[0].at > response.score.at]
    return Course(
        scale=scale,
        points=points,
        baseline=baseline,
        dosed_before=bool(doses) and doses[0] < baseline.at,
        best=min(scores[start:], key=lambda score: (score.total, score.at)),
        response=response,
        remission=_first([p.score for p in after if p.change and p.change.remission], doses, zone),
        reliable=_first([p.score for p in after if p.change and p.change.reliable], doses, zone),
        relapse=_relapse(*lost[0], response, zone) if lost else None,
        turned=_relapse(*rises[-1], response, zone) if rises and rises[-1][0] is scores[-1] else None,
    )


def _first(found: Sequence[Score], doses: Sequence[datetime], zone: ZoneInfo) -> Moment | None:
    if not found:
        return None
    at = found[0].at
    return Moment(score=found[0], days=_days(doses[0], at, zone), doses=sum(one < at for one in doses))


def _rises(scale: Scale, scores: Sequence[Score], after: Sequence[Score], rules: Rules) -> list[tuple[Score, Score]]:
    """Give each score that has risen with the best before it; the clinic's measure is one of PHQ-9 only."""
    if scale.key is not ScaleKey.PHQ_9:
        return []
    counted = {score.id for score in after}
    found, best = [], scores[0]
    for score in scores[1:]:
        high = score.total >= rules.relapse_from.whole
        if high and score.total - best.total >= rules.relapse_rise.whole and score.id in counted:
            found.append((score, best))
        if score.total < best.total:
            best = score
    return found


def _relapse(score: Score, best: Score, response: Moment | None, zone: ZoneInfo) -> Relapse:
    answered = response is not None and response.score.at < score.at
    return Relapse(
        score=score,
        best=best,
        days=_days(best.at, score.at, zone),
        days_from_response=_days(response.score.at, score.at, zone) if response and answered else None,
    )


def _days(first: datetime, last: datetime, zone: ZoneInfo) -> int:
    return (local_day(last, zone) - local_day(first, zone)).days


@dataclass(frozen=True, kw_only=True)
class Window:
    """The time that is looked at: from `starts_at`, up to but without `ends_at`; None: open on that side."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Say whether a moment lies in it."""
        return (self.starts_at is None or self.starts_at <= at) and (self.ends_at is None or at < self.ends_at)

    def scores(self, scores: Sequence[Score], first_dose_at: datetime | None) -> list[Score]:
        """Keep the scores in it, oldest first; with none before its first dose, also the last one from before it."""
        inside = [score for score in scores if self.holds(score.at)]
        if self.starts_at is None or any(first_dose_at is None or one.at <= first_dose_at for one in inside):
            return inside
        return [score for score in scores if score.at < self.starts_at][-1:] + inside
