"""What a session's note must hold before it is signed: each is recorded, or said why it was not done."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from clinic_sessions.domain.session.lifecycle import OTHER_ENDINGS, Status
from clinic_sessions.domain.session.session_checks import ASSESSED, CheckItem


class Required(StrEnum):
    """One thing that a note is asked for."""

    PRESSURE_BEFORE = "pressure_before"
    LABEL = "label"
    DOSE_ENDED = "dose_ended"
    DOSE_GIVEN = "dose_given"
    DRUG_LEFT = "drug_left"
    WHY_HELD = "why_held"
    VITALS_AFTER = "vitals_after"
    SEDATION = "sedation"
    DISSOCIATION = "dissociation"
    BREATHING = "breathing"
    ALDRETE = "aldrete"
    SIDE_EFFECTS = "side_effects"
    EFFECTS_OUTCOME = "effects_outcome"
    WAY_HOME = "way_home"
    INSTRUCTIONS = "instructions"
    BELONGINGS = "belongings"
    ENDING_WORDS = "ending_words"


_OF_ITEM: Mapping[CheckItem, Required] = {
    CheckItem.SEDATION: Required.SEDATION,
    CheckItem.DISSOCIATION: Required.DISSOCIATION,
    CheckItem.BREATHING: Required.BREATHING,
    CheckItem.WAY_HOME: Required.WAY_HOME,
    CheckItem.INSTRUCTIONS: Required.INSTRUCTIONS,
    CheckItem.BELONGINGS: Required.BELONGINGS,
}
_AT_THE_DOOR = (CheckItem.WAY_HOME, CheckItem.INSTRUCTIONS, CheckItem.BELONGINGS)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the record of a session holds when its note is to be signed.

    `answered`: the questions before leaving that were answered since the dose began. `aldrete`: the protocol asks for
    the score and there is none since the end of the dose. `drug_left`: something that was drawn is neither given nor
    wasted. `unexplained`: the dose was paused or stopped and nobody said why. `open_effects`: side effects that are
    neither over nor have an outcome. `ending_told`: there are words on how the visit ended.
    """

    status: Status
    dose_begun: bool
    pressure_before: bool = False
    label: bool = False
    dose_ended: bool = False
    amount_known: bool = False
    drug_left: bool = False
    unexplained: bool = False
    vitals_after: bool = False
    answered: Collection[CheckItem] = field(default_factory=frozenset)
    aldrete: bool = False
    effects_told: bool = False
    """One was recorded, or somebody asked and there was none."""
    open_effects: bool = False
    ending_told: bool = False


def missing(known: Known) -> list[Required]:
    """List what the note still lacks, in the order in which it is read.

    Without a dose only words are asked for, and only after an ending that was not planned. At the door nothing is
    asked of somebody who was taken to hospital or went on their own.
    """
    found = _of_dose(known) if known.dose_begun else []
    if known.status in OTHER_ENDINGS and not known.ending_told:
        found.append(Required.ENDING_WORDS)
    return found


def _of_dose(known: Known) -> list[Required]:
    lacks = {
        Required.PRESSURE_BEFORE: not known.pressure_before,
        Required.LABEL: not known.label,
        Required.DOSE_ENDED: not known.dose_ended,
        Required.DOSE_GIVEN: not known.amount_known,
        Required.DRUG_LEFT: known.drug_left,
        Required.WHY_HELD: known.unexplained,
        Required.VITALS_AFTER: not known.vitals_after,
        Required.ALDRETE: known.aldrete,
        Required.SIDE_EFFECTS: not known.effects_told,
        Required.EFFECTS_OUTCOME: known.open_effects,
    }
    asked = (*ASSESSED, *_AT_THE_DOOR) if known.status is Status.LEFT else ()
    lacks |= {_OF_ITEM[item]: item not in known.answered for item in asked}
    return [one for one in Required if lacks.get(one)]
