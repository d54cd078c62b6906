"""What a change from baseline means, as published for each scale: response, remission, reliable change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.scales.results import Total
from clinic_sessions.domain.sourced import Sourced


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change from baseline; None where the scale has no published rule, or where a percentage has no base."""

    points: Total
    """Latest less baseline: below 0 is better."""
    percent: Fraction | None
    """How far it fell, of the baseline, unrounded: below 0 is worse; None from a baseline of 0."""
    response: bool | None
    response_from: Fraction | None
    """The fall, in percent, from which it is a response."""
    remission: bool | None
    reliable: bool | None
    reliable_strict: bool | None
    worse: bool | None
    """Whether it rose by what would be a reliable change downwards."""


def baseline_place(moments: Sequence[datetime], first_dose_at: datetime | None) -> int:
    """Give the place of the total that later ones are compared with: the last before the first dose, else the earliest.

    `moments` of the known totals of one scale, in order of time.
    """
    before = [place for place, at in enumerate(moments) if first_dose_at is not None and at <= first_dose_at]
    return before[-1] if before else 0


def change(scale: Scale, baseline: Total, latest: Total, *, clinic_response: Sourced) -> Change | None:
    """Say what changed from `baseline` to `latest`, both exact; None for a scale without a published change.

    Response is a fall of at least so many percent, computed unrounded; `clinic_response` is the clinic's own number,
    used where the scale's data file says so. Remission is a latest total at or below the file's, whatever came before.
    """
    rule = scale.change
    if rule is None:
        return None
    fall = Fraction(baseline) - Fraction(latest)
    percent = 100 * fall / Fraction(baseline) if baseline else None
    needed = clinic_response if rule.clinic_response else rule.response
    return Change(
        points=latest - baseline,
        percent=percent,
        response_from=Fraction(needed.value) if needed else None,
        response=None if needed is None or percent is None else percent >= Fraction(needed.value),
        remission=_at_most(latest, rule.remission),
        reliable=_at_least(fall, rule.reliable),
        reliable_strict=_at_least(fall, rule.reliable_strict),
        worse=_at_least(-fall, rule.reliable),
    )


def _at_least(points: Fraction, needed: Sourced | None) -> bool | None:
    return None if needed is None else points >= Fraction(needed.value)


def _at_most(total: Total, highest: Sourced | None) -> bool | None:
    return None if highest is None else total <= Fraction(highest.value)
