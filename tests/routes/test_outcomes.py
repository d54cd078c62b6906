"""The pages of outcomes: plot, tables and print of the same rows, filters, empty states, and who sees none of it."""

import html
import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.plans import PlanStatus
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import AuditEntry, Clinic, Patient, Plan, User
from tests import factories
from tests.conftest import SignIn
from tests.services.test_outcomes import A_DAY, a_dose, a_plan, a_score

CELL = re.compile(r"<t[dh]([^>]*)>(.*?)</t[dh]>", re.DOTALL)
WORDS = re.compile(r"<[^>]+>")


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> User:
    """A nurse who writes things down."""
    return factories.a_user(db, clinic, Role.NURSE)


@pytest.fixture
def patient(db: Session, clinic: Clinic, nurse: User, now: datetime) -> Patient:
    """A patient who answered, was treated, responded and relapsed."""
    made = factories.a_patient(db, clinic)
    plan = a_plan(db, made, now - 70 * A_DAY, nurse)
    for day, total in ((-69, 21), (-50, 9), (-40, 5), (-9, 15)):
        a_score(db, made, now + day * A_DAY, total, nurse)
    for number, day in enumerate((-68, -65, -61, -55)):
        a_dose(db, made, now + day * A_DAY, nurse, plan=plan, mood=4 + number, micrograms=40_000 + 250 * number)
    db.commit()
    return made


def text(part: str) -> str:
    """What a reader sees of a piece of HTML."""
    return " ".join(html.unescape(WORDS.sub(" ", part)).split())


def the_rows(page: str) -> dict[str, list[str]]:
    """The rows of the tables by their id: the words of their cells; a cell with an id of its own counts alone too."""
    found = {}
    for ref, row in re.findall(r'<tr id="([^"]+)">(.*?)</tr>', page, re.DOTALL):
        cells = CELL.findall(row)
        found[ref] = [text(words) for _, words in cells]
        for attributes, words in cells:
            if own := re.search(r' id="([^"]+)"', attributes):
                found[own[1]] = [text(words)]
    return found


def the_marks(page: str, frame: str) -> dict[str, str]:
    """The marks of one picture: what each says, by the row that it stands for."""
    picture = re.search(rf'<svg class="plot plot-{frame}".*?</svg>', page, re.DOTALL)
    assert picture, frame
    found = re.findall(r'data-ref="([^"]+)" data-said="([^"]+)"><title>([^<]+)</title>', picture[0])
    assert all(said == title for _, said, title in found)
    assert len({ref for ref, _, _ in found}) == len(found)
    return {ref: html.unescape(said) for ref, said, _ in found}


@pytest.mark.parametrize("frame", ["wide", "narrow"])
def test_plot_and_tables_say_the_same(patient: Patient, signed_in: SignIn, frame: str) -> None:
    page = signed_in(Role.PROVIDER).get(f"/patients/{patient.id}/outcomes").text
    rows, marks = the_rows(page), the_marks(page, frame)
    assert set(rows) == set(marks)
    assert len([ref for ref in marks if ref.startswith("score")]) == 4
    assert len([ref for ref in marks if ref.startswith("dose")]) == 4
    assert len([ref for ref in marks if ref.startswith("mood")]) == 4
    for ref, said in marks.items():
        kind = ref.partition("-")[0]
        cells = rows[ref]
        if kind == "score":
            day, scale, total, band, change = cells[0], *cells[1:4], cells[4].partition(" (first")[0]
            change = change.removesuffix(" (the first)")
            assert said == f"{scale} {total}, {band}, {change}, {day}"
        elif kind == "dose":
            assert said == f"{cells[1]}, {cells[0]}"
            assert cells[2] == "Not known"
        elif kind == "mood":
            assert said.startswith(f"Mood {cells[0]}, 24 h")
        else:
            assert said == f"{cells[1]}: {cells[2]}, {cells[0]}"


def test_the_page_says_response_relapse_and_review_in_words_with_dates(patient: Patient, signed_in: SignIn) -> None:
    page = text(signed_in(Role.NURSE).get(f"/patients/{patient.id}/outcomes").text)
    assert "Review due. PHQ-9 has risen from 5 at best on Oct 14, 2026 to 15 on Nov 14, 2026" in page
    assert "First response after 18 days and 4 doses, with 9 on Oct 4, 2026." in page
    assert "Ketamine in all, 4 doses 161.5 mg" in page
    assert "moderately severe" in page
    assert "Highest blood pressure" in page
    assert "151/88" in page


def test_the_plot_is_told_to_screen_readers_and_has_no_style_of_its_own(patient: Patient, signed_in: SignIn) -> None:
    page = signed_in(Role.PROVIDER).get(f"/patients/{patient.id}/outcomes").text
    for frame in ("wide", "narrow"):
        assert f'role="img" aria-labelledby="plot-{frame}-title plot-{frame}-desc"' in page
        assert f'<title id="plot-{frame}-title">' in page
        assert f'<desc id="plot-{frame}-desc">PHQ-9, 0 to 27, lower is better: 4 marks' in page
    assert ' style="' not in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_the_page_prints_the_same_tables_and_leaves_out_what_is_for_the_screen(
    patient: Patient, signed_in: SignIn
) -> None:
    page = signed_in(Role.PROVIDER).get(f"/patients/{patient.id}/outcomes").text
    assert '<form method="get" class="cluster no-print"' in page
    assert '<p class="print-only">IV infusion, mood' in page
    for table in ("scores-table", "doses-table", "events-table"):
        before = page[: page.index(f'id="{table}"')]
        assert "no-print" not in before[before.rindex("<section") :]


def test_plan_and_scale_are_chosen_by_get_and_nonsense_is_the_newest_plan(
    db: Session, patient: Patient, nurse: User, signed_in: SignIn, now: datetime
) -> None:
    a_plan(db, patient, now - 5 * A_DAY, nurse)
    db.commit()
    provider = signed_in(Role.PROVIDER)
    path = f"/patients/{patient.id}/outcomes"
    assert [ref.partition("-")[0] for ref in the_rows(provider.get(path).text)] == ["score", "event"]
    everything = provider.get(f"{path}?plan=all&scale={ScaleKey.PHQ_9.value}").text
    assert len([ref for ref in the_rows(everything) if ref.startswith("score")]) == 4
    assert '<option value="all" selected>' in everything
    for query in ("plan=%00&scale=%27", "plan=999999&scale=nothing", "plan[]=1", "scale=" + "x" * 3000):
        assert provider.get(f"{path}?{query}").status_code == 200


def test_nothing_and_a_single_score_are_told_as_such(
    db: Session, clinic: Clinic, nurse: User, signed_in: SignIn, now: datetime
) -> None:
    empty, single = factories.a_patient(db, clinic), factories.a_patient(db, clinic)
    a_score(db, single, now - A_DAY, 18, nurse)
    db.commit()
    provider = signed_in(Role.PROVIDER)
    page = provider.get(f"/patients/{empty.id}/outcomes").text
    assert "Nothing to draw yet" in page
    assert '<svg class="plot' not in page
    page = provider.get(f"/patients/{single.id}/outcomes").text
    assert "Nothing to compare it with yet." in page
    assert len(the_marks(page, "wide")) == 1


def test_only_clinicians_of_the_patients_clinics_see_outcomes_and_it_is_written_down(
    db: Session, patient: Patient, signed_in: SignIn
) -> None:
    path = f"/patients/{patient.id}/outcomes"
    for role in (Role.FRONT_DESK, Role.OWNER, Role.AUDITOR):
        assert signed_in(role).get(path).status_code == 403
    assert signed_in(Role.PROVIDER, at=factories.a_clinic(db)).get(path).status_code == 404
    signed_in(Role.PROVIDER).get(path)
    db.rollback()
    entry = db.query(AuditEntry).filter_by(entity="patient_outcomes").one()
    assert entry.patient_id == patient.id
    assert "Ruiz" not in signed_in(Role.PROVIDER).get(path).text.partition("</title>")[0]


CLINICAL = ("PHQ", "mg IV", "mg/kg", "151/88", "Nausea", "Baseline", "response", "relapse", "161.5", "Liver", "Urinary",
            "no-consent", "Treatment so far", "plot-mark")  # fmt: skip


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.OWNER])
def test_the_front_desk_sees_which_papers_are_missing_and_nothing_clinical(
    db: Session, patient: Patient, signed_in: SignIn, role: Role
) -> None:
    visitor = signed_in(role)
    answer = visitor.get(f"/patients/{patient.id}")
    assert answer.status_code == 200
    assert [word for word in CLINICAL if word.encode() in answer.data] == []
    assert "Missing papers: Consent. A nurse or a provider sees to it." in text(answer.text)
    assert "paused" not in answer.text
    db.rollback()
    db.query(Plan).update({"status": PlanStatus.PAUSED})
    db.commit()
    assert "The plan is paused." in text(visitor.get(f"/patients/{patient.id}").text)


def test_a_clinician_reads_on_the_patients_page_whether_it_works_and_which_papers_stand(
    db: Session, patient: Patient, signed_in: SignIn
) -> None:
    provider, nurse = signed_in(Role.PROVIDER), signed_in(Role.NURSE)
    answer = provider.get(f"/patients/{patient.id}")
    page = text(answer.text)
    assert "Review due. PHQ-9 has risen from 5 at best" in page
    assert "Ketamine in all, 4 doses 161.5 mg" in page
    assert "There is no consent for this series." in page
    assert "Cleared Mon, Jan 5, 2026, until" in page
    assert "Liver tests" in page
    assert len(the_marks(answer.text, "small")) == 8
    for part in ("outcomes", "scales", "screening", "medicines", "consents", "orders", "checks", "risk"):
        assert f'/patients/{patient.id}/{part}"' in answer.text
        assert nurse.get(f"/patients/{patient.id}/{part}").status_code == 200


def test_the_last_three_sessions_stand_beside_todays_order_until_the_dose_begins(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    today = factories.a_session(db, patient, now - timedelta(minutes=10), status=Status.ARRIVED)
    db.commit()
    path = f"/sessions/{today.id}"
    page = text(signed_in(Role.NURSE).get(path).text)
    assert page.count("Highest blood pressure 151/88. Nausea, grade 2.") == 3
    assert "40.75 mg IV" in page
    assert "Last sessions" not in signed_in(Role.FRONT_DESK).get(path).text
    db.rollback()
    today.status, today.dose_started_at = Status.IN_TREATMENT, now
    db.commit()
    assert "Last sessions" not in signed_in(Role.NURSE).get(path).text
