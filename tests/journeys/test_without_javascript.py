"""The day's work in a browser that runs no JavaScript: every page works, the scripts only make it quicker."""

import re
from datetime import UTC, datetime

from playwright.sync_api import expect

from tests.journeys import places, the_drug
from tests.journeys.asking import every_question_is_a_tap, reads
from tests.journeys.conftest import NewPerson
from tests.journeys.people import Person
from tests.journeys.places import Site

pytestmark = places.at("sqlite")

PATIENT = "Valentina Rossi"


def finds_the_patient(desk: Person) -> None:
    desk.follow("Patients")
    desk.page.get_by_label("Name, birth date").fill("rossi")
    desk.press("Search")
    desk.follow(PATIENT)


def books_tomorrow(desk: Person) -> str:
    desk.follow("Book next")
    desk.page.locator("label", has_text="Wed Dec 2").first.click()
    desk.press("Book")
    expect(desk.page).to_have_url(re.compile(r"/sessions/\d+$"))
    return desk.page.url


def starts_the_dose(nurse: Person) -> None:
    every_question_is_a_tap(nurse)
    reads(nurse, "121/79")
    the_drug.weighs(nurse, "80")
    the_drug.reads_the_label(nurse, "K4471")
    mg, ml = the_drug.draws(nurse)
    the_drug.another_counts(nurse, ml)
    the_drug.starts(nurse, mg)


def records_vitals(nurse: Person) -> None:
    nurse.page.get_by_role("link", name=re.compile("^Vitals")).first.click()
    expect(nurse.page).to_have_url(re.compile("/vitals$"))
    nurse.page.get_by_label("Systolic").fill("118/76")
    nurse.page.get_by_label("Heart rate").fill("72")
    nurse.press("Save vitals")
    expect(nurse.page.locator(".vitals")).to_contain_text("118/76")


def logs_nausea(nurse: Person) -> None:
    nurse.page.get_by_role("link", name="Side effect").first.click()
    nurse.choose("Nausea")
    nurse.page.get_by_role("button", name=re.compile("^1 ")).click()
    expect(nurse.page.get_by_role("region", name="Side effects")).to_contain_text("Nausea, grade 1")


def test_booking_arriving_and_treating_without_javascript(site: Site, person: NewPerson) -> None:
    desk = person("desk", script=False)
    finds_the_patient(desk)
    session = books_tomorrow(desk)
    site.wait_until(datetime(2026, 12, 2, 15, 50, tzinfo=UTC))
    desk.sign_in("desk")
    desk.press(f"Here: {PATIENT}")
    desk.sees("Arrived")
    nurse = person("nurse", width=1000, script=False)
    nurse.open(session)
    starts_the_dose(nurse)
    records_vitals(nurse)
    logs_nausea(nurse)


def test_a_form_with_errors_keeps_what_was_typed_without_javascript(person: NewPerson) -> None:
    desk = person("desk", script=False)
    desk.open("/patients/new")
    desk.page.get_by_label("Name", exact=True).fill("Orla Byrne")
    desk.press("Register")
    expect(desk.page.locator(".error-summary")).to_contain_text("Please look at this again")
    expect(desk.page.get_by_label("Name", exact=True)).to_have_value("Orla Byrne")
