"""What is typed about the drug in the hand: its label, what was drawn, what a second person counted."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from wtforms import BooleanField
from wtforms.widgets import TextInput

from clinic_sessions.domain.drug import drug_slips, scanned
from clinic_sessions.domain.drug.amounts import AmountUnreadable, plain_text, read_thousandths
from clinic_sessions.domain.drug.doses import mg_text
from clinic_sessions.domain.drug.drawing import Container, LabelSource
from clinic_sessions.domain.drug.expiry import read_expiry
from clinic_sessions.domain.drug.scanned import BarcodeUnreadable, Scanned
from clinic_sessions.domain.protocols.protocols import Drug
from clinic_sessions.domain.typed_days import Unreadable
from clinic_sessions.domain.wall_time import Hour, SkippedHour, instant
from clinic_sessions.forms.acts import ActForm
from clinic_sessions.forms.fields import ClockField, DayField, LineField, OneOfField, Typed, WholeNumberField

LOT = 60
"""Longer than any lot that is printed."""


class AmountField(Typed):
    """An amount with its unit, mg or mL; its value is whole thousandths of it: micrograms or microlitres."""

    def __init__(self, label: str, *, unit: str, example: str, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.unit, self.example = unit, example

    def read(self, typed: str) -> int:
        """Read it exactly."""
        try:
            return read_thousandths(typed, self.unit, self.example)
        except AmountUnreadable as unreadable:
            raise ValueError(str(unreadable)) from None

    def write(self, value: Any) -> str:
        """Write it without its unit."""
        return plain_text(int(value))


class ExpiryField(Typed):
    """The last day of a drug, as its label prints it: a month, or a day."""

    def read(self, typed: str) -> date:
        """Read it; a month lasts to its last day."""
        try:
            return read_expiry(typed)
        except (Unreadable, ValueError):
            raise ValueError("Enter the expiry as the label prints it, like 11/2027 or 11/24/2027.") from None

    def write(self, value: Any) -> str:
        """Write month/day/year."""
        return f"{value.month}/{value.day}/{value.year}"


class BarcodeField(Typed):
    """What a scanner sends, with the marks that it puts between the parts; its value is what the code says."""

    widget: Any = TextInput()

    def read(self, typed: str) -> Scanned:
        """Read the code."""
        try:
            return scanned.read_barcode(typed)
        except BarcodeUnreadable as unreadable:
            raise ValueError(str(unreadable)) from None

    def _value(self) -> str:
        return str(self.raw_data[0]).replace(scanned.SEPARATOR, "") if self.raw_data else ""


class LabelForm(ActForm):
    """What a label says. `meta.container` says which kind; nothing is filled in but from the barcode scanned now."""

    scan = BarcodeField("Scan the barcode")
    drug = OneOfField("Drug on the label", Drug, ask="Choose the drug that the label names.")
    strength = AmountField("Strength", unit="mg", example="50")
    volume = AmountField("Volume of the vial", unit="mL", example="10")
    total = AmountField("Total on the label", unit="mg", example="500", ask="Enter the total in mg, as the label says.")
    lot = LineField("Lot", longest=LOT, ask="Enter the lot, as the label says.")
    expires = ExpiryField("Expires", ask="Enter the expiry, like 11/2027 or 11/24/2027.")
    opened_day = DayField("Opened on")
    opened_clock = ClockField("at")
    beyond_day = DayField("Not to be used after")
    beyond_clock = ClockField("at")

    opened_at: datetime | None = None
    beyond_use_at: datetime | None = None
    scanned_only = False

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields; what the barcode says fills what was left blank."""
        self.scanned_only = self._take_scan()
        return not self.scanned_only and super().validate(extra_validators)

    def _take_scan(self) -> bool:
        """Fill in lot and expiry from the code; True when nothing else has been typed yet, so that nothing is wrong."""
        found: Scanned | None = self.scan.data
        if found is None or not self.scan.raw_data or self.scan.process_errors:
            return False
        for field, value in ((self.lot, found.lot), (self.expires, found.expires_on)):
            if field.data is None and value is not None and not (field.raw_data and field.raw_data[0].strip()):
                field.data, field.raw_data, field.process_errors = value, None, []
        return all(not one.raw_data or not one.raw_data[0].strip() for one in (self.strength, self.volume, self.total))

    def say_past(self) -> None:
        """Say beside an expiry that has passed how it was read: 10/26 may have been meant as a day."""
        day: date | None = self.expires.data
        if day is not None and day < self.meta.today:
            self.expires.errors = [f"This was read as {day:%B} {day.day}, {day.year}. If that is right, take another."]

    @property
    def source(self) -> LabelSource:
        """How the label came into the record."""
        return LabelSource.SCANNED if self.scan.data is not None else LabelSource.TYPED

    @property
    def ndc(self) -> str | None:
        """The product number, when a barcode named it."""
        return self.scan.data.ndc if self.scan.data is not None else None

    @property
    def container(self) -> Container:
        """What the drug comes in under the visit's protocol."""
        found: Container = self.meta.container
        return found

    def against(self) -> Iterator[tuple[Any, str]]:
        """Compare what was typed with the code, and the numbers of the label with each other."""
        yield from self._against_scan()
        if self.container is Container.VIAL:
            yield from self._against_numbers()
        else:
            yield from self._against_device()
        yield from self._read_moments()

    def _against_scan(self) -> Iterator[tuple[Any, str]]:
        found: Scanned | None = self.scan.data
        if found is None:
            return
        for field, read in ((self.lot, found.lot), (self.expires, found.expires_on)):
            if read is not None and field.data is not None and field.data != read:
                said = read if isinstance(read, str) else field.write(read)
                yield field, f"The barcode says {said}. Look at the label again."

    def _against_numbers(self) -> Iterator[tuple[Any, str]]:
        if self.strength.data is None and not self.strength.errors:
            yield self.strength, "Enter the strength in mg in each mL, as the label says."
        if self.volume.data is None and not self.volume.errors:
            yield self.volume, "Enter the volume in mL, as the label says."
        numbers = (self.strength.data, self.volume.data, self.total.data)
        if None not in numbers and (slip := drug_slips.of_label(*numbers)) is not None:
            yield self.strength, slip.text

    def _against_device(self) -> Iterator[tuple[Any, str]]:
        wanted: int | None = self.meta.device_micrograms
        if self.total.data is not None and wanted is not None and self.total.data != wanted:
            text = f"A device of this protocol holds {mg_text(wanted)}, not {mg_text(self.total.data)}."
            yield self.total, f"{text} Enter what one device holds."

    def _read_moments(self) -> Iterator[tuple[Any, str]]:
        for name, day, clock, whole_day in (
            ("opened_at", self.opened_day, self.opened_clock, timedelta()),
            ("beyond_use_at", self.beyond_day, self.beyond_clock, timedelta(days=1)),
        ):
            if day.data is None:
                if clock.data is not None:
                    yield day, "Enter the date too, like 11/24/2026."
                continue
            moment = self._moment(day.data, clock.data, whole_day)
            if moment is None:
                yield clock, "The clocks go forward over this time. Enter another."
            setattr(self, name, moment)
        if self.opened_at is not None and self.opened_at > self.meta.now:
            yield self.opened_day, "This has not come yet. Check the date."

    def _moment(self, day: date, clock: time | None, whole_day: timedelta) -> datetime | None:
        """A date without a time begins its day, or lasts to the end of it (`whole_day`)."""
        try:
            if clock is None:
                return instant(day + whole_day, time(0), self.meta.zone, Hour.FIRST)
            return instant(day, clock, self.meta.zone, Hour.FIRST)
        except SkippedHour:
            return None


class DrawnForm(ActForm):
    """What was drawn from one vial: mg and mL, each typed. `meta`: cap, ordered, and `beside`: what else is in hand.

    Amounts in micrograms; the vial is that of the form's label.
    """

    mg = AmountField("Dose drawn", unit="mg", example="40", ask="Enter the dose in mg, like 40 or 40.25.")
    ml = AmountField("Volume drawn", unit="mL", example="0.8", ask="Enter what the syringe shows in mL, like 0.8.")
    made_up = AmountField("Made up to", unit="mL", example="100")
    sure_dose = BooleanField("Yes, this is the dose")

    asks_dose = False

    def drawn_doubts(self, per_ml: int | None, total: int | None) -> Iterator[tuple[Any, str]]:
        """Compare dose and volume with the order, the limit, the vial and the strength; name the slip."""
        if self.mg.data is not None:
            yield from self._against_dose(total)
            if self.ml.data is not None and not self.ml.errors and per_ml is not None:
                slip = drug_slips.of_volume(self.mg.data, self.ml.data, per_ml)
                if slip is not None:
                    yield self.ml, slip.text
        if self.made_up.data is not None and self.ml.data is not None and self.made_up.data < self.ml.data:
            yield (
                self.made_up,
                "This is less than was drawn. Enter the whole volume in the bag or the syringe of the pump.",
            )

    def _against_dose(self, total: int | None) -> Iterator[tuple[Any, str]]:
        slip = drug_slips.of_dose(
            self.mg.data, cap=self.meta.cap, total=total, ordered=self.meta.ordered, beside=self.meta.beside
        )
        if self.meta.ordered is not None and self.mg.data + self.meta.beside < self.meta.ordered.micrograms:
            self.sure_dose.label.text = "Yes: this is the dose, or the rest comes from another vial"
        if slip is None or (not slip.stops and self.sure_dose.data):
            return
        self.asks_dose = not slip.stops
        yield self.mg, slip.text if slip.stops else f"{slip.text} Check the number, or tick that it is right."


class DrawForm(DrawnForm):
    """A draw from a vial that has been read: `meta.label`."""

    label = WholeNumberField("Label", low=1, high=999_999_999, ask="Open this form again from the session.")

    def against(self) -> Iterator[tuple[Any, str]]:
        """Compare what was drawn with the vial."""
        yield from self.drawn_doubts(self.meta.label.micrograms_per_ml, self.meta.label.total_micrograms)


class MoreForm(LabelForm, DrawnForm):
    """Another vial for the same dose: its label, and what was drawn from it, in one."""

    draw = WholeNumberField("Draw", low=1, high=999_999_999, ask="Open this form again from the session.")

    def against(self) -> Iterator[tuple[Any, str]]:
        """Compare the label's numbers with each other, then what was drawn with the vial."""
        yield from super().against()
        yield from self.drawn_doubts(self.strength.data, self.total.data)


class CountForm(ActForm):
    """What the second person counts in the syringe and reads from the vial; nothing on it shows the first numbers."""

    draw = WholeNumberField("Draw", low=1, high=999_999_999, ask="Open this form again from the session.")
    strength = AmountField(
        "Strength on the vial", unit="mg", example="50", ask="Enter the strength in mg in each mL, as the label says."
    )
    ml = AmountField(
        "Volume in the syringe", unit="mL", example="0.8", ask="Enter what the syringe shows in mL, like 0.8."
    )
