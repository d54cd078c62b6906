"""The drug part of a session's page, with the questions that are still to be answered."""

from dataclasses import dataclass

from flask import g

from clinic_sessions.forms.dose_controls import WhyForm
from clinic_sessions.models import DoseEvent, TreatmentSession
from clinic_sessions.routes.drug.dose_controls import why_form
from clinic_sessions.routes.present import session
from clinic_sessions.services.drug import drug
from clinic_sessions.services.drug.drug import Drug
from clinic_sessions.services.session.session_start import Start


@dataclass(frozen=True, kw_only=True)
class DrugPart:
    """What stands of the drug, and a form for each pause or stop that nobody has explained yet."""

    now: Drug
    why: list[tuple[DoseEvent, WhyForm]]


def of(treatment: TreatmentSession, start: Start | None) -> DrugPart | None:
    """Gather the part; None for a visit without a dose. `start`: what the start stands on, as the page shows it."""
    found = drug.of(session(), treatment, g.now, start)
    if found is None:
        return None
    return DrugPart(now=found, why=[(event, why_form(treatment, found, event)) for event in found.unanswered])
