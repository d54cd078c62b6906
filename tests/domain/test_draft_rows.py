"""Rows of a draft: what goes takes its reasons along, what comes in needs one, and the whole still holds together."""

from dataclasses import replace
from decimal import Decimal
from importlib import resources

import pytest

from clinic_sessions.domain.protocols import edits, leaves, protocols
from clinic_sessions.domain.protocols.draft_rows import Removal
from clinic_sessions.domain.protocols.edits import Base, Edited, FaultyEdits, Typed
from clinic_sessions.domain.protocols.protocol_kinds import Measure, SeriesKind
from clinic_sessions.domain.protocols.protocol_parts import Protocol, SeriesPhase
from clinic_sessions.domain.sourced import Sourced

IV = protocols.parse(resources.files("clinic_sessions.protocols").joinpath("iv-mood.toml").read_text())
WHY = "Our patients need it lower"
SIGNED = "Dr. Kim, 2026-11-23"
SOURCE = edits.new_source(SIGNED)


def _without(rows: set[str], values: dict[str, str] | None = None, reasons: dict[str, str] | None = None) -> Protocol:
    typed = Typed(values=values or {}, reasons=reasons or {}, removed=rows)
    return edits.apply(IV, Base(document=IV, reasons={}), typed, SIGNED, protocols.read).document


def _sourced(value: int, unit: str) -> Sourced:
    return Sourced(value=Decimal(value), unit=unit, source=SOURCE)


def test_a_limit_goes_and_what_was_typed_into_the_others_is_kept_at_its_new_place() -> None:
    last = len(IV.limits) - 1
    made = _without({"limits[0]"}, {"limits[0].limit": "nonsense", "limits[1].limit": "175"}, {"limits[1].limit": WHY})
    assert len(made.limits) == last
    assert (made.limits[0].measure, made.limits[0].limit.value) == (Measure.SYSTOLIC, Decimal(175))


def test_a_measure_is_not_left_without_a_limit_while_the_drug_acts() -> None:
    rows = {f"limits[{place}]" for place, one in enumerate(IV.limits) if one.measure is Measure.RESPIRATORY_RATE}
    with pytest.raises(FaultyEdits) as refused:
        _without(rows)
    assert refused.value.faults == {
        "limits": "respiratory_rate has none in administer; respiratory_rate has none in observe"
    }


def test_places_are_told_as_they_were_typed() -> None:
    removal = Removal(rows={"limits[0]", "limits[2]"})
    assert [removal.after(f"limits[{place}].limit") for place in (1, 3, 4)] == [
        "limits[0].limit", "limits[1].limit", "limits[2].limit",
    ]  # fmt: skip
    assert [removal.before(f"limits[{place}].limit") for place in (0, 1, 2)] == [
        "limits[1].limit", "limits[3].limit", "limits[4].limit",
    ]  # fmt: skip
    with pytest.raises(FaultyEdits) as refused:
        _without({"limits[0]"}, {"limits[3].limit": "111"})
    assert refused.value.unexplained == {"limits[3].limit"}


def test_a_new_limit_stands_beside_its_measure_with_who_added_it_and_why() -> None:
    part = replace(IV.limits[0], limit=_sourced(170, "mmHg"), from_minute=_sourced(30, "min"))
    made: Edited[Protocol] = edits.add(
        IV, Base(document=IV, reasons={}), part, {"limits[2].limit": "Kept words"}, WHY, protocols.read
    )
    assert made.document.limits[2] == part
    assert part.limit.source == "Clinic setting, Dr. Kim, 2026-11-23; new in this protocol [P]"
    assert made.reasons["limits[2].limit"] == WHY
    assert [row.mark.value for group in leaves.compare(IV, made.document).values() for row in group].count("added") == 2


def test_a_new_phase_of_the_series_comes_in_at_its_turn_and_only_the_last_may_go_on() -> None:
    def phase(kind: SeriesKind, count: int | None) -> SeriesPhase:
        counted = _sourced(count, "sessions") if count else None
        return SeriesPhase(kind=kind, sessions=_sourced(1, "sessions"), every=_sourced(7, "days"), count=counted)

    base = Base(document=IV, reasons={})
    made = edits.add(IV, base, phase(SeriesKind.CONTINUATION, 4), {}, WHY, protocols.read)
    assert [one.kind for one in made.document.series] == list(SeriesKind)
    with pytest.raises(FaultyEdits) as refused:
        edits.add(IV, base, phase(SeriesKind.CONTINUATION, None), {}, WHY, protocols.read)
    assert refused.value.faults == {"series": "only the last may go on without a count"}
