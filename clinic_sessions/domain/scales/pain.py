"""Pain: PEG, the mean of three items of 0 to 10 about the past week, and one number of 0 to 10 for now."""

from fractions import Fraction

from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.scales.results import Items, Scored, answered, unanswered

PEG_ITEMS = range(1, 4)
ANSWERS = range(11)


def score_peg(_: Scale, items: Items) -> Scored:
    """Score PEG answers: 1 to 3 as 0 to 10; their mean, 0 to 10, exact and never rounded; raises ItemImpossible.

    Without bands (Krebs and others 2009 [S]).
    """
    answers = answered(items, PEG_ITEMS, ANSWERS)
    missing = unanswered(answers, PEG_ITEMS)
    return Scored(missing=missing) if missing else Scored(total=Fraction(sum(answers.values()), len(PEG_ITEMS)))


def score_nrs(_: Scale, items: Items) -> Scored:
    """Score a pain number: item 1 as 0 (none) to 10; raises ItemImpossible. Without bands."""
    answers = answered(items, range(1, 2), ANSWERS)
    return Scored(total=answers[1]) if answers else Scored(missing=(1,))
