"""One kind of entry each: how its form is made, what it corrects, and how it is saved."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import g, request
from werkzeug.datastructures import MultiDict

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.domain.session.side_effects import Grade, in_sight
from clinic_sessions.domain.session.vitals import lost_consciousness
from clinic_sessions.forms.acts import ActForm
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.effects import NO_EFFECT, InterventionForm, SideEffectForm
from clinic_sessions.forms.record import CorrectedDoseForm, DoseForm, NoteForm
from clinic_sessions.forms.vitals import VitalsForm
from clinic_sessions.models import (
    DoseEvent,
    Intervention,
    Note,
    SideEffect,
    SideEffectEvent,
    TreatmentSession,
    VitalsReading,
)
from clinic_sessions.models.engine import begin_write
from clinic_sessions.routes import countersigned, filters
from clinic_sessions.routes.present import actor, session
from clinic_sessions.routes.session.one_session import meta_of
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.effects.side_effects import Noticed
from clinic_sessions.services.refusals import Absent
from clinic_sessions.services.session import facts, interventions, limits, recording, session_due
from clinic_sessions.services.session.interventions import InterventionAct
from clinic_sessions.services.session.recording import DoseAct

Saved = VitalsReading | DoseEvent | SideEffect | SideEffectEvent | Intervention | Note


@dataclass(frozen=True, kw_only=True)
class Page:
    """One kind of entry: its words, its template, how its form is made and saved."""

    title: str
    saved: str
    template: str
    make: Callable[[TreatmentSession, MultiDict[str, str] | None], ActForm]
    save: Callable[[TreatmentSession, Any], Saved]
    told: Callable[[TreatmentSession, Any], list[tuple[str, str]]] | None = None
    """What is said besides, once it is saved: each a kind of notice and its words."""
    sign: Callable[[TreatmentSession, Any], bool] | None = None
    """Takes a second person's signature and opens the write transaction; nothing loaded before it is kept."""


def _begins(
    model: type[Any], treatment: TreatmentSession, read: Callable[[Any], dict[str, Any]], **more: Any
) -> dict[str, Any]:
    """Give what a form begins with and must know: nothing of its own, or the entry of this session that it corrects."""
    named = request.values.get("corrects", "") if request.blueprint == "record" else ""
    if not named:
        return {"data": {}, "meta": {**meta_of_entry(treatment), **more}}
    old = recording.entry(session(), model, treatment, _entry_id(named))
    local = old.at.astimezone(treatment.clinic.zone)
    begun = {**read(old), "at": local.time(), "at_day": local.date(), "corrects": str(old.id)}
    return {"data": begun, "meta": {**meta_of_entry(treatment, kept=old.at), **more}}


def _entry_id(typed: str) -> int:
    found = number(typed)
    if found is None:
        raise Absent
    return found


def _corrected(model: type[Any], treatment: TreatmentSession, form: ActForm) -> Any:
    return recording.entry(session(), model, treatment, _entry_id(form.corrects.data)) if form.corrects.data else None


def meta_of_entry(treatment: TreatmentSession, *, kept: datetime | None = None) -> dict[str, Any]:
    """Give what an entry's form must know: a time before the patient came is asked about; `kept` as meta_of has it."""
    return meta_of(treatment, asks_before=facts.arrived_at(treatment), kept=kept)


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

    asked = session_due.asked_now(session(), treatment, g.now)
    return VitalsForm(typed, **_begins(VitalsReading, treatment, read, asked=asked))


def _save_vitals(treatment: TreatmentSession, form: VitalsForm) -> Saved:
    old = _corrected(VitalsReading, treatment, form)
    return recording.record_vitals(
        session(), treatment, form.reading, now=g.now, by=actor(), at=form.moment, corrects=old
    )  # fmt: skip


SHOWS_OUTSIDE = frozenset({Status.IN_TREATMENT, Status.OBSERVING, Status.READY})
"""While somebody is treated the page itself says what is out of range, until it is read again."""


def _told_of_vitals(treatment: TreatmentSession, reading: VitalsReading) -> list[tuple[str, str]]:
    """Say what of a reading is out of range, with the protocol's advice, and what the due check still lacks."""
    doses = facts.dose_events(session(), treatment)
    stays = treatment.status in SHOWS_OUTSIDE
    told = [] if stays else limits.told(limits.marks(treatment, doses, reading))
    said = [("danger" if one.urgent else "warn", one.words) for one in told]
    if lost_consciousness(limits.vitals_of(reading)):
        said.append(("danger", "No response is loss of consciousness: record it as a serious side effect."))
    due = session_due.of(session(), treatment, g.now)
    if due and due.next and due.missing_words:
        at = filters.at(due.next.at, treatment.clinic)
        said.append(("warn", f"The check of {at} stays open for {due.missing_words}."))
    return said


def dose_form(treatment: TreatmentSession, typed: MultiDict[str, str] | None = None) -> DoseForm:
    """Make the form of a dose event."""

    def read(old: DoseEvent) -> dict[str, Any]:
        return {"kind": old.kind, "mg": old.micrograms, "rate": old.rate_micrograms_per_hour, "words": old.words}

    begun = _begins(DoseEvent, treatment, read)
    if not begun["data"]:
        return DoseForm(typed, **begun)
    old = recording.entry(session(), DoseEvent, treatment, _entry_id(begun["data"]["corrects"]))
    seen = old.micrograms if old.kind is DoseEventKind.WASTED and old.second_id is not None else None
    more = {"seen": seen, **countersigned.meta(treatment, Permission.TREAT)}
    return CorrectedDoseForm(typed, data=begun["data"], meta={**begun["meta"], **more})


def _sign_dose(treatment: TreatmentSession, form: DoseForm) -> bool:
    """Open the write transaction, and keep who has seen a waste; False when their signature is not taken."""
    if isinstance(form, CorrectedDoseForm) and form.is_waste and form.signs:
        signed = countersigned.signer(form, treatment, Permission.TREAT)
        form.witness_id = signed.user_id if signed else None
        return signed is not None
    begin_write(session())
    return True


def _save_dose(treatment: TreatmentSession, form: DoseForm) -> Saved:
    act = DoseAct(
        kind=form.kind.data, micrograms=form.mg.data, rate_micrograms_per_hour=form.rate.data, words=form.words.data,
        second_id=form.witness_id,
    )  # fmt: skip
    old = _corrected(DoseEvent, treatment, form)
    return recording.record_dose(session(), treatment, act, now=g.now, by=actor(), at=form.moment, corrects=old)


def effect_form(treatment: TreatmentSession, typed: MultiDict[str, str] | None = None) -> SideEffectForm:
    """Make the form of a side effect."""

    def read(old: SideEffect) -> dict[str, Any]:
        return {
            "kind": old.kind, "term": old.term, "grade": old.grade,
            "seriousness": old.seriousness, "words": old.words,
        }  # fmt: skip

    return SideEffectForm(typed, **_begins(SideEffect, treatment, read))


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

    begins = _begins(Intervention, treatment, read)
    data = begins["data"] or {"side_effect": request.args.get("effect", "")}
    form = InterventionForm(typed, data=data, meta=begins["meta"])
    form.side_effect.choices = effect_choices(treatment)
    return form


def effect_choices(treatment: TreatmentSession) -> list[Any]:
    """Give the side effects of a session to choose from, or none in particular."""
    effects = [one for one in facts.side_effects(session(), treatment) if not one.by_mistake]
    offered = [(str(one.effect.id), side_effects.label(one.effect)) for one in effects]
    return options([NO_EFFECT, *offered])


def _save_intervention(treatment: TreatmentSession, form: InterventionForm) -> Saved:
    named = form.side_effect.data
    act = InterventionAct(
        kind=form.kind.data, term=form.term.data, dose_words=form.dose_words.data, words=form.words.data,
        side_effect=recording.entry(session(), SideEffect, treatment, _entry_id(named)) if named else None,
    )  # fmt: skip
    old = _corrected(Intervention, treatment, form)
    return interventions.record(session(), treatment, act, now=g.now, by=actor(), at=form.moment, corrects=old)


def note_form(treatment: TreatmentSession, typed: MultiDict[str, str] | None = None) -> NoteForm:
    """Make the form of a note."""
    return NoteForm(typed, **_begins(Note, treatment, lambda old: {"body": old.body}))


def _save_note(treatment: TreatmentSession, form: NoteForm) -> Saved:
    old = _corrected(Note, treatment, form)
    return recording.record_note(session(), treatment, form.text, now=g.now, by=actor(), at=form.moment, corrects=old)


VITALS = Page(
    title="Vitals", saved="Vitals saved.", template="vitals", make=vitals_form, save=_save_vitals,
    told=_told_of_vitals,
)  # fmt: skip
DOSE = Page(
    title="Dose", saved="Dose entry saved.", template="dose", make=dose_form, save=_save_dose, sign=_sign_dose
)  # fmt: skip
EFFECT = Page(
    title="Side effect", saved="Side effect saved.", template="effect", make=effect_form, save=_save_effect
)  # fmt: skip
INTERVENTION = Page(
    title="Intervention", saved="Intervention saved.", template="intervention",
    make=intervention_form, save=_save_intervention,
)  # fmt: skip
NOTE = Page(title="Note", saved="Note saved.", template="note", make=note_form, save=_save_note)


def choices_of(treatment: TreatmentSession) -> dict[str, Any]:
    """Give the lists that the side effect form offers: the kinds in sight, the others, the grades."""
    catalogue = side_effects.catalogue()
    version = treatment.protocol_version
    first = in_sight(catalogue.kinds, version.route if version else None, side_effects.had_before(session(), treatment))
    return {
        "common_kinds": first,
        "more_kinds": [one for one in catalogue.kinds if one not in first],
        "grades": catalogue.grades,
    }
