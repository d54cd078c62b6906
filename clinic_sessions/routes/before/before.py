"""Before the dose: the answers, the first readings, a weight, and a later time of the day. Each form saves once."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.patients.weights import both_units
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.before import AnswersForm
from clinic_sessions.forms.booking import number, read_slot
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes import filters
from clinic_sessions.routes.before import before_page
from clinic_sessions.routes.before.asked_page import again
from clinic_sessions.routes.before.before_page import Page
from clinic_sessions.routes.once import once, said
from clinic_sessions.routes.patients.patient_file import weight_doubts
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, person, session, showed
from clinic_sessions.routes.session.one_session import ONE, identified, load, strip
from clinic_sessions.services import form_keys
from clinic_sessions.services.before import answering, later_today, session_checks
from clinic_sessions.services.patients import patients as patients_of
from clinic_sessions.services.patients import weights
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.session import recording, session_start

bp = Blueprint("before", __name__)

Answer = str | Response | tuple[str, int]


@bp.get(f"{ONE}/before")
@needs(Permission.SEE_PAPERS)
def show(session_id: int) -> Answer:
    """Show what stands before the dose on a page of its own, with a question to ask once more."""
    return _page(session_id)


@bp.post(f"{ONE}/before")
@needs(Permission.RECORD_ARRIVAL)
def answer(session_id: int) -> Answer:
    """Keep the answers that were given; one that speaks of danger leads to the assessment of risk."""
    treatment = load(session_id)
    form = before_page.answers_form(treatment, request.form)

    def refused(refusal: Refusal | None = None, meanwhile: Sequence[str] = ()) -> str:
        return _page(session_id, form=identified(form, "before"), failed=form, said=[*meanwhile, *said(refusal)])

    def keep() -> str:
        danger = answering.take(session(), treatment, form.said(), now=g.now, by=actor(), at=form.moment)
        if not danger or not person().may(Permission.READ_CLINICAL):
            return _done(session_id, "Answers saved.")
        flash("A clinician has been told. Assess the risk now; the dose waits for a provider.", "danger")
        return url_for("risk.index", patient_id=treatment.patient_id)

    if not form.validate():
        return refused(), 422
    meanwhile = _meanwhile(treatment, form) if _part(treatment) else []
    return (refused(meanwhile=meanwhile), 409) if meanwhile else once(form.form_key.data, keep, refused)


@bp.post(f"{ONE}/before/reading")
@needs(Permission.TREAT)
def read(session_id: int) -> Answer:
    """Add a reading before the dose; every one is kept."""
    treatment = load(session_id)
    page = _part(treatment)
    form = before_page.reading_form(treatment, request.form, repeats=bool(page and page.facts.repeat))

    def refused(refusal: Refusal | None = None) -> str:
        return _page(session_id, reading=identified(form, "first"), failed=form, said=said(refusal))

    def keep() -> str:
        recording.record_vitals(
            session(), treatment, form.reading, now=g.now, by=actor(), at=form.moment,
            cuff=form.cuff.data, arm=form.arm.data,
        )  # fmt: skip
        return _done(session_id, "Reading saved.")

    return once(form.form_key.data, keep, refused) if form.validate() else (refused(), 422)


@bp.post(f"{ONE}/before/weight")
@needs(Permission.EDIT_CLINICAL)
def weigh(session_id: int) -> Answer:
    """Add a weight; the first of all, and one far from the last, is asked about in both units."""
    treatment = load(session_id)
    form = before_page.weight_form(treatment, request.form)

    def refused(refusal: Refusal | None = None) -> str:
        doubts = weight_doubts(refusal, form) if refusal else []
        return _page(session_id, weight=identified(form, "weigh"), failed=form, said=doubts, asks=bool(doubts))

    def keep() -> str:
        patient = patients_of.load(session(), treatment.patient_id, person(), to_change=True)
        weights.record(
            session(), patient, form.grams, form.unit.data, form.moment or g.now,
            sure=bool(form.sure.data), now=g.now, by=actor(),
        )  # fmt: skip
        return _done(session_id, f"Weight saved: {both_units(form.grams)}.")

    return once(form.form_key.data, keep, refused) if form.validate() else (refused(), 422)


@bp.post(f"{ONE}/before/later")
@needs(Permission.BOOK_SESSIONS)
def later(session_id: int) -> Answer:
    """Move the visit to a later time of today, once the patient may have the dose."""
    treatment = load(session_id)
    slot = read_slot(request.form.get("slot"))
    if slot is None:
        raise Absent
    seen = number(request.form.get("version")) or 0
    try:
        later_today.move(session(), treatment, slot[0], slot[1], seen, now=g.now, by=actor())
        session().commit()
    except Refusal as refusal:
        session().rollback()
        return _page(session_id, said=said(refusal)), 409
    flash(f"Moved to {filters.at(slot[1])}. Note again when they are here then.")
    return redirect(url_for("sessions.show", session_id=session_id), 303)


def _meanwhile(treatment: TreatmentSession, form: AnswersForm) -> list[str]:
    """Say what others have answered to the same questions since this page was shown; nothing of either is lost."""
    seen = number(request.form.get("seen"))
    given = {one.item for one in form.said()}
    if seen is None:
        return []
    rows = session_checks.rows(session(), treatment)
    newer = [row for row in rows if row.item in given and row.id > seen and row.by_id != person().id]
    return [
        f"{row.by.name} has answered \u201c{words.say(row.item)}\u201d meanwhile; it stands below. "
        "Save yours again if it is to count instead."
        for row in newer
    ]


def _part(treatment: TreatmentSession) -> Page | None:
    start = session_start.of(session(), treatment, g.now, clinical=person().may(Permission.READ_CLINICAL))
    return before_page.of(treatment, start, again())


def _done(session_id: int, text: str) -> str:
    flash(text)
    return url_for("sessions.show", session_id=session_id, _anchor="before-start")


def _page(session_id: int, **typed: Any) -> str:
    """Show the part on a page of its own, with a form as it was typed in place of the part's own."""
    treatment = load(session_id)
    made = _part(treatment)
    if made is None:
        raise Absent
    showed("session", treatment.id, patient_id=treatment.patient_id)
    return render_template(
        "sessions/before.html", treatment=treatment, strip=strip(treatment), before=replace(made, **typed),
        new_key=form_keys.new,
    )  # fmt: skip
