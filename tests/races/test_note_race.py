"""Many hands in one note at once: one text stands, no word is lost, one signature is under what was read."""

from datetime import timedelta
from html import unescape

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.note import note_content
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.reasons import CallOffReason
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.models import ActorKind, NoteDraft, NoteSignature, TreatmentSession
from clinic_sessions.services.accounts import sign_ins
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.note import note, note_facts, note_signing
from clinic_sessions.services.session import lifecycle
from tests import factories
from tests.races.conftest import MONDAY_TEN, Desks
from tests.races.servers import cookie_of

RIVALS = 6


def _over(db: Session) -> tuple[TreatmentSession, str]:
    """Make a session that did not go ahead, and a provider who is signed in."""
    clinic = factories.a_clinic(db)
    user = factories.a_user(db, clinic, Role.PROVIDER)
    by = Actor(kind=ActorKind.USER, user=user, role=Role.PROVIDER)
    made = factories.a_session(db, factories.a_patient(db, clinic), MONDAY_TEN - timedelta(minutes=30))
    lifecycle.do(db, made, Action.ARRIVE, now=MONDAY_TEN, by=by)
    lifecycle.do(db, made, Action.CALL_OFF, now=MONDAY_TEN, by=by, reasons=[CallOffReason.UNWELL])
    token = sign_ins.open_sign_in(db, user, now=MONDAY_TEN, address="127.0.0.1")
    db.commit()
    return made, token


def _words(number: int) -> dict[str, str]:
    return {"body": f"Words of person {number}, who wrote them all.", "version": "0"}


def test_of_many_who_save_at_once_one_is_kept_and_each_other_has_both_versions(desks: Desks, db: Session) -> None:
    one, token = _over(db)
    path = f"/sessions/{one.id}/note"
    db.rollback()
    posts = [desks.post(number, path, _words(number)) for number in range(RIVALS)]
    answers = desks.send(posts, cookie_of(desks.app, token), threads=RIVALS)
    assert sorted(answer.status for answer in answers) == [303] + [409] * (RIVALS - 1)
    stands = db.scalars(sa.select(NoteDraft.body).where(NoteDraft.session_id == one.id)).one()
    for number, answer in enumerate(answers):
        if answer.status == 409:
            box = unescape(answer.body.split("<textarea")[1].split(">", 1)[1].split("</textarea>")[0]).strip()
            assert box.splitlines() == [stands, _words(number)["body"]]
        else:
            assert stands == _words(number)["body"]


def test_of_many_signatures_and_saves_at_once_one_signature_stands_under_what_was_read(
    desks: Desks, db: Session
) -> None:
    one, token = _over(db)
    seen = note_content.mark(note.compose(note_facts.load(db, one)))
    path = f"/sessions/{one.id}/note"
    db.rollback()
    sign = {"meaning": "reviewed", "seen": seen}
    posts = [desks.post(0, path, _words(0))] + [desks.post(n, f"{path}/sign", sign) for n in range(1, RIVALS)]
    saved, *signed = desks.send(posts, cookie_of(desks.app, token), threads=RIVALS)
    signatures = db.scalars(sa.select(NoteSignature).where(NoteSignature.session_id == one.id)).all()
    assert [answer.status for answer in signed].count(303) == len(signatures)
    assert sorted([saved.status, *(one.status for one in signed)]) == [303] + [409] * (RIVALS - 1)
    if saved.status == 409:
        assert _words(0)["body"] in saved.body
        assert note_content.read(signatures[0].content).words == ""
        assert note_signing.is_whole(signatures[0])
    else:
        assert not signatures
