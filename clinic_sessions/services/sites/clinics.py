"""Opening a clinic: its place, hours and chairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from zoneinfo import available_timezones

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.domain.scheduling.timetable import Opening
from clinic_sessions.domain.scheduling.typed_clinic import TypedChair
from clinic_sessions.models import AuditAction, Chair, Clinic, OpeningHours
from clinic_sessions.services import audit
from clinic_sessions.services.actor import SYSTEM, Actor
from clinic_sessions.services.refusals import Refusal


class ClinicReason(StrEnum):
    NO_SUCH_ZONE = "no_such_zone"
    NAME_IN_USE = "name_in_use"
    OVERLAPPING_HOURS = "overlapping_hours"
    CHAIR_TWICE = "chair_twice"


SAID: Mapping[StrEnum, str] = {
    ClinicReason.NO_SUCH_ZONE: "There is no such time zone. Name one as America/Los_Angeles.",
    ClinicReason.NAME_IN_USE: "There is a clinic of this name already.",
    ClinicReason.OVERLAPPING_HOURS: "Two openings of one weekday overlap.",
    ClinicReason.CHAIR_TWICE: "Two chairs have the same name.",
}


@dataclass(frozen=True, kw_only=True)
class NewClinic:
    """What opening a clinic needs; `phone` is E.164, `name_in_messages` reveals no specialty."""

    name: str
    name_in_messages: str
    zone_name: str
    phone: str
    address: str
    openings: Sequence[Opening]
    chairs: Sequence[TypedChair]


def add(db: Session, new: NewClinic, *, now: datetime, by: Actor = SYSTEM) -> Clinic:
    """Add a clinic with its hours and chairs; refuses with every ClinicReason against it."""
    if reasons := _against(db, new):
        raise Refusal(*reasons)
    clinic = Clinic(
        name=new.name,
        name_in_messages=new.name_in_messages,
        zone_name=new.zone_name,
        phone=new.phone,
        address=new.address,
    )
    clinic.chairs = [_chair(position, typed) for position, typed in enumerate(new.chairs, 1)]
    clinic.opening_hours = [
        OpeningHours(weekday=one.weekday, opens_minute=one.opens_minute, closes_minute=one.closes_minute)
        for one in new.openings
    ]
    db.add(clinic)
    db.flush()
    audit.note(db, AuditAction.CREATE, "clinic", clinic.id, now=now, by=by)
    return clinic


def _against(db: Session, new: NewClinic) -> list[ClinicReason]:
    in_order = sorted(new.openings, key=lambda one: (one.weekday, one.opens_minute))
    overlap = any(a.weekday == b.weekday and b.opens_minute < a.closes_minute for a, b in pairwise(in_order))
    checks = {
        ClinicReason.NO_SUCH_ZONE: new.zone_name not in available_timezones(),
        ClinicReason.NAME_IN_USE: db.scalar(sa.select(Clinic.id).where(Clinic.name == new.name)) is not None,
        ClinicReason.OVERLAPPING_HOURS: overlap,
        ClinicReason.CHAIR_TWICE: len({chair.name for chair in new.chairs}) < len(new.chairs),
    }
    return [reason for reason, stands in checks.items() if stands]


def _chair(position: int, typed: TypedChair) -> Chair:
    return Chair(
        name=typed.name,
        position=position,
        allows_iv=Route.IV in typed.routes,
        allows_in=Route.IN_ in typed.routes,
        allows_im=Route.IM in typed.routes,
    )
