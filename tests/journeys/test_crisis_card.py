"""The crisis card opens on the tap itself: without a network and without JavaScript."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.check_ins import CheckInKind
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.models import Clinic
from tests import by_link
from tests.conftest import Visitor

ORIGIN = "http://localhost"


@pytest.fixture(scope="module")
def browser_page(browser: Browser) -> Iterator[Page]:
    """A phone's browser in which JavaScript is off."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    yield context.new_page()
    context.close()


def show(page: Page, phone: Visitor, path: str) -> list[str]:
    """Load a page that `phone` may see, then cut the network; the list grows with every request after that."""
    asked: list[str] = []

    def give(route: Route) -> None:
        with phone.get(route.request.url.removeprefix(ORIGIN)) as answer:
            route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.data)

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    page.unroute_all()
    page.route("**/*", give)
    page.goto(ORIGIN + path)
    page.wait_for_load_state("networkidle")
    page.unroute_all()
    page.route("**/*", refuse)
    return asked


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    ("kind", "step", "value"),
    [(CheckInKind.AFTER_24H, "safety", "yes"), (CheckInKind.AFTER_7D, "phq9-9", "1")],
)
def test_a_tap_on_a_danger_answer_opens_the_card(
    browser_page: Page,
    app: Flask,
    db: Session,
    clinic: Clinic,
    now: datetime,
    language: Language,
    kind: CheckInKind,
    step: str,
    value: str,
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, kind, language=language)
    asked = show(browser_page, by_link.a_phone(app, db, check_in, now), f"/c/at/{step}")
    card = browser_page.locator(".crisis-on-answer")
    assert not card.is_visible()
    browser_page.locator(f"input[value='{value}'] + label").click()
    assert card.is_visible()
    assert card.locator("a[href='tel:988']").is_visible()
    assert asked == []


def test_i_need_help_now_opens_without_a_network(
    browser_page: Page, app: Flask, db: Session, clinic: Clinic, now: datetime
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H)
    asked = show(browser_page, by_link.a_phone(app, db, check_in, now), "/c")
    browser_page.locator(".help-now summary").click()
    assert browser_page.locator(".help-now a[href='tel:988']").is_visible()
    assert asked == []
