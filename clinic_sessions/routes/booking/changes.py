"""Changing what is booked: moving, cancelling, confirming, noting an absence, and taking such a change back."""

from collections.abc import Callable, Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import Form

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling import absence
from clinic_sessions.forms.booking import number, read_slot, slot_value
from clinic_sessions.forms.changes import AbsenceForm, CancelForm, MoveForm
from clinic_sessions.forms.fields import meta
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes import filters
from clinic_sessions.routes.booking import objections
from clinic_sessions.routes.booking.booking import read_day
from clinic_sessions.routes.booking.changed import common, done, refused, told
from clinic_sessions.routes.booking.objections import Refused
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, session
from clinic_sessions.routes.session.one_session import ONE, load
from clinic_sessions.services.booking import absence as absences
from clinic_sessions.services.booking import booking, changes, offers, room
from clinic_sessions.services.refusals import Absent, Refusal

bp = Blueprint("changes", __name__)

Answer = str | Response | tuple[str, int]


@bp.get(f"{ONE}/move")
@needs(Permission.BOOK_SESSIONS)
def move(session_id: int) -> Answer:
    """Show the best times to move to; a visit without a chair has a page of its own."""
    treatment = load(session_id)
    if treatment.host_id:
        return redirect(url_for("visits.move", session_id=session_id), 303)
    return _move_page(treatment, _move_form(treatment, typed=False))


@bp.post(f"{ONE}/move")
@needs(Permission.BOOK_SESSIONS)
def do_move(session_id: int) -> Answer:
    """Move the session; a refusal names the reasons and the next free times."""
    treatment = load(session_id)
    form = _move_form(treatment, typed=True)
    if not form.validate() or form.chosen is None:
        return _move_page(treatment, form), 422
    wanted = booking.MoveRequest(
        chair_id=form.chosen.chair_id,
        starts_at=form.chosen.starts_at,
        version=number(form.version.data) or 0,
        reasons=form.reasons.reasons,
        tell_patient=bool(form.tell.data),
        lifting=room.Lifting(kinds=form.lifted, words=form.lift_words.data),
    )
    try:
        booking.move(session(), treatment, wanted, now=g.now, by=actor())
    except Refusal as refusal:
        return _move_refused(treatment, form, refusal)
    text = f"Moved to {filters.day_at(wanted.starts_at)}. {told(treatment)}"
    return done(treatment, text, "sessions.show", "changes.undo_move")


@bp.get(f"{ONE}/cancel")
@needs(Permission.BOOK_SESSIONS)
def cancel(session_id: int) -> Answer:
    """Ask why the session is cancelled."""
    return _ask(load(session_id), CancelForm(), "changes/cancel.html")


@bp.post(f"{ONE}/cancel")
@needs(Permission.BOOK_SESSIONS)
def do_cancel(session_id: int) -> Answer:
    """Cancel the session, then ask what next."""
    form = CancelForm(request.form)

    def act(treatment: TreatmentSession) -> None:
        changes.cancel(
            session(), treatment, form.reasons.reasons, version=number(form.version.data) or 0,
            now=g.now, by=actor(), words=form.note.data, tell_patient=bool(form.tell.data),
        )  # fmt: skip

    return _end(session_id, form, "changes/cancel.html", act, "Cancelled.")


@bp.get(f"{ONE}/did-not-come")
@needs(Permission.BOOK_SESSIONS)
def did_not_come(session_id: int) -> Answer:
    """Ask whether the patient truly did not come."""
    return _ask(load(session_id), AbsenceForm(), "changes/did_not_come.html")


@bp.post(f"{ONE}/did-not-come")
@needs(Permission.BOOK_SESSIONS)
def do_did_not_come(session_id: int) -> Answer:
    """Note that the patient did not come, then ask what next."""
    form = AbsenceForm(request.form)

    def act(treatment: TreatmentSession) -> None:
        changes.note_absence(
            session(), treatment, version=number(form.version.data) or 0,
            now=g.now, by=actor(), words=form.note.data, tell_patient=bool(form.tell.data),
        )  # fmt: skip

    return _end(session_id, form, "changes/did_not_come.html", act, "Noted: did not come.")


@bp.get(f"{ONE}/confirm")
@needs(Permission.BOOK_SESSIONS)
def confirm(session_id: int) -> Answer:
    """Ask whether the patient has said they will come."""
    return _ask(load(session_id), Form(), "changes/confirm.html")


@bp.post(f"{ONE}/confirm")
@needs(Permission.BOOK_SESSIONS)
def do_confirm(session_id: int) -> Answer:
    """Note that the patient has said they will come."""
    treatment, version = load(session_id), number(request.form.get("version")) or 0
    try:
        changes.confirm(session(), treatment, version=version, now=g.now, by=actor())
    except Refusal as refusal:
        said = refused(refusal, treatment).said
        return _ask(load(session_id), Form(), "changes/confirm.html", said), 409
    return done(treatment, "Confirmed.", "sessions.show")


@bp.post(f"{ONE}/undo-move")
@needs(Permission.BOOK_SESSIONS)
def undo_move(session_id: int) -> Answer:
    """Move the session back; when its former time is taken, say so and offer the next."""
    treatment = load(session_id)
    try:
        heard = changes.undo_move(session(), treatment, version=_seen(), now=g.now, by=actor())
    except Refusal as refusal:
        return _move_refused(treatment, None, refusal)
    text = f"Moved back to {filters.day_at(treatment.starts_at)}. {told(treatment) if heard else 'Nobody was told.'}"
    return done(treatment, text, "sessions.show")


@bp.post(f"{ONE}/undo-ending")
@needs(Permission.BOOK_SESSIONS)
def undo_ending(session_id: int) -> Answer:
    """Take back that the session was cancelled, or that the patient did not come."""
    treatment = load(session_id)
    try:
        changes.undo_ending(session(), treatment, version=_seen(), now=g.now, by=actor())
    except Refusal as refusal:
        return _not_undone(session_id, refused(refusal, treatment).said)
    return done(treatment, "It stands again.", "sessions.show")


def _seen() -> int | None:
    """Give the version that the person saw, from the form or the address of an undo; None when none was sent."""
    sent = request.form.get("version") or request.args.get("version")
    return None if sent is None else number(sent) or 0


def _end(session_id: int, form: Form, template: str, act: Callable[[TreatmentSession], None], text: str) -> Answer:
    treatment = load(session_id)
    if not form.validate():
        return _ask(treatment, form, template), 422
    try:
        act(treatment)
    except Refusal as refusal:
        said = refused(refusal, treatment).said
        return _ask(load(session_id), form, template, said), 409
    return done(treatment, f"{text} {told(treatment)}", "after.show", "changes.undo_ending")


def _ask(treatment: TreatmentSession, form: Form, template: str, refusal: Sequence[str] = ()) -> str:
    hours = treatment.clinic.late_cancel_hours
    late = absence.within_notice(treatment.starts_at, g.now, hours=hours)
    return render_template(
        template,
        form=form,
        refusal=refusal,
        short_notice=absence.notice_text(treatment.starts_at, g.now) if late else None,
        clinician_first=bool(absences.why_call(session(), treatment, g.now)),
        **common(treatment),
    )


def _move_form(treatment: TreatmentSession, *, typed: bool) -> MoveForm:
    form = MoveForm(request.form if typed else None, meta=meta(g.now, treatment.clinic.zone))
    form.offer_chairs([(chair.id, chair.name) for chair in treatment.clinic.chairs if chair.in_use])
    return form


def _not_undone(session_id: int, said: Sequence[str]) -> Response:
    for text in said:
        flash(text, "danger")
    return redirect(url_for("sessions.show", session_id=session_id), 303)


def _move_refused(treatment: TreatmentSession, form: MoveForm | None, refusal: Refusal) -> Answer:
    session_id, why = treatment.id, refused(refusal, treatment)
    stands = load(session_id)
    if stands.protocol_version is None:
        return _not_undone(session_id, why.said)
    return _move_page(stands, form or _move_form(stands, typed=False), why), 409


def _move_page(treatment: TreatmentSession, form: MoveForm, why: Refused = objections.NOTHING) -> str:
    if treatment.protocol_version is None:
        raise Absent
    times, days = offers.times_to_move_to(
        session(), treatment, treatment.protocol_version, first_day=read_day(request.args.get("from")), now=g.now
    )
    return render_template(
        "changes/move.html",
        form=form,
        refusal=why.said,
        refused=why,
        times=times,
        days=days,
        instead=offers.named(treatment.clinic, why.instead, None),
        wish=read_slot(form.slot.data) if why.lift else None,
        slot_value=slot_value,
        **common(treatment),
    )
