"""Before the dose: the answers, the first readings, a weight, and a later time of the day. Each form saves once."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import Form

from clinic_sessions.domain import words
from clinic_sessions.domain.patients.weights import both_units
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.before import AnswersForm
from clinic_sessions.forms.booking import number, read_slot
from clinic_sessions.forms.keys import STALE_FORM, is_key
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes import filters
from clinic_sessions.routes.before import before_page
from clinic_sessions.routes.before.before_page import Page
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
NOT_CONTENT = frozenset({"csrf_token", "form_key"})


@bp.get(f"{ONE}/before")
@needs(Permission.SEE_PAPERS)
def show(session_id: int) -> Answer:
    """Show what stands before the dose on a page of its own, with a question to ask once more."""
    treatment = load(session_id)
    return _page(treatment, _made(treatment))


@bp.post(f"{ONE}/before")
@needs(Permission.RECORD_ARRIVAL)
def answer(session_id: int) -> Answer:
    """Keep the answers that were given; one that speaks of danger leads to the assessment of risk."""
    treatment = load(session_id)
    form = before_page.answers_form(treatment, request.form)
    good = form.validate()
    meanwhile = _meanwhile(treatment, form) if good else []
    if not good or (meanwhile and _stands(treatment)):
        page = _made(treatment)
        page.answers, page.said = form, meanwhile
        page.asked = [one for one in form.meta.asked if one in page.asked or form[one.value].data]
        return _page(treatment, page, identified(form, "before")), 409 if good else 422
    danger = False

    def keep() -> None:
        nonlocal danger
        danger = answering.take(session(), treatment, form.said(), now=g.now, by=actor(), at=form.moment)

    failed = _once(session_id, form.form_key.data, keep)
    if failed is not None:
        return failed
    if danger and person().may(Permission.READ_CLINICAL):
        flash("A clinician has been told. Assess the risk now; the dose waits for a provider.", "danger")
        return redirect(url_for("risk.index", patient_id=treatment.patient_id), 303)
    return _back(session_id, "Answers saved.")


@bp.post(f"{ONE}/before/reading")
@needs(Permission.TREAT)
def read(session_id: int) -> Answer:
    """Add a reading before the dose; every one is kept."""
    treatment = load(session_id)
    page = _stands(treatment)
    form = before_page.reading_form(treatment, request.form, repeats=bool(page and page.facts.repeat))
    if not form.validate():
        page = page or _made(treatment)
        page.reading = form
        return _refused(treatment, page, form, "first")

    def keep() -> None:
        recording.record_vitals(
            session(), treatment, form.reading, now=g.now, by=actor(), at=form.moment,
            cuff=form.cuff.data, arm=form.arm.data,
        )  # fmt: skip

    return _once(session_id, form.form_key.data, keep) or _back(session_id, "Reading saved.")


@bp.post(f"{ONE}/before/weight")
@needs(Permission.EDIT_CLINICAL)
def weigh(session_id: int) -> Answer:
    """Add a weight; the first of all, and one far from the last, is asked about in both units."""
    treatment = load(session_id)
    form = before_page.weight_form(treatment, request.form)
    if not form.validate():
        page = _made(treatment)
        page.weight = form
        return _refused(treatment, page, form, "weigh")
    patient = patients_of.load(session(), treatment.patient_id, person(), to_change=True)

    def keep() -> None:
        weights.record(
            session(), patient, form.grams, form.unit.data, form.moment or g.now,
            sure=bool(form.sure.data), now=g.now, by=actor(),
        )  # fmt: skip

    try:
        saved = f"Weight saved: {both_units(form.grams)}."
        return _once(session_id, request.form.get("form_key"), keep) or _back(session_id, saved)
    except Refusal as refusal:
        session().rollback()
        page = _made(load(session_id))
        page.weight, page.said, page.asks = form, weight_doubts(refusal, form), True
        return _page(load(session_id), page, identified(form, "weigh")), 409


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
        treatment = load(session_id)
        page = _made(treatment)
        page.said = [words.say(reason) for reason in refusal.reasons]
        return _page(treatment, page), 409
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


def _stands(treatment: TreatmentSession) -> Page | None:
    start = session_start.of(session(), treatment, g.now, clinical=person().may(Permission.READ_CLINICAL))
    return before_page.of(treatment, start, before_page.again())


def _made(treatment: TreatmentSession) -> Page:
    made = _stands(treatment)
    if made is None:
        raise Absent
    return made


def _once(session_id: int, key: str | None, keep: Callable[[], Any]) -> Answer | None:
    """Do it once for each showing of the form, and commit; gives the answer when this form has acted already."""
    answer = url_for("sessions.show", session_id=session_id)
    if key is None or not is_key(key):
        flash(STALE_FORM, "warn")
        return redirect(answer, 303)
    content = {name: values for name, values in request.form.lists() if name not in NOT_CONTENT}
    if form_keys.claim(session(), key, {**content, "path": request.path}, now=g.now, by=actor()) is not None:
        session().rollback()
        return redirect(answer, 303)
    keep()
    form_keys.settle(session(), key, answer)
    session().commit()
    return None


def _back(session_id: int, text: str) -> Response:
    flash(text)
    return redirect(url_for("sessions.show", session_id=session_id, _anchor="before-start"), 303)


def _refused(treatment: TreatmentSession, page: Page, form: Form, prefix: str) -> Answer:
    return _page(treatment, page, identified(form, prefix)), 422


def _page(treatment: TreatmentSession, page: Page, failed: Form | None = None) -> str:
    showed("session", treatment.id, patient_id=treatment.patient_id)
    page.failed = failed
    return render_template(
        "sessions/before.html", treatment=treatment, strip=strip(treatment), before=page, new_key=form_keys.new
    )
