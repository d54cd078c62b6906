"""What a message has to say, read from the tables at the moment of saying it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from clinic_sessions.domain.messages.messages import CHECK_INS, Language, MessageKind
from clinic_sessions.domain.protocols import protocols
from clinic_sessions.domain.protocols.protocols import PhaseKind
from clinic_sessions.domain.scheduling import calendar_entry
from clinic_sessions.domain.scheduling.calendar_entry import Standing
from clinic_sessions.domain.scheduling.visits import FAR_AWAY
from clinic_sessions.models import LinkPurpose, Message, TreatmentSession
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.messages.series_told import told_by

WISHES_OPEN = timedelta(days=365)
VISIT_OPEN = timedelta(days=7)
"""How long after the visit its link still shows it."""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A visit as its patient knows it; instants are aware UTC."""

    uid: str
    sequence: int
    standing: Standing
    changed_at: datetime
    """When what a calendar says of it last changed."""
    starts_at: datetime
    leaves_at: datetime
    clinic_name: str
    clinic_address: str
    zone: ZoneInfo
    food_until: datetime | None
    liquid_until: datetime | None
    preparation: tuple[str, ...]
    far_away: bool = False
    """The patient is called, and does not come to the clinic."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """Everything that one message says, free of the database; `tokens` are the secret ends of its links.

    `visits` are those of a series that it lists; `together`: it tells of them alike, not of `visit` before the others.
    """

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
    visits: tuple[Visit, ...] = ()
    together: bool = False


def letter_of(message: Message, now: datetime, tokens: Mapping[LinkPurpose, str]) -> Letter:
    """Read what a message would say now."""
    patient, clinic, language = message.patient, message.clinic, message.patient.language
    told = told_by(message, now)
    return Letter(
        message_id=message.message_id,
        kind=message.kind,
        language=language,
        to=patient.email or "",
        first_name=patient.preferred_name or patient.name.split()[0],
        clinic_name=clinic.name_in_messages,
        clinic_address=clinic.address,
        clinic_phone=clinic.phone,
        zone=clinic.zone,
        visit=visit_of(told.visit, language) if told.visit else None,
        now=now,
        tokens=tokens,
        visits=tuple(visit_of(one, language) for one in told.listed),
        together=told.together,
    )


def wanted_links(message: Message, now: datetime) -> dict[LinkPurpose, tuple[int, datetime]]:
    """Say which links a message carries: the thing that each opens, and until when."""
    found = {LinkPurpose.CONTACT_WISHES: (message.patient_id, now + WISHES_OPEN)}
    if message.kind in CHECK_INS and message.check_in is not None:
        found[LinkPurpose.CHECK_IN] = (message.check_in.id, message.check_in.expires_at)
    elif message.screening is not None and message.screening.expires_at is not None:
        found[LinkPurpose.INTAKE] = (message.screening.id, message.screening.expires_at)
    elif message.kind in WITH_VISIT_LINK and (visit := told_by(message, now).visit):
        found[LinkPurpose.APPOINTMENT] = (visit.id, visit.ends_at + VISIT_OPEN)
    return found


WITH_VISIT_LINK = frozenset(
    {
        MessageKind.CONFIRMATION,
        MessageKind.SERIES_CONFIRMATION,
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
    steps = [(change.from_status, change.to_status) for change in treatment.changes]
    turnaround = protocols.phase_minutes(protocol, PhaseKind.TURNAROUND) if protocol else 0
    return Visit(
        uid=treatment.uid,
        sequence=calendar_entry.sequence(treatment.schedule_version, steps),
        standing=calendar_entry.standing(treatment.status),
        changed_at=_told_at(treatment),
        starts_at=treatment.starts_at,
        leaves_at=treatment.ends_at - timedelta(minutes=turnaround),
        clinic_name=treatment.clinic.name_in_messages,
        clinic_address=treatment.clinic.address,
        zone=treatment.clinic.zone,
        food_until=fasting.food_until if fasting else None,
        liquid_until=fasting.liquid_until if fasting else None,
        preparation=protocols.preparation(protocol, language.value) if protocol else (),
        far_away=treatment.kind in FAR_AWAY,
    )


def _told_at(treatment: TreatmentSession) -> datetime:
    steps = (one for one in treatment.changes if calendar_entry.tells(one.action, one.from_status, one.to_status))
    return max((one.recorded_at for one in steps), default=treatment.booked_at)
