"""The closed choices of screening: who answers, how far it is, what an item means."""

from enum import StrEnum


class ScreeningStatus(StrEnum):
    """`draft` while it is typed; `submitted` by the patient, still no record; `filed` by a clinician; or taken back."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    FILED = "filed"
    TAKEN_BACK = "taken_back"


class ScreeningSource(StrEnum):
    STAFF = "staff"
    PATIENT = "patient"


class ItemAnswer(StrEnum):
    YES = "yes"
    NO = "no"
    NOT_SURE = "not_sure"


class ItemKind(StrEnum):
    """What a yes means: a labelled contraindication is never cleared, another hard stop needs a typed reason."""

    CONTRAINDICATION = "contraindication"
    HARD_STOP = "hard_stop"
    CAUTION = "caution"


class AskedOf(StrEnum):
    """Whom a question is for."""

    EVERYONE = "everyone"
    CAN_BE_PREGNANT = "can_be_pregnant"


class MedicineClass(StrEnum):
    """The kinds of medicines that call for a warning."""

    BENZODIAZEPINE = "benzodiazepine"
    LAMOTRIGINE = "lamotrigine"
    MAOI = "maoi"
    STIMULANT = "stimulant"
    OPIOID = "opioid"
    OTHER_DEPRESSANT = "other_depressant"
    CYP_INDUCER = "cyp_inducer"
    CYP_INHIBITOR = "cyp_inhibitor"


class TreatmentResponse(StrEnum):
    """How an earlier treatment went."""

    HELPED = "helped"
    HELPED_SOME = "helped_some"
    DID_NOT_HELP = "did_not_help"
    NOT_TOLERATED = "not_tolerated"
    NOT_KNOWN = "not_known"
