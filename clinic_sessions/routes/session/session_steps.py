"""The steps that the session page offers: which a person may take now, and the small form of each."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import Any

from flask import g, request

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling import visits
from clinic_sessions.domain.session.lifecycle import NEXT_STEP, OCCUPYING, Action, Status, StepReason, offered
from clinic_sessions.domain.session.start_gate import things
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.steps import REASONS, StepForm
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes.present import actor, person, session
from clinic_sessions.routes.session.one_session import identified, meta_of
from clinic_sessions.services.before import start_gate
from clinic_sessions.services.note import signed_notes
from clinic_sessions.services.refusals import NotAllowed, Refusal
from clinic_sessions.services.session import due, facts, first_act, lifecycle, session_page
from clinic_sessions.services.session.first_act import Act
from clinic_sessions.services.session.session_start import Start

ENDINGS = (Action.TAKE_TO_HOSPITAL, Action.LEAVE_AGAINST_ADVICE, Action.LEAVE_WITHOUT_TELLING)
ASKED = frozenset({Action.START, Action.STOP_EARLY, Action.CALL_OFF})
"""Steps that need more than a tap."""

_OF_A_MOMENT: Mapping[Action, str] = {
    Action.FINISH_DOSE: "Dose given",
    Action.STOP_EARLY: "Not all of it was given",
}
ON_CHANGES = frozenset({Action.CONFIRM, Action.MOVE, Action.CANCEL, Action.NOTE_ABSENCE, Action.ACCEPT, Action.LAPSE})


def against_start(treatment: TreatmentSession, start: Start | None) -> Sequence[StrEnum]:
    """List what stands against the start of a visit whose patient is here, for those who could start it."""
    if start is None or start.papers is None or treatment.status is not Status.ARRIVED:
        return ()
    if not person().may(Permission.TREAT):
        return ()
    return [*start.papers.reasons, *start_gate.unmet(session(), treatment, start.papers.order_id, g.now)]


def steps_of(treatment: TreatmentSession, against: Sequence[StrEnum]) -> dict[str, Any]:
    """Give the steps that this person may take now, and which one they may take back.

    `against`: what stands against the start; `start_missing`: how much that is, while it is the next step; `act`: what
    the dose asks for first.
    """
    last = session_page.undoable(treatment, g.now)
    here = [one for one in offered(treatment.kind, treatment.status) if _may(treatment, one)]
    next_step = _may(treatment, NEXT_STEP[treatment.kind].get(treatment.status))
    return {
        "step_words": partial(step_words, treatment),
        "next_step": next_step,
        "act": dose_act(treatment) if next_step else first_act.STEP,
        "start_missing": things(against) if next_step is Action.START else 0,
        "asked": [one for one in here if one in ASKED and (one is not Action.STOP_EARLY or _is_asked(treatment))],
        "endings": [one for one in ENDINGS if one in here],
        "undo": last if last and _may_undo(treatment) else None,
        "ended": treatment.status not in OCCUPYING,
    }


def dose_act(treatment: TreatmentSession) -> Act:
    """Say what the dose of a visit asks for first, apart from its checks."""
    return first_act.of_dose(treatment, facts.dose_events(session(), treatment), due.numbers(session()), g.now)


def step_words(treatment: TreatmentSession, action: Action) -> str:
    """Name a step of a visit; a dose that is over at once is given, not finished."""
    if action in _OF_A_MOMENT and first_act.is_moment(treatment):
        return _OF_A_MOMENT[action]
    return visits.act_words(treatment.kind, action)


def _is_asked(treatment: TreatmentSession) -> bool:
    """Whether an early end is told by a form: what runs, or comes in devices, is stopped by its own tap."""
    return first_act.is_moment(treatment) or request.form.get("action") == Action.STOP_EARLY


def forms_of(treatment: TreatmentSession, typed: StepForm | None, start: Start | None) -> dict[str, StepForm]:
    """Make the small form of each step, with what was typed in the one that was sent."""
    made = {}
    first = start.first.micrograms if start and start.first else None
    for action in {*offered(treatment.kind, treatment.status), Action.UNDO} - ON_CHANGES:
        begun = {"action": action, "version": treatment.version, "mg": first if action is Action.START else None}
        fresh = StepForm(data=begun, meta=meta_of(treatment))
        if typed is not None and typed.action.data is action:
            fresh = typed
            fresh.version.raw_data, fresh.version.data = None, treatment.version
        made[action.value] = identified(fresh, action.value)
        chips = visits.call_off_reasons(treatment.kind) if action is Action.CALL_OFF else REASONS.get(action, ())
        fresh.reasons.choices = options((one.value, words.say(one)) for one in chips)
    return made


def refuse_by_role(treatment: TreatmentSession, action: Action) -> None:
    """Refuse a step that is not this person's, before a word is said about what they typed of it.

    Whoever may not treat learns from no message what dose was ordered, what its limit is, or when it began. Refuses as
    lifecycle.granted does.
    """
    if person().may(Permission.TREAT):
        return
    if action is not Action.UNDO:
        lifecycle.granted(treatment, action, actor())
    elif lifecycle.last_step(treatment) is not None and not _may_undo(treatment):
        raise NotAllowed(StepReason.NOT_ALLOWED)


def _may(treatment: TreatmentSession, action: Action | None) -> Action | None:
    if action is None:
        return None
    try:
        lifecycle.granted(treatment, action, actor())
    except Refusal:
        return None
    return action


def _may_undo(treatment: TreatmentSession) -> bool:
    last = lifecycle.last_step(treatment)
    if last is None or last.from_status is None:
        return False
    if treatment.status not in OCCUPYING and signed_notes.exists(session(), treatment.id):
        return False
    return person().may(lifecycle.permission_of(treatment.kind, last.from_status, last.action))
