"""Changing a series that is booked: this session, this and the following ones, or all that are still to come."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling import pattern
from clinic_sessions.domain.scheduling.series import Scope
from clinic_sessions.domain.scheduling.series_solver import Wish
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.keys import is_key
from clinic_sessions.forms.series import CancelSeriesForm, ChangeForm, MovesForm, Way
from clinic_sessions.models import Plan, TreatmentSession
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, person, session, showed
from clinic_sessions.routes.series import series_lines
from clinic_sessions.routes.series.series import about, by_place, over_label, said, slots_of, typed_again
from clinic_sessions.routes.series.series_lines import Line
from clinic_sessions.routes.session.one_session import ONE, load
from clinic_sessions.services import form_keys
from clinic_sessions.services.plans import plans
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.series import series_booking, series_dates

bp = Blueprint("series_changes", __name__)

Answer = str | Response | tuple[str, int]


@bp.get(f"{ONE}/series")
@needs(Permission.BOOK_SESSIONS)
def edit(session_id: int) -> Answer:
    """Show what can change, and every date that it leads to."""
    treatment = load(session_id)
    return _page(treatment, _plan(treatment), _change_form(treatment))


@bp.post(f"{ONE}/series")
@needs(Permission.BOOK_SESSIONS)
def save(session_id: int) -> Answer:
    """Move every session that is not left as it is, or none; once for each showing of the form."""
    treatment = load(session_id)
    plan, change, form = _plan(treatment), _change_form(treatment), MovesForm(request.form)
    if not form.read_dates(request.form, g.now.date()) or not form.validate():
        return _page(treatment, plan, change, form), 422
    try:
        return _save_once(plan, form)
    except (Refusal, Absent) as refusal:
        session().rollback()
        treatment = load(session_id)
        return _page(treatment, _plan(treatment), change, form, refusal), 409


def _save_once(plan: Plan, form: MovesForm) -> Response:
    slots, tell = slots_of(form), bool(form.tell.data)
    content = {"plan": plan.id, "slots": [vars(slot) for slot in slots], "tell": tell, "why": form.reasons.data}
    answer = form_keys.claim(session(), str(form.form_key.data), content, now=g.now, by=actor())
    if answer is None:
        moved = series_booking.move(
            session(), plan, slots, reasons=form.reasons.reasons, tell_patient=tell, now=g.now, by=actor()
        )
        answer = url_for("plans.show", plan_id=plan.id)
        form_keys.settle(session(), str(form.form_key.data), answer)
        flash(f"{_count(len(moved))} moved." if moved else "Nothing was moved: every session stays where it is.")
    session().commit()
    return redirect(answer, 303)


@bp.get(f"{ONE}/series/cancel")
@needs(Permission.BOOK_SESSIONS)
def cancel(session_id: int) -> Answer:
    """Ask why sessions of the series are cancelled."""
    return _cancel_page(load(session_id), CancelSeriesForm(data={"tell": True}))


@bp.post(f"{ONE}/series/cancel")
@needs(Permission.BOOK_SESSIONS)
def do_cancel(session_id: int) -> Answer:
    """Cancel the sessions that were shown, or none; once for each showing of the form."""
    treatment, form = load(session_id), CancelSeriesForm(request.form)
    seen = _seen()
    if not form.validate() or not seen or not is_key(form.form_key.data):
        return _cancel_page(treatment, form), 422
    try:
        return _cancel_once(_plan(treatment), seen, form)
    except (Refusal, Absent) as refusal:
        session().rollback()
        return _cancel_page(load(session_id), form, refusal), 409


def _cancel_once(plan: Plan, seen: Mapping[int, int], form: CancelSeriesForm) -> Response:
    content = {"plan": plan.id, "sessions": sorted(seen.items()), **form.data}
    answer = form_keys.claim(session(), str(form.form_key.data), content, now=g.now, by=actor())
    if answer is None:
        cancelled = series_booking.cancel(
            session(), plan, seen, form.reasons.reasons,
            words=form.note.data, tell_patient=bool(form.tell.data), now=g.now, by=actor(),
        )  # fmt: skip
        answer = url_for("plans.show", plan_id=plan.id)
        form_keys.settle(session(), str(form.form_key.data), answer)
        flash(f"{_count(len(cancelled))} cancelled.")
    session().commit()
    return redirect(answer, 303)


def _seen() -> dict[int, int]:
    pairs = (text.partition(":") for text in request.form.getlist("session")[: series_dates.MOST_DATES])
    return {one: version for left, _, right in pairs if (one := number(left)) and (version := number(right))}


def _count(many: int) -> str:
    return f"{many} session{'' if many == 1 else 's'}"


def _plan(treatment: TreatmentSession) -> Plan:
    if treatment.plan_id is None or treatment.place_in_plan is None:
        raise Absent
    return plans.load(session(), treatment.plan_id, person())


def _page(
    treatment: TreatmentSession, plan: Plan, change: ChangeForm, form: MovesForm | None = None,
    refusal: Exception | None = None,
) -> str:  # fmt: skip
    here, scope = treatment.clinic, _scope(change.scope.data)
    moving = series_booking.in_scope(session(), treatment, scope)[: series_dates.MOST_DATES]
    lines = _lines(plan, moving, change) if change.validate() and moving else []
    if form is not None:
        lines = series_lines.as_sent(lines, form, by_place(refusal), plan, here)
    showed("plan", plan.id, patient_id=plan.patient_id)
    return render_template(
        "series/edit.html",
        treatment=treatment,
        plan=plan,
        place=pattern.progress(treatment.place_in_plan or 0, plan.session_count),
        change=change,
        asked=typed_again(change),
        lines=lines,
        form=form or MovesForm(data={"tell": True}),
        over=over_label(plan, lines),
        refusal=said(refusal, here, plan, lines),
        **about(treatment.patient, here),
    )


def _lines(plan: Plan, moving: Sequence[TreatmentSession], change: ChangeForm) -> list[Line]:
    here = moving[0].clinic
    wish = Wish(weekdays=frozenset(change.weekdays.days), wall=change.wall.data)
    ask = series_dates.for_moving(plan, moving, wish, shift_days=change.shift_days, first=local_day(g.now, here.zone))
    rows = series_dates.preview(session(), here, plan.patient_id, plan.protocol_version, ask, now=g.now)
    return series_lines.of_rows(rows, plan, here, wish, {one.place_in_plan or 0: one for one in moving})


def _cancel_page(treatment: TreatmentSession, form: CancelSeriesForm, refusal: Exception | None = None) -> str:
    plan, scope = _plan(treatment), _scope(request.values.get("scope"))
    showed("plan", plan.id, patient_id=plan.patient_id)
    return render_template(
        "series/cancel.html",
        treatment=treatment,
        plan=plan,
        place_words=pattern.progress,
        scope=scope,
        coming=series_booking.in_scope(session(), treatment, scope)[: series_dates.MOST_DATES],
        form=form,
        refusal=said(refusal, treatment.clinic, plan, []),
        **about(treatment.patient, treatment.clinic),
    )


def _scope(text: str | None) -> Scope:
    try:
        return Scope(text or Scope.FOLLOWING)
    except ValueError:
        return Scope.FOLLOWING


def _change_form(treatment: TreatmentSession) -> ChangeForm:
    known = meta(g.now, treatment.clinic.zone)
    if "wall" in request.args:
        return ChangeForm(request.args, meta=known)
    wall = treatment.starts_at.astimezone(treatment.clinic.zone).time().replace(second=0, microsecond=0)
    usual = {"scope": Scope.FOLLOWING.value, "wall": wall, "shift": 0, "way": Way.LATER.value}
    return ChangeForm(meta=known, data=usual)
