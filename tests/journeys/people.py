"""People at their screens: staff with browsers, patients with phones."""

import re
from dataclasses import dataclass, field
from email.message import EmailMessage

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from tests.journeys.places import PASSWORD, Site

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}

FORM_CAME_BACK = re.compile("responded with a status of (409|422)")


@dataclass
class Person:
    """Someone at a screen, whose pages are watched for errors and held against WCAG."""

    site: Site
    page: Page
    said: list[str] = field(default_factory=list)
    at: str = "/"

    def hear(self, line: ConsoleMessage) -> None:
        """Keep what the browser complains of; a form that comes back with errors is no fault of the page."""
        if line.type in {"error", "warning"} and not FORM_CAME_BACK.search(line.text):
            self.said.append(line.text)

    def open(self, path: str) -> None:
        """Go to a page of the clinic, or a whole address."""
        self.page.goto(path if path.startswith("http") else self.site.url + path)

    def sign_in(self, role: str) -> None:
        """Sign in as the demo account of a role."""
        self.open("/sign-in")
        self.give_password(role)
        self.page.wait_for_url("**/")

    def give_password(self, role: str) -> None:
        """Fill in the sign-in page that is shown."""
        self.page.get_by_label("Email").fill(f"{role}@demo.example")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()

    def go_away(self) -> None:
        """Leave the screen, so that nothing polls while the clock is moved."""
        self.at = self.page.url
        self.page.goto("about:blank")

    def come_back(self) -> None:
        """Open again the page that was left."""
        self.open(self.at)

    def come_back_and_sign_in(self, role: str) -> None:
        """Open again the page that was left: the sign-in has ended meanwhile, and leads back to it."""
        self.open(self.at)
        expect(self.page).to_have_url(re.compile("/sign-in"))
        self.give_password(role)
        expect(self.page).to_have_url(self.at)

    def press(self, name: str, within: Locator | None = None) -> None:
        """Press the button of this name."""
        (within or self.page).get_by_role("button", name=named(name)).click()

    def follow(self, name: str, within: Locator | None = None) -> None:
        """Follow the link of this name."""
        (within or self.page).get_by_role("link", name=named(name)).click()

    def choose(self, words: str, within: Locator | None = None) -> None:
        """Tap a choice by its words."""
        exactly = re.compile(rf"^\s*{re.escape(words)}\s*$")
        place = within or self.page
        labels = place.locator(".choice label").filter(has_text=exactly)
        labels.or_(place.locator(".grade").filter(has_text=exactly).locator("input")).click()

    def sees(self, words: str) -> None:
        """Wait until the page says this."""
        expect(self.page.locator("body")).to_contain_text(words)

    def look(self) -> None:
        """Hold the page against axe, its own console, and the width of its window."""
        self.page.wait_for_load_state()
        # A part that is still fading in has less contrast than it will have.
        self.page.emulate_media(reduced_motion="reduce")
        found = Axe().run(self.page, options=RULES)
        faults = [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found.response["violations"]]
        assert faults == [], f"{self.page.url}: {faults}"
        assert self.said == [], f"{self.page.url}: {self.said}"
        self.fits()

    def fits(self) -> None:
        """Hold the page against the width of its window."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        size = self.page.viewport_size
        assert wide <= 0, f"{self.page.url} scrolls sideways by {wide} px at {size}"


def named(words: str) -> re.Pattern[str]:
    """Match a whole name; before the part that only screen readers get, browsers may see a space."""
    return re.compile(rf"^\s*{re.escape(words).replace(':', ' ?:')}\s*$")


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(mail: EmailMessage, letter: str) -> str:
    """The patient's link in a mail: `a` for the appointment, `c` for the check-in."""
    found = re.search(rf"https?://\S+/{letter}/[\w-]+", text_of(mail))
    assert found is not None, text_of(mail)
    return found[0]
