"""Orders: written and signed by a provider, spoken and signed later, changed, ended; refused to everyone else."""

import re
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.orders import DoseBasis
from clinic_sessions.domain.patients.weights import WeightUnit
from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import AuditEntry, Clinic, Order, Patient, User, Weight
from tests import factories
from tests.conftest import SignIn

KEY = "a-form-key-for-tests-{}"


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    made = factories.a_patient(db, clinic, papers=False)
    db.commit()
    return made


@pytest.fixture
def provider(db: Session, clinic: Clinic) -> User:
    made = factories.a_user(db, clinic, Role.PROVIDER, name="Dr. Imani Okafor")
    db.commit()
    return made


def weigh(db: Session, patient: Patient, grams: int, at: datetime) -> None:
    db.add(
        Weight(
            patient_id=patient.id, grams=grams, entered_unit=WeightUnit.KG, measured_at=at, recorded_at=at,
            by_id=patient.registered_by_id,
        )
    )  # fmt: skip
    db.commit()


def typed(db: Session, number: int = 1, /, **given: str) -> dict[str, str]:
    db.rollback()
    protocol = str(factories.a_protocol(db).id)
    db.rollback()
    return {
        "form_key": KEY.format(number), "protocol": protocol, "plan": "", "per_kg": "0.5",
        "cap": "60", "round_down": "0.1", "minutes": "40", "valid_from": "11/23/2026", "valid_until": "1/15/2027",
        **given,
    }  # fmt: skip


def spoken(db: Session, provider: User, number: int = 1, /, **given: str) -> dict[str, str]:
    return typed(db, number, provider=str(provider.id), read_back="y", **given)


def every(db: Session) -> list[Order]:
    db.rollback()
    return list(db.scalars(sa.select(Order).order_by(Order.id)))


def path(patient: Patient, rest: str = "") -> str:
    return f"/patients/{patient.id}/orders{rest}"


def test_a_provider_writes_an_order_that_is_signed_by_it_and_shows_its_arithmetic(
    db: Session, signed_in: SignIn, patient: Patient, provider: User, now: datetime
) -> None:
    weigh(db, patient, 81_600, now - timedelta(days=3))
    client = signed_in(user=provider)
    assert 'value="0.5"' in client.get(path(patient, "/new")).text
    wanted = typed(
        db, premedication="Ondansetron 4 mg by mouth, 30 min before", systolic="140", diastolic="90",
        limit_until="12/15/2026", **{"as_needed-0-drug": "Labetalol", "as_needed-0-dose": "10 mg IV",
        "as_needed-0-limit": "20 mg a session", "as_needed-0-reason": "systolic above 180"},
    )  # fmt: skip
    for _ in range(2):
        assert client.post(path(patient, "/new"), data=wanted).status_code == 303
    [order] = every(db)
    assert (order.basis, order.micrograms_per_kg, order.micrograms) == (DoseBasis.PER_KG, 500, None)
    assert [event.by_id for event in order.events] == [order.provider_id] == [provider.id]
    page = client.get(path(patient)).text
    for said in (
        "0.5 mg/kg × 81.6 kg = 40.8 mg", "Labetalol 10 mg IV, at most 20 mg a session", "Own BP limit: 140/90 until",
        "Ondansetron", "Signed by Dr. Imani Okafor", "Active",
    ):  # fmt: skip
        assert said in page
    assert db.scalar(sa.select(AuditEntry.id).where(AuditEntry.entity == "order", AuditEntry.entity_id == order.id))


def test_a_spoken_order_holds_at_once_and_any_provider_of_the_clinic_signs_it(
    db: Session, signed_in: SignIn, patient: Patient, provider: User
) -> None:
    nurse, other = signed_in(Role.NURSE), signed_in(Role.PROVIDER)
    assert nurse.post(path(patient, "/new"), data=spoken(db, provider)).status_code == 303
    [order] = every(db)
    assert (order.spoken, order.provider_id, order.events) == (True, provider.id, [])
    assert "Active, to be signed" in nurse.get(path(patient)).text
    signing = path(patient, f"/{order.id}/sign")
    assert nurse.post(signing, data={"form_key": KEY.format(2)}).status_code == 403
    assert other.post(signing, data={"form_key": KEY.format(3)}).status_code == 303
    assert other.post(signing, data={"form_key": KEY.format(4)}).status_code == 409
    assert len(every(db)[0].events) == 1


def test_a_spoken_order_names_its_provider_and_is_read_back(
    db: Session, signed_in: SignIn, patient: Patient, provider: User
) -> None:
    nurse = signed_in(Role.NURSE)
    bad = typed(db, premedication="Kept as typed")
    answer = nurse.post(path(patient, "/new"), data=bad)
    assert answer.status_code == 422
    for said in ("Choose the provider who gave the order.", "Read the order back", "Kept as typed"):
        assert said in answer.text
    db.rollback()
    elsewhere = factories.a_user(db, factories.a_clinic(db), Role.PROVIDER)
    db.commit()
    assert nurse.post(path(patient, "/new"), data=spoken(db, elsewhere)).status_code == 422
    answer = nurse.post(path(patient, "/new"), data=spoken(db, provider, 2, per_kg="0.7", words="Little effect so far"))
    assert answer.status_code == 409
    assert "A provider writes such an order" in answer.text
    assert every(db) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"per_kg": "5"}, "many times the protocol&#39;s own"),
        ({"per_kg": "0.05"}, "many times the protocol&#39;s own"),
        ({"per_kg": "0.75"}, "Type the reason."),
        ({"cap": "80", "words": "Heavy patient"}, "cannot be above the protocol&#39;s own"),
        ({"per_kg": "", "mg": "70", "words": "Heavy patient"}, "which always holds"),
        ({"minutes": "4"}, "The time is many times"),
        ({"minutes": "60"}, "The time is not the protocol&#39;s own."),
        ({"valid_from": "11/20/2026"}, "An order begins today or later."),
        ({"valid_until": "11/22/2026"}, "The last day is before the first."),
        ({"valid_until": "11/22/2027"}, "longer than is usual here"),
        ({"systolic": "140"}, "Say until which day"),
        ({"systolic": "90", "diastolic": "140", "limit_until": "12/1/2026"}, "must be above the lower one"),
    ],
)
def test_an_order_outside_what_is_usual_is_refused_or_asks_for_a_reason(
    db: Session, signed_in: SignIn, patient: Patient, given: dict[str, str], said: str
) -> None:
    answer = signed_in(Role.PROVIDER).post(path(patient, "/new"), data=typed(db, **given))
    assert answer.status_code == 409
    assert said in answer.text
    assert every(db) == []


def test_what_cannot_be_read_is_asked_again_with_everything_typed(
    db: Session, signed_in: SignIn, patient: Patient
) -> None:
    wanted = typed(db, per_kg="half", minutes="forty", premedication="None today", **{"as_needed-0-drug": "Labetalol"})
    client = signed_in(Role.PROVIDER)
    answer = client.post(path(patient, "/new"), data=wanted)
    assert answer.status_code == 422
    for said in ("half", "forty", "None today", "Labetalol", "Enter the dose in mg/kg as a number", "Fill in: dose."):
        assert said in answer.text
    both = client.post(path(patient, "/new"), data=typed(db, mg="40"))
    assert both.status_code == 422
    assert "not both" in both.text


def test_a_provider_gives_the_reason_for_an_unusual_order(db: Session, signed_in: SignIn, patient: Patient) -> None:
    wanted = typed(db, per_kg="0.75", words="Partial response at 0.5 mg/kg")
    assert signed_in(Role.PROVIDER).post(path(patient, "/new"), data=wanted).status_code == 303
    assert every(db)[0].words == "Partial response at 0.5 mg/kg"


def test_a_change_is_a_new_order_and_the_old_one_stays_readable(
    db: Session, signed_in: SignIn, patient: Patient
) -> None:
    client = signed_in(Role.PROVIDER)
    client.post(path(patient, "/new"), data=typed(db))
    assert client.post(path(patient, "/new"), data=typed(db, 2)).status_code == 409
    [old] = every(db)
    change = path(patient, f"/{old.id}/change")
    assert 'value="0.5"' in client.get(change).text
    assert client.post(change, data=typed(db, 3, per_kg="0.4")).status_code == 422
    assert client.post(change, data=typed(db, 4, per_kg="0.4", words="Blood pressure rose")).status_code == 303
    old, new = every(db)
    assert (new.replaces_id, new.words, old.events[-1].words) == (old.id, "Blood pressure rose", "Blood pressure rose")
    page = client.get(path(patient)).text
    assert "<s>" in page
    assert "Replaced by" in page
    assert client.post(change, data=typed(db, 5, words="Once more")).status_code == 409


def test_an_order_ends_with_a_reason(db: Session, signed_in: SignIn, patient: Patient) -> None:
    client = signed_in(Role.PROVIDER)
    client.post(path(patient, "/new"), data=typed(db))
    ending = path(patient, f"/{every(db)[0].id}/end")
    assert client.get(ending).status_code == 200
    assert client.post(ending, data={"form_key": KEY.format(2)}).status_code == 422
    assert client.post(ending, data={"form_key": KEY.format(3), "words": "Moved away"}).status_code == 303
    assert client.post(ending, data={"form_key": KEY.format(4), "words": "Moved away"}).status_code == 409
    assert "Moved away" in client.get(path(patient)).text


def test_devices_are_ordered_between_fewest_and_most(db: Session, signed_in: SignIn, patient: Patient) -> None:
    client = signed_in(Role.PROVIDER)
    esketamine = str(factories.a_protocol(db, "in-esketamine").id)
    days = {"valid_from": "11/23/2026", "valid_until": "1/15/2027", "protocol": esketamine, "plan": ""}
    for number, (devices, status) in enumerate((("4", 409), ("1", 409), ("", 422), ("3", 303))):
        form = {**days, "form_key": KEY.format(number), "devices": devices}
        assert client.post(path(patient, "/new"), data=form).status_code == status
    assert (every(db)[0].devices, every(db)[0].cap_micrograms) == (3, 84_000)
    assert "3 × 28 mg = 84 mg, at least 5 min apart" in client.get(path(patient)).text


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.OWNER, Role.AUDITOR])
def test_orders_are_closed_to_everyone_but_clinicians(
    db: Session, signed_in: SignIn, patient: Patient, role: Role
) -> None:
    order = factories.an_order(db, patient, factories.a_protocol(db), signed=False)
    db.commit()
    client = signed_in(role)
    for rest in ("", "/new", f"/{order.id}/change", f"/{order.id}/end"):
        assert client.get(path(patient, rest)).status_code == 403
    for rest in ("/new", f"/{order.id}/change", f"/{order.id}/end", f"/{order.id}/sign"):
        assert client.post(path(patient, rest), data=typed(db)).status_code == 403


def test_another_clinics_patient_has_no_orders_here(db: Session, signed_in: SignIn) -> None:
    stranger = factories.a_patient(db, factories.a_clinic(db))
    order_id = db.scalar(sa.select(Order.id).where(Order.patient_id == stranger.id).limit(1))
    db.commit()
    client = signed_in(Role.PROVIDER)
    for rest in ("", "/new", f"/{order_id}/change", f"/{order_id}/end"):
        assert client.get(path(stranger, rest)).status_code == 404


def test_an_order_cannot_be_reached_through_another_patient(db: Session, signed_in: SignIn, clinic: Clinic) -> None:
    one, other = factories.a_patient(db, clinic, papers=False), factories.a_patient(db, clinic, "Bo Li", papers=False)
    order = factories.an_order(db, one, factories.a_protocol(db), valid_until=date(2027, 1, 1))
    db.commit()
    client = signed_in(Role.PROVIDER)
    ended = client.post(path(other, f"/{order.id}/end"), data={"form_key": KEY.format(1), "words": "No"})
    assert ended.status_code == 404


def test_what_is_refused_stands_beside_the_field_that_it_is_about(
    db: Session, signed_in: SignIn, patient: Patient, provider: User
) -> None:
    wanted = spoken(db, provider) | {"per_kg": "0.6", "valid_until": "12/01/2029"}
    refused = signed_in(Role.NURSE).post(path(patient, "/new"), data=wanted)
    assert refused.status_code == 409
    page = " ".join(refused.text.split())
    assert "A provider writes such an order and gives the reason." in page
    assert '<a href="#per_kg">The dose is above the protocol' in page
    assert '<a href="#valid_until">The order would be valid for longer than is usual here.</a>' in page
    assert re.search(r'id="per_kg-error">.{0,400}The dose is above the protocol', page)
    assert 'value="0.6"' in page


def test_writing_a_second_order_for_a_treatment_leads_to_the_change_of_the_first(
    db: Session, signed_in: SignIn, patient: Patient, provider: User
) -> None:
    client = signed_in(user=provider)
    assert "is on file until" not in client.get(path(patient, "/new")).text
    assert client.post(path(patient, "/new"), data=typed(db)).status_code == 303
    [order] = every(db)
    page = client.get(path(patient, f"/new?protocol={order.protocol_version_id}")).text
    assert "An order for this treatment is on file until" in page
    assert f'href="{path(patient, f"/{order.id}/change")}">Change that one' in page
