"""What somebody who is to come still lacks, in one word each."""

from enum import StrEnum


class Lack(StrEnum):
    """Something to see to when a patient comes to a treatment."""

    CLEARANCE = "clearance"
    CONSENT = "consent"
    ORDER = "order"
    PROGRAM = "program"
    FORMS = "forms"
    WAY_HOME = "way_home"
