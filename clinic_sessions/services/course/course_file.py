"""What else belongs to a patient's course: messages, check-ins, scores, weights, calls, and who looked at the file."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from clinic_sessions.domain import words
from clinic_sessions.domain.messages.check_ins import CheckInStatus
from clinic_sessions.domain.messages.messages import MessageStatus
from clinic_sessions.domain.patients.weights import kg_text, lb_text
from clinic_sessions.domain.session.record import is_late
from clinic_sessions.models import AuditAction, AuditEntry, FollowUp, Message, ScaleResult, User, Weight
from clinic_sessions.services.course.course_window import TimelineEntry, Window
from clinic_sessions.services.messages import patient_answers
from clinic_sessions.services.messages.patient_answers import Reading
from clinic_sessions.services.outcomes import scale_data

_SEEN = {"patient": "Patient opened", "session": "Session opened"}


def messages(db: Session, window: Window) -> list[TimelineEntry]:
    """List the messages that went out, failed or were skipped."""
    at = sa.func.coalesce(Message.sent_at, Message.due_at, type_=Message.due_at.type)
    query = sa.select(Message).where(
        Message.patient_id == window.patient_id,
        Message.status.not_in([MessageStatus.PLANNED, MessageStatus.SENDING]),
    )
    return [
        TimelineEntry(
            kind="mail",
            at=one.sent_at or one.due_at,
            title=words.say(one.kind),
            detail=words.say(one.status) + (f": {words.say(one.skip_reason)}" if one.skip_reason else ""),
            session_id=one.session_id,
        )
        for one in db.scalars(window.narrow(query, at, Message.id, Message.session_id))
    ]


def scores(db: Session, window: Window) -> list[TimelineEntry]:
    """List the scales that were answered; one without a total says so."""
    newer = aliased(ScaleResult)
    query = (
        sa.select(ScaleResult, sa.exists().where(newer.corrects_id == ScaleResult.id))
        .where(ScaleResult.patient_id == window.patient_id)
        .options(joinedload(ScaleResult.by))
    )
    rows = db.execute(window.narrow(query, ScaleResult.at, ScaleResult.id, ScaleResult.session_id))
    return [_score(row, struck) for row, struck in rows]


def _score(row: ScaleResult, struck: bool) -> TimelineEntry:
    scale = scale_data.of(row.scale)
    total = "no total" if row.total_thousandths is None else f"{row.total_thousandths / 1000:g}"
    band = f", {row.band.replace('_', ' ')}" if row.band else ""
    return TimelineEntry(
        kind="ask", at=row.at, title=f"{scale.name}: {total}{band}", detail=words.say(row.mode) if row.by else None,
        author=row.by.name if row.by else "Patient, by link", struck=struck,
        late=is_late(row.at, row.recorded_at), session_id=row.session_id,
    )  # fmt: skip


def weighings(db: Session, window: Window) -> list[TimelineEntry]:
    """List the weighings."""
    newer = aliased(Weight)
    query = (
        sa.select(Weight, sa.exists().where(newer.corrects_id == Weight.id))
        .where(Weight.patient_id == window.patient_id)
        .options(joinedload(Weight.by))
    )
    return [
        TimelineEntry(
            kind="person", at=row.measured_at, title=f"Weight {lb_text(row.grams)} ({kg_text(row.grams)})",
            author=row.by.name, struck=struck, late=is_late(row.measured_at, row.recorded_at),
        )
        for row, struck in db.execute(window.narrow(query, Weight.measured_at, Weight.id))
    ]  # fmt: skip


def check_ins(db: Session, window: Window) -> list[TimelineEntry]:
    """List the check-ins that were answered, or whose time to answer is over."""
    ended = {CheckInStatus.ANSWERED, CheckInStatus.NOT_ANSWERED}
    return [
        _answered(one)
        for one in patient_answers.read(db, window.patient_id, most=None)
        if one.status in ended and _within(window, one.at, one.session_id)
    ]


def _within(window: Window, at: datetime, session_id: int) -> bool:
    after = window.since is None or at >= window.since
    before = window.until is None or at <= window.until
    return after and before and window.session_id in {None, session_id}


def _answered(reading: Reading) -> TimelineEntry:
    answered = reading.status is CheckInStatus.ANSWERED
    return TimelineEntry(
        kind="phone" if answered else "ask",
        at=reading.at,
        title=f"{words.say(reading.kind)}: {'answered' if answered else 'not answered'}",
        detail=" \u00b7 ".join(f"{line.label}: {line.text}" for line in reading.lines if not line.is_score) or None,
        author=(reading.entered_by or "Patient, by link") if answered else None,
        session_id=reading.session_id,
    )


def calls(db: Session, window: Window) -> list[TimelineEntry]:
    """List the calls after a visit: as they were made, or as they are owed."""
    at = sa.func.coalesce(FollowUp.done_at, FollowUp.raised_at, type_=FollowUp.raised_at.type)
    query = sa.select(FollowUp).where(FollowUp.patient_id == window.patient_id).options(joinedload(FollowUp.done_by))
    return [
        TimelineEntry(
            kind="phone",
            at=row.done_at or row.raised_at,
            title=words.say(row.kind) if row.done_at else f"{words.say(row.kind)}: not made yet",
            detail=" \u00b7 ".join(text for text in (row.words, row.done_words) if text),
            author=row.done_by.name if row.done_by else None,
            session_id=row.session_id,
        )
        for row in db.scalars(window.narrow(query, at, FollowUp.id, FollowUp.session_id))
    ]


def views(db: Session, window: Window) -> list[TimelineEntry]:
    """List who opened the patient's file or one of the sessions; never what was changed there."""
    entry = AuditEntry
    query = (
        sa.select(entry.at, entry.entity, entry.entity_id, User.name)
        .join(User, User.id == entry.user_id)
        .where(entry.patient_id == window.patient_id, entry.action == AuditAction.READ)
    )
    of_session = sa.case((entry.entity == "session", entry.entity_id))
    return [
        TimelineEntry(
            kind="eye", at=row.at, title=_SEEN.get(row.entity, f"{row.entity.replace('_', ' ').capitalize()} opened"),
            author=row.name, session_id=row.entity_id if row.entity == "session" else None,
        )
        for row in db.execute(window.narrow(query, entry.at, entry.id, of_session))
    ]  # fmt: skip
