"""What the part of the page before a dose needs: what stands, and the small forms, as they were typed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import g

from clinic_sessions.domain.papers.screening_kinds import ScreeningStatus
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.protocols.protocols import Fasting, fasting
from clinic_sessions.domain.session.session_checks import AT_THE_DESK, CheckItem
from clinic_sessions.domain.session.start_gate import LIFTABLE
from clinic_sessions.forms.before import AnswersForm, ReadingForm, WeighForm
from clinic_sessions.forms.booking import slot_value
from clinic_sessions.forms.fields import meta
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes.before.asked_page import AskedPage, Typed
from clinic_sessions.routes.present import person, session
from clinic_sessions.routes.session.entry_pages import meta_of_entry
from clinic_sessions.routes.session.one_session import identified
from clinic_sessions.services.before import before, session_checks
from clinic_sessions.services.before.before import NOT_MEASURED, Before, Question
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.refusals import Absent
from clinic_sessions.services.screening import intake, screening
from clinic_sessions.services.session import due
from clinic_sessions.services.session.session_start import Start


@dataclass(frozen=True, kw_only=True)
class Page(AskedPage):
    """What stands before a dose, and the forms of whoever looks. `questions`: those that this person sees.

    `mine`: those that this person may ask again. `asks`: the weight wants a tick.
    """

    facts: Before
    questions: Sequence[Question]
    mine: Collection[CheckItem]
    reading: ReadingForm
    weight: WeighForm
    fasting: Fasting
    unfiled: str | None = None
    asks: bool = False
    liftable: Collection[str] = frozenset(LIFTABLE)
    slot_value: Any = field(default=slot_value)
    due_text: Any = field(default=due.due_text)

    @property
    def seen(self) -> int:
        """The newest answer that this page shows."""
        return max((one.answer.id for one in self.facts.questions if one.answer), default=0)

    @property
    def measure_missing(self) -> bool:
        """Whether a reading is still to be taken."""
        return not NOT_MEASURED.isdisjoint(self.facts.reasons)


def of(treatment: TreatmentSession, start: Start | None, again: CheckItem | None = None) -> Page | None:
    """Make the part as it stands; `again`: a question to ask once more. None once the dose has begun."""
    facts = before.of(session(), treatment, start.papers if start else None, g.now)
    if facts is None:
        return None
    seen = [one for one in facts.questions if one.item in may_ask(sees=True)]
    mine = may_ask()
    asked = [one.item for one in seen if one.item in mine and (one.item is again or (facts.here and not one.answer))]
    return Page(
        facts=facts, questions=seen, open=asked, mine=mine if facts.here else mine & {CheckItem.RIDE},
        form=identified(answers_form(treatment), "before"),
        reading=identified(reading_form(treatment, repeats=facts.repeat is not None), "first"),
        weight=identified(weight_form(treatment), "weigh"),
        fasting=fasting(facts.protocol, treatment.starts_at),
        unfiled=None if facts.here else _unfiled(treatment),
    )  # fmt: skip


def _unfiled(treatment: TreatmentSession) -> str | None:
    """Say what became of the questionnaire that was sent to the patient; None when nothing waits."""
    asked = intake.of_patient(screening.of_patient(session(), treatment.patient_id))
    waiting = [one for one in asked if one.status in {ScreeningStatus.DRAFT, ScreeningStatus.SUBMITTED}]
    if not waiting:
        return None
    sent = any(one.status is ScreeningStatus.SUBMITTED for one in waiting)
    return "Their questionnaire waits to be gone through" if sent else "Their questionnaire is not filled in yet"


def may_ask(*, sees: bool = False) -> frozenset[CheckItem]:
    """Give the questions that this person asks; `sees`: or whose answers they see."""
    clinical = Permission.READ_CLINICAL if sees else Permission.TREAT
    if person().may(clinical):
        return frozenset(CheckItem)
    return AT_THE_DESK if sees or person().may(Permission.RECORD_ARRIVAL) else frozenset()


def answers_form(treatment: TreatmentSession, typed: Typed = None) -> AnswersForm:
    """Make the form of the answers that this person asks for; raises Absent for a visit without a dose."""
    if treatment.protocol_version is None:
        raise Absent
    mine = may_ask()
    asked = [item for item in session_checks.asked(treatment) if item in mine]
    before = session_checks.ride_before(session(), treatment) if CheckItem.RIDE in asked else None
    known = (before, "As last time") if before is not None else None
    about = {"protocol": protocol_of(treatment.protocol_version), "asked": asked, "known": known}
    return AnswersForm(typed, meta={**meta_of_entry(treatment), **about})


def reading_form(treatment: TreatmentSession, typed: Typed = None, *, repeats: bool) -> ReadingForm:
    """Make the form of a reading before the dose; `repeats`: one before it was out of range."""
    return ReadingForm(typed, meta={**meta_of_entry(treatment), "repeats": repeats})


def weight_form(treatment: TreatmentSession, typed: Typed = None) -> WeighForm:
    """Make the form of a weight; without a time it is of now."""
    return WeighForm(typed, meta=meta(g.now, treatment.clinic.zone))
