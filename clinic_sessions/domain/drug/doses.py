"""Doses in whole micrograms: from weight with a cap, fixed, or in devices; read from text and said in mg."""

import re
from dataclasses import dataclass
from decimal import Decimal

from clinic_sessions.domain.patients.weights import kg_text
from clinic_sessions.domain.protocols.protocol_parts import DeviceDose, FixedDose, WeightDose

Micrograms = int

LARGEST_MICROGRAMS = 1_000_000
"""1000 mg in one session is a slip of a digit, whatever the protocol [P]; the protocol's cap is far below."""

_PLAIN = re.compile(r"[0-9]{1,4}(?:[.,][0-9]{1,3})?", re.ASCII)
_THOUSANDS = re.compile(r"[0-9]{1,3},[0-9]{3}", re.ASCII)


class DoseUnreadable(ValueError):
    """A dose that cannot be read; its text says what to type."""


class DoseImpossible(ValueError):
    """A dose of nothing, or of far too much; its text says which."""


@dataclass(frozen=True, kw_only=True)
class ComputedDose:
    """A dose with the arithmetic that led to it, for a person to check."""

    micrograms: Micrograms
    capped: bool
    arithmetic: str


def weight_dose(rule: WeightDose, grams: int) -> ComputedDose:
    """The dose for a body weight in grams: mg/kg times kg, held to the cap, then rounded down to the step.

    Exact integer arithmetic; rounding down means that neither rate nor cap is ever exceeded. Raises
    DoseImpossible when the weight is not positive or so small that nothing is left.
    """
    exact_millionths = grams * rule.per_kg.thousandths
    cap = rule.cap.thousandths
    capped = exact_millionths > cap * 1000
    step = rule.round_down_to.thousandths
    micrograms = min(exact_millionths // 1000, cap) // step * step
    if grams <= 0 or micrograms <= 0:
        raise DoseImpossible("Check the weight: the dose comes to nothing")
    sum_text = f"{rule.per_kg.value} mg/kg × {kg_text(grams)} = {mg_text(exact_millionths // 1000)}"
    if capped:
        sum_text += f", held to the cap of {mg_text(cap)}"
    if micrograms != (cap if capped else exact_millionths // 1000):
        sum_text += f", rounded down to {mg_text(micrograms)}"
    return ComputedDose(micrograms=micrograms, capped=capped, arithmetic=sum_text)


def fixed_dose(rule: FixedDose) -> ComputedDose:
    """The same dose for everyone; the protocol's own check keeps it at or below its cap."""
    micrograms = min(rule.amount.thousandths, rule.cap.thousandths)
    return ComputedDose(micrograms=micrograms, capped=False, arithmetic=f"{mg_text(micrograms)} for everyone")


def device_dose(rule: DeviceDose, count: int) -> ComputedDose:
    """The dose of so many devices; raises DoseImpossible outside the counts that the protocol allows."""
    fewest, most = rule.fewest.whole, rule.most.whole
    if not fewest <= count <= most:
        raise DoseImpossible(f"Choose {fewest} to {most} devices")
    micrograms = rule.per_device.thousandths * count
    text = f"{count} × {mg_text(rule.per_device.thousandths)} = {mg_text(micrograms)}"
    return ComputedDose(micrograms=micrograms, capped=False, arithmetic=text)


def cap_of(rule: WeightDose | FixedDose | DeviceDose) -> Micrograms:
    """The most that a protocol allows in one session."""
    if isinstance(rule, DeviceDose):
        return rule.per_device.thousandths * rule.most.whole
    return rule.cap.thousandths


def parse_mg(text: str) -> Micrograms:
    """Read milligrams as typed, as whole micrograms; raises DoseUnreadable or DoseImpossible.

    A decimal comma is taken, but never where it could also be a comma between thousands ("1,500").

    >>> parse_mg("40.25"), parse_mg("1,5")
    (40250, 1500)
    """
    typed = text.strip()
    if _THOUSANDS.fullmatch(typed):
        raise DoseUnreadable("Write the decimals with a point, like 1.5, so that nobody reads thousands")
    if not _PLAIN.fullmatch(typed):
        raise DoseUnreadable("Enter the dose in mg as a number, like 40 or 40.25")
    micrograms = int(Decimal(typed.replace(",", ".")) * 1000)
    if micrograms == 0:
        raise DoseImpossible("The dose must be above 0 mg")
    if micrograms > LARGEST_MICROGRAMS:
        raise DoseImpossible(f"{mg_text(micrograms)} is too much for one session. Check the number.")
    return micrograms


def mg_text(micrograms: Micrograms) -> str:
    """Say a dose in mg, exactly, without a trailing zero and never without a leading one.

    >>> mg_text(40_000), mg_text(40_250), mg_text(500)
    ('40 mg', '40.25 mg', '0.5 mg')
    """
    return f"{format((Decimal(micrograms) / 1000).normalize(), 'f')} mg"
