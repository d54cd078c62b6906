"""What a plot of outcomes shows, as rows in words: the plot, the table and the print are made of the same rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from types import MappingProxyType
from zoneinfo import ZoneInfo

from clinic_sessions.domain.drug.doses import mg_text
from clinic_sessions.domain.drug.given_doses import MOOD_KINDS, Dose, Given
from clinic_sessions.domain.messages.check_ins import CheckInKind, CheckInStatus
from clinic_sessions.domain.outcomes.outcomes import Course, Point
from clinic_sessions.domain.outcomes.scale_words import change_words, number_words
from clinic_sessions.domain.protocols.protocol_kinds import Route
from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.scales.results import Total
from clinic_sessions.domain.wall_time import local_day

ROUTE_WORDS: Mapping[Route, str] = MappingProxyType({Route.IV: "IV", Route.IN_: "nasal", Route.IM: "IM"})
"""How a route is written beside a dose."""

MOOD_WORDS: Mapping[CheckInKind, str] = MappingProxyType(
    {CheckInKind.AFTER_4H: "4 h", CheckInKind.AFTER_24H: "24 h", CheckInKind.AFTER_72H: "72 h"}
)
_MOOD_AFTER = {
    CheckInKind.AFTER_4H: timedelta(hours=4),
    CheckInKind.AFTER_24H: timedelta(hours=24),
    CheckInKind.AFTER_72H: timedelta(hours=72),
}
_UNANSWERED = {
    CheckInStatus.ANSWERED: "Skipped",
    CheckInStatus.NOT_ANSWERED: "No answer",
    CheckInStatus.WITHDRAWN: "Not asked",
}


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """One score. `ref` names its row and its mark; `mark`: what it is in its course, if anything; `value`: exact."""

    ref: str
    at: datetime
    day: str
    scale: Scale
    value: Total
    number: str
    band: str
    change: str
    mark: str

    @property
    def total(self) -> str:
        """The total out of the highest possible."""
        return f"{self.number} of {self.scale.highest}"

    @property
    def said(self) -> str:
        """The row as one line."""
        return ", ".join(part for part in (f"{self.scale.name} {self.total}", self.band, self.change, self.day) if part)


@dataclass(frozen=True, kw_only=True)
class MoodRow:
    """One answer to the question of mood after a dose; its hours count from leaving, as the check-in is asked."""

    ref: str
    at: datetime
    kind: CheckInKind
    value: int

    @property
    def said(self) -> str:
        """The answer as one line."""
        return f"Mood {self.value} of 10, {MOOD_WORDS[self.kind]} after the visit"


@dataclass(frozen=True, kw_only=True)
class DoseRow:
    """One dose with what was answered after it; where there is no answer, why."""

    ref: str
    at: datetime
    day: str
    session_id: int
    clinic_id: int
    dose: str
    per_kg: str
    moods: Sequence[MoodRow | str]

    @property
    def said(self) -> str:
        """The dose as one line."""
        return f"{self.dose}{', ' if self.per_kg else ''}{self.per_kg}, {self.day}"


@dataclass(frozen=True, kw_only=True)
class EventRow:
    """Something else that happened. `short`: what stands on the plot."""

    ref: str
    at: datetime
    day: str
    short: str
    words: str

    @property
    def said(self) -> str:
        """The event as one line."""
        return f"{self.short}{': ' if self.words else ''}{self.words}, {self.day}"


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a plan or in a session, as it was stored."""

    at: datetime
    short: str
    words: str = ""


def day_words(at: datetime, zone: ZoneInfo) -> str:
    """Write a date of the clinic's calendar with its year.

    >>> from datetime import UTC
    >>> day_words(datetime(2026, 11, 24, 3, tzinfo=UTC), ZoneInfo("America/Los_Angeles"))
    'Nov 23, 2026'
    """
    day = local_day(at, zone)
    return f"{day:%b} {day.day}, {day.year}"


def given_words(given: Given) -> str:
    """Write what was given of a dose in mg."""
    if given.micrograms is None:
        return "amount not written down"
    return f"{'at most ' if given.at_most else ''}{mg_text(given.micrograms)}"


def dose_words(dose: Dose) -> str:
    """Write a dose as it stands beside its mark: amount and route."""
    return f"{given_words(dose.given)} {ROUTE_WORDS[dose.route]}"


def per_kg_words(dose: Dose) -> str:
    """Write a dose for each kilogram of the weight then, to a hundredth; empty when either is not known.

    Micrograms to a gram are milligrams to a kilogram; a half is rounded up.
    """
    if dose.given.micrograms is None or not dose.grams:
        return ""
    hundredths = (200 * dose.given.micrograms + dose.grams) // (2 * dose.grams)
    return f"{hundredths // 100}.{hundredths % 100:02d} mg/kg"


def score_rows(courses: Iterable[Course], zone: ZoneInfo) -> list[ScoreRow]:
    """Give the rows of all courses, oldest first within each."""
    return [_score_row(course, point, zone) for course in courses for point in course.points]


def _score_row(course: Course, point: Point, zone: ZoneInfo) -> ScoreRow:
    score = point.score
    return ScoreRow(
        ref=f"score-{score.id}",
        at=score.at,
        day=day_words(score.at, zone),
        scale=course.scale,
        value=score.total,
        number=number_words(score.total),
        band=score.band.value.replace("_", " ") if score.band else "",
        change="Baseline" if score.id == course.baseline.id else change_words(course.scale, point.change),
        mark=_mark(course, score.id),
    )


def _mark(course: Course, score_id: int) -> str:
    if course.relapse and course.relapse.score.id == score_id:
        return "relapse"
    if course.response and course.response.score.id == score_id:
        return "response"
    return "baseline" if course.baseline.id == score_id else ""


def dose_rows(doses: Iterable[Dose], zone: ZoneInfo) -> list[DoseRow]:
    """Give the rows of the doses, oldest first."""
    return [
        DoseRow(
            ref=f"dose-{dose.session_id}",
            at=dose.at,
            day=day_words(dose.at, zone),
            session_id=dose.session_id,
            clinic_id=dose.clinic_id,
            dose=dose_words(dose),
            per_kg=per_kg_words(dose),
            moods=[_mood_row(dose, kind) for kind in MOOD_KINDS],
        )
        for dose in doses
    ]


def _mood_row(dose: Dose, kind: CheckInKind) -> MoodRow | str:
    mood = dose.moods.get(kind)
    if mood is None:
        return "Not asked"
    if mood.value is None:
        return _UNANSWERED.get(mood.status, "Not yet")
    return MoodRow(
        ref=f"mood-{dose.session_id}-{kind.value}", at=dose.at + _MOOD_AFTER[kind], kind=kind, value=mood.value
    )


def event_rows(events: Iterable[Event], zone: ZoneInfo) -> list[EventRow]:
    """Give the rows of the events, oldest first."""
    ordered = sorted(events, key=lambda event: event.at)
    return [
        EventRow(
            ref=f"event-{number}", at=event.at, day=day_words(event.at, zone), short=event.short, words=event.words
        )
        for number, event in enumerate(ordered, 1)
    ]


def share(value: Total, highest: int) -> float:
    """Give where a value lies between 0 and the highest."""
    return float(Fraction(value) / highest)
