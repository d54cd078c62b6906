"""A patient's consents: what counts, what is past, what became of one, and whether we may write to them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.messages.messages import Channel
from clinic_sessions.domain.papers import consents as rules
from clinic_sessions.domain.papers.papers import ConsentEventKind
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.consents import MindForm, MistakeForm, WishForm
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.forms.patients import YesNo
from clinic_sessions.models import Consent, Patient
from clinic_sessions.routes.patients.patient_parts import load
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic_for, person, session, showed
from clinic_sessions.services import catalogue, documents, form_keys
from clinic_sessions.services.consents import consent_changes, consent_documents, consent_overview, consents
from clinic_sessions.services.patients import contact_consents, patients, wishes
from clinic_sessions.services.refusals import Refusal

bp = Blueprint("consents", __name__)

ALL = "/patients/<int:patient_id>/consents"
ONE = f"{ALL}/<int:consent_id>"
USED = "This form has acted already. Look at the patient's consents before you enter another."

Answer = str | Response | tuple[str, int]


@bp.get(ALL)
@needs(Permission.SEE_PAPERS)
def index(patient_id: int) -> str:
    """Show each series with its consents; who records none sees only what is missing."""
    return _index(load(patient_id), WishForm(data={"form_key": form_keys.new()}))


@bp.post(f"{ALL}/wishes")
@needs(Permission.EDIT_CONTACT)
def say_wish(patient_id: int) -> Answer:
    """Keep what a patient said of being written to."""
    patient, form = load(patient_id, to_change=True), WishForm(request.form)
    if not form.validate():
        return _index(patient, form), 422
    setting = {Channel.EMAIL: wishes.set_mail, Channel.SMS: wishes.set_texts}[form.channel.data]
    said = {"wanted": form.wanted.data is YesNo.YES, "told_through": form.told_through.data}

    def act() -> str:
        setting(session(), patient, **said, now=g.now, by=actor())
        return url_for("consents.index", patient_id=patient_id)

    try:
        return once(form, {"patient": patient.id, "channel": form.channel.data, **said}, act, "Saved.")
    except Refusal as refusal:
        session().rollback()
        return _index(load(patient_id), form, said_of(refusal)), 409


@bp.get(ONE)
@needs(Permission.RECORD_CONSENT)
def show(patient_id: int, consent_id: int) -> str:
    """Show one consent with the words that the patient read, for the screen and for paper."""
    patient = load(patient_id)
    return _show(patient, consents.load(session(), patient, consent_id))


@bp.post(f"{ONE}/changed-mind")
@needs(Permission.RECORD_CONSENT)
def change_mind(patient_id: int, consent_id: int) -> Answer:
    """Keep that the patient changed their mind."""
    patient = load(patient_id, to_change=True)
    consent = consents.load(session(), patient, consent_id)
    form = MindForm(request.form, meta=meta(g.now, clinic_for(patient).zone))
    if not form.validate():
        return _show(patient, consent, mind=form), 422
    said = form.words.data

    def act() -> str:
        at = min(form.moment or g.now, g.now)
        going_on = consent_changes.change_mind(session(), patient, consent, said, at=at, now=g.now, by=actor())
        if going_on:
            flash("A session is under way: speak with the patient now. The provider was alerted.", "danger")
        return url_for("consents.index", patient_id=patient_id)

    try:
        return once(form, {"consent": consent_id, "words": said}, act, "Kept: the patient changed their mind.")
    except Refusal as refusal:
        return _refused(patient_id, consent_id, refusal, mind=form)


@bp.post(f"{ONE}/mistake")
@needs(Permission.RECORD_CONSENT)
def mark_mistake(patient_id: int, consent_id: int) -> Answer:
    """Keep that a consent was entered by mistake."""
    patient, form = load(patient_id, to_change=True), MistakeForm(request.form)
    consent = consents.load(session(), patient, consent_id)
    if not form.validate():
        return _show(patient, consent, mistake=form), 422

    def act() -> str:
        consent_changes.mark_mistake(session(), patient, consent, form.words.data, now=g.now, by=actor())
        return url_for("consents.index", patient_id=patient_id)

    try:
        return once(form, {"mistake": consent_id, "words": form.words.data}, act, "Marked as entered by mistake.")
    except Refusal as refusal:
        return _refused(patient_id, consent_id, refusal, mistake=form)


def once(form: KeyedForm, content: Mapping[str, object], act: Callable[[], str], text: str | None) -> Response:
    """Act once for each showing of a form, commit, say so, and go on to where the act leads."""
    key = str(form.form_key.data)
    answer = form_keys.claim(session(), key, content, now=g.now, by=actor())
    if answer is None:
        answer = act()
        form_keys.settle(session(), key, answer)
        if text:
            flash(text)
    session().commit()
    return redirect(answer, 303)


def said_of(refusal: Refusal) -> list[str]:
    """Say why something was not done, but for a name that is not the patient's: that stands beside the name."""
    if isinstance(refusal, form_keys.OtherContent):
        return [USED]
    return [words.say(reason) for reason in refusal.reasons if reason is not rules.ConsentReason.OTHER_NAME]


def about(patient: Patient) -> dict[str, Any]:
    """Give what every page under a patient's strip shows."""
    zone = clinic_for(patient).zone
    today, clinical = local_day(g.now, zone), person().may(Permission.READ_CLINICAL)
    strip = patients.strip(session(), patient, today, clinical=clinical)
    return {"patient": patient, "strip": strip, "today": today}


def _refused(patient_id: int, consent_id: int, refusal: Refusal, **forms: Any) -> tuple[str, int]:
    session().rollback()
    patient = load(patient_id)
    return _show(patient, consents.load(session(), patient, consent_id), refusal=said_of(refusal), **forms), 409


def _index(patient: Patient, form: WishForm, refusal: Sequence[str] = ()) -> str:
    showed("patient_consents", patient.id, patient_id=patient.id)
    shown = about(patient)
    said = contact_consents.of_patient(session(), patient.id)
    return render_template(
        "consents/index.html",
        series=consent_overview.of_patient(session(), patient, shown["today"], g.now),
        holds=documents.thresholds(session()).consent,
        form=form,
        said=said,
        stands=contact_consents.newest(said),
        asked=contact_consents.ASKED,
        refusal=refusal,
        **shown,
    )


def _show(
    patient: Patient,
    consent: Consent,
    *,
    mind: MindForm | None = None,
    mistake: MistakeForm | None = None,
    refusal: Sequence[str] = (),
) -> str:
    showed("consent", consent.id, patient_id=patient.id)
    shown = about(patient)
    series = consent_overview.of_patient(session(), patient, shown["today"], g.now)
    zone = clinic_for(patient).zone
    return render_template(
        "consents/show.html",
        consent=consent,
        state=next(line.state for one in series for line in one.lines if line.consent is consent),
        text=consent_documents.as_signed(consent),
        protocol=catalogue.protocol_of(consent.protocol_version),
        drawn=rules.drawn(consent.strokes) if consent.strokes else [],
        changed=consents.event_of(consent, ConsentEventKind.CHANGED_MIND),
        mind=mind or MindForm(data={"form_key": form_keys.new()}, meta=meta(g.now, zone)),
        mistake=mistake or MistakeForm(data={"form_key": form_keys.new()}),
        clinic_shown=clinic_for(patient),
        refusal=refusal,
        **shown,
    )
