"""Safety alerts: what waits, and what was done about each."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.alerts import AlertAction, AlertStatus, AlertTier
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.alerts import AnswerForm
from clinic_sessions.models import Alert
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, courses, person, session, showed
from clinic_sessions.services import alerts
from clinic_sessions.services.patients import risk
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.session import whereabouts

bp = Blueprint("alerts", __name__, url_prefix="/alerts")

NEXT = {AlertStatus.OPEN: AlertAction.ACKNOWLEDGE, AlertStatus.ACKNOWLEDGED: AlertAction.CLOSE}
DONE = {AlertAction.ACKNOWLEDGE: "Alert acknowledged.", AlertAction.CLOSE: "Alert closed."}
STALE = "Someone else has answered this alert meanwhile. Read what they wrote, then add yours if it is still needed."


@bp.get("")
@needs(Permission.READ_ALERTS)
def index() -> str:
    """List what waits for an answer first, whoever is here and urgent on top, then the others."""
    mine = [one.id for one in person().clinics]
    waiting, closed = alerts.waiting(session(), *mine), alerts.closed(session(), *mine)
    named = [alert.patient_id for alert in (*waiting, *closed)]
    showed("alerts", None, patients=named)
    here = whereabouts.of_patients(session(), {alert.patient_id for alert in waiting}, mine, g.now)
    unseen = [alert for alert in waiting if alert.status is AlertStatus.OPEN]
    return render_template(
        "alerts/index.html",
        open_alerts=sorted(unseen, key=lambda one: one.tier is not AlertTier.NOW or one.patient_id not in here),
        acknowledged=[alert for alert in waiting if alert.status is AlertStatus.ACKNOWLEDGED],
        closed=closed,
        courses=courses(named),
        assessed=risk.of_alerts(session(), waiting),
        here=here,
    )


@bp.get("/<int:alert_id>")
@needs(Permission.READ_ALERTS)
def show(alert_id: int) -> str:
    """Show one alert, what was said, and the form that answers it."""
    alert = _load(alert_id)
    return _page(alert, AnswerForm(version=str(alert.version)))


@bp.post("/<int:alert_id>/acknowledge")
@needs(Permission.ACKNOWLEDGE_ALERTS)
def acknowledge(alert_id: int) -> Response | tuple[str, int]:
    """Take an alert on, with a note of what is being done."""
    return _answer(alert_id, AlertAction.ACKNOWLEDGE)


@bp.post("/<int:alert_id>/close")
@needs(Permission.ACKNOWLEDGE_ALERTS)
def close(alert_id: int) -> Response | tuple[str, int]:
    """Close an alert, with a note of how it ended."""
    return _answer(alert_id, AlertAction.CLOSE)


def _answer(alert_id: int, action: AlertAction) -> Response | tuple[str, int]:
    alert, form = _load(alert_id), AnswerForm(request.form)
    if not form.validate():
        return _page(alert, form), 422
    try:
        alerts.answer(
            session(), alert, action, str(form.note.data), seen=int(str(form.version.data)), now=g.now, by=actor()
        )
        session().commit()
    except Refusal:
        session().rollback()
        fresh = _load(alert_id)
        form.version.data = str(fresh.version)
        return _page(fresh, form, refusal=[STALE]), 409
    flash(DONE[action])
    return redirect(url_for("alerts.index"), 303)


def _load(alert_id: int) -> Alert:
    return alerts.load(session(), alert_id, [mine.id for mine in person().clinics])


def _page(alert: Alert, form: AnswerForm, refusal: list[str] | None = None) -> str:
    showed("alert", alert.id, patient_id=alert.patient_id)
    action = NEXT.get(alert.status)
    return render_template(
        "alerts/show.html",
        alert=alert,
        courses=courses([alert.patient_id]),
        assessed=risk.of_alerts(session(), [alert]),
        here=whereabouts.of_patients(session(), [alert.patient_id], [mine.id for mine in person().clinics], g.now),
        holds_messages=alerts.holds_messages(session(), alert),
        form=form,
        action=action,
        refusal=refusal,
    )
