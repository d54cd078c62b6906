"""A reading of vitals: a blood pressure in one field or in two; what looks like a slip is asked about, never lost."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from wtforms import BooleanField, Form, HiddenField, ValidationError

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.session import vitals
from clinic_sessions.domain.session.record import STORABLE
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.forms.acts import ActForm
from clinic_sessions.forms.fields import LineField, Typed, WholeNumberField
from clinic_sessions.services.outcomes import scale_data

_PRESSURE_START = re.compile(rf"[0-9]{{1,3}}\s*[{vitals.BETWEEN}]", re.ASCII)
_TEMPERATURE = re.compile(r"[0-9]{2,3}(?:\.[0-9])?", re.ASCII)
_FAHRENHEIT = (Decimal(77), Decimal(113))
_CELSIUS = (Decimal(25), Decimal(45))


class PressureField(Typed):
    """Systolic pressure; both numbers are taken too: "118/76", or "118.76" from a pad of digits without a slash."""

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


class NotTakenForm(Form):
    """Why something could not be taken."""

    due_at = HiddenField()
    words = LineField("Why", longest=200)

    def validate_words(self, field: LineField) -> None:
        """Ask for words."""
        if not field.data:
            raise ValidationError("Say in a few words why.")


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

    MOAA_S = tuple(reversed(tuple(enumerate(scale_data.of(ScaleKey.MOAA_S).en.answers))))
    """The scores that can be tapped, from awake down, each in words."""

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
        beside = (self.systolic.data or (None, None))[1]
        if None not in (beside, self.diastolic.data) and beside != self.diastolic.data:
            yield self.diastolic, f"This says {self.diastolic.data}, and {beside} stands beside the systolic. Keep one."
            return
        reading = self.reading
        if reading == Vitals():
            yield self.systolic, "Enter at least one reading."
            return
        for doubt in vitals.implausible(reading):
            if not self.sure.data:
                self.asks_sure = True
                yield self[doubt.field], f"{doubt.text}. Check it, or tick that this is what you read."
