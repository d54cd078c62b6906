"""Check-ins: what is asked, answers kept as they are typed, a danger told at once, answers sent for good.

A submitted answer's value, by question: mood `{"value": 0..10}`; side effects `{"kinds": [...], "still": {id: bool}}`,
where `kinds` is empty for "none"; safety `{"value": bool, "asked": words}`; PHQ-9 `{"items", "function", "missing",
"total", "band", "algorithm", "impaired", "scale", "version"}`. Each carries its `language`. None, and an absent item,
is an answer not given: unknown, never 0.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertTier, tier_of_item_9
from clinic_sessions.domain.messages.check_ins import (
    ASKS_LASTING,
    LASTING,
    CheckInAction,
    CheckInStatus,
    Open,
    Question,
    after,
    is_danger,
    item_step,
    questions,
    steps,
)
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey, ScaleMode
from clinic_sessions.domain.scales import phq9
from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.scales.phq9 import FUNCTION_ITEM, ITEMS
from clinic_sessions.domain.scales.scoring import Answers
from clinic_sessions.domain.session.side_effects import SideEffectCatalogue, parse_side_effects
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Alert, AuditAction, CheckIn, CheckInAnswer
from clinic_sessions.services import alerts, audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.outcomes import scale_data, scale_results
from clinic_sessions.services.outcomes.scale_results import Entry
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.session import facts


class CheckInReason(StrEnum):
    NO_LONGER_OPEN = "no_longer_open"


def questionnaire() -> Scale:
    """Give PHQ-9 as data."""
    return scale_data.of(ScaleKey.PHQ_9)


@lru_cache(maxsize=1)
def side_effect_words() -> SideEffectCatalogue:
    """Give the side effects in patients' words."""
    text = resources.files("clinic_sessions.protocols").joinpath("side-effects.toml").read_text(encoding="utf-8")
    return parse_side_effects(text)


def load(db: Session, check_in_id: int, patient_id: int, *, to_change: bool = False) -> CheckIn:
    """Load a patient's check-in; `to_change` locks its row, so that parallel answers queue. Raises Absent."""
    query = sa.select(CheckIn).where(CheckIn.id == check_in_id, CheckIn.patient_id == patient_id)
    check_in = db.scalar(query.with_for_update(key_share=True) if to_change else query)
    if check_in is None:
        raise Absent
    return check_in


def require_open(check_in: CheckIn, now: datetime) -> None:
    """Refuse with CheckInReason unless the check-in takes answers at `now`."""
    moment = Open(due_at=check_in.due_at, expires_at=check_in.expires_at, status=check_in.status)
    if not moment.at(now):
        raise Refusal(CheckInReason.NO_LONGER_OPEN)


def asks(db: Session, check_in: CheckIn, now: datetime) -> tuple[Question, ...]:
    """Give the questions of a check-in: as fixed when it was begun, or as they would be fixed at `now`."""
    if check_in.asks:
        return tuple(Question(question) for question in check_in.asks)
    today = local_day(now, check_in.treatment.clinic.zone)
    allowed = scale_results.may_ask(db, check_in.patient, ScaleKey.PHQ_9, today)
    return questions(check_in.kind, phq9_allowed=allowed)


def lasting_effects(db: Session, check_in: CheckIn) -> list[facts.SideEffectNow]:
    """List the side effects that were there when the patient left; the first check-ins ask about them."""
    if check_in.kind not in ASKS_LASTING:
        return []
    left = check_in.treatment.left_at
    return [
        one
        for one in facts.side_effects(db, check_in.treatment)
        if one.resolved_at is None or (left is not None and one.resolved_at > left)
    ]


def screens(db: Session, check_in: CheckIn, now: datetime) -> tuple[str, ...]:
    """List the screens of a check-in in order."""
    lasting = bool(lasting_effects(db, check_in))
    return steps(asks(db, check_in, now), check_in.draft, lasting=lasting)


def save(
    db: Session, check_in: CheckIn, step: str, value: object, *, words: str, now: datetime, by: Actor
) -> Alert | None:
    """Keep one answer in the draft (None: skipped); a danger raises its alert at once, with the original `words`.

    Refuses with CheckInReason once the check-in takes no more answers.
    """
    require_open(check_in, now)
    _start(db, check_in, now=now, by=by)
    check_in.draft = {**check_in.draft, step: value}
    raised = _tell(db, check_in, step, value, words, now=now, by=by) if is_danger(step, value) else None
    db.flush()
    return raised


def _start(db: Session, check_in: CheckIn, *, now: datetime, by: Actor) -> None:
    if check_in.status is CheckInStatus.STARTED:
        return
    check_in.asks = [question.value for question in asks(db, check_in, now)]
    check_in.started_at = now
    _step(db, check_in, CheckInAction.START, now=now, by=by)


def _step(db: Session, check_in: CheckIn, action: CheckInAction, *, now: datetime, by: Actor) -> None:
    to = after(check_in.status, action)
    audit.note(
        db, AuditAction.CHANGE, "check_in", check_in.id,
        now=now, by=by, patient_id=check_in.patient_id, changes={"status": [check_in.status, to]},
    )  # fmt: skip
    check_in.status = to


def _tell(db: Session, check_in: CheckIn, step: str, value: object, words: str, *, now: datetime, by: Actor) -> Alert:
    """Raise the alert of a danger answer: one a check-in, and one more only when the danger grows from today to now."""
    tier = AlertTier.NOW
    if step != Question.SAFETY and isinstance(value, int):
        tier = tier_of_item_9(value, scale_results.previous_item_9(db, check_in.patient_id, now)) or AlertTier.SAME_DAY
    first, grown = safety_keys(check_in)
    standing = alerts.standing(db, [first])
    key = grown if standing is not None and (standing.tier, tier) == (AlertTier.SAME_DAY, AlertTier.NOW) else first
    return alerts.raise_alert(
        db, check_in.patient, AlertKind.SAFETY_ANSWER, tier, words,
        dedup_key=key, now=now, by=by, session_id=check_in.session_id, check_in_id=check_in.id,
    )  # fmt: skip


def safety_keys(check_in: CheckIn) -> list[str]:
    """Name the events of a check-in's danger answers."""
    return [f"check_in:{check_in.id}:safety", f"check_in:{check_in.id}:safety:now"]


def danger_alert(db: Session, check_in: CheckIn) -> Alert | None:
    """Give the alert that this check-in's answers raised; None when none did."""
    return alerts.standing(db, safety_keys(check_in))


def submit(db: Session, check_in: CheckIn, *, safety_asked: str, language: Language, now: datetime, by: Actor) -> None:
    """Send the answers for good; what was skipped stays unknown. Sending again changes nothing.

    Refuses with CheckInReason once the check-in takes no more answers.
    """
    if check_in.status is CheckInStatus.ANSWERED:
        return
    require_open(check_in, now)
    _start(db, check_in, now=now, by=by)
    asked = asks(db, check_in, now)
    if Question.PHQ9 in asked:
        _keep_result(db, check_in, language, now=now, by=by)
    for question in asked:
        value = _value(question, check_in.draft, safety_asked)
        check_in.answers.append(CheckInAnswer(question=question, value={**value, "language": language.value}, at=now))
    check_in.draft = {}
    check_in.answered_at = now
    check_in.entered_by_id = by.user_id
    _step(db, check_in, CheckInAction.SUBMIT, now=now, by=by)
    db.flush()


def _value(question: Question, draft: Mapping[str, Any], safety_asked: str) -> dict[str, Any]:
    if question is Question.SIDE_EFFECTS:
        return {"kinds": draft.get(Question.SIDE_EFFECTS), "still": draft.get(LASTING)}
    if question is Question.SAFETY:
        return {"value": draft.get(Question.SAFETY), "asked": safety_asked}
    if question is Question.PHQ9:
        return _phq9(draft)
    return {"value": draft.get(question)}


def _items(draft: Mapping[str, Any]) -> dict[int, int | None]:
    return {item: draft.get(item_step(item)) for item in (*ITEMS, FUNCTION_ITEM)}


def _keep_result(db: Session, check_in: CheckIn, language: Language, *, now: datetime, by: Actor) -> None:
    """Keep the scale beside the answers; its danger was told when it was answered."""
    entry = Entry(
        scale=ScaleKey.PHQ_9,
        answers=Answers(items=_items(check_in.draft)),
        language=language,
        mode=ScaleMode.LINK if by.user_id is None else ScaleMode.PHONE,
        at=now,
        session_id=check_in.session_id,
        check_in_id=check_in.id,
    )
    scale_results.add(db, entry, check_in.patient_id, now=now, by_id=by.user_id)


def _phq9(draft: Mapping[str, Any]) -> dict[str, Any]:
    given = _items(draft)
    scored = phq9.score(questionnaire(), given)
    return {
        "items": {str(item): given[item] for item in ITEMS if given[item] is not None},
        "function": scored.function,
        "missing": list(scored.missing),
        "total": scored.total,
        "band": scored.band,
        "algorithm": scored.algorithm,
        "impaired": scored.impaired,
        "scale": questionnaire().key,
        "version": questionnaire().version,
    }
