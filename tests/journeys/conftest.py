"""A clinic in real processes, its mail on a real server or in its mailbox, and people with real browsers."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys import places
from tests.journeys.people import Person
from tests.journeys.places import Site, Template

CHROMIUM = shutil.which("chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WIDTHS_OF_TOUCH = 1100
"""Windows narrower than this are tablets and phones."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; reported as not run where it is not to be had, a failure in CI."""
    if CHROMIUM is None:
        assert os.environ.get("CI") != "true", "CI needs chromium"
        pytest.skip("chromium is not installed: apt-get install chromium")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def site(
    request: pytest.FixtureRequest, templates: dict[str, Template], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The demo clinic on a Tuesday morning, shared by the journeys of a module; `places.at` says on which engine."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    template = places.filled(templates[request.param], shared)
    with places.opened(template, tmp_path_factory.mktemp("site")) as opened:
        yield opened


NewPerson = Callable[..., Person]


@pytest.fixture
def person(site: Site, browser: Browser) -> Iterator[NewPerson]:
    """Give a browser of its own to each person of a journey."""
    contexts = []

    def new(role: str | None = None, *, width: int = 1400, script: bool = True, **more: Any) -> Person:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            java_script_enabled=script,
            has_touch=width < WIDTHS_OF_TOUCH,
            **more,
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        who = Person(site=site, page=page)
        page.on("console", who.hear)
        page.on("pageerror", lambda error: who.said.append(str(error)))
        if role:
            who.sign_in(role)
        return who

    yield new
    for context in contexts:
        context.close()
