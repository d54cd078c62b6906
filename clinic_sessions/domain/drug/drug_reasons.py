"""Why an entry about the drug in the hand was not taken."""

from enum import StrEnum


class DrugReason(StrEnum):
    """What stood against a label, a draw, a count or a device."""

    OTHER_DRUG = "other_drug"
    OTHER_CONTAINER = "other_container"
    LABEL_REPLACED = "label_replaced"
    DRAW_REPLACED = "draw_replaced"
    COUNTED_BY_THE_SAME = "counted_by_the_same"
    MORE_THAN_VIAL = "more_than_vial"
