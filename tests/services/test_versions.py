"""Versions: only a draft changes, a second provider publishes, nobody's numbers change under their hands."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols import leaves
from clinic_sessions.domain.protocols.edits import FaultyEdits, Typed
from clinic_sessions.domain.protocols.versions import VersionReason
from clinic_sessions.domain.scheduling.plans import PlanStatus, ProtocolStatus
from clinic_sessions.models import ActorKind, AuditEntry, Clinic, DocumentVersion, Plan, ProtocolVersion
from clinic_sessions.services import catalogue, documents
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import booking, offers
from clinic_sessions.services.booking.booking import BookingRequest
from clinic_sessions.services.protocols import version_rows, versions
from clinic_sessions.services.protocols.version_rows import Version
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, NotAllowed, Refusal
from clinic_sessions.services.series import series
from tests.factories import a_clinic, a_patient, a_protocol, a_user

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
TODAY = date(2026, 11, 23)
HOUR = timedelta(hours=1)
WHY = "Our patients need longer"

Person = Callable[..., Actor]


@pytest.fixture
def clinic(db: Session) -> Clinic:
    """A clinic."""
    return a_clinic(db)


@pytest.fixture
def provider(db: Session, clinic: Clinic) -> Person:
    """Makes another provider each time, or someone else."""

    def make(role: Role = Role.PROVIDER) -> Actor:
        return Actor(kind=ActorKind.USER, user=a_user(db, clinic, role), role=role)

    return make


def _change(
    db: Session, version: Version, values: dict[str, str], by: Actor, *, now: datetime = NOW, shown: str | None = None
) -> None:
    typed = Typed(values=values, reasons=dict.fromkeys(values, WHY))
    token = shown or version_rows.token(version)
    versions.change(db, version, typed, shown=token, today=TODAY, now=now, by=by)


def _proposed(db: Session, base: Version, by: Actor, *, minutes: str = "55", now: datetime = NOW) -> ProtocolVersion:
    draft = versions.copy(db, base, now=now, by=by)
    assert isinstance(draft, ProtocolVersion)
    _change(db, draft, {"phases[1].minutes": minutes}, by, now=now)
    versions.propose(db, draft, shown=version_rows.token(draft), now=now, by=by)
    return draft


def test_a_second_provider_publishes_at_once_and_bookings_use_it_from_then(db: Session, provider: Person) -> None:
    base = a_protocol(db)
    draft = _proposed(db, base, provider())
    assert [one.id for one in catalogue.published(db) if one.key == "iv-mood"] == [base.id]
    assert list(version_rows.proposed(db)) == [draft]
    versions.publish(db, draft, now=NOW + HOUR, by=provider())
    assert [one.id for one in catalogue.published(db) if one.key == "iv-mood"] == [draft.id]
    assert (base.status, base.block_minutes, draft.block_minutes) == (ProtocolStatus.PUBLISHED, 130, 145)
    assert version_rows.proposed(db) == []


def test_the_same_provider_publishes_only_after_the_wait(db: Session, provider: Person) -> None:
    author = provider()
    draft = _proposed(db, a_protocol(db), author)
    wait = documents.thresholds(db).publish_alone.whole * HOUR
    with pytest.raises(Refusal) as refused:
        versions.publish(db, draft, now=NOW + wait - timedelta(seconds=1), by=author)
    assert refused.value.reasons == (VersionReason.SECOND_PERSON,)
    versions.publish(db, draft, now=NOW + wait, by=author)
    assert draft.status is ProtocolStatus.PUBLISHED


def test_whoever_changed_a_draft_that_another_proposes_is_no_second_person(db: Session, provider: Person) -> None:
    author, proposer = provider(), provider()
    draft = versions.copy(db, a_protocol(db), now=NOW, by=author)
    _change(db, draft, {"phases[1].minutes": "55"}, author)
    versions.propose(db, draft, shown=version_rows.token(draft), now=NOW, by=proposer)
    for one in (author, proposer):
        with pytest.raises(Refusal):
            versions.publish(db, draft, now=NOW, by=one)
    versions.publish(db, draft, now=NOW, by=provider())


@pytest.mark.parametrize("role", [Role.NURSE, Role.OWNER, Role.FRONT_DESK])
def test_only_providers_act_on_versions(db: Session, provider: Person, role: Role) -> None:
    draft, other = _proposed(db, a_protocol(db), provider()), provider(role)
    acts: tuple[Callable[[], object], ...] = (
        lambda: versions.copy(db, draft, now=NOW, by=other),
        lambda: versions.publish(db, draft, now=NOW, by=other),
        lambda: versions.withdraw(db, draft, now=NOW, by=other),
        lambda: versions.retire(db, draft, words=WHY, now=NOW, by=other),
        lambda: _change(db, draft, {}, other),
    )
    for act in acts:
        with pytest.raises(NotAllowed):
            act()


def test_only_a_draft_is_changed_and_the_database_holds_it_too(db: Session, provider: Person) -> None:
    author = provider()
    draft = _proposed(db, a_protocol(db), author)
    with pytest.raises(Refusal):
        _change(db, draft, {"spacing": "3"}, author)
    versions.withdraw(db, draft, now=NOW, by=author)
    _change(db, draft, {"spacing": "3"}, author)
    versions.propose(db, draft, shown=version_rows.token(draft), now=NOW, by=author)
    db.commit()
    with pytest.raises(DatabaseError, match="append_only"):
        db.execute(sa.update(ProtocolVersion).where(ProtocolVersion.id == draft.id).values(body="{}"))


def test_of_two_editors_the_second_is_refused(db: Session, provider: Person) -> None:
    author = provider()
    draft = versions.copy(db, a_protocol(db), now=NOW, by=author)
    seen = version_rows.token(draft)
    _change(db, draft, {"spacing": "3"}, author, shown=seen)
    with pytest.raises(ChangedMeanwhile):
        _change(db, draft, {"spacing": "4"}, provider(), shown=seen)
    with pytest.raises(ChangedMeanwhile):
        versions.propose(db, draft, shown=seen, now=NOW, by=author)


def test_a_draft_begun_before_another_was_published_is_not_published_over_it(db: Session, provider: Person) -> None:
    base = a_protocol(db)
    slow, quick = (_proposed(db, base, provider(), minutes=minutes) for minutes in ("60", "50"))
    versions.publish(db, slow, now=NOW + HOUR, by=provider())
    with pytest.raises(Refusal) as refused:
        versions.publish(db, quick, now=NOW + HOUR, by=provider())
    assert refused.value.reasons == (VersionReason.OUTDATED,)
    versions.withdraw(db, quick, now=NOW + HOUR, by=provider())
    with pytest.raises(Refusal):
        versions.propose(db, quick, shown=version_rows.token(quick), now=NOW + HOUR, by=provider())


def test_a_draft_that_changes_nothing_is_not_proposed(db: Session, provider: Person) -> None:
    author = provider()
    draft = versions.copy(db, a_protocol(db), now=NOW, by=author)
    with pytest.raises(Refusal) as refused:
        versions.propose(db, draft, shown=version_rows.token(draft), now=NOW, by=author)
    assert refused.value.reasons == (VersionReason.NOTHING_CHANGED,)


def test_a_version_with_plans_under_way_is_not_retired_and_they_keep_it(
    db: Session, clinic: Clinic, provider: Person
) -> None:
    base, author = a_protocol(db), provider()
    plan = Plan(
        patient_id=a_patient(db, clinic).id, protocol_version_id=base.id, condition=next(iter(Condition)),
        session_count=6, status=PlanStatus.ACTIVE, started_at=NOW, by_id=author.user_id,
    )  # fmt: skip
    db.add(plan)
    versions.publish(db, _proposed(db, base, author), now=NOW + HOUR, by=provider())
    assert plan.protocol_version_id == base.id
    with pytest.raises(Refusal) as refused:
        versions.retire(db, base, words=WHY, now=NOW + HOUR, by=author)
    assert refused.value.reasons == (VersionReason.PLANS_UNDER_WAY,)
    plan.status = PlanStatus.ENDED
    db.flush()
    versions.retire(db, base, words=WHY, now=NOW + HOUR, by=author)
    assert base.status is ProtocolStatus.RETIRED


def test_a_retired_protocol_can_not_be_booked_anew_and_the_last_of_all_stays(db: Session, provider: Person) -> None:
    by = provider()
    rows = catalogue.published(db)
    for row in rows[:-1]:
        versions.retire(db, row, words=WHY, now=NOW, by=by)
    assert catalogue.published(db) == [rows[-1]]
    with pytest.raises(Refusal) as refused:
        versions.retire(db, rows[-1], words=WHY, now=NOW, by=by)
    assert refused.value.reasons == (VersionReason.LAST_PUBLISHED,)


def test_nothing_is_booked_anew_under_a_version_that_was_replaced(
    db: Session, clinic: Clinic, provider: Person
) -> None:
    base, patient, by = a_protocol(db), a_patient(db, clinic), provider()
    wish = BookingRequest(
        patient_id=patient.id, protocol_version_id=base.id, chair_id=clinic.chairs[0].id, starts_at=NOW + 24 * HOUR
    )
    draft = _proposed(db, base, by)
    versions.publish(db, draft, now=NOW, by=provider())
    with pytest.raises(Refusal) as refused:
        booking.book(db, wish, now=NOW, by=by)
    assert refused.value.reasons == (VersionReason.REPLACED,)
    choices = series.choices(db, patient)
    chosen = offers.choice_of(db, choices, base.id, None)
    assert chosen.version.id == draft.id
    booked = booking.book(db, replace(wish, protocol_version_id=draft.id), now=NOW, by=by)
    assert (booked.ends_at - booked.starts_at) == timedelta(minutes=145)


def test_thresholds_go_the_same_way_and_are_never_left_without_any(db: Session, provider: Person) -> None:
    shipped = version_rows.load(db, "thresholds", documents.published_thresholds(db).id, to_change=True)
    author = provider()
    draft = versions.copy(db, shipped, now=NOW, by=author)
    with pytest.raises(FaultyEdits):
        _change(db, draft, {"clearance": "0"}, author)
    _change(db, draft, {"clearance": "90"}, author)
    versions.propose(db, draft, shown=version_rows.token(draft), now=NOW, by=author)
    assert documents.thresholds(db).clearance.whole == 180
    versions.publish(db, draft, now=NOW + HOUR, by=provider())
    assert documents.thresholds(db).clearance.whole == 90
    versions.retire(db, shipped, words=WHY, now=NOW + HOUR, by=author)
    with pytest.raises(Refusal):
        versions.retire(db, draft, words=WHY, now=NOW + HOUR, by=author)


@pytest.mark.parametrize("key", ["screening-iv", "consent-iv-mood"])
def test_a_text_is_read_and_published_as_it_was_shipped_and_never_copied(
    db: Session, provider: Person, key: str
) -> None:
    shipped = db.scalars(sa.select(DocumentVersion).where(DocumentVersion.key == key)).one()
    with pytest.raises(Absent):
        version_rows.load(db, "thresholds", shipped.id)
    text = version_rows.load(db, "texts", shipped.id, to_change=True)
    assert len(leaves.leaves(version_rows.of(text))) > 20
    with pytest.raises(Refusal) as refused:
        versions.copy(db, text, now=NOW, by=provider())
    assert refused.value.reasons == (VersionReason.TEXT_OF_THE_PROGRAM,)
    with pytest.raises(Refusal):
        versions.retire(db, text, words=WHY, now=NOW, by=provider())


def test_the_audit_tells_each_number_before_and_after_with_its_reason(db: Session, provider: Person) -> None:
    author = provider()
    draft = versions.copy(db, a_protocol(db), now=NOW, by=author)
    _change(db, draft, {"spacing": "3"}, author)
    entry = db.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert [words.partition(" (")[0] for words in entry.changes["spacing"]] == ["2 days", "3 days"]
    assert entry.changes["reason of spacing"] == [None, WHY]
    assert (entry.user_id, entry.entity_id) == (author.user_id, draft.id)


def test_what_an_update_ships_anew_is_a_draft_once_and_changes_no_number_in_use(db: Session, provider: Person) -> None:
    used = a_protocol(db)
    older = used.body.replace('"spacing":{"source":"', '"spacing":{"source":"An older one; ')
    db.commit()
    db.execute(sa.update(ProtocolVersion).where(ProtocolVersion.id == used.id).values(status=ProtocolStatus.DRAFT))
    digest = documents.digest(older)
    db.execute(sa.update(ProtocolVersion).where(ProtocolVersion.id == used.id).values(body=older, digest=digest))
    db.execute(sa.update(ProtocolVersion).where(ProtocolVersion.id == used.id).values(status=ProtocolStatus.PUBLISHED))
    db.expire_all()
    for _ in range(2):
        catalogue.load_shipped(db, NOW)
    rows = db.scalars(sa.select(ProtocolVersion).where(ProtocolVersion.key == "iv-mood").order_by("number")).all()
    assert [(row.number, row.status) for row in rows] == [(1, ProtocolStatus.PUBLISHED), (2, ProtocolStatus.DRAFT)]
    assert next(one for one in catalogue.published(db) if one.key == "iv-mood").body == older
    assert version_rows.origin(db, rows[1]) is used
    by = provider()
    with pytest.raises(Refusal) as refused:
        _change(db, rows[1], {"spacing": "3"}, by)
    assert refused.value.reasons == (VersionReason.SHIPPED,)
    versions.propose(db, rows[1], shown=version_rows.token(rows[1]), now=NOW, by=by)
    versions.publish(db, rows[1], now=NOW, by=provider())


def test_numbers_published_before_one_was_added_have_its_shipped_value(db: Session) -> None:
    stands = documents.published_thresholds(db)
    older = {name: number for name, number in json.loads(stands.body).items() if name != "screening_age"}
    kept = documents.thresholds_of(DocumentVersion(body=json.dumps(older)))
    assert kept == documents.thresholds_of(stands)
