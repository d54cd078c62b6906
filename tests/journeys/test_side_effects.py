"""A side effect in three taps within five seconds, a drug under the order, and a serious one with its call."""

import re
import time

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys import places
from tests.journeys.conftest import NewPerson
from tests.journeys.people import Person
from tests.journeys.places import Site

pytestmark = places.at("sqlite")

SECONDS = 5
CHAIR = "Chair 2"
"""Where the demo's patient with nausea sits."""

WITHOUT = "Room 3"
"""Where the demo's patient without any side effect sits."""

MOST_FREQUENT = ("Dissociation", "Dizziness", "Nausea", "Sedation", "Vertigo", "Headache")


def at_the_chair(nurse: Person, chair: str = CHAIR) -> Locator:
    """Open the session of the patient in that chair, and give its side effects."""
    nurse.open("/board")
    nurse.page.locator(".chair-card").filter(has_text=chair).get_by_role("link").first.click()
    expect(nurse.page).to_have_url(re.compile(r"/sessions/\d+"))
    return nurse.page.get_by_role("region", name="Side effects")


def taps(nurse: Person) -> int:
    """Say how often the page was tapped since it was told to count."""
    return int(nurse.page.evaluate("Number(sessionStorage.getItem('taps'))"))


COUNT = (
    "sessionStorage.setItem('taps', 0);"
    "addEventListener('pointerdown', () =>"
    " sessionStorage.setItem('taps', Number(sessionStorage.getItem('taps')) + 1), true)"
)


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1000, "light")])
def test_headache_grade_1_now_is_three_taps_and_five_seconds(person: NewPerson, width: int, theme: str) -> None:
    nurse = person("nurse", width=width, color_scheme=theme)
    effects = at_the_chair(nurse)
    nurse.look()
    noted = effects.get_by_role("listitem").filter(has_text="Headache, grade 1")
    before = noted.count()
    nurse.page.evaluate(COUNT)
    begun = time.monotonic()
    nurse.page.get_by_role("navigation", name="Record").get_by_role("link", name="Side effect").click()
    tile = nurse.page.get_by_role("dialog")
    nurse.choose("Headache", within=tile)
    tile.get_by_role("button", name=re.compile("^1 ")).click()
    expect(noted).to_have_count(before + 1)
    assert time.monotonic() - begun < SECONDS
    assert taps(nurse) == 3


@pytest.mark.parametrize("chair", ["Chair 1", "Chair 4"], ids=["iv", "nasal"])
def test_vomiting_is_three_taps_with_every_grade_in_sight_on_a_phone(person: NewPerson, chair: str) -> None:
    nurse = person("nurse", width=390, color_scheme="dark")
    effects = at_the_chair(nurse, chair)
    noted = effects.get_by_role("listitem").filter(has_text="Vomiting, grade 2")
    before = noted.count()
    nurse.page.evaluate(COUNT)
    nurse.page.get_by_role("navigation", name="Record").get_by_role("link", name="Side effect").click()
    tile = nurse.page.get_by_role("dialog")
    for kind in (*MOST_FREQUENT, "Vomiting"):
        expect(tile.locator("label", has_text=re.compile(rf"^\s*{kind}\s*$"))).to_be_in_viewport(ratio=1)
    nurse.choose("Vomiting", within=tile)
    for grade in tile.get_by_role("button", name=re.compile(r"^\d ")).all():
        expect(grade).to_be_in_viewport(ratio=1)
    assert tile.evaluate("(here) => here.scrollTop") == 0
    nurse.look()
    tile.get_by_role("button", name=re.compile("^2 ")).click()
    expect(noted).to_have_count(before + 1)
    assert taps(nurse) == 3


def test_no_side_effects_is_one_tap_that_is_shown_with_its_time_and_told_in_the_note(person: NewPerson) -> None:
    nurse = person("nurse", width=390, color_scheme="dark")
    effects = at_the_chair(nurse, WITHOUT)
    nurse.page.evaluate(COUNT)
    nurse.press("No side effects so far", within=effects)
    expect(effects).to_contain_text(re.compile(r"None observed, asked at \d+:\d\d [ap]m by Rosa Delgado, RN"))
    assert taps(nurse) == 1
    nurse.look()
    nurse.page.goto(f"{nurse.page.url.partition('#')[0]}/note")
    expect(nurse.page.get_by_role("region", name="Side effects")).to_contain_text("None observed, asked at")


def test_nausea_is_treated_under_the_order_up_to_its_limit(person: NewPerson) -> None:
    nurse = person("nurse", width=390)
    effects = at_the_chair(nurse)
    expect(effects).to_contain_text("at most 8 mg a session")
    nausea = effects.get_by_role("listitem").filter(has_text="Nausea")
    nausea.get_by_role("link", name=re.compile("^Ondansetron")).click()
    nurse.sees("Given today")
    expect(nurse.page.get_by_label("Dose, as given")).to_have_value("4 mg IV")
    nurse.look()
    nurse.press("Given")
    expect(effects).to_contain_text("Limit reached")
    nausea.get_by_role("link", name=re.compile("^Action, grade")).click()
    nurse.look()
    nurse.press("Reassurance")
    expect(nausea).to_contain_text("Reassurance")
    nausea.get_by_role("link", name=re.compile("^Action, grade")).click()
    nurse.press("1 Mild")
    expect(nausea).to_contain_text("grade 1 (at its worst 2)")


def test_a_serious_one_reaches_the_provider_and_leaves_a_call_that_is_made_once(site: Site, person: NewPerson) -> None:
    nurse, provider = person("nurse", width=1000), person("provider")
    effects = at_the_chair(nurse)
    effects.get_by_role("link", name=re.compile("^(Action, grade|More)")).first.click()
    nurse.page.get_by_label("Serious because").select_option(label="Stay in hospital")
    nurse.press("Save")
    nurse.sees("A provider has been told, and a call is on the list.")
    expect(effects).to_contain_text("A call is owed by")
    nurse.look()

    provider.open("/")
    provider.page.get_by_role("link", name=re.compile("to call after a serious side effect")).click()
    provider.look()
    provider.page.get_by_role("link", name=re.compile("^Write what was done")).last.click()
    provider.look()
    provider.press("Take it off the list")
    provider.sees("Write what was done, such as whom you spoke with")
    provider.look()
    provider.page.get_by_label("What was done").fill("Spoke with the ward: stays one night, is well.")
    provider.press("Take it off the list")
    provider.sees("The call is off the list.")
    provider.look()
    nurse.page.reload()
    expect(effects).to_contain_text("Spoke with the ward: stays one night, is well.")
