"""A patient says that they are in danger: what they see at once, and who is told until somebody answers."""

import re
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator, expect

from clinic_sessions.translations import text
from tests.journeys import places
from tests.journeys.conftest import NewPerson
from tests.journeys.people import Person, link_in
from tests.journeys.places import Site

pytestmark = places.at("postgresql")

CLINICAL = ("/", "/schedule", "/board", "/patients", "/patients/1", "/alerts", "/messages")


@dataclass
class Danger:
    """The story of one answer."""

    site: Site
    person: NewPerson
    phone: Person = field(init=False, repr=False)
    nurse: Person = field(init=False, repr=False)

    def said(self, key: str) -> str:
        return text("en", f"pages.{key}")

    def check_in_mail_arrives(self, kind: str) -> str:
        subject = text("en", f"mail.{kind}.subject")
        if not any(str(m["Subject"]) == subject for m in self.site.mail.messages):
            self.site.wait(hours=3)
        return link_in(self.site.mail.wait_for(lambda m: str(m["Subject"]) == subject), "c")

    def nobody_waits_yet(self) -> None:
        """Answer the alerts that the demo clinic opens with."""
        self.nurse = self.person("nurse", width=1000)
        while self.banner.count():
            self.nurse_acknowledges("Called. Is safe.")
            self.nurse.open("/")

    @property
    def banner(self) -> Locator:
        return self.nurse.page.locator(".messages-top").get_by_text(re.compile("safety alerts? waits?"))

    def patient_comes_to_the_safety_question(self, link: str, *, script: bool) -> None:
        self.phone = self.person(width=390, script=script)
        self.phone.open(link)
        for _ in range(6):
            if self.phone.page.get_by_role("heading", level=1).inner_text() == self.said("check_in.safety"):
                return
            self.phone.press(self.said("check_in.skip"))
        pytest.fail("the safety question did not come")

    def tap_opens_the_card_without_a_network(self) -> None:
        self.phone.page.wait_for_load_state("networkidle")
        self.phone.page.context.set_offline(True)
        expect(self.card).to_be_hidden()
        self.phone.choose(self.said("check_in.yes"))
        expect(self.card).to_be_visible()
        expect(self.card.locator("a[href='tel:988']")).to_be_visible()
        expect(self.card).to_contain_text(self.said("crisis.not_sent"))
        self.phone.page.context.set_offline(False)

    @property
    def card(self) -> Locator:
        return self.phone.page.locator(".crisis-on-answer")

    def another_answer_closes_the_card(self) -> None:
        self.phone.choose(self.said("check_in.no"))
        expect(self.card).to_be_hidden()
        self.phone.choose(self.said("check_in.yes"))
        expect(self.card).to_be_visible()

    def answer_is_sent(self) -> None:
        self.phone.press(self.said("check_in.next"))
        expect(self.phone.page.get_by_role("heading", level=1)).to_have_text(self.said("check_in.send_title"))
        self.phone.sees(self.said("crisis.do_not_wait"))
        expect(self.phone.page.locator("main a[href='tel:988']")).to_be_visible()

    def every_clinical_page_says_so(self) -> None:
        for path in CLINICAL:
            self.nurse.open(path)
            expect(self.banner, path).to_have_count(1)
        self.nurse.look()

    def front_desk_is_told_to_tell_a_nurse(self) -> None:
        desk = self.person("desk")
        desk.sees("Tell a nurse or a provider now.")
        desk.look()

    def nurse_acknowledges(self, note: str) -> None:
        self.nurse.open("/alerts")
        self.nurse.page.get_by_role("link", name="Answer", exact=True).first.click()
        self.nurse.page.get_by_label("Note").or_(self.nurse.page.locator("textarea")).first.fill(note)
        self.nurse.press("Acknowledge")
        self.nurse.sees(note)

    def banner_is_gone(self) -> None:
        for path in CLINICAL:
            self.nurse.open(path)
            expect(self.banner, path).to_have_count(0)


@pytest.fixture
def danger(site: Site, person: NewPerson) -> Danger:
    """The story, from its first page."""
    return Danger(site=site, person=person)


def test_a_yes_to_the_safety_question_stays_on_every_clinical_page_until_it_is_answered(danger: Danger) -> None:
    danger.nobody_waits_yet()
    danger.nurse.go_away()
    link = danger.check_in_mail_arrives("check_in_24h")
    danger.nurse.sign_in("nurse")

    danger.patient_comes_to_the_safety_question(link, script=True)
    danger.phone.look()
    danger.tap_opens_the_card_without_a_network()
    danger.phone.look()
    danger.another_answer_closes_the_card()
    danger.answer_is_sent()
    danger.phone.look()

    danger.every_clinical_page_says_so()
    danger.front_desk_is_told_to_tell_a_nurse()
    danger.nurse_acknowledges("Called at once. Thoughts without a plan; partner is there. Dr. Adler told.")
    danger.banner_is_gone()


def test_the_card_opens_without_a_network_and_without_javascript(danger: Danger) -> None:
    link = danger.check_in_mail_arrives("check_in_72h")
    danger.patient_comes_to_the_safety_question(link, script=False)
    danger.tap_opens_the_card_without_a_network()
    danger.answer_is_sent()


def test_i_need_help_now_tells_the_clinic(danger: Danger) -> None:
    link = danger.check_in_mail_arrives("check_in_24h")
    phone = danger.person(width=390)
    phone.open(link)
    phone.page.get_by_text("I need help now").click()
    phone.look()
    phone.press(danger.said("crisis.ask_us_button"))
    phone.sees(danger.said("crisis.do_not_wait"))
    phone.look()
    danger.nurse = danger.person("nurse")
    danger.nurse.open("/alerts")
    danger.nurse.sees(danger.said("crisis.ask_us_button"))
