"""Scales whose words may not be shipped: only the total of the clinic's own licensed form is entered."""

from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.scales.results import ItemImpossible, Scored


def score_madrs(scale: Scale, total: int) -> Scored:
    """Score a MADRS total of 0 to 60 (ten items of 0 to 6, by a clinician); raises ItemImpossible.

    Bands 0-6, 7-19, 20-34, 35-60 [S].
    """
    return _scored(scale, total)


def score_qids_sr16(scale: Scale, total: int) -> Scored:
    """Score a QIDS-SR16 total of 0 to 27 (nine domains of 0 to 3); raises ItemImpossible.

    Bands 0-5, 6-10, 11-15, 16-20, 21-27 (ids-qids.org [S]).
    """
    return _scored(scale, total)


def score_cadss(scale: Scale, total: int) -> Scored:
    """Score a CADSS total of 0 to 92 (23 items of 0 to 4, by a clinician); raises ItemImpossible. Without bands."""
    return _scored(scale, total)


def _scored(scale: Scale, total: int) -> Scored:
    if type(total) is not int or total not in scale.answers:
        raise ItemImpossible(f"A total of {scale.name} is 0 to {scale.most}, not {total!r}")
    return Scored(total=total, band=scale.band_of(total))
