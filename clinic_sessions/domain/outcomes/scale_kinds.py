"""The rating scales by name, and who filled one in."""

from enum import StrEnum


class ScaleKey(StrEnum):
    PHQ_9 = "phq_9"
    GAD_7 = "gad_7"
    PCL_5 = "pcl_5"
    PEG = "peg"
    NRS_PAIN = "nrs_pain"
    MOOD = "mood"
    MADRS = "madrs"
    QIDS_SR16 = "qids_sr16"
    RISK_SCREEN = "risk_screen"
    MANIA_CHECK = "mania_check"
    CADSS = "cadss"
    MOAA_S = "moaa_s"
    ALDRETE = "aldrete"


class ScaleMode(StrEnum):
    """How the answers came in."""

    LINK = "link"
    PHONE = "phone"
    PAPER = "paper"
    CLINICIAN = "clinician"
