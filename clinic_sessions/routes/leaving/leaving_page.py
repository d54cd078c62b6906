"""What the part of the page before leaving needs: what stands, and the forms of whoever may answer."""

from dataclasses import dataclass, field
from typing import Any

from flask import g

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.session.leaving import ITEM_OF
from clinic_sessions.domain.session.session_checks import BEFORE_LEAVING, CheckItem
from clinic_sessions.forms.leaving import CallForm, LeavingForm
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes import filters
from clinic_sessions.routes.before.asked_page import AskedPage, Typed
from clinic_sessions.routes.present import person, session
from clinic_sessions.routes.session.entry_pages import meta_of_entry
from clinic_sessions.routes.session.one_session import identified
from clinic_sessions.services.before import session_checks
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.leaving import leaving, waiting_for_ride
from clinic_sessions.services.leaving.leaving import Leaving, SpokenAgainst
from clinic_sessions.services.refusals import Absent
from clinic_sessions.services.session import due


@dataclass(frozen=True, kw_only=True)
class Page(AskedPage):
    """What stands before leaving, and the forms. `ride`: once they wait."""

    facts: Leaving
    ride: waiting_for_ride.Part | None
    call: CallForm
    item_of: Any = field(default_factory=lambda: {part.value: item for part, item in ITEM_OF.items()})
    clock_text: Any = field(default=due.clock_text)
    due_text: Any = field(default=due.due_text)


def of(treatment: TreatmentSession, again: CheckItem | None = None) -> Page | None:
    """Make the part as it stands; `again`: a question to answer once more. None where leaving asks for nothing."""
    facts = leaving.of(session(), treatment, g.now)
    if facts is None:
        return None
    mine = person().may(Permission.TREAT)
    asked = [item for item in BEFORE_LEAVING if item in facts.to_ask or item is again] if mine else []
    ride = waiting_for_ride.of(session(), treatment, g.now)
    return Page(
        facts=facts, open=asked, ride=ride,
        form=identified(form_of(treatment, None), "leaving"),
        call=identified(call_form(ride, None), "call"),
    )  # fmt: skip


def form_of(treatment: TreatmentSession, typed: Typed) -> LeavingForm:
    """Make the form of the answers; every question may be answered, whatever stands. Raises Absent without a dose.

    The way home that was arranged before the dose is one of its taps.
    """
    if treatment.protocol_version is None:
        raise Absent
    ride = session_checks.rides(session(), [treatment]).get(treatment.id)
    known = (ride, "Here, as arranged") if ride is not None and ride.clear and ride.escort else None
    asked = {
        "asked": BEFORE_LEAVING, "protocol": protocol_of(treatment.protocol_version), "known": known,
        "contradicted": _contradicted(treatment) if typed is not None else {},
    }  # fmt: skip
    return LeavingForm(typed, meta={**meta_of_entry(treatment), **asked})


def _contradicted(treatment: TreatmentSession) -> dict[CheckItem, str]:
    """Say for each answer what the record says against it, and what to do about that."""
    return {item: _said_against(one) for item, one in leaving.spoken_against(session(), treatment).items()}


def _said_against(one: SpokenAgainst) -> str:
    read = [f"{mark.short} at {filters.at(reading.at)}" for reading, mark in one.outside]
    felt = [f"{side_effects.label(now.effect)}, grade {now.grade.value}, still noted" for now in one.effects]
    todo = [text for text, is_so in (("read it again", read), ("note that it is over", felt)) if is_so]
    return (
        f"The record says otherwise: {'; '.join(read + felt)}. First {' and '.join(todo)}, or say below that it is so."
    )


def call_form(ride: waiting_for_ride.Part | None, typed: Typed) -> CallForm:
    """Make the form of a call about the way home."""
    form = CallForm(typed)
    form.offer({one.contact.value: one.called for one in ride.people if one.phone} if ride else {})
    return form


def time_mark(treatment: TreatmentSession) -> str:
    """Give what belongs into the mark of the page because the clock alone changes it."""
    return leaving.time_mark(session(), treatment, g.now)
