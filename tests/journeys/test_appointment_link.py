"""A patient looks after their own visit from the link in a mail, on a phone."""

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator, expect

from clinic_sessions.translations import text
from tests.journeys import places
from tests.journeys.conftest import NewPerson
from tests.journeys.people import Person, link_in
from tests.journeys.places import Site

pytestmark = places.at("sqlite")

THURSDAY = "/schedule?date=2026-12-03"


@dataclass
class Visit:
    """A visit that the front desk has just booked, and the phone of its patient."""

    site: Site
    person: NewPerson
    language: str = "en"
    name: str = ""
    desk: Person = field(init=False, repr=False)
    phone: Person = field(init=False, repr=False)

    def said(self, key: str) -> str:
        return text(self.language, f"pages.{key}", phone="|").split("|")[0]

    def is_booked_for(self, name: str, language: str = "en") -> None:
        self.name, self.language = name, language
        self.desk = self.person("desk")
        self.desk.open(f"/patients?q={name}")
        self.desk.follow(name)
        self.address = self.desk.page.get_by_text("@example.").first.inner_text()
        self.desk.follow("Book next")
        self.desk.page.locator("label", has_text="Thu Dec 3").first.click()
        self.desk.press("Book")
        self.desk.sees("Booked")

    def patient_opens_the_link(self) -> None:
        mail = self.site.mail.wait_for(lambda m: str(m["To"]) == self.address)
        self.phone = self.person(width=390)
        self.phone.open(link_in(mail, "a"))
        self.phone.look()

    def patient_reads(self, *words: str) -> None:
        for one in words:
            self.phone.sees(one)

    def patient_confirms(self) -> None:
        self.phone.press(self.said("appointment.confirm"))
        self.phone.sees(self.said("appointment.confirmed"))
        self.phone.look()

    def patient_cancels(self) -> None:
        self.phone.follow(self.said("appointment.cancel"))
        self.phone.sees(self.said("appointment.cancel_title"))
        self.phone.look()
        self.phone.press(self.said("appointment.cancel_button"))
        self.phone.sees(self.said("appointment.cancelled"))
        self.phone.look()

    def patient_asks_for_another_time(self) -> None:
        self.phone.follow(self.said("appointment.ask_to_move"))
        self.phone.look()
        self.phone.press(self.said("appointment.move_button"))
        self.phone.sees(self.said("appointment.moving"))
        self.phone.look()

    def on_the_schedule(self) -> Locator:
        self.desk.open(THURSDAY)
        return self.desk.page.locator(".slot-card", has_text=self.name)

    def among_the_cancelled(self) -> Locator:
        self.desk.open(THURSDAY)
        return self.desk.page.get_by_role("region", name="Cancelled").get_by_role("listitem").filter(has_text=self.name)


@pytest.fixture
def visit(site: Site, person: NewPerson) -> Visit:
    """The story, from its first page."""
    return Visit(site=site, person=person)


def test_a_patient_confirms_by_link_and_the_schedule_says_so(visit: Visit) -> None:
    visit.is_booked_for("Valentina Rossi")
    expect(visit.on_the_schedule()).to_contain_text("Booked")
    visit.patient_opens_the_link()
    visit.patient_reads("December 3", "Harbor Street Clinic", "12 Harbor Street", visit.said("appointment.prepare"))
    visit.patient_confirms()
    expect(visit.on_the_schedule()).to_contain_text("Confirmed")


def test_a_patient_cancels_by_link_and_the_front_desk_sees_it(visit: Visit) -> None:
    visit.is_booked_for("Pilar Ocampo", language="es")
    visit.patient_opens_the_link()
    visit.patient_reads("3 de diciembre", visit.said("appointment.prepare"))
    visit.patient_cancels()
    expect(visit.among_the_cancelled()).to_contain_text("Cancelled")
    expect(visit.on_the_schedule()).to_have_count(0)


def test_a_patient_asks_for_another_time_and_the_front_desk_is_told(visit: Visit) -> None:
    visit.is_booked_for("Bartholomew Finch")
    visit.patient_opens_the_link()
    visit.patient_asks_for_another_time()
    expect(visit.on_the_schedule()).to_contain_text("Booked")
    visit.desk.open("/")
    visit.desk.page.get_by_role("link", name="another time").click()
    visit.desk.sees("Bartholomew Finch")
    visit.desk.look()
