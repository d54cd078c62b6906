"""What is typed about a dose that runs: why it was paused or stopped, another rate, a device, what was wasted."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from wtforms import BooleanField, SelectMultipleField

from clinic_sessions.domain import words
from clinic_sessions.domain.drug import drug_slips, infusion
from clinic_sessions.domain.drug.doses import mg_text
from clinic_sessions.domain.drug.drawing import Container
from clinic_sessions.domain.scheduling.reasons import StopReason
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.acts import ActForm
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.drug import AmountField, LabelForm
from clinic_sessions.forms.fields import LineField


class WhyForm(ActForm):
    """Why a dose was paused or stopped, and for a stop how much had been given, in mg or by the pump in mL.

    `meta`: `stopped`, `drawn` (micrograms) and `in_pump` (microlitres) where they are known.
    """

    reasons = SelectMultipleField("Why", validate_choice=False)
    words = LineField("In words", longest=200)
    mg = AmountField("Given so far", unit="mg", example="22")
    pump_ml = AmountField("or run in, by the pump", unit="mL", example="55")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reasons.choices = options((one.value, words.say(one)) for one in StopReason)

    @property
    def given(self) -> int | None:
        """How much had been given, in micrograms; None when nobody knows yet."""
        if self.mg.data is not None:
            return int(self.mg.data)
        if self.pump_ml.data is not None and self.meta.in_pump:
            return infusion.drug_in(self.pump_ml.data, self.meta.drawn, self.meta.in_pump)
        return None

    @property
    def text(self) -> str:
        """The reasons and the words as one line."""
        said = ", ".join(words.say(StopReason(value)) for value in self.reasons.data or ())
        return ": ".join(part for part in (said, self.words.data) if part)

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for a reason, and compare what was given with what was drawn."""
        if not set(self.reasons.data or ()) <= {one.value for one in StopReason}:
            yield self.reasons, "Choose among these reasons."
            return
        if not self.text and not self.words.errors:
            yield self.reasons, "Choose at least one reason, or say it in words."
        drawn: int | None = self.meta.drawn
        if drawn is not None and self.given is not None and self.given > drawn:
            field = self.mg if self.mg.data is not None else self.pump_ml
            yield field, f"This comes to {mg_text(self.given)}, but {mg_text(drawn)} was drawn. Check the number."


class RateForm(ActForm):
    """Another rate of the pump. `meta`: `drawn` and `in_pump` where mL are known, and the rate that was planned."""

    ml_per_hour = AmountField("New rate", unit="mL/h", example="150")
    mg_per_hour = AmountField("New rate", unit="mg/h", example="60")
    sure_rate = BooleanField("Yes, this is the new rate")

    asks_rate = False

    @property
    def by_volume(self) -> bool:
        """Whether the rate is typed as the pump shows it."""
        return bool(self.meta.in_pump)

    @property
    def micrograms_per_hour(self) -> int:
        """The rate in micrograms an hour."""
        if self.by_volume:
            return infusion.drug_in(self.ml_per_hour.data, self.meta.drawn, self.meta.in_pump)
        return int(self.mg_per_hour.data)

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for the rate, and about one that is off by ten."""
        field = self.ml_per_hour if self.by_volume else self.mg_per_hour
        if field.data is None:
            if not field.errors:
                yield field, f"Enter the rate in {field.unit}, like {field.example}."
            return
        planned: int | None = self.meta.planned
        slip = drug_slips.of_rate(self.micrograms_per_hour, planned) if planned else None
        if slip is not None and not self.sure_rate.data:
            self.asks_rate = True
            yield field, f"{slip.text} Or tick that it is right."


class DeviceForm(LabelForm):
    """Another device: its own label, or by a tick the same as the last one's. `meta` adds `last` and `next_at`."""

    same = BooleanField("Its label says the same as the last device's")
    sure_used = BooleanField("It has been used already")

    asks_used = False

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields; with the tick the label is that of the device before."""
        if self.same.data and self.meta.last is not None:
            self._take_last()
        return super().validate(extra_validators)

    def _take_last(self) -> None:
        last = self.meta.last
        pairs = ((self.drug, last.drug), (self.total, last.total_micrograms), (self.lot, last.lot))
        for field, value in (*pairs, (self.expires, last.expires_on)):
            field.data, field.raw_data, field.process_errors = value, None, []

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask about a device too soon after the last one, or past its date: only what has happened is stored so."""
        yield from super().against()
        if self.sure_used.data:
            return
        at = self.moment or self.meta.now
        if self.meta.next_at is not None and at < self.meta.next_at:
            self.asks_used = True
            minutes = -(-(self.meta.next_at - at) // timedelta(minutes=1))
            yield self.at, f"The next device is due in {minutes} min. Wait, or tick that it has been used already."
        if self.expires.data is not None and local_day(at, self.meta.zone) > self.expires.data:
            self.asks_used = True
            yield self.expires, "This device is past its date. Take another, or tick that it has been used already."

    @property
    def container(self) -> Container:
        """Always a device."""
        return Container.DEVICE


class WasteForm(ActForm):
    """What was wasted of the drawn dose; a second person signs beside it. `meta.left`: micrograms not accounted for."""

    mg = AmountField("Wasted", unit="mg", example="18.8", ask="Enter how much was wasted in mg.")
    words = LineField("In words", longest=200)
    sure_left = BooleanField("Yes, this much was wasted")

    asks_left = False

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask about more than is left of what was drawn."""
        left: int | None = self.meta.left
        if left is None or self.mg.data is None or self.mg.data <= left or self.sure_left.data:
            return
        self.asks_left = True
        yield self.mg, f"{mg_text(max(left, 0))} of what was drawn is left. Check the number, or tick that it is right."
