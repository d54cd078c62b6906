"""GAD-7: seven items of 0 to 3 about the last two weeks."""

from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.scales.results import Flag, Items, Scored, answered, unanswered

ITEMS = range(1, 8)
ANSWERS = range(4)


def score(scale: Scale, items: Items) -> Scored:
    """Score GAD-7 answers: 1 to 7 as 0 to 3, summed to 0 to 21; raises ItemImpossible.

    Bands 0-4, 5-9, 10-14, 15-21 and the screen from 10 (Spitzer and others 2006, read at mrcpsych.uk [S]).
    """
    answers = answered(items, ITEMS, ANSWERS)
    missing = unanswered(answers, ITEMS)
    if missing:
        return Scored(missing=missing)
    total = sum(answers.values())
    screen = scale.cuts.screen is not None and total >= scale.cuts.screen.whole
    return Scored(total=total, band=scale.band_of(total), flags=(Flag.SCREEN,) if screen else ())
