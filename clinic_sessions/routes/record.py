"""Recording: vitals, dose, side effects, interventions, notes. Each form saves once, however often it is sent."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.side_effects import Grade, SideEffectKind, common_for
from clinic_sessions.forms.acts import ActForm
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.record import (
    NO_EFFECT,
    DoseForm,
    FollowForm,
    InterventionForm,
    NoteForm,
    SideEffectForm,
    VitalsForm,
)
from clinic_sessions.models import (
    DoseEvent,
    Intervention,
    Note,
    SideEffect,
    SideEffectEvent,
    TreatmentSession,
    VitalsReading,
)
from clinic_sessions.routes.one_session import ONE, load, meta_of, strip
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, session, showed
from clinic_sessions.services import facts, form_keys, recording, side_effects
from clinic_sessions.services.recording import DoseAct, InterventionAct
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.side_effects import Followed, Noticed

bp = Blueprint("record", __name__)

Answer = str | Response | tuple[str, int]
Saved = VitalsReading | DoseEvent | SideEffect | SideEffectEvent | Intervention | Note
NOT_CONTENT = frozenset({"csrf_token", "form_key"})
MAX_ID = 2_147_483_647


@dataclass(frozen=True, kw_only=True)
class Page:
    """One kind of entry: its words, its template, how its form is made and saved."""

    title: str
    saved: str
    template: str
    make: Callable[[TreatmentSession, MultiDict[str, str] | None], ActForm]
    save: Callable[[TreatmentSession, Any], Saved]


def _data_of(model: type[Any], treatment: TreatmentSession, read: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Give what a form begins with: nothing, or the entry that it corrects, which must be of this session."""
    named = request.values.get("corrects", "") if request.blueprint == bp.name else ""
    if not named:
        return {}
    old = recording.entry(session(), model, treatment, _entry_id(named))
    return {**read(old), "at": old.at.astimezone(treatment.clinic.zone).time(), "corrects": str(old.id)}


def _entry_id(typed: str) -> int:
    if not (typed.isascii() and typed.isdigit() and int(typed) <= MAX_ID):
        raise Absent
    return int(typed)


def _corrected(model: type[Any], treatment: TreatmentSession, form: ActForm) -> Any:
    return recording.entry(session(), model, treatment, _entry_id(form.corrects.data)) if form.corrects.data else None


def _meta(treatment: TreatmentSession) -> dict[str, Any]:
    return meta_of(treatment, asks_before=facts.arrived_at(treatment))


def vitals_form(treatment: TreatmentSession, typed: MultiDict[str, str] | None = None) -> VitalsForm:
    """Make the form of a reading."""

    def read(old: VitalsReading) -> dict[str, Any]:
        return {
            "systolic": (old.systolic_mmhg, None) if old.systolic_mmhg is not None else None,
            "diastolic": old.diastolic_mmhg,
            "heart_rate": old.heart_rate_bpm,
            "spo2_percent": old.spo2_percent,
            "respiratory_rate": old.respiratory_rate_bpm,
            "temperature_tenths": old.temperature_tenths_c,
            "moaa_s": old.moaa_s,
            "pain": old.pain_of_10,
        }

    return VitalsForm(typed, data=_data_of(VitalsReading, treatment, read), meta=_meta(treatment))


def _save_vitals(treatment: TreatmentSession, form: VitalsForm) -> Saved:
    old = _corrected(VitalsReading, treatment, form)
    return recording.record_vitals(
        session(), treatment, form.reading, now=g.now, by=actor(), at=form.moment, corrects=old
    )  # fmt: skip


def dose_form(treatment: TreatmentSession, typed: MultiDict[str, str] | None = None) -> DoseForm:
    """Make the form of a dose event."""

    def read(old: DoseEvent) -> dict[str, Any]:
        return {"kind": old.kind, "mg": old.micrograms, "rate": old.rate_micrograms_per_hour, "words": old.words}

    return DoseForm(typed, data=_data_of(DoseEvent, treatment, read), meta=_meta(treatment))


def _save_dose(treatment: TreatmentSession, form: DoseForm) -> Saved:
    act = DoseAct(
        kind=form.kind.data, micrograms=form.mg.data, rate_micrograms_per_hour=form.rate.data, words=form.words.data
    )
    old = _corrected(DoseEvent, treatment, form)
    return recording.record_dose(session(), treatment, act, now=g.now, by=actor(), at=form.moment, corrects=old)


def effect_form(treatment: TreatmentSession, typed: MultiDict[str, str] | None = None) -> SideEffectForm:
    """Make the form of a side effect."""

    def read(old: SideEffect) -> dict[str, Any]:
        return {
            "kind": old.kind, "term": old.term, "grade": old.grade,
            "seriousness": old.seriousness, "words": old.words,
        }  # fmt: skip

    return SideEffectForm(typed, data=_data_of(SideEffect, treatment, read), meta=_meta(treatment))


def _save_effect(treatment: TreatmentSession, form: SideEffectForm) -> Saved:
    noticed = Noticed(
        kind=form.kind.data, grade=Grade(form.grade.data or 0), term=form.term.data,
        seriousness=form.seriousness.data, words=form.words.data,
    )  # fmt: skip
    onset = form.moment or g.now - timedelta(minutes=int(form.ago.data))
    old = _corrected(SideEffect, treatment, form)
    return side_effects.note(session(), treatment, noticed, now=g.now, by=actor(), onset=onset, corrects=old)


def intervention_form(treatment: TreatmentSession, typed: MultiDict[str, str] | None = None) -> InterventionForm:
    """Make the form of an intervention, offering the side effects of this session."""

    def read(old: Intervention) -> dict[str, Any]:
        return {
            "kind": old.kind, "term": old.term, "dose_words": old.dose_words,
            "side_effect": str(old.side_effect_id or ""), "words": old.words,
        }  # fmt: skip

    form = InterventionForm(typed, data=_data_of(Intervention, treatment, read), meta=_meta(treatment))
    effects = [one for one in facts.side_effects(session(), treatment) if not one.by_mistake]
    offered = [(str(one.effect.id), side_effects.label(one.effect)) for one in effects]
    form.side_effect.choices = options([NO_EFFECT, *offered])
    return form


def _save_intervention(treatment: TreatmentSession, form: InterventionForm) -> Saved:
    named = form.side_effect.data
    act = InterventionAct(
        kind=form.kind.data, term=form.term.data, dose_words=form.dose_words.data, words=form.words.data,
        side_effect=recording.entry(session(), SideEffect, treatment, _entry_id(named)) if named else None,
    )  # fmt: skip
    old = _corrected(Intervention, treatment, form)
    return recording.record_intervention(
        session(), treatment, act, now=g.now, by=actor(), at=form.moment, corrects=old
    )  # fmt: skip


def note_form(treatment: TreatmentSession, typed: MultiDict[str, str] | None = None) -> NoteForm:
    """Make the form of a note."""
    data = _data_of(Note, treatment, lambda old: {"body": old.body})
    return NoteForm(typed, data=data, meta=_meta(treatment))


def _save_note(treatment: TreatmentSession, form: NoteForm) -> Saved:
    old = _corrected(Note, treatment, form)
    return recording.record_note(session(), treatment, form.text, now=g.now, by=actor(), at=form.moment, corrects=old)


VITALS = Page(title="Vitals", saved="Vitals saved.", template="vitals", make=vitals_form, save=_save_vitals)
DOSE = Page(title="Dose", saved="Dose entry saved.", template="dose", make=dose_form, save=_save_dose)
EFFECT = Page(
    title="Side effect", saved="Side effect saved.", template="effect", make=effect_form, save=_save_effect
)  # fmt: skip
INTERVENTION = Page(
    title="Intervention", saved="Intervention saved.", template="intervention",
    make=intervention_form, save=_save_intervention,
)  # fmt: skip
NOTE = Page(title="Note", saved="Note saved.", template="note", make=note_form, save=_save_note)


@bp.get(f"{ONE}/vitals")
@needs(Permission.TREAT)
def vitals(session_id: int) -> Answer:
    """Show the form of a reading."""
    return _show(VITALS, session_id)


@bp.post(f"{ONE}/vitals")
@needs(Permission.TREAT)
def save_vitals(session_id: int) -> Answer:
    """Add a reading."""
    return _save(VITALS, session_id)


@bp.get(f"{ONE}/dose")
@needs(Permission.TREAT)
def dose(session_id: int) -> Answer:
    """Show the form of a dose event."""
    return _show(DOSE, session_id)


@bp.post(f"{ONE}/dose")
@needs(Permission.TREAT)
def save_dose(session_id: int) -> Answer:
    """Add a dose event."""
    return _save(DOSE, session_id)


@bp.get(f"{ONE}/side-effects")
@needs(Permission.TREAT)
def effect(session_id: int) -> Answer:
    """Show the form of a side effect."""
    return _show(EFFECT, session_id)


@bp.post(f"{ONE}/side-effects")
@needs(Permission.TREAT)
def save_effect(session_id: int) -> Answer:
    """Add a side effect."""
    return _save(EFFECT, session_id)


@bp.get(f"{ONE}/side-effects/<int(max=2147483647):effect_id>/events")
@needs(Permission.TREAT)
def follow(session_id: int, effect_id: int) -> Answer:
    """Show the form of what became of a side effect."""
    return _show(_following(session_id, effect_id), session_id)


@bp.post(f"{ONE}/side-effects/<int(max=2147483647):effect_id>/events")
@needs(Permission.TREAT)
def save_follow(session_id: int, effect_id: int) -> Answer:
    """Add what became of a side effect."""
    return _save(_following(session_id, effect_id), session_id)


@bp.get(f"{ONE}/interventions")
@needs(Permission.TREAT)
def intervention(session_id: int) -> Answer:
    """Show the form of an intervention."""
    return _show(INTERVENTION, session_id)


@bp.post(f"{ONE}/interventions")
@needs(Permission.TREAT)
def save_intervention(session_id: int) -> Answer:
    """Add an intervention."""
    return _save(INTERVENTION, session_id)


@bp.get(f"{ONE}/notes")
@needs(Permission.TREAT)
def note(session_id: int) -> Answer:
    """Show the form of a note."""
    return _show(NOTE, session_id)


@bp.post(f"{ONE}/notes")
@needs(Permission.TREAT)
def save_note(session_id: int) -> Answer:
    """Add a note."""
    return _save(NOTE, session_id)


def _following(session_id: int, effect_id: int) -> Page:
    row = recording.entry(session(), SideEffect, load(session_id), effect_id)

    def make(treatment: TreatmentSession, typed: MultiDict[str, str] | None) -> FollowForm:
        return FollowForm(typed, meta=_meta(treatment))

    def save(treatment: TreatmentSession, form: FollowForm) -> Saved:
        followed = Followed(
            kind=form.kind.data, grade=Grade(form.grade.data) if form.grade.data else None,
            outcome=form.outcome.data, words=form.words.data,
        )  # fmt: skip
        return side_effects.follow(session(), treatment, row, followed, now=g.now, by=actor(), at=form.moment)

    return Page(title=side_effects.label(row), saved="Saved.", template="follow", make=make, save=save)


def _show(page: Page, session_id: int) -> str:
    treatment = load(session_id)
    return _page(page, treatment, page.make(treatment, None))


def _save(page: Page, session_id: int) -> Answer:
    treatment = load(session_id)
    form = page.make(treatment, request.form)
    if not form.validate():
        return _page(page, treatment, form), 422
    answer = url_for("sessions.show", session_id=session_id)
    key = form.form_key.data or ""
    try:
        if not _claimed(key):
            session().rollback()
            return redirect(answer, 303)
        row = page.save(treatment, form)
        against = bool(row.outside_rules)
        if key:
            form_keys.settle(session(), key, answer)
        session().commit()
    except Refusal as refusal:
        session().rollback()
        treatment = load(session_id)
        return _page(page, treatment, form, [words.say(reason) for reason in refusal.reasons]), 409
    flash("Saved as it happened, and marked. A provider has been told." if against else page.saved)
    return redirect(answer, 303)


def _claimed(key: str) -> bool:
    """Take the form's one-use key; False when this very form has been saved already. A form without one is saved."""
    if not form_keys.SHORTEST <= len(key) <= form_keys.LONGEST:
        return True
    content = {name: values for name, values in request.form.lists() if name not in NOT_CONTENT}
    return form_keys.claim(session(), key, {**content, "path": request.path}, now=g.now, by=actor()) is None


def _page(page: Page, treatment: TreatmentSession, form: ActForm, said: list[str] | None = None) -> str:
    showed("session", treatment.id, patient_id=treatment.patient_id)
    return render_template(
        "sessions/entry.html", page=page, treatment=treatment, strip=strip(treatment), form=form, said=said or [],
        new_key=form_keys.new, **choices_of(treatment),
    )  # fmt: skip


def choices_of(treatment: TreatmentSession) -> dict[str, Any]:
    """Give the lists that the side effect form offers: what is common on this route first."""
    catalogue = side_effects.catalogue()
    version = treatment.protocol_version
    first = common_for(version.route) if version else tuple(SideEffectKind)[:6]
    by_kind = {one.kind: one for one in catalogue.kinds}
    return {
        "common_kinds": [by_kind[kind] for kind in first],
        "more_kinds": [one for one in catalogue.kinds if one.kind not in first],
        "grades": catalogue.grades,
    }
