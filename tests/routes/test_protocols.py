"""The pages of protocols and thresholds: read by clinicians, changed by providers, published by two of them."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocol_kinds import Measure
from clinic_sessions.domain.scheduling.plans import ProtocolStatus
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import Clinic, DocumentVersion, ProtocolVersion
from clinic_sessions.services import catalogue, documents
from tests.factories import a_patient, a_protocol, a_session

SignedIn = Callable[..., FlaskClient]


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, name
    return found[1]


def _draft(client: FlaskClient, base: str) -> str:
    key = _hidden(client.get(base).text, "form_key")
    answer = client.post(f"{base}/copy", data={"form_key": key})
    again = client.post(f"{base}/copy", data={"form_key": key})
    assert answer.status_code == 303
    assert again.location == answer.location
    return str(answer.location).removesuffix("/edit")


def _save(client: FlaskClient, draft: str, values: dict[str, str], shown: str | None = None) -> tuple[int, str]:
    token = shown or _hidden(client.get(f"{draft}/edit").text, "shown")
    ways = {"v:escort.accepted": ["named_adult"]} if draft.startswith("/protocols") else {}
    answer = client.post(f"{draft}/edit", data={"shown": token, **ways, **values})
    return answer.status_code, answer.text


def test_a_nurse_reads_every_number_with_its_source_and_changes_nothing(
    db: Session, clinic: Clinic, signed_in: SignedIn
) -> None:
    version, client = a_protocol(db), signed_in(Role.NURSE)
    db.commit()
    page = client.get(f"/protocols/{version.id}").text
    assert "0.5&nbsp;mg/kg" in page
    assert "responders at 0.1-0.75, Andrade 2017 (4), psychiatrist.com (read at the source)" in page
    assert "Published range 40 to 60 min" in page
    assert "Copy to a new draft" not in page
    for path in ("copy", "edit", "propose", "publish", "withdraw", "retire"):
        assert client.post(f"/protocols/{version.id}/{path}").status_code == 403


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.OWNER, Role.AUDITOR])
def test_others_do_not_read_protocols(db: Session, clinic: Clinic, signed_in: SignedIn, role: Role) -> None:
    version, client = a_protocol(db), signed_in(role)
    db.commit()
    paths = ("/protocols", f"/protocols/{version.id}", f"/protocols/{version.id}/compare", f"/thresholds/{version.id}")
    for path in (*paths, f"/protocols/{version.id}/sessions"):
        assert client.get(path).status_code == 403
    assert 'href="/protocols"' not in client.get("/").text


def test_a_draft_is_copied_once_changed_proposed_and_published_by_a_second_provider(
    db: Session, clinic: Clinic, signed_in: SignedIn
) -> None:
    base = f"/protocols/{a_protocol(db).id}"
    author, second = signed_in(Role.PROVIDER), signed_in(Role.PROVIDER)
    db.commit()
    draft = _draft(author, base)
    status, page = _save(author, draft, {"v:phases[1].minutes": "70", "v:spacing": "0"})
    assert status == 422
    assert "Enter a number from 1 to 60, whole." in page
    assert 'value="70"' in page
    status, page = _save(author, draft, {"v:phases[1].minutes": "70"})
    assert status == 422
    assert "Say why, in 8 to 300 characters" in page
    assert 'name="r:phases[1].minutes"' in page
    why = {"v:phases[1].minutes": "70", "r:phases[1].minutes": "Slower is better borne here"}
    assert _save(author, draft, why)[0] == 303
    shown = _hidden(author.get(draft).text, "shown")
    assert author.post(f"{draft}/propose", data={"shown": shown}).status_code == 303
    assert "waits to be published" in second.get("/protocols").text
    refused = author.post(f"{draft}/publish")
    assert refused.status_code == 409
    assert "Another provider may publish it now" in refused.text
    compared = second.get(f"{draft}/compare").text
    assert "Changed" in compared
    assert "Slower is better borne here" in compared
    assert second.post(f"{draft}/publish").status_code == 303
    db.rollback()
    row = db.get_one(ProtocolVersion, int(draft.rpartition("/")[2]))
    assert (row.status, row.number, row.block_minutes) == (ProtocolStatus.PUBLISHED, 2, 160)


def test_of_two_editors_of_one_draft_the_second_keeps_what_was_typed(
    db: Session, clinic: Clinic, signed_in: SignedIn
) -> None:
    base, client = f"/protocols/{a_protocol(db).id}", signed_in(Role.PROVIDER)
    db.commit()
    draft = _draft(client, base)
    shown = _hidden(client.get(f"{draft}/edit").text, "shown")
    assert _save(client, draft, {"v:name": "Slow infusion"}, shown)[0] == 303
    status, page = _save(client, draft, {"v:name": "Quick infusion"}, shown)
    assert status == 409
    assert "Someone else changed this version" in page
    assert "Quick infusion" in page


def test_thresholds_are_changed_in_the_same_editor(db: Session, clinic: Clinic, signed_in: SignedIn) -> None:
    row = documents.published_thresholds(db)
    base, client = f"/thresholds/{row.id}", signed_in(Role.PROVIDER)
    db.commit()
    draft = _draft(client, base)
    values = {"v:clearance": "90", "r:clearance": "We look again each quarter"}
    assert _save(client, draft, values)[0] == 303
    page = client.get(draft).text
    assert "90&nbsp;days" in page
    assert "We look again each quarter" in page
    other = db.scalars(sa.select(DocumentVersion.id).where(DocumentVersion.key == "screening-iv")).one()
    assert client.get(f"/thresholds/{other}").status_code == 404


def test_retiring_asks_why_and_a_retired_version_is_offered_no_more(
    db: Session, clinic: Clinic, signed_in: SignedIn
) -> None:
    version, client = a_protocol(db), signed_in(Role.PROVIDER)
    db.commit()
    path = f"/protocols/{version.id}/retire"
    assert client.post(path, data={"words": ""}).status_code == 422
    assert client.post(path, data={"words": "Not given here any more"}).status_code == 303
    again = client.post(path, data={"words": "Not given here any more"})
    assert again.status_code == 409
    assert "This version is retired already." in again.text


def test_what_came_of_a_version_is_counted_and_listed_for_the_clinics_of_whoever_asks(
    db: Session, clinic: Clinic, signed_in: SignedIn, now: object
) -> None:
    version, client = a_protocol(db), signed_in(Role.NURSE)
    patient = a_patient(db, clinic, "Ines Prado")
    ran = a_session(db, patient, now, status=Status.TAKEN_TO_HOSPITAL, dose_started_at=now)  # type: ignore[arg-type]
    db.commit()
    page = client.get(f"/protocols/{version.id}").text
    assert 'data-label="Taken to hospital">1 (100%)' in page
    assert 'data-label="Stopped early">0 (0%)' in page
    listed = client.get(f"/protocols/{version.id}/sessions").text
    assert "Ines Prado" in listed
    assert f'href="/sessions/{ran.id}"' in listed


def test_a_draft_gains_a_limit_on_a_page_of_its_own_and_loses_one_with_a_tick(
    db: Session, clinic: Clinic, signed_in: SignedIn
) -> None:
    version, client = a_protocol(db), signed_in(Role.PROVIDER)
    count = len(catalogue.protocol_of(version).limits)
    db.commit()
    draft = _draft(client, f"/protocols/{version.id}")
    shown = _hidden(client.get(f"{draft}/edit").text, "shown")
    then = client.post(f"{draft}/edit", data={"shown": shown, "v:escort.accepted": "named_adult", "then": "limits"})
    assert then.location == f"{draft}/limits/new"
    page = client.get(f"{draft}/limits/new").text
    typed = {
        "shown": _hidden(page, "shown"), "measure": "systolic", "compare": "at_least", "limit": "170", "level": "warn",
        "phases": "observe", "from_minute": "30", "words": "",
    }  # fmt: skip
    without = client.post(f"{draft}/limits/new", data=typed)
    assert without.status_code == 422
    assert "Say why, in 8 to 300 characters." in without.text
    assert 'value="170"' in without.text
    why = {"words": "Late peaks were missed here"}
    assert client.post(f"{draft}/limits/new", data={**typed, **why}).status_code == 303
    again = client.post(f"{draft}/limits/new", data={**typed, **why})
    assert again.status_code == 409
    assert "Someone else changed this version" in again.text
    assert _limits(db, draft) == count + 1
    status, page = _save(client, draft, {"x:limits[2]": "y"})
    assert status == 303
    assert _limits(db, draft) == count
    assert client.post(f"/protocols/{version.id}/limits/new", data={**typed, **why}).status_code == 409


def _limits(db: Session, draft: str) -> int:
    db.rollback()
    return len(catalogue.protocol_of(db.get_one(ProtocolVersion, int(draft.rpartition("/")[2]))).limits)


def test_a_measure_that_would_lose_its_last_limit_is_named_in_words_and_the_tick_stays(
    db: Session, clinic: Clinic, signed_in: SignedIn
) -> None:
    version, client = a_protocol(db), signed_in(Role.PROVIDER)
    place = next(
        at for at, one in enumerate(catalogue.protocol_of(version).limits) if one.measure is Measure.RESPIRATORY_RATE
    )
    db.commit()
    draft = _draft(client, f"/protocols/{version.id}")
    status, page = _save(client, draft, {f"x:limits[{place}]": "y"})
    assert status == 422
    assert "Alert limits: respiratory rate has none in administer; respiratory rate has none in observe." in page
    assert f'name="x:limits[{place}]" id="x-limits-{place}" value="y" checked' in page


def test_a_setting_that_is_on_or_off_is_asked_with_yes_and_no(db: Session, clinic: Clinic, signed_in: SignedIn) -> None:
    row, client = documents.published_thresholds(db), signed_in(Role.PROVIDER)
    db.commit()
    draft = _draft(client, f"/thresholds/{row.id}")
    page = client.get(f"{draft}/edit").text
    assert re.search(r'type="radio"[^>]*name="v:monitoring_blocks"[^>]*value="0" checked', page)
    status, page = _save(client, draft, {"v:monitoring_blocks": "1", "r:monitoring_blocks": "The state asks for it"})
    assert status == 303
    shown = client.get(draft).text
    assert "before: No, Warn" in shown


def test_a_phase_before_the_last_asks_for_its_count_beside_the_field(
    db: Session, clinic: Clinic, signed_in: SignedIn
) -> None:
    version, client = a_protocol(db), signed_in(Role.PROVIDER)
    db.commit()
    draft = _draft(client, f"/protocols/{version.id}")
    page = client.get(f"{draft}/series/new").text
    typed = {
        "shown": _hidden(page, "shown"), "kind": "continuation", "sessions": "1", "every": "7", "count": "",
        "words": "A weekly step between",
    }  # fmt: skip
    without = client.post(f"{draft}/series/new", data=typed)
    assert without.status_code == 422
    assert '<a href="#count">Enter how many sessions in all.' in without.text
    assert client.post(f"{draft}/series/new", data={**typed, "count": "4"}).status_code == 303
    assert "Continuation: sessions in all" in client.get(draft).text
