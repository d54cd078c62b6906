"""Two providers at once: versions get numbers of their own, and of two that would undo each other one is published."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.edits import Typed
from clinic_sessions.domain.scheduling.plans import ProtocolStatus
from clinic_sessions.models import ActorKind, Clinic, ProtocolVersion, User
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.protocols import version_rows, versions
from clinic_sessions.services.protocols.version_rows import Version
from clinic_sessions.services.refusals import Refusal
from tests.factories import a_protocol, a_user

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
Act = Callable[[Session, Version, Actor], None]


def _at_once(engine: sa.Engine, pairs: Sequence[tuple[int, int]], act: Act) -> list[str]:
    """Let each person act on a version in a transaction of their own, all from one moment; say how it went, sorted."""
    ready = Barrier(len(pairs))

    def one(pair: tuple[int, int]) -> str:
        with Session(engine) as db:
            ready.wait(10)
            begin_write(db)
            version = version_rows.load(db, "protocols", pair[0], to_change=True)
            try:
                act(db, version, _actor(db, pair[1]))
                db.commit()
            except Refusal as refusal:
                return str(refusal.reasons[0])
            return "done"

    with ThreadPoolExecutor(len(pairs)) as pool:
        return sorted(pool.map(one, pairs))


def _actor(db: Session, user_id: int) -> Actor:
    return Actor(kind=ActorKind.USER, user=db.get_one(User, user_id), role=Role.PROVIDER)


@pytest.fixture
def people(db: Session, clinic: Clinic) -> list[int]:
    """Three providers, by id."""
    found = [a_user(db, clinic, Role.PROVIDER).id for _ in range(3)]
    db.commit()
    return found


def _proposed(db: Session, user_id: int, minutes: str) -> int:
    base = version_rows.load(db, "protocols", _first(db), to_change=True)
    by, typed = _actor(db, user_id), Typed(values={"phases[1].minutes": minutes}, reasons={})
    draft = versions.copy(db, base, now=NOW, by=by)
    shown = version_rows.token(draft)
    versions.change(db, draft, typed, shown=shown, today=date(2026, 11, 23), now=NOW, by=by)
    versions.propose(db, draft, shown=version_rows.token(draft), now=NOW, by=by)
    number = draft.id
    db.commit()
    return number


def _first(db: Session) -> int:
    return (
        db.scalars(sa.select(ProtocolVersion.id).where(ProtocolVersion.key == "iv-mood").order_by("number")).first()
        or 0
    )


def test_two_copies_begun_at_once_have_numbers_of_their_own(engine: sa.Engine, db: Session, people: list[int]) -> None:
    base = a_protocol(db).id
    db.commit()

    def copy(mine: Session, version: Version, by: Actor) -> None:
        versions.copy(mine, version, now=NOW, by=by)

    assert _at_once(engine, [(base, people[0]), (base, people[1])], copy) == ["done", "done"]
    numbers = db.scalars(sa.select(ProtocolVersion.number).where(ProtocolVersion.key == "iv-mood")).all()
    assert sorted(numbers) == [1, 2, 3]


def test_of_two_versions_published_at_once_one_is_and_the_other_is_told(
    engine: sa.Engine, db: Session, people: list[int]
) -> None:
    one, other = _proposed(db, people[0], "50"), _proposed(db, people[1], "60")

    def publish(mine: Session, version: Version, by: Actor) -> None:
        versions.publish(mine, version, now=NOW.replace(hour=19), by=by)

    assert _at_once(engine, [(one, people[2]), (other, people[2])], publish) == ["done", "outdated"]
    assert (
        db.scalar(
            sa.select(sa.func.count()).where(
                ProtocolVersion.key == "iv-mood", ProtocolVersion.status == ProtocolStatus.PUBLISHED
            )
        )
        == 2
    )


def test_a_version_that_is_withdrawn_while_it_is_published_is_one_or_the_other(
    engine: sa.Engine, db: Session, people: list[int]
) -> None:
    draft = _proposed(db, people[0], "50")

    def act(mine: Session, version: Version, by: Actor) -> None:
        act_of_theirs = versions.withdraw if by.user_id == people[0] else versions.publish
        act_of_theirs(mine, version, now=NOW, by=by)

    assert _at_once(engine, [(draft, people[0]), (draft, people[1])], act) == ["done", "not_proposed"]
