"""Closures: holidays of a whole site, repairs of one chair."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.wall_time import Span
from clinic_sessions.models import AuditAction, Clinic, Closure
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent
from clinic_sessions.services.sites import chairs, hits, sites

BACK = timedelta(days=90)
"""How long a closure that is over, or was removed, stays on the page."""


@dataclass(frozen=True, kw_only=True)
class NewClosure:
    """A stretch of time in which a site, or one chair of it, takes nobody, and why."""

    span: Span
    reason: str
    chair_id: int | None = None


def listed(db: Session, site: Clinic, now: datetime) -> Sequence[Closure]:
    """List the closures to come, under way, or over for at most BACK, in order of their start."""
    query = sa.select(Closure).where(Closure.clinic_id == site.id, Closure.ends_at > now - BACK)
    return db.scalars(query.options(joinedload(Closure.chair)).order_by(Closure.starts_at, Closure.id)).all()


def add(
    db: Session, site: Clinic, new: NewClosure, *, version: int, kept: str | None, now: datetime, by: Actor
) -> Closure:
    """Close a site or a chair; refuses with WouldHit while sessions are hit and `kept` does not name exactly them."""
    sites.hold(db, site, version)
    if new.chair_id is not None:
        chairs.find(site, new.chair_id)
    hits.ask(hits.of_closure(db, site.id, new.chair_id, new.span, now), kept)
    closure = Closure(
        clinic_id=site.id,
        chair_id=new.chair_id,
        starts_at=new.span.starts_at,
        ends_at=new.span.ends_at,
        reason=new.reason,
        made_at=now,
        by_id=by.user_id,
    )
    db.add(closure)
    db.flush()
    changes = {field: [None, getattr(closure, field)] for field in ("chair_id", "starts_at", "ends_at", "reason")}
    audit.note(db, AuditAction.CREATE, "closure", closure.id, now=now, by=by, changes=changes)
    sites.touch(db, site)
    return closure


def remove(db: Session, site: Clinic, closure_id: int, *, version: int, now: datetime, by: Actor) -> None:
    """Take a closure away again, so that its time can be booked; it stays readable. Raises Absent."""
    sites.hold(db, site, version)
    closure = db.get(Closure, closure_id)
    if closure is None or closure.clinic_id != site.id:
        raise Absent
    if closure.removed_at is not None:
        return
    closure.removed_at = now
    audit.note(
        db, AuditAction.CHANGE, "closure", closure.id, now=now, by=by, changes={"removed_at": [None, now]}
    )  # fmt: skip
    sites.touch(db, site)
