"""The page that a patient holds: whoever hands it over is signed out, and it opens that one consent and nothing else.

What was set up is kept in the signed cookie until it is signed, the time is over, or somebody signs in again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask import session as cookie
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response

from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.papers.consents import ConsentReason
from clinic_sessions.domain.papers.papers import InterpretedBy
from clinic_sessions.domain.permissions import Permission, acting_role
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.consents import SetUpForm, SignForm
from clinic_sessions.mail.wording import phone
from clinic_sessions.models import ActorKind, Clinic, Patient, User
from clinic_sessions.routes.by_link.public_page import ClinicShown, for_patients
from clinic_sessions.routes.consents.consent_pages import said_in
from clinic_sessions.routes.consents.consents import once, said_of
from clinic_sessions.routes.policy import public
from clinic_sessions.routes.present import actor, clinic_for, session, showed
from clinic_sessions.services import form_keys
from clinic_sessions.services.accounts import sign_ins
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.consents import consent_documents, consents
from clinic_sessions.services.consents.consents import Signature, Subject, Talk
from clinic_sessions.services.patients import patients
from clinic_sessions.services.refusals import Absent, Refusal

bp = Blueprint("handed", __name__)
for_patients(bp)

KEPT = "handed"
LONGEST = timedelta(hours=1)
"""A consent is read in minutes; a tablet that was left lying opens nothing after this."""

WHY = "staff handed this one consent to the patient: the signed cookie of that act is the key"

Answer = str | Response | tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Handed:
    """What was handed over: whose consent, to what, at which clinic, told how, and until when it holds if signed."""

    patient: Patient
    about: Subject
    place: Clinic
    talk: Talk
    until: date | None


def hand_over(patient: Patient, about: Subject, form: SetUpForm) -> Response:
    """Sign the person out, commit, and go on to the patient's page; only signing in again leads back."""
    by = actor()
    given = {
        "by": by.user_id, "sign_in": by.sign_in_id, "at": g.now.isoformat(), "clinic": clinic_for(patient).id,
        "patient": patient.id, "plan": about.plan.id if about.plan else None, "version": about.version.id,
        "language": form.language.data, "witness": form.witness_id, "interpreter": form.interpreter.data,
        "through": form.through, "aloud": form.read_aloud.data,
        "until": form.until.data.isoformat() if form.until.data else None,
    }  # fmt: skip
    sign_ins.end(session(), current_user.sign_in, now=g.now, by=by)
    session().commit()
    logout_user()
    cookie.clear()
    cookie[KEPT] = given
    return redirect(url_for("handed.show"), 303)


@bp.get("/consent")
@public(WHY)
def show() -> Answer:
    """Show the text and the place to sign."""
    if (handed := _handed()) is None:
        return _end()
    return _page(handed, SignForm(data={"form_key": form_keys.new()}))


@bp.post("/consent")
@public(WHY)
def sign() -> Answer:
    """Turn to the other language, or keep what the patient signs."""
    form, asked = SignForm(request.form), request.form.get("do", "")
    if asked in list(Language) and KEPT in cookie:
        cookie[KEPT] = {**cookie[KEPT], "language": asked}
    handed = _handed(to_change=True)
    if handed is None:
        return _end()
    if asked in list(Language):
        return _page(handed, form)
    return _sign(handed, form)


@bp.get("/consent/end")
@public("says to hand the tablet back, and leads to the sign-in")
def end() -> Answer:
    """Say whether it was saved, and to hand the tablet back."""
    return _end()


def _handed(*, to_change: bool = False) -> Handed | None:
    """Give what was handed over, and let its giver be who acts; None once signed, too old or not theirs to give."""
    kept = cookie.get(KEPT)
    if kept is None or "signed" in kept or g.now - datetime.fromisoformat(kept["at"]) > LONGEST:
        return None
    user = session().get(User, kept["by"])
    if user is None or user.disabled_at is not None or not user.may(Permission.RECORD_CONSENT):
        return None
    g.actor = Actor(
        kind=ActorKind.USER, user=user, role=acting_role(user.roles, Permission.RECORD_CONSENT),
        sign_in_id=kept["sign_in"], address=request.remote_addr,
    )  # fmt: skip
    try:
        patient = patients.load(session(), kept["patient"], user, to_change=to_change)
        about = consents.subject(session(), patient, kept["plan"], str(kept["version"]))
    except Absent:
        return None
    return Handed(
        patient=patient, about=about, place=session().get_one(Clinic, kept["clinic"]), talk=_talk(kept),
        until=date.fromisoformat(kept["until"]) if kept["until"] else None,
    )  # fmt: skip


def _talk(kept: Mapping[str, Any]) -> Talk:
    return Talk(
        language=Language(kept["language"]), witness_id=kept["witness"], interpreter=kept["interpreter"],
        interpreted_by=InterpretedBy(kept["through"]) if kept["through"] else None, read_aloud=kept["aloud"],
    )  # fmt: skip


def _sign(handed: Handed, form: SignForm) -> Answer:
    if not form.validate():
        return _page(handed, form), 422
    signature = Signature(
        document_version_id=number(form.document.data) or 0, name=form.signed_name.data, at=g.now,
        until=handed.until, sure=form.sure.data, strokes=form.drawn,
    )  # fmt: skip

    def act() -> str:
        consents.sign(session(), handed.patient, handed.about, handed.talk, signature, now=g.now, by=actor())
        return url_for("handed.end")

    content = {
        "patient": handed.patient.id, "about": handed.about.key, "talk": handed.talk, **vars(signature), "at": None,
    }  # fmt: skip
    try:
        answer = once(form, content, act, None)
    except Refusal as refusal:
        session().rollback()
        again = _handed()
        return (_page(again, form, refusal), 409) if again else _end()
    cookie[KEPT] = {**cookie[KEPT], "signed": True}
    return answer


def _page(handed: Handed, form: SignForm, refusal: Refusal | None = None) -> str:
    """Show the text to the patient with the place to sign; what is wrong stands in the language of the page."""
    spoken, reasons = handed.talk.language, refusal.reasons if refusal else ()
    other_name = ConsentReason.OTHER_NAME in reasons
    if form.signed_name.errors or other_name:
        form.signed_name.errors = [said_in(spoken, "other_name" if other_name else "ask_name")]
    if form.strokes.errors:
        form.strokes.errors = [said_in(spoken, "no_drawing")]
    document = consent_documents.newest(session(), handed.about.version.key)
    if document is None:
        raise Absent
    showed("consent_text", document.id, patient_id=handed.patient.id)
    why = said_of(refusal) if refusal else []
    return render_template(
        "consents/sign.html", form=form, document=document, other_name=other_name or form.sure.data,
        read=consent_documents.read(document, handed.about.version, spoken), stuck=bool(why or form.form_errors),
        why=why, **_frame(spoken, handed.place),
    )  # fmt: skip


def _end() -> Answer:
    """Say to hand the tablet back; the way into the pages of staff is to sign in."""
    kept = cookie.get(KEPT) or {}
    waits = _handed() is not None
    state = "signed" if "signed" in kept else "waits" if waits else "closed"
    place = session().get(Clinic, kept["clinic"]) if kept else None
    back = url_for("consents.index", patient_id=kept["patient"]) if kept else None
    page = render_template("consents/end.html", state=state, next=back, **_frame(kept.get("language", "en"), place))
    return (page, 410) if state == "closed" else page


def _frame(spoken: str, place: Clinic | None) -> dict[str, Any]:
    """Give what a page in the patient's hands shows around it: the clinic as patients know it, and no staff."""
    say: Callable[..., str] = partial(said_in, spoken)
    shown = place and ClinicShown(
        name=place.name_in_messages, tel=place.phone, phone=phone(place.phone), address=place.address, zone=place.zone
    )
    return {"say": say, "lang": str(spoken), "clinic": shown}
