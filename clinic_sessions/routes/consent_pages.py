"""The pages on which a consent is recorded: what staff enter, and what the patient reads and signs."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from flask import g, render_template, request

from clinic_sessions.domain.consents import ConsentReason
from clinic_sessions.domain.messages import Language
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.consents import ChoseNotForm, PaperForm, SetUpForm, SignForm, TalkForm
from clinic_sessions.forms.fields import meta
from clinic_sessions.mail.wording import phone
from clinic_sessions.models import Patient
from clinic_sessions.routes.consents import about, said_of
from clinic_sessions.routes.present import clinic_for, person, session, showed
from clinic_sessions.routes.public_page import ClinicShown
from clinic_sessions.services import catalogue, consent_documents, consent_overview, consents, documents, form_keys
from clinic_sessions.services.consents import Subject
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.translations import text

KEPT = ("plan", "protocol", "interpreter", "interpreted_by", "read_aloud", "witness", "until")
"""What was set up before the patient reads, and goes along with the page that they sign."""

SCREEN, PAPER, NOT = "screen", "paper", "not"
FORMS: Mapping[str, type[TalkForm]] = {SCREEN: SetUpForm, PAPER: PaperForm, NOT: ChoseNotForm}


def sign_page(patient: Patient, subject: Subject, form: SignForm, refusal: Refusal | None = None) -> str:
    """Show the text to the patient with the place to sign; what is wrong stands in the language of the page."""
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
    return handed(
        "sign", patient, spoken, form=form, document=texts.newest, other_name=other_name or form.sure.data,
        read=consent_documents.read(texts.newest, subject.version, spoken), kept=KEPT,
        stuck=bool(left or form.form_errors or set(form.errors) - own - {None}),
        why=said_of(refusal) if refusal and left else [],
    )  # fmt: skip


def handed(template: str, patient: Patient, spoken: Language, **more: Any) -> str:
    """Show a page to the patient who holds the tablet, without a way into the staff's pages."""
    place = clinic_for(patient)
    shown = ClinicShown(
        name=place.name_in_messages, tel=place.phone, phone=phone(place.phone), address=place.address, zone=place.zone
    )
    same = {"say": partial(_said, spoken), "lang": spoken.value, "clinic": shown, "patient": patient}
    return render_template(f"consents/{template}.html", **same, **more)


def _said(spoken: Language, key: str, **values: object) -> str:
    return text(spoken, f"pages.consent.{key}", **values)


def asked(patient: Patient, values: Mapping[str, str]) -> Subject | None:
    """Find what the consent is about that an address names; None when it must be chosen."""
    plan, protocol = number(values.get("plan")), values.get("protocol") or None
    if plan is None and protocol is None:
        going_on = [one for one in consent_overview.choices(session(), patient) if one.plan is not None]
        return going_on[0] if len(going_on) == 1 else None
    return consents.subject(session(), patient, plan, protocol)


def subject_of(patient: Patient) -> Subject:
    """Find what the consent is about that a form names; raises Absent."""
    return consents.subject(session(), patient, number(request.form.get("plan")), request.form.get("protocol") or None)


def filled(patient: Patient, form_class: type[Any]) -> Any:
    """Give a form as it was sent, with those who may be the witness."""
    form = form_class(request.form, meta=meta(g.now, clinic_for(patient).zone))
    form.offer(people(patient))
    return form


def people(patient: Patient) -> list[tuple[int, str]]:
    """List who may be the witness: first the person who acts."""
    others = [(one.id, one.name) for one in consents.witnesses(session(), patient) if one.id != person().id]
    return [(person().id, f"{person().name} (you)"), *others]


def offer_texts(form: PaperForm, subject: Subject) -> None:
    """Offer the texts that a paper may have been of."""
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
    form.offer(people(patient))
    if isinstance(form, PaperForm):
        offer_texts(form, subject)
    return form


def new_page(patient: Patient, subject: Subject, how: str, form: Any, refusal: Refusal | None = None) -> str:
    """Show what staff enter: before the patient reads, after they signed on paper, or when they chose not to."""
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


def choose(patient: Patient) -> str:
    """Show what a new consent may be about."""
    showed("patient_consents", patient.id, patient_id=patient.id)
    return render_template(
        "consents/choose.html", choices=consent_overview.choices(session(), patient), **about(patient)
    )
