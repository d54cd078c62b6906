"""One nurse, several chairs: what is due elsewhere shows on whatever page is open, and leads to where it is entered."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys import places
from tests.journeys.conftest import NewPerson
from tests.journeys.places import Site

pytestmark = [places.at("sqlite"), pytest.mark.long]

HALF_A_MINUTE = 30_000
"""Milliseconds."""


def test_what_is_overdue_shows_on_an_open_page_and_is_held_and_answered(site: Site, person: NewPerson) -> None:
    nurse = person("nurse", width=1000)
    nurse.open("/patients")
    site.wait(minutes=12)
    strip = nurse.page.get_by_role("region", name="Due in other chairs")
    expect(strip.locator(".is-overdue").first).to_be_visible(timeout=HALF_A_MINUTE)
    expect(strip.get_by_role("link").first).to_contain_text(re.compile(r"(Chair|Room) \d.*overdue", re.DOTALL))
    nurse.look()

    strip.locator(".is-overdue").first.click()
    expect(nurse.page).to_have_url(re.compile(r"/sessions/\d+$"))
    top = nurse.page.get_by_role("region", name="Now")
    expect(top).to_have_class(re.compile("is-overdue"))
    nurse.press("With the patient, 3 minutes")
    expect(top).to_have_class(re.compile("is-held"))
    expect(top).to_contain_text("With the patient until")
    expect(nurse.page.get_by_role("button", name="With the patient")).to_have_count(0)
    nurse.look()

    top.get_by_role("link", name=re.compile("^(Vitals|Still missing|Repeat)")).click()
    tile = nurse.page.get_by_role("dialog")
    tile.get_by_label("Systolic").fill("188.112")
    tile.get_by_label("Heart rate").fill("72")
    tile.get_by_label("Oxygen").fill("88")
    nurse.look()
    nurse.press("Save vitals", within=tile)
    nurse.sees("Urgent: oxygen 88, limit below 90.")
    nurse.sees("stays open for MOAA/S")
    expect(top).to_contain_text("repeat blood pressure and oxygen")
    urgent = nurse.page.get_by_role("region", name="Urgent").first
    expect(urgent.get_by_role("button", name="Pause now")).to_be_visible()
    nurse.look()

    nurse.open("/patients")
    expect(strip.locator(".is-urgent").first).to_contain_text("oxygen 88", timeout=HALF_A_MINUTE)
    nurse.open("/board")
    expect(nurse.page.locator(".chair-card").first).to_contain_text("oxygen 88")
    nurse.look()
