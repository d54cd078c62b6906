"""The drug on the page of a session: its label, the draw, and the second person on the same tablet."""

import re

from playwright.sync_api import Locator, expect

from tests.journeys.people import Person
from tests.journeys.places import PASSWORD

SECOND = "Dr. Miriam Adler"


def drug(nurse: Person) -> Locator:
    """The part of the page about the drug."""
    return nurse.page.get_by_role("region", name="Drug", exact=True)


def reads_the_label(nurse: Person, strength: str = "50", volume: str = "10", total: str = "500") -> None:
    """Type what a vial of ketamine says."""
    nurse.choose("Ketamine")
    for label, typed in (("Strength", strength), ("Volume of the vial", volume), ("Total on the label", total)):
        nurse.page.get_by_label(label).fill(typed)
    nurse.page.get_by_label("Lot", exact=True).fill("KT2231A")
    nurse.page.get_by_label("Expires").fill("11/2027")
    nurse.press("Save the label")


def draws(nurse: Person, ml: str) -> None:
    """Enter the volume beside the ordered dose, which stands there."""
    expect(nurse.page.get_by_label("Dose drawn")).not_to_have_value("")
    nurse.page.get_by_label("Volume drawn").fill(ml)
    nurse.press("Save the draw")


def reckoned(nurse: Person) -> str:
    """The volume that the page has reckoned from order and label, in mL."""
    found = re.search(r" is ([0-9.]+) mL", nurse.page.locator("main").inner_text())
    assert found is not None
    return found[1]


def second_person_counts(nurse: Person, ml: str, strength: str = "50") -> None:
    """The second person reads vial and syringe, and signs on the nurse's tablet."""
    nurse.page.get_by_label("Strength on the vial").fill(strength)
    nurse.page.get_by_label("Volume in the syringe").fill(ml)
    signs(nurse)
    nurse.press("Save my count")


def signs(nurse: Person) -> None:
    """Choose the second person and type their password."""
    nurse.page.get_by_label("Who signs").select_option(label=SECOND)
    nurse.page.get_by_label("Their password").fill(PASSWORD)


def the_drug_is_ready(nurse: Person) -> None:
    """From no label to a counted dose, without a slip."""
    drug(nurse).get_by_role("link", name="Enter the label").click()
    reads_the_label(nurse)
    drug(nurse).get_by_role("link", name="Draw the dose").click()
    ml = reckoned(nurse)
    draws(nurse, ml)
    drug(nurse).get_by_role("link", name="Count the volume").click()
    second_person_counts(nurse, ml)
    expect(drug(nurse)).to_contain_text("Counted by a second person")
