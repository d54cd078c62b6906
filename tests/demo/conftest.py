"""The demo clinic as it is at several moments, filled once for all tests of this room."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions import demo
from clinic_sessions.models.engine import options, tune

PASSWORD = "harbor lights at noon"
NOON = datetime.fromisoformat("2026-11-24T12:00:10-08:00")
SUNDAY_NIGHT = datetime.fromisoformat("2026-11-22T03:00:00-08:00")
CLOCKS_GO_BACK = datetime.fromisoformat("2026-11-01T01:30:00-08:00")


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A database with the demo clinic, and the moment for which it was filled."""

    db: Session
    now: datetime


@pytest.fixture(
    scope="session",
    params=[("sqlite", NOON), ("postgresql", SUNDAY_NIGHT), ("sqlite", CLOCKS_GO_BACK)],
    ids=["sqlite-noon", "postgresql-sunday-night", "sqlite-clocks-go-back"],
)
def filled(
    request: pytest.FixtureRequest, templates: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    """The demo clinic on an engine at a moment; tests only read it."""
    engine_name, now = request.param
    with templates[engine_name].clone(tmp_path_factory.mktemp("demo")) as url:
        engine = sa.create_engine(url, **options(url))
        tune(engine)
        with Session(engine) as db:
            demo.fill(db, password=PASSWORD, now=now)
            yield Filled(db=db, now=now)
        engine.dispose()
