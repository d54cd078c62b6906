"""A site's own facts and hours: who may see it, and changes that two people never make at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from clinic_sessions.domain.scheduling.timetable import Opening
from clinic_sessions.domain.scheduling.typed_clinic import week_text
from clinic_sessions.models import AuditAction, Clinic, Closure, OpeningHours, User
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import room
from clinic_sessions.services.booking.day_rooms import hours_of
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.sites import clinics, hits
from clinic_sessions.services.sites.clinics import ClinicReason


class SiteReason(StrEnum):
    CHANGED_MEANWHILE = "changed_meanwhile"
    BOOKED_AHEAD = "booked_ahead"
    CLOSED_AHEAD = "closed_ahead"


SAID: Mapping[StrEnum, str] = {
    **clinics.SAID,
    SiteReason.CHANGED_MEANWHILE: "Someone else changed this site while you were at it. Nothing of yours was saved. "
    "Look at how it stands now, then save again.",
    SiteReason.BOOKED_AHEAD: "Sessions are booked ahead here: with another zone they would all be at another hour. "
    "Move or cancel them first.",
    SiteReason.CLOSED_AHEAD: "Closures are planned ahead here: with another zone they would be at another hour. "
    "Remove them first.",
}


def load(db: Session, site_id: int, user: User) -> Clinic:
    """Load one of the person's own sites; raises Absent otherwise."""
    site = next((clinic for clinic in user.clinics if clinic.id == site_id), None)
    if site is None:
        raise Absent
    return site


def hold(db: Session, site: Clinic, version: int) -> None:
    """Let bookings under way end and later ones wait, then read the site anew.

    Refuses with ChangedMeanwhile when it is no longer at `version`. Whoever holds a site ends with `touch`.
    """
    room.close_gate(db, site.id)
    db.refresh(site)
    if site.version != version:
        raise ChangedMeanwhile(SiteReason.CHANGED_MEANWHILE)


def touch(db: Session, site: Clinic) -> None:
    """Give the site its next version, so that whoever looked at it before is told."""
    flag_modified(site, "turn")
    db.flush()


def add(db: Session, new: clinics.NewClinic, *, now: datetime, by: Actor) -> Clinic:
    """Add a site, at which the person who adds it works from then on; refuses as `clinics.add` does."""
    site = clinics.add(db, new, now=now, by=by)
    if by.user is not None:
        by.user.clinics.append(site)
    db.flush()
    return site


def change(db: Session, site: Clinic, values: Mapping[str, Any], *, version: int, now: datetime, by: Actor) -> None:
    """Change a site's own facts; the zone only while nothing lies ahead that stands at an hour of it."""
    hold(db, site, version)
    if reasons := _against(db, site, values, now):
        raise Refusal(*reasons)
    with db.no_autoflush:
        for field, value in values.items():
            if getattr(site, field) != value:
                setattr(site, field, value)
        changes = audit.changes_of(site)
    if changes:
        audit.note(db, AuditAction.CHANGE, "clinic", site.id, now=now, by=by, changes=changes)
        db.flush()


def _against(db: Session, site: Clinic, values: Mapping[str, Any], now: datetime) -> list[StrEnum]:
    reasons: list[StrEnum] = []
    same_name = sa.select(Clinic.id).where(Clinic.name == values["name"], Clinic.id != site.id)
    if db.scalar(same_name) is not None:
        reasons.append(ClinicReason.NAME_IN_USE)
    if values["zone_name"] != site.zone_name:
        reasons += _against_zone(db, site, now)
    return reasons


def _against_zone(db: Session, site: Clinic, now: datetime) -> list[StrEnum]:
    closed = sa.select(Closure.id).where(
        Closure.clinic_id == site.id, Closure.ends_at > now, Closure.removed_at.is_(None)
    )
    checks = {
        SiteReason.BOOKED_AHEAD: bool(hits.standing(db, site.id, now)),
        SiteReason.CLOSED_AHEAD: db.scalar(closed.limit(1)) is not None,
    }
    return [reason for reason, stands in checks.items() if stands]


def set_hours(
    db: Session, site: Clinic, week: Sequence[Opening], *, version: int, kept: str | None, now: datetime, by: Actor
) -> None:
    """Give a site other opening hours; refuses with WouldHit while sessions are hit and `kept` does not name them."""
    hold(db, site, version)
    before = hours_of(site)
    hits.ask(hits.of_hours(db, site, week, now), kept)
    if sorted(before, key=_in_order) == sorted(week, key=_in_order):
        return
    db.execute(sa.delete(OpeningHours).where(OpeningHours.clinic_id == site.id))
    db.expire(site, ["opening_hours"])
    for one in week:
        row = OpeningHours(weekday=one.weekday, opens_minute=one.opens_minute, closes_minute=one.closes_minute)
        site.opening_hours.append(row)
    audit.note(
        db, AuditAction.CHANGE, "clinic", site.id, now=now, by=by,
        changes={"opening_hours": [week_text(before), week_text(week)]},
    )  # fmt: skip
    touch(db, site)


def _in_order(opening: Opening) -> tuple[int, int, int]:
    return opening.weekday, opening.opens_minute, opening.closes_minute
