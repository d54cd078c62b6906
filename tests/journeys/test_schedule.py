"""Moving a session on the schedule: drawn by mouse, and the same by keyboard."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys import places
from tests.journeys.conftest import NewPerson
from tests.journeys.people import Person

pytestmark = places.at("sqlite")

TOMORROW = "/schedule?date=2026-12-02"


@pytest.fixture
def desk(person: NewPerson) -> Person:
    """Somebody of the front desk, who looks at tomorrow."""
    one = person("desk")
    one.open(TOMORROW)
    return one


def _cards(page: Page) -> tuple[Locator, Locator]:
    """Give a card that can be drawn, and one in another chair: where it is drawn to."""
    lanes = page.locator(".lane-body[data-chair]:has(.slot-card[data-version])")
    return lanes.nth(0).locator(".slot-card[data-version]").first, lanes.nth(1).locator(".slot-card").first


def _draw(page: Page, card: Locator, onto: Locator) -> None:
    card.scroll_into_view_if_needed()
    start = card.bounding_box()
    assert start is not None
    page.mouse.move(start["x"] + 40, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 60, start["y"] + 30, steps=3)
    end = onto.bounding_box()
    assert end is not None
    page.mouse.move(end["x"] + 40, end["y"] + 16, steps=3)


def test_a_drawn_session_is_refused_on_a_taken_place_then_moved_then_moved_back(desk: Person) -> None:
    page = desk.page
    card, other = _cards(page)
    name, was = card.locator(".slot-name").inner_text(), card.locator(".num").inner_text()
    _draw(page, card, other)
    page.mouse.up()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name=f"Move {name}")).to_be_visible()

    desk.press("Move", dialog)
    expect(dialog).to_contain_text("Choose at least one reason.")
    desk.choose("Patient asked", dialog)
    desk.press("Move", dialog)
    expect(dialog).to_contain_text("The chair is taken at that time.")
    expect(dialog.get_by_role("heading", name="The next free times")).to_be_visible()
    desk.look()

    dialog.locator(".slot-chip label").first.click()
    desk.press("Move", dialog)
    toast = page.locator(".toast")
    expect(toast).to_contain_text("Moved to")
    expect(dialog).not_to_be_visible()
    assert page.url.endswith(TOMORROW)
    desk.press("Undo", toast)
    expect(toast).to_contain_text("Moved back to")
    expect(page.locator(".slot", has_text=name).locator(".num")).to_have_text(was)
    desk.look()


def test_a_drag_lives_through_a_newer_picture_and_escape_puts_the_card_back(desk: Person) -> None:
    page = desk.page
    card, other = _cards(page)
    _draw(page, card, other)
    target = page.locator(".slot.is-target")
    expect(target).to_have_class(re.compile("is-taken"))
    with page.expect_response(re.compile("revision=older")):
        page.locator("#day-page").evaluate("node => { node.dataset.revision = 'older'; }")
    expect(target).to_be_visible()
    page.keyboard.press("Escape")
    expect(target).to_have_count(0)
    page.mouse.up()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#day-page")).not_to_have_attribute("data-revision", "older")
    assert page.url.endswith(TOMORROW)


def test_the_same_by_keyboard_through_its_link(desk: Person) -> None:
    page = desk.page
    page.keyboard.press("ArrowDown")
    for _ in range(20):
        if page.evaluate("document.activeElement.matches('.slot-card[data-version]')"):
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("Move\u2026")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/sessions/\d+/move$"))
    page.locator("input[name=slot]").first.focus()
    page.keyboard.press("Space")
    page.locator("input[name=reasons]").first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Move", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/sessions/\d+$"))
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    desk.sees("Moved back to")


def test_arrow_keys_lead_through_the_days_and_t_to_today(desk: Person) -> None:
    page = desk.page
    for key, day in (("ArrowRight", "2026-12-03"), ("ArrowLeft", "2026-12-02"), ("t", "2026-12-01")):
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(f"date={day}"))
        page.wait_for_load_state()


def test_a_free_stretch_is_booked_at_the_quarter_hour_under_the_pointer(desk: Person) -> None:
    page = desk.page
    cell = page.locator(".free-cell", has=page.locator(".free")).first
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 8 * 4)
    mark = page.locator(".free-mark")
    expect(mark).to_contain_text("Book")
    chosen = mark.inner_text().removeprefix("Book ")
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"/sessions/new\?.*time=\d\d%3A\d\d|/sessions/new\?.*time=\d\d:\d\d"))
    assert re.fullmatch(r"\d{1,2}:(00|15|30|45) [ap]m", chosen)


def test_the_week_prints_across_the_page_and_the_day_down_it(desk: Person) -> None:
    for path, box in ((f"{TOMORROW}&view=week", b"/MediaBox [0 0 792 612]"), (TOMORROW, b"/MediaBox [0 0 612 792]")):
        desk.open(path)
        sheet = desk.page.pdf(prefer_css_page_size=True)
        assert sheet.count(b"/MediaBox") == sheet.count(box) > 0
