"""Recording a consent: on the screen in the patient's hands, on paper, or that the patient chose not to."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from flask import g, render_template, request, url_for

from clinic_sessions.domain.consents import ConsentReason
from clinic_sessions.domain.messages import Language
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.consents import ChoseNotForm, PaperForm, SetUpForm, SignForm, TalkForm
from clinic_sessions.forms.fields import meta
from clinic_sessions.mail.wording import phone
from clinic_sessions.models import Patient
from clinic_sessions.routes.consents import ALL, ONE, Answer, about, once, said_of
from clinic_sessions.routes.consents import bp as bp
from clinic_sessions.routes.patient_parts import load
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic_for, person, session, showed
from clinic_sessions.routes.public_page import ClinicShown
from clinic_sessions.services import catalogue, consent_documents, consent_overview, consents, documents, form_keys
from clinic_sessions.services.consents import Signature, Subject, Talk
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.translations import text

KEPT = ("plan", "protocol", "interpreter", "interpreted_by", "read_aloud", "witness", "until")
"""What was set up before the patient reads, and goes along with the page that they sign."""

SCREEN, PAPER, NOT = "screen", "paper", "not"
FORMS: Mapping[str, type[TalkForm]] = {SCREEN: SetUpForm, PAPER: PaperForm, NOT: ChoseNotForm}


@bp.get(f"{ALL}/new")
@needs(Permission.RECORD_CONSENT)
def new(patient_id: int) -> str:
    """Show what is to be entered before the patient reads, or after they signed on paper, or chose not to."""
    patient = load(patient_id)
    subject = _asked(patient, request.args)
    how = request.args.get("how", SCREEN)
    if subject is None:
        return _choose(patient)
    return _new_page(patient, subject, how if how in FORMS else SCREEN, None)


@bp.post(f"{ALL}/sign")
@needs(Permission.RECORD_CONSENT)
def sign(patient_id: int) -> Answer:
    """Show the text to the patient, in either language, and keep what they sign."""
    patient = load(patient_id, to_change=True)
    subject, form = _subject(patient), _filled(patient, SignForm)
    asked = request.form.get("do", "open")
    if asked == "sign":
        return _sign(patient, subject, form)
    if asked == "open":
        return _open(patient, subject, form)
    if asked in list(Language):
        form.language.data = Language(asked)
    return _sign_page(patient, subject, form)


@bp.post(f"{ALL}/paper")
@needs(Permission.RECORD_CONSENT)
def record_paper(patient_id: int) -> Answer:
    """Record what the patient signed on paper."""
    patient = load(patient_id, to_change=True)
    subject, form = _subject(patient), _filled(patient, PaperForm)
    _offer_texts(form, subject)
    if not form.validate() or form.moment is None:
        return _new_page(patient, subject, PAPER, form), 422
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
        return _refused(patient_id, PAPER, form, refusal)


@bp.post(f"{ALL}/not")
@needs(Permission.RECORD_CONSENT)
def record_not(patient_id: int) -> Answer:
    """Record that the patient chose not to consent."""
    patient = load(patient_id, to_change=True)
    subject, form = _subject(patient), _filled(patient, ChoseNotForm)
    if not form.validate():
        return _new_page(patient, subject, NOT, form), 422
    said = form.words.data

    def act() -> str:
        consents.choose_not_to(session(), patient, subject, _talk(form), said, now=g.now, by=actor())
        return url_for("consents.index", patient_id=patient_id)

    content = {"patient": patient_id, "about": subject.key, "talk": _talk(form), "words": said}
    try:
        return once(form, content, act, "Recorded: the patient chose not to consent.")
    except Refusal as refusal:
        return _refused(patient_id, NOT, form, refusal)


@bp.get(f"{ONE}/thanks")
@needs(Permission.RECORD_CONSENT)
def thanks(patient_id: int, consent_id: int) -> str:
    """Thank the patient, who still holds the tablet."""
    patient = load(patient_id)
    consent = consents.load(session(), patient, consent_id)
    showed("consent", consent.id, patient_id=patient.id)
    return _public("thanks", patient, consent.language, consent=consent)


def _open(patient: Patient, subject: Subject, form: SignForm) -> Answer:
    set_up = _filled(patient, SetUpForm)
    if not set_up.validate():
        return _new_page(patient, subject, SCREEN, set_up), 422
    texts = consent_documents.texts(session(), subject.version)
    if texts.newest is None or texts.misfits:
        return _new_page(patient, subject, SCREEN, set_up), 409
    form.form_key.data = form_keys.new()
    return _sign_page(patient, subject, form)


def _sign(patient: Patient, subject: Subject, form: SignForm) -> Answer:
    if not form.validate():
        return _sign_page(patient, subject, form), 422
    signature = Signature(
        document_version_id=number(form.document.data) or 0, name=form.signed_name.data, at=g.now,
        until=form.until.data, sure=form.sure.data, strokes=form.drawn,
    )  # fmt: skip

    def act() -> str:
        row = consents.sign(session(), patient, subject, _talk(form), signature, now=g.now, by=actor())
        return url_for("consents.thanks", patient_id=patient.id, consent_id=row.id)

    content = {"patient": patient.id, "about": subject.key, "talk": _talk(form), **vars(signature), "at": None}
    try:
        return once(form, content, act, None)
    except Refusal as refusal:
        session().rollback()
        patient = load(patient.id)
        return _sign_page(patient, _subject(patient), form, refusal), 409


def _sign_page(patient: Patient, subject: Subject, form: SignForm, refusal: Refusal | None = None) -> str:
    spoken = form.language.data or patient.language
    say = partial(_said, spoken)
    other_name = refusal is not None and ConsentReason.OTHER_NAME in refusal.reasons
    if form.signed_name.errors or other_name:
        form.signed_name.errors = [say("other_name" if other_name else "ask_name")]
    if form.strokes.errors:
        form.strokes.errors = [say("no_drawing")]
    texts = consent_documents.texts(session(), subject.version)
    if texts.newest is None:
        raise Absent
    showed("consent_text", texts.newest.id, patient_id=patient.id)
    own = {form.signed_name.name, form.strokes.name}
    left = [why for why in refusal.reasons if why is not ConsentReason.OTHER_NAME] if refusal else []
    return _public(
        "sign", patient, spoken, form=form, document=texts.newest, other_name=other_name or form.sure.data,
        read=consent_documents.read(texts.newest, subject.version, spoken), kept=KEPT,
        stuck=bool(left or form.form_errors or set(form.errors) - own - {None}),
        why=said_of(refusal) if refusal and left else [],
    )  # fmt: skip


def _public(template: str, patient: Patient, spoken: Language, **more: Any) -> str:
    place = clinic_for(patient)
    shown = ClinicShown(
        name=place.name_in_messages, tel=place.phone, phone=phone(place.phone), address=place.address, zone=place.zone
    )
    same = {"say": partial(_said, spoken), "lang": spoken.value, "clinic": shown, "patient": patient}
    return render_template(f"consents/{template}.html", **same, **more)


def _said(spoken: Language, key: str, **values: object) -> str:
    return text(spoken, f"pages.consent.{key}", **values)


def _talk(form: TalkForm) -> Talk:
    return Talk(
        language=form.language.data, witness_id=form.witness_id, interpreter=form.interpreter.data,
        interpreted_by=form.interpreted_by.data, read_aloud=form.read_aloud.data,
    )  # fmt: skip


def _asked(patient: Patient, values: Mapping[str, str]) -> Subject | None:
    plan, protocol = number(values.get("plan")), values.get("protocol") or None
    if plan is None and protocol is None:
        going_on = [one for one in consent_overview.choices(session(), patient) if one.plan is not None]
        return going_on[0] if len(going_on) == 1 else None
    return consents.subject(session(), patient, plan, protocol)


def _subject(patient: Patient) -> Subject:
    return consents.subject(session(), patient, number(request.form.get("plan")), request.form.get("protocol") or None)


def _filled(patient: Patient, form_class: type[Any]) -> Any:
    form = form_class(request.form, meta=meta(g.now, clinic_for(patient).zone))
    form.offer(_people(patient))
    return form


def _people(patient: Patient) -> list[tuple[int, str]]:
    others = [(one.id, one.name) for one in consents.witnesses(session(), patient) if one.id != person().id]
    return [(person().id, f"{person().name} (you)"), *others]


def _offer_texts(form: PaperForm, subject: Subject) -> None:
    listed = consent_documents.texts(session(), subject.version).versions
    form.offer_texts((one.id, f"{one.title}, version {one.number}") for one in listed)


def _fresh(patient: Patient, subject: Subject, how: str) -> Any:
    now = g.now.astimezone(clinic_for(patient).zone)
    filled = {
        "form_key": form_keys.new(), "language": patient.language, "witness": str(person().id),
        "plan": str(subject.plan.id) if subject.plan else "", "protocol": subject.version.key,
        "day": now.date(),
    }  # fmt: skip
    form = FORMS[how](data=filled, meta=meta(g.now, clinic_for(patient).zone))
    form.offer(_people(patient))
    if isinstance(form, PaperForm):
        _offer_texts(form, subject)
    return form


def _refused(patient_id: int, how: str, form: Any, refusal: Refusal) -> tuple[str, int]:
    session().rollback()
    patient = load(patient_id)
    form.offer(_people(patient))
    return _new_page(patient, _subject(patient), how, form, refusal), 409


def _new_page(patient: Patient, subject: Subject, how: str, form: Any, refusal: Refusal | None = None) -> str:
    showed("patient_consents", patient.id, patient_id=patient.id)
    today = local_day(g.now, clinic_for(patient).zone)
    texts = consent_documents.texts(session(), subject.version)
    read = consent_documents.read(texts.newest, subject.version, patient.language) if texts.newest else None
    reasons: Sequence[Any] = refusal.reasons if refusal else ()
    return render_template(
        "consents/new.html",
        subject=subject,
        how=how,
        form=form or _fresh(patient, subject, how),
        texts=texts,
        is_proposal=texts.newest is not None and consent_documents.text_of(texts.newest).is_proposal,
        read=read,
        protocol=catalogue.protocol_of(subject.version),
        holds=documents.thresholds(session()).consent,
        last=consents.longest(session(), today),
        other_name=ConsentReason.OTHER_NAME in reasons,
        refusal=said_of(refusal) if refusal else [],
        **about(patient),
    )


def _choose(patient: Patient) -> str:
    showed("patient_consents", patient.id, patient_id=patient.id)
    return render_template(
        "consents/choose.html", choices=consent_overview.choices(session(), patient), **about(patient)
    )
