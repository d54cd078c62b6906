"""A new patient from the front desk to the whole series booked: who does what, and who is refused."""

from tests.journeys import places
from tests.journeys.beginning import KEY, NO_EVALUATION, SLOT, Beginning
from tests.journeys.conftest import NewPerson
from tests.journeys.refusing import REFUSED, are_refused, send

pytestmark = places.at("sqlite")


def begun(person: NewPerson, name: str, born: str, phone: str) -> Beginning:
    """Seat the front desk, a nurse and a provider at their screens."""
    desk, nurse, provider = (person(role) for role in ("desk", "nurse", "provider"))
    return Beginning(name=name, born=born, phone=phone, desk=desk, nurse=nurse, provider=provider)


def test_a_new_patient_is_screened_cleared_ordered_for_consents_and_is_booked(person: NewPerson) -> None:
    new = begun(person, "Ingrid Solberg", "7/19/1984", "(310) 555-0188")
    are_refused("/patients/new", new.nurse, new.provider)
    new.desk_registers()
    new.booking_is_refused_and_leads_to_an_evaluation()
    new.desk_books_the_evaluation()

    are_refused(f"{new.file}/screening/iv", new.desk)
    new.nurse_screens()
    are_refused(f"{new.file}/weights", new.desk)
    are_refused(f"{new.file}/conditions", new.desk)
    new.nurse_adds_weight_and_condition()

    are_refused(f"{new.file}/clearance/{KEY}", new.desk, new.nurse)
    new.provider_clears()
    new.nothing_named("Start a plan", new.desk, new.nurse)
    are_refused(f"{new.file}/plans/new", new.desk, new.nurse)
    new.provider_starts_the_plan()
    are_refused(f"{new.file}/orders/new", new.desk)
    new.nurse_is_offered_a_spoken_order_only()
    new.provider_orders()
    new.only_a_provider_ends_or_signs_the_order()

    new.desk_records_no_consent()
    new.nurse_hands_over_the_tablet()
    new.patient_signs()
    new.who_holds_the_tablet_opens_no_file()

    new.desk_books_the_series()
    new.nothing_is_missing_at_the_session()


def test_a_series_is_refused_before_an_evaluation_and_provisional_after_it(person: NewPerson) -> None:
    new = begun(person, "Piotr Zawadzki", "2/3/1979", "(310) 555-0189")
    new.desk_registers()
    new.provider.open(new.file)
    new.provider_starts_the_plan()
    series = f"{new.plan}/series"
    are_refused(series, person("auditor"))
    new.desk.open(series)
    new.evaluation_is_asked_for()
    dates = {"place": "1", "slot-1": SLOT}
    status, page = send(new.desk, series, **dates)
    assert (status, NO_EVALUATION in page) == (REFUSED, True)
    new.desk_books_the_evaluation()
    new.desk_books_what_is_provisional()
    new.nurse_looks_from_the_list_to_clear()
