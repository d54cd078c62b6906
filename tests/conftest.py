"""What every test can ask for: a moment, a database on each engine, an app, people who are signed in."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session

from clinic_sessions import clock, create_app, logs
from clinic_sessions.config import Config
from clinic_sessions.domain.permissions import Role
from clinic_sessions.extensions import db as extension
from clinic_sessions.models import Clinic, User
from clinic_sessions.services.accounts import sign_ins
from tests import factories, postgres, sharing
from tests.databases import PostgresTemplate, SqliteTemplate

SECRET = "a-secret-key-for-tests-0123456789abcdef"
_SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
settings.register_profile("test", derandomize=True, deadline=None, max_examples=50, suppress_health_check=_SLOW)
settings.register_profile("long", deadline=None, max_examples=1000, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))

MEMORY = Path("/dev/shm")  # noqa: S108
ENOUGH_MEMORY = 4 * 2**30

_stack = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Start one PostgreSQL for all workers, in the process that starts them; its files and theirs lie in memory."""
    if hasattr(config, "workerinput"):
        return
    if "TMPDIR" not in os.environ and _has_room(MEMORY):
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None
    if "TEST_DATABASE_URL" not in os.environ:
        os.environ["TEST_DATABASE_URL"] = _stack.enter_context(postgres.running())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let `--dist loadscope` keep the rooms together that share something dear."""
    return sharing.by_room(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what takes long first."""
    items.sort(key=lambda item: sharing.rank(item.nodeid))


def _has_room(folder: Path) -> bool:
    usable = folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
    return usable and shutil.disk_usage(folder).free >= ENOUGH_MEMORY


def pytest_unconfigure() -> None:
    """End what was started."""
    _stack.close()


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, SqliteTemplate | PostgresTemplate]]:
    """The migrated template of each engine."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone") + str(os.getpid())
    on_server = PostgresTemplate(os.environ["TEST_DATABASE_URL"], worker)
    yield {"sqlite": SqliteTemplate(tmp_path_factory.mktemp("template")), "postgresql": on_server}
    on_server.server.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, templates: dict[str, Any]) -> Iterator[str]:
    """A fresh, migrated, empty database on each engine; a worker's have the same address, so that apps stay."""
    with templates[request.param].fresh() as url:
        yield url


@pytest.fixture
def now() -> datetime:
    """A Monday at ten in Los Angeles; a test that needs another moment has its own."""
    return datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


@pytest.fixture
def time_at(now: datetime) -> Iterator[time_machine.Traveller]:
    """The clock stands at `now`; a test moves it with `time_at.move_to`."""
    with time_machine.travel(now, tick=False) as moved:
        yield moved


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Config:
    """Settings as in a clinic on one machine."""
    return Config(
        database_url=database_url,
        data_dir=tmp_path,
        secret_key=SECRET,
        base_url="http://localhost",
        smtp_url=None,
        mail_to_folder=True,
        mail_from="clinic@example.org",
        trusted_hosts=("localhost",),
        proxies=0,
        log_level="WARNING",
        clock_file=None,
    )


@pytest.fixture(scope="session")
def apps() -> dict[Config, Flask]:
    """The apps that this worker has built, by their settings."""
    return {}


@pytest.fixture
def app(apps: dict[Config, Flask], config: Config, time_at: time_machine.Traveller) -> Iterator[Flask]:
    """The app on a fresh database; built once a worker for each engine, and as it was built for each test."""
    settings = replace(config, data_dir=Path())
    if settings not in apps:
        apps[settings] = create_app(config)
        apps[settings].test_client_class = Visitor
    built = apps[settings]
    kept, shape = dict(built.config), _shape(built)
    built.config["CLINIC"] = config
    clock.follow(None)
    logs.configure(config.log_level)
    yield built
    built.config.clear()
    built.config.update(kept)
    with built.app_context():
        extension.session.remove()
        extension.engine.dispose()
        assert not list(extension.engine.dispatch.before_cursor_execute), "take back what listens to the database"
    assert _shape(built) == shape, "a test leaves the app as it was built: others use it too"


def _shape(app: Flask) -> tuple[object, ...]:
    """Give what hangs on an app, apart from its settings."""
    lists = (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
    hooks = tuple((name, *functions) for one in lists for name, functions in one.items())
    jinja = (app.jinja_env.globals, app.jinja_env.filters, app.jinja_env.tests)
    named = tuple(item for one in (app.view_functions, *jinja) for item in one.items())
    return (hooks, named, tuple(app.url_map.iter_rules()), app.wsgi_app, app.session_interface)


@pytest.fixture
def engine(app: Flask) -> sa.Engine:
    """The engine of the app."""
    with app.app_context():
        return extension.engine


@pytest.fixture
def db(engine: sa.Engine) -> Iterator[Session]:
    """A database session of the test's own; commit before the app is asked, so that it sees what was made."""
    with Session(engine) as session:
        yield session


@pytest.fixture
def clinic(db: Session) -> Clinic:
    """A clinic in Los Angeles with three chairs, open on weekdays from 8 to 18, and the shipped protocols."""
    made = factories.a_clinic(db)
    db.commit()
    return made


class Visitor(FlaskClient):
    """A browser that sends the CSRF token with every post, as our forms do."""

    def post(self, *args: Any, **kwargs: Any) -> Any:
        """Post with the token of this visitor's session."""
        if kwargs.pop("csrf", True):
            with self.session_transaction() as cookie:
                raw = cookie.setdefault("csrf_token", "0" * 40)
            token = URLSafeTimedSerializer(SECRET, salt="wtf-csrf-token").dumps(raw)
            kwargs["data"] = {**(kwargs.get("data") or {}), "csrf_token": token}
        return super().post(*args, **kwargs)


SignIn = Callable[..., Visitor]


@pytest.fixture
def signed_in(app: Flask, db: Session, clinic: Clinic, now: datetime) -> SignIn:
    """Give a browser in which a person of these roles (of `clinic`, or another given) is signed in."""

    def sign_in(*roles: Role, user: User | None = None, at: Clinic | None = None) -> Visitor:
        who = user or factories.a_user(db, at or clinic, *roles)
        token = sign_ins.open_sign_in(db, who, now=now, address="127.0.0.1")
        db.commit()
        visitor = app.test_client()
        assert isinstance(visitor, Visitor)
        with visitor.session_transaction() as cookie:
            cookie["_user_id"] = token
            cookie["_fresh"] = True
        return visitor

    return sign_in
