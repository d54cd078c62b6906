"""Plans: starting one, its page, and its pattern."""

from collections.abc import Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling import pattern
from clinic_sessions.domain.scheduling.pattern import FaultyPattern, Pattern, UnreadablePattern
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.plans import PatternForm, PlanForm, rows_of
from clinic_sessions.models import Patient, Plan, ProtocolVersion
from clinic_sessions.routes.plans import plan_page
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic_for, person, session, showed
from clinic_sessions.services import catalogue, form_keys
from clinic_sessions.services.patients import patients
from clinic_sessions.services.plans import plan_change, plans
from clinic_sessions.services.plans.plan_change import PlanEdit
from clinic_sessions.services.plans.plans import PlanRequest
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.series import series

bp = Blueprint("plans", __name__)

ONE = "/plans/<int:plan_id>"
NEW = "/patients/<int:patient_id>/plans/new"
EXAMPLES = (
    "6 over 3 weeks, then every 4 weeks",
    "twice weekly for 4 weeks, weekly for 4 weeks, then every 2 weeks",
    "3 times weekly for 2 weeks",
)

Answer = str | Response | tuple[str, int]


@bp.get(NEW)
@needs(Permission.EDIT_PLANS)
def new(patient_id: int) -> str:
    """Show the form of a plan, filled from the protocol or from words."""
    patient = patients.load(session(), patient_id, person())
    version = _version(request.args.get("protocol"))
    asked, unread = _asked(version)
    form = PlanForm(data={
        "phases": rows_of(asked), "protocol": str(version.id), "form_key": form_keys.new(),
        "provider": str(person().id), "condition": _condition(patient),
    })  # fmt: skip
    return _new_page(patient, form, version, unread=unread)


@bp.post(NEW)
@needs(Permission.EDIT_PLANS)
def start(patient_id: int) -> Answer:
    """Start a plan, once for each showing of the form."""
    patient = patients.load(session(), patient_id, person(), to_change=True)
    form = PlanForm(request.form)
    version = _version(form.protocol.data)
    form.offer(_providers(patient))
    if not form.validate() or form.pattern is None or form.provider_id is None:
        return _new_page(patient, form, version), 422
    wanted = PlanRequest(
        protocol_version_id=version.id,
        condition=form.condition.data,
        pattern=form.pattern,
        provider_id=form.provider_id,
    )
    try:
        return redirect(_start_once(patient, wanted, str(form.form_key.data)), 303)
    except Refusal as refusal:
        session().rollback()
        patient = patients.load(session(), patient_id, person())
        return _new_page(patient, form, version, refusal=plan_page.said(refusal)), 409


def _start_once(patient: Patient, wanted: PlanRequest, key: str) -> str:
    answer = form_keys.claim(session(), key, {"patient": patient.id, **vars(wanted)}, now=g.now, by=actor())
    if answer is None:
        plan = plans.start(session(), patient, wanted, now=g.now, by=actor())
        answer = url_for("plans.show", plan_id=plan.id)
        form_keys.settle(session(), key, answer)
    session().commit()
    flash("Plan started. Book its sessions next.")
    return answer


@bp.get(ONE)
@needs(Permission.SEE_PLANS)
def show(plan_id: int) -> str:
    """Show a plan: its pattern, how far it is, and every place."""
    return plan_page.render(plans.load(session(), plan_id, person()))


@bp.get(f"{ONE}/pattern")
@needs(Permission.EDIT_PLANS)
def edit(plan_id: int) -> str:
    """Show the form of a plan's pattern."""
    plan = plans.load(session(), plan_id, person())
    asked, unread = _asked(plan.protocol_version, series.pattern_of(plan))
    rows = {"phases": rows_of(asked), "version": plan.version, "provider": str(plan.provider_id or "")}
    return _edit_page(plan, PatternForm(data=rows), unread=unread)


@bp.post(f"{ONE}/pattern")
@needs(Permission.EDIT_PLANS)
def save(plan_id: int) -> Answer:
    """Change a plan's pattern; its sessions keep their dates and places."""
    plan, form = plans.load(session(), plan_id, person(), to_change=True), PatternForm(request.form)
    form.offer(_providers(plan_page.patient_of(plan)))
    if not form.validate() or form.pattern is None or form.provider_id is None:
        return _edit_page(plan, form), 422
    wanted = PlanEdit(pattern=form.pattern, provider_id=form.provider_id, protocol_version_id=form.protocol_version_id)
    try:
        plan_change.change(
            session(), plan, wanted, form.words.data,
            version=form.version.data, now=g.now, by=actor(),
        )  # fmt: skip
    except Refusal as refusal:
        session().rollback()
        plan = plans.load(session(), plan_id, person())
        form.version.stands(plan.version)
        return _edit_page(plan, form, refusal=plan_page.said(refusal)), 409
    session().commit()
    flash("Saved.")
    return redirect(url_for("plans.show", plan_id=plan_id), 303)


def _new_page(
    patient: Patient, form: PlanForm, version: ProtocolVersion, *, unread: str | None = None,
    refusal: Sequence[str] = (),
) -> str:  # fmt: skip
    form.offer(_providers(patient))
    showed("patient", patient.id, patient_id=patient.id)
    return render_template(
        "plans/new.html",
        form=form,
        version=version,
        versions=catalogue.published(session()),
        examples=EXAMPLES,
        unread=unread,
        refusal=refusal,
        **plan_page.about(patient),
    )


def _edit_page(plan: Plan, form: PatternForm, *, unread: str | None = None, refusal: Sequence[str] = ()) -> str:
    patient = plan_page.patient_of(plan)
    form.offer(_providers(patient))
    newer = plan_change.newer(session(), plan)
    form.offer_versions(_versions(plan, newer))
    showed("plan", plan.id, patient_id=patient.id)
    return render_template(
        "plans/edit.html",
        plan=plan,
        newer=newer,
        under_own=plans.to_come(session(), plan),
        form=form,
        stands=pattern.in_words(series.pattern_of(plan)),
        examples=EXAMPLES,
        unread=unread,
        refusal=refusal,
        **plan_page.about(patient),
    )


def _providers(patient: Patient) -> list[tuple[int, str]]:
    here = clinic_for(patient)
    return [(one.id, one.name) for one in plans.providers(session(), here.id)]


def _versions(plan: Plan, newer: ProtocolVersion | None) -> list[tuple[int, str]]:
    own = plan.protocol_version
    moved = [(newer.id, f"Move to version {newer.number}, which is in use")] if newer else []
    return [(own.id, f"Stay at version {own.number}"), *moved]


def _version(text: str | None) -> ProtocolVersion:
    listed = catalogue.published(session())
    return next((one for one in listed if one.id == number(text)), listed[0])


def _condition(patient: Patient) -> str | None:
    stands = [one.condition for one in patient.conditions if one.ended_at is None]
    return stands[0].value if stands else None


def _asked(version: ProtocolVersion, stands: Pattern | None = None) -> tuple[Pattern, str | None]:
    """Give the pattern to fill the rows with, and what of the words that asked for one could not be read."""
    usual = stands or pattern.of_protocol(catalogue.protocol_of(version).series)
    text = (request.args.get("pattern") or "")[:200]
    if not text.strip():
        return usual, None
    try:
        return pattern.read(text), None
    except UnreadablePattern as unread:
        return usual, unread.part
    except FaultyPattern as faulty:
        return usual, words.say(faulty.faults[0])
