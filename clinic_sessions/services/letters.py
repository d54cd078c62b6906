"""What a message has to say, read from the tables at the moment of saying it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from clinic_sessions.domain import protocols
from clinic_sessions.domain.messages import CHECK_INS, Language, MessageKind
from clinic_sessions.domain.protocols import PhaseKind
from clinic_sessions.models import LinkPurpose, Message, TreatmentSession
from clinic_sessions.services.catalogue import protocol_of

WISHES_OPEN = timedelta(days=365)
VISIT_OPEN = timedelta(days=7)
"""How long after the visit its link still shows it."""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A visit as its patient knows it; instants are aware UTC."""

    uid: str
    sequence: int
    starts_at: datetime
    leaves_at: datetime
    food_until: datetime | None
    liquid_until: datetime | None
    preparation: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Letter:
    """Everything that one message says, free of the database; `tokens` are the secret ends of its links."""

    message_id: str
    kind: MessageKind
    language: Language
    to: str
    first_name: str
    clinic_name: str
    clinic_address: str
    clinic_phone: str
    zone: ZoneInfo
    visit: Visit | None
    now: datetime
    tokens: Mapping[LinkPurpose, str]


def letter_of(message: Message, now: datetime, tokens: Mapping[LinkPurpose, str]) -> Letter:
    """Read what a message would say now."""
    patient, clinic = message.patient, message.clinic
    return Letter(
        message_id=message.message_id,
        kind=message.kind,
        language=patient.language,
        to=patient.email or "",
        first_name=patient.preferred_name or patient.name.split()[0],
        clinic_name=clinic.name_in_messages,
        clinic_address=clinic.address,
        clinic_phone=clinic.phone,
        zone=clinic.zone,
        visit=visit_of(message.treatment, patient.language) if message.treatment else None,
        now=now,
        tokens=tokens,
    )


def wanted_links(message: Message, now: datetime) -> dict[LinkPurpose, tuple[int, datetime]]:
    """Say which links a message carries: the thing that each opens, and until when."""
    found = {LinkPurpose.CONTACT_WISHES: (message.patient_id, now + WISHES_OPEN)}
    if message.kind in CHECK_INS and message.check_in is not None:
        found[LinkPurpose.CHECK_IN] = (message.check_in.id, message.check_in.expires_at)
    elif message.kind in WITH_VISIT_LINK and message.treatment is not None:
        found[LinkPurpose.APPOINTMENT] = (message.treatment.id, message.treatment.ends_at + VISIT_OPEN)
    return found


WITH_VISIT_LINK = frozenset(
    {
        MessageKind.CONFIRMATION,
        MessageKind.MOVED,
        MessageKind.REMINDER_7D,
        MessageKind.REMINDER_48H,
        MessageKind.REMINDER_EVENING,
    }
)


def visit_of(treatment: TreatmentSession, language: Language) -> Visit:
    """Read what a patient is to know about a visit, as it stands now."""
    protocol = protocol_of(treatment.protocol_version) if treatment.protocol_version else None
    fasting = protocols.fasting(protocol, treatment.starts_at) if protocol else None
    turnaround = protocols.phase_minutes(protocol, PhaseKind.TURNAROUND) if protocol else 0
    return Visit(
        uid=treatment.uid,
        sequence=treatment.schedule_version,
        starts_at=treatment.starts_at,
        leaves_at=treatment.ends_at - timedelta(minutes=turnaround),
        food_until=fasting.food_until if fasting else None,
        liquid_until=fasting.liquid_until if fasting else None,
        preparation=protocols.preparation(protocol, language.value) if protocol else (),
    )
