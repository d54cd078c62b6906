"""One set of server processes for all races on an engine; each race has a clinic of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from clinic_sessions import create_app
from clinic_sessions.config import from_environment
from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import Clinic, Installation
from clinic_sessions.models.engine import options, tune
from clinic_sessions.services.accounts import sign_ins
from tests import factories
from tests.conftest import SECRET
from tests.races.servers import Answer, Post, all_at_once, cookie_of, serving

MONDAY_TEN = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
SERVERS = 3


@dataclass(frozen=True, kw_only=True)
class Desks:
    """The servers, and people who post to them."""

    app: Flask
    ports: Sequence[int]
    engine: sa.Engine

    def cookie(self, db: Session, clinic: Clinic) -> str:
        """Sign in someone who books at a clinic and runs it."""
        user = factories.a_user(db, clinic, Role.FRONT_DESK, Role.OWNER)
        token = sign_ins.open_sign_in(db, user, now=MONDAY_TEN, address="127.0.0.1")
        db.commit()
        return cookie_of(self.app, token)

    def post(self, number: int, path: str, form: dict[str, str]) -> Post:
        """Make a post to one of the servers in turn."""
        return Post(port=self.ports[number % len(self.ports)], path=path, form=form)

    def send(self, posts: Sequence[Post], cookie: str, *, threads: int = 10) -> list[Answer]:
        """Send all posts at once, and give the answers in their order."""
        return all_at_once(posts, cookie, threads=threads)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def race_url(request: pytest.FixtureRequest, templates: dict[str, Any], race_folder: Path) -> Iterator[str]:
    """A database on each engine that all races share."""
    with templates[request.param].clone(race_folder) as url:
        yield url


@pytest.fixture(scope="session")
def race_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The servers' data directory."""
    return tmp_path_factory.mktemp("race")


@pytest.fixture(scope="session")
def desks(race_url: str, race_folder: Path) -> Iterator[Desks]:
    """Servers on the database, their clocks at a Monday at ten in Los Angeles."""
    environment = {"CLINIC_DATABASE_URL": race_url, "CLINIC_DATA_DIR": str(race_folder), "CLINIC_SECRET_KEY": SECRET}
    app = create_app(from_environment(environment))
    engine = sa.create_engine(race_url, **options(race_url))
    tune(engine)
    with Session(engine) as db:
        db.add(Installation(id=1, is_demo=True, created_at=MONDAY_TEN))
        db.commit()
    with serving(race_url, race_folder, SERVERS, MONDAY_TEN) as ports:
        yield Desks(app=app, ports=ports, engine=engine)
    engine.dispose()


@pytest.fixture
def db(desks: Desks) -> Iterator[Session]:
    """A session of the test's own on the database of the servers."""
    with Session(desks.engine) as session:
        yield session
