"""What patients answered in their check-ins, in words for clinicians."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain.messages.check_ins import CheckInKind, CheckInStatus, Question
from clinic_sessions.domain.scales.phq9 import DANGER_ITEM
from clinic_sessions.domain.scales.results import Band
from clinic_sessions.domain.words import say
from clinic_sessions.models import CheckIn, TreatmentSession
from clinic_sessions.services.effects import side_effects

MOST = 12
SKIPPED = "Not answered"
_SHOWN = (CheckInStatus.ASKED, CheckInStatus.STARTED, CheckInStatus.ANSWERED, CheckInStatus.NOT_ANSWERED)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One question with its answer; a danger must be seen first."""

    label: str
    text: str
    is_danger: bool = False
    is_score: bool = False
    """A score of its own stands in the file besides."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One check-in as a clinician reads it."""

    id: int
    kind: CheckInKind
    status: CheckInStatus
    session_id: int
    session_at: datetime
    at: datetime
    entered_by: str | None
    lines: tuple[Line, ...]


def read(db: Session, patient_id: int, *, most: int | None = MOST) -> list[Reading]:
    """List a patient's check-ins that were asked, the newest first, at most so many; None: all."""
    query = (
        sa.select(CheckIn)
        .where(CheckIn.patient_id == patient_id, CheckIn.status.in_(_SHOWN))
        .options(
            joinedload(CheckIn.treatment).load_only(TreatmentSession.starts_at),
            joinedload(CheckIn.entered_by),
            selectinload(CheckIn.answers),
        )
        .order_by(CheckIn.due_at.desc(), CheckIn.id.desc())
        .limit(most)
    )
    return [_reading(check_in) for check_in in db.scalars(query)]


def _reading(check_in: CheckIn) -> Reading:
    expired = check_in.expires_at if check_in.status is CheckInStatus.NOT_ANSWERED else check_in.due_at
    return Reading(
        id=check_in.id,
        kind=check_in.kind,
        status=check_in.status,
        session_id=check_in.session_id,
        session_at=check_in.treatment.starts_at,
        at=check_in.answered_at or expired,
        entered_by=check_in.entered_by.name if check_in.entered_by else None,
        lines=tuple(line for answer in check_in.answers for line in lines(answer.question, answer.value)),
    )


def lines(question: Question, value: Mapping[str, Any]) -> list[Line]:
    """Put one submitted answer into words."""
    if question is Question.MOOD:
        given = value.get("value")
        return [Line(label="Mood", text=SKIPPED if given is None else f"{given} of 10")]
    if question is Question.SAFETY:
        return [_safety(value.get("value"))]
    if question is Question.SIDE_EFFECTS:
        return [Line(label="Side effects", text=_effects(value.get("kinds")))]
    return _phq9(value)


def _safety(given: object) -> Line:
    text = {True: "Yes", False: "No"}[given] if isinstance(given, bool) else SKIPPED
    return Line(label="Thoughts of ending life or self-harm", text=text, is_danger=given is True)


def _effects(kinds: Iterable[str] | None) -> str:
    if kinds is None:
        return SKIPPED
    return ", ".join(_effect(kind) for kind in kinds) or "None"


def _effect(kind: str) -> str:
    words = {one.kind.value: one.label for one in side_effects.catalogue().kinds}
    return words.get(kind, kind.replace("_", " "))


def _phq9(value: Mapping[str, Any]) -> list[Line]:
    total, band = value.get("total"), value.get("band")
    text = f"{total} of 27, {say(Band(band)).lower()}" if total is not None and band else "Not scored"
    if missing := value.get("missing"):
        text += f" ({len(missing)} of 9 not answered)"
    danger = (value.get("items") or {}).get(str(DANGER_ITEM))
    item_9 = SKIPPED if danger is None else f"{danger} of 3"
    return [
        Line(label="PHQ-9", text=text, is_score=total is not None),
        Line(label="Item 9 (better off dead, self-harm)", text=item_9, is_danger=bool(danger)),
    ]
