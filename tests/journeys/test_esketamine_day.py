"""Three devices of two lots on a phone: both clocks, two hours to the minute, and a ride that does not come."""

import re
from datetime import timedelta

from playwright.sync_api import Locator, expect

from tests.journeys import places
from tests.journeys.asking import before
from tests.journeys.conftest import NewPerson
from tests.journeys.places import Site
from tests.journeys.treating import ASSESSED, AT_THE_DOOR, Chair

pytestmark = places.at("sqlite")

TWO_HOURS = timedelta(hours=2)


def label_is_typed(within: Locator, lot: str) -> None:
    """Type what a device of 28 mg says."""
    within.locator(".choice label", has_text=re.compile("^\\s*Esketamine")).click()
    for label, typed in (("Total on the label", "28"), ("Lot", lot), ("Expires", "3/2028")):
        within.get_by_label(re.compile(f"^{label}")).fill(typed)


def before_the_first_device(chair: Chair) -> None:
    nurse = chair.nurse
    chair.arrives()
    chair.is_asked("Carlos López", "503 555 0148")
    chair.is_measured("124/78")
    nurse.follow("Enter the label")
    nurse.look()
    label_is_typed(nurse.page.locator("main"), "E2201")
    nurse.press("Save the label")
    expect(chair.part("Drug")).to_contain_text("E2201")
    expect(before(nurse)).to_contain_text("Nothing stands against it.")
    nurse.choose("The patient said their name and birth date")
    nurse.press("Start the dose")
    expect(chair.top).to_contain_text("In treatment")
    nurse.look()


def devices_follow_five_minutes_apart(chair: Chair) -> None:
    nurse, drug = chair.nurse, chair.part("Drug")
    chair.minutes_pass(3)
    device_is_used(chair, 2, "E2202")
    nurse.sees("The next device is due in 2 min.")
    nurse.look()
    nurse.open(chair.session)
    chair.minutes_pass(2)
    device_is_used(chair, 2, "E2202")
    expect(drug).to_contain_text(re.compile(r"Device 2 at .*lot E2202"))
    chair.minutes_pass(5)
    device_is_used(chair, 3)
    expect(drug).to_contain_text(re.compile(r"Device 3 at .*lot E2202"))
    nurse.look()


def device_is_used(chair: Chair, number: int, lot: str = "") -> None:
    """Use the next device; without a lot its label says the same as the last one's."""
    nurse = chair.nurse
    nurse.follow(f"Device {number}", within=nurse.page.get_by_role("group", name="The dose that runs"))
    if lot:
        nurse.page.get_by_text("Another label").click()
        label_is_typed(nurse.page.locator("main"), lot)
    else:
        nurse.choose("Its label says the same as the last device's")
    nurse.press("Device used")


def test_devices_with_both_clocks_two_hours_and_no_ride(site: Site, person: NewPerson) -> None:
    nurse = person("nurse", width=390)
    chair = Chair(site=site, nurse=nurse, name="María López")
    before_the_first_device(chair)
    devices_follow_five_minutes_apart(chair)
    last = site.now()
    nurse.press("Dose finished", within=chair.top)
    expect(chair.top).to_contain_text("Observing")
    nurse.look()

    chair.until(last + timedelta(minutes=39))
    expect(chair.top).to_have_class(re.compile("is-due"))
    chair.until(last + timedelta(minutes=46))
    expect(chair.top).to_have_class(re.compile("is-overdue"))
    expect(chair.part("Due")).to_contain_text(re.compile(r"0:5[67] since the first, 0:4[67] since the last"))
    nurse.look()
    chair.vitals("146/88")
    expect(chair.top).not_to_have_class(re.compile("is-overdue"))

    chair.until(last + TWO_HOURS - timedelta(minutes=1))
    minimum = chair.line("Minimum time under observation")
    expect(minimum).to_contain_text("Missing")
    expect(minimum).to_contain_text("119 min since the last device")
    expect(minimum).to_contain_text("this one counts")
    chair.is_not_ready("The minimum observation time is not reached.")
    chair.until(last + TWO_HOURS)
    expect(chair.leaving).to_contain_text("Minimum time reached. Assess now.")
    chair.vitals("128/80")
    chair.answers(ASSESSED)
    chair.step("Ready to leave", "Ready")

    chair.minutes_pass(29)
    expect(chair.leaving.get_by_role("heading", name="Whom to call")).to_have_count(0)
    chair.minutes_pass(1)
    expect(chair.leaving).to_contain_text("They have waited long. Call about the way home.")
    nurse.look()
    called = chair.leaving.get_by_role("group", name="Called")
    called.locator("label", has_text="Carlos López").click()
    nurse.choose("Cannot come", within=chair.leaving)
    chair.leaving.get_by_label("In words").fill("His car broke down")
    nurse.press("Note the call", within=chair.leaving)
    expect(chair.leaving).to_contain_text("No way home yet")
    expect(chair.leaving).to_contain_text("His car broke down")
    nurse.look()
    chair.answers({"ask-way_home": "Transport service"} | AT_THE_DOOR)
    expect(chair.line("Way home")).to_contain_text("Transport service")
    chair.step("Left with their ride", "Left")
    chair.note_is_read("84 mg", "E2201", "E2202", "His car broke down", "Transport service")
    chair.note_asks("Whether there were side effects", "Asked at each check: none")
    chair.note_is_signed()
