"""Asks the providers before a gate, and keeps their answers, each by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from clinic_sessions.domain.lifecycle import Gate, StepReason
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.start_gate import Answer
from clinic_sessions.models import ProviderAnswer, ProviderAsk, TreatmentSession, User
from clinic_sessions.services import recording
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import NotAllowed


@dataclass(frozen=True, kw_only=True)
class Word:
    """What a provider answers: for which reasons, until when to wait, and in words."""

    answer: Answer
    reasons: Sequence[StrEnum]
    words: str
    until: datetime | None = None


def ask(
    db: Session, treatment: TreatmentSession, gate: Gate, reasons: Sequence[StrEnum], words: str | None,
    *, now: datetime, by: Actor,
) -> ProviderAsk:  # fmt: skip
    """Ask the providers of the visit's clinic before a gate; it stands on their pages until one of them answers."""
    row = ProviderAsk(
        **recording.stamp(treatment, now=now, by=by, at=now, against=[]),
        gate=gate, reasons=[reason.value for reason in reasons], words=words,
    )  # fmt: skip
    recording.save(db, treatment, row, now=now, by=by)
    return row


def answer(
    db: Session, treatment: TreatmentSession, question: ProviderAsk, word: Word,
    *, now: datetime, by: Actor, on_tablet_of: User | None = None,
) -> ProviderAnswer:  # fmt: skip
    """Keep a provider's answer; refuses with NotAllowed for anybody else. `on_tablet_of`: whose sign-in it was."""
    if by.user is None or not by.user.may(Permission.GIVE_GO_AHEAD):
        raise NotAllowed(StepReason.NOT_ALLOWED)
    row = ProviderAnswer(
        **recording.stamp(treatment, now=now, by=by, at=now, against=[]),
        ask_id=question.id, gate=question.gate, answer=word.answer, reasons=[one.value for one in word.reasons],
        until=word.until, words=word.words, on_tablet_of_id=on_tablet_of.id if on_tablet_of else None,
    )  # fmt: skip
    recording.save(db, treatment, row, now=now, by=by)
    return row
