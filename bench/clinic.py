"""The clinic that is measured: on either database, made durable as in earnest, with someone signed in."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from flask import Flask

from bench.data import ZONE, build
from clinic_sessions import clock, create_app, migrations
from clinic_sessions.config import Config, from_environment
from clinic_sessions.extensions import db
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services.accounts import sign_ins
from tests import postgres

DATABASES = ("SQLite", "PostgreSQL")


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A clinic full of sessions, and the cookie of a person of its front desk."""

    app: Flask
    config: Config
    cookie: str
    today: date

    @property
    def day(self) -> str:
        """The address of today's calendar."""
        return f"/schedule?date={self.today}"


@contextmanager
def opened(name: str, folder: Path, sessions: int) -> Iterator[Bench]:
    """Build the data on one of DATABASES, and take it away afterwards."""
    with postgres.running(settings=()) if name == "PostgreSQL" else nullcontext() as url:
        there = {"CLINIC_DATABASE_URL": url} if url else {}
        settings = from_environment({"CLINIC_DATA_DIR": str(folder), "CLINIC_LOG_LEVEL": "ERROR", **there})
        config = replace(settings, secret_key="b" * 40, is_demo=True)
        app = create_app(config)
        today = clock.now().astimezone(ZONE).date()
        yield Bench(app=app, config=config, cookie=_signed_in(app, _filled(app, sessions, today), today), today=today)
        with app.app_context():
            db.engine.dispose()


def _filled(app: Flask, sessions: int, today: date) -> str:
    """Fill the database; give the token of a sign-in."""
    with app.app_context():
        migrations.upgrade(db.engine)
        begin_write(db.session())
        desk = build(db.session(), sessions, today)
        begin_write(db.session())
        token = sign_ins.open_sign_in(db.session(), desk, now=clock.now(), address="127.0.0.1")
        db.session.commit()
    return token


def _signed_in(app: Flask, token: str, today: date) -> str:
    """Give the cookie as a browser has it from its second page on."""
    visitor = app.test_client()
    with visitor.session_transaction(base_url="http://127.0.0.1") as session:
        session["_user_id"] = token
    visitor.get(f"/schedule?date={today}", base_url="http://127.0.0.1")
    cookie = visitor.get_cookie("clinic", domain="127.0.0.1")
    if cookie is None:
        raise LookupError("no cookie")
    return f"clinic={cookie.value}"
