"""Slips of the hand around a drug, each found by its own arithmetic and named: units, decimal points, strengths.

Volumes are whole microlitres, amounts whole micrograms, concentrations whole micrograms a millilitre.
"""

from dataclasses import dataclass
from enum import StrEnum

from clinic_sessions.domain.drug.amounts import ml_text, strength_text
from clinic_sessions.domain.drug.doses import mg_text
from clinic_sessions.domain.drug.drawing import holds, volume_of
from clinic_sessions.domain.papers.orders import is_as_ordered
from clinic_sessions.domain.session.readiness import DoseToGive


class Slip(StrEnum):
    """What went wrong between the label, the order and the hand."""

    MG_AS_ML = "mg_as_ml"
    TENFOLD_VOLUME = "tenfold_volume"
    OTHER_VOLUME = "other_volume"
    TENFOLD_STRENGTH = "tenfold_strength"
    LABEL_DIFFERS = "label_differs"
    TENFOLD_DOSE = "tenfold_dose"
    POUNDS_AS_KG = "pounds_as_kg"
    OTHER_DOSE = "other_dose"
    ABOVE_CAP = "above_cap"
    MORE_THAN_VIAL = "more_than_vial"
    TENFOLD_RATE = "tenfold_rate"


@dataclass(frozen=True, kw_only=True)
class Found:
    """A slip, and what to say about it. `stops`: no tick takes it away; otherwise a person may say that it is right."""

    slip: Slip
    text: str
    stops: bool = True


_POUNDS = (2_100, 2_300)
"""A pound is 2.2046 to the kilogram: a dose from a weight in the wrong unit is off by that, in thousandths."""


def of_label(micrograms_per_ml: int, vial_microlitres: int, total_micrograms: int) -> Found | None:
    """Compare the three numbers of a vial's label: strength times volume is the total, or one of them is misread.

    >>> of_label(10_000, 5_000, 500_000).slip
    <Slip.TENFOLD_STRENGTH: 'tenfold_strength'>
    """
    comes_to = micrograms_per_ml * vial_microlitres
    wanted = total_micrograms * 1000
    if _same(comes_to, wanted):
        return None
    said = (
        f"{strength_text(micrograms_per_ml)} in {ml_text(vial_microlitres)} comes to {mg_text(comes_to // 1000)}, "
        f"but the total is {mg_text(total_micrograms)}."
    )
    if _same(comes_to * 10, wanted) or _same(comes_to, wanted * 10):
        return Found(slip=Slip.TENFOLD_STRENGTH, text=f"{said} One of them is off by ten: read all three again.")
    return Found(slip=Slip.LABEL_DIFFERS, text=f"{said} Read all three again.")


def _same(one: int, other: int) -> bool:
    """Equal but for the rounding of a label that prints a tenth of a mg."""
    return abs(one - other) * 100 <= other


def of_volume(micrograms: int, microlitres: int, micrograms_per_ml: int) -> Found | None:
    """Compare a drawn volume with the dose that it is to hold.

    >>> of_volume(40_000, 40_000, 50_000).slip, of_volume(40_000, 8_000, 50_000).slip, of_volume(40_000, 800, 50_000)
    (<Slip.MG_AS_ML: 'mg_as_ml'>, <Slip.TENFOLD_VOLUME: 'tenfold_volume'>, None)
    """
    if holds(micrograms, microlitres, micrograms_per_ml):
        return None
    right = ml_text(volume_of(micrograms, micrograms_per_ml))
    said = f"{mg_text(micrograms)} at {strength_text(micrograms_per_ml)} is {right}, not {ml_text(microlitres)}."
    if microlitres == micrograms:
        return Found(slip=Slip.MG_AS_ML, text=f"{said} This looks like the mg typed as mL.")
    exact = micrograms * 1000
    if any(_near(microlitres * micrograms_per_ml, exact, times) for times in (10, 100)):
        return Found(slip=Slip.TENFOLD_VOLUME, text=f"{said} Check the decimal point, and the strength on the label.")
    return Found(slip=Slip.OTHER_VOLUME, text=f"{said} Look at the syringe and at the label again.")


def _near(one: int, other: int, times: int) -> bool:
    """Whether one is about so many times the other, whichever way, within a twentieth."""
    return any(abs(big * 20 - small * times * 20) <= small * times for big, small in ((one, other), (other, one)))


def of_dose(
    micrograms: int, *, cap: int, total: int | None, ordered: DoseToGive | None, beside: int = 0
) -> Found | None:
    """Compare a dose to be drawn with what the vial holds, with the protocol's limit, and with the order.

    `beside`: what is in the hand from other vials. Above the vial or the limit nothing is drawn; another dose than
    the ordered one is asked about.
    """
    dose = micrograms + beside
    named = _other_dose(dose, ordered)
    if total is not None and micrograms > total:
        said = f"The vial holds {mg_text(total)}."
        if named is None:
            return Found(slip=Slip.MORE_THAN_VIAL, text=f"{said} Enter what came from it, then add another vial.")
        return Found(slip=named.slip, text=_with(named, said))
    if dose > cap:
        said = f"{mg_text(dose)} is above the protocol's limit of {mg_text(cap)}."
        tenfold = named is not None and named.slip is not Slip.OTHER_DOSE
        return Found(slip=named.slip if named and tenfold else Slip.ABOVE_CAP, text=_with(named, said))
    return named


def _with(named: Found | None, said: str) -> str:
    return f"{said} {named.text}" if named else said


def _other_dose(micrograms: int, ordered: DoseToGive | None) -> Found | None:
    if ordered is None or is_as_ordered(micrograms, ordered.micrograms, ordered.round_down):
        return None
    said = f"The order comes to {mg_text(ordered.micrograms)}, not {mg_text(micrograms)}."
    if any(_near(micrograms, ordered.micrograms, times) for times in (10, 100)):
        return Found(slip=Slip.TENFOLD_DOSE, text=f"{said} This is off by ten: check the decimal point.", stops=False)
    big, small = max(micrograms, ordered.micrograms), min(micrograms, ordered.micrograms)
    if _POUNDS[0] * small <= big * 1000 <= _POUNDS[1] * small:
        said += " It is off by 2.2, as a weight in pounds taken for kilograms would be."
        return Found(slip=Slip.POUNDS_AS_KG, text=said, stops=False)
    return Found(slip=Slip.OTHER_DOSE, text=said, stops=False)


def of_rate(new: int, planned: int) -> Found | None:
    """Compare a pump's rate with the planned one, both in one unit: ten times as fast is asked about."""
    if new == 0 or planned == 0 or not any(_near(new, planned, times) for times in (10, 100)):
        return None
    return Found(
        slip=Slip.TENFOLD_RATE, text="This is off by ten from the planned rate: check the decimal point.", stops=False
    )
