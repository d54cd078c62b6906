"""An infusion on a tablet, with vomiting in the middle of it; and nausea noted in three taps, or by keyboard."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys import places, the_drug
from tests.journeys.conftest import NewPerson
from tests.journeys.people import Person
from tests.journeys.places import Site
from tests.journeys.treating import ASSESSED, AT_THE_DOOR, Chair

pytestmark = places.at("sqlite")

MOST_TAPS = 3
HALF_PAST_NINE = datetime(2026, 12, 1, 17, 30, tzinfo=UTC)


def test_an_infusion_is_paused_for_vomiting_treated_and_finished(site: Site, person: NewPerson) -> None:
    site.wait_until(HALF_PAST_NINE)
    nurse = person("nurse", width=1000)
    chair = Chair(site=site, nurse=nurse, name="Charlotte Meadows")
    chair.arrives()
    chair.is_asked("Sam Meadows", "503 555 0121")
    chair.is_measured("121/79")
    mg = chair.drug_is_drawn_and_counted("K4471", bag="100")
    the_drug.starts(nurse, mg)
    nurse.look()

    drug = chair.part("Drug")
    chair.minutes_pass(10)
    chair.vitals("134/86")
    chair.minutes_pass(6)
    nurse.press("Pause now")
    expect(drug).to_contain_text("Paused. Nothing runs.")
    expect(drug.get_by_role("heading", name=re.compile("Why was the dose paused"))).to_be_visible()
    nurse.look()
    vomiting = chair.feels("Vomiting", 2)
    expect(vomiting).to_contain_text("Keeps them here")
    vomiting.get_by_role("link", name=re.compile("^Ondansetron")).click()
    nurse.sees("Given today")
    expect(nurse.page.get_by_label("Dose, as given")).to_have_value("4 mg IV")
    nurse.look()
    nurse.press("Given")
    expect(vomiting).to_contain_text("4 mg IV")
    nurse.choose("Side effect", within=drug)
    nurse.press("Save why", within=drug)
    nurse.press("Resume now")
    expect(drug).not_to_contain_text("Nothing runs")
    nurse.look()

    chair.minutes_pass(10)
    chair.is_over("Vomiting")
    chair.vitals("128/82")
    chair.minutes_pass(20)
    nurse.press("Dose finished", within=chair.top)
    expect(chair.top).to_contain_text("Observing")
    nurse.look()
    expect(drug).to_contain_text(f"Drawn {mg} mg = given {mg} mg")
    expect(chair.line("Minimum time under observation")).to_contain_text("Missing")
    for _ in range(3):
        chair.minutes_pass(15)
        chair.vitals("124/80")
    expect(chair.leaving).to_contain_text("Minimum time reached. Assess now.")
    nurse.look()
    chair.answers(ASSESSED)
    chair.step("Ready to leave", "Ready")
    chair.answers({"ask-way_home": "Here, as arranged"} | AT_THE_DOOR)
    chair.step("Left with their ride", "Left")
    chair.note_is_read(
        "Vomiting", "grade 2", "Ondansetron", "4 mg IV", "paused", "K4471", mg, "Sam Meadows, (503) 555-0121"
    )
    chair.note_is_signed()


def at_the_first_chair(nurse: Person) -> Locator:
    """Open the page of the infusion in the first chair; gives its mild nausea so far."""
    nurse.open("/board")
    nurse.page.get_by_role("article", name="Chair 1").get_by_role("link").first.click()
    expect(nurse.page).to_have_url(re.compile(r"/sessions/\d+"))
    effects = nurse.page.get_by_role("region", name="Side effects", exact=True)
    return effects.get_by_role("listitem").filter(has_text="Nausea, grade 1")


def test_nausea_grade_1_now_is_three_taps_on_a_phone_in_a_dim_room(person: NewPerson) -> None:
    nurse = person("nurse", width=390, color_scheme="dark")
    noted = at_the_first_chair(nurse)
    before = noted.count()
    tile = nurse.page.get_by_role("dialog")
    taps = (
        nurse.page.get_by_role("navigation", name="Record").get_by_role("link", name="Side effect"),
        tile.locator("label", has_text=re.compile(r"^\s*Nausea\s*$")),
        tile.get_by_role("button", name=re.compile("^1 ")),
    )
    assert len(taps) <= MOST_TAPS
    for target in taps:
        nurse.look()
        target.tap()
    expect(noted).to_have_count(before + 1)
    nurse.look()


def test_nausea_grade_1_now_is_noted_by_keyboard_alone(person: NewPerson) -> None:
    nurse = person("nurse", width=390, color_scheme="dark")
    noted = at_the_first_chair(nurse)
    before = noted.count()
    walk(nurse, "Tab", "Side effect")
    nurse.page.keyboard.press("Enter")
    expect(nurse.page.get_by_role("dialog")).to_be_visible()
    walk(nurse, "Tab", "Dissociation")
    walk(nurse, "ArrowRight", "Nausea")
    walk(nurse, "Tab", "1 ")
    nurse.page.keyboard.press("Enter")
    expect(noted).to_have_count(before + 1)


def walk(one: Person, key: str, name: str) -> None:
    """Press a key until what has the focus is called so."""
    for _ in range(120):
        one.page.keyboard.press(key)
        focused = one.page.locator(":focus")
        words = focused.evaluate("(here) => [...(here.labels ?? []), here].map((one) => one.textContent.trim())")
        if any(word.startswith(name) for word in words):
            return
    pytest.fail(f"{key} never came to {name}")
