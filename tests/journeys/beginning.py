"""The steps of a new patient: registered, screened, cleared, planned and ordered for, consenting, booked."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import expect

from tests.journeys.people import Person
from tests.journeys.refusing import REFUSED, are_refused, may_not_open, may_not_send, send

PROTOCOL, KEY = "IV infusion, mood", "iv-mood"
NO_EVALUATION = "No provider has cleared this patient for this treatment yet."
SLOT = "1@2026-12-03T18:00Z"


@dataclass
class Beginning:
    """The story of one new patient; each method is a step of somebody's."""

    name: str
    born: str
    phone: str
    desk: Person = field(repr=False)
    nurse: Person = field(repr=False)
    provider: Person = field(repr=False)
    file: str = ""
    plan: str = ""

    def nothing_named(self, words: str, *those: Person) -> None:
        """Hold the patient's page: it offers this to none of these people."""
        for one in those:
            one.open(self.file)
            one.sees("Past visits")
            expect(one.page.get_by_role("link", name=words)).to_have_count(0)

    # Registering and booking

    def desk_registers(self) -> None:
        desk = self.desk
        desk.follow("Patients")
        desk.page.get_by_role("link", name=re.compile("Register")).click()
        desk.page.get_by_label("Name").fill(self.name)
        desk.page.get_by_label("Birth date").fill(self.born)
        desk.page.get_by_label("Phone").fill(self.phone)
        desk.choose("English")
        desk.look()
        desk.press("Register")
        desk.page.wait_for_url(re.compile(r"/patients/\d+$"))
        self.file = desk.page.url
        desk.look()

    def booking_is_refused_and_leads_to_an_evaluation(self) -> None:
        desk = self.desk
        desk.follow("Book next")
        desk.page.get_by_role("link", name=PROTOCOL).click()
        self.evaluation_is_asked_for()
        what = desk.page.locator("input[name=what]").input_value()
        patient = self.file.rsplit("/", 1)[1]
        asked = {"patient": patient, "what": what, "slot": SLOT}
        status, page = send(desk, "/sessions/new", **asked)
        assert (status, NO_EVALUATION in page) == (REFUSED, True)

    def evaluation_is_asked_for(self) -> None:
        first = self.desk.page.get_by_role("region", name="Evaluation first")
        expect(first).to_contain_text(NO_EVALUATION)
        expect(first.get_by_role("link", name="Book an evaluation")).to_be_visible()
        expect(self.desk.page.get_by_role("button", name="Book")).to_have_count(0)
        self.desk.look()

    def desk_books_the_evaluation(self) -> None:
        desk = self.desk
        desk.follow("Book an evaluation")
        desk.look()
        desk.page.locator(".slot-chip label").first.click()
        desk.press("Book")
        desk.sees("Evaluation booked for")
        desk.sees("Provisional")
        desk.look()

    # Screening

    def nurse_screens(self) -> None:
        nurse = self.nurse
        nurse.open(self.file)
        nurse.look()
        nurse.follow("Screening")
        nurse.look()
        expect(nurse.page.get_by_role("link", name=re.compile("^Decide"))).to_have_count(0)
        nurse.follow("Screen for IV")
        nurse.page.get_by_label("Systolic").fill("118/76")
        nays = nurse.page.locator(".choice label").filter(has_text=re.compile(r"^\s*No\s*$"))
        for nay in nays.all()[1:]:
            nay.click()
        nurse.press("File")
        expect(nurse.page.locator(".error-summary")).to_be_focused()
        expect(nurse.page.locator(".error-summary a")).to_have_count(1)
        expect(nurse.page.get_by_label("Systolic")).to_have_value("118/76")
        nurse.look()
        nays.first.click()
        nurse.press("File")
        nurse.sees("Filed")

    def nurse_adds_weight_and_condition(self) -> None:
        nurse = self.nurse
        nurse.open(self.file)
        nurse.follow("Weights")
        nurse.page.get_by_label("Weight").fill("70")
        nurse.choose("kg")
        nurse.look()
        nurse.press("Save weight")
        nurse.sees("70.0 kg = 154.3 lb")
        nurse.page.get_by_label("Yes, this is right").check()
        nurse.press("Save weight")
        nurse.sees("Weight saved")
        nurse.open(self.file)
        nurse.follow("Change the list")
        nurse.page.get_by_label("Condition").select_option(index=1)
        nurse.look()
        nurse.press("Add")
        expect(nurse.page.get_by_role("region", name="Listed")).to_contain_text("F3")

    # Deciding, planning, ordering

    def provider_clears(self) -> None:
        provider = self.provider
        provider.open("/for-provider/answers")
        waiting = provider.page.get_by_role("row", name=self.name)
        expect(waiting).to_contain_text("Filed, no decision yet")
        waiting.get_by_role("link", name=re.compile("^Look")).click()
        row = provider.page.get_by_role("row", name=PROTOCOL)
        expect(row).to_contain_text("Nobody has decided yet.")
        row.get_by_role("link", name=re.compile("^Decide")).click()
        provider.sees("Every question was answered with no.")
        provider.look()
        provider.choose("Cleared")
        provider.press("Decide")
        provider.sees("Decided: cleared.")
        provider.look()

    def provider_starts_the_plan(self) -> None:
        provider = self.provider
        provider.page.get_by_role("link", name=re.compile("^Start a plan")).click()
        provider.page.get_by_label("What it treats").select_option(index=1)
        provider.look()
        provider.press("Start the plan")
        provider.page.wait_for_url(re.compile(r"/plans/\d+$"))
        self.plan = provider.page.url
        provider.look()

    def nurse_is_offered_a_spoken_order_only(self) -> None:
        nurse = self.nurse
        nurse.open(f"{self.file}/orders")
        nurse.sees("No active order. A session starts only under one.")
        nurse.look()
        nurse.follow("New spoken order")
        expect(nurse.page.get_by_role("button", name="Sign the order")).to_have_count(0)
        nurse.press("Write the order")
        nurse.sees("Read the order back to the provider, then tick this.")
        nurse.look()

    def provider_orders(self) -> None:
        provider = self.provider
        provider.open(self.plan)
        provider.follow("Write the order")
        provider.look()
        provider.press("Sign the order")
        provider.sees("Order written and signed.")
        provider.look()

    def only_a_provider_ends_or_signs_the_order(self) -> None:
        link = self.provider.page.get_by_role("link", name=re.compile("^Change"))
        order = str(link.get_attribute("href")).removesuffix("/change")
        self.nurse.open(f"{self.file}/orders")
        expect(self.nurse.page.get_by_role("link", name=re.compile("^End"))).to_have_count(0)
        are_refused(f"{order}/end", self.desk, self.nurse)
        may_not_send(f"{order}/sign", self.desk, self.nurse)

    # Consent

    def nurse_hands_over_the_tablet(self) -> None:
        nurse = self.nurse
        nurse.open(self.file)
        nurse.follow("Consents")
        nurse.look()
        nurse.page.get_by_role("link", name=re.compile("^Record a consent")).click()
        nurse.look()
        nurse.press("Show it to the patient")
        nurse.sees("Your full name")
        nurse.look()

    def patient_signs(self) -> None:
        nurse = self.nurse
        nurse.page.get_by_label("full name").fill(self.name)
        nurse.press("Sign")
        nurse.page.wait_for_url("**/consent/end")
        nurse.look()

    def who_holds_the_tablet_opens_no_file(self) -> None:
        nurse = self.nurse
        nurse.page.go_back()
        nurse.page.go_back()
        expect(nurse.page.get_by_text(self.name)).to_have_count(0)
        nurse.open(self.file)
        expect(nurse.page).to_have_url(re.compile("/sign-in"))
        nurse.open("/consent/end")
        nurse.follow("For staff: sign in")
        nurse.give_password("nurse")
        nurse.sees("On file")
        nurse.look()

    def desk_records_no_consent(self) -> None:
        self.desk.open(self.file)
        self.desk.follow("Consents")
        self.desk.sees("No consent on file. A nurse or a provider records it.")
        expect(self.desk.page.get_by_role("link", name="Record a consent")).to_have_count(0)
        self.desk.look()
        may_not_open(f"{self.file}/consents/new", self.desk)
        for form in ("sign", "paper", "not"):
            may_not_send(f"{self.file}/consents/{form}", self.desk)

    # The series

    def desk_books_the_series(self) -> None:
        desk = self.desk
        desk.open(self.file)
        desk.look()
        desk.follow("Book the series")
        desk.sees("6 dates, all as wished")
        expect(desk.page.locator("main")).not_to_contain_text("Provisional")
        desk.look()
        desk.press("Book all")
        desk.page.wait_for_url(re.compile(r"/plans/\d+$"))
        desk.sees("6 sessions booked.")
        desk.look()
        desk.open(self.file)
        expect(desk.page.locator("main")).not_to_contain_text("Provisional")
        expect(desk.page.locator("main")).not_to_contain_text("Missing papers")

    def desk_books_what_is_provisional(self) -> None:
        desk = self.desk
        desk.page.get_by_label("From").fill("1/20/2027")
        desk.page.get_by_label("How many sessions").fill("2")
        desk.press("Show the dates")
        desk.sees("2 dates")
        desk.press("Book all")
        desk.page.wait_for_url(re.compile(r"/plans/\d+$"))
        desk.open(self.file)
        desk.sees("Missing papers: Clearance, consent, order.")
        expect(desk.page.get_by_text("Provisional").first).to_be_visible()
        desk.look()

    def nurse_looks_from_the_list_to_clear(self) -> None:
        self.nurse.open("/for-provider/clear")
        self.nurse.page.get_by_role("row", name=self.name).get_by_role("link", name=re.compile("^Look")).click()
        self.nurse.sees("Screening and clearance")

    def nothing_is_missing_at_the_session(self) -> None:
        nurse = self.nurse
        nurse.open(self.plan)
        nurse.page.locator("tbody a").first.click()
        nurse.sees("The dose: 35 mg")
        expect(nurse.page.locator("main")).not_to_contain_text("Missing:")
        nurse.look()
