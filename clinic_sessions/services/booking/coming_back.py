"""Whether a session may come back to the time and place that it had, as when its cancellation is undone."""

from collections.abc import Collection, Sequence
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.scheduling import timetable
from clinic_sessions.domain.scheduling.cover import MINUTE, visit_profile
from clinic_sessions.domain.scheduling.plans import GOING_ON, PlanReason, SeriesReason
from clinic_sessions.domain.scheduling.timetable import LIFTED_BY, BookingReason, OverrideKind
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import BookingOverride, Plan, TreatmentSession
from clinic_sessions.services import catalogue
from clinic_sessions.services.booking import day_rooms, free_times, provisional, room
from clinic_sessions.services.booking.day_rooms import Standing
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.series import series

HARD = frozenset({BookingReason.CHAIR_TAKEN, BookingReason.PATIENT_ELSEWHERE})


def queue_again(db: Session, treatment: TreatmentSession) -> None:
    """Queue for a session's own place, before it may come back there; the session itself is locked after this."""
    days = {local_day(treatment.starts_at, treatment.clinic.zone)}
    chair_ids = {treatment.chair_id} if treatment.chair_id else set()
    room.queue(db, clinic_id=treatment.clinic_id, days=days, chair_ids=chair_ids, patient_id=treatment.patient_id)


def check_again(db: Session, treatment: TreatmentSession, *, here: bool, today: date) -> None:
    """Refuse with BookingReason when a session cannot come back to the time and place that it had.

    Refuses with SeriesReason when another has its place in the series, or the plan has fewer by now, PlanReason when
    the plan is over, PaperReason when it could not be booked on this day of the clinic, as nobody has cleared the
    patient. `here`: the patient is in the clinic, which no rule of cover or spacing undoes; then only its chair and
    its patient are asked. A rule that was lifted for this very time and place stays lifted.
    """
    clinic, day = treatment.clinic, local_day(treatment.starts_at, treatment.clinic.zone)
    frame = day_rooms.frame_of(db, clinic, day, day)
    stretch, own = day_rooms.read(db, frame, day, day, without={treatment.id}, patient_id=treatment.patient_id)
    chairs = [treatment.chair] if treatment.chair else []
    version = treatment.protocol_version
    minutes = (treatment.ends_at - treatment.starts_at) // MINUTE
    profile = day_rooms.profile_of(version) if version else visit_profile(minutes, treatment.nurse_milli)
    found = timetable.objections(
        treatment.block, next(room for _, room in stretch.rooms([day], chairs)), profile,
        now=treatment.starts_at, chair_id=treatment.chair_id, patient_busy=free_times.busy(own),
        suitable=version is None or all(chair.in_use and chair.allows(version.route) for chair in chairs),
    )  # fmt: skip
    lifted = {one.kind for one in treatment.overrides if one.schedule_version == treatment.schedule_version}
    reasons: list[StrEnum] = [one.reason for one in found if LIFTED_BY.get(one.reason) not in lifted]
    if not here:
        reasons += [*_too_near(db, treatment, own, day, lifted), *_place_taken(db, treatment)]
        reasons += _not_cleared(db, treatment, today)
    if against := [reason for reason in reasons if reason in HARD or not here]:
        raise Refusal(*against)


def _too_near(
    db: Session, treatment: TreatmentSession, own: Sequence[Standing], day: date, lifted: Collection[OverrideKind]
) -> list[StrEnum]:
    """Ask spacing of a dose that comes back; a pair for one of which it was lifted stays as it was."""
    version = treatment.protocol_version
    if version is None or not own:
        return []
    query = (
        sa.select(BookingOverride.session_id, BookingOverride.kind)
        .join(TreatmentSession, TreatmentSession.id == BookingOverride.session_id)
        .where(
            BookingOverride.session_id.in_({one.id for one in own}),
            BookingOverride.schedule_version == TreatmentSession.schedule_version,
        )
    )
    known = {(row.session_id, row.kind) for row in db.execute(query)}
    zone, spacing = treatment.clinic.zone, catalogue.protocol_of(version).spacing.whole
    for one in own:
        near = timetable.spacing_objection(day, free_times.dose_days([one], zone), spacing)
        if near and LIFTED_BY[near.reason] not in lifted and (one.id, LIFTED_BY[near.reason]) not in known:
            return [near.reason]
    return []


def _not_cleared(db: Session, treatment: TreatmentSession, today: date) -> Sequence[StrEnum]:
    version = treatment.protocol_version
    if version is None:
        return []
    return provisional.against_booking(db, treatment.patient_id, version, treatment.starts_at, today)


def _place_taken(db: Session, treatment: TreatmentSession) -> list[StrEnum]:
    """Say whether the series is over or now ends before this session's place, or another session has that place."""
    if treatment.place_in_plan is None or treatment.plan_id is None:
        return []
    # Whoever changes a plan queues for its patient, as was done here: from now on it stays as it is read.
    plan = db.get_one(Plan, treatment.plan_id, populate_existing=True)
    db.expire(plan, ["phases"])
    if plan.status not in GOING_ON:
        return [PlanReason.NOT_ACTIVE]
    if not series.pattern_of(plan).has(treatment.place_in_plan):
        return [SeriesReason.BEYOND_PLAN]
    others = sa.select(TreatmentSession.id).where(
        TreatmentSession.plan_id == treatment.plan_id,
        TreatmentSession.place_in_plan == treatment.place_in_plan,
        TreatmentSession.status.in_(day_rooms.COUNTED),
        TreatmentSession.id != treatment.id,
    )
    return [SeriesReason.PLACE_TAKEN] if db.scalars(others.limit(1)).first() is not None else []
