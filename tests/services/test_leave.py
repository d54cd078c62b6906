"""Someone calls in sick: that is so, it is noted, and what it hits stands open until each session is dealt with."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.cover import Shortfall
from clinic_sessions.domain.scheduling.reasons import CancelReason
from clinic_sessions.domain.scheduling.shifts import MIDNIGHT, ShiftReason
from clinic_sessions.domain.scheduling.timetable import BookingReason
from clinic_sessions.domain.session.lifecycle import SessionKind, Status
from clinic_sessions.models import ActorKind, Clinic, TreatmentSession, User
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import booking, changes, visits
from clinic_sessions.services.booking.booking import BookingRequest, MoveRequest
from clinic_sessions.services.booking.visits import VisitMove, VisitRequest
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.shifts import cover, shift_days, uncovered
from clinic_sessions.services.shifts.kept_cover import CoverShort, Keeping
from tests import factories

TUESDAY = date(2026, 11, 24)
TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def site(db: Session) -> Clinic:
    """A clinic with two nurses on shift and no provider yet."""
    return factories.a_clinic(db, nurses=2, providers=0)


@pytest.fixture
def provider(db: Session, site: Clinic) -> User:
    """Its one provider, on shift all day."""
    user = factories.a_user(db, site, Role.PROVIDER, name="Iris Chen")
    factories.on_shift(db, user, site, SiteRole.PROVIDER)
    return user


@pytest.fixture
def owner(db: Session, site: Clinic) -> Actor:
    """Its owner."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, site, Role.OWNER), role=Role.OWNER)


@pytest.fixture
def desk(db: Session, site: Clinic) -> Actor:
    """Someone at its front desk."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, site, Role.FRONT_DESK), role=Role.FRONT_DESK)


@pytest.fixture
def away(db: Session, site: Clinic, owner: Actor, now: datetime) -> Callable[..., list[int]]:
    """Note leave as people do: look at what it hits, then save; gives the sessions that were shown."""

    def note(user: User, *, day: date = TUESDAY, hours: tuple[int, int] = (0, MIDNIGHT), at: datetime = now) -> Any:
        leave = shift_days.Leave(user_id=user.id, first_day=day, last_day=day, hours=hours)
        db.commit()
        shown = list[int]()
        try:
            shift_days.take_leave(db, site, leave, now=at, by=owner)
        except CoverShort as refusal:
            db.rollback()
            shown += [hit.session_id for hit in refusal.hits]
            shift_days.take_leave(db, site, leave, now=at, by=owner, keeping=Keeping(session_ids=shown))
        return shown

    return note


def _esketamine(db: Session, site: Clinic, at: datetime = TEN, **given: Any) -> TreatmentSession:
    what = factories.a_protocol(db, "in-esketamine")
    return factories.a_session(db, factories.a_patient(db, site), at, protocol=what, **given)


def _visit(db: Session, site: Clinic, host: User, patient_id: int, by: Actor, now: datetime) -> TreatmentSession:
    wanted = VisitRequest(
        clinic_id=site.id, patient_id=patient_id, kind=SessionKind.INTEGRATION, host_id=host.id, minutes=50,
        starts_at=TEN,
    )  # fmt: skip
    return visits.book(db, wanted, now=now, by=by)


def _open(db: Session, site: Clinic, now: datetime) -> list[int]:
    return [one.session_id for one in uncovered.ahead(db, site, now)]


def test_leave_that_takes_a_required_role_is_saved_and_what_it_hits_stands_open_soonest_first(
    db: Session, site: Clinic, provider: User, away: Callable[..., list[int]], now: datetime
) -> None:
    later = _esketamine(db, site, TEN + 3 * HOUR)
    sooner = _esketamine(db, site)
    assert away(provider, hours=(10 * 60 + 20, MIDNIGHT)) == [sooner.id, later.id]
    first, second = uncovered.ahead(db, site, now)
    assert (first.session_id, second.session_id) == (sooner.id, later.id)
    assert first.shortfalls == (Shortfall(at=TEN + timedelta(minutes=20), role=SiteRole.PROVIDER),)
    assert (first.phone, first.language) == (sooner.patient.phone, sooner.patient.language)
    assert not first.lacks_only_nurses
    [((day, role), (starts, ends))] = uncovered.relief([first, second], site.zone).items()
    wall = later.ends_at.astimezone(site.zone)
    assert (day, role, starts, ends) == (TUESDAY, SiteRole.PROVIDER, 10 * 60 + 20, wall.hour * 60 + wall.minute)


def test_nothing_is_saved_until_every_session_that_it_hits_was_shown(
    db: Session, site: Clinic, provider: User, owner: Actor, now: datetime
) -> None:
    shown, unseen = _esketamine(db, site), _esketamine(db, site, TEN + 3 * HOUR)
    leave = shift_days.Leave(user_id=provider.id, first_day=TUESDAY, last_day=TUESDAY, hours=(0, MIDNIGHT))
    with pytest.raises(CoverShort) as refused:
        shift_days.take_leave(db, site, leave, now=now, by=owner, keeping=Keeping(session_ids=[shown.id]))
    assert [hit.session_id for hit in refused.value.hits] == [shown.id, unseen.id]
    assert refused.value.reasons == (ShiftReason.LEAVE_HITS,)
    assert (refused.value.is_fact, refused.value.may_be_kept) == (True, False)


def test_nothing_is_booked_moved_or_brought_back_into_the_gap(
    db: Session, site: Clinic, provider: User, desk: Actor, away: Callable[..., list[int]], now: datetime
) -> None:
    stands, cancelled = _esketamine(db, site), _esketamine(db, site, TEN + 3 * HOUR)
    another = factories.a_patient(db, site).id
    away(provider)
    what = factories.a_protocol(db, "in-esketamine").id
    new = BookingRequest(patient_id=another, protocol_version_id=what, chair_id=stands.chair_id or 0, starts_at=TEN)
    changes.cancel(db, cancelled, [CancelReason.COST], version=cancelled.version, now=now, by=desk)
    db.commit()
    within = MoveRequest(chair_id=stands.chair_id or 0, starts_at=TEN + HOUR, version=stands.version)
    tries: list[Callable[[], object]] = [
        lambda: booking.book(db, new, now=now, by=desk),
        lambda: booking.move(db, stands, within, now=now, by=desk),
        lambda: changes.undo_ending(db, cancelled, version=cancelled.version, now=now, by=desk),
    ]
    for act in tries:
        with pytest.raises(Refusal) as refused:
            act()
        assert BookingReason.ROLE_MISSING in refused.value.reasons
        db.rollback()
    assert _open(db, site, now) == [stands.id]


def test_a_session_leaves_the_list_when_it_is_cancelled_or_moved_or_someone_else_comes(
    db: Session, site: Clinic, provider: User, owner: Actor, desk: Actor, away: Callable[..., list[int]], now: datetime
) -> None:
    one, two, three = (_esketamine(db, site, TEN + hours * HOUR) for hours in (0, 3, 6))
    other = factories.a_user(db, site, Role.PROVIDER)
    away(provider)
    changes.cancel(db, one, [CancelReason.COST], version=one.version, now=now, by=desk)
    tomorrow = MoveRequest(chair_id=two.chair_id or 0, starts_at=two.starts_at + timedelta(days=1), version=two.version)
    booking.move(db, two, tomorrow, now=now, by=desk)
    assert _open(db, site, now) == [three.id]
    [(_, hours)] = uncovered.relief(uncovered.ahead(db, site, now), site.zone).items()
    extra = shift_days.Extra(user_id=other.id, role=SiteRole.PROVIDER, day=TUESDAY, hours=hours)
    shift_days.add_extra(db, site, extra, now=now, by=owner)
    assert _open(db, site, now) == []


def test_a_visit_whose_host_is_away_stands_open_until_someone_else_holds_it(
    db: Session, site: Clinic, provider: User, desk: Actor, away: Callable[..., list[int]], now: datetime
) -> None:
    other = factories.a_user(db, site, Role.PROVIDER)
    factories.on_shift(db, other, site, SiteRole.PROVIDER)
    visit = _visit(db, site, provider, factories.a_patient(db, site).id, desk, now)
    assert away(provider, hours=(10 * 60 + 30, MIDNIGHT)) == [visit.id]
    [line] = uncovered.ahead(db, site, now)
    assert (line.host, line.host_gone_at, line.shortfalls) == ("Iris Chen", TEN + timedelta(minutes=30), ())
    assert uncovered.relief([line], site.zone) == {}
    with pytest.raises(Refusal) as refused:
        _visit(db, site, provider, factories.a_patient(db, site).id, desk, now)
    assert BookingReason.HOST_OFF_SHIFT in refused.value.reasons
    same_time = VisitMove(host_id=other.id, minutes=50, starts_at=TEN, version=visit.version)
    visits.move(db, visit, same_time, now=now, by=desk)
    assert _open(db, site, now) == []


def test_sessions_short_of_nurses_stand_open_unless_someone_says_why_they_may_stand(
    db: Session, site: Clinic, owner: Actor, now: datetime
) -> None:
    nurses = [duty.user_id for duty in cover.duties_of(db, site, TUESDAY, TUESDAY) if duty.role is SiteRole.NURSE]
    treatments = [factories.a_session(db, factories.a_patient(db, site), TEN, chair=chair) for chair in site.chairs[:2]]
    ids = [one.id for one in treatments]
    first, second = (
        shift_days.Leave(user_id=user_id, first_day=TUESDAY, last_day=TUESDAY, hours=(0, MIDNIGHT))
        for user_id in nurses
    )
    shift_days.take_leave(db, site, first, now=now, by=owner)
    seen = Keeping(session_ids=ids)
    [row] = shift_days.take_leave(db, site, second, now=now, by=owner, keeping=seen)
    assert _open(db, site, now) == ids
    assert all(one.lacks_only_nurses for one in uncovered.ahead(db, site, now))
    shift_days.remove(db, site, row.id, now=now, by=owner)
    word = Keeping(session_ids=ids, words="We manage")
    shift_days.take_leave(db, site, second, now=now, by=owner, keeping=word)
    assert _open(db, site, now) == []


def test_who_is_in_the_clinic_is_listed_but_not_to_be_moved(
    db: Session, site: Clinic, provider: User, away: Callable[..., list[int]]
) -> None:
    during = TEN + timedelta(minutes=30)
    here = _esketamine(db, site, status=Status.IN_TREATMENT)
    away(provider, at=during)
    [line] = uncovered.ahead(db, site, during)
    assert (line.session_id, line.is_movable) == (here.id, False)


def test_leave_far_ahead_keeps_its_sessions_on_the_list(
    db: Session, site: Clinic, provider: User, away: Callable[..., list[int]], now: datetime
) -> None:
    far = _esketamine(db, site, TEN + timedelta(weeks=6))
    away(provider, day=TUESDAY + timedelta(weeks=6))
    assert _open(db, site, now) == [far.id]


def test_extra_hours_noted_before_give_way_to_leave(
    db: Session, site: Clinic, owner: Actor, away: Callable[..., list[int]], now: datetime
) -> None:
    stands_in = factories.a_user(db, site, Role.PROVIDER)
    extra = shift_days.Extra(user_id=stands_in.id, role=SiteRole.PROVIDER, day=TUESDAY, hours=(9 * 60, 15 * 60))
    shift_days.add_extra(db, site, extra, now=now, by=owner)
    treatment = _esketamine(db, site)
    assert away(stands_in, hours=(10 * 60, 13 * 60)) == [treatment.id]
    spans = [one.span for one in cover.duties_of(db, site, TUESDAY, TUESDAY) if one.user_id == stands_in.id]
    assert [(one.starts_at, one.ends_at) for one in spans] == [(TEN - HOUR, TEN), (TEN + 3 * HOUR, TEN + 5 * HOUR)]
    assert away(stands_in) == []
    with pytest.raises(Refusal, match=ShiftReason.AWAY_ALREADY):
        away(stands_in)
