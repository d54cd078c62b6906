"""The pages on which staff enter a consent: before the patient reads, on paper, or that they chose not to."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import g, render_template, request

from clinic_sessions.domain import words
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.papers.consents import ConsentReason
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.consents import ChoseNotForm, PaperForm, SetUpForm, TalkForm, Through
from clinic_sessions.forms.fields import meta
from clinic_sessions.models import Patient
from clinic_sessions.routes.consents.consents import about, said_of
from clinic_sessions.routes.present import clinic_for, person, session, showed
from clinic_sessions.services import catalogue, documents, form_keys
from clinic_sessions.services.consents import consent_documents, consent_overview, consents
from clinic_sessions.services.consents.consents import Subject
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.translations import text

SCREEN, PAPER, NOT = "screen", "paper", "not"
FORMS: Mapping[str, type[TalkForm]] = {SCREEN: SetUpForm, PAPER: PaperForm, NOT: ChoseNotForm}


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
        "day": now.date(), "interpreted_by": None if patient.interpreter else Through.NOBODY,
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
    other_name = refusal is not None and ConsentReason.OTHER_NAME in refusal.reasons
    if other_name:
        form.signed_name.errors = [words.say(ConsentReason.OTHER_NAME)]
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
        other_name=other_name,
        refusal=said_of(refusal) if refusal else [],
        **about(patient),
    )


def sheet(patient: Patient, subject: Subject, spoken: Language) -> str:
    """Show the text to print, in the language of the patient or the other; raises Absent while there is none."""
    document = consent_documents.newest(session(), subject.version.key)
    if document is None:
        raise Absent
    showed("consent_text", document.id, patient_id=patient.id)
    return render_template(
        "consents/sheet.html",
        subject=subject,
        document=document,
        is_proposal=consent_documents.text_of(document).is_proposal,
        read=consent_documents.read(document, subject.version, spoken),
        spoken=spoken.value,
        say=partial(said_in, spoken),
        place=clinic_for(patient),
        **about(patient),
    )


def said_in(spoken: str, key: str, **values: object) -> str:
    """Give a text that the patient reads beside the consent."""
    return text(spoken, f"pages.consent.{key}", **values)


def choose(patient: Patient) -> str:
    """Show what a new consent may be about."""
    showed("patient_consents", patient.id, patient_id=patient.id)
    return render_template(
        "consents/choose.html", choices=consent_overview.choices(session(), patient), **about(patient)
    )
