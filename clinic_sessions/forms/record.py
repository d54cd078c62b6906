"""What a nurse records: vitals, dose, side effects, interventions, notes."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField

from clinic_sessions.domain import vitals, words
from clinic_sessions.domain.record import STORABLE, DoseEventKind
from clinic_sessions.domain.side_effects import (
    InterventionKind,
    Outcome,
    Seriousness,
    SideEffectEventKind,
    SideEffectKind,
)
from clinic_sessions.domain.vitals import Vitals
from clinic_sessions.forms.acts import ActForm, DosedForm, MgField
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import BodyField, LineField, OneOfField, PickField, Typed, WholeNumberField

NO_EFFECT = ("", "Nothing in particular")
AGO = ("0", "5", "10", "15", "30")
PHRASES = (
    "Comfortable, vital signs steady.",
    "Talked through what to expect.",
    "Escort is here.",
    "Went through the going-home advice with patient and escort.",
    "Provider informed.",
)
_PRESSURE_START = re.compile(r"[0-9]{1,3}\s*[/\\ ]", re.ASCII)
_TEMPERATURE = re.compile(r"[0-9]{2,3}(?:\.[0-9])?", re.ASCII)
_FAHRENHEIT = (Decimal(77), Decimal(113))
_CELSIUS = (Decimal(25), Decimal(45))


class PressureField(Typed):
    """Systolic pressure; "118/76" is taken too, and gives both numbers."""

    def read(self, typed: str) -> tuple[int, int | None]:
        """Read one number or both."""
        if _PRESSURE_START.match(typed.strip()):
            pair = vitals.parse_pressure(typed)
            _within("diastolic", pair[1])
            return _within("systolic", pair[0]), pair[1]
        if not re.fullmatch(r"[0-9]{1,3}", typed.strip(), re.ASCII):
            raise ValueError("Enter systolic as a number, like 118, or both, like 118/76.")
        return _within("systolic", int(typed)), None

    def write(self, value: Any) -> str:
        """Write the first number."""
        return str(value[0]) if value[0] is not None else ""


class TemperatureField(Typed):
    """A temperature in °F or °C, told apart by its size; its value is tenths of a degree Celsius."""

    def read(self, typed: str) -> int:
        """Read it; halves of a tenth go up."""
        if not _TEMPERATURE.fullmatch(typed.strip()):
            raise ValueError("Enter the temperature as a number, like 98.6 or 37.0.")
        degrees = Decimal(typed.strip())
        if _FAHRENHEIT[0] <= degrees <= _FAHRENHEIT[1]:
            return int((degrees - 32) * 50 / 9 + Decimal("0.5"))
        if _CELSIUS[0] <= degrees <= _CELSIUS[1]:
            return int(degrees * 10)
        raise ValueError("Enter a temperature from 77 to 113 °F, or from 25 to 45 °C.")

    def write(self, value: Any) -> str:
        """Write it in °C, as it is stored."""
        return f"{value // 10}.{value % 10}"


def _within(name: str, number: int) -> int:
    low, high = STORABLE[name]
    if not low <= number <= high:
        raise ValueError(f"{name.capitalize()} must be from {low} to {high}.")
    return number


def _number(label: str, name: str) -> WholeNumberField:
    low, high = STORABLE[name]
    return WholeNumberField(label, low=low, high=high)


class VitalsForm(ActForm):
    """One reading, any part of it; what looks like a slip of the finger is kept when ticked."""

    systolic = PressureField("Systolic")
    diastolic = _number("Diastolic", "diastolic")
    heart_rate = _number("Heart rate", "heart_rate")
    spo2_percent = _number("Oxygen (SpO2)", "spo2_percent")
    respiratory_rate = _number("Breaths a minute", "respiratory_rate")
    temperature_tenths = TemperatureField("Temperature")
    moaa_s = _number("Awake (MOAA/S)", "moaa_s")
    pain = _number("Pain", "pain")
    sure = BooleanField("Yes, this is what I read")

    asks_sure = False

    @property
    def reading(self) -> Vitals:
        """The numbers that were typed."""
        systolic, beside = self.systolic.data or (None, None)
        return Vitals(
            systolic=systolic,
            diastolic=self.diastolic.data if self.diastolic.data is not None else beside,
            heart_rate=self.heart_rate.data,
            spo2_percent=self.spo2_percent.data,
            respiratory_rate=self.respiratory_rate.data,
            temperature_tenths=self.temperature_tenths.data,
            moaa_s=self.moaa_s.data,
            pain=self.pain.data,
        )

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask about what cannot well be true; only an empty reading is refused for good."""
        if self.errors:
            return
        reading = self.reading
        if reading == Vitals():
            yield self.systolic, "Enter at least one reading."
            return
        for doubt in vitals.implausible(reading):
            if not self.sure.data:
                self.asks_sure = True
                yield self[doubt.field], f"{doubt.text}. Check it, or tick that this is what you read."


class DoseForm(DosedForm):
    """Something that happened to the dose."""

    kind = OneOfField("What happened", DoseEventKind, ask="Choose what happened.")
    rate = MgField("Rate in mg an hour")
    words = LineField("In words")

    NEEDS_MG = frozenset({DoseEventKind.STARTED, DoseEventKind.GIVEN, DoseEventKind.WASTED})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [one for one in DoseEventKind if self._offers(one)]
        self.kind.choices = options((one.value, words.say(one)) for one in offered)

    def _offers(self, kind: DoseEventKind) -> bool:
        if kind is DoseEventKind.WITHDRAWN:
            return False
        infusion_only = {DoseEventKind.PAUSED, DoseEventKind.RESUMED, DoseEventKind.RATE_CHANGED, DoseEventKind.STARTED}
        return kind not in infusion_only if self.meta.devices else kind is not DoseEventKind.DEVICE

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for the numbers that the event needs."""
        if self.kind.data is DoseEventKind.WITHDRAWN:
            yield self.kind, "Choose what happened."
        if self.kind.data in self.NEEDS_MG and self.mg.data is None and not self.mg.errors:
            yield self.mg, "Enter the dose in mg, like 40 or 40.25."
        if self.kind.data is DoseEventKind.RATE_CHANGED and self.rate.data is None and not self.rate.errors:
            yield self.rate, "Enter the new rate in mg an hour."
        yield from self.dose_doubts()


class SideEffectForm(ActForm):
    """A side effect: what, how strong, since when."""

    kind = OneOfField("What", SideEffectKind, ask="Choose the side effect.")
    term = LineField("What is it, in a word or two", longest=200)
    grade = WholeNumberField("How strong", low=1, high=5, ask="Choose how strong it is.")
    ago = RadioField(
        "Began",
        choices=options((n, "Now" if n == "0" else f"{n} min ago") for n in AGO),
        default="0",
        validate_choice=False,
    )
    seriousness = PickField("Serious because", Seriousness, ask="Choose one of these.", blank="Not serious")
    words = LineField("In words")

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for the word of what is not on the list."""
        if self.kind.data is SideEffectKind.OTHER and not self.term.data and not self.term.errors:
            yield self.term, "Say what it is, in a word or two."
        if self.ago.data not in AGO:
            yield self.ago, "Choose when it began, or enter the time."


class FollowForm(ActForm):
    """What became of a side effect."""

    kind = OneOfField("What happened", SideEffectEventKind, ask="Choose what happened.")
    grade = WholeNumberField("How strong it is now", low=1, high=5)
    outcome = PickField("How it stands", Outcome, ask="Choose one of these.", blank="Not said")
    words = LineField("In words")

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for what the event needs."""
        if self.kind.data is SideEffectEventKind.GRADED and self.grade.data is None and not self.grade.errors:
            yield self.grade, "Choose how strong it is now."
        if self.kind.data is SideEffectEventKind.OUTCOME and self.outcome.data is None and not self.outcome.errors:
            yield self.outcome, "Choose how it stands."
        if self.kind.data is SideEffectEventKind.ACTED_ON and not self.words.data and not self.words.errors:
            yield self.words, "Say what was done."


class InterventionForm(ActForm):
    """Something done for the patient."""

    kind = OneOfField("What was done", InterventionKind, ask="Choose what was done.")
    term = LineField("What is it, in a word or two", longest=200)
    dose_words = LineField("Dose, as given", longest=200)
    side_effect = SelectField("Because of", choices=options([NO_EFFECT]), validate_choice=False)
    words = LineField("In words")

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for the word of what is not on the list, and for a side effect of this session."""
        if self.kind.data is InterventionKind.OTHER and not self.term.data and not self.term.errors:
            yield self.term, "Say what it is, in a word or two."
        if self.side_effect.data not in {choice[0] for choice in map(tuple, self.side_effect.choices or [])}:
            yield self.side_effect, "Choose one of these."


class NoteForm(ActForm):
    """A note: quick phrases, free words, or both."""

    phrases = SelectMultipleField(
        "Quick phrases", choices=options((str(n), text) for n, text in enumerate(PHRASES)), validate_choice=False
    )
    body = BodyField("Note")

    @property
    def text(self) -> str:
        """The whole note."""
        chosen = [PHRASES[int(value)] for value in self.phrases.data or []]
        return "\n".join([*chosen, *([self.body.data] if self.body.data else [])])

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for words."""
        known = {str(n) for n in range(len(PHRASES))}
        if not set(self.phrases.data or []) <= known:
            yield self.phrases, "Choose among these phrases."
        elif not self.body.errors and not self.text.strip():
            yield self.body, "Write the note, or choose a phrase."
