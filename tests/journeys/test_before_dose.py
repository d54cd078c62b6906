"""Before the dose on a phone, with one hand: from arrived to nothing against it, and a pressure that must come down."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys import places
from tests.journeys.asking import before, every_question_is_a_tap, reads
from tests.journeys.conftest import NewPerson
from tests.journeys.people import Person
from tests.journeys.places import Site

pytestmark = [places.at("sqlite"), pytest.mark.long]


@pytest.fixture
def nurse(person: NewPerson) -> Person:
    """A nurse with a phone in one hand."""
    return person("nurse", width=390)


def somebody_comes(nurse: Person, place: int) -> None:
    """Check in one of those who are still to come for a treatment, and go to their page."""
    coming = nurse.page.get_by_role("region", name=re.compile("^Still to come")).get_by_role("listitem")
    treated = coming.filter(has=nurse.page.locator(".route")).nth(place)
    session = treated.get_by_role("link").first.get_attribute("href")
    assert session is not None
    treated.get_by_role("button").click()
    nurse.open(session)
    expect(before(nurse)).to_be_visible()


def test_a_tap_a_question_and_one_reading_leave_only_the_drug_to_be_drawn(nurse: Person) -> None:
    somebody_comes(nurse, 0)
    nurse.look()
    assert every_question_is_a_tap(nurse) <= 9
    nurse.look()
    reads(nurse, "118/76")
    nurse.look()
    expect(before(nurse)).not_to_contain_text("Nobody has asked")
    expect(before(nurse).get_by_text(re.compile("answers with nothing against the dose"))).to_be_visible()
    expect(before(nurse).get_by_role("list", name="What stands against the dose")).to_have_count(0)


def test_a_pressure_too_high_is_taken_again_with_cuff_and_arm_and_both_stay_in_view(nurse: Person, site: Site) -> None:
    somebody_comes(nurse, 0)
    every_question_is_a_tap(nurse)
    reads(nurse, "168/102")
    expect(before(nurse)).to_contain_text("Out of range: take it again")
    expect(before(nurse).get_by_role("link", name="ask a provider")).to_be_visible()
    nurse.look()
    nurse.go_away()
    site.wait(minutes=6)
    nurse.come_back()
    form = before(nurse).locator("form", has=nurse.page.get_by_label("Systolic"))
    form.get_by_label("Systolic").fill("132/84")
    nurse.press("Save reading")
    nurse.sees("Choose the cuff")
    nurse.look()
    nurse.choose("Large")
    nurse.choose("Left arm")
    nurse.press("Save reading")
    nurse.sees("Reading saved")
    expect(before(nurse)).to_contain_text("168/102")
    expect(before(nurse)).to_contain_text("132/84")
    expect(before(nurse)).not_to_contain_text("Out of range: take it again")
    nurse.look()
