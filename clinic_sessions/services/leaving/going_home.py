"""Instructions for the way home: what the protocol says of driving, in the patient's language, to take along."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.protocols.protocols import Driving
from clinic_sessions.domain.session.leaving import no_driving_until
from clinic_sessions.models import TreatmentSession
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.session import facts
from clinic_sessions.translations import text, times

PAGE = "pages.going_home"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The instructions in one language. `driving`: the rule of the protocol, with its source."""

    title: str
    lines: Sequence[str]
    crisis: str
    driving: Driving


def of(treatment: TreatmentSession, language: Language, phone: str, now: datetime) -> Sheet | None:
    """Write the instructions as they are given at `now`, with the clinic's phone; None without a dose.

    Hours without driving count from when the patient was called ready, or from now: later is the safer reading.
    """
    if treatment.protocol_version is None:
        return None
    driving, clinic = protocol_of(treatment.protocol_version).driving, treatment.clinic
    from_at = treatment.left_at or facts.ready_at(treatment) or now
    return Sheet(
        title=text(language, f"{PAGE}.title"),
        lines=[
            *_driving(language, driving, from_at, clinic.zone),
            text(language, f"{PAGE}.ride"),
            text(language, f"{PAGE}.emergency"),
            text(language, f"{PAGE}.questions", phone=phone),
        ],
        crisis=text(language, f"{PAGE}.crisis"),
        driving=driving,
    )


def _driving(language: Language, driving: Driving, from_at: datetime, zone: ZoneInfo) -> list[str]:
    until = no_driving_until(driving, from_at)
    if until is None or driving.hours is None:
        return [text(language, f"{PAGE}.drive_next_day")]
    at = {"time": times.clock_in_words(language, until, zone), "day": times.day(language, until, zone)}
    told = text(language, f"{PAGE}.drive_until", hours=driving.hours.whole, **at)
    return [told, text(language, f"{PAGE}.decide_until")]
