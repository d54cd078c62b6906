"""An injection: 168/102 before the dose, still high after five minutes, and a provider who answers on her own page."""

from datetime import UTC, datetime

from playwright.sync_api import expect

from tests.journeys import places, the_drug
from tests.journeys.asking import before
from tests.journeys.conftest import NewPerson
from tests.journeys.people import Person
from tests.journeys.places import Site
from tests.journeys.treating import ASSESSED, AT_THE_DOOR, Chair

pytestmark = places.at("postgresql")

ONE_O_CLOCK = datetime(2026, 12, 1, 21, 0, tzinfo=UTC)
OUT_OF_RANGE = "A reading is out of range."
SOON_SEEN = 25_000
"""Milliseconds in which a page that lies open shows what a provider was asked, or has answered."""


def pressure_stays_high(chair: Chair) -> None:
    nurse = chair.nurse
    chair.is_measured("168/102")
    expect(before(nurse)).to_contain_text("Out of range: take it again")
    nurse.look()
    chair.minutes_pass(5)
    form = before(nurse).locator("#first-reading form")
    form.get_by_label("Systolic").fill("166/101")
    nurse.choose("Large", within=form)
    nurse.choose("Left arm", within=form)
    nurse.press("Save reading", within=form)
    nurse.sees("Reading saved")
    readings = before(nurse).get_by_role("list", name="Readings before the dose").get_by_role("listitem")
    expect(readings).to_have_count(2)
    expect(readings.last).to_contain_text("Large cuff, left arm")
    expect(before(nurse)).to_contain_text(OUT_OF_RANGE)
    nurse.look()


def provider_is_asked(chair: Chair) -> None:
    nurse = chair.nurse
    before(nurse).get_by_role("link", name="ask a provider").click()
    nurse.choose(OUT_OF_RANGE)
    nurse.page.get_by_label("In words").fill("Anxious, no complaints. May we go ahead?")
    nurse.look()
    nurse.press("Ask")
    nurse.sees("Waiting for a provider’s answer.")
    nurse.look()


def provider_goes_ahead(provider: Person, name: str) -> None:
    banner = provider.page.get_by_role("link", name="Look and answer")
    expect(banner).to_be_visible(timeout=SOON_SEEN)
    banner.click()
    provider.sees("Anxious, no complaints.")
    provider.look()
    provider.follow(name, within=provider.page.get_by_role("article"))
    readings = provider.page.get_by_role("region", name="Readings today")
    expect(readings).to_contain_text("168/102")
    expect(readings).to_contain_text("166/101")
    provider.look()
    provider.choose("Go ahead")
    provider.page.get_by_role("checkbox", name=OUT_OF_RANGE).check()
    provider.page.get_by_label("Why, and what is to be done").fill("Usual for them. Start, take it every 5 minutes.")
    provider.look()
    provider.press("Answer")


def test_a_pressure_that_stays_high_is_weighed_by_a_provider_before_the_injection(
    site: Site, person: NewPerson
) -> None:
    site.wait_until(ONE_O_CLOCK)
    provider = person("provider")
    nurse = person("nurse", width=1000)
    chair = Chair(site=site, nurse=nurse, name="Lucía Fernández")
    chair.arrives()
    chair.is_asked("Ana Fernández", "503 555 0177")
    pressure_stays_high(chair)
    provider_is_asked(chair)
    provider_goes_ahead(provider, chair.name)
    nurse.sees("Usual for them. Start, take it every 5 minutes.")
    nurse.look()

    mg = chair.drug_is_drawn_and_counted("K4471")
    expect(before(nurse)).to_contain_text("Nothing stands against it.")
    the_drug.starts(nurse, mg)
    nurse.look()
    chair.minutes_pass(5)
    chair.vitals("158/96")
    chair.feels("Dissociation", 1)
    expect(nurse.page.get_by_role("button", name="Stop now")).to_have_count(0)
    nurse.press("Dose given", within=chair.top)
    expect(chair.top).to_contain_text("Observing")
    for pressure in ("149/92", "138/86", "128/80"):
        chair.minutes_pass(28)
        chair.vitals(pressure)
    chair.is_over("Dissociation")
    chair.minutes_pass(2)
    expect(chair.leaving).to_contain_text("Minimum time reached. Assess now.")
    chair.answers(ASSESSED)
    chair.step("Ready to leave", "Ready")
    chair.answers({"ask-way_home": "Here, as arranged"} | AT_THE_DOOR)
    chair.step("Left with their ride", "Left")
    chair.note_is_read("168/102", "166/101", "Go ahead", "Dr. Miriam Adler", "Usual for them", "K4471", mg)
    chair.note_is_signed()
