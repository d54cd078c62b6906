"""Yes-and-no screens: the logic of the suicide-risk screen without its licensed words, and a check for mania."""

from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.scales.results import Band, Flag, ItemImpossible, Items, Scored, answered, unanswered

NO, YES = 0, 1
YES_NO = range(2)
RISK_ITEMS = range(1, 8)
RECENT_ITEM = 7
"""Asked after a yes to question 6: whether it was in the past three months."""

_ASKED_AFTER = {3: 2, 4: 2, 5: 2, RECENT_ITEM: 6}
MANIA_ITEMS = range(1, 4)


def score_risk(_: Scale, items: Items) -> Scored:
    """Give the level of a risk screen: 1 to 7 as 0 (no) or 1 (yes); there is no total; raises ItemImpossible.

    Questions 1 and 2 always, 3 to 5 after a yes to 2, 6 always, 7 (within three months) after a yes to 6. A yes to 1
    or 2 is low; to 3, or to 6 long ago, moderate; to 4, 5 or 7 high (blueprint-health, cssrs.columbia.edu [S]). A yes
    to a question that was not to be asked is impossible. What is certain is flagged however much is unanswered.
    """
    answers = answered(items, RISK_ITEMS, YES_NO)
    for item, before in _ASKED_AFTER.items():
        if answers.get(item) == YES and answers.get(before) == NO:
            raise ItemImpossible(f"Question {item} follows a yes to question {before}")
    asked = [item for item in RISK_ITEMS if answers.get(_ASKED_AFTER.get(item, item)) != NO or item not in _ASKED_AFTER]
    missing = unanswered(answers, asked)
    level = _level({item for item, answer in answers.items() if answer == YES})
    flag = {Band.MODERATE: Flag.RISK_MODERATE, Band.HIGH: Flag.RISK_HIGH}.get(level)
    known = level is Band.HIGH or not missing
    return Scored(band=level if known else None, flags=(flag,) if flag else (), missing=missing)


def _level(yes: set[int]) -> Band:
    if yes & {4, 5, RECENT_ITEM}:
        return Band.HIGH
    if yes & {3, 6}:
        return Band.MODERATE
    return Band.LOW if yes else Band.NONE


def score_mania(_: Scale, items: Items) -> Scored:
    """Give whether a mania check calls for a look: 1 to 3 as 0 (no) or 1 (yes), any yes; raises ItemImpossible.

    Questions of our own, without a total: a proposal [P].
    """
    answers = answered(items, MANIA_ITEMS, YES_NO)
    flags = (Flag.MANIA,) if YES in answers.values() else ()
    return Scored(flags=flags, missing=unanswered(answers, MANIA_ITEMS))
