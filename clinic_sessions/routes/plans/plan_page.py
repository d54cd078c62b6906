"""A plan's page: its state, its order, what stands against its sessions, its places and its history."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import g, render_template

from clinic_sessions.domain import words
from clinic_sessions.domain.patients.conditions import CONDITIONS
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling import pattern
from clinic_sessions.domain.scheduling.plan_review import ProposedReview
from clinic_sessions.domain.scheduling.plans import GOING_ON, PlanWarning
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Patient, Plan
from clinic_sessions.routes.present import clinic_for, person, session, showed
from clinic_sessions.services import form_keys
from clinic_sessions.services.orders import order_list
from clinic_sessions.services.orders.order_list import Shown
from clinic_sessions.services.patients import patients
from clinic_sessions.services.plans import authorisations, label_course, plan_history, plan_lists, plan_warnings, plans
from clinic_sessions.services.plans.plans import Overview
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.series import label, series

USED = "This form has acted already. Look at the plan before you send another."


def render(plan: Plan, *, refusal: Sequence[str] = ()) -> str:
    """Show a plan as it stands at the moment of the request."""
    patient = patient_of(plan)
    facts = about(patient)
    view = plans.overview(session(), plan)
    days = label.read(session(), patient.id, plan.protocol_version, plan)
    showed("plan", plan.id, patient_id=patient.id)
    return render_template(
        "plans/show.html",
        view=view,
        others=[one for one in plans.of_patient(session(), patient.id) if one.id != plan.id],
        in_words=pattern.in_words,
        label=CONDITIONS[plan.condition].label,
        place_words=pattern.progress,
        over=days.over(),
        course=label_course.of_plan(session(), plan, days, view, facts["today"]),
        review=_review(plan, view),
        orders=_orders(patient, plan),
        cover=authorisations.of_plan(session(), plan.id),
        against=_against(view),
        history=plan_history.of_plan(session(), plan.id),
        going_on=plan.status in GOING_ON,
        refusal=refusal,
        **facts,
    )


def about(patient: Patient) -> dict[str, Any]:
    """Give what every page about a plan says of its patient, and the day there."""
    today: date = local_day(g.now, clinic_for(patient).zone)
    clinical = person().may(Permission.READ_CLINICAL)
    return {"patient": patient, "strip": patients.strip(session(), patient, today, clinical=clinical), "today": today}


def patient_of(plan: Plan) -> Patient:
    """Load the patient of a plan through the person's clinics."""
    return patients.load(session(), plan.patient_id, person())


def said(refusal: Refusal) -> list[str]:
    """Say each reason of a refusal as people do."""
    used = form_keys.FormKeyReason.SENT_WITH_OTHER_CONTENT in refusal.reasons
    return [USED] if used else [words.say(reason) for reason in refusal.reasons]


def _review(plan: Plan, view: Overview) -> ProposedReview | None:
    """Propose the review of a plan for which no day is set."""
    if plan.status not in GOING_ON or plan.review_on is not None:
        return None
    held = series.held_days([place.treatment for place in view.places if place.treatment])
    return plan_lists.proposed_review(session(), plan, held)


def _orders(patient: Patient, plan: Plan) -> list[Shown]:
    """Give the orders that count for a plan's sessions and are not over, for whoever may read them."""
    if not person().may(Permission.READ_CLINICAL):
        return []
    return [
        one
        for one in order_list.of_patient(session(), patient, g.now)
        if not one.is_over
        and one.order.plan_id in {None, plan.id}
        and one.order.protocol_key == plan.protocol_version.key
    ]


def _against(view: Overview) -> Mapping[int, Sequence[PlanWarning]]:
    """Say for each session to come, by its id, what may keep it from being paid for or given."""
    coming = [place.treatment for place in view.places if place.treatment and not place.is_done]
    return plan_warnings.of_sessions(session(), coming)
