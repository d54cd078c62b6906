"""Who works at which sites."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.timetable import LONGEST_BLOCK
from clinic_sessions.domain.session.lifecycle import OCCUPYING
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import (
    AuditAction,
    Clinic,
    Shift,
    ShiftException,
    TreatmentSession,
    User,
    UserClinic,
    UserRole,
)
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import room
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal


class PlaceReason(StrEnum):
    CHANGED_MEANWHILE = "changed_meanwhile"
    LAST_SITE = "last_site"
    LAST_OWNER = "last_owner"
    ON_SHIFT = "on_shift"
    HOLDS_VISITS = "holds_visits"


SAID: Mapping[StrEnum, str] = {
    PlaceReason.CHANGED_MEANWHILE: "Someone else changed this person meanwhile. Nothing of yours was saved.",
    PlaceReason.LAST_SITE: "Everyone works at one site at least. To end all access, disable the account.",
    PlaceReason.LAST_OWNER: "Nobody else could change the settings of that site. Give it another owner first.",
    PlaceReason.ON_SHIFT: "They have shifts at that site. End those first, so that nobody counts on them.",
    PlaceReason.HOLDS_VISITS: "They hold visits at that site. Move or cancel those first.",
}


def listed(db: Session, sites: Iterable[Clinic]) -> Sequence[User]:
    """List the people in use who work at any of these sites, by name."""
    here = sa.select(UserClinic.user_id).where(UserClinic.clinic_id.in_([site.id for site in sites]))
    return db.scalars(sa.select(User).where(User.id.in_(here), User.disabled_at.is_(None)).order_by(User.name)).all()


def change(db: Session, user_id: int, ticked: Collection[int], *, version: int, now: datetime, by: Actor) -> None:
    """Let a person work at those of the owner's sites that are ticked; at others nothing changes.

    Refuses with PlaceReason; raises Absent for someone who works at none of the owner's sites. What is taken away
    ends at the person's next request.
    """
    mine = {site.id: site for site in by.user.clinics} if by.user else {}
    user = _load(db, user_id, mine)
    before = {site.id for site in user.clinics}
    lost, won = (before & mine.keys()) - set(ticked), (mine.keys() & set(ticked)) - before
    for site_id in sorted(lost | won):
        room.close_gate(db, site_id)
    # Not for the key: a booking that the person is making names them already, and waits for the gate.
    db.execute(sa.select(User.id).where(User.id == user.id).with_for_update(key_share=True))
    db.refresh(user)
    if user.version != version:
        raise ChangedMeanwhile(PlaceReason.CHANGED_MEANWHILE)
    if reasons := _against(db, user, [mine[one] for one in sorted(lost)], bool((before - lost) | won), now):
        raise Refusal(*reasons)
    if not lost and not won:
        return
    names = _names(user.clinics)
    user.clinics = [site for site in user.clinics if site.id not in lost] + [mine[one] for one in sorted(won)]
    flag_modified(user, "name")
    audit.note(
        db, AuditAction.CHANGE, "user", user.id, now=now, by=by,
        changes={"clinics": [names, _names(user.clinics)]},
    )  # fmt: skip
    db.flush()


def _load(db: Session, user_id: int, mine: Collection[int]) -> User:
    user = db.get(User, user_id)
    if user is None or user.disabled_at is not None or not any(site.id in mine for site in user.clinics):
        raise Absent
    return user


def _against(db: Session, user: User, lost: Sequence[Clinic], keeps_one: bool, now: datetime) -> list[PlaceReason]:
    checks = {
        PlaceReason.LAST_SITE: not keeps_one,
        PlaceReason.LAST_OWNER: Role.OWNER in user.roles and any(_is_last_owner(db, user, site) for site in lost),
        PlaceReason.ON_SHIFT: any(_is_on_shift(db, user, site, now) for site in lost),
        PlaceReason.HOLDS_VISITS: any(_holds_visits(db, user, site, now) for site in lost),
    }
    return [reason for reason, stands in checks.items() if stands]


def _is_last_owner(db: Session, user: User, site: Clinic) -> bool:
    others = (
        sa.select(User.id)
        .join(UserClinic, UserClinic.user_id == User.id)
        .join(UserRole, UserRole.user_id == User.id)
        .where(
            UserClinic.clinic_id == site.id,
            UserRole.role == Role.OWNER,
            User.id != user.id,
            User.disabled_at.is_(None),
        )
    )
    return db.scalar(others.limit(1)) is None


def _is_on_shift(db: Session, user: User, site: Clinic, now: datetime) -> bool:
    today = local_day(now, site.zone)
    weekly = sa.select(Shift.id).where(
        Shift.clinic_id == site.id, Shift.user_id == user.id, sa.or_(Shift.last_day.is_(None), Shift.last_day >= today)
    )
    extra = sa.select(ShiftException.id).where(
        ShiftException.clinic_id == site.id,
        ShiftException.user_id == user.id,
        ShiftException.day >= today,
        ShiftException.role.is_not(None),
        ShiftException.removed_at.is_(None),
    )
    return any(db.scalar(query.limit(1)) is not None for query in (weekly, extra))


def _holds_visits(db: Session, user: User, site: Clinic, now: datetime) -> bool:
    query = sa.select(TreatmentSession.id).where(
        TreatmentSession.host_id == user.id,
        TreatmentSession.clinic_id == site.id,
        TreatmentSession.starts_at > now - LONGEST_BLOCK,
        TreatmentSession.ends_at > now,
        TreatmentSession.status.in_(OCCUPYING),
    )
    return db.scalar(query.limit(1)) is not None


def _names(sites: Iterable[Clinic]) -> str:
    return ", ".join(site.name for site in sorted(sites, key=lambda site: site.id))
