"""What somebody else did while a form of a session was open: shown beside what was typed, never instead of it."""

from collections.abc import Mapping, Sequence

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling.visits import done_words
from clinic_sessions.domain.session.record import RecordReason
from clinic_sessions.forms.acts import ActForm
from clinic_sessions.models import DoseEvent, Intervention, Note, SideEffect, TreatmentSession, VitalsReading
from clinic_sessions.models.record import Entry
from clinic_sessions.routes import filters
from clinic_sessions.routes.present import person, session
from clinic_sessions.services.note import note_facts, note_since
from clinic_sessions.services.note.note_since import Later
from clinic_sessions.services.refusals import ChangedMeanwhile, Refusal
from clinic_sessions.services.session import lifecycle, timeline

KINDS: Mapping[str, type[Entry]] = {
    "vitals": VitalsReading,
    "dose": DoseEvent,
    "effect": SideEffect,
    "intervention": Intervention,
    "note": Note,
}
"""The entries of the record that a form corrects, by the form's template."""


def corrected(treatment: TreatmentSession, template: str, form: ActForm, refusal: Refusal) -> Sequence[Later]:
    """Give the corrections that came before this one, and let the form correct the last of them when it is sent again.

    Empty when the refusal is about something else.
    """
    kind = KINDS.get(template)
    if kind is None or RecordReason.CORRECTED_MEANWHILE not in refusal.reasons:
        return []
    known = note_facts.load(session(), treatment)
    by_old = {getattr(row, "corrects_id", None): row for row in known.all(kind)}
    found, last = [], int(form.corrects.data or 0)
    while (newer := by_old.get(last)) is not None:
        found.append(note_since.later(known, newer))
        last = newer.id
    form.corrects.data = str(last)
    return found


def said(treatment: TreatmentSession, refusal: Refusal) -> list[str]:
    """Say why a step was not taken; after somebody else's step, also whose it was, which, and when."""
    told = [words.say(reason) for reason in refusal.reasons]
    last = lifecycle.last_step(treatment)
    if not isinstance(refusal, ChangedMeanwhile) or last is None:
        return told
    if not person().may(Permission.READ_CLINICAL) and not timeline.is_of_the_desk(last):
        return told
    who = last.by.name if last.by else "The patient, by link"
    return [*told, f"Last step: {done_words(treatment.kind, last.action)}, {filters.day_at(last.at)}, by {who}."]
