"""What waits for a provider: whom to clear, what to sign, whose plan to look at."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from flask import Blueprint, abort, g, render_template

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import clinic, courses, session, showed
from clinic_sessions.services import due_checks, plan_lists, to_decide, version_rows

bp = Blueprint("for_provider", __name__)

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "clear": "To clear",
        "answers": "Screenings to look at",
        "sign": "Orders to sign",
        "reviews": "Plans to review",
        "checks": "Checks due",
        "versions": "Versions to publish",
    }
)
_LISTS: Mapping[str, Callable[[Clinic], Sequence[Any]]] = MappingProxyType(
    {
        "clear": lambda here: to_decide.to_clear(session(), here, g.now),
        "answers": lambda here: to_decide.answers_sent(session(), here),
        "sign": lambda here: to_decide.to_sign(session(), here),
        "reviews": lambda here: plan_lists.reviews_due(session(), here, local_day(g.now, here.zone)),
        "checks": lambda here: due_checks.waiting(session(), here, g.now),
        "versions": lambda here: version_rows.proposed(session()),
    }
)


def counts(here: Clinic) -> dict[str, int]:
    """Count each list; what is empty is left out."""
    found = {work: len(lines(here)) for work, lines in _LISTS.items()}
    return {work: count for work, count in found.items() if count}


@bp.get("/for-provider/<work>")
@needs(Permission.READ_CLINICAL)
def show(work: str) -> str:
    """List exactly what one of the counts of today counted."""
    if work not in _LISTS:
        abort(404)
    lines = _LISTS[work](clinic())
    named = sorted({_patient_id(line) for line in lines} - {0})
    if named:
        showed("for_provider", None, patients=named)
    return render_template(
        "for_provider/show.html", work=work, title=TITLES[work], lines=lines, courses=courses(named),
        shelf_of=version_rows.shelf_of,
    )  # fmt: skip


def _patient_id(line: Any) -> int:
    plan = getattr(line, "plan", None)
    return int(plan.patient_id if plan else getattr(line, "patient_id", 0))
