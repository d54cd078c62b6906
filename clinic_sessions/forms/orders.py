"""What may be typed about an order: the dose, how long it holds, what may be given besides, and who ordered it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

from wtforms import BooleanField, FieldList, Form, FormField, HiddenField, SelectField

from clinic_sessions.domain import words
from clinic_sessions.domain.drug.doses import LARGEST_MICROGRAMS
from clinic_sessions.domain.papers.orders import DoseBasis, Ordered, OrderReason
from clinic_sessions.forms.acts import MgField
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import DayField, LineField, WholeNumberField
from clinic_sessions.forms.keys import KeyedForm

AS_NEEDED_ROWS = 4
FIELD_OF: Mapping[StrEnum, str] = {
    OrderReason.DOSE_ABOVE_CAP: "mg",
    OrderReason.LIKELY_SLIP: "mg",
    OrderReason.ABOVE_USUAL: "mg",
    OrderReason.DEVICES_OUTSIDE: "devices",
    OrderReason.CAP_ABOVE_PROTOCOL: "cap",
    OrderReason.ROUNDING_TOO_COARSE: "round_down",
    OrderReason.DURATION_SLIP: "minutes",
    OrderReason.OTHER_DURATION: "minutes",
    OrderReason.BEGINS_IN_THE_PAST: "valid_from",
    OrderReason.ENDS_BEFORE_IT_BEGINS: "valid_until",
    OrderReason.LONGER_THAN_USUAL: "valid_until",
    OrderReason.LIMIT_WITHOUT_END: "limit_until",
    OrderReason.END_WITHOUT_LIMIT: "limit_until",
    OrderReason.LIMIT_UPSIDE_DOWN: "systolic",
    OrderReason.REASON_NEEDED: "words",
}
"""The field that a reason is about; `mg` stands for the one in which the dose was typed."""
_RATE = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,3})?", re.ASCII)


class RateField(MgField):
    """A dose in mg/kg; its value is whole micrograms per kg."""

    def read(self, typed: str) -> int:
        """Read it exactly; zero and anything but plain digits with one point or comma are refused."""
        if not _RATE.fullmatch(typed.strip()):
            raise ValueError("Enter the dose in mg/kg as a number, like 0.5 or 0.75.")
        micrograms = int(Decimal(typed.strip().replace(",", ".")) * 1000)
        if not 0 < micrograms <= LARGEST_MICROGRAMS:
            raise ValueError("The dose must be above 0 mg/kg.")
        return micrograms


class AsNeededForm(Form):
    """A drug that may be given when its reason arises."""

    drug = LineField("Drug", longest=200)
    dose = LineField("Dose", longest=200)
    limit = LineField("At most", longest=200)
    reason = LineField("When", longest=300)

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed here."""
        return not any(field.data or field.errors for field in self)

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields; a row in which something is typed says all four."""
        good = super().validate(extra_validators)
        if self.is_blank or not good:
            return good
        for field in self:
            if not field.data:
                field.errors = [f"Fill in: {field.label.text.lower()}."]
        return not self.errors


class OrderForm(KeyedForm):
    """An order under a protocol; needs `offer`, which says how the dose may be ordered and whether it is spoken."""

    protocol = HiddenField()
    plan = HiddenField()
    per_kg = RateField("Dose by weight")
    mg = MgField("Dose, the same whatever the weight")
    devices = WholeNumberField("Devices", low=1, high=20)
    cap = MgField("At most, whatever the weight")
    round_down = MgField("Rounded down to a step of")
    minutes = WholeNumberField("Given over", low=1, high=600)
    premedication = LineField("Premedication")
    as_needed = FieldList(FormField(AsNeededForm), min_entries=AS_NEEDED_ROWS, max_entries=AS_NEEDED_ROWS)
    systolic = WholeNumberField("Upper (systolic)", low=60, high=260)
    diastolic = WholeNumberField("Lower (diastolic)", low=30, high=180)
    limit_until = DayField("Limit holds until")
    valid_from = DayField("First day", ask="Enter the first day.")
    valid_until = DayField("Last day", ask="Enter the last day.")
    words = LineField("Reason")
    provider = SelectField("Provider who gave the order", choices=[], coerce=str, validate_choice=False)
    read_back = BooleanField("I read the order back, and the provider confirmed it")

    bases: Sequence[DoseBasis] = ()
    offered: frozenset[int] = frozenset()
    spoken = False
    changes = False

    def offer(
        self, bases: Sequence[DoseBasis], *, providers: Sequence[tuple[int, str]], spoken: bool, changes: bool
    ) -> None:
        """Set how the dose may be said, who may have given a spoken order, and whether it changes another."""
        self.bases, self.spoken, self.changes = tuple(bases), spoken, changes
        self.provider.choices = options([("", "Choose"), *((str(user_id), name) for user_id, name in providers)])
        self.offered = frozenset(user_id for user_id, _ in providers)

    @property
    def provider_id(self) -> int | None:
        """The provider who was chosen, among those who are offered."""
        chosen = number(self.provider.data)
        return chosen if chosen in self.offered else None

    @property
    def plan_id(self) -> int | None:
        """The plan for which it is ordered; None for a treatment without one."""
        return number(self.plan.data)

    @property
    def protocol_version_id(self) -> int | None:
        """The protocol version under which it is ordered."""
        return number(self.protocol.data)

    def ordered(self, device_cap: int) -> Ordered:
        """Give the dose that was typed, for a form that is valid; `device_cap`: the most that devices come to."""
        if DoseBasis.DEVICES in self.bases:
            return Ordered(basis=DoseBasis.DEVICES, amount=self.devices.data, cap=device_cap)
        by_weight = self.per_kg.data is not None
        return Ordered(
            basis=DoseBasis.PER_KG if by_weight else DoseBasis.FIXED,
            amount=self.per_kg.data if by_weight else self.mg.data,
            cap=self.cap.data,
            round_down=self.round_down.data if by_weight else None,
            minutes=self.minutes.data,
        )

    def tell(self, reasons: Sequence[StrEnum]) -> list[StrEnum]:
        """Put what is refused beside the field that it is about; give the reasons that are about none."""
        said: dict[str, list[str]] = {}
        for reason in reasons:
            if reason in FIELD_OF:
                said.setdefault(self._shown(FIELD_OF[reason]), []).append(words.say(reason))
        for name, texts in said.items():
            self[name].errors = [" ".join(texts)]
        return [reason for reason in reasons if reason not in FIELD_OF]

    def _shown(self, name: str) -> str:
        """Name the field in which the dose was typed; any other stays."""
        if name != "mg":
            return name
        return "devices" if DoseBasis.DEVICES in self.bases else "mg" if self.per_kg.data is None else "per_kg"

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields, then what they must say together."""
        good = super().validate(extra_validators)
        for field, text in self._missing():
            if not field.errors:
                field.errors = [text]
                good = False
        return good

    def _missing(self) -> Iterator[tuple[Any, str]]:
        yield from self._dose_missing()
        if self.spoken and self.provider_id is None:
            yield self.provider, "Choose the provider who gave the order."
        if self.spoken and not self.read_back.data:
            yield self.read_back, "Read the order back to the provider, then tick this."
        if self.changes and not self.words.data:
            yield self.words, "Say why the order is changed."

    def _dose_missing(self) -> Iterator[tuple[Any, str]]:
        if DoseBasis.DEVICES in self.bases:
            if self.devices.data is None:
                yield self.devices, "Enter how many devices."
            return
        if self.cap.data is None:
            yield self.cap, "Enter the most for one session in mg."
        if self.per_kg.data is not None and self.mg.data is not None:
            yield self.mg, "Order by weight or the same whatever the weight, not both. Leave one blank."
        elif self.per_kg.data is None and self.mg.data is None and not (self.per_kg.errors or self.mg.errors):
            yield (self.per_kg if DoseBasis.PER_KG in self.bases else self.mg), "Enter the dose."


class EndForm(KeyedForm):
    """The end of an order."""

    words = LineField("Why it ends", ask="Say why the order ends.")
