"""A clinic in real processes, its mail on a real server or in its mailbox, and people with real browsers."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests import servers
from tests.mailserver import MailServer

CHROMIUM = shutil.which("chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PASSWORD = "a-demo-password"
MORNING = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
"""A Tuesday at nine in Los Angeles: when the journeys begin."""


@dataclass
class Site:
    """A running demo clinic whose clock a test can move."""

    url: str
    clock_file: Path
    mail: MailServer | None
    ahead: timedelta

    def wait(self, **span: float) -> None:
        """Let time pass, for the server, its workers and its database alike."""
        self.ahead += timedelta(**span)
        self.clock_file.write_text(str(self.ahead.total_seconds()))

    def now(self) -> datetime:
        """The moment at which the clinic is."""
        return datetime.now(UTC) + self.ahead


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


@pytest.fixture
def site(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Site]:
    """The demo clinic on a Tuesday morning.

    On SQLite everything runs in one process and mail lies in the mailbox; on PostgreSQL a worker of its own
    sends it to a real SMTP server.
    """
    clock_file = tmp_path / "clock"
    ahead = MORNING - datetime.now(UTC)
    clock_file.write_text(str(ahead.total_seconds()))
    settings = {"clock_file": str(clock_file)}
    several = database_url.startswith("postgresql")
    with MailServer() as mail:
        if several:
            settings["smtp_url"] = mail.url
        port = servers.free_port()
        settings["base_url"] = f"http://127.0.0.1:{port}"
        env = servers.environment(database_url, tmp_path, **settings)
        fill = [sys.executable, "-m", "clinic_sessions", "demo", "--password", PASSWORD]
        subprocess.run(fill, env=env, check=True, capture_output=True)
        if several:
            with servers.serving("--no-scheduler", env=env, port=port) as url, servers.process("worker", env=env):
                yield Site(url=url, clock_file=clock_file, mail=mail, ahead=ahead)
        else:
            with servers.serving(env=env, port=port) as url:
                yield Site(url=url, clock_file=clock_file, mail=None, ahead=ahead)


@dataclass
class Person:
    """Someone at a screen, whose pages are watched for errors and held against WCAG."""

    site: Site
    page: Page
    said: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page of the clinic, or a whole address."""
        self.page.goto(path if path.startswith("http") else self.site.url + path)

    def sign_in(self, role: str) -> None:
        """Sign in as the demo account of a role."""
        self.open("/sign-in")
        self.page.get_by_label("Email").fill(f"{role}@demo.example")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/")

    def look(self) -> None:
        """Hold the page against axe, its own console, and the width of its window."""
        found = Axe().run(self.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
        faults = [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found.response["violations"]]
        assert faults == [], self.page.url
        assert self.said == [], self.page.url
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{self.page.url} scrolls sideways by {wide} px"


NewPerson = Callable[..., Person]


@pytest.fixture
def person(site: Site, browser: Browser) -> Iterator[NewPerson]:
    """Give a browser of its own to each person of a journey."""
    contexts = []

    def new(role: str | None = None, *, width: int = 1400, script: bool = True, **more: Any) -> Person:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=script, has_touch=width < 1100, **more
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        who = Person(site=site, page=page)
        page.on("console", lambda line: who.said.append(line.text) if line.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: who.said.append(str(error)))
        if role:
            who.sign_in(role)
        return who

    yield new
    for context in contexts:
        context.close()
