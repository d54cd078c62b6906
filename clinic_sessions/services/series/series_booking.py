"""Booking, moving and cancelling dates of a series: all of them, or none with the reasons beside each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import MessageKind
from clinic_sessions.domain.scheduling.plans import SeriesReason
from clinic_sessions.domain.scheduling.reasons import CancelReason, MoveReason
from clinic_sessions.domain.scheduling.series import Scope
from clinic_sessions.domain.scheduling.timetable import OverrideKind
from clinic_sessions.domain.session.lifecycle import EXPECTED
from clinic_sessions.domain.wall_time import Span
from clinic_sessions.models import Plan, TreatmentSession
from clinic_sessions.services import catalogue
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import booking, changes, room
from clinic_sessions.services.booking.booking import BookingRequest, MoveRequest
from clinic_sessions.services.booking.room import NOTHING_LIFTED, Lifting
from clinic_sessions.services.messages import outreach
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.series import series, series_dates


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A date chosen for a place; `version`: that of the session that holds it, when it is to be moved.

    `lifting`: the rules that the person who books lifts for this date.
    """

    place: int
    chair_id: int
    starts_at: datetime
    version: int | None = None
    lifting: Lifting = NOTHING_LIFTED


class SeriesRefused(Refusal):
    """Some dates of a series cannot be had, so none was saved; `by_place` says what stands against each."""

    def __init__(self, by_place: Mapping[int, Refusal]) -> None:
        super().__init__(*(reason for refusal in by_place.values() for reason in refusal.reasons))
        self.by_place = by_place


def book(
    db: Session, plan: Plan, slots: Sequence[Slot], *, tell_patient: bool, now: datetime, by: Actor
) -> list[TreatmentSession]:
    """Book a date for each of the places, and tell the patient of all in one message.

    Refuses with SeriesRefused when any of them cannot be had, PlanReason when the plan has ended, PLAN_PAUSED while it
    is paused; the caller then rolls back. Raises Absent for chairs of other clinics.
    """
    _queue(db, plan, slots)
    series.check_under_way(plan)
    held = series.held_days(series.placed(db, plan))
    open_ = series.open_places(plan, held, 2 * series_dates.MOST_DATES)
    booked: list[TreatmentSession] = []
    refused: dict[int, Refusal] = {}
    for slot in sorted(slots, key=_turn):
        if slot.place not in open_:
            refused[slot.place] = Refusal(SeriesReason.PLACE_TAKEN)
            continue
        try:
            booked.append(booking.place(db, _request(plan, slot), now=now, by=by))
        except Refusal as refusal:
            refused[slot.place] = refusal
    if refused:
        raise SeriesRefused(refused)
    booked.sort(key=lambda one: one.starts_at)
    notice = MessageKind.SERIES_CONFIRMATION if len(booked) > 1 else MessageKind.CONFIRMATION
    _tell(db, booked, notice if tell_patient else None, now=now, by=by)
    return booked


def in_scope(db: Session, treatment: TreatmentSession, scope: Scope) -> list[TreatmentSession]:
    """List the sessions of a series that a change of this scope is about, in order: only those that are to come."""
    if treatment.plan_id is None or treatment.place_in_plan is None:
        return []
    query = sa.select(TreatmentSession).where(
        TreatmentSession.plan_id == treatment.plan_id,
        TreatmentSession.place_in_plan.is_not(None),
        TreatmentSession.clinic_id == treatment.clinic_id,
        TreatmentSession.status.in_(EXPECTED),
    )
    coming = db.scalars(query.order_by(TreatmentSession.starts_at, TreatmentSession.id)).all()
    return [
        one
        for one in coming
        if scope is Scope.ALL
        or one.id == treatment.id
        or (scope is Scope.FOLLOWING and one.starts_at >= treatment.starts_at)
    ]


def move(
    db: Session, plan: Plan, slots: Sequence[Slot], *,
    reasons: Sequence[MoveReason], tell_patient: bool, now: datetime, by: Actor,
) -> list[TreatmentSession]:  # fmt: skip
    """Move the sessions that hold these places to other dates; each keeps its place, and one that stays put is left.

    Sessions that are not to come any more are refused, as is a row that someone else has changed. Refuses with
    SeriesRefused when any of them cannot be had; the caller then rolls back.
    """
    _queue(db, plan, slots)
    by_place = {one.place_in_plan: one for one in _at_own_sites(db, plan, by)}
    refused = {slot.place: refusal for slot in slots if (refusal := _unmovable(by_place.get(slot.place), slot))}
    moves = {
        slot.place: slot for slot in slots
        if slot.place not in refused and not _stays(by_place[slot.place], slot)
    }  # fmt: skip
    moved: list[TreatmentSession] = []
    for place in _order(moves, by_place, refused):
        without = frozenset(by_place[other].id for other in moves if by_place[other] not in moved)
        request = _move_request(plan, moves[place], reasons, without)
        try:
            booking.put(db, by_place[place], request, now=now, by=by)
        except Refusal as refusal:
            refused[place] = refusal
        moved.append(by_place[place])
    if refused:
        raise SeriesRefused(refused)
    moved.sort(key=lambda one: one.starts_at)
    _tell(db, moved, MessageKind.MOVED if tell_patient else None, now=now, by=by)
    return moved


def cancel(
    db: Session, plan: Plan, treatments: Mapping[int, int], reasons: Sequence[CancelReason], *,
    words: str | None, tell_patient: bool, now: datetime, by: Actor,
) -> list[TreatmentSession]:  # fmt: skip
    """Cancel sessions that are to come; `treatments`: the version that the person saw of each, by its id.

    Their places are free again; the notice of the first tells of all of them. Refuses with SeriesRefused when any of
    them was changed meanwhile.
    """
    by_id = {one.id: one for one in _at_own_sites(db, plan, by)}
    _queue_for_patient(db, by_id.values())
    refused: dict[int, Refusal] = {}
    cancelled = list[TreatmentSession]()
    for treatment_id, version in treatments.items():
        one = by_id.get(treatment_id)
        if one is None or one.status not in EXPECTED:
            refused[one.place_in_plan or 0 if one else 0] = ChangedMeanwhile(SeriesReason.NOT_TO_COME)
            continue
        tell = tell_patient and not cancelled
        try:
            changes.cancel(db, one, reasons, version=version, now=now, by=by, words=words, tell_patient=tell)
        except Refusal as refusal:
            refused[one.place_in_plan or 0] = refusal
        cancelled.append(one)
    if refused:
        raise SeriesRefused(refused)
    return cancelled


def _queue(db: Session, plan: Plan, slots: Sequence[Slot]) -> None:
    if not slots:
        raise Refusal(SeriesReason.NOTHING_CHOSEN)
    if len({slot.place for slot in slots}) != len(slots) or len(slots) > series_dates.MOST_DATES:
        raise Absent
    booking.queue_for(db, [(slot.chair_id, slot.starts_at) for slot in slots], plan.patient_id)
    # Whoever changes a plan queues for its patient too: from here on it is read as it will stay.
    db.expire(plan)


def _queue_for_patient(db: Session, treatments: Iterable[TreatmentSession]) -> None:
    """Queue as whoever moves the series does: in different orders the two would wait for each other's sessions."""
    if one := next(iter(treatments), None):
        room.queue(db, clinic_id=one.clinic_id, days=(), chair_ids=(), patient_id=one.patient_id)


def _at_own_sites(db: Session, plan: Plan, by: Actor) -> list[TreatmentSession]:
    """List what holds places of a plan at sites of the person: what is elsewhere is not theirs to change."""
    mine = {clinic.id for clinic in by.user.clinics} if by.user else set()
    return [one for one in series.placed(db, plan) if one.clinic_id in mine]


def _turn(slot: Slot) -> tuple[bool, datetime]:
    """Put the dates for which a rule is lifted last: what is too close to them is then theirs to answer for."""
    return bool(slot.lifting.kinds), slot.starts_at


def _request(plan: Plan, slot: Slot) -> BookingRequest:
    return BookingRequest(
        patient_id=plan.patient_id,
        protocol_version_id=plan.protocol_version_id,
        chair_id=slot.chair_id,
        starts_at=slot.starts_at,
        plan_id=plan.id,
        place=slot.place,
        lifting=_lifting(plan, slot),
    )


def _move_request(plan: Plan, slot: Slot, reasons: Sequence[MoveReason], without: frozenset[int]) -> MoveRequest:
    return MoveRequest(
        chair_id=slot.chair_id,
        starts_at=slot.starts_at,
        version=slot.version or 0,
        reasons=reasons,
        lifting=_lifting(plan, slot),
        without=without,
    )


def _lifting(plan: Plan, slot: Slot) -> Lifting:
    """Whoever set a pattern that is closer than the protocol asks has lifted the spacing for its sessions."""
    closer = series_dates.spacing_of(plan) < catalogue.protocol_of(plan.protocol_version).spacing.whole
    return replace(slot.lifting, kinds=slot.lifting.kinds | {OverrideKind.SPACING}) if closer else slot.lifting


def _unmovable(treatment: TreatmentSession | None, slot: Slot) -> Refusal | None:
    if treatment is None or treatment.status not in EXPECTED:
        return ChangedMeanwhile(SeriesReason.NOT_TO_COME)
    return ChangedMeanwhile(SeriesReason.CHANGED_MEANWHILE) if treatment.version != slot.version else None


def _stays(treatment: TreatmentSession, slot: Slot) -> bool:
    return (treatment.starts_at, treatment.chair_id) == (slot.starts_at, slot.chair_id)


def _order(
    moves: Mapping[int, Slot], by_place: Mapping[int | None, TreatmentSession], refused: dict[int, Refusal]
) -> list[int]:
    """Order moves so that none goes where another of them still stands; those in a ring are refused."""
    waiting, ordered = dict(moves), list[int]()
    while waiting:
        ready = [place for place in waiting if not _blocked(place, waiting, by_place)]
        if not ready:
            refused.update({place: Refusal(SeriesReason.TRADED_PLACES) for place in waiting})
            return ordered
        ordered += sorted(ready, key=lambda place: _turn(waiting[place]))
        for place in ready:
            del waiting[place]
    return ordered


def _blocked(place: int, waiting: Mapping[int, Slot], by_place: Mapping[int | None, TreatmentSession]) -> bool:
    own, starts_at = by_place[place], waiting[place].starts_at
    target = Span(starts_at=starts_at, ends_at=starts_at + (own.ends_at - own.starts_at))
    return any(target.overlaps(by_place[other].block) for other in waiting if other != place)


def _tell(
    db: Session, treatments: Sequence[TreatmentSession], notice: MessageKind | None, *, now: datetime, by: Actor
) -> None:
    """Align every session; the notice of the first tells of all of them."""
    for number, treatment in enumerate(treatments):
        outreach.align(db, treatment, now=now, by=by, notice=notice if number == 0 else None)
