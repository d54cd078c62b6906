"""The provider's decision about treating a patient under a protocol."""

from collections.abc import Sequence
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.papers.screening import ScreeningItem
from clinic_sessions.domain.papers.screening_kinds import ClearanceReason
from clinic_sessions.domain.patients.conditions import CONDITIONS
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.sourced import unmarked
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.screening import DecisionForm
from clinic_sessions.models import ClearanceDecision, Patient, ProtocolVersion
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic_for, session, showed
from clinic_sessions.routes.screening.screening import about, load
from clinic_sessions.routes.screening.screening import bp as bp
from clinic_sessions.services import catalogue, documents, form_keys
from clinic_sessions.services.form_keys import FormKeyReason
from clinic_sessions.services.patients import medicines, weights
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.screening import (
    clearance,
    hard_stops,
    screened_facts,
    screening,
    screening_age,
    screening_overview,
)
from clinic_sessions.services.screening.clearance import Undecided, Wish

PATH = "/patients/<int:patient_id>/clearance/<key>"
USED = "This form has decided already. Look at the decisions before you decide again."
DATES = frozenset({ClearanceReason.UNTIL_MISSING, ClearanceReason.UNTIL_PAST})
TYPED = DATES | {ClearanceReason.WORDS_MISSING, ClearanceReason.HARD_STOP_WORDS}
"""What is said beside a field of the form."""

Answer = str | Response | tuple[str, int]


@bp.get(PATH)
@needs(Permission.DECIDE_CLEARANCE)
def decide(patient_id: int, key: str) -> str:
    """Show what there is to decide on, earlier decisions, and the form."""
    patient = load(patient_id)
    today = local_day(g.now, clinic_for(patient).zone)
    stands = _newest(patient, key)
    form = DecisionForm(data={
        "seen": str(stands.id) if stands else "", "cleared_until": clearance.proposed_until(session(), today),
    })  # fmt: skip
    return _page(patient, _version(key), form)


@bp.post(PATH)
@needs(Permission.DECIDE_CLEARANCE)
def keep(patient_id: int, key: str) -> Answer:
    """Keep the decision, once for each showing of the form; a refusal names every reason and its source."""
    patient, version = load(patient_id, to_change=True), _version(key)
    form = DecisionForm(request.form, meta=meta(g.now, clinic_for(patient).zone))
    if not form.validate():
        return _page(patient, version, form), 422
    try:
        return _keep_once(patient, version, form)
    except Refusal as refusal:
        session().rollback()
        return _refused(load(patient_id), _version(key), form, refusal)


def _keep_once(patient: Patient, version: ProtocolVersion, form: DecisionForm) -> Response:
    wish = Wish(
        decision=form.decision.data,
        until=form.until.data if form.until else None,
        chips=form.chosen,
        words=form.words.data,
        newest_id=number(form.seen.data),
    )
    key, content = str(form.form_key.data), {"patient": patient.id, "version": version.key, **vars(wish)}
    where = form_keys.claim(session(), key, content, now=g.now, by=actor())
    if where is None:
        today = local_day(g.now, clinic_for(patient).zone)
        clearance.decide(session(), patient, version, wish, today=today, now=g.now, by=actor())
        where = url_for("screening.index", patient_id=patient.id)
        form_keys.settle(session(), key, where)
    session().commit()
    flash(f"Decided: {words.say(wish.decision).lower()}.")
    return redirect(where, 303)


def _refused(patient: Patient, version: ProtocolVersion, form: DecisionForm, refusal: Refusal) -> tuple[str, int]:
    if isinstance(refusal, ChangedMeanwhile):
        stands = _newest(patient, version.key)
        form.seen.data = str(stands.id) if stands else ""
    if not isinstance(refusal, Undecided):
        return _page(patient, version, form, refusal=[_said(refusal)]), 409
    said = [text for reason, items in refusal.items.items() for text in _say(reason, items, form)]
    return _page(patient, version, form, refusal=said), 422 if set(refusal.items) <= TYPED else 409


def _say(reason: ClearanceReason, items: Sequence[ScreeningItem], form: DecisionForm) -> list[str]:
    """Say a reason beside its field, if it has one; and at the top with each answer that it rests on and its source."""
    beside = form.until if reason in DATES else form.words if reason in TYPED else None
    if beside is not None:
        beside.errors = [words.say(reason)]
    if items:
        lead = "Hard stop:" if beside is not None else words.say(reason)
        return [f"{lead} {item.label}. Source: {unmarked(item.source)}." for item in items]
    return [] if beside is not None else [words.say(reason)]


def _page(patient: Patient, version: ProtocolVersion, form: DecisionForm, *, refusal: Sequence[str] = ()) -> str:
    showed("patient_clearance", patient.id, patient_id=patient.id)
    shown: dict[str, Any] = about(patient)
    decisions = [one for one in clearance.of_patient(session(), patient.id) if one.protocol_key == version.key]
    newest = decisions[0] if decisions else None
    drug, basis = catalogue.protocol_of(version).drug, clearance.basis(session(), patient, version)
    return render_template(
        "screening/decide.html",
        version=version,
        drug=drug,
        medicine_warnings=medicines.warnings(session(), patient.id, drug),
        basis=basis,
        old=screening_age.old(session(), basis.screening, today=shown["today"], zone=clinic_for(patient).zone),
        offers=screened_facts.offered(patient, screening.of_patient(session(), patient.id)),
        weight=weights.latest(session(), patient.id),
        flagged=hard_stops.of_patient(session(), patient.id),
        decisions=decisions,
        against=screening_overview.against(newest, shown["today"]),
        proposed=documents.thresholds(session()).clearance,
        facts=CONDITIONS,
        form=form,
        form_key=form_keys.new(),
        refusal=refusal,
        **shown,
    )


def _newest(patient: Patient, key: str) -> ClearanceDecision | None:
    return clearance.newest(clearance.of_patient(session(), patient.id), key)


def _version(key: str) -> ProtocolVersion:
    found = next((one for one in catalogue.published(session()) if one.key == key), None)
    if found is None:
        raise Absent
    return found


def _said(refusal: Refusal) -> str:
    used = FormKeyReason.SENT_WITH_OTHER_CONTENT in refusal.reasons
    return USED if used else " ".join(words.say(reason) for reason in refusal.reasons)
