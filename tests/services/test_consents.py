"""Consents: what is recorded and refused, what becomes of one, and what a start and a list see of it."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertTier
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.papers.consents import ConsentReason, ConsentState
from clinic_sessions.domain.papers.papers import InterpretedBy, PaperReason, SigningWay
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.plans import ProtocolStatus
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import (
    ActorKind,
    Alert,
    AuditEntry,
    Clinic,
    Consent,
    DocumentVersion,
    Patient,
    Plan,
    TreatmentSession,
)
from clinic_sessions.services import documents
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.consents import consent_changes, consent_documents, consent_overview, consents
from clinic_sessions.services.consents.consents import Signature, Subject, Talk
from clinic_sessions.services.plans import papers
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, NotAllowed, Refusal
from tests import factories
from tests.plans import a_plan

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def actor(db: Session, clinic: Clinic, role: Role) -> Actor:
    """Somebody of a role at the clinic."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, role), role=role)


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    """A nurse of the clinic."""
    return actor(db, clinic, Role.NURSE)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """Somebody of whom no paper is on file."""
    return factories.a_patient(db, clinic, papers=False)


@pytest.fixture
def plan(db: Session, patient: Patient, now: datetime) -> Plan:
    """Their series."""
    return a_plan(db, patient, now - 9 * DAY)


@pytest.fixture
def about(plan: Plan) -> Subject:
    """What they are asked to consent to."""
    return Subject(version=plan.protocol_version, plan=plan)


def newest_id(db: Session, about: Subject) -> int:
    """The text that is signed now."""
    document = consent_documents.newest(db, about.version.key)
    assert document is not None
    return document.id


def signature(db: Session, about: Subject, at: datetime, **given: Any) -> Signature:
    """A signature under the newest text."""
    fields: dict[str, Any] = {"document_version_id": newest_id(db, about), "name": "ana  RUIZ", "at": at, **given}
    return Signature(**fields)


def talk(by: Actor, **given: Any) -> Talk:
    """A talk in English before the person who acts."""
    return Talk(**{"language": Language.EN, "witness_id": by.user_id, **given})


def signed(db: Session, patient: Patient, about: Subject, now: datetime, by: Actor, **given: Any) -> Consent:
    """A consent that was just signed."""
    return consents.sign(db, patient, about, talk(by), signature(db, about, now, **given), now=now, by=by)


def refused(db: Session, patient: Patient, about: Subject, now: datetime, by: Actor, **given: Any) -> list[object]:
    """Why it is not recorded."""
    at = given.pop("at", now)
    with pytest.raises(Refusal) as raised:
        consents.sign(db, patient, about, talk(by), signature(db, about, at, **given), now=now, by=by)
    assert db.scalars(sa.select(Consent).where(Consent.patient_id == patient.id, Consent.at == at)).all() == []
    return list(raised.value.reasons)


def of_session(db: Session, patient: Patient, plan: Plan | None, at: datetime, **given: Any) -> TreatmentSession:
    """A session whose consent is asked about; the factory's own consent is left out."""
    treatment = factories.a_session(db, patient, at, **given)
    treatment.plan_id = plan.id if plan else None
    db.flush()
    return treatment


def reasons(db: Session, treatment: TreatmentSession) -> list[PaperReason]:
    """What a start would hear of the consent."""
    found = papers.of_treatment(db, treatment, treatment.starts_at)
    assert found is not None
    return list(found.consent)


def test_a_signed_consent_tells_who_signed_what_before_whom_and_holds_for_its_series_alone(
    db: Session, patient: Patient, plan: Plan, about: Subject, nurse: Actor, now: datetime
) -> None:
    other = actor(db, patient.clinic, Role.FRONT_DESK)
    said = talk(
        other, language=Language.ES, interpreter="Rosa Vega", interpreted_by=InterpretedBy.VIDEO, read_aloud=True
    )
    row = consents.sign(db, patient, about, said, signature(db, about, now), now=now, by=nurse)
    assert (row.way, row.signed_name, row.language, row.interpreter) == (
        SigningWay.SCREEN, "ana  RUIZ", Language.ES, "Rosa Vega",
    )  # fmt: skip
    assert (row.witness_id, row.by_id, row.read_aloud, row.protocol_version_id) == (
        other.user_id, nurse.user_id, True, plan.protocol_version_id,
    )  # fmt: skip
    days = documents.thresholds(db).consent.whole
    assert row.until == local_day(now, patient.clinic.zone) + timedelta(days=days)
    assert reasons(db, of_session(db, patient, plan, now + DAY)) == []
    assert reasons(db, of_session(db, patient, None, now + 2 * DAY)) == [PaperReason.CONSENT_MISSING]
    entry = db.scalars(sa.select(AuditEntry).where(AuditEntry.entity == "consent")).one()
    assert entry.changes["off_label"] == [None, True]


def test_every_reason_against_a_signature_is_listed_at_once(
    db: Session, patient: Patient, about: Subject, nurse: Actor, now: datetime
) -> None:
    far = local_day(now, patient.clinic.zone) + 800 * DAY
    assert refused(db, patient, about, now, nurse, name="Eva Stern", at=now + HOUR, until=far) == [
        ConsentReason.OTHER_NAME, ConsentReason.NOT_YET, ConsentReason.UNTIL_TOO_LATE,
    ]  # fmt: skip
    early = local_day(now, patient.clinic.zone) - DAY
    assert refused(db, patient, about, now, nurse, until=early) == [ConsentReason.UNTIL_PAST]
    old = now - 400 * DAY
    assert refused(db, patient, about, now, nurse, at=old, paper_reference="S-1") == [ConsentReason.TOO_LONG_AGO]
    assert signed(db, patient, about, now, nurse, name="Ana R. de Stern", sure=True).signed_name == "Ana R. de Stern"


def test_only_nurses_and_providers_record_and_the_witness_is_of_the_clinic(
    db: Session, patient: Patient, about: Subject, nurse: Actor, now: datetime
) -> None:
    with pytest.raises(NotAllowed):
        signed(db, patient, about, now, actor(db, patient.clinic, Role.FRONT_DESK))
    with pytest.raises(NotAllowed):
        consents.choose_not_to(db, patient, about, talk(nurse), "No", now=now, by=actor(db, patient.clinic, Role.OWNER))
    stranger = actor(db, factories.a_clinic(db), Role.NURSE)
    with pytest.raises(Absent):
        consents.sign(db, patient, about, talk(stranger), signature(db, about, now), now=now, by=nurse)
    with pytest.raises(Absent):
        consents.subject(db, factories.a_patient(db, patient.clinic), about.plan.id if about.plan else None, None)


def test_a_choice_against_it_stands_before_an_older_signature_until_a_new_one(
    db: Session, patient: Patient, plan: Plan, about: Subject, nurse: Actor, now: datetime
) -> None:
    signed(db, patient, about, now - DAY, nurse)
    treatment = of_session(db, patient, plan, now + DAY)
    consents.choose_not_to(db, patient, about, talk(nurse), "I want to wait", now=now, by=nurse)
    assert reasons(db, treatment) == [PaperReason.CONSENT_CHOSE_NOT_TO]
    signed(db, patient, about, now + HOUR, nurse)
    assert reasons(db, treatment) == []


def test_a_changed_mind_alerts_for_the_session_under_way_and_stops_nothing(
    db: Session, patient: Patient, plan: Plan, about: Subject, nurse: Actor, now: datetime
) -> None:
    row = signed(db, patient, about, now - DAY, nurse)
    going_on = of_session(db, patient, plan, now - HOUR, status=Status.IN_TREATMENT)
    to_come = of_session(db, patient, plan, now + DAY)
    told = consent_changes.change_mind(
        db, patient, row, "It is too much", at=now - timedelta(minutes=2), now=now, by=nurse
    )
    assert [one.id for one in told] == [going_on.id]
    assert going_on.status is Status.IN_TREATMENT
    alert = db.scalars(sa.select(Alert).where(Alert.session_id == going_on.id)).one()
    assert alert.tier is AlertTier.NOW
    assert "It is too much" in alert.words
    assert reasons(db, to_come) == [PaperReason.CONSENT_CHANGED_MIND]
    with pytest.raises(ChangedMeanwhile):
        consent_changes.change_mind(db, patient, row, "Again", at=now, now=now, by=nurse)
    with pytest.raises(Refusal) as raised:
        consent_changes.mark_mistake(db, patient, row, "Wrong patient", now=now, by=nurse)
    assert raised.value.reasons == (ConsentReason.MIND_WAS_CHANGED,)
    signed(db, patient, about, now + HOUR, nurse)
    assert reasons(db, to_come) == []


def test_the_moment_of_a_changed_mind_lies_between_the_signature_and_now(
    db: Session, patient: Patient, about: Subject, nurse: Actor, now: datetime
) -> None:
    row = signed(db, patient, about, now - DAY, nurse)
    for at, why in ((now + HOUR, ConsentReason.NOT_YET), (now - 2 * DAY, ConsentReason.BEFORE_IT_WAS_SIGNED)):
        with pytest.raises(Refusal) as raised:
            consent_changes.change_mind(db, patient, row, "No more", at=at, now=now, by=nurse)
        assert raised.value.reasons == (why,)


def test_a_paper_signed_before_the_patient_changed_their_mind_brings_no_consent_back(
    db: Session, patient: Patient, about: Subject, nurse: Actor, now: datetime
) -> None:
    row = signed(db, patient, about, now - 3 * DAY, nurse)
    consent_changes.change_mind(db, patient, row, "No more", at=now - DAY, now=now, by=nurse)
    found = refused(db, patient, about, now, nurse, at=now - 2 * DAY, paper_reference="Scan 17")
    assert found == [ConsentReason.MIND_CHANGED_SINCE]


def test_after_a_mistake_the_consent_before_it_counts_again(
    db: Session, patient: Patient, plan: Plan, about: Subject, nurse: Actor, now: datetime
) -> None:
    signed(db, patient, about, now - DAY, nurse)
    wrong = consents.choose_not_to(db, patient, about, talk(nurse), "No", now=now, by=nurse)
    treatment = of_session(db, patient, plan, now + DAY)
    consent_changes.mark_mistake(db, patient, wrong, "Another patient's answer", now=now, by=nurse)
    assert reasons(db, treatment) == []
    lines = consent_overview.of_patient(db, patient, now.date(), now)[0].lines
    assert [line.state for line in lines] == [ConsentState.MISTAKE, ConsentState.HOLDS]
    with pytest.raises(ChangedMeanwhile):
        consent_changes.mark_mistake(db, patient, wrong, "Again", now=now, by=nurse)


def test_a_newer_text_leaves_what_was_signed_as_it_is_and_is_what_is_signed_next(
    db: Session, patient: Patient, plan: Plan, about: Subject, nurse: Actor, now: datetime
) -> None:
    old_id = newest_id(db, about)
    row = signed(db, patient, about, now, nurse)
    before = consent_documents.as_signed(row)
    newer = publish(db, old_id, now, {"title_en": "Consent, new"})
    view = consent_overview.of_patient(db, patient, now.date(), now)[0]
    assert view.newer_text
    assert view.standing is not None
    assert reasons(db, of_session(db, patient, plan, now + DAY)) == []
    assert consent_documents.as_signed(row) == before
    assert refused(db, patient, about, now + HOUR, nurse, document_version_id=old_id) == [ConsentReason.NEWER_TEXT]
    on_paper = signature(db, about, now, document_version_id=old_id, paper_reference="Scan 18")
    consents.sign(db, patient, about, talk(nurse), on_paper, now=now, by=nurse)
    assert signed(db, patient, about, now + HOUR, nurse).document_version_id == newer.id


def publish(db: Session, of_id: int, now: datetime, changes: dict[str, object]) -> DocumentVersion:
    """Publish a changed copy of a text."""
    old = db.get_one(DocumentVersion, of_id)
    body = json.dumps({**json.loads(old.body), **changes}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    row = DocumentVersion(
        kind=old.kind, key=old.key, number=old.number + 1, title=old.title, body=body, digest=documents.digest(body),
        status=ProtocolStatus.PUBLISHED, loaded_at=now, published_at=now,
    )  # fmt: skip
    db.add(row)
    db.flush()
    return row


def test_a_text_that_does_not_fit_its_protocol_or_is_of_another_is_not_signed(
    db: Session, patient: Patient, about: Subject, nurse: Actor, now: datetime
) -> None:
    im = Subject(version=factories.a_protocol(db, "im"), plan=None)
    other = newest_id(db, im)
    assert refused(db, patient, about, now, nurse, document_version_id=other) == [ConsentReason.NEWER_TEXT]
    publish(db, newest_id(db, about), now, {"anchor": "start"})
    assert refused(db, patient, about, now, nurse) == [ConsentReason.TEXT_DOES_NOT_FIT]


def test_an_expired_consent_is_past_and_sessions_to_come_without_one_are_named(
    db: Session, patient: Patient, plan: Plan, about: Subject, nurse: Actor, now: datetime
) -> None:
    today = local_day(now, patient.clinic.zone)
    signed(db, patient, about, now, nurse, until=today + 3 * DAY)
    first = of_session(db, patient, plan, now + DAY)
    second = of_session(db, patient, plan, now + 9 * DAY)
    view = consent_overview.of_patient(db, patient, today, now)[0]
    assert [one.id for one in view.without] == [second.id]
    later = consent_overview.of_patient(db, patient, today + 4 * DAY, now)[0]
    assert [line.state for line in later.past] == [ConsentState.EXPIRED]
    assert first.id not in {one.id for one in view.without}


def test_rows_of_consents_never_change(
    db: Session, patient: Patient, about: Subject, nurse: Actor, now: datetime
) -> None:
    row = signed(db, patient, about, now, nurse)
    consent_changes.change_mind(db, patient, row, "No", at=now, now=now, by=nurse)
    db.commit()
    for statement in ("UPDATE consents SET signed_name = 'Eve'", "DELETE FROM consent_events", "DELETE FROM consents"):
        with pytest.raises(DatabaseError, match="append"):
            db.execute(sa.text(statement))
        db.rollback()


def test_a_signature_on_screen_has_no_scan_and_one_on_paper_has(db: Session, about: Subject, now: datetime) -> None:
    on_screen = signature(db, about, now)
    assert on_screen.way is SigningWay.SCREEN
    assert replace(on_screen, paper_reference="S-1").way is SigningWay.PAPER
