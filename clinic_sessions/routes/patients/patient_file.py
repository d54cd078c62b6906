"""A patient's weights and conditions: lists that grow, and corrections that stay readable."""

from typing import Any

from flask import g, request
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.patients.conditions import CONDITIONS
from clinic_sessions.domain.patients.weights import both_units
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.patients import ConditionForm, WeightForm
from clinic_sessions.models import Patient, Weight
from clinic_sessions.routes.patients.patient_parts import done, load, page
from clinic_sessions.routes.patients.patients import bp as bp
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic_for, session, showed
from clinic_sessions.services.patients import patient_conditions, weights
from clinic_sessions.services.patients.patient_conditions import ConditionReason
from clinic_sessions.services.patients.weights import WeightReason
from clinic_sessions.services.refusals import Absent, Refusal

SAID = {
    ConditionReason.ALREADY_LISTED: "This condition is on the list already. To change its code, end that one first.",
    ConditionReason.OTHER_CODE: "This code stands for something else. Choose a line of the list.",
    ConditionReason.ALREADY_ENDED: "This condition was ended already.",
    WeightReason.ALREADY_CORRECTED: "Someone has corrected this weight already. Look at the list below.",
    WeightReason.NOT_YET: "This time has not come yet. Check the date and the time.",
    WeightReason.BEFORE_BIRTH: "This is before the patient was born. Check the date.",
    WeightReason.LARGE_CHANGE: "This is far from the weight before: {both}. Check the number and the unit. "
    'If they are right, tick "Yes, this is right" and save again.',
    WeightReason.FIRST_WEIGHT: "The first weight: {both}. Check the unit. "
    'If it is right, tick "Yes, this is right" and save again.',
}
ASKED = frozenset({WeightReason.LARGE_CHANGE, WeightReason.FIRST_WEIGHT})
"""Doubts that a tick answers."""


@bp.get("/patients/<int:patient_id>/weights")
@needs(Permission.READ_CLINICAL)
def weigh(patient_id: int) -> str:
    """Show the weights and the form for the next."""
    patient = load(patient_id)
    return _weights_page(patient, _new_weight(patient))


@bp.post("/patients/<int:patient_id>/weights")
@needs(Permission.EDIT_CLINICAL)
def save_weight(patient_id: int) -> Response | tuple[str, int]:
    """Add a weight."""
    return _save_weight(patient_id, None)


@bp.get("/patients/<int:patient_id>/weights/<int:weight_id>")
@needs(Permission.EDIT_CLINICAL)
def correct_weight(patient_id: int, weight_id: int) -> str:
    """Show the form for what a wrong weight should have been."""
    patient = load(patient_id)
    wrong = _weight(patient, weight_id)
    zone = clinic_for(patient).zone
    moment = wrong.measured_at.astimezone(zone)
    form = WeightForm(day=moment.date(), wall=moment.time(), unit=wrong.entered_unit, meta=meta(g.now, zone))
    return _weights_page(patient, form, wrong=wrong)


@bp.post("/patients/<int:patient_id>/weights/<int:weight_id>")
@needs(Permission.EDIT_CLINICAL)
def save_correction(patient_id: int, weight_id: int) -> Response | tuple[str, int]:
    """Add the weight that stands in place of a wrong one; the wrong one stays readable."""
    return _save_weight(patient_id, weight_id)


def _weight(patient: Patient, weight_id: int) -> Weight:
    found = next((one for one in weights.listed(session(), patient.id) if one.id == weight_id), None)
    if found is None:
        raise Absent
    return found


def _new_weight(patient: Patient) -> WeightForm:
    zone = clinic_for(patient).zone
    now = g.now.astimezone(zone)
    return WeightForm(day=now.date(), wall=now.time(), meta=meta(g.now, zone))


def _save_weight(patient_id: int, corrects_id: int | None) -> Response | tuple[str, int]:
    patient = load(patient_id, to_change=True)
    wrong = _weight(patient, corrects_id) if corrects_id is not None else None
    form = WeightForm(request.form, meta=meta(g.now, clinic_for(patient).zone))
    if not form.validate():
        return _weights_page(patient, form, wrong=wrong), 422
    try:
        weights.record(
            session(), patient, form.grams, form.unit.data, min(form.moment or g.now, g.now),
            sure=form.sure.data, now=g.now, by=actor(), corrects_id=corrects_id,
        )  # fmt: skip
    except Refusal as refusal:
        session().rollback()
        asks = not ASKED.isdisjoint(refusal.reasons)
        again = load(patient_id)
        return _weights_page(again, form, wrong=wrong, asks=asks, refusal=weight_doubts(refusal, form)), 409
    return done(patient_id, "Weight saved.", "patients.weigh")


def weight_doubts(refusal: Refusal, form: WeightForm) -> list[str]:
    """Put what speaks against a weighing into words, with the weight in both units."""
    both = both_units(form.grams)
    return [SAID[why].format(both=both) if why in SAID else words.say(why) for why in refusal.reasons]


def _weights_page(patient: Patient, form: WeightForm, **more: Any) -> str:
    rows = weights.listed(session(), patient.id)
    showed("patient_weights", patient.id, patient_id=patient.id)
    kept = {weight.id for weight in weights.standing(rows)}
    return page("weights", patient, form=form, weights=rows, kept=kept, **more)


@bp.get("/patients/<int:patient_id>/conditions")
@needs(Permission.READ_CLINICAL)
def conditions(patient_id: int) -> str:
    """Show the conditions and the form for one more."""
    return _conditions_page(load(patient_id), ConditionForm())


@bp.post("/patients/<int:patient_id>/conditions")
@needs(Permission.EDIT_CLINICAL)
def add_condition(patient_id: int) -> Response | tuple[str, int]:
    """Add a condition."""
    patient = load(patient_id, to_change=True)
    form = ConditionForm(request.form)
    if not form.validate():
        return _conditions_page(patient, form), 422
    try:
        patient_conditions.add(session(), patient, form.condition, form.icd10_code, now=g.now, by=actor())
    except Refusal as refusal:
        return _refused(patient_id, form, refusal)
    return done(patient_id, "Condition added.", "patients.conditions")


@bp.post("/patients/<int:patient_id>/conditions/<int:condition_id>/end")
@needs(Permission.EDIT_CLINICAL)
def end_condition(patient_id: int, condition_id: int) -> Response | tuple[str, int]:
    """End a condition; it stays readable."""
    patient = load(patient_id, to_change=True)
    try:
        patient_conditions.end(session(), patient, condition_id, now=g.now, by=actor())
    except Refusal as refusal:
        return _refused(patient_id, ConditionForm(), refusal)
    return done(patient_id, "Condition ended.", "patients.conditions")


def _refused(patient_id: int, form: ConditionForm, refusal: Refusal) -> tuple[str, int]:
    session().rollback()
    return _conditions_page(load(patient_id), form, refusal=[SAID[why] for why in refusal.reasons]), 409


def _conditions_page(patient: Patient, form: ConditionForm, **more: Any) -> str:
    rows = patient_conditions.listed(session(), patient.id)
    showed("patient_conditions", patient.id, patient_id=patient.id)
    return page("conditions", patient, form=form, conditions=rows, facts=CONDITIONS, **more)
