"""How staff read scales: their names, bands, flags, totals and changes. None of it is ever shown to a patient."""

import math
from collections.abc import Iterable
from enum import StrEnum
from fractions import Fraction

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey, ScaleMode
from clinic_sessions.domain.scales.changes import Change
from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.scales.results import Band, Flag, Total

PAIRS: tuple[tuple[StrEnum, str], ...] = (
    (ScaleKey.PHQ_9, "PHQ-9"),
    (ScaleKey.GAD_7, "GAD-7"),
    (ScaleKey.PCL_5, "PCL-5"),
    (ScaleKey.PEG, "PEG"),
    (ScaleKey.NRS_PAIN, "Pain 0 to 10"),
    (ScaleKey.MADRS, "MADRS"),
    (ScaleKey.QIDS_SR16, "QIDS-SR16"),
    (ScaleKey.RISK_SCREEN, "Suicide-risk screen"),
    (ScaleKey.MANIA_CHECK, "Mania check"),
    (ScaleKey.CADSS, "CADSS"),
    (ScaleKey.MOAA_S, "MOAA/S"),
    (ScaleMode.LINK, "Patient, by link"),
    (ScaleMode.PHONE, "By phone"),
    (ScaleMode.PAPER, "On paper"),
    (ScaleMode.CLINICIAN, "By a clinician"),
    (Flag.SELF_HARM, "Item 9 above 0"),
    (Flag.RISK_MODERATE, "Risk at least moderate"),
    (Flag.RISK_HIGH, "Risk high"),
    (Flag.IMPAIRED, "Function impaired"),
    (Flag.ALGORITHM_MAJOR, "Algorithm: major depressive syndrome"),
    (Flag.ALGORITHM_OTHER, "Algorithm: other depressive syndrome"),
    (Flag.SCREEN, "Screen positive"),
    (Flag.CUT, "At or above the lower cut"),
    (Flag.CUT_UPPER, "At or above the upper cut"),
    (Flag.PROVISIONAL, "Provisional rule met"),
    (Flag.MANIA, "Look for mania"),
    (Flag.MAY_LEAVE, "Enough to leave"),
)
"""A part of domain/words.py."""


def number_words(total: Total) -> str:
    """Write a total: a whole number, or a mean to one decimal.

    >>> from fractions import Fraction
    >>> number_words(16), number_words(Fraction(17, 3)), number_words(Fraction(6, 1))
    ('16', '5.7', '6')
    """
    return str(int(total)) if total == int(total) else f"{float(total):.1f}"


def result_words(scale: Scale, total: Total | None, band: str | None, flags: Iterable[str]) -> str:
    """Write a result: total and band, or the level of a screen, or that it is not known."""
    if not scale.highest:
        return _screen_words(scale, band, flags)
    if total is None:
        return "No total"
    return ", ".join([f"{number_words(total)} of {scale.highest}", *([_band_words(band)] if band else [])])


def _band_words(band: str) -> str:
    return "normal range" if band == Band.NONE else band.replace("_", " ")


def _screen_words(scale: Scale, band: str | None, flags: Iterable[str]) -> str:
    if scale.key is ScaleKey.MANIA_CHECK:
        return "At least one yes" if Flag.MANIA in flags else "No yes"
    return f"Level: {band}" if band else "Level not known"


def change_words(scale: Scale, found: Change | None) -> str:
    """Write a change from baseline: points, percent as `percent_words` writes it, and what it counts as."""
    if found is None:
        return ""
    if not found.points:
        moved = "No change"
    else:
        size = number_words(abs(Fraction(found.points)))
        moved = f"{size} {'point' if size == '1' else 'points'} {'better' if found.points < 0 else 'worse'}"
        if found.percent is not None:
            moved += f" ({percent_words(found.percent, found.response_from)})"
    return ", ".join([moved, *_counted(scale, found)])


def percent_words(fall: Fraction, edge: Fraction | None = None) -> str:
    """Write the size of a fall or rise in whole percent, rounded, a half away from 0.

    `edge`: the fall, in percent, from which it counts. Where the rounded number would stand on the other side of it,
    one decimal is written, cut and not rounded: 49.6% never reads as 50%.

    >>> percent_words(Fraction(200, 3)), percent_words(Fraction(248, 5), Fraction(50)), percent_words(Fraction(-25, 2))
    ('67%', '49.6%', '13%')
    """
    size = abs(fall)
    whole = math.floor(size + Fraction(1, 2))
    if edge is not None and fall > 0 and (whole >= edge) != (size >= edge):
        tenths = math.floor(size * 10)
        return f"{tenths // 10}.{tenths % 10}%"
    return f"{whole}%"


def _counted(scale: Scale, found: Change) -> list[str]:
    endpoint = "at the published endpoint" if scale.key is ScaleKey.PCL_5 else "remission"
    strict = found.reliable_strict
    said = (
        (found.response, "response"),
        (found.reliable and not strict and not found.response, "reliable change"),
        (strict, "reliable change, stricter rule too"),
        (found.worse, "clearly worse"),
        (found.remission and found.points < 0, endpoint),
    )
    return [words for holds, words in said if holds]
