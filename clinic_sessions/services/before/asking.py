"""Asks the providers before a gate, and keeps their answers, each by name.

Which gate is asked at its time is told by the session's status; what a provider may lift, by the gates themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.session.asks import ANSWERS, ASKED_IN, AskReason
from clinic_sessions.domain.session.leave_gate import NOT_LIFTABLE, may_leave
from clinic_sessions.domain.session.lifecycle import Gate, StepReason
from clinic_sessions.domain.session.start_gate import LIFTABLE, Answer, may_start
from clinic_sessions.models import (
    AuditAction,
    DoseEvent,
    ProviderAnswer,
    ProviderAsk,
    ScaleResult,
    SessionCheck,
    SideEffect,
    SideEffectEvent,
    TreatmentSession,
    User,
    VitalsReading,
)
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import go_aheads, start_gate
from clinic_sessions.services.leaving import leave_gate
from clinic_sessions.services.refusals import ChangedMeanwhile, NotAllowed, Refusal
from clinic_sessions.services.session import lifecycle, recording


@dataclass(frozen=True, kw_only=True)
class Word:
    """What a provider answers: for which reasons, until when to wait, and in words.

    `seen`: the `mark` of what they had before them; None when nothing was shown that could have changed.
    """

    answer: Answer
    reasons: Sequence[StrEnum]
    words: str
    until: datetime | None = None
    seen: str | None = None


def liftable(db: Session, treatment: TreatmentSession, gate: Gate, at: datetime) -> list[StrEnum]:
    """List what stands before a gate at `at` that a provider may weigh, whatever was answered so far."""
    if gate is Gate.MAY_LEAVE:
        whole = replace(leave_gate.departure(db, treatment, at), lifted=(), kept_until=None)
        return [reason for reason in may_leave(whole, at) if reason not in NOT_LIFTABLE]
    known = start_gate.of(db, treatment, None, at)
    return [one for one in may_start(replace(known, go_ahead=None), at) if one in LIFTABLE] if known else []


def unlifted(db: Session, treatment: TreatmentSession, gate: Gate, at: datetime) -> list[StrEnum]:
    """List what a provider may weigh before a gate and has not lifted yet."""
    if gate is Gate.MAY_LEAVE:
        return [one for one in may_leave(leave_gate.departure(db, treatment, at), at) if one not in NOT_LIFTABLE]
    known = start_gate.of(db, treatment, None, at)
    return [one for one in may_start(known, at) if one in LIFTABLE] if known else []


_TOLD = (VitalsReading, SessionCheck, DoseEvent, SideEffect, SideEffectEvent, ScaleResult, ProviderAsk, ProviderAnswer)


def mark(db: Session, treatment: TreatmentSession) -> str:
    """Give a mark that changes with every fact that a provider weighs before an answer; one query."""
    counts = [
        sa.select(sa.func.count()).select_from(table).where(table.session_id == treatment.id).scalar_subquery()
        for table in _TOLD
    ]
    return "-".join(str(count) for count in db.execute(sa.select(*counts)).one())


def open_ask(db: Session, treatment: TreatmentSession, gate: Gate) -> ProviderAsk | None:
    """Give the newest question of a visit before a gate while nobody has answered it."""
    found = [one for one in go_aheads.asks(db, treatment) if one.gate is gate]
    return found[-1] if found and not found[-1].answers else None


def ask(
    db: Session, treatment: TreatmentSession, gate: Gate, reasons: Sequence[StrEnum], words: str | None,
    *, now: datetime, by: Actor,
) -> ProviderAsk:  # fmt: skip
    """Ask the providers of the visit's clinic before a gate; it stands on their pages until one of them answers.

    The same question, asked again, is the one that stands. Refuses with AskReason when the gate is not ahead, or
    nothing is asked.
    """
    lifecycle.lock(db, treatment)
    _check_gate(treatment, gate)
    if not reasons and not words:
        raise Refusal(AskReason.NOTHING_ASKED)
    values = [reason.value for reason in reasons]
    standing = open_ask(db, treatment, gate)
    if standing is not None and standing.reasons == values and standing.words == words:
        return standing
    return _asked(db, treatment, gate, values, words, now=now, by=by)


def _check_gate(treatment: TreatmentSession, gate: Gate) -> None:
    if treatment.protocol_version is None or treatment.status not in ASKED_IN.get(gate, ()):
        raise ChangedMeanwhile(AskReason.NOT_NOW)


def _check_seen(db: Session, treatment: TreatmentSession, word: Word) -> None:
    if word.seen is not None and word.seen != mark(db, treatment):
        raise ChangedMeanwhile(AskReason.NOT_SEEN)


def _asked(
    db: Session, treatment: TreatmentSession, gate: Gate, reasons: Sequence[str], words: str | None,
    *, now: datetime, by: Actor,
) -> ProviderAsk:  # fmt: skip
    row = ProviderAsk(
        **recording.stamp(treatment, now=now, by=by, at=now, against=[]), gate=gate, reasons=list(reasons), words=words
    )
    recording.save(db, treatment, row, now=now, by=by)
    return row


def answer(
    db: Session, treatment: TreatmentSession, question: ProviderAsk, word: Word,
    *, now: datetime, by: Actor, on_tablet_of: User | None = None,
) -> ProviderAnswer:  # fmt: skip
    """Keep a provider's answer. `on_tablet_of`: whose sign-in it was.

    Refuses with NotAllowed for anybody else, with ChangedMeanwhile once the gate is behind or something was recorded
    that they had not seen, and with AskReason for a reason that nobody lifts.
    """
    if by.user is None or not by.user.may(Permission.GIVE_GO_AHEAD):
        raise NotAllowed(StepReason.NOT_ALLOWED)
    lifecycle.lock(db, treatment)
    _check_gate(treatment, question.gate)
    _check_seen(db, treatment, word)
    _check_word(question.gate, word)
    row = ProviderAnswer(
        **recording.stamp(treatment, now=now, by=by, at=now, against=[]),
        ask_id=question.id, gate=question.gate, answer=word.answer, reasons=[one.value for one in word.reasons],
        until=word.until, words=word.words, on_tablet_of_id=on_tablet_of.id if on_tablet_of else None,
    )  # fmt: skip
    recording.save(db, treatment, row, now=now, by=by)
    _note(db, treatment, row, now=now, by=by)
    return row


def decide(
    db: Session, treatment: TreatmentSession, gate: Gate, word: Word,
    *, now: datetime, by: Actor, asked_by: Actor | None = None,
) -> ProviderAnswer:  # fmt: skip
    """Keep a provider's answer to the newest question before a gate, or to one that is asked in the same breath.

    `asked_by`: on whose tablet they sign. Refuses as `answer` does.
    """
    lifecycle.lock(db, treatment)
    _check_gate(treatment, gate)
    _check_seen(db, treatment, word)
    found = [one for one in go_aheads.asks(db, treatment) if one.gate is gate]
    told = [reason.value for reason in word.reasons]
    question = found[-1] if found else _asked(db, treatment, gate, told, None, now=now, by=asked_by or by)
    word = replace(word, seen=None)
    return answer(db, treatment, question, word, now=now, by=by, on_tablet_of=asked_by.user if asked_by else None)


def _check_word(gate: Gate, word: Word) -> None:
    lifts = [one for one in word.reasons if one not in LIFTABLE] if gate is Gate.MAY_START else []
    lifts += [one for one in word.reasons if one in NOT_LIFTABLE]
    if word.answer not in ANSWERS[gate] or lifts:
        raise Refusal(AskReason.NOT_LIFTABLE)


def _note(db: Session, treatment: TreatmentSession, row: ProviderAnswer, *, now: datetime, by: Actor) -> None:
    """Write a "go ahead" into the audit as what it is: rules lifted by name, with a reason."""
    if row.answer is Answer.GO_AHEAD and row.reasons:
        audit.note(
            db, AuditAction.OVERRIDE, "session", treatment.id, now=now, by=by, patient_id=treatment.patient_id,
            changes={row.gate.value: [", ".join(row.reasons), "lifted"]}, reason=row.words,
        )  # fmt: skip
