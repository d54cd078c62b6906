"""What waits for clinicians: whom to assess and to clear, what to sign, whose plan to look at."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask import Blueprint, abort, g, render_template

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.models import Clinic
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import clinic, courses, person, session, showed
from clinic_sessions.services import documents
from clinic_sessions.services.protocols import version_rows
from clinic_sessions.services.today import for_clinicians
from clinic_sessions.services.today.for_clinicians import Asked, Work

bp = Blueprint("for_provider", __name__)

TITLES: Mapping[Work, str] = MappingProxyType(
    {
        Work.RISK: "Risk to assess, and assessed today",
        Work.CALLS: "To call after a serious side effect",
        Work.CLEAR: "To clear",
        Work.SIGN: "Orders to sign",
        Work.SPOKEN: "Your spoken orders, not signed",
        Work.NOTES: "Notes to sign",
        Work.OWN_NOTES: "Your notes to sign",
        Work.ANSWERS: "Screenings to look at",
        Work.REVIEWS: "Plans to review",
        Work.CHECKS: "Checks due",
        Work.VERSIONS: "Versions to publish",
    }
)


def counts(here: Clinic) -> dict[Work, int]:
    """Count each list on which this person can act; what is empty is left out."""
    mine = [work for role, works in for_clinicians.OF_ROLE.items() if role in person().roles for work in works]
    return for_clinicians.counts(session(), list(dict.fromkeys(mine)), _asked(here)) if mine else {}


@bp.get("/for-provider/<work>")
@needs(Permission.READ_CLINICAL)
def show(work: str) -> str:
    """List exactly what one of the counts of today counted."""
    if work not in set(Work):
        abort(404)
    kind = Work(work)
    lines = for_clinicians.lines(session(), kind, _asked(clinic()))
    named = sorted({_patient_id(line) for line in lines} - {0})
    if named:
        showed("for_provider", None, patients=named)
    return render_template(
        "for_provider/show.html", work=kind.value, title=TITLES[kind], lines=lines, courses=courses(named),
        shelf_of=version_rows.shelf_of, numbers=documents.thresholds(session()),
    )  # fmt: skip


def _asked(here: Clinic) -> Asked:
    return Asked(clinic=here, now=g.now, user_id=person().id)


def _patient_id(line: Any) -> int:
    plan = getattr(line, "plan", None)
    return int(plan.patient_id if plan else getattr(line, "patient_id", 0))
