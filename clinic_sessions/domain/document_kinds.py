"""The versioned texts and numbers beside the protocols."""

from enum import StrEnum


class DocumentKind(StrEnum):
    THRESHOLDS = "thresholds"
    SCREENING = "screening"
    CONSENT = "consent"
