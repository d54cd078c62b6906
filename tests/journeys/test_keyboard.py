"""The day's work by keyboard alone, counted in actions: a key that leads on, or a field that is typed."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.journeys import places
from tests.journeys.conftest import NewPerson
from tests.journeys.people import Person
from tests.journeys.places import PASSWORD

pytestmark = places.at("sqlite")


@dataclass
class Hands:
    """Somebody without a mouse; walking with Tab is no action, pressing is one."""

    one: Person
    actions: int = 0

    def walk_to(self, name: str, role: str = "") -> None:
        """Press Tab until an element of this name has the focus."""
        for _ in range(150):
            if self._focused(name, role):
                return
            self.one.page.keyboard.press("Tab")
        pytest.fail(f"Tab never came to {name}")

    def _focused(self, name: str, role: str) -> bool:
        return bool(
            self.one.page.evaluate(
                """([name, role]) => {
                    const here = document.activeElement;
                    const labels = [...(here.labels ?? [])].map((label) => label.textContent);
                    const text = [here.ariaLabel, here.textContent, ...labels];
                    return here.matches(role || '*') && here !== document.body
                        && text.some((one) => one?.trim().startsWith(name));
                }""",
                [name, role],
            )
        )

    def press(self, key: str = "Enter") -> None:
        """Press a key that acts."""
        self.one.page.keyboard.press(key)
        self.actions += 1

    def type(self, words: str) -> None:
        """Type into the field that has the focus."""
        self.one.page.keyboard.type(words)
        self.actions += 1


def test_signing_in_by_keyboard(person: NewPerson) -> None:
    one = person()
    one.open("/sign-in")
    hands = Hands(one)
    hands.walk_to("Email", "input")
    hands.type("desk@demo.example")
    hands.walk_to("Password", "input")
    hands.type(PASSWORD)
    hands.press()
    one.page.wait_for_url("**/")
    assert hands.actions <= 3


def test_the_next_session_of_a_known_patient_is_booked_in_four_actions(person: NewPerson) -> None:
    one = person("desk")
    one.open("/patients?q=carvalho")
    one.page.get_by_role("link", name="Beatriz Carvalho").click()
    expect(one.page).to_have_url(re.compile(r"/patients/\d+$"))
    hands = Hands(one)
    hands.walk_to("Book next", "a")
    hands.press()
    expect(one.page).to_have_url(re.compile("/sessions/new"))
    hands.walk_to("Book", "main button")
    hands.press()
    expect(one.page).to_have_url(re.compile(r"/sessions/\d+$"))
    one.sees("Booked")
    assert hands.actions <= 4
    made = one.page.url
    one.page.go_back()
    one.sees("Booked already")
    one.page.get_by_role("link", name="Open the visit").click()
    expect(one.page).to_have_url(made)


def test_a_known_patient_is_booked_from_any_page_in_four_actions(person: NewPerson) -> None:
    one = person("desk")
    one.open("/schedule")
    hands = Hands(one)
    hands.press("n")
    expect(one.page.get_by_role("searchbox", name="Who is it for?")).to_be_focused()
    hands.type("carvalho")
    expect(one.page.locator("[data-hit]")).to_have_count(1)
    hands.walk_to("Beatriz Carvalho", "a")
    hands.press()
    expect(one.page).to_have_url(re.compile(r"/sessions/new.*patient=\d+"))
    hands.walk_to("Book", "main button")
    hands.press()
    expect(one.page).to_have_url(re.compile(r"/sessions/\d+$"))
    one.sees("Booked")
    assert hands.actions <= 4


def test_the_slash_key_finds_a_patient(person: NewPerson) -> None:
    one = person("desk")
    hands = Hands(one)
    hands.press("/")
    expect(one.page.get_by_role("searchbox", name="Find a patient")).to_be_focused()
    hands.type("rossi")
    hands.press()
    one.sees("Valentina Rossi")
    one.open("/")
    hands.press("n")
    expect(one.page).to_have_url(re.compile("/sessions/new"))
    expect(one.page.get_by_label("Who is it for?")).to_be_focused()
    hands.type("rossi")
    expect(one.page.locator("#results [data-hit]")).to_have_count(1)
    hands.press("ArrowDown")
    hands.press()
    expect(one.page).to_have_url(re.compile("patient="))


def test_a_scale_is_answered_by_the_keys_of_its_numbers(person: NewPerson) -> None:
    one = person("nurse")
    one.open("/patients?q=carvalho")
    one.page.get_by_role("link", name="Beatriz Carvalho").click()
    expect(one.page).to_have_url(re.compile(r"/patients/\d+$"))
    one.page.goto(f"{one.page.url}/scales/phq_9?language=en")
    one.page.locator("input[name=item_1]").first.focus()
    for answer in "210321000":
        one.page.keyboard.press(answer)
    expect(one.page.locator("input[name=item_10]").first).to_be_focused()
    chosen = [one.page.locator(f"input[name=item_{item}]:checked").input_value() for item in range(1, 10)]
    assert "".join(chosen) == "210321000"


def test_the_question_mark_shows_the_keys_and_escape_puts_them_away(person: NewPerson) -> None:
    one = person("nurse")
    keys = one.page.get_by_role("dialog", name="Keys")
    one.page.keyboard.press("?")
    expect(keys).to_be_visible()
    one.look()
    one.page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    one.page.keyboard.press("t")
    expect(one.page).to_have_url(re.compile("/$"))


def test_nausea_of_grade_1_now_takes_three_taps(person: NewPerson) -> None:
    nurse = person("nurse", width=1000)
    nurse.open("/board")
    nurse.page.locator(".chair-card:has-text('In treatment')").first.get_by_role("link").first.click()
    expect(nurse.page).to_have_url(re.compile(r"/sessions/\d+$"))
    taps = 0
    for target in (
        nurse.page.get_by_role("link", name="Side effect"),
        nurse.page.get_by_role("dialog").locator("label", has_text=re.compile("^Nausea$")),
        nurse.page.get_by_role("dialog").get_by_role("button", name=re.compile("^1 ")),
    ):
        target.first.tap()
        taps += 1
    expect(nurse.page.get_by_role("region", name="Side effects")).to_contain_text("Nausea, grade 1")
    assert taps <= 3
