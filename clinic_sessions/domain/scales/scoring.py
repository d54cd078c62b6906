"""The scoring of each scale by its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from types import MappingProxyType

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.scales import gad7, pain, pcl5, phq9, screens, totals, watching
from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.scales.results import ItemImpossible, Items, Scored, Total

BY_ITEMS: Mapping[ScaleKey, Callable[[Scale, Items], Scored]] = MappingProxyType(
    {
        ScaleKey.PHQ_9: phq9.score,
        ScaleKey.GAD_7: gad7.score,
        ScaleKey.PCL_5: pcl5.score,
        ScaleKey.PEG: pain.score_peg,
        ScaleKey.NRS_PAIN: pain.score_nrs,
        ScaleKey.RISK_SCREEN: screens.score_risk,
        ScaleKey.MANIA_CHECK: screens.score_mania,
        ScaleKey.MOAA_S: watching.score_moaa_s,
        ScaleKey.ALDRETE: watching.score_aldrete,
    }
)
BY_TOTAL: Mapping[ScaleKey, Callable[[Scale, int], Scored]] = MappingProxyType(
    {
        ScaleKey.MADRS: totals.score_madrs,
        ScaleKey.QIDS_SR16: totals.score_qids_sr16,
        ScaleKey.CADSS: totals.score_cadss,
    }
)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What was answered: items, or the total of a scale of which only that is entered."""

    items: Items = field(default_factory=dict)
    total: int | None = None


def score(scale: Scale, answers: Answers) -> Scored:
    """Score a scale as published; raises ItemImpossible for answers that it does not have.

    A scale of items takes no total, one of a total takes no items and needs it.
    """
    if scale.key in BY_TOTAL:
        if answers.items or answers.total is None:
            raise ItemImpossible(f"{scale.name} takes its total and no items")
        return BY_TOTAL[scale.key](scale, answers.total)
    if answers.total is not None:
        raise ItemImpossible(f"{scale.name} takes its items and no total")
    return BY_ITEMS[scale.key](scale, answers.items)


def exact(scale: Scale, items: Items, total_thousandths: int | None) -> Total | None:
    """Give the unrounded total of a result as it is kept: from its items, else from the thousandths."""
    if total_thousandths is None:
        return None
    return score(scale, Answers(items=items)).total if items else Fraction(total_thousandths, 1000)


def may_ask(scale: Scale, last_on: date | None, today: date) -> bool:
    """Whether a scale may be asked: never before, or no sooner after the last time than its data file says."""
    first = first_day(scale, last_on)
    return first is None or today >= first


def first_day(scale: Scale, last_on: date | None) -> date | None:
    """Give the first day on which a scale may be asked again; None: at any time."""
    if last_on is None or scale.ask_again is None:
        return None
    return last_on + timedelta(days=scale.ask_again.whole)
