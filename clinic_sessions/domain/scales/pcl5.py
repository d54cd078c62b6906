"""PCL-5: twenty items of 0 to 4 about the past month, in four clusters. It has no severity bands."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.scales.results import Flag, Items, Scored, answered, unanswered

ITEMS = range(1, 21)
ANSWERS = range(5)
CLUSTERS: Mapping[str, range] = MappingProxyType(
    {"B": range(1, 6), "C": range(6, 8), "D": range(8, 15), "E": range(15, 21)}
)
NEEDED: Mapping[str, int] = MappingProxyType({"B": 1, "C": 1, "D": 2, "E": 2})
PRESENT_FROM = 2


@dataclass(frozen=True, kw_only=True)
class Pcl5(Scored):
    """A scored PCL-5; a cluster with an unanswered item is None, and so is the rule while it depends on one."""

    clusters: Mapping[str, int | None]
    provisional: bool | None


def score(scale: Scale, items: Items) -> Pcl5:
    """Score PCL-5 answers: 1 to 20 as 0 to 4, summed to 0 to 80 and by cluster; raises ItemImpossible.

    The provisional rule asks for 1 B, 1 C, 2 D and 2 E items at 2 and more; the cut is published as 31 to 33; there
    are no bands (Weathers and others 2013, National Center for PTSD; read at comorbidityguidelines.org.au [S]).
    """
    answers = answered(items, ITEMS, ANSWERS)
    missing = unanswered(answers, ITEMS)
    total = None if missing else sum(answers.values())
    provisional = None if missing else _provisional(answers)
    flags = [flag for flag, start in ((Flag.CUT, scale.cuts.cut), (Flag.CUT_UPPER, scale.cuts.cut_upper))
             if total is not None and start is not None and total >= start.whole]  # fmt: skip
    return Pcl5(
        total=total,
        flags=tuple([*flags, Flag.PROVISIONAL] if provisional else flags),
        missing=missing,
        clusters={name: _sum(answers, cluster) for name, cluster in CLUSTERS.items()},
        provisional=provisional,
    )


def _sum(answers: Mapping[int, int], cluster: range) -> int | None:
    return sum(answers[item] for item in cluster) if all(item in answers for item in cluster) else None


def _provisional(answers: Mapping[int, int]) -> bool:
    return all(
        sum(answers[item] >= PRESENT_FROM for item in cluster) >= NEEDED[name] for name, cluster in CLUSTERS.items()
    )
