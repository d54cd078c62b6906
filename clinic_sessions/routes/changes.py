"""Changing what is booked: moving, cancelling, confirming, and noting that the patient did not come."""

from collections.abc import Callable, Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import Form

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.timetable import FreeTime
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.booking import number, slot_value
from clinic_sessions.forms.changes import AbsenceForm, CancelForm, MoveForm
from clinic_sessions.forms.fields import meta
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes import filters
from clinic_sessions.routes.booking import read_day
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, person, session, showed
from clinic_sessions.services import booking, changes, offers, patients, room, sessions
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, NotAllowed, Refusal

bp = Blueprint("changes", __name__)

ONE = "/sessions/<int:session_id>"
NOT_YOURS = "Your role does not include this."
Answer = str | Response | tuple[str, int]


@bp.get(f"{ONE}/move")
@needs(Permission.BOOK_SESSIONS)
def move(session_id: int) -> Answer:
    """Show the best times to move to."""
    treatment = _load(session_id)
    return _move_page(treatment, _move_form(treatment, typed=False))


@bp.post(f"{ONE}/move")
@needs(Permission.BOOK_SESSIONS)
def do_move(session_id: int) -> Answer:
    """Move the session; a refusal names the reasons and the next free times."""
    treatment = _load(session_id)
    form = _move_form(treatment, typed=True)
    if not form.validate() or form.chosen is None:
        return _move_page(treatment, form), 422
    wanted = booking.MoveRequest(
        chair_id=form.chosen.chair_id,
        starts_at=form.chosen.starts_at,
        version=number(form.version.data) or 0,
        reasons=form.reasons.reasons,
        tell_patient=bool(form.tell.data),
    )
    try:
        booking.move(session(), treatment, wanted, now=g.now, by=actor())
    except Refusal as refusal:
        said = _refused(refusal)
        instead = refusal.next_times if isinstance(refusal, room.TimeTaken) else ()
        return _move_page(_load(session_id), form, said, instead), 409
    return _done(session_id, f"Moved to {filters.day_at(wanted.starts_at)}.")


@bp.get(f"{ONE}/cancel")
@needs(Permission.BOOK_SESSIONS)
def cancel(session_id: int) -> Answer:
    """Ask why the session is cancelled."""
    return _ask(_load(session_id), CancelForm(), "changes/cancel.html")


@bp.post(f"{ONE}/cancel")
@needs(Permission.BOOK_SESSIONS)
def do_cancel(session_id: int) -> Answer:
    """Cancel the session."""
    form = CancelForm(request.form)

    def act(treatment: TreatmentSession) -> None:
        changes.cancel(
            session(), treatment, form.reasons.reasons, version=number(form.version.data) or 0,
            now=g.now, by=actor(), words=form.note.data, tell_patient=bool(form.tell.data),
        )  # fmt: skip

    return _act(session_id, form, "changes/cancel.html", act, "Cancelled.")


@bp.get(f"{ONE}/did-not-come")
@needs(Permission.BOOK_SESSIONS)
def did_not_come(session_id: int) -> Answer:
    """Ask whether the patient truly did not come."""
    return _ask(_load(session_id), AbsenceForm(), "changes/did_not_come.html")


@bp.post(f"{ONE}/did-not-come")
@needs(Permission.BOOK_SESSIONS)
def do_did_not_come(session_id: int) -> Answer:
    """Note that the patient did not come."""
    form = AbsenceForm(request.form)

    def act(treatment: TreatmentSession) -> None:
        changes.note_absence(
            session(), treatment, version=number(form.version.data) or 0,
            now=g.now, by=actor(), words=form.note.data, tell_patient=bool(form.tell.data),
        )  # fmt: skip

    return _act(session_id, form, "changes/did_not_come.html", act, "Noted: did not come.")


@bp.get(f"{ONE}/confirm")
@needs(Permission.BOOK_SESSIONS)
def confirm(session_id: int) -> Answer:
    """Ask whether the patient has said they will come."""
    return _ask(_load(session_id), Form(), "changes/confirm.html")


@bp.post(f"{ONE}/confirm")
@needs(Permission.BOOK_SESSIONS)
def do_confirm(session_id: int) -> Answer:
    """Note that the patient has said they will come."""

    def act(treatment: TreatmentSession) -> None:
        version = number(request.form.get("version")) or 0
        changes.confirm(session(), treatment, version=version, now=g.now, by=actor())

    return _act(session_id, Form(), "changes/confirm.html", act, "Confirmed.")


def _load(session_id: int) -> TreatmentSession:
    """Load the session; a post that names another patient than the session's is answered as if there were none."""
    treatment = sessions.load(session(), session_id, person())
    named = request.form.get("patient")
    if request.method == "POST" and named is not None and named != str(treatment.patient_id):
        raise Absent
    return treatment


def _act(session_id: int, form: Form, template: str, act: Callable[[TreatmentSession], None], done: str) -> Answer:
    treatment = _load(session_id)
    if not form.validate():
        return _ask(treatment, form, template), 422
    try:
        act(treatment)
    except Refusal as refusal:
        said = _refused(refusal)
        return _ask(_load(session_id), form, template, said), 409
    return _done(session_id, done)


def _done(session_id: int, text: str) -> Response:
    session().commit()
    flash(text)
    return redirect(url_for("sessions.show", session_id=session_id), 303)


def _refused(refusal: Refusal) -> list[str]:
    session().rollback()
    if isinstance(refusal, ChangedMeanwhile):
        return ["Someone changed this session meanwhile. Below is how it stands now; nothing of yours was saved."]
    if isinstance(refusal, NotAllowed):
        return [NOT_YOURS]
    return [words.say(reason) for reason in refusal.reasons]


def _ask(treatment: TreatmentSession, form: Form, template: str, refusal: Sequence[str] = ()) -> str:
    return render_template(template, form=form, refusal=refusal, **_common(treatment))


def _move_form(treatment: TreatmentSession, *, typed: bool) -> MoveForm:
    form = MoveForm(request.form if typed else None, meta=meta(g.now, treatment.clinic.zone))
    form.offer_chairs([(chair.id, chair.name) for chair in treatment.clinic.chairs if chair.in_use])
    return form


def _move_page(
    treatment: TreatmentSession, form: MoveForm, refusal: Sequence[str] = (), instead: Sequence[FreeTime] = ()
) -> str:
    if treatment.protocol_version is None:
        raise Absent
    times, days = offers.times_to_move_to(
        session(), treatment, treatment.protocol_version, first_day=read_day(request.args.get("from")), now=g.now
    )
    return render_template(
        "changes/move.html",
        form=form,
        refusal=refusal,
        times=times,
        days=days,
        instead=offers.named(treatment.clinic, instead, None),
        slot_value=slot_value,
        **_common(treatment),
    )


def _common(treatment: TreatmentSession) -> dict[str, object]:
    showed("session", treatment.id, patient_id=treatment.patient_id)
    today = local_day(g.now, treatment.clinic.zone)
    clinical = person().may(Permission.READ_CLINICAL)
    return {"treatment": treatment, "strip": patients.strip(treatment.patient, today, clinical=clinical)}
