"""Two versions in the making: one that waits for a second provider, and a draft that its provider has just begun."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import ZONE, Staffing
from clinic_sessions.domain.protocols.edits import Typed
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import ProtocolVersion
from clinic_sessions.services import documents
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.protocols import version_rows, versions
from clinic_sessions.services.protocols.version_rows import Version

_SLOWER = Typed(
    values={"phases[1].minutes": "50", "phases[2].minutes": "60", "observation.minutes": "60", "spacing": "3"},
    reasons={"spacing": "Our patients come twice a week; three days keep the weekend free"},
)
_SOONER = Typed(values={"clearance": "90"}, reasons={"clearance": "We look again each quarter"})


def draft_two(db: Session, staff: Staffing, now: datetime) -> None:
    """Propose a slower infusion, and leave a draft of the thresholds."""
    infusion = db.scalars(sa.select(ProtocolVersion).where(ProtocolVersion.key == "iv-mood")).one()
    first, last = staff.providers[0], staff.providers[-1]
    slower, begun_at = _draft(db, infusion, _SLOWER, now, last)
    versions.propose(db, slower, shown=version_rows.token(slower), now=begun_at, by=last)
    _draft(db, documents.published_thresholds(db), _SOONER, now, first)


def _draft(db: Session, base: Version, typed: Typed, now: datetime, by: Actor) -> tuple[Version, datetime]:
    """Begin a draft some hours ago, never before its base was published, and give it with that moment."""
    at = max(now - timedelta(hours=6), base.published_at or now)
    draft = versions.copy(db, base, now=at, by=by)
    shown, today = version_rows.token(draft), local_day(at, ZONE)
    versions.change(db, draft, typed, shown=shown, today=today, now=at, by=by)
    return draft, at
