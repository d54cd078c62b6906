"""A site's chairs: adding, renaming, equipping, ordering, and taking them out of use."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.models import AuditAction, Chair, Clinic
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.sites import hits, sites


class ChairReason(StrEnum):
    NAME_IN_USE = "name_in_use"


SAID: Mapping[StrEnum, str] = {ChairReason.NAME_IN_USE: "There is a chair of this name here already."}

_FIELDS = ("name", "allows_iv", "allows_in", "allows_im", "in_use")


@dataclass(frozen=True, kw_only=True)
class ChairFacts:
    """What a person says of a chair."""

    name: str
    routes: Collection[Route]
    in_use: bool = True


def find(site: Clinic, chair_id: int) -> Chair:
    """Give a chair of a site; raises Absent when it has no such one."""
    chair = next((one for one in site.chairs if one.id == chair_id), None)
    if chair is None:
        raise Absent
    return chair


def routes_of(chair: Chair) -> list[Route]:
    """List the routes for which a chair is equipped."""
    return [route for route in Route if chair.allows(route)]


def add(db: Session, site: Clinic, facts: ChairFacts, *, version: int, now: datetime, by: Actor) -> Chair:
    """Add a chair after the others."""
    sites.hold(db, site, version)
    _check_name(site, facts.name)
    chair = Chair(position=max((one.position for one in site.chairs), default=0) + 1, **_columns(facts))
    site.chairs.append(chair)
    db.flush()
    changes = {field: [None, getattr(chair, field)] for field in _FIELDS}
    audit.note(db, AuditAction.CREATE, "chair", chair.id, now=now, by=by, changes=changes)
    sites.touch(db, site)
    return chair


def change(
    db: Session,
    site: Clinic,
    chair_id: int,
    facts: ChairFacts,
    *,
    version: int,
    kept: str | None,
    now: datetime,
    by: Actor,
) -> None:
    """Rename or equip a chair, take it out of use or bring it back.

    Refuses with WouldHit while sessions are hit and `kept` does not name exactly them.
    """
    sites.hold(db, site, version)
    chair = find(site, chair_id)
    _check_name(site, facts.name, chair)
    if chair.in_use:
        hits.ask(hits.of_chair(db, chair, facts.routes, facts.in_use, now), kept)
    with db.no_autoflush:
        for field, value in _columns(facts).items():
            if getattr(chair, field) != value:
                setattr(chair, field, value)
        changes = audit.changes_of(chair)
    if changes:
        audit.note(db, AuditAction.CHANGE, "chair", chair.id, now=now, by=by, changes=changes)
        sites.touch(db, site)


def move_up(db: Session, site: Clinic, chair_id: int, *, version: int, now: datetime, by: Actor) -> None:
    """Put a chair before the one that stands before it; the first stays."""
    sites.hold(db, site, version)
    order = list(site.chairs)
    place = order.index(find(site, chair_id))
    if place == 0:
        return
    before = ", ".join(chair.name for chair in order)
    order[place - 1 : place + 1] = [order[place], order[place - 1]]
    for position, chair in enumerate(order, 1):
        chair.position = position
    after = ", ".join(chair.name for chair in order)
    audit.note(db, AuditAction.CHANGE, "clinic", site.id, now=now, by=by, changes={"chairs": [before, after]})
    sites.touch(db, site)


def _check_name(site: Clinic, name: str, own: Chair | None = None) -> None:
    if any(chair.name == name and chair is not own for chair in site.chairs):
        raise Refusal(ChairReason.NAME_IN_USE)


def _columns(facts: ChairFacts) -> dict[str, object]:
    return {
        "name": facts.name,
        "allows_iv": Route.IV in facts.routes,
        "allows_in": Route.IN_ in facts.routes,
        "allows_im": Route.IM in facts.routes,
        "in_use": facts.in_use,
    }
