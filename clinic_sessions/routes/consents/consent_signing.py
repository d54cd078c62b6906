"""Recording a consent: on the screen in the patient's hands, on paper, or that the patient chose not to."""

from typing import Any

from flask import g, request, url_for

from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.consents import ChoseNotForm, PaperForm, SetUpForm, TalkForm
from clinic_sessions.routes.consents import consent_handed
from clinic_sessions.routes.consents import consent_pages as pages
from clinic_sessions.routes.consents.consents import ALL, Answer, once
from clinic_sessions.routes.consents.consents import bp as bp
from clinic_sessions.routes.patients.patient_parts import load
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, session
from clinic_sessions.services.consents import consent_documents, consents
from clinic_sessions.services.consents.consents import Signature, Talk
from clinic_sessions.services.refusals import Refusal


@bp.get(f"{ALL}/new")
@needs(Permission.RECORD_CONSENT)
def new(patient_id: int) -> str:
    """Show what is to be entered before the patient reads, or after they signed on paper, or chose not to."""
    patient = load(patient_id)
    subject = pages.asked(patient, request.args)
    how = request.args.get("how", pages.SCREEN)
    if subject is None:
        return pages.choose(patient)
    return pages.new_page(patient, subject, how if how in pages.FORMS else pages.SCREEN, None)


@bp.get(f"{ALL}/sheet")
@needs(Permission.RECORD_CONSENT)
def sheet(patient_id: int) -> str:
    """Show the text to print, with the lines on which it is signed."""
    patient = load(patient_id)
    subject, spoken = pages.asked(patient, request.args), request.args.get("lang")
    if subject is None:
        return pages.choose(patient)
    return pages.sheet(patient, subject, Language(spoken) if spoken in list(Language) else patient.language)


@bp.post(f"{ALL}/sign")
@needs(Permission.RECORD_CONSENT)
def open_to_sign(patient_id: int) -> Answer:
    """Hand the text over to the patient, to read and sign."""
    patient = load(patient_id, to_change=True)
    subject, form = pages.subject_of(patient), pages.filled(patient, SetUpForm)
    if not form.validate():
        return pages.new_page(patient, subject, pages.SCREEN, form), 422
    texts = consent_documents.texts(session(), subject.version)
    if texts.newest is None or texts.misfits:
        return pages.new_page(patient, subject, pages.SCREEN, form), 409
    return consent_handed.hand_over(patient, subject, form)


@bp.post(f"{ALL}/paper")
@needs(Permission.RECORD_CONSENT)
def record_paper(patient_id: int) -> Answer:
    """Record what the patient signed on paper."""
    patient = load(patient_id, to_change=True)
    subject, form = pages.subject_of(patient), pages.filled(patient, PaperForm)
    pages.offer_texts(form, subject)
    if not form.validate() or form.moment is None:
        return pages.new_page(patient, subject, pages.PAPER, form), 422
    signature = Signature(
        document_version_id=int(str(form.document.data)), name=form.signed_name.data, at=form.moment,
        until=form.until.data, sure=form.sure.data, paper_reference=form.paper_reference.data,
    )  # fmt: skip

    def act() -> str:
        consents.sign(session(), patient, subject, _talk(form), signature, now=g.now, by=actor())
        return url_for("consents.index", patient_id=patient_id)

    content = {"patient": patient_id, "about": subject.key, "talk": _talk(form), "signature": signature}
    try:
        return once(form, content, act, "Consent on paper recorded.")
    except Refusal as refusal:
        return _refused(patient_id, pages.PAPER, form, refusal)


@bp.post(f"{ALL}/not")
@needs(Permission.RECORD_CONSENT)
def record_not(patient_id: int) -> Answer:
    """Record that the patient chose not to consent."""
    patient = load(patient_id, to_change=True)
    subject, form = pages.subject_of(patient), pages.filled(patient, ChoseNotForm)
    if not form.validate():
        return pages.new_page(patient, subject, pages.NOT, form), 422
    said = form.words.data

    def act() -> str:
        consents.choose_not_to(session(), patient, subject, _talk(form), said, now=g.now, by=actor())
        return url_for("consents.index", patient_id=patient_id)

    content = {"patient": patient_id, "about": subject.key, "talk": _talk(form), "words": said}
    try:
        return once(form, content, act, "Recorded: the patient chose not to consent.")
    except Refusal as refusal:
        return _refused(patient_id, pages.NOT, form, refusal)


def _talk(form: TalkForm) -> Talk:
    return Talk(
        language=form.language.data, witness_id=form.witness_id, interpreter=form.interpreter.data,
        interpreted_by=form.through, read_aloud=form.read_aloud.data,
    )  # fmt: skip


def _refused(patient_id: int, how: str, form: Any, refusal: Refusal) -> tuple[str, int]:
    session().rollback()
    patient = load(patient_id)
    form.offer(pages.people(patient))
    return pages.new_page(patient, pages.subject_of(patient), how, form, refusal), 409
