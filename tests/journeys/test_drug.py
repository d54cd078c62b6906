"""The drug on a phone: slips named, the volume read by two people, the dose started, stopped and accounted for."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys import places
from tests.journeys.asking import every_question_is_a_tap, reads
from tests.journeys.conftest import NewPerson
from tests.journeys.drawing import draws, drug, reads_the_label, reckoned, second_person_counts, signs
from tests.journeys.people import Person

pytestmark = [places.at("sqlite"), pytest.mark.long]


@pytest.fixture
def nurse(person: NewPerson) -> Person:
    """A nurse with a phone in one hand."""
    return person("nurse", width=390)


def somebody_comes_for_an_infusion(nurse: Person) -> None:
    coming = nurse.page.get_by_role("region", name=re.compile("^Still to come")).get_by_role("listitem")
    treated = coming.filter(has=nurse.page.locator(".route", has_text="IV")).first
    session = treated.get_by_role("link").first.get_attribute("href")
    assert session is not None
    treated.get_by_role("button").click()
    nurse.open(session)
    every_question_is_a_tap(nurse)
    reads(nurse, "118/76")


def test_the_slips_are_named_and_only_what_two_people_read_is_started(nurse: Person) -> None:
    somebody_comes_for_an_infusion(nurse)
    session = re.search(r"/sessions/\d+", nurse.page.url)
    assert session is not None
    drug(nurse).get_by_role("link", name="Enter the label").click()
    nurse.look()
    reads_the_label(nurse, strength="10", volume="10", total="1000")
    nurse.sees("off by ten")
    nurse.look()
    reads_the_label(nurse)
    drug(nurse).get_by_role("link", name="Draw the dose").click()
    nurse.look()
    ml, mg = reckoned(nurse), nurse.page.get_by_label("Dose drawn").input_value()
    draws(nurse, mg)
    nurse.sees("mg typed as mL")
    draws(nurse, ml)
    expect(drug(nurse)).to_contain_text("The volume is shown once a second person has counted it.")
    expect(nurse.page.locator("main")).not_to_contain_text(f"{ml} mL")
    drug(nurse).get_by_role("link", name="Count the volume").click()
    nurse.look()
    expect(nurse.page.locator("main")).not_to_contain_text(ml)
    second_person_counts(nurse, ml)
    expect(drug(nurse)).to_contain_text(f"{ml} mL")
    nurse.look()
    nurse.choose("The patient said their name and birth date")
    nurse.press(f"Start {mg} mg")
    nurse.sees("In treatment")
    nurse.page.get_by_role("button", name="Stop now").click()
    expect(drug(nurse)).to_contain_text("Why was the dose stopped")
    nurse.look()
    nurse.choose("Side effect", within=drug(nurse))
    drug(nurse).get_by_label("Given so far").fill("10")
    drug(nurse).get_by_role("button", name="Save why").click()
    expect(drug(nurse)).not_to_contain_text("Why was the dose stopped")
    drug(nurse).get_by_role("link", name="Enter what was wasted").click()
    nurse.page.get_by_label("Wasted").fill(f"{float(mg) - 10:.4g}")
    signs(nurse)
    nurse.look()
    nurse.press("Save what was wasted")
    expect(drug(nurse)).to_contain_text("Even")
    drug(nurse).get_by_role("link", name="Drug log of today").click()
    row = nurse.page.get_by_role("row").filter(has=nurse.page.locator(f'a[href="{session[0]}"]'))
    expect(row).to_contain_text("with Dr. Miriam Adler")
    nurse.look()
