"""What a nurse asks and reads before a dose, tap by tap."""

import re

from playwright.sync_api import Locator

from tests.journeys.people import Person

TAPS = {
    "ask-identity": "They said their full name and birth date",
    "ask-food": "Nothing for",
    "ask-drink": "Nothing for",
    "ask-nasal_spray": "None for",
    "ask-ride": "Named adult",
    "ask-pregnancy": "Not pregnant",
    "ask-medicines": "No",
    "ask-risk": "No",
}
"""The one tap that answers each question when nothing speaks against the dose."""


def before(nurse: Person) -> Locator:
    """The part of the page before the dose."""
    return nurse.page.get_by_role("region", name="Before the dose")


def every_question_is_a_tap(nurse: Person) -> int:
    """Answer every open question as most patients do; gives how many taps it took."""
    taps = 0
    for part, words in TAPS.items():
        asked = nurse.page.locator(f"#{part}")
        if asked.count():
            asked.locator("label", has_text=re.compile(f"^\\s*{words}")).first.click()
            taps += 1
    _says_who_comes(nurse)
    nurse.press("Save answers")
    nurse.sees("Answers saved")
    return taps + 1


def _says_who_comes(nurse: Person) -> None:
    """Give name and phone of the adult who takes the patient home, where nobody has yet."""
    ride = nurse.page.locator("#ask-ride")
    name = ride.get_by_role("textbox", name="Who takes them home")
    if name.count() and not name.input_value():
        name.fill("Jo Ruiz")
        ride.get_by_role("textbox", name="Phone").fill("310 555 0142")


def reads(nurse: Person, pressure: str) -> None:
    """Take the first reading."""
    form = before(nurse).locator("form", has=nurse.page.get_by_label("Systolic"))
    form.get_by_label("Systolic").fill(pressure)
    form.get_by_label("Heart rate").fill("72")
    form.get_by_label("Oxygen").fill("98")
    nurse.press("Save reading")
    nurse.sees("Reading saved")
