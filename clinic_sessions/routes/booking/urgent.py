"""The urgent path: the soonest safe time for a patient, and what stands in its way."""

from typing import Any

from flask import Blueprint, g, render_template, request, url_for

from clinic_sessions.domain.alerts import AlertStatus
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling.plans import PlanStatus
from clinic_sessions.domain.session.lifecycle import SessionKind
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Alert, Patient, RiskAssessment, SafetyPlan
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import clinic_for, person, session, showed
from clinic_sessions.services.booking import urgent
from clinic_sessions.services.booking.urgent import UrgentSlot, UrgentVisit
from clinic_sessions.services.patients import patients, risk
from clinic_sessions.services.plans import plans
from clinic_sessions.services.series import series
from clinic_sessions.services.series.series import Choice

bp = Blueprint("urgent", __name__)


@bp.get("/patients/<int:patient_id>/urgent")
@needs(Permission.BOOK_SESSIONS)
def slots(patient_id: int) -> str:
    """Show the soonest times over all chairs and sites, each with what is missing and who can act on it now."""
    patient, db, mine = patients.load(session(), patient_id, person()), session(), person().clinics
    here, choices = clinic_for(patient), series.choices(session(), patient)
    wanted = _wanted(choices)
    showed("patient", patient.id, patient_id=patient.id)
    clinical = person().may(Permission.READ_CLINICAL)
    return render_template(
        "urgent/slots.html",
        patient=patient,
        here=here,
        strip=patients.strip(db, patient, local_day(g.now, here.zone), clinical=clinical),
        choices=choices,
        paused=[plan for plan in plans.of_patient(db, patient.id) if plan.status is PlanStatus.PAUSED],
        wanted=wanted,
        found=urgent.search(db, patient, mine, wanted, now=g.now),
        booked=urgent.booked_next(db, patient.id, mine, g.now),
        today=local_day(g.now, here.zone),
        risk=_risk(patient) if clinical else None,
        what_value=what_value,
        booking_path=booking_path,
        visit_path=visit_path,
    )


def _wanted(choices: list[Choice]) -> list[Choice]:
    """Give the treatment that was asked for, if it can be; else the next step of each plan, else every treatment."""
    asked = request.args.get("what")
    chosen = [choice for choice in choices if what_value(choice) == asked]
    return chosen or [choice for choice in choices if choice.plan] or choices


def _risk(patient: Patient) -> tuple[list[Alert], RiskAssessment | None, SafetyPlan | None]:
    db = session()
    waiting = [one for one in risk.to_answer(db, patient.id) if one.status is AlertStatus.OPEN]
    newest, plan = next(iter(risk.assessments(db, patient.id)), None), next(iter(risk.plans(db, patient.id)), None)
    return waiting, newest, plan


def what_value(choice: Choice) -> str:
    """Write what is to be booked, as the booking screen reads it."""
    return f"{choice.version.id}-{choice.plan.id}" if choice.plan else str(choice.version.id)


def booking_path(slot: UrgentSlot) -> str:
    """Give the path of the booking screen with this time chosen."""
    local = slot.time.span.starts_at.astimezone(slot.clinic.zone)
    return url_for(
        "booking.new", patient=_patient_id(), what=what_value(slot.choice),
        chair=slot.time.chair_id, date=local.date().isoformat(), time=f"{local:%H:%M}",
    )  # fmt: skip


def visit_path(visit: UrgentVisit) -> str:
    """Give the path of the screen that books this evaluation, from its day on, beside usual weekdays too."""
    day = local_day(visit.starts_at, visit.clinic.zone).isoformat()
    asked: dict[str, Any] = {"host": visit.host.id, "minutes": visit.minutes, "from": day, "any": 1}
    return url_for("visits.new", patient=_patient_id(), kind=SessionKind.EVALUATION.value, **asked)


def _patient_id() -> int:
    return int((request.view_args or {})["patient_id"])
