"""A series in a browser: the preview of every date, one moved, one left out, saved at once, and changed together."""

import re

from playwright.sync_api import expect

from tests.journeys import places
from tests.journeys.conftest import NewPerson

pytestmark = places.at("sqlite")

WISH = "weekdays=1&weekdays=3&wall=10:00+am&start=1/5/2027&count=4"


def test_a_series_is_previewed_saved_at_once_and_changed_together(person: NewPerson) -> None:
    desk = person("desk")
    page = desk.page
    desk.open(f"/plans/8/series?{WISH}")
    dates = page.locator("#dates > li")
    expect(dates).to_have_count(4)
    expect(page.get_by_role("heading", name="4 dates, all as wished")).to_be_visible()
    desk.look()
    first = dates.first.locator("strong").inner_text()
    dates.first.get_by_text("Other times").click()
    other = dates.first.locator(".slot-chip").nth(1)
    other.locator("label").click()
    chosen = other.locator(".slot-chip-time").inner_text()
    dates.last.get_by_text("Leave out").click()
    page.get_by_role("button", name="Book all").click()
    page.wait_for_url("**/plans/8")
    expect(page.get_by_text("3 sessions booked.")).to_be_visible()
    moved = page.locator("tbody tr", has=page.get_by_role("rowheader", name=first))
    expect(moved).to_contain_text(chosen)
    moved.get_by_role("link", name=re.compile("Change")).click()
    page.get_by_label("Time").first.fill("2:00 pm")
    page.get_by_role("button", name="Show the dates").click()
    expect(dates).to_have_count(3)
    page.get_by_text("Patient asked").click()
    page.get_by_role("button", name="Save all").click()
    page.wait_for_url("**/plans/8")
    expect(page.get_by_text("3 sessions moved.")).to_be_visible()
    expect(page.locator("tbody").get_by_text("2:00 pm")).to_have_count(3)
