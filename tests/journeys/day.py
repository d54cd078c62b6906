"""The steps of the main job from end to end: book, remind, treat, log, follow up."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage

from playwright.sync_api import Locator, expect

from clinic_sessions.translations import text
from tests.journeys import the_drug
from tests.journeys.asking import before, every_question_is_a_tap, reads
from tests.journeys.conftest import NewPerson
from tests.journeys.people import Person, link_in, text_of
from tests.journeys.places import Site

EVENING_BEFORE = datetime(2026, 12, 2, 2, 1, tzinfo=UTC)
"""A minute after six in the evening, in Los Angeles."""

REVEALING = re.compile(r"\b(k[eé]tamin[ea]|infusi[oó]n|depresi[oó]n|depression|mood|IV)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Someone:
    """A demo patient without a series, as the journey knows them."""

    name: str
    typed: str
    language: str
    script: bool


PATIENTS = {
    "sqlite": Someone(name="Valentina Rossi", typed="valentina ro", language="en", script=False),
    "postgresql": Someone(name="Pilar Ocampo", typed="ocamp", language="es", script=True),
}


@dataclass
class Day:
    """The story of one patient's session; each method is a step of somebody's."""

    site: Site
    person: NewPerson
    patient: Someone
    desk: Person = field(init=False, repr=False)
    nurse: Person = field(init=False, repr=False)
    phone: Person = field(init=False, repr=False)
    session: str = ""
    file: str = ""
    address: str = ""
    mg: str = ""

    def said(self, key: str) -> str:
        return text(self.patient.language, f"pages.{key}")

    def arrived_mail(self, subject: str) -> EmailMessage:
        start = text(self.patient.language, f"mail.{subject}.subject", date="|").split("|")[0]
        return self.site.mail.wait_for(lambda m: str(m["To"]) == self.address and str(m["Subject"]).startswith(start))

    # The day before

    def front_desk_finds_the_patient_as_they_type(self) -> None:
        self.desk = self.person("desk")
        self.desk.look()
        self.desk.follow("Patients")
        self.desk.page.get_by_label("Name, birth date").press_sequentially(self.patient.typed)
        results = self.desk.page.locator("#results")
        expect(results.locator("[data-hit]")).to_have_count(1)
        self.desk.look()
        self.desk.follow(self.patient.name, within=results)
        self.file = self.desk.page.url
        self.address = self.desk.page.get_by_text("@example.").first.inner_text()
        self.desk.look()

    def front_desk_books_tomorrow(self) -> None:
        self.desk.follow("Book next")
        self.desk.page.get_by_role("link", name="IV infusion, mood").click()
        expect(self.desk.page).to_have_url(re.compile("what="))
        self.desk.page.locator("label", has_text="Wed Dec 2").first.click()
        self.desk.look()
        self.desk.press("Book")
        expect(self.desk.page).to_have_url(re.compile(r"/sessions/\d+$"))
        self.session = self.desk.page.url
        self.desk.sees("Booked")
        self.desk.look()

    def confirmation_is_in_the_mailbox(self) -> None:
        mail = self.arrived_mail("confirmation")
        calendar = [part.get_content_type() for part in mail.walk()]
        assert "text/calendar" in calendar
        assert not REVEALING.search(text_of(mail) + str(mail["Subject"]))
        if self.site.engine == "sqlite":
            self.desk.open("/mailbox")
            self.desk.look()
            self.desk.page.get_by_role("row", name=self.address).get_by_role("link").first.click()
            self.desk.sees("BEGIN:VCALENDAR")
            self.desk.look()

    def reminder_is_in_the_list_with_its_due_time(self) -> None:
        self.desk.open("/messages")
        self.desk.look()
        row = self.message("Reminder, evening before")
        expect(row).to_contain_text("Tue Dec 1, 6:00 pm")
        expect(row).to_contain_text("Planned")
        self.desk.look()
        expect(self.message("Confirmation")).to_contain_text("Sent")
        self.desk.go_away()

    def message(self, kind: str) -> Locator:
        self.desk.page.get_by_label("Kind").select_option(kind)
        self.desk.press("Show")
        return self.desk.page.get_by_role("row").filter(has_text=self.patient.name)

    def reminder_goes_out_the_evening_before(self) -> None:
        self.site.wait_until(EVENING_BEFORE)
        mail = self.arrived_mail("reminder_evening")
        assert "/a/" in text_of(mail)

    # The day

    def morning_comes(self, at: datetime) -> None:
        self.site.wait_until(at)

    def front_desk_checks_the_patient_in(self) -> None:
        self.desk.at = f"{self.site.url}/"
        self.desk.open("/")
        expect(self.desk.page).to_have_url(re.compile("/sign-in"))
        self.desk.look()
        self.desk.sign_in("desk")
        self.desk.look()
        self.desk.press(f"Here: {self.patient.name}")
        self.desk.sees("Arrived")
        self.desk.go_away()

    def nurse_asks_and_reads_before_the_dose(self, width: int) -> None:
        self.nurse = self.person("nurse", width=width)
        self.nurse.open("/board")
        self.nurse.look()
        self.nurse.page.locator("article, .arrivals li", has_text=self.patient.name).get_by_role("link").first.click()
        expect(self.nurse.page).to_have_url(re.compile(re.escape(self.session)))
        self.nurse.look()
        every_question_is_a_tap(self.nurse)
        reads(self.nurse, "121/79")
        the_drug.weighs(self.nurse, "80")
        self.nurse.look()

    def dose_is_drawn_and_counted_by_two(self) -> None:
        the_drug.reads_the_label(self.nurse, "K4471")
        self.nurse.open(self.session)
        self.nurse.look()
        self.mg, ml = the_drug.draws(self.nurse)
        the_drug.another_counts(self.nurse, ml)
        self.nurse.open(self.session)
        self.nurse.look()

    def nurse_starts_the_dose(self) -> None:
        expect(before(self.nurse)).to_contain_text("Nothing stands against it.")
        the_drug.starts(self.nurse, self.mg)
        self.nurse.look()

    def nurse_records_vitals(self, pressure: str) -> None:
        tile = self.nurse.page.get_by_role("dialog")
        self.nurse.page.get_by_role("navigation", name="Record").get_by_role("link", name=re.compile("Vitals")).click()
        tile.get_by_label("Systolic").fill(pressure)
        tile.get_by_label("Heart rate").fill("72")
        tile.get_by_label("Oxygen").fill("98")
        self.nurse.press("Save vitals", within=tile)
        expect(self.nurse.page.locator(".vitals")).to_contain_text(pressure)

    def nurse_logs(self, effect: str, grade: str, began: str) -> None:
        self.nurse.page.get_by_role("navigation", name="Record").get_by_role("link", name="Side effect").click()
        tile = self.nurse.page.get_by_role("dialog")
        self.nurse.choose(effect, within=tile)
        if began != "Now":
            self.nurse.choose(began, within=tile)
        tile.get_by_role("button", name=re.compile(f"^{grade} ")).click()
        expect(self.effects).to_contain_text(f"{effect}, grade {grade}")

    @property
    def effects(self) -> Locator:
        return self.nurse.page.get_by_role("region", name="Side effects")

    def nurse_gives_something_for_nausea(self) -> None:
        self.nurse.page.get_by_role("navigation", name="Record").get_by_role("link", name="Intervention").click()
        tile = self.nurse.page.get_by_role("dialog")
        self.nurse.look()
        self.nurse.choose("Ondansetron", within=tile)
        tile.get_by_label("Dose, as given").fill("4 mg IV")
        tile.get_by_label("Because of").select_option(label=re.compile("Nausea").pattern)
        self.nurse.press("Save intervention", within=tile)
        self.nurse.sees("4 mg IV")

    def nurse_sees_it_over(self, effect: str) -> None:
        self.nurse.press(f"Over now: {effect}")
        expect(self.effects.get_by_role("listitem").filter(has_text=effect)).to_contain_text("over at")

    def time_passes_at_the_chair(self, minutes: int) -> None:
        self.nurse.go_away()
        self.site.wait(minutes=minutes)
        self.nurse.come_back()

    def dose_is_finished(self) -> None:
        self.nurse.press("Dose finished")
        self.nurse.sees("Observing")
        self.nurse.look()

    @property
    def leaving(self) -> Locator:
        return self.nurse.page.get_by_role("region", name="Before leaving")

    def leaving_is_not_offered_yet(self, *parts: str) -> None:
        expect(self.nurse.page.get_by_role("button", name="Ready to leave")).to_have_count(0)
        expect(self.nurse.page.get_by_role("link", name=re.compile(r"\d things missing"))).to_be_visible()
        for part in parts:
            missing = self.leaving.get_by_role("listitem").filter(has_text=re.compile(f"Missing:\\s*{part}"))
            expect(missing).to_be_visible()
        self.nurse.look()

    def the_minimum_is_reached(self) -> None:
        expect(self.leaving).to_contain_text("Minimum time reached. Assess now.")
        self.nurse.look()

    def nurse_assesses(self) -> None:
        for part, words in (
            ("ask-sedation", "Fully awake"),
            ("ask-dissociation", "Gone"),
            ("ask-breathing", "Normal"),
            ("ask-way_home", "Here, as arranged"),
            ("ask-instructions", "Given and understood"),
            ("ask-belongings", "Given back"),
        ):
            self.leaving.locator(f"#{part}").locator("label", has_text=words).first.click()
        self.nurse.press("Save answers", within=self.leaving)
        self.nurse.sees("Well enough to wait for the way home.")
        self.nurse.look()

    def patient_leaves(self) -> None:
        self.nurse.press("Ready to leave")
        self.nurse.sees("Left with their ride")
        self.nurse.press("Left with their ride")
        expect(self.nurse.page.locator("#now-card")).to_contain_text("Left")
        expect(self.nurse.page.get_by_role("button", name="Undo: Left with their ride")).to_be_visible()
        self.nurse.look()
        self.nurse.go_away()

    # The days after

    def check_in_goes_out_a_day_later(self) -> str:
        self.site.wait(hours=24, minutes=30)
        return link_in(self.arrived_mail("check_in_24h"), "c")

    def patient_opens_the_link_on_a_phone(self, link: str) -> None:
        self.phone = self.person(width=390, script=self.patient.script)
        self.phone.open(link)
        assert link.rsplit("/", 1)[1] not in self.phone.page.url
        self.look_at_the_phone()

    def look_at_the_phone(self) -> None:
        assert not REVEALING.search(self.phone.page.title())
        if self.patient.script:
            self.phone.look()

    def patient_answers(self, key: str, answer: str) -> None:
        expect(self.phone.page.get_by_role("heading", level=1)).to_have_text(self.said(key))
        self.phone.choose(answer)
        self.look_at_the_phone()
        self.phone.press(self.said("check_in.next"))

    def patient_sends_the_answers(self) -> None:
        expect(self.phone.page.get_by_role("heading", level=1)).to_have_text(self.said("check_in.send_title"))
        self.look_at_the_phone()
        self.phone.press(self.said("check_in.send"))
        expect(self.phone.page.get_by_role("heading", level=1)).to_have_text(self.said("check_in_end.title"))
        self.look_at_the_phone()

    def answers_stand_on_the_patients_page_for_the_nurse(self, mood: str) -> None:
        self.nurse = self.person("nurse")
        self.nurse.open(self.file)
        answers = self.nurse.page.get_by_role("region", name="Check-ins")
        expect(answers).to_contain_text("Check-in after 24 hours")
        expect(answers).to_contain_text(mood)
        self.nurse.look()

    def front_desk_does_not_see_them(self) -> None:
        self.desk = self.person("desk")
        self.desk.open(self.file)
        self.desk.sees("Past visits")
        expect(self.desk.page.get_by_text("Check-in after 24 hours")).to_have_count(0)
        self.desk.look()
