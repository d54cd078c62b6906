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


class ScreeningReason(StrEnum):
    """Why a screening is not saved or filed."""

    UNANSWERED = "unanswered"
    NOT_CONFIRMED = "not_confirmed"
    CHANGED_MEANWHILE = "changed_meanwhile"
    NOT_ALLOWED = "not_allowed"


class ClearanceReason(StrEnum):
    """Why a provider's decision is not taken."""

    NO_SCREENING = "no_screening"
    CONTRAINDICATED = "contraindicated"
    TO_CLARIFY = "to_clarify"
    HARD_STOP_WORDS = "hard_stop_words"
    UNTIL_MISSING = "until_missing"
    UNTIL_PAST = "until_past"
    WORDS_MISSING = "words_missing"
    CHANGED_MEANWHILE = "changed_meanwhile"
    NOT_ALLOWED = "not_allowed"


class DecisionChip(StrEnum):
    """What a decision rests on, in a word."""

    BLOOD_PRESSURE = "blood_pressure"
    HEART = "heart"
    MENTAL_STATE = "mental_state"
    SUBSTANCE_USE = "substance_use"
    PREGNANCY = "pregnancy"
    MEDICINES = "medicines"
    OTHER_ILLNESS = "other_illness"
    RECORDS_AWAITED = "records_awaited"
    TESTS_AWAITED = "tests_awaited"
    OTHER_TREATMENT_FIRST = "other_treatment_first"


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
