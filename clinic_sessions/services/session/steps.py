"""Takes a session through its day: each step with what belongs to it, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from clinic_sessions.domain import words as said
from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.note.note_content import NoteReason
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import OCCUPYING, Action, Status, StepReason
from clinic_sessions.domain.session.record import ENDS_DOSE, DoseEventKind
from clinic_sessions.domain.session.session_checks import CheckItem
from clinic_sessions.domain.session.start_gate import StartReason
from clinic_sessions.models import DoseEvent, StatusChange, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import checking, start_gate
from clinic_sessions.services.booking import absence, coming_back, freed_chairs
from clinic_sessions.services.drug import infusions
from clinic_sessions.services.messages import outreach
from clinic_sessions.services.note import signed_notes
from clinic_sessions.services.plans import papers
from clinic_sessions.services.refusals import ChangedMeanwhile, Refusal
from clinic_sessions.services.session import facts, lifecycle, limits, recording, session_alerts
from clinic_sessions.services.session.lifecycle import GateClosed

_ALERTS: Mapping[Action, tuple[AlertKind, AlertTier]] = MappingProxyType(
    {
        Action.TAKE_TO_HOSPITAL: (AlertKind.TAKEN_TO_HOSPITAL, AlertTier.NOW),
        Action.LEAVE_WITHOUT_TELLING: (AlertKind.LEFT_WITHOUT_TELLING_US, AlertTier.NOW),
        Action.LEAVE_AGAINST_ADVICE: (AlertKind.LEFT_AGAINST_ADVICE, AlertTier.SAME_DAY),
    }
)
"""The other endings, and how soon a clinician is to act on each [P]."""

_KEEPS_CHAIR = OCCUPYING - {Status.READY}
"""Whoever is ready has left the chair to others, and must queue for it to have it back."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step as it is asked for: from which version of the session, when it truly was, and what belongs to it."""

    action: Action
    version: int
    at: datetime | None = None
    reasons: tuple[StrEnum, ...] = ()
    words: str | None = None
    micrograms: int | None = None
    happened: bool = False
    identity: bool = False
    """The patient has just said name and birth date."""
    not_given: bool = False
    """Somebody has said that the dose behind the step that is undone was not given."""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Unsaid:
    """The dose behind a step that is to be undone: the entry that goes with the step, and those that stay."""

    action: Action
    strikes: Sequence[DoseEvent]
    stays: Sequence[DoseEvent]


def take(db: Session, treatment: TreatmentSession, step: Step, *, now: datetime, by: Actor) -> StatusChange:
    """Take one step, or undo the last; the dose events, alerts and messages that belong to it come with it.

    Refuses with ChangedMeanwhile when somebody changed the session since it was shown, NotAllowed, GateClosed with
    every unmet reason, and Refusal as lifecycle.undo does. An ending otherwise is a fact: it is stored whatever was
    shown, as long as the table offers it.
    """
    if step.action is Action.UNDO and treatment.status not in _KEEPS_CHAIR:
        coming_back.queue_again(db, treatment)
    if step.action is Action.START:
        papers.lock(db, treatment.patient_id)
    lifecycle.lock(db, treatment)
    if treatment.version != step.version and step.action not in _ALERTS:
        raise ChangedMeanwhile(StepReason.CHANGED_MEANWHILE)
    if step.action is Action.UNDO:
        return _undo(db, treatment, step, now=now, by=by)
    lifecycle.granted(treatment, step.action, by)
    if step.identity:
        said = checking.Said(item=CheckItem.IDENTITY, clear=True)
        checking.record(db, treatment, said, now=now, by=by, at=step.at)
    freed = freed_chairs.part(treatment, step.action, step.at or now)
    details = {**step.details, **freed, **_dose_part(db, treatment, step, now=now, by=by)}
    change = lifecycle.do(
        db, treatment, step.action, now=now, by=by, at=step.at, reasons=step.reasons, words=step.words,
        details=details, happened=step.happened,
    )  # fmt: skip
    freed_chairs.free(db, treatment, change, now=now, by=by)
    if step.action is Action.START and treatment.nurse_id is None and by.role is Role.NURSE:
        treatment.nurse_id = by.user_id
    _tell(db, treatment, change, now=now, by=by)
    outreach.align(db, treatment, now=now, by=by)
    return change


def unsays(db: Session, treatment: TreatmentSession) -> Unsaid | None:
    """Give the dose behind the start or the arrival that an undo would take back; None for what one tap undoes."""
    last = lifecycle.last_step(treatment)
    if last is None or last.action not in {Action.START, Action.ARRIVE} or treatment.dose_started_at is None:
        return None
    events = facts.all_of(db, DoseEvent, treatment)
    its_own = recording.latest(events, int(last.details.get("dose_event", 0)))
    standing = facts.standing_doses(events)
    return Unsaid(
        action=last.action,
        strikes=[event for event in standing if event is its_own],
        stays=[event for event in standing if event is not its_own],
    )


def _undo(db: Session, treatment: TreatmentSession, step: Step, *, now: datetime, by: Actor) -> StatusChange:
    if signed_notes.exists(db, treatment.id):
        raise Refusal(NoteReason.SIGNED_NO_STEP_BACK)
    if not step.not_given and unsays(db, treatment):
        raise Refusal(StepReason.DOSE_BEHIND_IT)
    undone = lifecycle.last_step(treatment)
    freed_chairs.take_back(db, treatment, undone, now=now, by=by)
    change = lifecycle.undo(db, treatment, now=now, by=by)
    if undone is not None and (event_id := undone.details.get("dose_event")) is not None:
        recording.withdraw_dose(db, treatment, int(event_id), now=now, by=by)
    if undone is not None and undone.action in _ALERTS:
        session_alerts.take_back(db, treatment, _ALERTS[undone.action][0], now=now, by=by)
    absence.withdraw_call(db, treatment, now=now, by=by)
    outreach.align(db, treatment, now=now, by=by)
    return change


def _dose_part(db: Session, treatment: TreatmentSession, step: Step, *, now: datetime, by: Actor) -> dict[str, Any]:
    """Record the dose event that a step is, and give its id, so that undoing the step finds it."""
    act = _dose_act(db, treatment, step)
    if act is None or treatment.protocol_version is None:
        return {}
    event = recording.record_dose(db, treatment, act, now=now, by=by, at=step.at)
    return {"dose_event": event.id}


def _dose_act(db: Session, treatment: TreatmentSession, step: Step) -> recording.DoseAct | None:
    if step.action not in {Action.START, Action.FINISH_DOSE, Action.STOP_EARLY}:
        return None
    events = facts.dose_events(db, treatment)
    if step.action is Action.START:
        if step.micrograms in {None, facts.given_micrograms(events)} and facts.so_far(events).begun:
            return None
        if limits.device_micrograms(treatment) is not None:
            return recording.DoseAct(kind=DoseEventKind.DEVICE, micrograms=step.micrograms)
        return _drawn_act(db, treatment, step)
    if any(event.kind in ENDS_DOSE for event in events):
        return None
    begun = facts.given_micrograms(events)
    if step.action is Action.FINISH_DOSE:
        return recording.DoseAct(kind=DoseEventKind.GIVEN, micrograms=step.micrograms or begun)
    why = ", ".join(said.say(reason) for reason in step.reasons)
    devices = facts.so_far(events).micrograms or None
    return recording.DoseAct(kind=DoseEventKind.STOPPED, micrograms=step.micrograms or devices, words=why or None)


def _drawn_act(db: Session, treatment: TreatmentSession, step: Step) -> recording.DoseAct:
    """Start what was drawn; another dose is a fact that has happened, and no start that is still to come."""
    draw = start_gate.in_hand(db, treatment)
    if draw is None or (step.happened and step.micrograms is not None):
        return recording.DoseAct(kind=DoseEventKind.STARTED, micrograms=step.micrograms)
    if step.micrograms not in {None, draw.micrograms}:
        raise GateClosed(StartReason.OTHER_THAN_DRAWN)
    pump = infusions.of_draw(db, treatment, draw)
    rate = pump.micrograms_per_hour if pump else None
    return recording.DoseAct(
        kind=DoseEventKind.STARTED, micrograms=draw.micrograms, rate_micrograms_per_hour=rate, label_id=draw.label_id
    )  # fmt: skip


def _tell(db: Session, treatment: TreatmentSession, change: StatusChange, *, now: datetime, by: Actor) -> None:
    event = f"change:{change.id}"
    if change.action in _ALERTS:
        kind, tier = _ALERTS[change.action]
        text = change.words or said.say(kind)
        session_alerts.tell(db, treatment, kind, tier, text, event, now=now, by=by)
    if change.outside_rules:
        session_alerts.outside_rules(db, treatment, change.outside_rules, event, now=now, by=by)
