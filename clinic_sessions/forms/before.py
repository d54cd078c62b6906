"""What is asked before a dose: the answers as taps, the first reading with its cuff, a weight."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from wtforms import BooleanField, RadioField

from clinic_sessions.domain.protocols.protocols import Protocol
from clinic_sessions.domain.session.record import Arm, Cuff
from clinic_sessions.domain.session.session_checks import CheckItem, Intake, longest_wait
from clinic_sessions.domain.wall_time import SkippedHour, last_instant
from clinic_sessions.forms.asked import AskedForm, Chips
from clinic_sessions.forms.fields import ClockField, LineField, NameField, OneOfField, PhoneField
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.forms.moments import SKIPPED
from clinic_sessions.forms.patients import WeightForm
from clinic_sessions.forms.vitals import VitalsForm
from clinic_sessions.services.before.checking import Said

CLEAR = "clear"
TESTED = "tested"
TIMED: Mapping[CheckItem, tuple[str, str]] = {
    CheckItem.FOOD: ("Enter when they last ate, like 7:30 am.", "Choose what they ate."),
    CheckItem.DRINK: ("Enter when they last drank, like 9:15 am.", "Choose what they drank."),
    CheckItem.NASAL_SPRAY: ("Enter when they used it, like 9:15 am.", "Choose whether they used one."),
}
"""Questions that are answered with a time, and what asks for the time and for the choice."""

_INTAKE = {
    "food": Intake.FOOD,
    "heavy_meal": Intake.HEAVY_MEAL,
    "drank": Intake.CLEAR_LIQUID,
}


def span_text(span: timedelta) -> str:
    """Say a stretch of time in hours where they are whole, else in minutes.

    >>> span_text(timedelta(hours=8)), span_text(timedelta(minutes=30))
    ('8 h', '30 min')
    """
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


class AnswersForm(AskedForm):
    """Answers before a dose."""

    identity = BooleanField("They said their full name and birth date")
    food = RadioField("Last food", validate_choice=False)
    food_at = ClockField("Last ate at")
    food_yesterday = BooleanField("It was yesterday")
    drink = RadioField("Last drink", validate_choice=False)
    drink_at = ClockField("Last drank at")
    drink_yesterday = BooleanField("It was yesterday")
    nasal_spray = RadioField("Nasal spray", validate_choice=False)
    nasal_spray_at = ClockField("Used at")
    nasal_spray_yesterday = BooleanField("It was yesterday")
    ride = RadioField("Way home", validate_choice=False)
    ride_person = NameField("Who takes them home")
    ride_phone = PhoneField("Phone")
    pregnancy = RadioField("Pregnant?", validate_choice=False)
    pregnancy_words = LineField("What they say")
    medicines = RadioField("New medicines, or a change in health?", validate_choice=False)
    medicines_words = LineField("What is new")
    risk = RadioField("Thoughts of suicide since the last visit?", validate_choice=False)
    risk_words = LineField("What they say")

    way = CheckItem.RIDE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asks_yesterday = set[str]()
        self._last = dict[CheckItem, datetime]()

    def chips(self, item: CheckItem) -> Chips:
        """List the taps that answer a question, the one first after which nothing stands against the dose."""
        protocol: Protocol = self.meta.protocol
        span = span_text(longest_wait(protocol, item))
        if item is CheckItem.FOOD:
            heavy = [("heavy_meal", "A heavy meal")] if protocol.preparation.heavy else []
            return [(CLEAR, f"Nothing for {span}"), ("food", "Light food" if heavy else "Food"), *heavy]
        if item is CheckItem.RIDE:
            return self.ways("No way home")
        taps: dict[CheckItem, Chips] = {
            CheckItem.DRINK: [(CLEAR, f"Nothing for {span}"), ("drank", "Clear liquid")],
            CheckItem.NASAL_SPRAY: [(CLEAR, f"None for {span}"), ("sprayed", "Used one")],
            CheckItem.PREGNANCY: [
                (CLEAR, "Not pregnant"), (TESTED, "Test today: negative"), ("possible", "May be pregnant")
            ],
        }  # fmt: skip
        return taps.get(item, [(CLEAR, "No"), ("yes", "Yes")])

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for what an answer lacks, and for one answer at least."""
        for item in TIMED:
            if item in self.meta.asked:
                yield from self._timed(item, self[item.value].data)
        yield from super().against()

    def _timed(self, item: CheckItem, chosen: str | None) -> Iterator[tuple[Any, str]]:
        wall = self[f"{item.value}_at"]
        ask_time, ask_choice = TIMED[item]
        if wall.errors or chosen == CLEAR or (not chosen and wall.data is None):
            return
        if not chosen:
            yield self[item.value], ask_choice
        elif wall.data is None:
            yield wall, ask_time
        elif (wrong := self._read_last(item, wall)) is not None:
            yield wall, wrong

    def _read_last(self, item: CheckItem, wall: Any) -> str | None:
        """Find the moment that the time names; a time that has not come today may only be yesterday's."""
        now: datetime = self.moment or self.meta.now
        day: date = now.astimezone(self.meta.zone).date()
        yesterday = self[f"{item.value}_yesterday"].data
        try:
            found = last_instant(day - timedelta(days=1) if yesterday else day, wall.data, self.meta.zone, now)
        except SkippedHour:
            return SKIPPED.format(before="an earlier time", after="a later one")
        if found is None:
            self.asks_yesterday.add(item.value)
            return "This time has not come yet today. Correct it, or tick that it was yesterday."
        self._last[item] = found
        return None

    def answer(self, item: CheckItem) -> Said:
        """Give an answer, with the words in which it was told."""
        chosen = self[item.value].data
        if item is CheckItem.IDENTITY:
            return Said(item=item, clear=True)
        if item in self._last:
            return Said(item=item, clear=False, intake=_INTAKE.get(chosen), last_at=self._last[item])
        told = dict(self.chips(item))[chosen] if item in TIMED or chosen == TESTED else None
        typed = None if item in TIMED else self[f"{item.value}_words"].data
        return Said(item=item, clear=chosen in {CLEAR, TESTED}, words=typed or told)


class WeighForm(KeyedForm, WeightForm):
    """A weight before the dose; without a time it is of now."""


class ReadingForm(KeyedForm, VitalsForm):
    """A reading before the dose. Needs `meta` with `repeats`: one that is taken again names its cuff and arm."""

    cuff = OneOfField("Cuff", Cuff, ask="Choose the cuff.", blank="Not noted")
    arm = OneOfField("Where", Arm, ask="Choose where.", blank="Not noted")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: tuple[Any, ...] = (self.cuff, self.arm)
        for field in fields:
            # Nothing is chosen to begin with, and "not noted" is no tap of its own.
            field.choices = field.choices[1:]

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for cuff and arm of a blood pressure that is taken again."""
        yield from super().against()
        if not self.meta.repeats or self.reading.systolic is None:
            return
        if self.cuff.data is None and not self.cuff.errors:
            yield self.cuff, "Choose the cuff: one too narrow reads too high."
        if self.arm.data is None and not self.arm.errors:
            yield self.arm, "Choose where it was read."
