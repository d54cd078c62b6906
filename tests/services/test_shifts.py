"""Changing who works when: what counts from when, and that no session is left short unless someone answers for it."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.cover import Shortfall
from clinic_sessions.domain.scheduling.shifts import MIDNIGHT, ExceptionKind, ShiftReason
from clinic_sessions.domain.scheduling.timetable import OverrideKind
from clinic_sessions.domain.session.lifecycle import SessionKind
from clinic_sessions.models import (
    ActorKind,
    AuditAction,
    AuditEntry,
    BookingOverride,
    Clinic,
    Shift,
    TreatmentSession,
    User,
)
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, NotAllowed, Refusal
from clinic_sessions.services.shifts import cover, shift_days, shift_week, shifts
from clinic_sessions.services.shifts.kept_cover import CoverShort, Keeping
from tests import factories

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
WEEK = timedelta(days=7)
TUESDAY_TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)
DAY = shifts.Hours(starts_minute=480, ends_minute=960, breaks=((720, 750),))
LONG_DAY = shifts.Hours(starts_minute=480, ends_minute=1080)
WHOLE_DAY = (0, MIDNIGHT)


@pytest.fixture
def site(db: Session) -> Clinic:
    """A clinic with nobody on shift."""
    return factories.a_clinic(db, nurses=0, providers=0)


@pytest.fixture
def nurse(db: Session, site: Clinic) -> User:
    """Its one nurse."""
    return factories.a_user(db, site, Role.NURSE)


@pytest.fixture
def owner(db: Session, site: Clinic) -> Actor:
    """Its owner."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, site, Role.OWNER), role=Role.OWNER)


def _new(user: User, role: SiteRole = SiteRole.NURSE, **given: object) -> shifts.NewShift:
    fields = {"weekdays": range(5), "hours": DAY, "first_day": MONDAY}
    return shifts.NewShift(user_id=user.id, role=role, **{**fields, **given})  # type: ignore[arg-type]


def _leave(user: User, first: date = TUESDAY, last: date = TUESDAY, **given: object) -> shift_days.Leave:
    return shift_days.Leave(user_id=user.id, first_day=first, last_day=last, **{"hours": WHOLE_DAY, **given})  # type: ignore[arg-type]


def _said(db: Session, site: Clinic, day: date) -> list[str]:
    found = cover.duties_of(db, site, day, day)
    spans = (
        (one.role, one.span.starts_at.astimezone(site.zone), one.span.ends_at.astimezone(site.zone)) for one in found
    )
    return [f"{role} {starts:%H:%M}-{ends:%H:%M}" for role, starts, ends in spans]


def _booked(db: Session, site: Clinic, protocol: str = "iv-mood", at: datetime = TUESDAY_TEN) -> TreatmentSession:
    patient = factories.a_patient(db, site)
    return factories.a_session(db, patient, at, protocol=factories.a_protocol(db, protocol))


def test_a_shift_counts_on_its_weekdays_from_its_first_day_without_its_breaks(
    db: Session, site: Clinic, nurse: User, owner: Actor, now: datetime
) -> None:
    shifts.add(db, site, _new(nurse, weekdays=[0, 2], first_day=MONDAY + WEEK), now=now, by=owner)
    assert _said(db, site, MONDAY) == []
    assert _said(db, site, MONDAY + WEEK) == ["nurse 08:00-12:00", "nurse 12:30-16:00"]
    assert _said(db, site, TUESDAY + WEEK) == []
    assert db.scalars(sa.select(AuditEntry.action).where(AuditEntry.entity == "shift")).all() == ["create", "create"]


def test_changed_hours_hold_from_a_day_on_and_the_days_before_stay_as_they_were(
    db: Session, site: Clinic, nurse: User, owner: Actor, now: datetime
) -> None:
    rows = shifts.add(db, site, _new(nurse, last_day=TUESDAY + 3 * WEEK), now=now, by=owner)
    late = shifts.Hours(starts_minute=600, ends_minute=1080)
    shifts.change(db, site, [rows[0].id, rows[1].id], late, TUESDAY, now=now, by=owner)
    assert _said(db, site, MONDAY) == ["nurse 08:00-12:00", "nurse 12:30-16:00"]
    assert _said(db, site, TUESDAY) == _said(db, site, MONDAY + WEEK) == ["nurse 10:00-18:00"]
    assert _said(db, site, TUESDAY + 4 * WEEK) == []
    assert [row.weekday for row in shifts.alike(db, site, rows[2].id, MONDAY)] == [2, 0, 3, 4]


def test_a_shift_that_ends_before_it_began_is_gone(
    db: Session, site: Clinic, nurse: User, owner: Actor, now: datetime
) -> None:
    rows = shifts.add(db, site, _new(nurse, first_day=TUESDAY), now=now, by=owner)
    shifts.end(db, site, [row.id for row in rows], TUESDAY, now=now, by=owner)
    assert db.scalars(sa.select(Shift)).all() == []


def test_ending_a_shift_names_the_sessions_it_would_leave_short_and_ends_nothing(
    db: Session, site: Clinic, nurse: User, owner: Actor, now: datetime
) -> None:
    rows = shifts.add(db, site, _new(nurse, hours=LONG_DAY), now=now, by=owner)
    treatment = _booked(db, site)
    db.commit()
    with pytest.raises(CoverShort) as refused:
        shifts.end(db, site, [row.id for row in rows], TUESDAY, now=now, by=owner)
    [hit] = refused.value.hits
    assert (hit.session_id, hit.starts_at) == (treatment.id, TUESDAY_TEN)
    assert hit.shortfalls == (Shortfall(at=TUESDAY_TEN, spare_milli=-500),)
    assert refused.value.reasons == (ShiftReason.LEAVES_SHORT,)
    db.rollback()
    assert _said(db, site, TUESDAY) == ["nurse 08:00-18:00"]


def test_a_reason_lets_the_sessions_that_were_named_stand_and_is_kept_with_each(
    db: Session, site: Clinic, nurse: User, owner: Actor, now: datetime
) -> None:
    shifts.add(db, site, _new(nurse, hours=LONG_DAY), now=now, by=owner)
    known, unknown = _booked(db, site), _booked(db, site, at=TUESDAY_TEN + timedelta(hours=3))
    word = Keeping(words="Dr. Chen steps in", session_ids=[known.id])
    db.commit()
    with pytest.raises(CoverShort):
        shift_days.take_leave(db, site, _leave(nurse), now=now, by=owner, keeping=word)
    db.rollback()
    both = Keeping(words="Dr. Chen steps in", session_ids=[known.id, unknown.id])
    shift_days.take_leave(db, site, _leave(nurse), now=now, by=owner, keeping=both)
    found = db.scalars(sa.select(BookingOverride).order_by(BookingOverride.session_id)).all()
    assert [(one.session_id, one.kind, one.schedule_version, one.words) for one in found] == [
        (treatment.id, OverrideKind.COVER, treatment.schedule_version, "Dr. Chen steps in")
        for treatment in (known, unknown)
    ]
    assert cover.short(db, site, [TUESDAY]) == []
    audited = sa.select(AuditEntry.patient_id).where(AuditEntry.action == AuditAction.OVERRIDE)
    assert set(db.scalars(audited)) == {known.patient_id, unknown.patient_id}


def test_a_session_that_lacked_a_nurse_before_stands_against_a_change_only_when_that_makes_it_worse(
    db: Session, site: Clinic, nurse: User, owner: Actor, now: datetime
) -> None:
    _booked(db, site)
    shifts.add(
        db, site, _new(nurse, weekdays=[1], hours=shifts.Hours(starts_minute=0, ends_minute=60)), now=now, by=owner
    )
    shift_days.take_leave(db, site, _leave(nurse), now=now, by=owner)
    assert len(cover.short(db, site, [TUESDAY])) == 1


def test_no_reason_lets_a_session_stand_without_a_role_that_it_requires(
    db: Session, site: Clinic, nurse: User, owner: Actor, now: datetime
) -> None:
    provider = factories.a_user(db, site, Role.PROVIDER)
    shifts.add(db, site, _new(nurse, hours=LONG_DAY), now=now, by=owner)
    rows = shifts.add(db, site, _new(provider, SiteRole.PROVIDER), now=now, by=owner)
    treatment = _booked(db, site, "in-esketamine", TUESDAY_TEN - timedelta(hours=2))
    word = Keeping(words="By phone", session_ids=[treatment.id])
    with pytest.raises(CoverShort) as refused:
        shifts.end(db, site, [row.id for row in rows], TUESDAY, now=now, by=owner, keeping=word)
    assert refused.value.reasons == (ShiftReason.LEAVES_WITHOUT_ROLE,)
    assert not refused.value.may_be_kept


def _visit(db: Session, site: Clinic, host: User, kind: SessionKind = SessionKind.INTEGRATION) -> TreatmentSession:
    treatment = _booked(db, site)
    treatment.kind, treatment.protocol_version_id, treatment.chair_id, treatment.host = kind, None, None, host
    treatment.ends_at = treatment.starts_at + timedelta(minutes=50)
    db.flush()
    return treatment


def test_no_reason_lets_a_visit_stand_without_whoever_holds_it(
    db: Session, site: Clinic, nurse: User, owner: Actor, now: datetime
) -> None:
    rows = shifts.add(db, site, _new(nurse, hours=LONG_DAY), now=now, by=owner)
    shifts.add(db, site, _new(factories.a_user(db, site, Role.NURSE), hours=LONG_DAY), now=now, by=owner)
    visit = _visit(db, site, nurse)
    word = Keeping(words="By phone", session_ids=[visit.id])
    ids = [row.id for row in rows]
    late, early = (shifts.Hours(starts_minute=start, ends_minute=1080) for start in (630, 600))
    db.commit()
    with pytest.raises(CoverShort) as refused:
        shifts.change(db, site, ids, late, TUESDAY, now=now, by=owner, keeping=word)
    assert refused.value.reasons == (ShiftReason.LEAVES_WITHOUT_HOST,)
    [hit] = refused.value.hits
    assert (hit.session_id, hit.host, hit.shortfalls, hit.host_gone_at) == (visit.id, nurse.name, (), TUESDAY_TEN)
    db.rollback()
    shifts.change(db, site, ids, early, TUESDAY, now=now, by=owner)


def test_whoever_holds_a_visit_is_not_counted_for_others_when_they_join_the_nurses(
    db: Session, site: Clinic, owner: Actor, now: datetime
) -> None:
    both = factories.a_user(db, site, Role.PROVIDER, Role.NURSE)
    shifts.add(db, site, _new(both, SiteRole.PROVIDER, hours=LONG_DAY), now=now, by=owner)
    visit = _visit(db, site, both)
    rows = shifts.add(db, site, _new(both, hours=LONG_DAY), now=now, by=owner)
    db.expire_all()
    assert visit.nurse_milli == 1000
    shifts.end(db, site, [row.id for row in rows], TUESDAY, now=now, by=owner)
    db.expire_all()
    assert visit.nurse_milli == 0


def test_only_who_may_lift_cover_or_runs_the_site_can_let_sessions_stand(
    db: Session, site: Clinic, nurse: User, owner: Actor, now: datetime
) -> None:
    shifts.add(db, site, _new(nurse, hours=LONG_DAY), now=now, by=owner)
    word = Keeping(words="We manage", session_ids=[_booked(db, site).id])
    desk = Actor(kind=ActorKind.USER, user=factories.a_user(db, site, Role.FRONT_DESK), role=Role.FRONT_DESK)
    with pytest.raises(NotAllowed):
        shift_days.take_leave(db, site, _leave(nurse), now=now, by=desk, keeping=word)


def test_leave_is_noted_for_the_days_on_which_it_is_not_yet_and_can_be_taken_back(
    db: Session, site: Clinic, nurse: User, owner: Actor, now: datetime
) -> None:
    shifts.add(db, site, _new(nurse), now=now, by=owner)
    [tuesday] = shift_days.take_leave(db, site, _leave(nurse, words="Course"), now=now, by=owner)
    more = shift_days.take_leave(db, site, _leave(nurse, MONDAY, TUESDAY + timedelta(days=1)), now=now, by=owner)
    assert [row.day for row in more] == [MONDAY, TUESDAY + timedelta(days=1)]
    with pytest.raises(Refusal, match=ShiftReason.AWAY_ALREADY):
        shift_days.take_leave(db, site, _leave(nurse, hours=(600, 660)), now=now, by=owner)
    assert _said(db, site, TUESDAY) == []
    shift_days.remove(db, site, tuesday.id, now=now, by=owner)
    assert _said(db, site, TUESDAY) == ["nurse 08:00-12:00", "nurse 12:30-16:00"]
    with pytest.raises(Absent):
        shift_days.remove(db, site, tuesday.id, now=now, by=owner)


def test_extra_hours_count_and_taking_them_back_is_refused_while_a_session_needs_them(
    db: Session, site: Clinic, nurse: User, owner: Actor, now: datetime
) -> None:
    extra = shift_days.Extra(user_id=nurse.id, role=SiteRole.NURSE, day=TUESDAY, hours=(480, 960))
    row = shift_days.add_extra(db, site, extra, now=now, by=owner)
    assert (row.kind, _said(db, site, TUESDAY)) == (ExceptionKind.EXTRA, ["nurse 08:00-16:00"])
    with pytest.raises(Refusal, match=ShiftReason.HAS_THESE_HOURS):
        shift_days.add_extra(db, site, extra, now=now, by=owner)
    _booked(db, site)
    with pytest.raises(CoverShort):
        shift_days.remove(db, site, row.id, now=now, by=owner)


def test_nobody_is_on_shift_at_two_sites_at_once(
    db: Session, site: Clinic, nurse: User, owner: Actor, now: datetime
) -> None:
    east = factories.a_clinic(db, "America/New_York", nurses=0, providers=0)
    nurse.clinics = [site, east]
    db.flush()
    shifts.add(db, site, _new(nurse, weekdays=[1]), now=now, by=owner)
    early = shifts.Hours(starts_minute=480, ends_minute=660)
    shifts.add(db, east, _new(nurse, weekdays=[1], hours=early), now=now, by=owner)
    db.commit()
    extra = shift_days.Extra(user_id=nurse.id, role=SiteRole.NURSE, day=TUESDAY, hours=(660, 690))
    with pytest.raises(Refusal, match=ShiftReason.AT_ANOTHER_SITE):
        shift_days.add_extra(db, east, extra, now=now, by=owner)
    db.rollback()
    shift_days.take_leave(db, site, _leave(nurse), now=now, by=owner)
    shift_days.add_extra(db, east, extra, now=now, by=owner)


def test_a_shift_is_for_someone_of_the_site_in_a_role_they_hold_and_not_for_the_past(
    db: Session, site: Clinic, nurse: User, owner: Actor, now: datetime
) -> None:
    def refused(new: shifts.NewShift) -> object:
        with pytest.raises((Refusal, Absent)) as found:
            shifts.add(db, site, new, now=now, by=owner)
        return getattr(found.value, "reasons", None)

    elsewhere = factories.a_user(db, factories.a_clinic(db), Role.NURSE)
    gone = factories.a_user(db, site, Role.NURSE, disabled_at=now)
    assert refused(_new(elsewhere)) is refused(_new(gone)) is None
    assert refused(_new(nurse, SiteRole.PROVIDER)) == (ShiftReason.ROLE_NOT_HELD,)
    assert refused(_new(nurse, first_day=MONDAY - timedelta(days=1))) == (ShiftReason.IN_THE_PAST,)
    shifts.add(db, site, _new(nurse, weekdays=[0]), now=now, by=owner)
    assert refused(_new(nurse, hours=shifts.Hours(starts_minute=900, ends_minute=1000))) == (
        ShiftReason.HAS_THESE_HOURS,
    )
    [row] = db.scalars(sa.select(Shift).where(Shift.user_id == nurse.id))
    shifts.end(db, site, [row.id], MONDAY + WEEK, now=now, by=owner)
    with pytest.raises(Refusal, match=ShiftReason.ENDED_ALREADY):
        shifts.end(db, site, [row.id], MONDAY + 2 * WEEK, now=now, by=owner)
    for ids in ([row.id, 999], []):
        with pytest.raises(Absent):
            shifts.end(db, site, ids, MONDAY + WEEK, now=now, by=owner)


def test_the_week_shows_rows_and_what_comes_of_them_and_whether_the_nurses_suffice(
    db: Session, site: Clinic, nurse: User, owner: Actor, now: datetime
) -> None:
    shifts.add(db, site, _new(nurse, weekdays=[1]), now=now, by=owner)
    shift_days.take_leave(db, site, _leave(nurse, hours=(900, 960)), now=now, by=owner)
    _booked(db, site, at=TUESDAY_TEN + timedelta(hours=1))
    [one] = shift_week.people_on(db, site, [MONDAY, TUESDAY])
    assert (one.user, one.days[0].hours, one.days[1].hours) == (nurse, [], [(SiteRole.NURSE, [(480, 720), (750, 900)])])
    assert one.days[1].breaks == [(720, 750)]
    monday, tuesday = shift_week.loads(db, site, [MONDAY, TUESDAY])
    assert monday.hours == []
    hours = [(one.starts_at.astimezone(site.zone).hour, one.on_milli) for one in tuesday.hours]
    assert hours == [(8, 1000), (9, 1000), (10, 1000), (11, 1000), (12, 0), (13, 1000), (14, 1000)]
    [noon] = [one for one in tuesday.hours if one.short_at]
    assert noon.short_at == datetime(2026, 11, 24, 20, tzinfo=UTC)


def test_who_is_short_already_is_asked_about_again_when_they_would_lack_more(
    db: Session, site: Clinic, owner: Actor, now: datetime
) -> None:
    nurse = factories.a_user(db, site, Role.NURSE)
    shifts.add(db, site, _new(nurse, hours=shifts.Hours(starts_minute=480, ends_minute=1080)), now=now, by=owner)
    long = _booked(db, site, "iv-pain")
    factories.a_session(db, factories.a_patient(db, site), TUESDAY_TEN, chair=site.chairs[1])
    lifted = factories.a_session(
        db, factories.a_patient(db, site), TUESDAY_TEN, chair=site.chairs[2], protocol=factories.a_protocol(db, "im")
    )
    override = {"session_id": lifted.id, "schedule_version": 1, "kind": OverrideKind.COVER, "at": now}
    db.add(BookingOverride(**override, by_id=owner.user_id, words="Short at the start"))
    db.flush()
    assert long.id in {one.session_id for one in cover.short(db, site, [TUESDAY])}
    with pytest.raises(CoverShort) as refused:
        shift_days.take_leave(db, site, _leave(nurse, hours=(14 * 60, 18 * 60)), now=now, by=owner)
    assert [hit.session_id for hit in refused.value.hits] == [long.id]
