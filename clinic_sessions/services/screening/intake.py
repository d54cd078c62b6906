"""Questions before a visit, asked by link: saved as they are answered, sent once, and filed by a clinician only.

What a patient answers is a draft of a screening, never the record itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.messages.messages import MessageAction, MessageStatus
from clinic_sessions.domain.papers import intake
from clinic_sessions.domain.papers.intake import FreeText
from clinic_sessions.domain.papers.screening import ScreeningItem, ScreeningPart
from clinic_sessions.domain.papers.screening_kinds import ItemAnswer, ScreeningSource, ScreeningStatus
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.protocols.protocol_kinds import Route
from clinic_sessions.models import Alert, AuditAction, LinkPurpose, Message, Patient, Screening
from clinic_sessions.services import alerts, audit, documents, links
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.messages import messages
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, NotAllowed, Refusal
from clinic_sessions.services.screening import screening

SENT = frozenset({ScreeningStatus.SUBMITTED, ScreeningStatus.FILED})
MOST = 100
PATIENCE = timedelta(days=1)
"""How long a patient is left to answer before somebody is asked to call."""


class IntakeReason(StrEnum):
    ALREADY_ASKED = "already_asked"
    NOT_FILED_YET = "not_filed_yet"
    NO_ADDRESS = "no_address"
    NOT_WANTED = "not_wanted"
    NO_LONGER_OPEN = "no_longer_open"
    NOT_WAITING = "not_waiting"
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A patient who was asked and has not sent their answers. `has_ended`: the link takes no more."""

    screening_id: int
    patient_id: int
    name: str
    phone: str
    asked_at: datetime
    expires_at: datetime
    has_begun: bool
    has_ended: bool


def ask(db: Session, patient: Patient, route: Route, *, now: datetime, by: Actor) -> Screening:
    """Begin a questionnaire for the patient to answer, and plan the mail with its link.

    Load the patient `to_change` first. Refuses with every IntakeReason that stands against it.
    """
    _check(by)
    if reasons := why_not(db, patient, route, now):
        raise Refusal(*reasons)
    row = Screening(
        patient=patient, route=route, document_version=screening.published(db, route),
        source=ScreeningSource.PATIENT, status=ScreeningStatus.DRAFT, draft={}, started_at=now, by_id=by.user_id,
        expires_at=now + timedelta(days=documents.thresholds(db).intake_open.whole),
    )  # fmt: skip
    db.add(row)
    db.flush()
    audit.note(db, AuditAction.CREATE, "screening", row.id, now=now, by=by, patient_id=patient.id)
    messages.plan_questionnaire(db, row, key=messages.key_of_questionnaire(row), now=now, by=by)
    db.flush()
    return row


def why_not(db: Session, patient: Patient, route: Route, now: datetime) -> list[IntakeReason]:
    """List what stands against asking: no address, no wish for mail, asked already, or answers not filed yet."""
    query = sa.select(Screening.status, Screening.route, Screening.expires_at).where(
        Screening.patient_id == patient.id, Screening.source == ScreeningSource.PATIENT
    )
    reasons = []
    if patient.email is None or patient.email_bounced_at is not None:
        reasons.append(IntakeReason.NO_ADDRESS)
    elif not patient.email_wanted:
        reasons.append(IntakeReason.NOT_WANTED)
    for status, of, expires_at in db.execute(query):
        if status is ScreeningStatus.DRAFT and expires_at and expires_at > now:
            reasons.append(IntakeReason.ALREADY_ASKED)
        elif status is ScreeningStatus.SUBMITTED and of is route:
            reasons.append(IntakeReason.NOT_FILED_YET)
    return list(dict.fromkeys(reasons))


def take_back(db: Session, patient: Patient, screening_id: int, *, now: datetime, by: Actor) -> None:
    """Take back what was asked: its links end, and a mail that has not left stays here.

    Load the patient `to_change` first. Raises Absent, and ChangedMeanwhile once the answers were sent.
    """
    _check(by)
    row = load(db, screening_id, patient.id, to_change=True)
    if row.status is not ScreeningStatus.DRAFT:
        raise ChangedMeanwhile(IntakeReason.NOT_WAITING)
    _step(db, row, ScreeningStatus.TAKEN_BACK, now=now, by=by)
    links.revoke_for(db, LinkPurpose.INTAKE, row.id, now)
    mine = sa.select(Message).where(
        Message.patient_id == patient.id, Message.screening_id == row.id, Message.status == MessageStatus.PLANNED
    )
    for message in db.scalars(mine):
        messages.step(db, message, MessageAction.SKIP, now, reason=messages.no_longer_so(message))
    db.flush()


def load(db: Session, screening_id: int, patient_id: int, *, to_change: bool = False) -> Screening:
    """Load what a patient was asked; `to_change` locks its row, so that parallel answers queue. Raises Absent."""
    query = sa.select(Screening).where(
        Screening.id == screening_id,
        Screening.patient_id == patient_id,
        Screening.source == ScreeningSource.PATIENT,
    )
    row = db.scalar(query.with_for_update(key_share=True) if to_change else query)
    if row is None:
        raise Absent
    return row


def require_open(row: Screening, now: datetime) -> None:
    """Refuse with NO_LONGER_OPEN unless the questionnaire takes answers at `now`."""
    if row.status is not ScreeningStatus.DRAFT or row.expires_at is None or now >= row.expires_at:
        raise Refusal(IntakeReason.NO_LONGER_OPEN)


def parts(row: Screening) -> tuple[ScreeningPart, ...]:
    """Give the questions for this patient, in their parts."""
    return screening.questionnaire_of(row.document_version).asked(row.patient.pregnancy_possible)


def save_answer(
    db: Session, row: Screening, item: ScreeningItem, answer: ItemAnswer | None, words: str | None, *,
    said: str, now: datetime, by: Actor,
) -> None:  # fmt: skip
    """Keep one answer (None: skipped) with the patient's words; a danger raises its alert at once, as it was `said`.

    Refuses with NO_LONGER_OPEN.
    """
    require_open(row, now)
    kept = {**row.draft.get(intake.ANSWERS, {}), item.key: {"answer": answer, "words": words}}
    row.draft = {**row.draft, intake.ANSWERS: kept}
    if tier := intake.alarm(item, answer):
        _tell(db, row, tier, said, now=now, by=by)
    db.flush()


def save_text(db: Session, row: Screening, step: FreeText, value: object, *, now: datetime) -> None:
    """Keep what the patient wrote (None: skipped). Refuses with NO_LONGER_OPEN."""
    require_open(row, now)
    row.draft = {**row.draft, step.value: value}
    db.flush()


def submit(db: Session, row: Screening, *, now: datetime, by: Actor) -> None:
    """Send the answers; sending again changes nothing. Refuses with NO_LONGER_OPEN."""
    if row.status in SENT:
        return
    require_open(row, now)
    row.submitted_at = now
    _step(db, row, ScreeningStatus.SUBMITTED, now=now, by=by)


def danger_alert(db: Session, row: Screening) -> Alert | None:
    """Give the alert that these answers raised; None when none did."""
    return alerts.standing(db, _keys(row))


def _keys(row: Screening) -> list[str]:
    return [f"screening:{row.id}:safety", f"screening:{row.id}:safety:now"]


def _tell(db: Session, row: Screening, tier: AlertTier, said: str, *, now: datetime, by: Actor) -> None:
    """Raise one alert for a questionnaire, and one more only when the danger grows from today to now."""
    first, grown = _keys(row)
    standing = alerts.standing(db, [first])
    key = grown if standing is not None and (standing.tier, tier) == (AlertTier.SAME_DAY, AlertTier.NOW) else first
    alerts.raise_alert(db, row.patient, AlertKind.SAFETY_ANSWER, tier, said, dedup_key=key, now=now, by=by)


def _step(db: Session, row: Screening, to: ScreeningStatus, *, now: datetime, by: Actor) -> None:
    audit.note(
        db, AuditAction.CHANGE, "screening", row.id,
        now=now, by=by, patient_id=row.patient_id, changes={"status": [row.status, to]},
    )  # fmt: skip
    row.status = to
    db.flush()


def waiting(db: Session, clinic_id: int, now: datetime) -> list[Waiting]:
    """List who was asked and has not sent their answers, the soonest to end first; at most MOST.

    One whose link has ended stays until it is taken back, asked again, or a screening is filed.
    """
    query = (
        sa.select(Screening, Patient.name, Patient.phone)
        .join(Patient, Patient.id == Screening.patient_id)
        .where(*_unanswered(clinic_id, now))
        .order_by(Screening.expires_at, Screening.id)
        .limit(MOST)
    )
    return [_waiting(row, name, phone, now) for row, name, phone in db.execute(query)]


def _unanswered(clinic_id: int, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    later = aliased(Screening)
    since = sa.exists().where(
        later.patient_id == Screening.patient_id,
        later.id != Screening.id,
        later.status != ScreeningStatus.TAKEN_BACK,
        sa.or_(later.filed_at > Screening.started_at, later.started_at > Screening.started_at),
    )
    return (
        Patient.clinic_id == clinic_id,
        Screening.source == ScreeningSource.PATIENT,
        Screening.status == ScreeningStatus.DRAFT,
        sa.or_(Screening.expires_at > now, ~since),
    )


def to_call(clinic_id: int, now: datetime) -> sa.Select[int, str, str, int | None, datetime]:
    """Select whom `waiting` lists and who was asked at least PATIENCE ago: id, name, phone, no session, when asked."""
    no_session = sa.cast(sa.null(), sa.Integer).label("session_id")
    asked_at = Screening.started_at.label("moment")
    query = sa.select(Patient.id, Patient.name, Patient.phone, no_session, asked_at)
    mine = _unanswered(clinic_id, now)
    return query.join(Screening, Screening.patient_id == Patient.id).where(*mine, asked_at <= now - PATIENCE)


def _waiting(row: Screening, name: str, phone: str, now: datetime) -> Waiting:
    ends = row.expires_at or row.started_at
    return Waiting(
        screening_id=row.id, patient_id=row.patient_id, name=name, phone=phone, asked_at=row.started_at,
        expires_at=ends, has_begun=bool(row.draft), has_ended=ends <= now,
    )  # fmt: skip


def of_patient(listed: Sequence[Screening]) -> list[Screening]:
    """Keep what the patient was asked by link, of the screenings that `screening.of_patient` lists."""
    mine = [one for one in listed if one.source is ScreeningSource.PATIENT]
    return sorted(mine, key=lambda one: one.id, reverse=True)


def newest_sent(listed: Sequence[Screening]) -> Screening | None:
    """Give what the patient sent last, filed or not, of the screenings that `screening.of_patient` lists."""
    mine = [one for one in listed if one.source is ScreeningSource.PATIENT and one.status in SENT and one.submitted_at]
    return max(mine, key=lambda one: (one.submitted_at or one.started_at, one.id), default=None)


def _check(by: Actor) -> None:
    if by.user is None or not by.user.may(Permission.ASK_INTAKE):
        raise NotAllowed(IntakeReason.NOT_ALLOWED)
