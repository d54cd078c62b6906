"""Questions before a visit on a phone, in Spanish, without JavaScript: from the mail to the clinician's list."""

from collections.abc import Callable

from playwright.sync_api import expect

from clinic_sessions.translations import text
from tests.journeys import places
from tests.journeys.conftest import NewPerson
from tests.journeys.people import Person, link_in
from tests.journeys.places import Site

pytestmark = places.at("sqlite")

PATIENT = "Joaquín Morales"
MOST = 60


def said(key: str) -> str:
    return text("es", f"pages.{key}")


def asks(desk: Person) -> None:
    desk.follow("Patients")
    desk.page.get_by_label("Name, birth date").fill("joaquin")
    desk.press("Search")
    desk.follow(PATIENT)
    desk.open(f"{desk.page.url}/intake")
    desk.choose("IV")
    desk.press("Send the questions")
    desk.sees("Not begun yet")
    desk.look()


def goes_through(phone: Person, at: Callable[[str], None]) -> None:
    for _ in range(MOST):
        heading = phone.page.get_by_role("heading", level=1).inner_text()
        if heading == said("check_in.send_title"):
            return
        at(heading)
    raise AssertionError("the questions do not end")


def test_a_patient_answers_on_a_phone_and_a_nurse_finds_what_they_wrote(site: Site, person: NewPerson) -> None:
    desk = person("desk")
    asks(desk)
    link = link_in(site.mail.wait_for(lambda m: str(m["Subject"]) == text("es", "mail.intake.subject")), "i")
    phone = person(width=390, script=False)
    phone.open(link)
    watched = person(width=390)
    watched.open(link)
    watched.look()
    seen: list[str] = []

    def answers(heading: str) -> None:
        seen.append(heading)
        if heading == said("intake.medicines"):
            phone.page.locator("textarea").fill("Lorazepam 1 mg\nlevotiroxina")
        elif phone.page.locator("textarea").count() == 0:
            phone.choose(said("intake.not_sure") if len(seen) == 1 else said("check_in.no"))
        if len(seen) == 2:
            phone.follow(said("frame.back"))
            expect(phone.page.get_by_role("radio", name=said("intake.not_sure"))).to_be_checked()
        phone.press(said("check_in.next"))

    goes_through(phone, answers)
    phone.sees("levotiroxina")
    watched.open(watched.page.url)
    watched.look()
    phone.press(said("check_in.send"))
    phone.sees(said("check_in_end.title"))
    watched.open(watched.page.url)
    watched.look()

    nurse = person("nurse")
    nurse.open(f"{desk.page.url.removesuffix('/intake')}/medicines")
    nurse.sees("not yet filed")
    nurse.sees("levotiroxina")
    nurse.look()
