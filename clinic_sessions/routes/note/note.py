"""The note of a session: its words, reading and signing it, addenda, print."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from clinic_sessions.domain import two_versions, words
from clinic_sessions.domain.note import note_content
from clinic_sessions.domain.note.note_content import NoteReason
from clinic_sessions.domain.note.note_required import Required
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.note import AddendumForm, SignForm, WordsForm, name_of, sign_form, words_form
from clinic_sessions.models import NoteDraft, TreatmentSession
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, person, session, showed
from clinic_sessions.routes.session.one_session import ONE, load, strip
from clinic_sessions.services import form_keys
from clinic_sessions.services.note import (
    note,
    note_drafts,
    note_facts,
    note_signers,
    note_signing,
    note_since,
    signed_notes,
)
from clinic_sessions.services.note.note_facts import Facts
from clinic_sessions.services.note.note_signing import Lacking, NotAsRead, Signing
from clinic_sessions.services.refusals import Absent, Refusal

bp = Blueprint("note", __name__)

Answer = str | Response | tuple[str, int]


@bp.get(f"{ONE}/note")
@needs(Permission.READ_CLINICAL)
def show(session_id: int) -> str:
    """Show the note: as it was signed, with what came since; or as it stands, with its words to write."""
    return _page(_load(session_id))


@bp.post(f"{ONE}/note")
@needs(Permission.SIGN_NOTES)
def save(session_id: int) -> Answer:
    """Save the words; whoever saves second sees both versions and one text with every word of both."""
    treatment = _load(session_id)
    if signed_notes.exists(session(), treatment.id):
        return as_addendum(treatment, request.form.get("body", "")), 409
    draft = note_drafts.of(session(), treatment)
    form = words_form(request.form, draft.body if draft else "")
    if not form.validate():
        return _page(treatment, form), 422
    try:
        note_drafts.save(session(), treatment, form.words, seen=form.seen, now=g.now, by=actor())
        session().commit()
    except Refusal as refusal:
        session().rollback()
        treatment = _load(session_id)
        if NoteReason.WRITTEN_MEANWHILE in refusal.reasons:
            return _both(treatment, form), 409
        return as_addendum(treatment, form.words), 409
    flash("Words saved.")
    return redirect(url_for("note.show", session_id=session_id), 303)


@bp.get(f"{ONE}/note/sign")
@needs(Permission.SIGN_NOTES)
def signing(session_id: int) -> Answer:
    """Show the whole note as it would be signed, what it still lacks, and the signature."""
    treatment = _load(session_id)
    if signed_notes.exists(session(), treatment.id):
        return redirect(url_for("note.show", session_id=session_id), 303)
    return _sign_page(treatment, None)


@bp.post(f"{ONE}/note/sign")
@needs(Permission.SIGN_NOTES)
def sign(session_id: int) -> Answer:
    """Sign and lock the note as it was read."""
    treatment = _load(session_id)
    if signed_notes.exists(session(), treatment.id):
        return _signed_meanwhile(treatment), 409
    form = _form(note_facts.load(session(), treatment), request.form)
    if not form.validate():
        return _sign_page(treatment, form), 422
    given = Signing(meaning=form.meaning.data, seen=form.seen.data or "", undone=form.undone)
    try:
        note_signing.sign(session(), treatment, given, now=g.now, by=actor())
        session().commit()
    except Refusal as refusal:
        session().rollback()
        return _not_signed(_load(session_id), refusal)
    flash("Note signed and locked.")
    return redirect(url_for("note.show", session_id=session_id), 303)


@bp.post(f"{ONE}/note/addenda")
@needs(Permission.SIGN_NOTES)
def add(session_id: int) -> Answer:
    """Add an addendum, once for each showing of the form."""
    treatment, form = _load(session_id), AddendumForm(request.form)
    if not form.validate():
        return _page(treatment, addendum=form), 422
    key, content = str(form.form_key.data), {"addendum": treatment.id, "why": form.why.data, "body": form.body.data}
    try:
        if form_keys.claim(session(), key, content, now=g.now, by=actor()) is None:
            note_signing.add(session(), treatment, str(form.body.data), form.why.data, now=g.now, by=actor())
            form_keys.settle(session(), key, url_for("note.show", session_id=session_id))
        session().commit()
    except Refusal as refusal:
        session().rollback()
        return _page(_load(session_id), addendum=form, said=_said(refusal)), 409
    flash("Addendum signed.")
    return redirect(url_for("note.show", session_id=session_id), 303)


def as_addendum(treatment: TreatmentSession, typed: str) -> str:
    """Show a note that is signed, with words that came too late for it ready to be signed as an addendum."""
    signed = note_content.read(signed_notes.one(session(), treatment).content)
    if typed.split() in ([], signed.words.split()):
        return _page(treatment, said=[words.say(NoteReason.SIGNED_ALREADY)])
    kept = AddendumForm(data={"body": typed, "form_key": form_keys.new()})
    mine = note_signers.may_sign(session(), treatment, person())
    return _page(
        treatment, addendum=kept, said=[words.say(NoteReason.WORDS_TO_ADD if mine else NoteReason.WORDS_TO_COPY)]
    )  # fmt: skip


def _load(session_id: int) -> TreatmentSession:
    treatment = load(session_id)
    if not note.has_note(treatment):
        raise Absent
    return treatment


def _said(refusal: Refusal) -> list[str]:
    return [words.say(reason) for reason in refusal.reasons]


def _about(treatment: TreatmentSession) -> dict[str, Any]:
    showed("session_note", treatment.id, patient_id=treatment.patient_id)
    return {"treatment": treatment, "strip": strip(treatment), "over": treatment.status in note.OVER}


def _page(
    treatment: TreatmentSession,
    form: WordsForm | None = None,
    *,
    addendum: AddendumForm | None = None,
    said: Sequence[str] = (),
) -> str:
    known, signature = note_facts.load(session(), treatment), signed_notes.of(session(), treatment)
    draft = note_drafts.of(session(), treatment)
    mine = note_signers.may_sign(session(), treatment, person())
    if signature is not None:
        return render_template(
            "sessions/note_signed.html", signature=signature, content=note_content.read(signature.content),
            whole=note_signing.is_whole(signature), addenda=note_signing.addenda(session(), treatment),
            later=note_since.since(known, signature), mine=mine, said=said,
            form=addendum or AddendumForm(data={"form_key": form_keys.new()}), **_about(treatment),
        )  # fmt: skip
    return render_template(
        "sessions/note.html", content=note_drafts.composed(session(), known), lacking=note.lacking(known), mine=mine,
        draft=draft, form=form or _words_form(draft), said=said, **_about(treatment),
    )  # fmt: skip


def _words_form(draft: NoteDraft | None) -> WordsForm:
    return WordsForm(data={"body": draft.body if draft else "", "version": str(draft.version if draft else 0)})


def _both(treatment: TreatmentSession, typed: WordsForm) -> str:
    draft = note_drafts.of(session(), treatment)
    theirs = draft.body if draft else ""
    pieces = two_versions.compared(theirs, typed.words)
    form = _words_form(draft)
    form.body.data = two_versions.merged(theirs, typed.words)
    return render_template(
        "sessions/note_both.html", draft=draft, theirs=pieces[0], yours=pieces[1], form=form,
        said=[words.say(NoteReason.WRITTEN_MEANWHILE)], **_about(treatment),
    )  # fmt: skip


def _form(known: Facts, typed: MultiDict[str, str] | None) -> SignForm:
    return sign_form(typed, note.lacking(known), note_signing.meanings(person()))


def _not_signed(treatment: TreatmentSession, refusal: Refusal) -> Answer:
    """Show the note as it stands now with all that was typed; what has changed since it was read is marked."""
    if signed_notes.exists(session(), treatment.id):
        return _signed_meanwhile(treatment), 409
    form = _form(note_facts.load(session(), treatment), request.form)
    if isinstance(refusal, Lacking):
        form.validate()
    differing = list(refusal.parts) if isinstance(refusal, NotAsRead) else []
    return _sign_page(treatment, form, _said(refusal), differing), 409


def _signed_meanwhile(treatment: TreatmentSession) -> str:
    """Show the note that is signed; what was typed into another signature and is not in it is an addendum to be."""
    typed = {one: request.form.get(name_of(one), "").strip() for one in Required}
    kept = {why for _, why in note_content.read(signed_notes.one(session(), treatment).content).undone}
    return as_addendum(
        treatment, "\n".join(f"{words.say(one)}: {why}" for one, why in typed.items() if why and why not in kept)
    )  # fmt: skip


def _sign_page(
    treatment: TreatmentSession, form: SignForm | None, said: Sequence[str] = (), differing: Sequence[str] = ()
) -> str:
    known = note_facts.load(session(), treatment)
    content = note_drafts.composed(session(), known)
    lacking = note.lacking(known)
    shown = form or _form(known, None)
    shown.seen.data = note_content.mark(content)
    return render_template(
        "sessions/note_sign.html", content=content, form=shown, asked=[shown[name_of(one)] for one in lacking],
        said=said, differing=differing, mine=note_signers.may_sign(session(), treatment, person()), **_about(treatment),
    )  # fmt: skip
