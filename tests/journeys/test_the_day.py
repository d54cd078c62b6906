"""The main job from end to end: book, remind, treat, log, follow up."""

from datetime import UTC, datetime

import pytest

from tests.journeys import places
from tests.journeys.conftest import NewPerson
from tests.journeys.day import PATIENTS, Day
from tests.journeys.places import Site

pytestmark = places.at("sqlite", "postgresql")


@pytest.fixture
def day(site: Site, person: NewPerson) -> Day:
    """The story, about the patient of this engine."""
    return Day(site=site, person=person, patient=PATIENTS[site.engine])


def test_a_session_from_the_booking_to_the_answers_of_the_patient(day: Day) -> None:
    day.front_desk_finds_the_patient_as_they_type()
    day.front_desk_books_tomorrow()
    day.confirmation_is_in_the_mailbox()
    day.reminder_is_in_the_list_with_its_due_time()
    day.reminder_goes_out_the_evening_before()

    day.morning_comes(datetime(2026, 12, 2, 15, 50, tzinfo=UTC))
    day.front_desk_checks_the_patient_in()
    day.nurse_asks_and_reads_before_the_dose(width=390 if day.site.engine == "sqlite" else 1000)
    day.dose_is_drawn_and_counted_by_two()
    day.nurse_starts_the_dose()
    day.nurse_records_vitals("118/76")
    day.time_passes_at_the_chair(minutes=10)
    day.nurse_logs("Dizziness", grade="1", began="5 min ago")
    day.nurse_logs("Nausea", grade="2", began="Now")
    day.nurse_logs("Dissociation", grade="2", began="10 min ago")
    day.nurse_gives_something_for_nausea()
    day.time_passes_at_the_chair(minutes=14)
    day.nurse_records_vitals("126/82")
    for effect in ("Nausea", "Dizziness", "Dissociation"):
        day.nurse_sees_it_over(effect)
    day.time_passes_at_the_chair(minutes=14)
    day.dose_is_finished()
    day.leaving_is_not_offered_yet("Minimum time under observation", "Vitals since the end of the dose", "Sedation")
    day.nurse_records_vitals("121/78")
    for minutes in (14, 14, 14, 5):
        day.time_passes_at_the_chair(minutes)
    day.the_minimum_is_reached()
    day.nurse_assesses()
    day.patient_leaves()

    link = day.check_in_goes_out_a_day_later()
    day.patient_opens_the_link_on_a_phone(link)
    day.patient_answers("check_in.mood", "7")
    day.patient_answers("check_in.side_effects", day.said("check_in.none"))
    day.patient_answers("check_in.safety", day.said("check_in.no"))
    day.patient_sends_the_answers()
    day.answers_stand_on_the_patients_page_for_the_nurse("7 of 10")
    day.front_desk_does_not_see_them()
