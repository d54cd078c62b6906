"""The operator's commands."""

import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NoReturn

import click
import waitress
from flask import Flask
from sqlalchemy.orm import Session

from clinic_sessions import clock, demo, migrations
from clinic_sessions.app import create_app
from clinic_sessions.config import (
    Config,
    Unsafe,
    demo_secret,
    from_environment,
    unsafe_for_mailing,
    unsafe_for_serving,
)
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.typed_clinic import read_chair, read_openings
from clinic_sessions.extensions import db
from clinic_sessions.forms.fields import read_phone
from clinic_sessions.jobs import schedule
from clinic_sessions.models import Installation
from clinic_sessions.models.engine import begin_write
from clinic_sessions.routes.policy import policy_of
from clinic_sessions.services import catalogue
from clinic_sessions.services.accounts import people
from clinic_sessions.services.messages import outbox
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.sites import clinics

_SAID = {**people.SAID, **clinics.SAID}
SETUP_KEY = "only-for-commands-that-serve-nothing-0123456789"


@click.group()
def main() -> None:
    """Run the clinic: serve its pages, send its messages, keep its database."""


def _settings() -> Config:
    try:
        return from_environment()
    except Unsafe as unsafe:
        _stop(unsafe.faults)


def _stop(faults: list[str]) -> NoReturn:
    for fault in faults:
        click.echo(fault, err=True)
    sys.exit(2)


def _app(config: Config) -> Flask:
    """Build an app for a command, without serving."""
    config.data_dir.mkdir(parents=True, exist_ok=True)
    return create_app(replace(config, secret_key=config.secret_key or SETUP_KEY))


@contextmanager
def _database(config: Config) -> Iterator[Session]:
    """Give a database session for a command, and close every connection afterwards."""
    with _app(config).app_context():
        try:
            yield db.session()
        finally:
            db.session.remove()
            db.engine.dispose()


def _serving_app(host: str) -> Flask:
    """Build an app that serves or sends: refuses unsafe settings and a database at another revision."""
    config = _settings()
    with _database(config) as session:
        found, expected = migrations.revision_of(db.engine), migrations.head()
        if found != expected:
            _stop([f"The database is at revision {found}, this program needs {expected}. Run: clinic-sessions upgrade"])
        installation = session.get(Installation, 1)
        is_demo = installation is not None and installation.is_demo
    config = replace(config, is_demo=is_demo)
    debug = os.environ.get("FLASK_DEBUG", "0") not in {"", "0"}
    if faults := unsafe_for_serving(config, host=host, debug=debug) + unsafe_for_mailing(config):
        _stop(faults)
    if is_demo and not config.secret_key:
        config = replace(config, secret_key=demo_secret(config.data_dir))
    return create_app(config)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5000, show_default=True)
@click.option("--threads", default=4, show_default=True)
@click.option("--no-scheduler", is_flag=True, help="Leave the clock's work to `worker` processes.")
def serve(host: str, port: int, threads: int, no_scheduler: bool) -> None:
    """Serve the pages; without --no-scheduler also send what is due."""
    app = _serving_app(host)
    running = None if no_scheduler else schedule.start(app)
    server = waitress.create_server(app, host=host, port=port, threads=threads, ident=None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server.run()
    finally:
        if running:
            schedule.stop(running)
        server.close()


@main.command()
def worker() -> None:
    """Send what is due, until told to stop; any number may run on any number of machines."""
    app = _serving_app("127.0.0.1")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    running = schedule.start(app)
    while not ended.wait(1):
        pass
    schedule.stop(running)


@main.command()
def upgrade() -> None:
    """Bring the database to this program's revision, and load protocols into an empty catalogue."""
    with _database(_settings()) as session:
        migrations.upgrade(db.engine)
        begin_write(session)
        catalogue.load_shipped(session, clock.now())
        session.commit()
        click.echo(f"The database is at revision {migrations.head()}.")


@main.command("demo")
@click.option("--password", help="The password of the demo accounts; without it one is made up.")
def fill_demo(password: str | None) -> None:
    """Fill an empty database with an invented clinic, its dates relative to today."""
    chosen = password or secrets.token_urlsafe(9)
    if len(chosen) < people.MIN_PASSWORD:
        _stop([f"The password needs at least {people.MIN_PASSWORD} characters."])
    config = replace(_settings(), is_demo=True)
    with _database(config) as session:
        try:
            demo.fill(session, password=chosen, now=clock.now())
        except demo.NotEmpty:
            _stop(["This database has data. The demo clinic needs an empty one."])
    click.echo(f"Password: {chosen}")


@main.group()
def clinic() -> None:
    """Open a clinic."""


@clinic.command("add")
@click.argument("name")
@click.option("--zone", "zone_name", required=True, help="Its time zone, such as America/Los_Angeles.")
@click.option("--phone", required=True, help="What patients call, such as (310) 555-0100.")
@click.option("--address", required=True, help="Where patients come to.")
@click.option("--name-in-messages", help="What patients read, when NAME reveals a specialty.")
@click.option("--open", "hours", multiple=True, required=True, help="Such as mon-fri=8:00-18:00; any number.")
@click.option("--chair", "chairs", multiple=True, required=True, help="Such as 'Chair 1=iv,im,in'; any number.")
def add_clinic(name: str, hours: tuple[str, ...], chairs: tuple[str, ...], phone: str, **more: str | None) -> None:
    """Open a clinic with its hours and chairs."""
    try:
        new = clinics.NewClinic(
            name=name,
            name_in_messages=more["name_in_messages"] or name,
            zone_name=str(more["zone_name"]),
            phone=read_phone(phone),
            address=str(more["address"]),
            openings=[one for text in hours for one in read_openings(text)],
            chairs=[read_chair(text) for text in chairs],
        )
    except ValueError as unreadable:
        _stop([str(unreadable)])
    _change(lambda session: clinics.add(session, new, now=clock.now()))
    click.echo(f"Opened {name}.")


@main.group()
def user() -> None:
    """Add, disable and reset accounts."""


@user.command("add")
@click.argument("email")
@click.argument("name")
@click.option("--role", "roles", type=click.Choice([role.value for role in Role]), multiple=True, required=True)
@click.password_option()
def add_user(email: str, name: str, roles: tuple[str, ...], password: str) -> None:
    """Add an account with one or several roles at every clinic."""
    _change(lambda session: people.add(session, email, name, [Role(role) for role in roles], password, now=clock.now()))
    click.echo(f"Added {email}.")


@user.command("disable")
@click.argument("email")
def disable_user(email: str) -> None:
    """Disable an account and end its sign-ins at once."""
    _change(lambda session: people.disable(session, email, now=clock.now()))
    click.echo(f"Disabled {email}.")


@user.command("reset")
@click.argument("email")
@click.password_option()
def reset_user(email: str, password: str) -> None:
    """Set a new password and end the account's sign-ins at once."""
    _change(lambda session: people.reset(session, email, password, now=clock.now()))
    click.echo(f"Reset {email}.")


def _change(act: Callable[[Session], object]) -> None:
    with _database(_settings()) as session:
        begin_write(session)
        try:
            act(session)
        except Refusal as refusal:
            _stop([_SAID[reason] for reason in refusal.reasons])
        session.commit()


@main.group("outbox")
def outbox_group() -> None:
    """Look at the messages that wait."""


@outbox_group.command("status")
def outbox_status() -> None:
    """Print how many messages stand in each status, and how late the latest due one is."""
    with _database(_settings()) as session:
        for line in outbox.status_lines(session, clock.now()):
            click.echo(line)


@main.command("check-config")
@click.option("--host", default="127.0.0.1", show_default=True)
def check_config(host: str) -> None:
    """Say whether these settings are safe to serve with; exit code 2 when not."""
    _serving_app(host)
    click.echo("These settings are safe to serve with.")


@main.command("routes")
@click.option("--policy", is_flag=True, required=True, help="Print who may use each view.")
def routes(policy: bool) -> None:
    """Print every view with the permission it needs."""
    app = _app(_settings())
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: r.rule):
        found = policy_of(app, rule.endpoint)
        who = found.permission.value if found and found.permission else f"public: {found.reason if found else ''}"
        click.echo(f"{','.join(sorted((rule.methods or set()) - {'HEAD', 'OPTIONS'})):8} {rule.rule:44} {who}")
