"""One side effect on a page of its own: what was done, what became of it; and drugs given under an as-needed order."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response
from wtforms import Form

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.session.as_needed import DRUGS
from clinic_sessions.domain.session.side_effects import ENDED, Grade, InterventionKind, Outcome, SideEffectEventKind
from clinic_sessions.forms.effects import FollowForm, GiveForm, NoneForm, SeriousForm
from clinic_sessions.models import Intervention, Note, SideEffect, SideEffectEvent, TreatmentSession
from clinic_sessions.routes.once import is_first
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, session, showed
from clinic_sessions.routes.session import sessions
from clinic_sessions.routes.session.entry_pages import effect_choices, meta_of_entry
from clinic_sessions.routes.session.one_session import ONE, identified, load, strip
from clinic_sessions.services import form_keys
from clinic_sessions.services.drug import as_needed
from clinic_sessions.services.drug.as_needed import Offered
from clinic_sessions.services.effects import effect_part, none_observed, side_effects
from clinic_sessions.services.effects.side_effects import Followed
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.session import interventions, recording
from clinic_sessions.services.session.facts import SideEffectNow
from clinic_sessions.services.session.interventions import InterventionAct

bp = Blueprint("effects", __name__)

Answer = str | Response | tuple[str, int]
Typed = MultiDict[str, str] | None
ONE_EFFECT = f"{ONE}/side-effects/<int:effect_id>"
ONE_DRUG = f"{ONE}/as-needed/<int:row_id>"
AT_ONCE = tuple(kind for kind in InterventionKind if kind not in DRUGS and kind is not InterventionKind.OTHER)
"""What is noted with one tap: it needs no order and no dose."""


@bp.get(f"{ONE_EFFECT}/events")
@needs(Permission.TREAT)
def show(session_id: int, effect_id: int) -> Answer:
    """Show one side effect: what was done, and what may be done or said now."""
    treatment = load(session_id)
    return _page(treatment, _standing(treatment, effect_id), {})


@bp.post(f"{ONE_EFFECT}/events")
@needs(Permission.TREAT)
def follow(session_id: int, effect_id: int) -> Answer:
    """Add what became of a side effect; of one that was corrected meanwhile, to its correction."""
    treatment = load(session_id)
    one = _standing(treatment, effect_id)
    form = _follow_form(treatment, one, request.form)
    if not form.validate():
        return _page(treatment, one, _bound(form)), 422

    def act(treatment: TreatmentSession) -> SideEffectEvent:
        effect = _standing(treatment, effect_id).effect
        followed = Followed(
            kind=form.kind.data, grade=Grade(form.grade.data) if form.grade.data else None,
            outcome=form.outcome.data, words=form.words.data,
        )  # fmt: skip
        return side_effects.follow(session(), treatment, effect, followed, now=g.now, by=actor(), at=form.moment)

    return _saved(session_id, form, act, lambda one, said: _again(one, effect_id, _bound(form), said), "Saved.")


@bp.post(f"{ONE_EFFECT}/serious")
@needs(Permission.TREAT)
def call_serious(session_id: int, effect_id: int) -> Answer:
    """Say whether a side effect is serious, and by which criterion: a provider is told, and a call is owed."""
    treatment = load(session_id)
    form = SeriousForm(request.form)
    if not form.validate():
        return _again(treatment, effect_id, {"serious": identified(form, "serious")}), 422

    def act(treatment: TreatmentSession) -> SideEffect:
        effect = _standing(treatment, effect_id).effect
        return side_effects.call_serious(session(), treatment, effect, form.seriousness.data, now=g.now, by=actor())

    told = "Saved. A provider has been told, and a call is on the list." if form.seriousness.data else "Saved."
    return _saved(session_id, form, act, lambda one, said: _again(one, effect_id, {"serious": form}, said), told)


@bp.post(f"{ONE}/side-effects/none")
@needs(Permission.TREAT)
def none(session_id: int) -> Answer:
    """Note that the patient was asked just now and feels none."""

    def act(treatment: TreatmentSession) -> Note:
        return none_observed.note(session(), treatment, now=g.now, by=actor())

    def again(treatment: TreatmentSession, said: Sequence[str]) -> str:
        return sessions.page(treatment, said=said)

    return _saved(session_id, NoneForm(request.form), act, again, "Noted: no side effects so far.")


@bp.get(ONE_DRUG)
@needs(Permission.TREAT)
def give(session_id: int, row_id: int) -> Answer:
    """Show the form of a drug that the session's order allows: its dose, its limit, what was given today."""
    treatment = load(session_id)
    offered = as_needed.one(session(), treatment, row_id, g.now)
    return _give_page(treatment, offered, _give_form(treatment, offered, None))


@bp.post(ONE_DRUG)
@needs(Permission.TREAT)
def save_give(session_id: int, row_id: int) -> Answer:
    """Add that the drug was given."""
    treatment = load(session_id)
    offered = as_needed.one(session(), treatment, row_id, g.now)
    form = _give_form(treatment, offered, request.form)
    if not form.validate():
        return _give_page(treatment, offered, form), 422

    def act(treatment: TreatmentSession) -> Intervention:
        named = form.side_effect.data
        row = as_needed.one(session(), treatment, row_id, g.now).row
        done = InterventionAct(
            kind=offered.kind, term=row.drug if offered.kind is InterventionKind.OTHER else None,
            dose_words=form.dose.data, words=form.words.data, as_needed=row,
            side_effect=recording.entry(session(), SideEffect, treatment, int(named)) if named else None,
        )  # fmt: skip
        return interventions.record(session(), treatment, done, now=g.now, by=actor(), at=form.moment)

    def again(treatment: TreatmentSession, said: Sequence[str]) -> str:
        return _give_page(treatment, as_needed.one(session(), treatment, row_id, g.now), form, said)

    return _saved(session_id, form, act, again, f"{offered.row.drug} noted.")


def _standing(treatment: TreatmentSession, effect_id: int) -> SideEffectNow:
    row = recording.entry(session(), SideEffect, treatment, effect_id)
    return side_effects.standing(session(), treatment, row)


def _follow_form(treatment: TreatmentSession, one: SideEffectNow, typed: Typed) -> FollowForm:
    return FollowForm(typed, meta={**meta_of_entry(treatment), "asks_before": one.effect.at})


def _bound(form: FollowForm) -> dict[str, Form]:
    """Give the form under the name of the part of the page that it was typed into."""
    kind = form.kind.data or SideEffectEventKind.ACTED_ON
    named = SideEffectEventKind.OUTCOME if form.outcome.data and kind is not SideEffectEventKind.RESOLVED else kind
    return {named.value: identified(form, named.value)}


def _forms(treatment: TreatmentSession, one: SideEffectNow, bound: dict[str, Form]) -> dict[str, Form]:
    """Make a form for each thing that can be said; those that were typed stay as they are."""
    kinds = [kind.value for kind in SideEffectEventKind if kind.value not in bound]
    made: dict[str, Form] = {kind: identified(_follow_form(treatment, one, None), kind) for kind in kinds}
    made["serious"] = identified(SeriousForm(data={"seriousness": one.effect.seriousness}), "serious")
    return {**made, **bound}


def _again(treatment: TreatmentSession, effect_id: int, bound: dict[str, Form], said: Sequence[str] = ()) -> str:
    return _page(treatment, _standing(treatment, effect_id), bound, said)


def _page(treatment: TreatmentSession, one: SideEffectNow, bound: dict[str, Form], said: Sequence[str] = ()) -> str:
    showed("session", treatment.id, patient_id=treatment.patient_id)
    return render_template(
        "effects/show.html", treatment=treatment, strip=strip(treatment), new_key=form_keys.new, said=said,
        line=effect_part.line(session(), treatment, one, g.now), forms=_forms(treatment, one, bound),
        failed=next(iter(bound.values()), None), grades=side_effects.catalogue().grades, at_once=AT_ONCE,
        lasting=[outcome for outcome in Outcome if outcome not in ENDED],
    )  # fmt: skip


def _give_form(treatment: TreatmentSession, offered: Offered, typed: Typed) -> GiveForm:
    meta = {**meta_of_entry(treatment), "offered": offered, "allergies": treatment.patient.allergies}
    data = {"dose": offered.row.dose_words, "side_effect": request.args.get("effect", "")}
    form = GiveForm(typed, data=data, meta=meta)
    form.side_effect.choices = effect_choices(treatment)
    return form


def _give_page(treatment: TreatmentSession, offered: Offered, form: GiveForm, said: Sequence[str] = ()) -> str:
    showed("session", treatment.id, patient_id=treatment.patient_id)
    return render_template(
        "effects/give.html", treatment=treatment, strip=strip(treatment), offered=offered, form=form, said=said,
        new_key=form_keys.new, label=interventions.label,
    )  # fmt: skip


def _saved(
    session_id: int,
    form: Any,
    act: Callable[[TreatmentSession], SideEffect | SideEffectEvent | Intervention | Note],
    again: Callable[[TreatmentSession, Sequence[str]], str],
    told: str,
) -> Answer:
    """Do what a good form asks for, once, however often it is sent; a refusal shows the page again."""
    answer = url_for("sessions.show", session_id=session_id, _anchor="effects")
    key = form.form_key.data or ""
    try:
        if not is_first(key):
            session().rollback()
            return redirect(answer, 303)
        marked = bool(act(load(session_id)).outside_rules)
        if form_keys.is_one(key):
            form_keys.settle(session(), key, answer)
        session().commit()
    except Refusal as refusal:
        session().rollback()
        return again(load(session_id), [words.say(reason) for reason in refusal.reasons]), 409
    flash("Saved as it happened, and marked. A provider has been told." if marked else told)
    return redirect(answer, 303)
