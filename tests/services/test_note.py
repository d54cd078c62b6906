"""The note of a session: composed from what was recorded, drafted, signed, locked, and added to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind
from clinic_sessions.domain.drug.drawing import Container, LabelSource
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.note import note_content
from clinic_sessions.domain.note.note_content import NOT_RECORDED, AddendumReason, Content, Meaning
from clinic_sessions.domain.note.note_required import Required
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey, ScaleMode
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import Drug
from clinic_sessions.domain.scheduling.reasons import CallOffReason
from clinic_sessions.domain.session.follow_ups import FollowUpKind
from clinic_sessions.domain.session.lifecycle import Action, Gate, Status
from clinic_sessions.domain.session.record import DoseEventKind, NoteKind
from clinic_sessions.domain.session.session_checks import CheckItem
from clinic_sessions.domain.session.side_effects import Grade, InterventionKind, SideEffectEventKind, SideEffectKind
from clinic_sessions.domain.session.start_gate import Answer
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import (
    Alert,
    AuditAction,
    AuditEntry,
    Clinic,
    DoseEvent,
    Draw,
    DrugLabel,
    DueHold,
    FollowUp,
    Intervention,
    Note,
    NoteSignature,
    ProviderAnswer,
    ProviderAsk,
    ScaleResult,
    SecondCount,
    SessionCheck,
    SideEffect,
    SideEffectEvent,
    TreatmentSession,
    VitalsReading,
)
from clinic_sessions.models.record import Entry
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import checking
from clinic_sessions.services.before.checking import Said
from clinic_sessions.services.effects import none_observed, side_effects
from clinic_sessions.services.effects.side_effects import Followed, Noticed
from clinic_sessions.services.note import (
    note,
    note_drafts,
    note_facts,
    note_signers,
    note_signing,
    note_since,
    signed_notes,
    unsigned_notes,
)
from clinic_sessions.services.note.note_signing import Lacking, NotAsRead, Signing
from clinic_sessions.services.refusals import ChangedMeanwhile, NotAllowed, Refusal
from clinic_sessions.services.session import recording
from clinic_sessions.services.today import for_clinicians
from clinic_sessions.services.today.for_clinicians import Asked, Work
from tests import factories
from tests.services.day import a_nurse, take

MINUTE = timedelta(minutes=1)


@pytest.fixture
def by(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def treatment(db: Session, clinic: Clinic, now: datetime, by: Actor) -> TreatmentSession:
    """A session from which the patient left as planned, with everything that its note asks for."""
    made = factories.a_session(db, factories.a_patient(db, clinic), now - timedelta(hours=3))
    begun = now - timedelta(hours=2, minutes=30)
    take(db, made, Action.ARRIVE, now - timedelta(hours=3), by)
    take(db, made, Action.START, begun, by)
    ended = begun + timedelta(minutes=40)
    take(db, made, Action.FINISH_DOSE, ended, by)
    calm = Vitals(systolic=117, diastolic=75, heart_rate=68, spo2_percent=98)
    for after in (5, 60):
        recording.record_vitals(db, made, calm, now=ended + after * MINUTE, by=by)
    felt = Noticed(kind=SideEffectKind.NAUSEA, grade=Grade.MILD)
    effect = side_effects.note(db, made, felt, now=ended, by=by)
    over = Followed(kind=SideEffectEventKind.RESOLVED)
    side_effects.follow(db, made, effect, over, now=ended + 20 * MINUTE, by=by)
    take(db, made, Action.CALL_READY, ended + 80 * MINUTE, by)
    take(db, made, Action.LEAVE, ended + 90 * MINUTE, by)
    db.commit()
    return made


def composed(db: Session, treatment: TreatmentSession, words: str = "") -> Content:
    return note.compose(note_facts.load(db, treatment), words)


def text_of(content: Content) -> str:
    cells = [cell for part in content.parts for row in part.rows for cell in row]
    return "\n".join([*(line for part in content.parts for line in part.lines), *cells, content.words])


def signing(db: Session, treatment: TreatmentSession, **given: Any) -> Signing:
    """A signature under the note as it reads now."""
    seen = note_content.mark(note_drafts.composed(db, note_facts.load(db, treatment)))
    return Signing(**{"meaning": Meaning.TREATED, "seen": seen, "undone": {}, **given})


def entry(treatment: TreatmentSession, at: datetime, by: Actor) -> dict[str, Any]:
    return {"session_id": treatment.id, "at": at, "recorded_at": at, "late": False, "by_id": by.user_id}


MadeBy = Callable[[Session, dict[str, Any]], Entry]


def _kept(db: Session, row: Any) -> int:
    db.add(row)
    db.flush()
    return int(row.id)


def _ask(_: Session, stamp: dict[str, Any]) -> ProviderAsk:
    return ProviderAsk(**stamp, gate=Gate.MAY_START, reasons=["ate"], words="Toast at seven, is that light enough?")


def _answer(db: Session, stamp: dict[str, Any]) -> ProviderAnswer:
    asked = {"ask_id": _kept(db, _ask(db, stamp)), "gate": Gate.MAY_START}
    return ProviderAnswer(**stamp, **asked, answer=Answer.GO_AHEAD, reasons=["ate"], words="It was a small slice.")


def _label(_: Session, stamp: dict[str, Any]) -> DrugLabel:
    return DrugLabel(
        **stamp, drug=Drug.KETAMINE, container=Container.VIAL, source=LabelSource.TYPED, micrograms_per_ml=100_000,
        total_micrograms=500_000, lot="Z-9917", expires_on=factories.FAR,
    )  # fmt: skip


def _draw(db: Session, stamp: dict[str, Any]) -> Draw:
    return Draw(**stamp, label_id=_kept(db, _label(db, stamp)), micrograms=37_000, microlitres=370)


def _effect(_: Session, stamp: dict[str, Any]) -> SideEffect:
    return SideEffect(**stamp, kind=SideEffectKind.OTHER, term="Cold hands", grade=2)


def _event(db: Session, stamp: dict[str, Any]) -> SideEffectEvent:
    named = {"side_effect_id": _kept(db, _effect(db, stamp)), "kind": SideEffectEventKind.ACTED_ON}
    return SideEffectEvent(**stamp, **named, words="Warm blanket")


FACTS: dict[type[Entry], tuple[MadeBy, str]] = {
    SessionCheck: (lambda _, stamp: SessionCheck(**stamp, item=CheckItem.FOOD, clear=False, words="Soup"), "Soup"),
    ProviderAsk: (_ask, "Toast at seven, is that light enough?"),
    ProviderAnswer: (_answer, "It was a small slice."),
    DrugLabel: (_label, "Z-9917"),
    Draw: (_draw, "37 mg in 0.37 mL"),
    SecondCount: (
        lambda db, stamp: SecondCount(**stamp, draw_id=_kept(db, _draw(db, stamp)), microlitres=360),
        "counted 0.36 mL, another volume",
    ),
    DoseEvent: (
        lambda _, stamp: DoseEvent(**stamp, kind=DoseEventKind.PAUSED, words="Wanted a pause"), "Wanted a pause",
    ),
    VitalsReading: (lambda _, stamp: VitalsReading(**stamp, systolic_mmhg=143, diastolic_mmhg=91), "143/91"),
    DueHold: (
        lambda _, stamp: DueHold(**stamp, due_at=stamp["at"], until=stamp["at"] + 3 * MINUTE), "was with the patient",
    ),
    SideEffect: (_effect, "Cold hands, grade 2 (moderate)"),
    SideEffectEvent: (_event, "Warm blanket"),
    Intervention: (
        lambda _, stamp: Intervention(**stamp, kind=InterventionKind.ONDANSETRON, dose_words="4 mg IV"),
        "Ondansetron, 4 mg IV",
    ),
    Note: (lambda _, stamp: Note(**stamp, body="Asked for the lights to be lower."), "Asked for the lights"),
}  # fmt: skip


def test_the_note_knows_every_kind_of_entry() -> None:
    """A new kind of fact that nobody put into the note would be lost from it."""
    assert set(note_facts.KINDS) == set(Entry.__subclasses__()) == set(FACTS) == set(note_since._TEXTS)


@pytest.mark.parametrize("kind", list(FACTS), ids=lambda kind: kind.__name__)
def test_every_kind_of_fact_shows_in_the_note(
    db: Session, treatment: TreatmentSession, by: Actor, kind: type[Entry]
) -> None:
    make, shown = FACTS[kind]
    assert shown not in text_of(composed(db, treatment))
    db.add(make(db, entry(treatment, treatment.dose_started_at or treatment.starts_at, by)))
    db.flush()
    assert shown in text_of(composed(db, treatment))


@pytest.mark.parametrize("kind", list(FACTS), ids=lambda kind: kind.__name__)
def test_a_fact_recorded_after_signing_stands_below_and_not_in_the_note(
    db: Session, treatment: TreatmentSession, now: datetime, by: Actor, kind: type[Entry]
) -> None:
    signature = note_signing.sign(db, treatment, signing(db, treatment), now=now, by=by)
    make, _ = FACTS[kind]
    row = make(db, entry(treatment, now - MINUTE, by))
    recording.save(db, treatment, row, now=now + MINUTE, by=by)
    assert row.outside_rules == ([] if kind is Note else ["note_signed"])
    later = note_since.since(note_facts.load(db, treatment), signature)
    assert [one.text for one in later]
    assert text_of(note_content.read(signature.content)) == text_of(composed_as_signed(db, signature))


def composed_as_signed(db: Session, signature: NoteSignature) -> Content:
    kept = db.get_one(NoteSignature, signature.id, populate_existing=True)
    assert note_signing.is_whole(kept)
    return note_content.read(kept.content)


def test_steps_scores_papers_and_follow_ups_show_as_well(
    db: Session, treatment: TreatmentSession, now: datetime, by: Actor
) -> None:
    score = ScaleResult(
        patient_id=treatment.patient_id, session_id=treatment.id, scale=ScaleKey.ALDRETE, instrument="1995",
        language=Language.EN, mode=ScaleMode.CLINICIAN, total_thousandths=9000, at=now, recorded_at=now,
        by_id=by.user_id,
    )  # fmt: skip
    owed = FollowUp(
        patient_id=treatment.patient_id, session_id=treatment.id, kind=FollowUpKind.SERIOUS_SIDE_EFFECT,
        words="Call tomorrow.", raised_at=now, raised_by_id=by.user_id, due_at=now,
    )  # fmt: skip
    db.add_all([score, owed])
    db.flush()
    text = text_of(composed(db, treatment))
    for shown in ("Dose started", "Left with their ride", "Aldrete", "9", "Call tomorrow.", "Order: 0.5 mg/kg",
                  "Clearance: cleared by", "Consent: signed", "Weight: 80.0 kg",
                  "Ana Ruiz, born Apr 12, 1985"):  # fmt: skip
        assert shown in text, shown


def test_what_was_not_assessed_reads_not_recorded(db: Session, clinic: Clinic, now: datetime, by: Actor) -> None:
    made = factories.a_session(db, factories.a_patient(db, clinic, papers=False), now - timedelta(hours=1))
    take(db, made, Action.ARRIVE, now - timedelta(hours=1), by)
    take(db, made, Action.START, now - 50 * MINUTE, by, ready=False, happened=True, micrograms=40_000)
    take(db, made, Action.LEAVE_WITHOUT_TELLING, now - MINUTE, by, words="Chair empty.")
    content = composed(db, made)
    rows = {row[0]: row[1] for part in content.parts if part.key in {"before", "leaving"} for row in part.rows}
    assert len(rows) > 10
    assert set(rows.values()) == {NOT_RECORDED}
    for line in ("Order", "Clearance", "Consent", "Weight", "Vitals", "Label and lot", "Side effects"):
        assert f"{line}: {NOT_RECORDED}." in text_of(content)
    assert "40 mg begun 9:10 am, ended not recorded" in text_of(content)
    assert "Outside the rules: There is no consent for this series." in text_of(content)


def test_no_side_effects_is_an_answer_with_time_and_author_until_one_is_recorded_after_all(
    db: Session, clinic: Clinic, now: datetime, by: Actor
) -> None:
    made = factories.a_session(db, factories.a_patient(db, clinic), now)
    take(db, made, Action.ARRIVE, now, by)
    none_observed.note(db, made, now=now, by=by)
    take(db, made, Action.START, now + MINUTE, by)
    assert Required.SIDE_EFFECTS in note.lacking(note_facts.load(db, made)), "asked before the dose"
    asked = none_observed.note(db, made, now=now + 40 * MINUTE, by=by)
    assert Required.SIDE_EFFECTS not in note.lacking(note_facts.load(db, made))
    said = f"None observed, asked at 10:40 am by {asked.by.name}."
    parts = {part.key: part for part in composed(db, made).parts}
    assert said in parts["effects"].lines
    assert f"Side effects: {said}" in parts["summary"].lines[0]
    assert [row[0] for row in parts["entries"].rows] == ["10:00 am"], "the answer stands once"
    side_effects.note(
        db, made, Noticed(kind=SideEffectKind.NAUSEA, grade=Grade.MILD), now=now + 50 * MINUTE, by=by
    )  # fmt: skip
    parts = {part.key: part for part in composed(db, made).parts}
    assert not parts["effects"].lines
    assert "Side effects: nausea grade 1." in parts["summary"].lines[0]


def test_an_answer_that_was_withdrawn_by_correction_is_none(
    db: Session, clinic: Clinic, now: datetime, by: Actor
) -> None:
    made = factories.a_session(db, factories.a_patient(db, clinic), now)
    take(db, made, Action.ARRIVE, now, by)
    take(db, made, Action.START, now, by)
    answer = none_observed.note(db, made, now=now + MINUTE, by=by)
    recording.record_note(db, made, "The wrong patient.", now=now + MINUTE, by=by, corrects=answer)
    assert Required.SIDE_EFFECTS in note.lacking(note_facts.load(db, made))


@pytest.mark.parametrize(
    ("stayed", "shown", "summed"),
    [
        (56, "10:20 am, 10:30 am", "Vitals due at 10:20 am, 10:30 am: not recorded."),
        (76, "10:20 am, 10:30 am, 10:55 am, 11:10 am", "4 checks of vitals that were due: not recorded."),
    ],
)
def test_checks_that_were_never_done_read_so_in_the_summary_and_with_the_vitals(
    db: Session, clinic: Clinic, now: datetime, by: Actor, stayed: int, shown: str, summed: str
) -> None:
    """Every 10 minutes in an infusion, every 15 after it; one that was due a minute ago is not overdue yet."""
    made = factories.a_session(db, factories.a_patient(db, clinic), now)
    take(db, made, Action.ARRIVE, now, by)
    take(db, made, Action.START, now, by)
    for minutes in (11, 40):
        recording.record_vitals(db, made, Vitals(heart_rate=70), now=now + minutes * MINUTE, by=by)
    take(db, made, Action.FINISH_DOSE, now + 40 * MINUTE, by)
    take(db, made, Action.LEAVE_WITHOUT_TELLING, now + stayed * MINUTE, by, words="Chair empty.")
    parts = {part.key: part for part in composed(db, made).parts}
    assert parts["vitals"].lines == [f"Vitals due at {shown}: not recorded."]
    assert summed in parts["summary"].lines[0]


def test_a_session_that_did_not_begin_tells_why_its_order_and_no_checks(
    db: Session, clinic: Clinic, now: datetime, by: Actor
) -> None:
    made = factories.a_session(db, factories.a_patient(db, clinic), now)
    take(db, made, Action.ARRIVE, now, by)
    recording.record_vitals(db, made, Vitals(systolic=186, diastolic=112), now=now + 5 * MINUTE, by=by)
    take(db, made, Action.CALL_OFF, now + 20 * MINUTE, by, reasons=[CallOffReason.BLOOD_PRESSURE])
    parts = {part.key: part for part in composed(db, made).parts}
    summary = parts["summary"].lines[0]
    assert summary.endswith("The session did not go ahead at 10:20 am: Blood pressure.")
    assert "Urgent when last read: systolic 186, limit 180 or more, 10:05 am" in summary
    assert "due at" not in summary
    assert parts["papers"].lines[0].startswith("Order: 0.5 mg/kg"), "it is no missing order"
    assert [row[1] for row in parts["visit"].rows] == ["Patient is here", "Did not go ahead"]


def test_answers_beside_readings_that_say_otherwise_are_told_and_nothing_is_chosen(
    db: Session, clinic: Clinic, now: datetime, by: Actor
) -> None:
    made = factories.a_session(db, factories.a_patient(db, clinic), now)
    take(db, made, Action.ARRIVE, now, by)
    take(db, made, Action.START, now, by)
    take(db, made, Action.FINISH_DOSE, now + 40 * MINUTE, by)
    far = Noticed(kind=SideEffectKind.DISSOCIATION, grade=Grade.MODERATE)
    effect = side_effects.note(db, made, far, now=now + 50 * MINUTE, by=by)
    recording.record_vitals(db, made, Vitals(spo2_percent=88, moaa_s=3), now=now + 80 * MINUTE, by=by)
    for item in (CheckItem.SEDATION, CheckItem.DISSOCIATION, CheckItem.BREATHING):
        checking.record(db, made, Said(item=item, clear=True), now=now + 81 * MINUTE, by=by)
    side_effects.follow(
        db, made, effect, Followed(kind=SideEffectEventKind.RESOLVED), now=now + 90 * MINUTE, by=by
    )  # fmt: skip
    recording.record_vitals(db, made, Vitals(moaa_s=5), now=now + 91 * MINUTE, by=by)
    parts = {part.key: part for part in composed(db, made).parts}
    lines = "\n".join(parts["leaving"].lines)
    assert "Sedation at 11:21 am: Awake and oriented. Last recorded by then: MOAA/S 3, limit" in lines
    assert "Breathing at 11:21 am: Settled. Last recorded by then: oxygen 88, limit" in lines
    assert "Last recorded by then: Dissociation, grade 2 (moderate), over at 11:30 am." in lines
    assert "Urgent when last read: oxygen 88" in parts["summary"].lines[0]
    assert "MOAA/S" not in parts["summary"].lines[0], "its last reading is in range"


def test_what_is_missing_names_the_side_effects_whose_outcome_nobody_told(
    db: Session, clinic: Clinic, now: datetime, by: Actor
) -> None:
    made = factories.a_session(db, factories.a_patient(db, clinic), now)
    take(db, made, Action.ARRIVE, now, by)
    take(db, made, Action.START, now, by)
    for kind in (SideEffectKind.HEADACHE, SideEffectKind.VOMITING):
        side_effects.note(db, made, Noticed(kind=kind, grade=Grade.MILD), now=now + 9 * MINUTE, by=by)
    lacking = note.lacking(note_facts.load(db, made))
    assert lacking[Required.EFFECTS_OUTCOME] == "How each side effect stands: Headache, Vomiting"


def test_a_reading_after_the_signature_says_what_of_it_is_out_of_range(
    db: Session, treatment: TreatmentSession, now: datetime, by: Actor
) -> None:
    signature = note_signing.sign(db, treatment, signing(db, treatment), now=now, by=by)
    recording.record_vitals(db, treatment, Vitals(systolic=188, diastolic=114), now=now, by=by, at=now - 2 * MINUTE)
    (later,) = note_since.since(note_facts.load(db, treatment), signature)
    assert later.text.startswith("Vitals: 188/114")
    assert "Out of range: systolic 188, limit 180 or more" in later.text


def test_name_and_birth_date_asked_twice_stand_once_with_both_times(
    db: Session, clinic: Clinic, now: datetime, by: Actor
) -> None:
    made = factories.a_session(db, factories.a_patient(db, clinic), now)
    take(db, made, Action.ARRIVE, now, by)
    other = a_nurse(db, clinic)
    for minutes, who in ((3, by), (9, other)):
        said = Said(item=CheckItem.IDENTITY, clear=True)
        checking.record(db, made, said, now=now + minutes * MINUTE, by=who)
    found = {part.key: part for part in composed(db, made).parts}["before"].rows
    names = [one.user.name for one in (by, other) if one.user]
    assert [row[1:4] for row in found if row[0] == "Name and birth date"] == [
        ["Said by the patient", "10:03 am, 10:09 am", ", ".join(dict.fromkeys(names))]
    ]


def test_the_same_record_always_makes_the_same_note(db: Session, treatment: TreatmentSession) -> None:
    one = note_content.as_data(composed(db, treatment, "Calm."))
    db.expire_all()
    assert note_content.as_data(composed(db, treatment, "Calm.")) == one
    assert note_content.as_data(note_content.read(one)) == one


def test_a_whole_record_lacks_nothing_and_is_signed_with_its_meaning_and_time(
    db: Session, treatment: TreatmentSession, now: datetime, by: Actor
) -> None:
    assert not note.lacking(note_facts.load(db, treatment))
    note_drafts.save(db, treatment, "Calm throughout.", seen=0, now=now, by=by)
    signature = note_signing.sign(db, treatment, signing(db, treatment), now=now, by=by)
    db.commit()
    assert signature.meaning == "I cared for this patient, and this note is a true record."
    assert (signature.at, signature.by_id) == (now, by.user_id)
    assert note_signing.is_whole(signature)
    assert composed_as_signed(db, signature).words == "Calm throughout."
    kept = db.get_one(Note, signature.note_id)
    assert (kept.kind, kept.body) == (NoteKind.SIGNED, "Calm throughout.")
    assert db.scalars(sa.select(AuditEntry).where(AuditEntry.action == AuditAction.SIGN)).one().entity_id == kept.id


def test_a_note_that_was_altered_in_the_database_is_told_apart(
    db: Session, treatment: TreatmentSession, now: datetime, by: Actor
) -> None:
    signature = note_signing.sign(db, treatment, signing(db, treatment), now=now, by=by)
    assert note_signing.is_whole(signature)
    altered = NoteSignature(content={**signature.content, "words": "Other words."}, digest=signature.digest)
    assert not note_signing.is_whole(altered)


@pytest.mark.parametrize(("model", "lacks"), [(DrugLabel, Required.LABEL), (SideEffect, Required.SIDE_EFFECTS)])
def test_what_is_missing_is_listed_and_refused_until_it_is_said_why(
    db: Session, clinic: Clinic, now: datetime, by: Actor, model: type[Any], lacks: Required
) -> None:
    made = factories.a_session(db, factories.a_patient(db, clinic), now - timedelta(hours=1))
    take(db, made, Action.ARRIVE, now - timedelta(hours=1), by)
    take(db, made, Action.START, now - 50 * MINUTE, by, ready=False, happened=True, micrograms=40_000)
    take(db, made, Action.TAKE_TO_HOSPITAL, now - 10 * MINUTE, by)
    lacking = note.lacking(note_facts.load(db, made))
    assert {lacks, Required.PRESSURE_BEFORE, Required.DOSE_ENDED, Required.ENDING_WORDS} <= set(lacking)
    assert Required.WAY_HOME not in lacking
    undone = dict.fromkeys(lacking, "The ambulance was here within minutes.")
    undone.pop(lacks)
    with pytest.raises(Lacking) as refused:
        note_signing.sign(db, made, signing(db, made, undone=undone), now=now, by=by)
    assert refused.value.lacking == [lacks]
    undone[lacks] = "Nobody looked."
    signature = note_signing.sign(db, made, signing(db, made, undone=undone), now=now, by=by)
    assert [why for _, why in composed_as_signed(db, signature).undone].count("Nobody looked.") == 1


def test_a_note_is_signed_once_only_at_the_end_and_as_it_was_read(
    db: Session, clinic: Clinic, treatment: TreatmentSession, now: datetime, by: Actor
) -> None:
    early = factories.a_session(db, factories.a_patient(db, clinic, "Bo Lind"), now, chair=clinic.chairs[1])
    take(db, early, Action.ARRIVE, now, by)
    with pytest.raises(ChangedMeanwhile, match="not_over"):
        note_signing.sign(db, early, signing(db, early), now=now, by=by)
    read = signing(db, treatment)
    recording.record_vitals(db, treatment, Vitals(heart_rate=71), now=now, by=by, at=now - timedelta(hours=1))
    with pytest.raises(NotAsRead) as refused:
        note_signing.sign(db, treatment, read, now=now, by=by)
    assert refused.value.parts == ["Summary", "Vitals"]
    note_drafts.save(db, treatment, "Words.", seen=0, now=now, by=by)
    with pytest.raises(NotAsRead) as refused:
        note_signing.sign(db, treatment, read, now=now, by=by)
    assert refused.value.parts == ["Summary", "Vitals", "In words"]
    note_signing.sign(db, treatment, signing(db, treatment), now=now, by=by)
    with pytest.raises(ChangedMeanwhile, match="signed_already"):
        note_signing.sign(db, treatment, signing(db, treatment), now=now, by=by)


def test_a_nurse_signs_what_is_theirs_and_a_provider_any(
    db: Session, clinic: Clinic, treatment: TreatmentSession, now: datetime
) -> None:
    stranger, desk = a_nurse(db, clinic), a_nurse(db, clinic, Role.FRONT_DESK)
    for who in (stranger, desk):
        with pytest.raises(NotAllowed, match="not_yours"):
            note_signing.sign(db, treatment, signing(db, treatment), now=now, by=who)
    provider = a_nurse(db, clinic, Role.PROVIDER)
    review = replace(signing(db, treatment), meaning=Meaning.REVIEWED)
    with pytest.raises(NotAllowed):
        note_signing.sign(db, treatment, review, now=now, by=stranger)
    assert note_signing.sign(db, treatment, review, now=now, by=provider).meaning.startswith("I have reviewed")


def test_the_locked_note_never_changes_and_addenda_are_dated(
    db: Session, clinic: Clinic, treatment: TreatmentSession, now: datetime, by: Actor
) -> None:
    with pytest.raises(ChangedMeanwhile, match="not_signed"):
        note_signing.add(db, treatment, "Too early.", AddendumReason.LATE_ENTRY, now=now, by=by)
    signature = note_signing.sign(db, treatment, signing(db, treatment), now=now, by=by)
    db.commit()
    with pytest.raises(ChangedMeanwhile, match="signed_already"):
        note_drafts.save(db, treatment, "Other words.", seen=0, now=now, by=by)
    changes: list[dict[str, Any]] = [{"meaning": "Something else"}, {"content": {}}]
    for change in changes:
        with pytest.raises(sa.exc.DatabaseError, match="append_only"):
            db.execute(sa.update(NoteSignature).where(NoteSignature.id == signature.id).values(**change))
        db.rollback()
    later = now + timedelta(days=1)
    added = note_signing.add(
        db, treatment, "The patient called: well.", AddendumReason.NEW_SINCE, now=later, by=by
    )  # fmt: skip
    with pytest.raises(ChangedMeanwhile, match="signed_already"):
        recording.record_note(db, treatment, "From the session page.", now=later, by=by)
    assert [one.body for one in note_signing.addenda(db, treatment)] == [
        "New since the signature: The patient called: well."
    ]
    assert (added.kind, added.recorded_at) == (NoteKind.ADDENDUM, later)
    assert not added.outside_rules
    with pytest.raises(NotAllowed, match="not_yours"):
        note_signing.add(db, treatment, "Not mine.", AddendumReason.CORRECTION, now=later, by=a_nurse(db, clinic))
    with pytest.raises(Refusal, match="signed_no_step_back"):
        take(db, treatment, Action.UNDO, later, by)
    assert treatment.status is Status.LEFT


def test_a_scale_scored_after_the_signature_stands_below(
    db: Session, treatment: TreatmentSession, now: datetime, by: Actor
) -> None:
    scored = {
        "patient_id": treatment.patient_id, "session_id": treatment.id, "instrument": "1995", "at": now,
        "language": Language.EN, "mode": ScaleMode.CLINICIAN, "recorded_at": now, "by_id": by.user_id,
    }  # fmt: skip
    db.add(ScaleResult(**scored, scale=ScaleKey.ALDRETE, total_thousandths=8000))
    db.flush()
    signature = note_signing.sign(db, treatment, signing(db, treatment), now=now, by=by)
    db.add(ScaleResult(**scored, scale=ScaleKey.ALDRETE, total_thousandths=10_000))
    db.flush()
    later = note_since.since(note_facts.load(db, treatment), signature)
    assert [one.text.rpartition(", ")[2] for one in later] == ["total 10"]


def test_a_fact_after_the_signature_is_kept_marked_and_told(
    db: Session, treatment: TreatmentSession, now: datetime, by: Actor
) -> None:
    note_signing.sign(db, treatment, signing(db, treatment), now=now, by=by)
    felt = Noticed(kind=SideEffectKind.HEADACHE, grade=Grade.MILD)
    effect = side_effects.note(db, treatment, felt, now=now + MINUTE, by=by)
    over = side_effects.follow(
        db, treatment, effect, Followed(kind=SideEffectEventKind.RESOLVED), now=now + 2 * MINUTE, by=by
    )
    db.flush()
    assert effect.events == [over]
    assert {*effect.outside_rules, *over.outside_rules} == {"note_signed"}
    told = db.scalars(sa.select(Alert).where(Alert.kind == AlertKind.OUTSIDE_RULES)).one()
    assert "The note had already been signed." in told.words


def test_the_second_save_of_a_draft_is_refused_and_the_same_words_are_no_change(
    db: Session, clinic: Clinic, treatment: TreatmentSession, now: datetime, by: Actor
) -> None:
    other = a_nurse(db, clinic)
    first = note_drafts.save(db, treatment, "Mine.", seen=0, now=now, by=by)
    assert (first.version, first.changed_by.id) == (1, by.user_id)
    with pytest.raises(ChangedMeanwhile, match="written_meanwhile"):
        note_drafts.save(db, treatment, "Theirs.", seen=0, now=now, by=other)
    assert note_drafts.save(db, treatment, "Mine.", seen=0, now=now, by=other).version == 1
    both = note_drafts.save(db, treatment, "Mine. Theirs.", seen=1, now=now + MINUTE, by=other)
    assert (both.version, both.changed_by.id, both.changed_at) == (2, other.user_id, now + MINUTE)


def test_all_who_saved_words_are_named_with_them_and_an_old_note_names_nobody(
    db: Session, clinic: Clinic, treatment: TreatmentSession, now: datetime, by: Actor
) -> None:
    other = Actor(kind=by.kind, user=factories.a_user(db, clinic, Role.NURSE, name="Tom Reyes"), role=Role.NURSE)
    note_drafts.save(db, treatment, "Mine.", seen=0, now=now, by=by)
    note_drafts.save(db, treatment, "Mine. Theirs.", seen=1, now=now + MINUTE, by=other)
    note_drafts.save(db, treatment, "Mine, theirs.", seen=2, now=now + 2 * MINUTE, by=by)
    content = note_drafts.composed(db, note_facts.load(db, treatment))
    assert content.words_by == f"{by.user.name if by.user else ''}, Tom Reyes"
    assert note_content.read(note_content.as_data(content)) == note_content.read(note_content.as_data(content))
    old = {key: value for key, value in note_content.as_data(content).items() if key != "words_by"}
    assert note_content.read(old).words_by == ""


def test_the_list_of_own_notes_holds_exactly_what_a_nurse_may_sign(
    db: Session, clinic: Clinic, treatment: TreatmentSession, now: datetime, by: Actor
) -> None:
    booker, named, counter = (a_nurse(db, clinic) for _ in range(3))
    treatment.nurse_id = named.user_id
    patient = factories.a_patient(db, clinic, "Bo Lind")
    booked = factories.a_session(db, patient, now, chair=clinic.chairs[1], by=booker.user)
    booked.status = Status.LEFT
    db.flush()
    for who, theirs in ((by, True), (named, True), (counter, False), (booker, False)):
        assert who.user is not None
        listed = unsigned_notes.lines(db, clinic, now, nurse_id=who.user_id)
        assert [line.session_id for line in listed] == ([treatment.id] if theirs else [])
        assert note_signers.may_sign(db, treatment, who.user) is theirs
    recording.record_note(db, treatment, "Relieved at noon.", now=now, by=counter)
    assert counter.user is not None
    assert note_signers.may_sign(db, treatment, counter.user)
    assert [line.session_id for line in unsigned_notes.lines(db, clinic, now, nurse_id=counter.user_id)]
    assert booker.user is not None
    assert not note_signers.may_sign(db, booked, booker.user), "a visit that somebody only booked"


def test_unsigned_notes_wait_for_their_nurse_and_for_providers(
    db: Session, clinic: Clinic, treatment: TreatmentSession, now: datetime, by: Actor
) -> None:
    def counted(who: Actor, at: datetime = now) -> dict[Work, int]:
        asked = Asked(clinic=clinic, now=at, user_id=who.user_id or 0)
        works = (Work.NOTES, Work.OWN_NOTES)
        found = for_clinicians.counts(db, works, asked)
        assert found == {work: len(lines) for work in works if (lines := for_clinicians.lines(db, work, asked))}
        return found

    provider, stranger = a_nurse(db, clinic, Role.PROVIDER), a_nurse(db, clinic)
    assert counted(by) == {Work.NOTES: 1, Work.OWN_NOTES: 1}
    assert counted(stranger) == {Work.NOTES: 1}
    assert counted(by, now + timedelta(days=40)) == {}
    note_drafts.save(db, treatment, "Begun.", seen=0, now=now, by=by)
    assert counted(by, now + timedelta(days=40)) == {Work.NOTES: 1, Work.OWN_NOTES: 1}
    note_signing.sign(db, treatment, signing(db, treatment), now=now, by=by)
    assert counted(provider) == {}
    assert signed_notes.exists(db, treatment.id)
