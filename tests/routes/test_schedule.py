"""The schedule page: who sees it, what it asks, and that it tells when nothing has changed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import SessionKind, Status
from clinic_sessions.extensions import db as extension
from clinic_sessions.models import AuditEntry, Chair, Clinic, Closure
from tests import factories
from tests.conftest import SignIn

EIGHT = datetime(2026, 11, 24, 16, tzinfo=UTC)
PAGE = "/schedule?date=2026-11-24"
WEEK = f"{PAGE}&view=week"


@contextmanager
def _statements(app: Flask) -> Iterator[list[str]]:
    said: list[str] = []

    def listen(*args: object) -> None:
        if not str(args[2]).startswith("BEGIN"):
            said.append(str(args[2]))

    with app.app_context():
        engine = extension.engine
    sa.event.listen(engine, "before_cursor_execute", listen)
    yield said
    sa.event.remove(engine, "before_cursor_execute", listen)


def _fill(db: Session, clinic: Clinic, count: int) -> None:
    clinic.chairs += [
        Chair(name=f"Chair {n}", position=n, allows_iv=True, allows_in=True, allows_im=True)
        for n in range(4, 4 + count // 4)
    ]
    db.flush()
    by = factories.a_user(db, clinic, Role.FRONT_DESK)
    for n in range(count):
        patient = factories.a_patient(db, clinic, f"Patient {chr(65 + n % 26)}", registered_by=by)
        at = EIGHT + timedelta(minutes=150 * (n % 4))
        factories.a_session(db, patient, at, chair=clinic.chairs[3 + n // 4], by=by)
    db.commit()


@pytest.mark.parametrize(("page", "card"), [(PAGE, 'class="slot-card"'), (WEEK, 'class="chip ')])
@pytest.mark.parametrize("count", [8, 80])
def test_day_and_week_ask_at_most_eight_queries_however_many_sessions_they_show(
    app: Flask, db: Session, clinic: Clinic, signed_in: SignIn, count: int, page: str, card: str
) -> None:
    _fill(db, clinic, count)
    visitor = signed_in(Role.NURSE)
    # A process reads each protocol version once, whenever it first shows it.
    visitor.get(page)
    with _statements(app) as said:
        shown = visitor.get(page)
    assert shown.text.count(card) == count
    assert len(said) <= 8, "\n".join(said)


def test_one_audit_entry_names_every_patient_of_the_page(db: Session, clinic: Clinic, signed_in: SignIn) -> None:
    _fill(db, clinic, 8)
    signed_in(Role.NURSE).get(PAGE)
    db.rollback()
    [entry] = db.scalars(sa.select(AuditEntry).where(AuditEntry.entity == "schedule"))
    assert len(entry.patient_ids) == 8


def test_a_page_that_looks_again_hears_that_nothing_has_changed(db: Session, clinic: Clinic, signed_in: SignIn) -> None:
    patient = factories.a_patient(db, clinic)
    treatment = factories.a_session(db, patient, EIGHT)
    visitor = signed_in(Role.NURSE)
    found = re.search(r'id="day-page"[^>]*data-revision="([^"]+)"', visitor.get(PAGE).text)
    assert found
    again = f"{PAGE}&revision={found[1]}"
    assert visitor.get(again, headers={"X-Poll": "1"}).status_code == 304
    treatment.ends_at += timedelta(minutes=5)
    db.commit()
    assert visitor.get(again, headers={"X-Poll": "1"}).status_code == 200


def test_a_page_that_looks_again_hears_of_a_change_of_shifts_or_closures(
    db: Session, clinic: Clinic, signed_in: SignIn
) -> None:
    visitor = signed_in(Role.NURSE)
    found = re.search(r'id="week-page"[^>]*data-revision="([^"]+)"', visitor.get(WEEK).text)
    assert found
    assert visitor.get(f"{WEEK}&revision={found[1]}", headers={"X-Poll": "1"}).status_code == 304
    clinic.turn += 1
    db.commit()
    assert visitor.get(f"{WEEK}&revision={found[1]}", headers={"X-Poll": "1"}).status_code == 200


def test_a_card_leads_to_its_move_as_long_as_the_patient_is_to_come(
    db: Session, clinic: Clinic, signed_in: SignIn
) -> None:
    booked = factories.a_session(db, factories.a_patient(db, clinic), EIGHT)
    host = factories.a_user(db, clinic, Role.PROVIDER, name="Dr. Adler")
    visit = factories.a_session(db, factories.a_patient(db, clinic, "Bo Chen"), EIGHT, chair=clinic.chairs[1])
    visit.kind, visit.protocol_version, visit.chair = SessionKind.TELEHEALTH, None, None
    visit.host_id = host.id
    db.flush()
    over = factories.a_session(
        db, factories.a_patient(db, clinic, "Cy Dahl"), EIGHT, chair=clinic.chairs[1], status=Status.LEFT
    )
    db.commit()
    page = signed_in(Role.FRONT_DESK).get(PAGE).text
    assert f'href="/sessions/{booked.id}/move"' in page
    assert f'href="/visits/{visit.id}/move"' in page
    assert f"/{over.id}/move" not in page
    assert ">Dr. Adler</h2>" in page


def test_closures_shade_the_chair_and_are_said_in_the_list(db: Session, clinic: Clinic, signed_in: SignIn) -> None:
    closure = Closure(
        clinic_id=clinic.id, chair_id=clinic.chairs[1].id, starts_at=EIGHT, ends_at=EIGHT + timedelta(hours=2),
        reason="Repair", made_at=EIGHT, by_id=factories.a_user(db, clinic, Role.OWNER).id,
    )  # fmt: skip
    db.add(closure)
    db.commit()
    page = signed_in(Role.NURSE).get(PAGE).text
    assert '<li class="closure from-0 to-24">Closed: Repair</li>' in page
    assert "Closed: Repair, 8:00 \u2013 10:00 am, Chair 2" in page


def test_filters_are_kept_in_every_address_and_the_others_are_only_taken(
    db: Session, clinic: Clinic, signed_in: SignIn
) -> None:
    factories.a_session(db, factories.a_patient(db, clinic, "Ana Ruiz"), EIGHT)
    im = factories.a_protocol(db, "im")
    factories.a_session(db, factories.a_patient(db, clinic, "Bo Chen"), EIGHT, chair=clinic.chairs[2], protocol=im)
    db.commit()
    page = signed_in(Role.NURSE).get(f"{PAGE}&route=im").text
    assert ("Bo Chen" in page, "Ana Ruiz" in page, ">Taken<" in page) == (True, False, True)
    assert "Showing 1 of 2 sessions" in page
    for address in ("date=2026-11-23&amp;route=im", "date=2026-11-25&amp;route=im", "view=week&amp;route=im"):
        assert address in page
    assert 'data-poll-url="/schedule?date=2026-11-24&amp;route=im"' in page


@pytest.mark.parametrize("asked", ["route=oral", "nurse=x", "provider=-1", "nurse=99999999999", "view=month"])
def test_filters_that_cannot_be_read_are_none(db: Session, clinic: Clinic, signed_in: SignIn, asked: str) -> None:
    factories.a_session(db, factories.a_patient(db, clinic, "Ana Ruiz"), EIGHT)
    db.commit()
    assert "Ana Ruiz" in signed_in(Role.NURSE).get(f"{PAGE}&{asked}").text


def test_a_nurse_who_is_not_named_that_day_can_still_be_the_filter(
    db: Session, clinic: Clinic, signed_in: SignIn
) -> None:
    nurse = factories.a_user(db, clinic, Role.NURSE, name="Kim Tran")
    stranger = factories.a_user(db, factories.a_clinic(db), Role.NURSE, name="Not Ours")
    db.commit()
    visitor = signed_in(Role.NURSE)
    assert f'<option value="{nurse.id}" selected>Kim Tran</option>' in visitor.get(f"{PAGE}&nurse={nurse.id}").text
    assert "Not Ours" not in visitor.get(f"{PAGE}&nurse={stranger.id}").text


@pytest.mark.parametrize("path", [PAGE, WEEK])
def test_the_pages_name_no_patient_outside_their_content(
    db: Session, clinic: Clinic, signed_in: SignIn, path: str
) -> None:
    factories.a_session(db, factories.a_patient(db, clinic, "Ana Ruiz"), EIGHT)
    db.commit()
    head = signed_in(Role.NURSE).get(path).text.split("<body>")[0]
    assert "Ana" not in head


@pytest.mark.parametrize("role", list(Role))
def test_the_schedule_is_open_to_those_who_book(clinic: Clinic, signed_in: SignIn, role: Role) -> None:
    assert signed_in(role).get(PAGE).status_code == (403 if role is Role.AUDITOR else 200)


def test_the_sessions_of_another_clinic_are_not_shown(db: Session, clinic: Clinic, signed_in: SignIn) -> None:
    elsewhere = factories.a_clinic(db)
    factories.a_session(db, factories.a_patient(db, elsewhere, "Someone Else"), EIGHT)
    assert "Someone Else" not in signed_in(Role.NURSE).get(PAGE).text


@pytest.mark.parametrize("text", ["", "2026-13-40", "0001-01-01", "9999-12-31", "x" * 300, "2026-11-24T10:00"])
def test_a_date_that_cannot_be_read_shows_today(clinic: Clinic, signed_in: SignIn, text: str) -> None:
    page = signed_in(Role.NURSE).get("/schedule", query_string={"date": text})
    assert (page.status_code, "Mon, Nov 23, 2026" in page.text) == (200, True)


def test_the_clock_changes_shift_no_wall_time_on_the_page(db: Session, clinic: Clinic, signed_in: SignIn) -> None:
    factories.a_session(db, factories.a_patient(db, clinic), datetime(2027, 3, 15, 17, tzinfo=UTC))
    assert "10:00 am \u2013 12:10 pm" in signed_in(Role.NURSE).get("/schedule?date=2027-03-15").text


def test_the_grid_positions_are_public_and_may_be_kept(app: Flask) -> None:
    answer = app.test_client().get("/schedule/grid.css")
    assert (answer.mimetype, answer.cache_control.public) == ("text/css", True)
    assert ".from-0{grid-row-start:1}" in answer.text
