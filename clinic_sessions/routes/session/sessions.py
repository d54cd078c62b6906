"""The session page and its steps."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.session.readiness import DoseToGive
from clinic_sessions.forms.steps import StepForm
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes.before import before_page
from clinic_sessions.routes.drug import drug_part
from clinic_sessions.routes.guard import POLL
from clinic_sessions.routes.leaving import leaving_page
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, person, session, showed
from clinic_sessions.routes.session import meanwhile, step_answers
from clinic_sessions.routes.session.one_session import ONE, load, meta_of, strip
from clinic_sessions.routes.session.session_steps import against_start, dose_act, forms_of, refuse_by_role, steps_of
from clinic_sessions.routes.session.session_tiles import dialogs
from clinic_sessions.services import form_keys
from clinic_sessions.services.before import ask_part, start_gate
from clinic_sessions.services.booking import change_notes, provisional
from clinic_sessions.services.effects import effect_part, side_effects
from clinic_sessions.services.note import note_part
from clinic_sessions.services.patients.patients import PatientStrip
from clinic_sessions.services.refusals import ChangedMeanwhile, Refusal
from clinic_sessions.services.session import (
    due,
    facts,
    first_act,
    session_due,
    session_page,
    session_revision,
    session_start,
    steps,
    timeline,
)
from clinic_sessions.services.session.lifecycle import GateClosed
from clinic_sessions.services.session.session_start import Start

bp = Blueprint("sessions", __name__)

HAPPENS = frozenset({Action.LEAVE, Action.START})
"""Steps that are stored as facts when they have happened already: a patient who has gone, a dose that was given."""

SAME_TAP = timedelta(seconds=20)
Answer = str | Response | tuple[str | Response, int]


@bp.get(ONE)
@needs(Permission.SEE_SCHEDULE)
def show(session_id: int) -> Answer:
    """Show one session; a poll that has seen this revision is told that nothing is new."""
    treatment = load(session_id)
    if request.headers.get(POLL) and request.args.get("revision") == _revision(treatment):
        return "", 304
    return page(treatment)


@bp.get(f"{ONE}/step")
@needs(Permission.SEE_SCHEDULE)
def step_again(session_id: int) -> Response:
    """Lead who opens the address of a step again, from the bar or the history, to the session."""
    return redirect(url_for("sessions.show", session_id=load(session_id).id), 303)


@bp.post(f"{ONE}/step")
@needs(Permission.SEE_SCHEDULE)
def step(session_id: int) -> Answer:
    """Take one step; a refusal shows the same page with every reason and the session as it stands."""
    treatment = load(session_id)
    form = StepForm(request.form, meta={**meta_of(treatment, ordered=_ordered(treatment)), "drawn": _drawn(treatment)})
    try:
        if form.action.data is not None:
            refuse_by_role(treatment, form.action.data)
        if not form.validate():
            return step_answers.mistyped(form) if step_answers.as_json() else (page(treatment, form), 422)
        change = steps.take(session(), treatment, _wanted(form), now=g.now, by=actor())
        told = bool(change.outside_rules)
        session().commit()
    except Refusal as refusal:
        session().rollback()
        return _refused(load(session_id), form, refusal)
    if step_answers.as_json():
        return step_answers.taken(change)
    if told:
        flash("Stored as it happened, and marked. A provider has been told.", "warn")
    return _go_on(session_id, form)


def _refused(treatment: TreatmentSession, form: StepForm, refusal: Refusal) -> Answer:
    if isinstance(refusal, ChangedMeanwhile) and _was_this_tap(treatment, form.action.data):
        return _go_on(treatment.id, form)
    if step_answers.as_json():
        return step_answers.refused(refusal)
    return page(treatment, form, meanwhile.said(treatment, refusal), refusal), 409


def page(
    treatment: TreatmentSession,
    form: StepForm | None = None,
    said: Sequence[str] = (),
    refusal: Refusal | None = None,
) -> str:
    """Make the session page; clinical content is gathered only for those who may read it."""
    showed("session", treatment.id, patient_id=treatment.patient_id)
    reads = person().may(Permission.READ_CLINICAL)
    papers = person().may(Permission.SEE_PAPERS)
    start = session_start.of(session(), treatment, g.now, clinical=reads) if papers else None
    against = against_start(treatment, start)
    return render_template(
        "sessions/show.html",
        treatment=treatment,
        is_provisional=bool(provisional.ids(session(), [treatment])),
        strip=_strip(treatment),
        alike=session_page.alike_today(session(), treatment),
        revision=_revision(treatment),
        **_parts(treatment, start, against),
        **steps_of(treatment, against),
        forms=forms_of(treatment, form, start),
        dialogs=dialogs(treatment) if person().may(Permission.TREAT) else None,
        new_key=form_keys.new,
        form=form,
        said=said,
        notes=change_notes.of(session(), treatment, g.now),
        may_have_happened=_may_have_happened(form, refusal),
    )


def _strip(treatment: TreatmentSession) -> PatientStrip:
    """Give the patient strip; which session of the series this is stands beside its times, once."""
    found = strip(treatment)
    return replace(found, progress=None) if treatment.place_in_plan else found


def _may_have_happened(form: StepForm | None, refusal: Refusal | None) -> bool:
    if form is None or form.action.data not in HAPPENS or not person().may(Permission.TREAT):
        return False
    return isinstance(refusal, GateClosed) or bool(form.happened.data)


def _parts(treatment: TreatmentSession, start: Start | None, against: Sequence[StrEnum]) -> dict[str, Any]:
    """Gather what each part of the page shows; a part that is not for this person, or not now, is None."""
    reads = person().may(Permission.READ_CLINICAL)
    return {
        "start": start,
        "before": before_page.of(treatment, start),
        "asks": ask_part.of(session(), treatment, against, g.now) if reads else None,
        "due": (found := session_due.of(session(), treatment, g.now) if reads else None),
        "presses": found is not None and first_act.presses(found.next, g.now),
        "leaving": leaving_page.of(treatment) if reads else None,
        "record": session_page.clinical(session(), treatment, g.now) if reads else None,
        "drug": drug_part.of(treatment, start) if reads else None,
        "note": note_part.of(session(), treatment, person()) if reads else None,
        "history": None if reads else timeline.steps(treatment, clinical=False)[::-1],
        "clock": due.clock(treatment, facts.dose_events(session(), treatment)) if reads else None,
        "clock_text": due.clock_text,
        "due_text": due.due_text,
        "effects": effect_part.of(session(), treatment, g.now) if reads else None,
        "effect_label": side_effects.label,
    }


def _wanted(form: StepForm) -> steps.Step:
    action: Action = form.action.data
    return steps.Step(
        action=action,
        version=form.version.data or 0,
        at=form.moment,
        reasons=form.chosen,
        words=form.words.data,
        micrograms=form.mg.data,
        happened=bool(form.happened.data) and action in HAPPENS,
        identity=action is Action.START and bool(form.identity.data),
    )


def _ordered(treatment: TreatmentSession) -> DoseToGive | None:
    begins = request.form.get("action") == Action.START and treatment.status is Status.ARRIVED
    return session_start.to_give(session(), treatment, g.now) if begins else None


def _drawn(treatment: TreatmentSession) -> int | None:
    draw = start_gate.in_hand(session(), treatment) if request.form.get("action") == Action.START else None
    return draw.micrograms if draw is not None else None


def _was_this_tap(treatment: TreatmentSession, action: Action) -> bool:
    """Whether the same person has just taken this very step: a second tap of one button is answered the same."""
    last = treatment.changes[-1] if treatment.changes else None
    return (
        last is not None and last.action is action and last.by_id == person().id and g.now - last.recorded_at < SAME_TAP
    )


def _go_on(session_id: int, form: StepForm) -> Response:
    if form.action.data is Action.CALL_OFF and person().may(Permission.BOOK_SESSIONS):
        return redirect(url_for("after.show", session_id=session_id), 303)
    if form.back.data == "board":
        return redirect(url_for("board.index"), 303)
    return redirect(url_for("sessions.show", session_id=session_id), 303)


def _revision(treatment: TreatmentSession) -> str:
    if person().may(Permission.READ_CLINICAL):
        return session_revision.revision(session(), treatment) + leaving_page.time_mark(treatment) + _mark(treatment)
    return str(treatment.version)


def _mark(treatment: TreatmentSession) -> str:
    """Give a mark that changes when the clock alone changes what is first."""
    if treatment.status not in due.HAS_DUE:
        return ""
    found = session_due.of(session(), treatment, g.now)
    pressing = found is not None and first_act.presses(found.next, g.now)
    return f"-{dose_act(treatment).kind.value}{'-check' if pressing else ''}"
