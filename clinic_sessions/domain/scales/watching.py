"""What a nurse scores while a patient wakes: MOAA/S and the Aldrete score. Nothing is derived from vitals."""

from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.scales.results import Flag, Items, Scored, answered, unanswered

ALDRETE_ITEMS = range(1, 6)


def score_moaa_s(_: Scale, items: Items) -> Scored:
    """Score MOAA/S: item 1 as 0 (no response) to 5 (alert); raises ItemImpossible. Without bands (Chernik 1990 [M])."""
    answers = answered(items, range(1, 2), range(6))
    return Scored(total=answers[1]) if answers else Scored(missing=(1,))


def score_aldrete(scale: Scale, items: Items) -> Scored:
    """Score Aldrete: 1 to 5 as 0 to 2, summed to 0 to 10; raises ItemImpossible.

    From 9 the score lets a patient leave (Aldrete 1995 [M]); the clinic's other rules of leaving still hold.
    """
    answers = answered(items, ALDRETE_ITEMS, range(3))
    missing = unanswered(answers, ALDRETE_ITEMS)
    if missing:
        return Scored(missing=missing)
    total = sum(answers.values())
    enough = scale.cuts.leave is not None and total >= scale.cuts.leave.whole
    return Scored(total=total, flags=(Flag.MAY_LEAVE,) if enough else ())
