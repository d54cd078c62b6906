"""Three patients of the demo who wait for a time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from clinic_sessions.demo.patients import OnFile
from clinic_sessions.demo.world import World
from clinic_sessions.services.booking import waitlist
from clinic_sessions.services.booking.waitlist import Wish
from clinic_sessions.services.catalogue import published

_MORNINGS = Wish(protocol_version_id=0, days=(1, 3), from_minute=8 * 60, until_minute=12 * 60)
_AFTERNOONS = Wish(
    protocol_version_id=0, days=(0, 2, 4), from_minute=14 * 60, notice_hours=24, words="Needs to arrange a ride."
)
_SOON = Wish(protocol_version_id=0, notice_hours=3, words="Can come at short notice.")


def put_on_waitlist(world: World, in_series: Sequence[OnFile], new: OnFile) -> None:
    """Let two patients wait for another time of their series, and one for a first session."""
    version = next(one for one in published(world.db) if one.key == "im")
    _wait(world, new, replace(_SOON, protocol_version_id=version.id), timedelta(hours=20))
    for one, wish, days in zip(in_series, (_MORNINGS, _AFTERNOONS), (9, 4), strict=False):
        if one.plan is not None:
            whole = replace(wish, protocol_version_id=one.plan.protocol_version_id, plan_id=one.plan.id)
            _wait(world, one, whole, timedelta(days=days))


def _wait(world: World, one: OnFile, wish: Wish, since: timedelta) -> None:
    at, desk = world.now - since, world.staff.desk
    waitlist.add(world.db, one.patient, one.patient.clinic_id, wish, now=at, by=desk)
