"""Side effects over the web: three taps to note one, one to act on it, a drug under the order, a call off the list."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.domain.session.side_effects import Grade, InterventionKind, SideEffectEventKind, SideEffectKind
from clinic_sessions.models import (
    Alert,
    AsNeeded,
    Clinic,
    FollowUp,
    Intervention,
    Note,
    SideEffect,
    SideEffectEvent,
    TreatmentSession,
)
from clinic_sessions.services import form_keys
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.effects.side_effects import Noticed
from tests import factories
from tests.conftest import SignIn
from tests.services.day import a_nurse, take

VOID = {"input", "img", "br", "hr", "meta", "link"}
NAUSEA = Noticed(kind=SideEffectKind.NAUSEA, grade=Grade.MODERATE)


@dataclass
class Control:
    """What can be tapped or is sent: its tag and attributes, and what it stands in."""

    tag: str
    given: dict[str, str | None]
    within: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)

    def inside(self, tag: str) -> dict[str, str | None] | None:
        """Give the nearest element of a tag that it stands in."""
        return next((given for name, given in reversed(self.within) if name == tag), None)

    @property
    def covered(self) -> bool:
        """Whether something closed lies over it that takes a tap of its own."""
        return any(name == "details" and "open" not in given for name, given in self.within)


class Page(HTMLParser):
    """The controls of a page, each with what it stands in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.controls: list[Control] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a control with what is open around it."""
        given = dict(attrs)
        if tag in {"a", "button", "input"}:
            self.controls.append(Control(tag=tag, given=given, within=list(self.open)))
        if tag not in VOID:
            self.open.append((tag, given))

    def handle_endtag(self, tag: str) -> None:
        """Close what was open."""
        while self.open and self.open.pop()[0] != tag:
            pass

    def find(self, **given: str) -> Control:
        """Give the only control with these attributes."""
        (found,) = [one for one in self.controls if given.items() <= one.given.items()]
        return found


@pytest.fixture
def by(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def treatment(db: Session, clinic: Clinic, now: datetime, by: Actor) -> TreatmentSession:
    """A session under way, whose order allows ondansetron."""
    made = factories.a_session(db, factories.a_patient(db, clinic), now - timedelta(minutes=30))
    take(db, made, Action.ARRIVE, now - timedelta(minutes=30), by)
    take(db, made, Action.START, now - timedelta(minutes=20), by)
    line = {"drug": "Ondansetron", "dose_words": "4 mg IV", "limit_words": "8 mg a session", "reason": "nausea"}
    db.add(AsNeeded(order_id=made.order_id, **line))
    db.commit()
    return made


@pytest.fixture
def effect(db: Session, treatment: TreatmentSession, by: Actor, now: datetime) -> int:
    made = side_effects.note(db, treatment, NAUSEA, now=now, by=by, onset=now - timedelta(minutes=5))
    db.commit()
    return made.id


def rows(db: Session, model: type[Any]) -> list[Any]:
    """Give all rows of a table as they are in the database."""
    db.rollback()
    return list(db.scalars(sa.select(model).order_by(model.id)))


def test_nausea_grade_1_now_takes_three_taps_from_the_session_page_and_no_other_page(
    db: Session, treatment: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    nurse = signed_in(Role.NURSE)
    page = Page(nurse.get(f"/sessions/{treatment.id}").text)
    tile = page.find(**{"data-dialog": "dialog-effect"})
    mine = [one for one in page.controls if (one.inside("dialog") or {}).get("id") == tile.given["data-dialog"]]
    kind = next(one for one in mine if one.given.get("value") == "nausea")
    grade = next(one for one in mine if (one.given.get("name"), one.given.get("value")) == ("grade", "1"))
    taps = [tile, kind, grade]
    assert not any(one.covered for one in taps)
    assert (kind.given["type"], grade.tag, grade.given.get("type", "submit")) == ("radio", "button", "submit")
    form = grade.inside("form") or {}
    assert kind.inside("form") == form
    sent = {
        str(one.given["name"]): str(one.given["value"])
        for one in (*mine, kind, grade)
        if one.tag == "input"
        and (one.given.get("type") == "hidden" or "checked" in one.given or one is kind)
        and one.given.get("value")
    }
    answer = nurse.post(str(form["action"]), data={**sent, "grade": "1"})
    assert (answer.status_code, answer.location) == (303, f"/sessions/{treatment.id}")
    (noted,) = rows(db, SideEffect)
    assert (noted.kind, noted.grade, noted.at, noted.late) == (SideEffectKind.NAUSEA, 1, now, False)


def test_without_scripts_the_same_three_taps_lead_over_a_page_of_their_own(
    treatment: TreatmentSession, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    tile = Page(nurse.get(f"/sessions/{treatment.id}").text).find(**{"data-dialog": "dialog-effect"})
    page = Page(nurse.get(str(tile.given["href"])).text)
    assert not page.find(value="nausea").covered
    assert not page.find(name="grade", value="1").covered


def test_what_the_patient_had_before_stands_among_the_first_kinds(
    db: Session, clinic: Clinic, treatment: TreatmentSession, by: Actor, signed_in: SignIn, now: datetime
) -> None:
    nurse = signed_in(Role.NURSE)
    path = f"/sessions/{treatment.id}/side-effects"
    assert Page(nurse.get(path).text).find(value="tremor").covered
    db.rollback()
    before = factories.a_session(db, treatment.patient, now - timedelta(days=7))
    tremor = Noticed(kind=SideEffectKind.TREMOR, grade=Grade.MODERATE)
    side_effects.note(db, before, tremor, now=now - timedelta(days=7), by=by)
    db.commit()
    assert not Page(nurse.get(path).text).find(value="tremor").covered


def test_no_side_effects_is_one_tap_that_is_kept_once_and_shown_with_its_time_and_author(
    db: Session, treatment: TreatmentSession, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    path = f"/sessions/{treatment.id}/side-effects/none"
    page = Page(nurse.get(f"/sessions/{treatment.id}").text)
    mine = [one for one in page.controls if (one.inside("form") or {}).get("action") == path]
    (button,) = [one for one in mine if one.tag == "button"]
    assert not button.covered
    sent = {str(one.given["name"]): str(one.given["value"]) for one in mine if one.tag == "input"}
    for _ in range(2):
        answer = nurse.post(path, data=sent)
        assert (answer.status_code, answer.location) == (303, f"/sessions/{treatment.id}#effects")
    (kept,) = rows(db, Note)
    assert kept.body == "No side effects so far."
    shown = nurse.get(f"/sessions/{treatment.id}").text
    assert f"None observed, asked at 10:00 am by {kept.by.name}" in shown
    assert "None recorded in this session" not in shown


def test_where_a_side_effect_stands_nobody_is_offered_to_say_none(
    treatment: TreatmentSession, effect: int, signed_in: SignIn
) -> None:
    shown = signed_in(Role.NURSE).get(f"/sessions/{treatment.id}").text
    assert f"/side-effects/{effect}/events" in shown
    assert "/side-effects/none" not in shown


def test_every_grade_has_its_words_and_their_source(treatment: TreatmentSession, signed_in: SignIn) -> None:
    page = signed_in(Role.NURSE).get(f"/sessions/{treatment.id}/side-effects").text
    for shown in ("Mild", "No intervention needed", "Life-threatening", "CTCAE v5"):
        assert shown in page


def test_an_action_is_one_tap_and_stands_with_its_side_effect(
    db: Session, treatment: TreatmentSession, effect: int, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    shown = nurse.get(f"/sessions/{treatment.id}/side-effects/{effect}/events")
    button = Page(shown.text).find(name="kind", value="oxygen")
    action = str((button.inside("form") or {})["action"])
    assert nurse.post(action, data={"kind": "oxygen", "side_effect": str(effect)}).status_code == 303
    (done,) = rows(db, Intervention)
    assert (done.kind, done.side_effect_id) == (InterventionKind.OXYGEN, effect)
    assert "Oxygen" in nurse.get(f"/sessions/{treatment.id}/side-effects/{effect}/events").text
    for drug in ("ondansetron", "labetalol"):
        assert f'value="{drug}"' not in shown.text


def give(treatment: TreatmentSession, db: Session) -> str:
    """Name the page on which the order's drug is given."""
    db.rollback()
    row_id = db.scalars(sa.select(AsNeeded.id)).one()
    return f"/sessions/{treatment.id}/as-needed/{row_id}"


def test_an_as_needed_drug_is_offered_with_its_order_and_given_once_however_often_it_is_sent(
    db: Session, treatment: TreatmentSession, effect: int, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    path = give(treatment, db)
    page = nurse.get(f"/sessions/{treatment.id}").text
    assert f"{path}?effect={effect}" in page
    assert "for nausea, at most 8 mg a session" in page
    form = nurse.get(f"{path}?effect={effect}").text
    assert 'value="4 mg IV"' in form
    assert f'<option selected value="{effect}"' in form
    data = {"dose": "4 mg IV", "side_effect": str(effect), "form_key": form_keys.new()}
    assert [nurse.post(path, data=data).status_code for _ in range(2)] == [303, 303]
    (row,) = rows(db, Intervention)
    assert (row.kind, row.dose_words, row.side_effect_id, row.outside_rules) == (
        InterventionKind.ONDANSETRON, "4 mg IV", effect, []
    )  # fmt: skip
    assert row.as_needed_id is not None
    assert "Given today" in nurse.get(f"/sessions/{treatment.id}").text


@pytest.mark.parametrize("dose", ["40 mg IV", "4 mcg IV", "half a tablet"])
def test_another_dose_than_the_ordered_one_is_asked_about_then_kept(
    db: Session, treatment: TreatmentSession, signed_in: SignIn, dose: str
) -> None:
    nurse, path = signed_in(Role.NURSE), give(treatment, db)
    asked = nurse.post(path, data={"dose": dose, "words": "By mouth"})
    assert asked.status_code == 422
    assert "The order says 4 mg IV." in asked.text
    assert f'value="{dose}"' in asked.text
    assert 'value="By mouth"' in asked.text
    assert not rows(db, Intervention)
    assert nurse.post(path, data={"dose": dose, "sure": "y"}).status_code == 303
    assert rows(db, Intervention)[0].dose_words == dose


def test_one_more_than_the_limit_is_asked_about_then_kept_and_told(
    db: Session, treatment: TreatmentSession, signed_in: SignIn
) -> None:
    nurse, path = signed_in(Role.NURSE), give(treatment, db)
    for _ in range(2):
        assert nurse.post(path, data={"dose": "4 mg IV"}).status_code == 303
    assert "Ask the provider for another order first" in nurse.get(path).text
    assert "Limit reached" in nurse.get(f"/sessions/{treatment.id}").text
    assert "more than the order allows: 8 mg a session" in nurse.post(path, data={"dose": "4 mg IV"}).text
    assert nurse.post(path, data={"dose": "4 mg IV", "sure": "y"}).status_code == 303
    assert rows(db, Intervention)[-1].outside_rules == ["as_needed_limit"]
    assert [one.kind.value for one in rows(db, Alert)] == ["outside_rules"]


def test_an_allergy_on_file_that_names_the_drug_is_asked_about(
    db: Session, treatment: TreatmentSession, signed_in: SignIn
) -> None:
    treatment.patient.allergies = "Ondansetron: rash"
    db.commit()
    answer = signed_in(Role.NURSE).post(give(treatment, db), data={"dose": "4 mg IV"})
    assert answer.status_code == 422
    assert "The allergies on file name it: Ondansetron: rash." in answer.text


def test_each_thing_that_can_become_of_a_side_effect_is_kept_with_its_true_time(
    db: Session, treatment: TreatmentSession, effect: int, signed_in: SignIn, now: datetime
) -> None:
    nurse, path = signed_in(Role.NURSE), f"/sessions/{treatment.id}/side-effects/{effect}/events"
    for data in (
        {"kind": "graded", "grade": "3"},
        {"kind": "outcome", "outcome": "continuing_advised", "words": "To rest"},
        {"kind": "resolved", "outcome": "resolved_with_sequelae", "at": "9:58"},
    ):
        assert nurse.post(path, data=data).status_code == 303
    kept = [(one.kind.value, one.grade, one.outcome and one.outcome.value, one.at) for one in rows(db, SideEffectEvent)]
    assert kept == [
        ("graded", 3, None, now),
        ("outcome", None, "continuing_advised", now),
        ("resolved", None, "resolved_with_sequelae", now - timedelta(minutes=2)),
    ]


def test_death_is_never_said_by_a_slip_of_the_finger_and_never_refused(
    db: Session, treatment: TreatmentSession, effect: int, signed_in: SignIn
) -> None:
    nurse, path = signed_in(Role.NURSE), f"/sessions/{treatment.id}/side-effects"
    noted, events = {"kind": "vomiting", "ago": "0", "grade": "5"}, f"{path}/{effect}/events"
    for where, data in ((path, noted), (events, {"kind": "graded", "grade": "5"}),
                        (events, {"kind": "outcome", "outcome": "fatal"})):  # fmt: skip
        asked = nurse.post(where, data=data)
        assert asked.status_code == 422
        assert "This says that the patient has died." in asked.text
        assert "Yes, the patient has died" in asked.text
    assert not rows(db, SideEffectEvent)
    assert nurse.post(path, data={**noted, "sure_death": "y"}).status_code == 303
    assert rows(db, SideEffect)[-1].grade == Grade.DEATH
    assert nurse.post(events, data={"kind": "graded", "grade": "5", "sure_death": "y"}).status_code == 303


def test_a_call_to_911_is_told_at_once_beside_any_other_alert(
    db: Session, treatment: TreatmentSession, effect: int, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    severe = {"kind": "graded", "grade": "3"}
    assert nurse.post(f"/sessions/{treatment.id}/side-effects/{effect}/events", data=severe).status_code == 303
    called = {"kind": "ems", "side_effect": str(effect)}
    assert nurse.post(f"/sessions/{treatment.id}/interventions", data=called).status_code == 303
    assert [(one.tier.value, one.words) for one in rows(db, Alert)] == [
        ("same_day", "Nausea, grade 3"), ("now", "911 was called")
    ]  # fmt: skip


def test_an_end_before_its_onset_is_asked_about_beside_its_field(
    db: Session, treatment: TreatmentSession, effect: int, signed_in: SignIn
) -> None:
    nurse, path = signed_in(Role.NURSE), f"/sessions/{treatment.id}/side-effects/{effect}/events"
    data = {"kind": "resolved", "outcome": "resolved", "at": "9:40", "words": "Gone by itself"}
    asked = nurse.post(path, data=data)
    assert asked.status_code == 422
    for shown in ("This is before it began", 'value="9:40"', 'value="Gone by itself"', 'id="resolved-at-error"'):
        assert shown in asked.text
    assert not rows(db, SideEffectEvent)
    assert nurse.post(path, data={**data, "sure_time": "y"}).status_code == 303


def test_calling_it_serious_tells_a_provider_and_puts_a_call_on_the_lists_until_it_is_made(
    db: Session, treatment: TreatmentSession, effect: int, signed_in: SignIn
) -> None:
    nurse, provider = signed_in(Role.NURSE), signed_in(Role.PROVIDER)
    path = f"/sessions/{treatment.id}/side-effects/{effect}/serious"
    assert nurse.post(path, data={"seriousness": "not one of these"}).status_code == 422
    assert nurse.post(path, data={"seriousness": "hospitalisation"}).status_code == 303
    (owed,) = rows(db, FollowUp)
    assert [one.kind.value for one in rows(db, Alert)] == ["serious_side_effect"]
    for one in (nurse, provider):
        assert "/for-provider/calls" in one.get("/").text
        assert "Ana Ruiz" in one.get("/for-provider/calls").text
        assert "Nausea, grade 2. Serious: stay in hospital" in one.get("/follow-ups").text
    assert "A call is owed by" in nurse.get(f"/sessions/{treatment.id}").text
    assert "within 24 hours" in nurse.get("/follow-ups").text
    assert nurse.post(f"/follow-ups/{owed.id}", data={"words": " "}).status_code == 422
    done = {"words": "Spoke with her: home again."}
    assert [nurse.post(f"/follow-ups/{owed.id}", data=done).status_code for _ in range(2)] == [303, 303]
    late = provider.post(f"/follow-ups/{owed.id}", data={"words": "Called as well."})
    assert late.status_code == 409
    for shown in ("Somebody has written down meanwhile", "Spoke with her: home again.", 'value="Called as well."'):
        assert shown in late.text
    assert "/for-provider/calls" not in provider.get("/").text
    assert "Spoke with her: home again." in provider.get(f"/sessions/{treatment.id}").text


def test_a_form_of_an_entry_that_was_corrected_meanwhile_acts_on_the_correction(
    db: Session, treatment: TreatmentSession, effect: int, signed_in: SignIn
) -> None:
    nurse, path = signed_in(Role.NURSE), f"/sessions/{treatment.id}/side-effects/{effect}"
    assert nurse.post(f"{path}/serious", data={"seriousness": "disability"}).status_code == 303
    assert nurse.post(f"{path}/events", data={"kind": "resolved"}).status_code == 303
    (event,) = rows(db, SideEffectEvent)
    assert event.kind is SideEffectEventKind.RESOLVED
    assert event.side_effect_id == rows(db, SideEffect)[-1].id
    assert "Over at" in nurse.get(f"{path}/events").text


def test_the_trends_stand_beside_in_a_table_with_headings_for_rows_and_columns(
    db: Session, treatment: TreatmentSession, effect: int, by: Actor, signed_in: SignIn, now: datetime
) -> None:
    nurse, path = signed_in(Role.NURSE), f"/sessions/{treatment.id}"
    assert "effect-trends" not in nurse.get(path).text
    db.rollback()
    then = now - timedelta(days=7)
    before = factories.a_session(db, treatment.patient, then, order_id=treatment.order_id)
    before.dose_started_at = then
    side_effects.note(db, before, NAUSEA, now=then + timedelta(minutes=32), by=by)
    db.commit()
    shown = nurse.get(path).text
    for text in (
        "Over the last 2 sessions",
        'aria-labelledby="trends-title"',
        'scope="row"',
        "in 2 of 2",
        "15 to 32 min",
    ):
        assert text in shown


def test_late_entries_are_marked_beside_what_they_say(
    db: Session, treatment: TreatmentSession, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    data = {"kind": "headache", "grade": "1", "ago": "0", "at": "9:42"}
    assert nurse.post(f"/sessions/{treatment.id}/side-effects", data=data).status_code == 303
    shown = nurse.get(f"/sessions/{treatment.id}").text
    part = shown[shown.index('id="effects-title"') :]
    assert "Written later" in part[: part.index("</section>")]


def test_nobody_else_sees_or_acts_and_nothing_of_others_is_found(
    db: Session, clinic: Clinic, treatment: TreatmentSession, effect: int, by: Actor, signed_in: SignIn, now: datetime
) -> None:
    other = factories.a_session(db, factories.a_patient(db, clinic), now + timedelta(days=1))
    db.commit()
    nurse, base = signed_in(Role.NURSE), f"/sessions/{treatment.id}"
    drug = give(treatment, db).removeprefix(base)
    for path in (f"/side-effects/{effect}/events", f"/side-effects/{effect}/serious", drug):
        for role in (Role.FRONT_DESK, Role.OWNER, Role.AUDITOR):
            assert signed_in(role).post(f"{base}{path}", data={}).status_code == 403
        assert nurse.post(f"/sessions/{other.id}{path.replace(drug, '/as-needed/999')}", data={}).status_code == 404
    for role in (Role.FRONT_DESK, Role.OWNER, Role.AUDITOR):
        assert signed_in(role).get("/follow-ups").status_code == 403
    assert nurse.get("/follow-ups/999").status_code == 404
    assert Counter(map(type, [*rows(db, SideEffectEvent), *rows(db, Intervention)])) == Counter()


def test_a_side_effect_keeps_nobody_here_whose_visit_is_over(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime, signed_in: SignIn
) -> None:
    noticed = Noticed(kind=SideEffectKind.SEDATION, grade=Grade.MODERATE)
    effect = side_effects.note(db, treatment, noticed, now=now, by=by).id
    db.commit()
    nurse, path = signed_in(Role.NURSE), f"/sessions/{treatment.id}"
    pages = (path, f"{path}/side-effects/{effect}/events")
    db.rollback()
    assert all("Keeps them here" in nurse.get(one).text for one in pages)
    db.refresh(treatment)
    take(db, treatment, Action.TAKE_TO_HOSPITAL, now, by)
    db.commit()
    for one in pages:
        page = nurse.get(one).text
        assert "Sedation" in page
        assert "Keeps them here" not in page
