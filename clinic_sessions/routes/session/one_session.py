"""What the views of one session share: how it is loaded, and what its forms must know."""

from datetime import datetime
from typing import Any, TypeVar

from flask import g, request
from wtforms import Form

from clinic_sessions.domain.drug.doses import cap_of
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.session.readiness import DoseToGive
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.acts import act_meta
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes.present import person, session, shows
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.drug import infusions
from clinic_sessions.services.patients import patients
from clinic_sessions.services.refusals import Absent
from clinic_sessions.services.session import lifecycle, limits, sessions

ONE = "/sessions/<int:session_id>"
OneForm = TypeVar("OneForm", bound=Form)


def load(session_id: int) -> TreatmentSession:
    """Load a session; a post that names another patient than the session's is answered as if there were none."""
    treatment = sessions.load(session(), session_id, person())
    named = request.form.get("patient")
    if request.method == "POST" and named is not None and named != str(treatment.patient_id):
        raise Absent
    shows(treatment.clinic)
    return treatment


def meta_of(
    treatment: TreatmentSession,
    *,
    asks_before: Any = "last step",
    ordered: DoseToGive | None = None,
    kept: datetime | None = None,
) -> dict[str, Any]:
    """Give what the forms of this session's acts must know; `kept`: the time of what is corrected."""
    last = lifecycle.last_step(treatment)
    protocol = protocol_of(treatment.protocol_version) if treatment.protocol_version else None
    stepped = last.at if last is not None and last.from_status is not None else None
    return act_meta(
        g.now,
        treatment.clinic.zone,
        treatment.starts_at,
        kept=kept,
        asks_before=stepped if asks_before == "last step" else asks_before,
        cap=cap_of(protocol.dose_rule) if protocol else None,
        devices=protocol is None or limits.device_rule(protocol) is not None,
        infused=infusions.is_infused(treatment),
        ordered=ordered,
    )


def strip(treatment: TreatmentSession) -> patients.PatientStrip:
    """Give the patient strip of the page."""
    today = local_day(g.now, treatment.clinic.zone)
    return patients.strip(session(), treatment.patient, today, clinical=person().may(Permission.READ_CLINICAL))


def identified(form: OneForm, prefix: str) -> OneForm:
    """Give the form's fields ids of their own, so that several forms stand on one page."""
    for field in form:
        field.id = f"{prefix}-{field.id}"
        field.label.field_id = field.id
    return form
