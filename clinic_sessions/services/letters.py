"""What a message has to say, read from the tables at the moment of saying it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, object_session, selectinload

from clinic_sessions.domain import calendar_entry, protocols
from clinic_sessions.domain.calendar_entry import Standing
from clinic_sessions.domain.lifecycle import EXPECTED, Action
from clinic_sessions.domain.messages import CHECK_INS, Language, MessageKind
from clinic_sessions.domain.protocols import PhaseKind
from clinic_sessions.domain.visits import FAR_AWAY
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

    `visits` are all visits of the series to come, where the message tells of them; `together`: several were moved in
    one act.
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
    series = _series(message, now)
    told = _told(message, series)
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
        visit=visit_of(told, language) if told else None,
        now=now,
        tokens=tokens,
        visits=tuple(visit_of(one, language) for one in series),
        together=message.kind is MessageKind.MOVED and _moved_together(message.treatment, series),
    )


def wanted_links(message: Message, now: datetime) -> dict[LinkPurpose, tuple[int, datetime]]:
    """Say which links a message carries: the thing that each opens, and until when."""
    found = {LinkPurpose.CONTACT_WISHES: (message.patient_id, now + WISHES_OPEN)}
    if message.kind in CHECK_INS and message.check_in is not None:
        found[LinkPurpose.CHECK_IN] = (message.check_in.id, message.check_in.expires_at)
    elif message.kind in WITH_VISIT_LINK and (told := _told(message, _series(message, now))):
        found[LinkPurpose.APPOINTMENT] = (told.id, told.ends_at + VISIT_OPEN)
    return found


def has_visits_to_come(db: Session, plan_id: int) -> bool:
    """Say whether any visit of a series is still expected."""
    waiting = sa.exists().where(TreatmentSession.plan_id == plan_id, TreatmentSession.status.in_(EXPECTED))
    return bool(db.scalar(sa.select(waiting)))


def _series(message: Message, now: datetime) -> Sequence[TreatmentSession]:
    """List the visits of the series to come, soonest first, where a message tells of them: two or more of them."""
    db, treatment = object_session(message), message.treatment
    if db is None or treatment is None or treatment.plan_id is None or message.kind not in OF_A_SERIES:
        return ()
    query = sa.select(TreatmentSession).where(
        TreatmentSession.plan_id == treatment.plan_id,
        TreatmentSession.status.in_(EXPECTED),
        TreatmentSession.starts_at > now,
    )
    whole = (
        joinedload(TreatmentSession.clinic),
        joinedload(TreatmentSession.protocol_version),
        selectinload(TreatmentSession.changes),
    )
    found = db.scalars(query.options(*whole).order_by(TreatmentSession.starts_at)).all()
    return found if len(found) > 1 or message.kind is MessageKind.SERIES_CONFIRMATION else ()


def _told(message: Message, series: Sequence[TreatmentSession]) -> TreatmentSession | None:
    """Give the visit that a message is about: of a whole series the next one."""
    if message.kind is MessageKind.SERIES_CONFIRMATION and series:
        return series[0]
    return message.treatment


def _moved_together(treatment: TreatmentSession | None, series: Sequence[TreatmentSession]) -> bool:
    moved_at = _moved_at(treatment) if treatment else None
    return moved_at is not None and sum(_moved_at(one) == moved_at for one in series) > 1


def _moved_at(treatment: TreatmentSession) -> datetime | None:
    return max((one.recorded_at for one in treatment.changes if one.action is Action.MOVE), default=None)


OF_A_SERIES = frozenset({MessageKind.SERIES_CONFIRMATION, MessageKind.MOVED})
"""Messages that list every visit of the series to come."""

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
        changed_at=max((change.recorded_at for change in treatment.changes), default=treatment.booked_at),
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
