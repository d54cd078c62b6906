"""What is asked before a dose: the answers as taps, the first reading with its cuff, a weight."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from wtforms import BooleanField, RadioField

from clinic_sessions.domain import words
from clinic_sessions.domain.protocols.protocols import EscortKind, Protocol
from clinic_sessions.domain.session.record import Arm, Cuff
from clinic_sessions.domain.session.session_checks import CheckItem, Intake, wait_after
from clinic_sessions.domain.wall_time import SkippedHour, last_instant
from clinic_sessions.forms.acts import ActForm
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import ClockField, LineField, NameField, OneOfField, PhoneField
from clinic_sessions.forms.moments import SKIPPED
from clinic_sessions.forms.vitals import VitalsForm
from clinic_sessions.services.before.checking import Said

CLEAR = "clear"
NO_RIDE = "no_ride"
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


def chips(protocol: Protocol, item: CheckItem) -> list[tuple[str, str]]:
    """List the taps that answer a question, the one first after which nothing stands against the dose."""
    if item is CheckItem.FOOD:
        longest = max(wait_after(protocol, item, one) for one in (Intake.FOOD, Intake.HEAVY_MEAL))
        heavy = [("heavy_meal", "A heavy meal")] if protocol.preparation.heavy else []
        return [(CLEAR, f"Nothing for {span_text(longest)}"), ("food", "Light food" if heavy else "Food"), *heavy]
    if item is CheckItem.DRINK:
        return [(CLEAR, f"Nothing for {span_text(wait_after(protocol, item, None))}"), ("drank", "Clear liquid")]
    if item is CheckItem.NASAL_SPRAY:
        return [(CLEAR, f"None for {span_text(wait_after(protocol, item, None))}"), ("sprayed", "Used one")]
    if item is CheckItem.RIDE:
        return [*_rides(protocol), (NO_RIDE, "No way home")]
    if item is CheckItem.PREGNANCY:
        return [(CLEAR, "Not pregnant"), (TESTED, "Test today: negative"), ("possible", "May be pregnant")]
    return [(CLEAR, "No"), ("yes", "Yes")]


def _rides(protocol: Protocol) -> list[tuple[str, str]]:
    accepted = protocol.escort.accepted
    others = [one for one in EscortKind if one not in accepted]
    listed = [(one.value, words.say(one)) for one in accepted]
    return listed + [(one.value, f"{words.say(one)}: not accepted here") for one in others]


class AnswersForm(ActForm):
    """Answers before a dose, any of them; after a good `validate`, `said` gives those that were given.

    Needs `meta` with `protocol` and `asked`: the questions that may be answered with it.
    """

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
    ride_person = NameField("Name")
    ride_phone = PhoneField("Phone")
    pregnancy = RadioField("Pregnant?", validate_choice=False)
    pregnancy_words = LineField("What they say")
    medicines = RadioField("New medicines, or a change in health?", validate_choice=False)
    medicines_words = LineField("What is new")
    risk = RadioField("Thoughts of suicide since the last visit?", validate_choice=False)
    risk_words = LineField("What they say")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asks_yesterday = set[str]()
        self._last = dict[CheckItem, datetime]()
        for item in self.meta.asked:
            if item is not CheckItem.IDENTITY:
                field: Any = self[item.value]
                field.choices = options(chips(self.meta.protocol, item))

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for what an answer lacks, and for one answer at least."""
        for item in self.meta.asked:
            chosen = self[item.value].data
            if item is not CheckItem.IDENTITY and chosen and chosen not in dict(chips(self.meta.protocol, item)):
                yield self[item.value], "Choose one of these."
            elif item in TIMED:
                yield from self._timed(item, chosen)
        if not self.errors and not any(self[item.value].data for item in self.meta.asked):
            self.form_errors = ["Answer at least one question."]

    def _timed(self, item: CheckItem, chosen: str | None) -> Iterator[tuple[Any, str]]:
        wall = self[f"{item.value}_at"]
        ask_time, ask_choice = TIMED[item]
        if wall.errors or (not chosen and wall.data is None):
            return
        if not chosen:
            yield self[item.value], ask_choice
        elif chosen == CLEAR:
            return
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

    def said(self) -> list[Said]:
        """Give the answers in the order of the questions."""
        given = [item for item in self.meta.asked if self[item.value].data]
        return [_SAID.get(item, AnswersForm._plain)(self, item) for item in given]

    def _identity(self, item: CheckItem) -> Said:
        return Said(item=item, clear=True)

    def _when(self, item: CheckItem) -> Said:
        chosen = self[item.value].data
        if chosen == CLEAR:
            return Said(item=item, clear=True, words=dict(chips(self.meta.protocol, item))[CLEAR])
        return Said(item=item, clear=False, intake=_INTAKE.get(chosen), last_at=self._last[item])

    def _ride(self, item: CheckItem) -> Said:
        if self.ride.data == NO_RIDE:
            return Said(item=item, clear=False)
        return Said(
            item=item, clear=True, escort=EscortKind(self.ride.data),
            person=self.ride_person.data, phone=self.ride_phone.data,
        )  # fmt: skip

    def _plain(self, item: CheckItem) -> Said:
        chosen = self[item.value].data
        told = dict(chips(self.meta.protocol, item))[chosen] if chosen == TESTED else None
        return Said(item=item, clear=chosen in {CLEAR, TESTED}, words=self[f"{item.value}_words"].data or told)


_SAID: Mapping[CheckItem, Callable[[AnswersForm, CheckItem], Said]] = {
    CheckItem.IDENTITY: AnswersForm._identity,
    CheckItem.FOOD: AnswersForm._when,
    CheckItem.DRINK: AnswersForm._when,
    CheckItem.NASAL_SPRAY: AnswersForm._when,
    CheckItem.RIDE: AnswersForm._ride,
}


class ReadingForm(VitalsForm):
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
