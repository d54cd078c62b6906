"""The note over the web: its words, two versions at once, the signature, what comes after it, and who reads it."""

from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from clinic_sessions.domain import two_versions
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.domain.session.side_effects import Grade, SideEffectKind
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import Clinic, Note, NoteDraft, NoteSignature, TreatmentSession
from clinic_sessions.services import form_keys
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.effects.side_effects import Noticed
from clinic_sessions.services.session import recording
from tests import factories
from tests.conftest import SignIn, Visitor
from tests.services.day import a_nurse, take

TREATED = {"meaning": "treated"}


@pytest.fixture
def by(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def treatment(db: Session, clinic: Clinic, now: datetime, by: Actor) -> TreatmentSession:
    """A session that was stopped for an ambulance: its note lacks a good deal."""
    made = factories.a_session(db, factories.a_patient(db, clinic), now - timedelta(hours=1))
    take(db, made, Action.ARRIVE, now - timedelta(hours=1), by)
    take(db, made, Action.START, now - timedelta(minutes=50), by)
    felt = Noticed(kind=SideEffectKind.CHEST_PAIN, grade=Grade.SEVERE)
    side_effects.note(db, made, felt, now=now - timedelta(minutes=12), by=by)
    take(db, made, Action.TAKE_TO_HOSPITAL, now - timedelta(minutes=5), by, words="Ambulance called.")
    db.commit()
    return made


@pytest.fixture
def nurse(signed_in: SignIn, by: Actor) -> Visitor:
    return signed_in(user=by.user)


def base(treatment: TreatmentSession) -> str:
    return f"/sessions/{treatment.id}/note"


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    return unescape(page.split(f'name="{name}" value="')[1].split('"')[0])


def why_fields(page: str) -> dict[str, str]:
    """An answer for each thing that the page says is missing."""
    return {part.split('"')[0]: "There was no time." for part in page.split(' name="')[1:] if part.startswith("why_")}


def sign(nurse: Visitor, treatment: TreatmentSession, **given: Any) -> Any:
    page = nurse.get(f"{base(treatment)}/sign").text
    data = {**TREATED, "seen": hidden(page, "seen"), **why_fields(page), **given}
    return nurse.post(f"{base(treatment)}/sign", data=data)


def all_of(db: Session, model: type[Any]) -> list[Any]:
    db.rollback()
    return list(db.scalars(sa.select(model).order_by(model.id)))


def test_the_session_page_leads_to_the_note_and_says_what_is_missing(
    treatment: TreatmentSession, nurse: Visitor
) -> None:
    page = nurse.get(f"/sessions/{treatment.id}").text
    assert "Not signed yet." in page
    assert "End of the dose" in page
    assert f'href="{base(treatment)}/sign"' in page
    note = nurse.get(base(treatment)).text
    assert "Chest pain, grade 3 (severe)" in note
    assert "Ambulance called." in note
    assert "not recorded" in note


def test_what_is_missing_is_asked_for_beside_its_field_and_everything_typed_stays(
    db: Session, treatment: TreatmentSession, nurse: Visitor
) -> None:
    answer = sign(nurse, treatment, why_dose_ended="", why_dose_given="The pump was unplugged.", meaning="")
    assert answer.status_code == 422
    assert 'id="why_dose_ended-error"' in answer.text
    assert "Choose what your signature means." in answer.text
    assert 'value="The pump was unplugged."' in answer.text
    assert not all_of(db, NoteSignature)


def test_a_note_is_signed_locked_shown_and_printable(
    db: Session, treatment: TreatmentSession, nurse: Visitor, by: Actor
) -> None:
    assert nurse.post(base(treatment), data={"body": "Pale, then pink.\nTalked.", "version": "0"}).status_code == 303
    assert sign(nurse, treatment).status_code == 303
    signature = all_of(db, NoteSignature)[0]
    page = nurse.get(base(treatment)).text
    for shown in (by.user.name if by.user else "", signature.digest, "Signed and locked", "Pale, then pink.\nTalked.",
                  "I cared for this patient", "There was no time.", "Session note"):  # fmt: skip
        assert shown in page
    assert "textarea" not in page.split('id="add"')[0]
    running = page.split('class="note-running')[1].split("</p>")[0]
    assert "Ana Ruiz, born Apr 12, 1985, record" in running, "on each page of the paper"
    assert nurse.get(f"{base(treatment)}/sign").status_code == 303
    session_page = nurse.get(f"/sessions/{treatment.id}").text
    assert "Signed by" in session_page
    assert "Undo:" not in session_page


def test_the_second_of_two_saves_sees_both_versions_and_loses_no_word(
    db: Session, treatment: TreatmentSession, nurse: Visitor, signed_in: SignIn
) -> None:
    other = signed_in(Role.PROVIDER)
    versions = [hidden(one.get(base(treatment)).text, "version") for one in (nurse, other)]
    mine, theirs = "Calm at first.\nChest pain at ten.", "Calm at first.\nECG before the ambulance came."
    assert nurse.post(base(treatment), data={"body": mine, "version": versions[0]}).status_code == 303
    refused = other.post(base(treatment), data={"body": theirs, "version": versions[1]})
    assert refused.status_code == 409
    assert "Saved by" in refused.text
    plain = refused.text.replace("<mark>", "").replace("</mark>", "")
    assert mine in plain
    assert theirs in plain
    merged = unescape(refused.text.split("<textarea")[1].split(">", 1)[1].split("</textarea>")[0]).strip()
    assert merged == "Calm at first.\nChest pain at ten.\nECG before the ambulance came."
    again = other.post(base(treatment), data={"body": merged, "version": hidden(refused.text, "version")})
    assert again.status_code == 303
    assert [draft.body for draft in all_of(db, NoteDraft)] == [merged]


def test_words_saved_after_the_signature_come_back_as_an_addendum_to_sign(
    db: Session, treatment: TreatmentSession, nurse: Visitor, signed_in: SignIn
) -> None:
    provider = signed_in(Role.PROVIDER)
    provider.get(base(treatment))
    assert sign(nurse, treatment).status_code == 303
    refused = provider.post(base(treatment), data={"body": "Spoke with the hospital.", "version": "0"})
    assert refused.status_code == 409
    assert "Spoke with the hospital.</textarea>" in refused.text
    data = {"body": "Spoke with the hospital.", "form_key": hidden(refused.text, "form_key")}
    assert provider.post(f"{base(treatment)}/addenda", data=data).status_code == 422, "why it is added"
    data["why"] = "late_entry"
    assert provider.post(f"{base(treatment)}/addenda", data=data).status_code == 303
    assert provider.post(f"{base(treatment)}/addenda", data=data).status_code == 303
    assert [one.body for one in all_of(db, Note) if one.kind.value == "addendum"] == [
        "Late entry: Spoke with the hospital."
    ]
    assert "Spoke with the hospital." in nurse.get(base(treatment)).text


def test_words_of_a_nurse_who_may_not_add_them_are_shown_to_copy_once_the_note_is_signed(
    treatment: TreatmentSession, nurse: Visitor, signed_in: SignIn
) -> None:
    stranger = signed_in(Role.NURSE)
    assert nurse.post(base(treatment), data={"body": "Calm.", "version": "0"}).status_code == 303
    assert sign(nurse, treatment).status_code == 303
    for typed in ("Spoke with the sister.", "y" * 30_000):
        refused = stranger.post(base(treatment), data={"body": typed, "version": "1"})
        assert refused.status_code == 409
        assert "copy them" in refused.text
        assert typed in refused.text.split("Your words, not saved")[1]
        assert "Sign the addendum" not in refused.text
    same = stranger.post(base(treatment), data={"body": "Calm.", "version": "1"})
    assert "This is how it was signed." in same.text
    assert "Your words" not in same.text


def test_reasons_typed_into_a_signature_that_came_second_are_an_addendum_to_be(
    treatment: TreatmentSession, nurse: Visitor, signed_in: SignIn
) -> None:
    provider = signed_in(Role.PROVIDER)
    page = provider.get(f"{base(treatment)}/sign").text
    assert sign(nurse, treatment).status_code == 303
    late = {**why_fields(page), "meaning": "", "seen": hidden(page, "seen"), "why_dose_ended": "Pump unplugged."}
    refused = provider.post(f"{base(treatment)}/sign", data=late)
    assert refused.status_code == 409
    assert "End of the dose: Pump unplugged.</textarea>" in refused.text
    assert "add them as an addendum" in refused.text
    again = sign_again(nurse, page, treatment)
    assert again.status_code == 409
    assert "Your words" not in again.text, "what was typed is in the note"


def sign_again(nurse: Visitor, page: str, treatment: TreatmentSession) -> Any:
    data = {**TREATED, "seen": hidden(page, "seen"), **why_fields(page)}
    return nurse.post(f"{base(treatment)}/sign", data=data)


def test_two_texts_of_the_longest_kind_are_saved_as_one(
    db: Session, treatment: TreatmentSession, nurse: Visitor, signed_in: SignIn
) -> None:
    other = signed_in(Role.PROVIDER)
    assert nurse.post(base(treatment), data={"body": "x" * 20_000, "version": "0"}).status_code == 303
    refused = other.post(base(treatment), data={"body": "y" * 20_000, "version": "0"})
    merged = unescape(refused.text.split("<textarea")[1].split(">", 1)[1].split("</textarea>")[0]).strip()
    assert len(merged) == 40_001
    merged = merged.replace("\n", "")
    assert other.post(base(treatment), data={"body": merged, "version": "1"}).status_code == 303
    assert [len(draft.body) for draft in all_of(db, NoteDraft)] == [40_000]


def test_the_words_name_all_who_wrote_them_under_the_signature_of_another(
    treatment: TreatmentSession, nurse: Visitor, signed_in: SignIn, by: Actor
) -> None:
    provider = signed_in(Role.PROVIDER)
    assert nurse.post(base(treatment), data={"body": "Calm.", "version": "0"}).status_code == 303
    assert sign(provider, treatment).status_code == 303
    words = nurse.get(base(treatment)).text.split('id="note-words"')[1].split("</section>")[0]
    assert f"Written by {by.user.name if by.user else ''}." in words


def test_a_note_from_the_session_page_comes_back_as_an_addendum_once_the_note_is_signed(
    db: Session, treatment: TreatmentSession, nurse: Visitor, signed_in: SignIn
) -> None:
    stranger, typed = signed_in(Role.NURSE), f"/sessions/{treatment.id}/notes"
    assert f'href="{typed}"' in nurse.get(f"/sessions/{treatment.id}").text
    assert sign(nurse, treatment).status_code == 303
    shown = nurse.get(f"/sessions/{treatment.id}").text
    assert typed not in shown
    assert f'href="{base(treatment)}#add"' in shown
    assert nurse.get(typed).location == f"{base(treatment)}#add"
    for visitor in (nurse, stranger):
        refused = visitor.post(typed, data={"body": "Called back: well."})
        assert refused.status_code == 409
        assert "Called back: well." in refused.text
    assert "Sign the addendum" not in refused.text, "somebody who was not there"
    assert [one.kind.value for one in all_of(db, Note)] == ["signed"]


def test_a_record_that_changed_since_it_was_read_is_shown_again_with_what_was_typed(
    db: Session, treatment: TreatmentSession, nurse: Visitor, now: datetime, by: Actor
) -> None:
    page = nurse.get(f"{base(treatment)}/sign").text
    db.rollback()
    recording.record_vitals(db, treatment, Vitals(heart_rate=144), now=now - timedelta(minutes=6), by=by)
    db.commit()
    data = {**TREATED, "seen": hidden(page, "seen"), **why_fields(page)}
    refused = nurse.post(f"{base(treatment)}/sign", data=data)
    assert refused.status_code == 409
    assert "Changed: Summary, Vitals." in refused.text
    assert "144" in refused.text
    assert 'value="There was no time."' in refused.text
    data["seen"] = hidden(refused.text, "seen")
    assert nurse.post(f"{base(treatment)}/sign", data=data).status_code == 303


def test_two_signatures_at_once_are_one(db: Session, treatment: TreatmentSession, nurse: Visitor) -> None:
    page = nurse.get(f"{base(treatment)}/sign").text
    data = {**TREATED, "seen": hidden(page, "seen"), **why_fields(page)}
    answers = [nurse.post(f"{base(treatment)}/sign", data=data).status_code for _ in range(2)]
    assert answers == [303, 409]
    assert len(all_of(db, NoteSignature)) == 1


def test_a_fact_after_the_signature_is_shown_below_it(treatment: TreatmentSession, nurse: Visitor) -> None:
    assert sign(nurse, treatment).status_code == 303
    assert nurse.post(f"/sessions/{treatment.id}/vitals", data={"heart_rate": "97"}).status_code == 303
    page = nurse.get(base(treatment)).text
    assert "heart 97" in page.split("Recorded after signing")[1]
    assert "heart 97" not in page.split("Recorded after signing")[0]
    assert "1 recorded after signing" in nurse.get(f"/sessions/{treatment.id}").text


def test_only_clinicians_read_a_note_and_only_who_was_there_signs(
    treatment: TreatmentSession, signed_in: SignIn
) -> None:
    stranger = signed_in(Role.NURSE)
    for visitor in [signed_in(role) for role in (Role.FRONT_DESK, Role.OWNER, Role.AUDITOR)]:
        assert visitor.get(base(treatment)).status_code == 403
    assert "its nurse or a provider signs the note" in stranger.get(base(treatment)).text
    page = stranger.get(f"{base(treatment)}/sign").text
    data = {**TREATED, "seen": hidden(page, "seen") if "seen" in page else "", "why_dose_ended": "x"}
    assert stranger.post(f"{base(treatment)}/sign", data=data).status_code in {409, 422}


def test_no_note_of_a_visit_to_which_nobody_came_or_of_another_clinic(
    db: Session, clinic: Clinic, now: datetime, nurse: Visitor
) -> None:
    to_come = factories.a_session(db, factories.a_patient(db, clinic), now)
    elsewhere = factories.a_clinic(db)
    foreign = factories.a_session(db, factories.a_patient(db, elsewhere), now, chair=elsewhere.chairs[0])
    db.commit()
    assert nurse.get(base(to_come)).status_code == 404
    assert nurse.get(base(foreign)).status_code == 404


def test_unsigned_notes_are_on_today_and_its_list(
    treatment: TreatmentSession, nurse: Visitor, signed_in: SignIn
) -> None:
    provider = signed_in(Role.PROVIDER)
    assert "note of yours to sign" in nurse.get("/").text
    assert base(treatment) in nurse.get("/for-provider/own-notes").text
    assert "note to sign" in provider.get("/").text
    assert base(treatment) in provider.get("/for-provider/notes").text
    assert sign(nurse, treatment).status_code == 303
    assert "note of yours to sign" not in nurse.get("/").text
    assert "Nothing waits here" in provider.get("/for-provider/notes").text


@pytest.mark.parametrize("typed", ["x" * 20_002, "a\x00b", "z" + "\u0301" * 20])
def test_words_that_cannot_be_kept_are_asked_about_and_stay(
    treatment: TreatmentSession, nurse: Visitor, typed: str
) -> None:
    answer = nurse.post(base(treatment), data={"body": typed, "version": "0"})
    assert answer.status_code == 422
    assert 'id="body-error"' in answer.text
    page = nurse.post(base(treatment), data={"body": "<zxq>{{7*7}}", "version": "0"})
    assert page.status_code == 303
    shown = nurse.get(base(treatment)).text
    assert "&lt;zxq&gt;{{7*7}}" in shown
    assert "<zxq>" not in shown


def test_an_addendum_needs_words_and_its_key(treatment: TreatmentSession, nurse: Visitor) -> None:
    assert sign(nurse, treatment).status_code == 303
    for data in (
        {"body": "", "why": "correction", "form_key": form_keys.new()},
        {"body": "Words.", "why": "correction", "form_key": ""},
        {"body": "Words.", "why": "", "form_key": form_keys.new()},
    ):
        answer = nurse.post(f"{base(treatment)}/addenda", data=data)
        assert answer.status_code == 422
        assert "error-summary" in answer.text


LINES = st.lists(st.text(alphabet="ab .\n", max_size=12), max_size=6).map("\n".join)


@given(one=LINES, other=LINES)
def test_a_merged_text_holds_every_word_of_both_and_the_pieces_are_the_whole_texts(one: str, other: str) -> None:
    merged = two_versions.merged(one, other)
    for text in (one, other):
        words = iter(merged.split())
        assert all(wanted in words for wanted in text.split()), "every word, in the order in which it was written"
    pieces = two_versions.compared(one, other)
    assert ["".join(piece.text for piece in side) for side in pieces] == [one, other]
