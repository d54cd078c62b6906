"""The ride does not come: a nurse on a phone calls, hears that nobody can come, finds another way home, and lets go."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys import places
from tests.journeys.conftest import NewPerson
from tests.journeys.places import Site

pytestmark = [places.at("sqlite"), pytest.mark.long]


def test_the_ride_does_not_come_and_another_is_found(site: Site, person: NewPerson) -> None:
    nurse = person("nurse", width=390)
    nurse.open("/board")
    waiting = nurse.page.get_by_role("region", name="Ready, waiting for a ride")
    nurse.look()
    waiting.get_by_role("link").first.click()
    leaving = nurse.page.get_by_role("region", name="Ready, waiting for a ride")
    expect(leaving).to_contain_text("call about the way home")
    expect(leaving.get_by_role("heading", name="Whom to call")).to_have_count(0)
    expect(leaving.get_by_role("list", name="What leaving asks for")).not_to_contain_text("Missing")
    path = re.sub(r"^https?://[^/]+", "", nurse.page.url)

    site.wait(minutes=12)
    nurse.open(path)
    expect(leaving).to_contain_text("They have waited long. Call about the way home.")
    nurse.look()
    nurse.choose("Cannot come", within=leaving)
    leaving.get_by_role("group", name="Called").locator("label").first.click()
    leaving.get_by_label("In words").fill("Car broke down")
    nurse.press("Note the call", within=leaving)
    expect(leaving).to_contain_text("No way home yet")
    expect(leaving).to_contain_text("Car broke down")
    expect(nurse.page.get_by_role("link", name="1 thing missing")).to_be_visible()
    nurse.look()

    nurse.choose("Named adult", within=leaving)
    nurse.press("Save answers", within=leaving)
    nurse.sees("Enter the name of the person who takes them home.")
    nurse.sees("Enter the phone number at which this person is called.")
    nurse.look()
    nurse.page.get_by_label("Who takes them home").fill("Sam Lindqvist")
    nurse.page.get_by_role("textbox", name="Phone").fill("310 555 0142")
    nurse.press("Save answers")
    expect(leaving).to_contain_text("Named adult, Sam Lindqvist")

    nurse.follow("Instructions for the way home", within=leaving)
    nurse.sees("Going home")
    nurse.look()
    nurse.page.get_by_role("link", name="Spanish").click()
    nurse.sees("De regreso a casa")
    nurse.open(path)
    nurse.press("Left with their ride")
    expect(nurse.page.locator("#now-card")).to_contain_text("Left")
    nurse.look()
