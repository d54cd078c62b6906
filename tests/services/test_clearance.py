"""Screening and clearance: drafts that people share, what is filed, and what a provider may decide on it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.papers.papers import Clearance
from clinic_sessions.domain.papers.screening_kinds import (
    ClearanceReason,
    DecisionChip,
    ItemAnswer,
    ScreeningReason,
    ScreeningSource,
    ScreeningStatus,
)
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.models import ActorKind, Alert, ClearanceDecision, Clinic, FiledAnswer, Patient, Screening
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import ChangedMeanwhile, NotAllowed, Refusal
from clinic_sessions.services.screening import clearance, hard_stops, screening
from clinic_sessions.services.screening.clearance import Undecided, Wish
from clinic_sessions.services.screening.screening import Typed, Unanswered
from tests import factories

TODAY = date(2026, 11, 23)
LATER = TODAY + timedelta(days=180)
YES, NO, NOT_SURE = ItemAnswer.YES, ItemAnswer.NO, ItemAnswer.NOT_SURE


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """Somebody of whom nothing is on file."""
    return factories.a_patient(db, clinic, papers=False)


@pytest.fixture
def provider(db: Session, clinic: Clinic) -> Actor:
    """A provider of the clinic."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.PROVIDER), role=Role.PROVIDER)


def _all(db: Session, route: Route, given: Mapping[str, ItemAnswer]) -> Typed:
    items = screening.questionnaire_of(screening.published(db, route)).items
    return Typed(answers={item.key: given.get(item.key, NO) for item in items}, words={"allergies": "Latex"})


def _filed(db: Session, patient: Patient, route: Route, now: datetime, by: Actor, **given: ItemAnswer) -> Screening:
    return screening.file(db, patient, route, _all(db, route, given), version=0, now=now, by=by)


def _decide(
    db: Session, patient: Patient, wish: Wish, now: datetime, by: Actor, *, key: str = "iv-mood"
) -> ClearanceDecision:
    return clearance.decide(db, patient, factories.a_protocol(db, key), wish, today=TODAY, now=now, by=by)


def _refused(db: Session, patient: Patient, wish: Wish, now: datetime, by: Actor, *, key: str = "iv-mood") -> Undecided:
    with pytest.raises(Undecided) as raised:
        _decide(db, patient, wish, now, by, key=key)
    return raised.value


def test_a_draft_is_kept_as_it_is_typed_and_is_no_record(
    db: Session, patient: Patient, provider: Actor, now: datetime
) -> None:
    typed = Typed(answers={"aneurysm": YES}, words={"aneurysm": "Since 2019"}, systolic=128)
    row = screening.save(db, patient, Route.IV, typed, version=0, now=now, by=provider)
    assert screening.typed_in(row) == typed
    assert row.answers == []
    assert clearance.basis(db, patient, factories.a_protocol(db)).screening is None


def test_the_second_of_two_who_type_in_one_draft_is_told(
    db: Session, patient: Patient, provider: Actor, now: datetime
) -> None:
    begun = screening.save(db, patient, Route.IV, Typed(), version=0, now=now, by=provider).version
    screening.save(db, patient, Route.IV, Typed(systolic=120), version=begun, now=now, by=provider)
    for version in (0, begun):
        with pytest.raises(ChangedMeanwhile):
            screening.save(db, patient, Route.IV, Typed(systolic=110), version=version, now=now, by=provider)


def test_every_open_question_is_named_and_nothing_is_filed(
    db: Session, patient: Patient, provider: Actor, now: datetime
) -> None:
    whole = _all(db, Route.IV, {})
    partly = Typed(answers={key: answer for key, answer in whole.answers.items() if key not in {"avm", "mania"}})
    with pytest.raises(Unanswered) as raised:
        screening.file(db, patient, Route.IV, partly, version=0, now=now, by=provider)
    assert raised.value.reasons == (ScreeningReason.UNANSWERED,)
    assert [item.key for item in raised.value.items] == ["avm", "mania"]


def test_what_is_filed_stands_for_good(db: Session, patient: Patient, provider: Actor, now: datetime) -> None:
    row = _filed(db, patient, Route.IV, now, provider, mania=NOT_SURE)
    assert (row.status, row.filed_by_id) == (ScreeningStatus.FILED, provider.user_id)
    assert screening.answers_of(row)["mania"] is NOT_SURE
    db.commit()
    with pytest.raises(DatabaseError):
        db.execute(sa.update(FiledAnswer).values(answer=NO))


def test_who_is_no_clinician_files_nothing(db: Session, patient: Patient, clinic: Clinic, now: datetime) -> None:
    desk = Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.FRONT_DESK), role=Role.FRONT_DESK)
    with pytest.raises(NotAllowed):
        screening.save(db, patient, Route.IV, Typed(), version=0, now=now, by=desk)


def test_thoughts_of_suicide_at_a_screening_raise_an_alert_for_today(
    db: Session, patient: Patient, provider: Actor, now: datetime
) -> None:
    _filed(db, patient, Route.IV, now, provider, suicidal_now=YES)
    alert = db.scalars(sa.select(Alert).where(Alert.patient_id == patient.id)).one()
    assert (alert.kind, alert.tier) == (AlertKind.SAFETY_ANSWER, AlertTier.SAME_DAY)


def _sent_in(db: Session, patient: Patient, now: datetime, by: Actor) -> Screening:
    row = Screening(
        patient_id=patient.id, route=Route.IV, document_version=screening.published(db, Route.IV),
        source=ScreeningSource.PATIENT, status=ScreeningStatus.SUBMITTED, draft={"medicines": ["x"]}, started_at=now,
        by_id=by.user_id, expires_at=now + timedelta(days=14), submitted_at=now,
    )  # fmt: skip
    screening.put(row, _all(db, Route.IV, {"aneurysm": YES, "mania": NOT_SURE}))
    db.add(row)
    db.flush()
    return row


def test_what_a_patient_sent_in_is_filed_once_each_yes_and_not_sure_is_confirmed(
    db: Session, patient: Patient, provider: Actor, now: datetime
) -> None:
    row = _sent_in(db, patient, now, provider)
    mended = _all(db, Route.IV, {"mania": NOT_SURE})
    with pytest.raises(Unanswered) as raised:
        screening.file_submitted(
            db, patient, row, mended, confirmed={"aneurysm"}, version=row.version, now=now, by=provider
        )
    assert [item.key for item in raised.value.items] == ["mania"]
    screening.file_submitted(
        db, patient, row, mended, confirmed={"aneurysm", "mania"}, version=row.version, now=now, by=provider
    )
    assert screening.answers_of(row)["aneurysm"] is NO
    assert screening.typed_in(row).answers["aneurysm"] is YES
    assert row.draft["medicines"] == ["x"]


def test_nobody_is_cleared_without_a_filed_screening_of_the_route(
    db: Session, patient: Patient, provider: Actor, now: datetime
) -> None:
    _filed(db, patient, Route.IM, now, provider)
    refused = _refused(db, patient, Wish(decision=Clearance.CLEARED, until=LATER), now, provider)
    assert refused.reasons == (ClearanceReason.NO_SCREENING,)
    _decide(
        db, patient, Wish(decision=Clearance.MORE_INFORMATION, chips=(DecisionChip.RECORDS_AWAITED,)), now, provider
    )
    assert clearance.of_patient(db, patient.id)[0].words == "Records awaited"


def test_a_provider_clears_until_a_day_and_earlier_decisions_are_kept(
    db: Session, patient: Patient, provider: Actor, now: datetime
) -> None:
    _filed(db, patient, Route.IV, now, provider)
    first = _decide(db, patient, Wish(decision=Clearance.DEFERRED, until=TODAY, words="Flu"), now, provider)
    wish = Wish(decision=Clearance.CLEARED, until=LATER, newest_id=first.id)
    second = _decide(db, patient, wish, now + timedelta(minutes=1), provider)
    assert [one.id for one in clearance.of_patient(db, patient.id)] == [second.id, first.id]
    with pytest.raises(ChangedMeanwhile):
        _decide(db, patient, wish, now, provider)


def test_a_contraindication_of_the_label_bars_its_drug_alone(
    db: Session, patient: Patient, provider: Actor, now: datetime
) -> None:
    _filed(db, patient, Route.IN_, now, provider, aneurysm=YES)
    wish = Wish(decision=Clearance.CLEARED, until=LATER, words="Vascular surgeon agrees")
    refused = _refused(db, patient, wish, now, provider, key="in-esketamine")
    assert refused.reasons == (ClearanceReason.CONTRAINDICATED,)
    assert "label" in refused.items[ClearanceReason.CONTRAINDICATED][0].source
    assert _decide(db, patient, wish, now, provider, key="in-racemic").hard_stops == ["aneurysm"]


def test_a_contraindication_that_nobody_is_sure_of_is_clarified_first(
    db: Session, patient: Patient, provider: Actor, now: datetime
) -> None:
    _filed(db, patient, Route.IN_, now, provider, avm=NOT_SURE)
    wish = Wish(decision=Clearance.CLEARED, until=LATER, words="Probably not")
    refused = _refused(db, patient, wish, now, provider, key="in-esketamine")
    assert refused.reasons == (ClearanceReason.TO_CLARIFY,)


def test_a_hard_stop_needs_words_and_is_flagged_for_good(
    db: Session, patient: Patient, provider: Actor, now: datetime
) -> None:
    _filed(db, patient, Route.IV, now, provider, psychosis=YES, liver_severe=NOT_SURE, mania=YES)
    refused = _refused(db, patient, Wish(decision=Clearance.CLEARED, until=LATER), now, provider)
    assert refused.reasons == (ClearanceReason.HARD_STOP_WORDS,)
    assert [item.key for item in refused.items[ClearanceReason.HARD_STOP_WORDS]] == ["psychosis", "liver_severe"]
    wish = Wish(decision=Clearance.CLEARED, until=LATER, words="Stable for a year; agreed with Dr. Ito")
    cleared = _decide(db, patient, wish, now, provider)
    later = Wish(decision=Clearance.NOT_SUITABLE, words="Changed", newest_id=cleared.id)
    _decide(db, patient, later, now + timedelta(days=1), provider)
    found = hard_stops.of_patient(db, patient.id)
    assert [(one.item.key, one.decision.id) for one in found] == [
        ("psychosis", cleared.id), ("liver_severe", cleared.id),
    ]  # fmt: skip


def test_a_refusal_lists_every_reason(db: Session, patient: Patient, provider: Actor, now: datetime) -> None:
    _filed(db, patient, Route.IN_, now, provider, aneurysm=YES, avm=NOT_SURE, psychosis=YES)
    wish = Wish(decision=Clearance.CLEARED, until=TODAY - timedelta(days=1))
    assert set(_refused(db, patient, wish, now, provider, key="in-esketamine").reasons) == {
        ClearanceReason.UNTIL_PAST,
        ClearanceReason.CONTRAINDICATED,
        ClearanceReason.TO_CLARIFY,
        ClearanceReason.HARD_STOP_WORDS,
    }
    bare = Wish(decision=Clearance.DEFERRED)
    assert _refused(db, patient, bare, now, provider).reasons == (
        ClearanceReason.UNTIL_MISSING, ClearanceReason.WORDS_MISSING,
    )  # fmt: skip


@pytest.mark.parametrize("role", [Role.NURSE, Role.FRONT_DESK, Role.OWNER, Role.AUDITOR])
def test_only_a_provider_decides(db: Session, patient: Patient, clinic: Clinic, now: datetime, role: Role) -> None:
    other = Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, role), role=role)
    with pytest.raises(NotAllowed):
        _decide(db, patient, Wish(decision=Clearance.NOT_SUITABLE, words="No"), now, other)


def test_a_decision_names_who_made_it_and_cannot_be_changed(
    db: Session, patient: Patient, provider: Actor, now: datetime
) -> None:
    made = _decide(db, patient, Wish(decision=Clearance.NOT_SUITABLE, words="No"), now, provider)
    assert (made.by_id, made.until) == (provider.user_id, None)
    db.commit()
    with pytest.raises(DatabaseError):
        db.execute(sa.update(ClearanceDecision).values(words="Yes"))


def test_a_refusal_of_the_basis_writes_nothing(db: Session, patient: Patient, provider: Actor, now: datetime) -> None:
    with pytest.raises(Refusal):
        _decide(db, patient, Wish(decision=Clearance.CLEARED, until=LATER), now, provider)
    assert clearance.of_patient(db, patient.id) == []
