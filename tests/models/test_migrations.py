"""An upgrade of a database that is in use: what stood before still stands, and fits the new tables."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.orm import Session

from clinic_sessions import migrations
from clinic_sessions.domain.contacts import ToldThrough
from clinic_sessions.domain.messages.messages import Channel, Language
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey, ScaleMode
from clinic_sessions.domain.protocols import protocols
from clinic_sessions.models import ContactConsent, ScaleResult
from clinic_sessions.models.engine import options, tune

NOON = datetime(2026, 11, 23, 20, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """An engine on a database without tables."""
    url = f"sqlite:///{tmp_path / 'old.sqlite'}"
    server = sa.create_engine(os.environ["TEST_DATABASE_URL"], isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    name = f"clinic_old_{os.getpid()}"
    if request.param == "postgresql":
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0")
        url = server.url.set(database=name).render_as_string(hide_password=False)
    made = sa.create_engine(url, **options(url))
    tune(made)
    yield made
    made.dispose()
    if request.param == "postgresql":
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def _upgrade(engine: sa.Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(resources.files(migrations)))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _insert(connection: sa.Connection, table: str, **values: Any) -> None:
    made = sa.Table(table, sa.MetaData(), autoload_with=connection, resolve_fks=False)
    connection.execute(made.insert().values(**values))


def _a_clinic_in_use(connection: sa.Connection) -> None:
    text = resources.files("clinic_sessions.protocols").joinpath("in-esketamine.toml").read_text()
    protocol = protocols.parse(text)
    at = NOON if connection.dialect.name == "postgresql" else NOON.replace(tzinfo=None)
    _insert(
        connection, "clinics", id=1, name="A", name_in_messages="A", zone_name="America/Denver", phone="+13035550100",
        address="1 Elm St", quiet_from_minute=1260, quiet_until_minute=480,
    )  # fmt: skip
    _insert(
        connection, "users", id=1, email="a@example.org", name="A", password_hash="-", is_demo=False,
        is_charge_nurse=False, theme="auto", version=1,
    )  # fmt: skip
    _insert(
        connection, "patients", id=1, clinic_id=1, record_number="R-1", turn=0, name="B", name_folded="b",
        birth_date=NOON.date(), phone="+13035550101", language="en", email_wanted=True,
        emergency_may_be_called=False, pregnancy_possible="not_asked", registered_at=at, registered_by_id=1, version=1,
    )  # fmt: skip
    _insert(
        connection, "protocol_versions", id=1, key="in-esketamine", number=1, title="E", route="in", block_minutes=165,
        body=protocols.as_json(protocol), digest=protocols.digest(protocol), status="published", loaded_at=at,
    )  # fmt: skip
    for plan_id, count in ((1, 12), (2, 30), (3, 3)):
        _insert(
            connection, "plans", id=plan_id, patient_id=1, protocol_version_id=1, session_count=count, version=1,
            condition="treatment_resistant_depression", status="active", started_at=at, by_id=1,
        )  # fmt: skip


def test_plans_that_stood_get_the_pattern_of_their_protocol_for_all_their_sessions(engine: sa.Engine) -> None:
    _upgrade(engine, "0005")
    with engine.begin() as connection:
        _a_clinic_in_use(connection)
    migrations.upgrade(engine)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text('SELECT plan_id, sessions, days, "count" FROM plan_phases ORDER BY plan_id, position')
        )
        found: dict[int, list[tuple[int, int, int]]] = {}
        for plan_id, sessions, days, count in rows:
            found.setdefault(plan_id, []).append((sessions, days, count))
        settings = connection.execute(sa.text("SELECT propose_absence_minutes, late_cancel_hours, turn FROM clinics"))
        assert tuple(settings.one()) == (20, 24, 0)
    assert found == {1: [(2, 7, 8), (1, 7, 4)], 2: [(2, 7, 8), (1, 7, 4), (1, 14, 18)], 3: [(2, 7, 3)]}


def _answered_check_ins(connection: sa.Connection, *values: dict[str, Any]) -> None:
    at = NOON if connection.dialect.name == "postgresql" else NOON.replace(tzinfo=None)
    for number, value in enumerate(values, start=1):
        _insert(
            connection, "treatment_sessions", id=number, uid=str(number), clinic_id=1, patient_id=1, kind="evaluation",
            nurse_milli=0, starts_at=at, ends_at=at + timedelta(hours=1), status="left", schedule_version=1, host_id=1,
            booked_at=at, booked_by_id=1, version=1,
        )  # fmt: skip
        _insert(
            connection, "check_ins", id=number, patient_id=1, session_id=number, kind="after_7d", due_at=at,
            expires_at=at + timedelta(days=2), status="answered", asks=[], draft={}, answered_at=at, version=1,
            entered_by_id=None if number == 1 else 1,
        )  # fmt: skip
        _insert(connection, "check_in_answers", check_in_id=number, question="mood", value={"value": 4}, at=at)
        _insert(connection, "check_in_answers", check_in_id=number, question="phq9", value=value, at=at)


def test_answers_of_check_ins_that_stood_are_kept_as_results_of_the_scale(engine: sa.Engine) -> None:
    whole = {
        "items": {str(item): 2 for item in range(1, 10)}, "function": 2, "missing": [], "total": 18,
        "band": "moderately_severe", "algorithm": "major", "impaired": True, "scale": "phq-9",
        "version": "Kroenke, Spitzer and Williams 1999", "language": "es",
    }  # fmt: skip
    part = {
        "items": {"1": 3}, "function": None, "missing": [*range(2, 10)], "total": None, "band": None,
        "algorithm": None, "impaired": None, "scale": "phq-9", "version": "1999", "language": "en",
    }  # fmt: skip
    _upgrade(engine, "0007")
    with engine.begin() as connection:
        _a_clinic_in_use(connection)
        _answered_check_ins(connection, whole, part)
    migrations.upgrade(engine)
    with Session(engine) as db:
        first, second = db.scalars(sa.select(ScaleResult).order_by(ScaleResult.id))
        assert (first.patient_id, first.session_id, first.check_in_id, first.by_id) == (1, 1, 1, None)
        assert (first.scale, first.language, first.mode) == (ScaleKey.PHQ_9, Language.ES, ScaleMode.LINK)
        assert (first.total_thousandths, first.band, first.at) == (18_000, "moderately_severe", NOON)
        assert first.items == {str(item): 2 for item in range(1, 11)}
        assert first.flags == ["self_harm", "impaired", "algorithm_major"]
        assert (second.total_thousandths, second.band, second.items, second.flags) == (None, None, {"1": 3}, [])
        assert (second.mode, second.by_id) == (ScaleMode.PHONE, 1)


def test_wishes_about_mail_that_stood_are_kept_with_their_time_and_patients_never_asked_get_none(
    engine: sa.Engine,
) -> None:
    _upgrade(engine, "0006")
    with engine.begin() as connection:
        _a_clinic_in_use(connection)
        at = NOON if connection.dialect.name == "postgresql" else NOON.replace(tzinfo=None)
        connection.execute(sa.text("UPDATE patients SET email_wanted = false, email_wish_at = :at"), {"at": at})
        _insert(
            connection, "patients", id=2, clinic_id=1, record_number="R-2", turn=0, name="C", name_folded="c",
            birth_date=NOON.date(), phone="+13035550102", language="en", email_wanted=True, registered_by_id=1,
            emergency_may_be_called=False, pregnancy_possible="not_asked", registered_at=at, version=1,
        )  # fmt: skip
    migrations.upgrade(engine)
    with engine.connect() as connection:
        kept = connection.execute(
            sa.select(
                ContactConsent.patient_id, ContactConsent.channel, ContactConsent.wanted, ContactConsent.told_through,
                ContactConsent.at, ContactConsent.by_id,
            )
        ).all()  # fmt: skip
    assert [tuple(one) for one in kept] == [(1, Channel.EMAIL, False, ToldThrough.EARLIER, NOON, None)]
