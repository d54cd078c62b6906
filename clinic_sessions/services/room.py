"""Whether there is room for a session: rivals queue, the rules are asked, and the database has the last word."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NoReturn

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from clinic_sessions.domain.timetable import BookingReason, FreeTime, may_book
from clinic_sessions.domain.wall_time import Span
from clinic_sessions.models import Chair, Clinic, Patient, ProtocolVersion
from clinic_sessions.services import free_times
from clinic_sessions.services.refusals import Refusal


class TimeTaken(Refusal):
    """The time cannot be had; `next_times` are the next free ones."""

    def __init__(self, *reasons: StrEnum, next_times: Sequence[FreeTime] = ()) -> None:
        super().__init__(*reasons)
        self.next_times = next_times


def queue(db: Session, chair_id: int, patient_id: int) -> None:
    """Let rivals for the same chair or patient pass one at a time; the chair always first, so that no ring forms."""
    for turn in (
        sa.update(Chair).where(Chair.id == chair_id).values(turn=Chair.turn + 1),
        sa.update(Patient).where(Patient.id == patient_id).values(turn=Patient.turn + 1),
    ):
        db.execute(turn, execution_options={"synchronize_session": False})


def wanted(
    version: ProtocolVersion, patient_id: int, earliest: datetime, moving_id: int | None = None
) -> free_times.Wanted:
    """Give what a search for other times looks for."""
    return free_times.Wanted(
        route=version.route,
        minutes=version.block_minutes,
        patient_id=patient_id,
        earliest=earliest,
        moving_id=moving_id,
    )


def check(db: Session, chair: Chair, block: Span, want: free_times.Wanted, now: datetime) -> None:
    """Refuse with TimeTaken, naming every reason against the block and the next three free times."""
    clinic = chair.clinic
    rows = [row for row in db.execute(free_times.occupying(clinic.id, block)) if row.id != want.moving_id]
    reasons = may_book(
        block,
        now=now,
        hours=free_times.hours_of(clinic),
        zone=clinic.zone,
        suitable=chair.in_use and chair.allows(want.route),
        chair_busy=[Span(starts_at=row.starts_at, ends_at=row.ends_at) for row in rows if row.chair_id == chair.id],
        patient_busy=[
            Span(starts_at=row.starts_at, ends_at=row.ends_at) for row in rows if row.patient_id == want.patient_id
        ],
    )
    if reasons:
        refuse(db, reasons, clinic, want)


def refuse(db: Session, reasons: Sequence[StrEnum], clinic: Clinic, want: free_times.Wanted) -> NoReturn:
    """Refuse with the reasons and the next three free times."""
    raise TimeTaken(*reasons, next_times=free_times.find(db, clinic, want, free_times.NEXT_THREE))


def refused_by_database(error: DatabaseError) -> list[BookingReason]:
    """Read an overlap out of the database's own refusal; raises the error again when it is another."""
    said = str(error.orig)
    if "overlap_" not in said:
        raise error
    return [BookingReason.CHAIR_TAKEN if "overlap_chair" in said else BookingReason.PATIENT_ELSEWHERE]


def roll_back(db: Session, reasons: Sequence[StrEnum], clinic_id: int, want: free_times.Wanted) -> NoReturn:
    """End the transaction that the database broke, then refuse as if the rules had seen it."""
    db.rollback()
    refuse(db, reasons, db.get_one(Clinic, clinic_id), want)
