"""What the course of a scale says, in sentences for clinicians: facts with their dates, never an advice."""

from zoneinfo import ZoneInfo

from clinic_sessions.domain.outcomes.outcome_rows import day_words
from clinic_sessions.domain.outcomes.outcomes import Course, Moment, Relapse, Score
from clinic_sessions.domain.outcomes.scale_words import change_words, number_words


def standing_words(course: Course, zone: ZoneInfo) -> str:
    """Say where the latest score stands against the baseline."""
    latest, baseline = course.latest.score, course.baseline
    late = ", the first score, taken after the first dose" if course.dosed_before else ""
    began = f"Baseline {score_words(course, baseline, zone)}{late}."
    if latest.id == baseline.id:
        return f"{began} Nothing to compare it with yet."
    changed = change_words(course.scale, course.latest.change)
    return f"{score_words(course, latest, zone)}{': ' if changed else ''}{changed}. {began}"


def score_words(course: Course, score: Score, zone: ZoneInfo) -> str:
    """Name a score with its band and its day."""
    band = f", {score.band.value.replace('_', ' ')}" if score.band else ""
    return f"{number_words(score.total)} of {course.scale.highest}{band} ({day_words(score.at, zone)})"


def response_words(course: Course, zone: ZoneInfo) -> str:
    """Say when the first response came, or that there is none; a scale without one tells of reliable change."""
    rule = course.scale.change
    if rule is None or course.latest.score.id == course.baseline.id:
        return ""
    graded = rule.clinic_response or rule.response is not None
    name, moment = ("response", course.response) if graded else ("reliable change", course.reliable)
    return f"First {name} {_moment(moment, zone)}." if moment else f"No {name} so far."


def remission_words(course: Course, zone: ZoneInfo) -> str:
    """Say when remission was first reached; empty when it was not."""
    return f"Remission first reached {_moment(course.remission, zone)}." if course.remission else ""


def _moment(moment: Moment, zone: ZoneInfo) -> str:
    days = f"{moment.days} {'day' if moment.days == 1 else 'days'}"
    doses = f"{moment.doses} {'dose' if moment.doses == 1 else 'doses'}"
    return f"after {days} and {doses}, with {number_words(moment.score.total)} on {day_words(moment.score.at, zone)}"


def relapse_words(course: Course, zone: ZoneInfo) -> str:
    """Say when what was gained was first lost; empty when it was not."""
    return f"First relapse: {rise_words(course.relapse, zone)}." if course.relapse else ""


def rise_words(relapse: Relapse, zone: ZoneInfo) -> str:
    """Name the two scores of a rise with their days, and how long it took."""
    days = f"{relapse.days} {'day' if relapse.days == 1 else 'days'} after it"
    if relapse.days_from_response == relapse.days:
        days += ", the first response"
    elif relapse.days_from_response is not None:
        days += f" and {relapse.days_from_response} after the first response"
    best, now = relapse.best, relapse.score
    return (
        f"from {number_words(best.total)} at best on {day_words(best.at, zone)} "
        f"to {number_words(now.total)} on {day_words(now.at, zone)}, {days}"
    )


def due_words(course: Course, zone: ZoneInfo) -> str:
    """Say why a review is due, with the two scores that show it; empty when it is not."""
    if course.turned:
        return f"{course.scale.name} has risen {rise_words(course.turned, zone)}."
    if course.worse:
        latest, baseline = course.latest.score, course.baseline
        return (
            f"{course.scale.name} is clearly worse than at baseline: {number_words(baseline.total)} on "
            f"{day_words(baseline.at, zone)}, {number_words(latest.total)} on {day_words(latest.at, zone)}."
        )
    return ""


def summary(course: Course, zone: ZoneInfo) -> list[str]:
    """Say all of a course in sentences, the present first."""
    said = (standing_words, response_words, remission_words, relapse_words)
    return [words for one in said if (words := one(course, zone))]
