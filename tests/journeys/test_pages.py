"""Every page of every role at three widths, light and dim: accessible, quiet in the console, as wide as its window."""

import pytest
from playwright.sync_api import Page

from tests.journeys import places
from tests.journeys.conftest import NewPerson
from tests.journeys.people import Person

pytestmark = places.at("sqlite")

CARE = ["/", "/schedule", "/schedule?date=2026-12-02", "/patients", "/patients?q=lopez", "/messages", "/mailbox"]
BOOKS = ["/sessions/new", "/sessions/new?patient=1"]
CLINICAL = [
    "/board",
    "/alerts",
    "/patients/1/clinical",
    "/patients/1/weights",
    "/patients/1/conditions",
    "/patients/5/medicines",
    "/patients/22",
    "/patients/22/outcomes",
    "/patients/11/outcomes?plan=all",
]
DAY = ["/asks", "/drug-log", "/drug-log/lots?lot=K4471", "/patients/22/timeline"]
PLANS = [
    "/plans/2",
    "/plans/2/pattern",
    "/plans/2/series",
    "/plans/2/pause",
    "/plans/2/review",
    "/plans/2/end",
    "/plans/2/authorisations",
    "/patients/27/checks",
]
PAGES = {
    "desk": [
        *CARE,
        "/schedule?view=week",
        *BOOKS,
        "/patients/new",
        "/patients/1/contact",
        "/waiting/unconfirmed",
        "/waitlist",
        "/waitlist/new?patient=1",
        "/patients/1/intake",
    ],
    "nurse": [*CARE, *BOOKS, *CLINICAL, "/patients/1/contact", "/feeds"],
    "provider": [*CARE, *CLINICAL, *DAY, *PLANS, "/patients/31/plans/new"],
    "owner": [*CARE, *BOOKS, "/settings", "/settings/people", "/settings/sites/1/hours", "/settings/sites/2/closures"],
    "auditor": ["/", "/messages", "/mailbox"],
}
LINKS = {
    "desk": [
        "/schedule main a.slot-card",
        "/messages main tbody a[href^='/messages/']",
        "/patients?q=featherstone main a",
    ],
    "nurse": [
        "/board main .chair-name a",
        "/alerts main h3 a",
        "/patients?q=lopez main tbody a",
        "/schedule?date=2026-11-30 main a.slot-card",
    ],
    "provider": ["/board main .chair-name a", "/plans/2 main tbody a.button-small"],
    "owner": [],
    "auditor": ["/messages main tbody a[href^='/messages/']"],
}
"""Pages whose address is known only from another page: where its first link of a kind leads."""

WIDTHS = (390, 1000, 1400)


THOROUGH = {"desk", "nurse"}
"""Whose pages are looked at on a dim phone too; the other roles see the same templates."""


def look_at_every_width(one: Person, *, thorough: bool = True) -> None:
    one.page.emulate_media(color_scheme="light")
    for width in WIDTHS:
        one.page.set_viewport_size({"width": width, "height": 900})
        one.fits()
    one.look()
    if not thorough:
        return
    one.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    one.page.emulate_media(color_scheme="dark")
    one.look()


def where_leads(page: Page, selector: str) -> str:
    found = page.locator(selector).first.get_attribute("href")
    assert found is not None
    return found


@pytest.mark.parametrize("role", PAGES)
def test_every_page_of_a_role_can_be_read_by_all_and_fits(person: NewPerson, role: str) -> None:
    one = person(role)
    faults = []
    paths = list(PAGES[role])
    for link in LINKS[role]:
        start, _, selector = link.partition(" ")
        one.open(start)
        paths.append(where_leads(one.page, selector))
    for path in paths:
        answer = one.page.goto(one.site.url + path)
        assert answer is not None
        assert answer.status == 200, path
        try:
            look_at_every_width(one, thorough=role in THOROUGH)
        except AssertionError as fault:
            faults.append(f"{path}: {fault}")
            one.said.clear()
    assert faults == []


def test_the_way_in_can_be_read_by_all_and_fits(person: NewPerson) -> None:
    one = person()
    one.open("/sign-in")
    look_at_every_width(one)
