"""Nurse cover by the minute: profiles of the shipped protocols, and where a day falls short."""

from datetime import UTC, datetime, timedelta
from importlib import resources

import pytest

from clinic_sessions.domain.protocols import protocols
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.cover import (
    DayCover,
    Demand,
    Need,
    Profile,
    Shortfall,
    profile_of,
    shortfalls,
    visit_profile,
)
from clinic_sessions.domain.scheduling.shifts import Duty
from clinic_sessions.domain.wall_time import Span

EIGHT = datetime(2026, 11, 24, 16, tzinfo=UTC)
DAY = Span(starts_at=EIGHT, ends_at=EIGHT + timedelta(hours=10))


def _at(minutes: int) -> datetime:
    return EIGHT + timedelta(minutes=minutes)


def _duty(start: int, end: int, role: SiteRole = SiteRole.NURSE, user_id: int = 1) -> Duty:
    return Duty(user_id=user_id, role=role, span=Span(starts_at=_at(start), ends_at=_at(end)))


def _shipped(name: str) -> Profile:
    text = resources.files("clinic_sessions.protocols").joinpath(f"{name}.toml").read_text()
    return profile_of(protocols.parse(text))


@pytest.mark.parametrize("name", ["iv-mood", "iv-pain", "im", "in-racemic", "in-esketamine"])
def test_a_profile_takes_the_whole_block_and_gives_back_all_it_took(name: str) -> None:
    profile = _shipped(name)
    assert sum(step for _, step in profile.steps) == 0
    assert profile.needs[0].offset == 0
    assert all(a.offset + a.minutes == b.offset for a, b in zip(profile.needs, profile.needs[1:], strict=False))


def test_esketamine_asks_for_a_provider_from_the_first_device_to_the_end_of_monitoring() -> None:
    assert _shipped("in-esketamine").roles == {SiteRole.PROVIDER: ((20, 150),)}


def test_the_first_minute_that_is_short_is_named_with_what_is_needed_and_spare() -> None:
    profile = Profile((Need(offset=0, minutes=30, nurse_milli=250), Need(offset=30, minutes=30, nurse_milli=1000)))
    cover = DayCover(DAY, [_duty(0, 600)], [Demand(starts_at=_at(0), profile=visit_profile(100, 750))])
    assert shortfalls(cover, _at(0), profile) == [Shortfall(at=_at(30), needed_milli=1000, spare_milli=250)]
    assert shortfalls(cover, _at(70), profile) == []
    assert shortfalls(cover, _at(69), profile) == [Shortfall(at=_at(99), needed_milli=1000, spare_milli=250)]


def test_what_takes_no_nurse_needs_none() -> None:
    assert shortfalls(DayCover(DAY, [], []), _at(0), visit_profile(60, 0)) == []


def test_nobody_is_on_shift_outside_the_window() -> None:
    cover = DayCover(DAY, [_duty(0, 600)], [])
    assert [one.at for one in shortfalls(cover, _at(590), visit_profile(30, 100))] == [_at(600)]
    assert not cover.covers(590, visit_profile(30, 100))
    assert not cover.covers(-1, visit_profile(30, 100))


def test_a_role_that_leaves_too_soon_is_missed_at_that_minute() -> None:
    profile = Profile((Need(offset=0, minutes=60, nurse_milli=0, roles=frozenset({SiteRole.PROVIDER})),))
    duties = [_duty(0, 40, SiteRole.PROVIDER), _duty(40, 50, SiteRole.PROVIDER, 2)]
    assert shortfalls(DayCover(DAY, duties, []), _at(0), profile) == [Shortfall(at=_at(50), role=SiteRole.PROVIDER)]


def test_a_session_that_stands_is_short_only_where_the_whole_day_is() -> None:
    demands = [Demand(starts_at=_at(at), profile=visit_profile(60, 600)) for at in (0, 30)]
    cover = DayCover(DAY, [_duty(0, 600)], demands)
    assert [one.at for one in shortfalls(cover, _at(0), demands[0].profile, stands=True)] == [_at(30)]
    assert shortfalls(cover, _at(90), demands[0].profile, stands=True) == []


def test_what_began_before_the_window_still_takes_its_share() -> None:
    cover = DayCover(DAY, [_duty(0, 600)], [Demand(starts_at=_at(-30), profile=visit_profile(60, 600))])
    assert list(cover.spare[28:32]) == [400, 400, 1000, 1000]
