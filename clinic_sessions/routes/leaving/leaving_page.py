"""What the part of the page before leaving needs: what stands, and the forms of whoever may answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import g, request
from werkzeug.datastructures import MultiDict

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.session.leaving import ITEM_OF
from clinic_sessions.domain.session.session_checks import BEFORE_LEAVING, CheckItem
from clinic_sessions.forms.leaving import CallForm, LeavingForm, arranged_text
from clinic_sessions.models import SessionCheck, TreatmentSession
from clinic_sessions.routes.present import person, session
from clinic_sessions.routes.session.entry_pages import meta_of_entry
from clinic_sessions.routes.session.one_session import identified
from clinic_sessions.services.before import session_checks
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.leaving import leaving, waiting_for_ride
from clinic_sessions.services.leaving.leaving import Leaving
from clinic_sessions.services.refusals import Absent
from clinic_sessions.services.session import due

Typed = MultiDict[str, str] | None


@dataclass(kw_only=True)
class Page:
    """What stands before leaving, and the forms. `asked`: the questions that the form asks; `ride`: once they wait."""

    facts: Leaving
    asked: Collection[CheckItem]
    form: LeavingForm
    ride: waiting_for_ride.Part | None
    call: CallForm
    said: Sequence[str] = ()
    failed: Any = None
    item_of: Any = field(default_factory=lambda: {part.value: item for part, item in ITEM_OF.items()})
    clock_text: Any = field(default=due.clock_text)
    due_text: Any = field(default=due.due_text)
    arranged_text: Any = field(default=arranged_text)


def of(treatment: TreatmentSession, again: CheckItem | None = None) -> Page | None:
    """Make the part as it stands; `again`: a question to answer once more. None where leaving asks for nothing."""
    facts = leaving.of(session(), treatment, g.now)
    if facts is None:
        return None
    mine = person().may(Permission.TREAT)
    asked = [item for item in BEFORE_LEAVING if item in facts.to_ask or item is again] if mine else []
    ride = waiting_for_ride.of(session(), treatment, g.now)
    return Page(
        facts=facts, asked=asked, ride=ride,
        form=identified(_form(treatment, None, facts.arranged), "leaving"),
        call=identified(call_form(ride, None), "call"),
    )  # fmt: skip


def form_of(treatment: TreatmentSession, typed: Typed) -> LeavingForm:
    """Make the form of the answers; every question may be answered, whatever stands. Raises Absent without a dose."""
    rows = [row for row in session_checks.rows(session(), treatment) if row.item is CheckItem.RIDE]
    return _form(treatment, typed, rows[-1] if rows else None)


def _form(treatment: TreatmentSession, typed: Typed, arranged: SessionCheck | None) -> LeavingForm:
    if treatment.protocol_version is None:
        raise Absent
    accepted = protocol_of(treatment.protocol_version).escort.accepted
    known = arranged if arranged is not None and arranged.clear and arranged.escort else None
    asked = {"asked": BEFORE_LEAVING, "accepted": accepted, "arranged": known}
    return LeavingForm(typed, meta={**meta_of_entry(treatment), **asked})


def call_form(ride: waiting_for_ride.Part | None, typed: Typed) -> CallForm:
    """Make the form of a call about the way home."""
    form = CallForm(typed)
    form.offer({one.contact.value: one.name for one in ride.people if one.phone} if ride else {})
    return form


def time_mark(treatment: TreatmentSession) -> str:
    """Give what belongs into the mark of the page because the clock alone changes it."""
    return leaving.time_mark(session(), treatment, g.now)


def again() -> CheckItem | None:
    """Give the question that the address names to be answered once more."""
    named = request.args.get("again", "")
    return next((item for item in BEFORE_LEAVING if item.value == named), None)
