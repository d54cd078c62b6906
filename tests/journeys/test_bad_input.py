"""Forms that come back: the summary has the focus, its links lead to the fields, and nothing typed is lost."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys import places
from tests.journeys.conftest import NewPerson
from tests.journeys.people import Person

pytestmark = places.at("sqlite")


@dataclass
class ReturnedForm:
    """A form that was sent with errors, as the page shows it again."""

    one: Person

    @property
    def summary(self) -> Locator:
        return self.one.page.locator(".error-summary")

    def has_the_focus_on_its_summary(self) -> None:
        expect(self.summary).to_be_focused()
        self.one.look()

    def leads_from_the_summary_to(self, label: str) -> None:
        field = self.one.page.get_by_label(label).and_(self.one.page.locator("main :visible"))
        link = self.summary.get_by_role("link").filter(has_text=re.compile(".")).first
        link.click()
        expect(field.first).to_be_focused()
        expect(field.first).to_have_attribute("aria-invalid", "true")

    def keeps(self, label: str, value: str) -> None:
        expect(self.one.page.locator("main").get_by_label(label, exact=True).first).to_have_value(value)


@pytest.fixture
def in_treatment(person: NewPerson) -> Person:
    """A nurse on the page of somebody whose dose runs."""
    nurse = person("nurse", width=1000)
    nurse.open("/board")
    nurse.page.locator(".chair-card:has-text('In treatment')").first.get_by_role("link").first.click()
    expect(nurse.page).to_have_url(re.compile(r"/sessions/\d+$"))
    return nurse


def test_a_patient_with_a_birth_date_that_cannot_be(person: NewPerson) -> None:
    desk = person("desk")
    desk.open("/patients/new")
    desk.page.get_by_label("Name", exact=True).fill("Orla Byrne")
    desk.page.get_by_label("Birth date").fill("31/31/1985")
    desk.page.get_by_label("Phone").fill("(213) 555-0199")
    desk.press("Register")
    form = ReturnedForm(desk)
    form.has_the_focus_on_its_summary()
    form.keeps("Name", "Orla Byrne")
    form.keeps("Birth date", "31/31/1985")
    form.leads_from_the_summary_to("Birth date")


def test_a_wrong_password_says_so_and_keeps_the_address(person: NewPerson) -> None:
    one = person()
    one.open("/sign-in")
    one.page.get_by_label("Email").fill("desk@demo.example")
    one.page.get_by_label("Password").fill("not the password")
    one.press("Sign in")
    form = ReturnedForm(one)
    form.has_the_focus_on_its_summary()
    form.keeps("Email", "desk@demo.example")


def test_a_booking_at_a_time_that_is_none(person: NewPerson) -> None:
    desk = person("desk")
    desk.open("/patients?q=rossi")
    desk.follow("Valentina Rossi")
    desk.follow("Book next")
    desk.page.get_by_text("Another time").click()
    desk.page.get_by_label("Date", exact=True).fill("12/02/2026")
    desk.page.get_by_label("Time", exact=True).fill("half past")
    desk.press("Book")
    form = ReturnedForm(desk)
    form.has_the_focus_on_its_summary()
    form.keeps("Time", "half past")
    form.keeps("Date", "12/02/2026")


def test_a_booking_when_the_clinic_is_closed_offers_the_next_free_times(person: NewPerson) -> None:
    desk = person("desk")
    desk.open("/patients?q=rossi")
    desk.follow("Valentina Rossi")
    desk.follow("Book next")
    desk.page.get_by_text("Another time").click()
    desk.page.get_by_label("Date", exact=True).fill("12/06/2026")
    desk.page.get_by_label("Time", exact=True).fill("10:00 am")
    desk.page.get_by_label("Chair", exact=True).select_option(label="Room 6")
    desk.press("Book")
    ReturnedForm(desk).has_the_focus_on_its_summary()
    desk.sees("The clinic is closed that day.")
    expect(desk.page.locator(".slot-chip")).to_have_count(3)


def test_a_blood_pressure_that_is_a_word(in_treatment: Person) -> None:
    nurse = in_treatment
    nurse.page.get_by_role("link", name=re.compile("^Vitals")).first.click()
    tile = nurse.page.get_by_role("dialog")
    tile.get_by_label("Systolic").fill("high")
    tile.get_by_label("Heart rate").fill("72")
    nurse.press("Save vitals", within=tile)
    form = ReturnedForm(nurse)
    form.has_the_focus_on_its_summary()
    form.keeps("Systolic", "high")
    form.keeps("Heart rate", "72")
    form.leads_from_the_summary_to("Systolic")


def test_a_side_effect_without_a_kind(in_treatment: Person) -> None:
    nurse = in_treatment
    nurse.page.get_by_role("link", name="Side effect").first.click()
    nurse.page.get_by_role("dialog").get_by_role("button", name=re.compile("^2 ")).click()
    form = ReturnedForm(nurse)
    form.has_the_focus_on_its_summary()
    form.summary.get_by_role("link").first.click()
    expect(nurse.page.get_by_role("radio", name="Dissociation")).to_be_focused()
