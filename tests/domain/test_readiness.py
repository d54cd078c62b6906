"""Gates and marks: every reason at once, on the minute."""

from datetime import UTC, datetime, timedelta

import pytest

from clinic_sessions.domain.protocols.protocols import EscortKind
from clinic_sessions.domain.session.leave_gate import Departure, may_leave
from clinic_sessions.domain.session.readiness import DoseSoFar, Reason, outside_protocol, outside_visit
from clinic_sessions.domain.session.record import DoseEventKind, is_late
from clinic_sessions.domain.session.session_checks import BEFORE_LEAVING, Check
from tests.domain.test_protocols import shipped

TEN = datetime(2026, 11, 23, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ADULT = EscortKind.NAMED_ADULT


def departure(**more: object) -> Departure:
    """Everything that is asked for, but for what a test says."""
    whole = {
        "dose_started_at": TEN, "dose_ended_at": TEN, "earliest_at": TEN,
        "vitals_after_dose": True, "unresolved_side_effects": 0, "pressure_settled": True,
        "checks": {item: Check(item=item, clear=True, at=TEN + MINUTE, escort=ADULT) for item in BEFORE_LEAVING},
        "accepted": (ADULT,),
    }  # fmt: skip
    return Departure(**{**whole, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("missing", "reasons"),
    [
        ({}, []),
        ({"dose_started_at": None}, [Reason.NO_DOSE_RECORDED]),
        ({"earliest_at": TEN + MINUTE}, [Reason.MINIMUM_NOT_REACHED]),
        (
            {
                "dose_ended_at": None,
                "earliest_at": TEN + MINUTE,
                "vitals_after_dose": False,
                "unresolved_side_effects": 2,
            },
            [
                Reason.DOSE_NOT_ENDED,
                Reason.MINIMUM_NOT_REACHED,
                Reason.NO_VITALS_AFTER_DOSE,
                Reason.SIDE_EFFECT_UNRESOLVED,
            ],
        ),
    ],
)
def test_leaving_lists_all_that_stands_against_it(missing: dict[str, object], reasons: list[Reason]) -> None:
    assert may_leave(departure(**missing), TEN) == reasons


@pytest.mark.parametrize(
    ("arrived", "ended", "reasons"),
    [
        (TEN, None, []),
        (TEN - MINUTE, TEN, []),
        (TEN + MINUTE, None, [Reason.NOT_ARRIVED]),
        (None, None, [Reason.NOT_ARRIVED]),
        (TEN - 2 * MINUTE, TEN - MINUTE, [Reason.SESSION_ENDED]),
        (None, TEN - MINUTE, [Reason.NOT_ARRIVED, Reason.SESSION_ENDED]),
    ],
)
def test_an_act_outside_the_visit_is_marked(
    arrived: datetime | None, ended: datetime | None, reasons: list[Reason]
) -> None:
    assert outside_visit(TEN, arrived, ended) == reasons


def test_a_dose_is_marked_for_what_its_protocol_does_not_ask_for() -> None:
    infusion, devices = shipped("iv-mood").dose_rule, shipped("in-esketamine").dose_rule
    nothing, begun = DoseSoFar(begun=False), DoseSoFar(begun=True)
    used = DoseSoFar(
        begun=True, micrograms=84_000, device_times=[TEN - 14 * MINUTE, TEN - 9 * MINUTE, TEN - 4 * MINUTE]
    )
    assert outside_protocol(infusion, DoseEventKind.STARTED, TEN, 60_000, nothing) == []
    assert outside_protocol(infusion, DoseEventKind.STARTED, TEN, 60_001, nothing) == [Reason.ABOVE_CAP]
    assert outside_protocol(infusion, DoseEventKind.PAUSED, TEN, None, nothing) == [Reason.NO_DOSE_RECORDED]
    assert outside_protocol(infusion, DoseEventKind.DEVICE, TEN, 28_000, begun) == [Reason.OTHER_PROTOCOL]
    assert outside_protocol(devices, DoseEventKind.DEVICE, TEN, 28_000, used) == [
        Reason.DEVICE_TOO_SOON, Reason.DEVICE_TOO_MANY, Reason.ABOVE_CAP
    ]  # fmt: skip
    assert outside_protocol(infusion, DoseEventKind.WASTED, TEN, 900_000, begun) == []


def test_an_entry_is_late_from_the_fifteenth_minute() -> None:
    assert not is_late(TEN, TEN + 15 * MINUTE - timedelta(seconds=1))
    assert is_late(TEN, TEN + 15 * MINUTE)
