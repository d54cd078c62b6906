"""What the views that change a booking share: how they end, how they refuse, what their pages show."""

from typing import Any

from flask import flash, g, redirect, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.messages.messages import GRACE, MessageKind
from clinic_sessions.domain.messages.outreach import notice_due
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes import filters
from clinic_sessions.routes.booking import objections
from clinic_sessions.routes.booking.objections import Refused
from clinic_sessions.routes.present import person, session, showed
from clinic_sessions.routes.session.one_session import strip
from clinic_sessions.services.booking import change_notes
from clinic_sessions.services.refusals import Refusal


def done(treatment: TreatmentSession, text: str, to: str, undo: str | None = None) -> Response:
    """Commit, say what was done, with the act that takes it back when there is one, and go on."""
    session().commit()
    if undo is None:
        flash(text)
    else:
        flash(text, f"undo:{url_for(undo, session_id=treatment.id, version=treatment.version)}")
    return redirect(url_for(to, session_id=treatment.id), 303)


def told(treatment: TreatmentSession) -> str:
    """Say whether and when the patient hears of the change that was just made."""
    patient, leaves_at = treatment.patient, change_notes.of(session(), treatment, g.now).leaves_at
    if leaves_at is None:
        return "Nobody is told."
    if not patient.email_wanted or patient.email is None or patient.email_bounced_at is not None:
        return "No message can reach them: call."
    return f"The patient is told at {filters.at(leaves_at)}."


def refused(refusal: Refusal, treatment: TreatmentSession) -> Refused:
    """End the transaction, and give the refusal as the screens of a session show it."""
    session().rollback()
    return objections.read(refusal, person(), treatment.clinic)


def common(treatment: TreatmentSession) -> dict[str, Any]:
    """Give what every page of a change shows: the session, its patient, and when the patient would be told."""
    showed("session", treatment.id, patient_id=treatment.patient_id)
    waits = notice_due(MessageKind.CANCELLED, g.now, treatment.starts_at, by_staff=True) > g.now
    minutes = GRACE.total_seconds() // 60
    grace = f"Leaves {minutes:.0f} minutes after you save. Undo before then and nobody is told."
    return {
        "treatment": treatment,
        "strip": strip(treatment),
        "grace": grace if waits else "Leaves at once: the visit is about to begin.",
    }
