"""Whether there is room for a session: rivals queue, the rules are asked, and the database has the last word."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NoReturn

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling import timetable
from clinic_sessions.domain.scheduling.timetable import (
    LIFTED_BY,
    BookingReason,
    DayRoom,
    FreeTime,
    LiftingReason,
    Objection,
    OverrideKind,
)
from clinic_sessions.domain.wall_time import Span, local_day
from clinic_sessions.models import BookingOverride, Chair, Clinic, ClinicDay, Patient, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import day_rooms, free_times
from clinic_sessions.services.booking.day_rooms import Standing
from clinic_sessions.services.booking.free_times import Wanted
from clinic_sessions.services.refusals import NotAllowed, Refusal


class TimeTaken(Refusal):
    """The time cannot be had: `objections` say why and where, `next_times` are the next free ones."""

    def __init__(
        self, *reasons: StrEnum, objections: Sequence[Objection] = (), next_times: Sequence[FreeTime] = ()
    ) -> None:
        super().__init__(*reasons)
        self.objections = objections or [Objection(reason=BookingReason(reason)) for reason in reasons]
        self.next_times = next_times


@dataclass(frozen=True, kw_only=True)
class Lifting:
    """The rules that the person who books lifts for this session, and their reason."""

    kinds: frozenset[OverrideKind] = frozenset()
    words: str | None = None


NOTHING_LIFTED = Lifting()

PERMISSION_TO_LIFT = {
    OverrideKind.COVER: Permission.OVERRIDE_COVER,
    OverrideKind.SECOND_DOSE: Permission.OVERRIDE_SPACING,
}
"""Closer than the protocol asks is a warning: whoever books may note that they saw it."""


def queue(
    db: Session, *, clinic_id: int, days: Collection[date], chair_ids: Collection[int], patient_id: int,
    gate_held: bool = False,
) -> None:  # fmt: skip
    """Let rivals for the same nurses, chair or patient pass one at a time.

    Always in this order, so that no ring of waiting forms: the clinic (shared: only `close_gate` waits for it, and is
    waited for), its days, the chairs by id, the patient. `gate_held`: the caller has locked the clinic so already.
    """
    if not gate_held:
        db.execute(sa.select(Clinic.id).where(Clinic.id == clinic_id).with_for_update(read=True))
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    for day in sorted(set(days)):
        turn = insert(ClinicDay).values(clinic_id=clinic_id, day=day, turn=1)
        db.execute(turn.on_conflict_do_update(index_elements=["clinic_id", "day"], set_={"turn": ClinicDay.turn + 1}))
    for chair_id in sorted(set(chair_ids)):
        _count(db, sa.update(Chair).where(Chair.id == chair_id).values(turn=Chair.turn + 1))
    _count(db, sa.update(Patient).where(Patient.id == patient_id).values(turn=Patient.turn + 1))


def close_gate(db: Session, clinic_id: int) -> None:
    """Wait for the bookings under way at a clinic, and keep others waiting until this transaction ends.

    For whoever changes hours, shifts, closures or chairs, before they look at what is booked.
    """
    _count(db, sa.update(Clinic).where(Clinic.id == clinic_id).values(turn=Clinic.turn + 1))


def _count(db: Session, turn: sa.Update) -> None:
    db.execute(turn, execution_options={"synchronize_session": False})


@dataclass(frozen=True, kw_only=True)
class Room:
    """There is room: the rules that had to be lifted for it, and the nurse to name."""

    lifted: frozenset[OverrideKind]
    nurse_id: int | None


def check(db: Session, chair: Chair, block: Span, want: Wanted, *, now: datetime, by: Actor, lifting: Lifting) -> Room:
    """Refuse with TimeTaken, naming every reason against the block and the next three free times.

    Refuses with LiftingReason when a rule would be lifted by someone who may not, or without a reason.
    """
    clinic, day = chair.clinic, local_day(block.starts_at, chair.clinic.zone)
    frame = day_rooms.frame_of(db, clinic, day, day)
    stretch, own = day_rooms.read(db, frame, day, day, without=want.without, patient_id=want.patient_id)
    room = next(room for _, room in stretch.rooms([day], [chair]))
    found = _against(block, room, want, own, now=now, chair=chair)
    lifted = frozenset(LIFTED_BY[one.reason] for one in found if one.reason in LIFTED_BY)
    if any(one.reason not in LIFTED_BY for one in found) or lifted - lifting.kinds:
        refuse(db, found, clinic, want)
    for kind in lifted:
        _check_lifting(kind, lifting, by)
    stays = want.nurse_id is not None and free_times.is_there(want.nurse_id, room.duties, block)
    return Room(lifted=lifted, nurse_id=want.nurse_id if stays else free_times.usual_nurse(own, room.duties, block))


def _against(
    block: Span, room: DayRoom, want: Wanted, own: Sequence[Standing], *, now: datetime, chair: Chair
) -> list[Objection]:
    found = timetable.objections(
        block, room, want.profile,
        now=now, chair_id=chair.id, patient_busy=free_times.busy(own),
        suitable=chair.in_use and chair.allows(want.route),
    )  # fmt: skip
    if any(one.reason is BookingReason.PATIENT_ELSEWHERE for one in found):
        return found
    zone = chair.clinic.zone
    day = local_day(block.starts_at, zone)
    near = timetable.spacing_objection(day, free_times.dose_days(own, zone), want.spacing_days)
    return [*found, near] if near else found


def _check_lifting(kind: OverrideKind, lifting: Lifting, by: Actor) -> None:
    needed = PERMISSION_TO_LIFT.get(kind)
    if needed is None:
        return
    if by.user is None or not by.user.may(needed):
        raise NotAllowed(LiftingReason.MAY_NOT_LIFT)
    if not lifting.words:
        raise Refusal(LiftingReason.REASON_NEEDED)


def note_lifted(
    db: Session, treatment: TreatmentSession, kinds: Iterable[OverrideKind], lifting: Lifting, *,
    now: datetime, by: Actor,
) -> None:  # fmt: skip
    """Keep who lifted which rule for a session's present time and place, and why."""
    for kind in sorted(kinds):
        db.add(
            BookingOverride(
                session_id=treatment.id,
                schedule_version=treatment.schedule_version,
                kind=kind,
                at=now,
                by_id=by.user_id,
                words=lifting.words,
            )
        )


def refuse(db: Session, objections: Sequence[Objection], clinic: Clinic, want: Wanted) -> NoReturn:
    """Refuse with the reasons and the next three free times."""
    raise TimeTaken(
        *(one.reason for one in objections),
        objections=objections,
        next_times=free_times.next_three(db, clinic, want),
    )


def refused_by_database(error: DatabaseError) -> list[BookingReason]:
    """Read an overlap out of the database's own refusal; raises the error again when it is another."""
    reasons = {
        "overlap_chair": BookingReason.CHAIR_TAKEN,
        "overlap_patient": BookingReason.PATIENT_ELSEWHERE,
        "overlap_host": BookingReason.HOST_ELSEWHERE,
    }
    found = [reason for name, reason in reasons.items() if name in str(error.orig)]
    if not found:
        raise error
    return found


def roll_back(db: Session, reasons: Sequence[StrEnum], clinic_id: int, want: Wanted) -> NoReturn:
    """End the transaction that the database broke, then refuse as if the rules had seen it."""
    db.rollback()
    refuse(db, [Objection(reason=BookingReason(one)) for one in reasons], db.get_one(Clinic, clinic_id), want)
