"""How a run is shared out: a module goes whole to one worker, so does a room that fills or starts something dear."""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

DEAR_ROOMS = ("tests/races", "tests/faults", "tests/demo")
DEAR = (*DEAR_ROOMS, "tests/test_wheel.py", "tests/journeys", "tests/jobs")
"""The first to be run: at the end of a run only what is short keeps one worker waiting for another."""


def rank(node_id: str) -> int:
    """Say how early a test is to run."""
    return next((place for place, part in enumerate(DEAR) if node_id.startswith(part)), len(DEAR))


def by_room(config: pytest.Config, log: Any) -> Any:
    """Give a scheduler that shares out modules and dear rooms in the order in which they were collected."""
    config.option.loadscopereorder = False
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = _scope
    return scheduler


def _scope(node_id: str) -> str:
    module = node_id.split("::")[0]
    room = module.rpartition("/")[0]
    return room if room in DEAR_ROOMS else module
