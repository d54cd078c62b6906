"""The tiles of the session page: each kind of entry as a dialog; the same forms have pages of their own."""

from collections.abc import Sequence
from typing import Any

from clinic_sessions.domain.scheduling import visits
from clinic_sessions.domain.session.lifecycle import OCCUPYING, SessionKind
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes.present import session
from clinic_sessions.routes.session import entry_pages
from clinic_sessions.routes.session.one_session import identified
from clinic_sessions.services import form_keys
from clinic_sessions.services.note import signed_notes

_OF_TREATMENTS: Sequence[entry_pages.Page] = (
    entry_pages.VITALS,
    entry_pages.EFFECT,
    entry_pages.DOSE,
    entry_pages.INTERVENTION,
    entry_pages.NOTE,
)
_OF_VISITS: Sequence[entry_pages.Page] = (entry_pages.NOTE, entry_pages.VITALS)


def dialogs(treatment: TreatmentSession) -> dict[str, Any]:
    """Make the forms of the tiles, each with ids of its own."""
    pages = _OF_TREATMENTS if treatment.kind is SessionKind.TREATMENT else _OF_VISITS
    if treatment.kind in visits.FAR_AWAY:
        pages = [entry_pages.NOTE]
    if treatment.status not in OCCUPYING and signed_notes.exists(session(), treatment.id):
        pages = [page for page in pages if page is not entry_pages.NOTE]
    made = [(page, identified(page.make(treatment, None), page.template)) for page in pages]
    return {"pages": made, "new_key": form_keys.new, **entry_pages.choices_of(treatment)}
