"""A treatment day at the chair, step by step: arriving, before the dose, under it, leaving, the signed note."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from playwright.sync_api import Locator, expect

from tests.journeys import the_drug
from tests.journeys.asking import before, every_question_is_a_tap, reads
from tests.journeys.people import Person
from tests.journeys.places import Site

BEFORE_IDLE = timedelta(minutes=14)
"""A sign-in still holds after so long without anybody at the screen."""

NURSE = "Rosa Delgado, RN"

ASSESSED = {"ask-sedation": "Fully awake", "ask-dissociation": "Gone", "ask-breathing": "Normal"}
AT_THE_DOOR = {"ask-instructions": "Given and understood", "ask-belongings": "Given back"}


@dataclass
class Chair:
    """One patient's visit on a nurse's screen; each method is a step of the nurse, or of somebody at her tablet."""

    site: Site
    nurse: Person
    name: str
    session: str = ""

    # Parts of the page

    def part(self, name: str) -> Locator:
        """A part of the session page."""
        return self.nurse.page.get_by_role("region", name=name, exact=True)

    @property
    def top(self) -> Locator:
        """What stands at the head of the session: status, what is due, the next step."""
        return self.part("Now")

    @property
    def leaving(self) -> Locator:
        """What leaving asks for, while it is observed and while a ride is waited for."""
        return self.nurse.page.locator("#leaving")

    def line(self, words: str) -> Locator:
        """One line of what leaving asks for."""
        asked = self.leaving.get_by_role("list", name="What leaving asks for")
        return asked.get_by_role("listitem").filter(has_text=re.compile(rf"(Done|Missing):\s*{words}"))

    # Time

    def minutes_pass(self, minutes: int) -> None:
        """Let time pass without anybody at the screen, then look again."""
        self.until(self.site.now() + timedelta(minutes=minutes))

    def until(self, moment: datetime) -> None:
        """Let time pass until a moment, looking in often enough to stay signed in."""
        while (left := moment - self.site.now()) > timedelta():
            self.nurse.go_away()
            self.site.wait_until(self.site.now() + min(left, BEFORE_IDLE))
            self.nurse.come_back()

    # Before the dose

    def arrives(self) -> None:
        """Check the patient in, and open their visit from the board."""
        self.nurse.open("/")
        self.nurse.press(f"Here: {self.name}")
        self.nurse.sees("Arrived")
        self.nurse.open("/board")
        self.nurse.page.get_by_role("link", name=self.name).first.click()
        expect(self.nurse.page).to_have_url(re.compile(r"/sessions/\d+"))
        self.session = self.nurse.page.url
        expect(before(self.nurse)).to_be_visible()
        self.nurse.look()

    def is_asked(self, escort: str, phone: str) -> None:
        """Ask each question that is still open; an adult takes the patient home."""
        ride = self.nurse.page.locator("#ask-ride")
        if ride.count():
            self.nurse.choose("Named adult", within=ride)
            ride.get_by_role("textbox", name="Who takes them home").fill(escort)
            ride.get_by_role("textbox", name="Phone").fill(phone)
        every_question_is_a_tap(self.nurse)

    def is_measured(self, pressure: str) -> None:
        """Take the first reading, and weigh where the order needs it."""
        reads(self.nurse, pressure)
        the_drug.weighs(self.nurse, "80")

    def drug_is_drawn_and_counted(self, lot: str, bag: str = "") -> str:
        """Read the vial, draw the dose, have it counted by somebody else; gives the dose in mg."""
        the_drug.reads_the_label(self.nurse, lot)
        mg, ml = the_drug.draws(self.nurse, bag)
        the_drug.another_counts(self.nurse, ml)
        self.nurse.look()
        return mg

    # Under the dose and after it

    def vitals(self, pressure: str) -> None:
        """Take what a check asks for while the dose acts."""
        tile = self.nurse.page.get_by_role("dialog")
        self.nurse.page.get_by_role("navigation", name="Record").get_by_role("link", name=re.compile("Vitals")).click()
        tile.get_by_label("Systolic").fill(pressure)
        tile.get_by_label("Heart rate").fill("76")
        tile.get_by_label("Oxygen").fill("97")
        self.nurse.choose("5, readily to the name", within=tile)
        self.nurse.press("Save vitals", within=tile)
        expect(self.nurse.page.locator(".vitals")).to_contain_text(pressure)

    def feels(self, effect: str, grade: int) -> Locator:
        """Note a side effect that began now; gives its line."""
        self.nurse.page.get_by_role("navigation", name="Record").get_by_role("link", name="Side effect").click()
        tile = self.nurse.page.get_by_role("dialog")
        if not tile.get_by_text(effect, exact=True).first.is_visible():
            tile.get_by_text("More side effects").click()
        self.nurse.choose(effect, within=tile)
        tile.get_by_role("button", name=re.compile(f"^{grade} ")).click()
        noted = self.part("Side effects").get_by_role("listitem").filter(has_text=effect)
        expect(noted).to_contain_text(f"grade {grade}")
        return noted

    def is_over(self, effect: str) -> None:
        """Note that a side effect has gone."""
        self.nurse.press(f"Over now: {effect}")
        noted = self.part("Side effects").get_by_role("listitem").filter(has_text=re.compile(rf"^\s*{effect}"))
        expect(noted).to_contain_text("over at")

    # Leaving

    def answers(self, taps: dict[str, str]) -> None:
        """Tap an answer to each of these questions before leaving, and save them."""
        for question, words in taps.items():
            self.leaving.locator(f"#{question} label", has_text=words).first.click()
        self.nurse.press("Save answers", within=self.leaving)

    def step(self, button: str, status: str) -> None:
        """Go on to the next step of the visit."""
        self.nurse.press(button, within=self.top)
        expect(self.top).to_contain_text(status)
        self.nurse.look()

    def is_not_ready(self, *reasons: str) -> None:
        """Try to call the patient ready all the same: it is refused, with its reasons."""
        expect(self.top.get_by_role("button", name="Ready to leave")).to_have_count(0)
        other = self.part("Other steps")
        other.get_by_text("Ready to leave, at another time").click()
        self.nurse.press("Ready to leave", within=other)
        refused = self.nurse.page.get_by_role("alert").filter(has_text="Not done yet, and why")
        expect(refused).to_be_focused()
        for reason in reasons:
            expect(refused).to_contain_text(reason)
        self.nurse.look()
        self.nurse.open(self.session)

    # The note

    def note_is_read(self, *told: str) -> None:
        """Open the note to be signed, which tells all this."""
        self.nurse.follow("Read and sign", within=self.part("Note"))
        for words in told:
            expect(self.nurse.page.locator("main")).to_contain_text(words)
        self.nurse.look()

    def note_asks(self, what: str, why: str) -> None:
        """Sign without what the note asks for: it is named; then say why it is not there."""
        self.nurse.press("Sign and lock")
        refused = self.nurse.page.get_by_role("alert").filter(has_text=what)
        expect(refused).to_be_focused()
        self.nurse.look()
        self.nurse.page.get_by_role("textbox", name=what).fill(why)

    def note_is_signed(self) -> None:
        """Sign as the nurse who cared for them; afterwards the note only takes addenda."""
        meaning = self.nurse.page.get_by_role("radio", name="I cared for this patient")
        if not meaning.is_checked():
            self.nurse.page.locator("label", has_text="I cared for this patient").click()
        self.nurse.press("Sign and lock")
        signed = self.part("Signed and locked")
        expect(signed).to_contain_text(f"{NURSE}, Tue, Dec 1, 2026")
        expect(signed).to_contain_text("I cared for this patient, and this note is a true record.")
        expect(self.nurse.page.get_by_role("button", name="Save words")).to_have_count(0)
        expect(self.nurse.page.get_by_role("textbox", name="Addendum")).to_be_visible()
        self.nurse.look()
        self.nurse.open(self.session)
        expect(self.part("Note")).to_contain_text(f"Signed by {NURSE}")
