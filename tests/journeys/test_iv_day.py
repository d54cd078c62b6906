"""An infusion on a tablet: vomiting in the middle of it, paused and treated, then finished, home with the ride."""

import re
from datetime import UTC, datetime

from playwright.sync_api import expect

from tests.journeys import places, the_drug
from tests.journeys.conftest import NewPerson
from tests.journeys.places import Site
from tests.journeys.treating import ASSESSED, AT_THE_DOOR, Chair

pytestmark = places.at("sqlite")

HALF_PAST_NINE = datetime(2026, 12, 1, 17, 30, tzinfo=UTC)


def test_an_infusion_is_paused_for_vomiting_treated_and_finished(site: Site, person: NewPerson) -> None:
    site.wait_until(HALF_PAST_NINE)
    nurse = person("nurse", width=1000)
    chair = Chair(site=site, nurse=nurse, name="Charlotte Meadows")
    chair.arrives()
    chair.is_asked("Sam Meadows", "503 555 0121")
    chair.is_measured("121/79")
    mg = chair.drug_is_drawn_and_counted("K4471", bag="100")
    the_drug.starts(nurse, mg)
    nurse.look()

    drug = chair.part("Drug")
    chair.minutes_pass(10)
    chair.vitals("134/86")
    chair.minutes_pass(6)
    nurse.press("Pause now", within=drug)
    expect(drug).to_contain_text("Paused. Nothing runs.")
    expect(drug.get_by_role("heading", name=re.compile("Why was the dose paused"))).to_be_visible()
    nurse.look()
    vomiting = chair.feels("Vomiting", 2)
    expect(vomiting).to_contain_text("Keeps them here")
    vomiting.get_by_role("link", name=re.compile("^Ondansetron")).click()
    nurse.sees("Given today")
    expect(nurse.page.get_by_label("Dose, as given")).to_have_value("4 mg IV")
    nurse.look()
    nurse.press("Given")
    expect(vomiting).to_contain_text("4 mg IV")
    nurse.choose("Side effect", within=drug)
    nurse.press("Save why", within=drug)
    nurse.press("Resume now", within=drug)
    expect(drug).not_to_contain_text("Nothing runs")
    nurse.look()

    chair.minutes_pass(10)
    chair.is_over("Vomiting")
    chair.vitals("128/82")
    chair.minutes_pass(20)
    nurse.press("Dose finished", within=chair.top)
    expect(chair.top).to_contain_text("Observing")
    nurse.look()
    expect(drug).to_contain_text(f"Drawn {mg} mg = given {mg} mg")
    expect(chair.line("Minimum time under observation")).to_contain_text("Missing")
    for _ in range(3):
        chair.minutes_pass(15)
        chair.vitals("124/80")
    expect(chair.leaving).to_contain_text("Minimum time reached. Assess now.")
    nurse.look()
    chair.answers(ASSESSED)
    chair.step("Ready to leave", "Ready")
    chair.answers({"ask-way_home": "Here, as arranged"} | AT_THE_DOOR)
    chair.step("Left with their ride", "Left")
    chair.note_is_read("Vomiting", "grade 2", "Ondansetron", "4 mg IV", "paused", "K4471", mg)
    chair.note_is_signed()
