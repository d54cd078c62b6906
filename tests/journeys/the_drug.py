"""What two people do with the drug before a dose: weigh for it, read its label, draw it, count what was drawn."""

import re

from playwright.sync_api import Locator, expect

from tests.journeys.people import Person
from tests.journeys.places import PASSWORD

OTHER = "provider@demo.example"
"""Who counts on the nurse's tablet."""


def weighs(nurse: Person, kg: str) -> None:
    """Weigh the patient where the order asks for it; a first weight is asked about in both units."""
    form = nurse.page.locator("#weigh form")
    if not form.count():
        return
    form.get_by_label("Weight").fill(kg)
    nurse.choose("kg", within=form)
    nurse.press("Save weight", within=form)
    sure = form.get_by_label(re.compile("^Yes"))
    expect(sure.or_(nurse.page.get_by_role("status").filter(has_text="Weight saved")).first).to_be_visible()
    if sure.count():
        sure.check()
        nurse.press("Save weight", within=form)
    expect(nurse.page.locator("#weigh")).to_have_count(0)


def reads_the_label(nurse: Person, lot: str) -> None:
    """Type the label of a vial of 500 mg in 10 mL."""
    nurse.follow("Enter the label")
    nurse.choose("Ketamine")
    for label, typed in (
        ("Strength", "50"),
        ("Volume of the vial", "10"),
        ("Total on the label", "500"),
        ("Lot", lot),
        ("Expires", "11/2027"),
    ):
        nurse.page.get_by_label(re.compile(f"^{label}")).fill(typed)
    nurse.press("Save the label")
    expect(drug(nurse)).to_contain_text(lot)


def draws(nurse: Person, bag: str = "") -> tuple[str, str]:
    """Draw what the order comes to, and enter what the syringe shows; gives mg and mL. `bag`: mL for the pump."""
    nurse.follow("Draw the dose")
    told = nurse.page.get_by_text(re.compile(r"mg at 50 mg/mL is")).inner_text()
    found = re.search(r"([\d.]+)\s*mg at .* is\s*([\d.]+)\s*mL", told)
    assert found, told
    mg, ml = found.groups()
    nurse.page.get_by_label(re.compile("^Dose drawn")).fill(mg)
    nurse.page.get_by_label(re.compile("^Volume drawn")).fill(ml)
    if bag:
        nurse.page.get_by_label(re.compile("^Made up to")).fill(bag)
    nurse.press("Save the draw")
    expect(drug(nurse)).to_contain_text(f"Drawn {mg} mg")
    return mg, ml


def another_counts(nurse: Person, ml: str) -> None:
    """Hand the tablet to a second person, who counts without seeing the first number and signs."""
    expect(drug(nurse)).not_to_contain_text(f"{ml} mL")
    nurse.follow("Count the volume")
    nurse.page.get_by_label(re.compile("^Strength on the vial")).fill("50")
    nurse.page.get_by_label(re.compile("^Volume in the syringe")).fill(ml)
    nurse.page.get_by_label("Who signs").select_option(OTHER)
    nurse.page.get_by_label("Their password").fill(PASSWORD)
    nurse.press("Save my count")
    expect(drug(nurse)).to_contain_text("Counted by a second person")


def drug(nurse: Person) -> Locator:
    """The part of the page about the drug."""
    return nurse.page.get_by_role("region", name="Drug", exact=True)


def starts(nurse: Person, mg: str) -> None:
    """Start what was drawn, the patient's name just said."""
    nurse.choose("The patient said their name and birth date")
    nurse.press(f"Start {mg} mg")
    nurse.sees("In treatment")
