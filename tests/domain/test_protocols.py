"""Treatment protocols as data: what ships is whole, and what is faulty is refused with every fault named."""

import json
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import clinic_sessions.protocols
from clinic_sessions.domain.protocols import protocols
from clinic_sessions.domain.protocols.protocols import Anchor, PhaseKind, Protocol, Route, SiteRole
from clinic_sessions.domain.session.vitals import Vitals, against_limits

FOLDER = Path(clinic_sessions.protocols.__file__).parent
KEYS = ("iv-mood", "iv-pain", "im", "in-racemic", "in-esketamine")
START = datetime(2026, 3, 10, 16, 30, tzinfo=UTC)
REVEALING = re.compile(
    r"ketamin|spravato|depress|depresi|anxi|ansied|ptsd|trauma|suicid|bipolar|psych|psiqu|mental|mood|ánimo|pain|dolor"
    r"|infus|inject|inyec|spray|nasal|nose|nariz|gotas|drops|vein|vena|muscle|músculo|needle|aguja|sleeve|manga|dose|dosis",
    re.IGNORECASE,
)


def text_of(key: str) -> str:
    return (FOLDER / f"{key}.toml").read_text(encoding="utf-8")


def shipped(key: str) -> Protocol:
    return protocols.parse(text_of(key))


def minutes_of(protocol: Protocol, due: tuple[datetime, ...]) -> list[int]:
    return [int((moment - START).total_seconds() // 60) for moment in due]


@pytest.mark.parametrize("key", KEYS)
def test_every_shipped_protocol_is_whole(key: str) -> None:
    assert shipped(key).key == key


@pytest.mark.parametrize(
    ("key", "minutes"), [("iv-mood", 130), ("iv-pain", 330), ("im", 145), ("in-racemic", 175), ("in-esketamine", 165)]
)
def test_a_chair_block_is_the_sum_of_its_phases(key: str, minutes: int) -> None:
    assert protocols.block_minutes(shipped(key)) == minutes


@pytest.mark.parametrize("key", KEYS)
def test_every_number_that_ships_names_its_unit_and_its_source(key: str) -> None:
    tables = re.findall(r"\{ value = .*? \}(?=[,\n ])", text_of(key))

    assert len(tables) > 30
    assert all(re.search(r'unit = "[^"]+", source = ".*\[(S|S2|M|P)\].*" \}$', table) for table in tables)


@pytest.mark.parametrize("key", KEYS)
def test_the_canonical_json_reads_back_as_the_same_protocol(key: str) -> None:
    protocol = shipped(key)
    again = protocols.from_json(protocols.as_json(protocol))

    assert again == protocol
    assert protocols.digest(again) == protocols.digest(protocol)
    assert len(protocols.digest(protocol)) == 64


def test_a_changed_number_changes_the_digest() -> None:
    changed = protocols.parse(text_of("im").replace("value = 90", "value = 91", 1))

    assert protocols.digest(changed) != protocols.digest(shipped("im"))


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("language", ["en", "es"])
def test_what_the_patient_reads_beforehand_reveals_nothing(key: str, language: str) -> None:
    text = " ".join(protocols.preparation(shipped(key), language))

    assert REVEALING.search(text) is None
    assert "{food_until}" in text
    assert "{liquid_until}" in text


@pytest.mark.parametrize("key", KEYS)
def test_no_spanish_sentence_ends_with_an_hour_which_has_a_full_stop_of_its_own(key: str) -> None:
    assert "_until}." not in " ".join(protocols.preparation(shipped(key), "es"))


def test_a_language_without_a_text_is_refused() -> None:
    with pytest.raises(ValueError, match="fr"):
        protocols.preparation(shipped("im"), "fr")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('unit = "mg/kg"', 'unit = "mcg/kg"', "dose.weight.per_kg: unit must be mg/kg"),
        ('value = "0.5", unit = "mg/kg"', 'value = 0.5, unit = "mg/kg"', "dose.weight.per_kg: value must be"),
        ('value = "0.5", unit = "mg/kg"', 'value = "0", unit = "mg/kg"', "per_kg and round_down_to must be above 0"),
        ("minutes = { value = 40,", "minutes = { value = 0,", "phases[1].minutes: value must be"),
        ("minutes = { value = 40,", "minutes = { value = -40,", "phases[1].minutes: value must be"),
        ("minutes = { value = 40,", "minutes = { value = true,", "phases[1].minutes: value must be"),
        ('kind = "observe"', 'kind = "administer"', "phases: must be prepare, administer"),
        ('route = "iv"', 'route = "oral"', "route: must be one of iv, in, im"),
        ('chair_needs = "iv"', 'chair_needs = "im"', "chair_needs: must be able to give"),
        ('key = "iv-mood"', 'key = "iv-mood"\nextra = 1', "extra: not known"),
        ('key = "iv-mood"', "", "key: missing"),
        ("\nes = [", "\nfr = [", "preparation.es: missing"),
        ("{food_until}", "{fod_until}", "preparation.en: must use food_until"),
        ('anchor = "end"', 'anchor = "last_device"', "a device is named, but the dose has none"),
        ('rule = "hours"', 'rule = "next_day_after_sleep"', "driving: hours belong to the rule"),
        ("No driving or decisions for 24 h, nervanamedical.com [S2]", "we think so", "driving.source: source must be"),
        ("limit = { value = 180", "limit = { value = 150", "the urgent limit of systolic comes before its warning"),
        ('unit = "mmHg"', 'unit = "kPa"', "limits[0].limit: unit must be mmHg"),
        ("[dose.weight]", "[dose.devices]", "dose.devices.cap: not known"),
    ],
)
def test_incomplete_or_impossible_data_is_refused_by_name(old: str, new: str, fault: str) -> None:
    text = text_of("iv-mood")
    assert old in text

    with pytest.raises(protocols.FaultyProtocol) as refused:
        protocols.parse(text.replace(old, new, 1))

    assert any(fault in one for one in refused.value.faults), refused.value.faults


def test_all_faults_are_named_at_once() -> None:
    text = text_of("iv-mood").replace('key = "iv-mood"', "").replace('unit = "days"', 'unit = "weeks"')

    with pytest.raises(protocols.FaultyProtocol) as refused:
        protocols.parse(text)

    assert len(refused.value.faults) > 3


@pytest.mark.parametrize("text", ["", "[", "null", "[]", '"x"'])
def test_text_that_is_no_protocol_is_refused(text: str) -> None:
    with pytest.raises(protocols.FaultyProtocol):
        protocols.parse(text)
    with pytest.raises(protocols.FaultyProtocol):
        protocols.from_json(text)


def test_every_missing_top_level_part_is_missed() -> None:
    body = json.loads(protocols.as_json(shipped("in-esketamine")))
    for name in body.keys() - {"advice"}:
        rest = {key: value for key, value in body.items() if key != name}
        with pytest.raises(protocols.FaultyProtocol) as refused:
            protocols.from_json(json.dumps(rest))
        assert refused.value.faults == (f"{name}: missing",)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(list(PhaseKind)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data(), key=st.sampled_from(KEYS))
def test_whatever_is_put_in_one_place_is_taken_whole_or_refused_by_name(data: st.DataObject, key: str) -> None:
    body = json.loads(protocols.as_json(shipped(key)))
    place = body
    while True:
        name = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[name], dict | list) or not place[name] or data.draw(st.booleans()):
            break
        place = place[name]
    place[name] = data.draw(JSON)

    with suppress(protocols.FaultyProtocol):
        assert protocols.block_minutes(protocols.from_json(json.dumps(body))) > 0


def test_each_minute_of_the_block_lies_in_one_phase() -> None:
    protocol = shipped("iv-mood")
    kinds = [phase.kind for minute in range(130) if (phase := protocols.phase_at(protocol, minute))]

    assert (kinds[0], kinds[29], kinds[30], kinds[69], kinds[70]) == (
        PhaseKind.PREPARE,
        PhaseKind.PREPARE,
        PhaseKind.ADMINISTER,
        PhaseKind.ADMINISTER,
        PhaseKind.OBSERVE,
    )
    assert len(kinds) == 130
    assert protocols.phase_at(protocol, -1) is None
    assert protocols.phase_at(protocol, 130) is None


def test_nurse_shares_are_whole_thousandths() -> None:
    assert [phase.nurse_milli for phase in shipped("iv-mood").phases] == [500, 500, 250, 500, 0]
    assert [phase.nurse_milli for phase in shipped("in-esketamine").phases] == [500, 1000, 250, 500, 0]


def test_vitals_are_due_as_the_protocol_says() -> None:
    due = {key: minutes_of(shipped(key), protocols.vitals_due(shipped(key), START)) for key in KEYS}

    assert due["iv-mood"] == [10, 20, 30, 40, 55, 70, 85]
    assert due["in-esketamine"] == [40, 120]
    assert due["im"][:3] == [5, 20, 35]


def test_checks_go_on_while_the_patient_stays_longer() -> None:
    protocol = shipped("iv-mood")
    due = protocols.vitals_due(protocol, START, until=START + timedelta(minutes=120))

    assert minutes_of(protocol, due)[-3:] == [85, 100, 115]


def test_the_two_hours_count_from_the_last_device() -> None:
    protocol = shipped("in-esketamine")
    last = START + timedelta(minutes=10)

    ends = protocols.observation_ends(protocol, {Anchor.FIRST_DEVICE: START, Anchor.LAST_DEVICE: last})

    assert ends == last + timedelta(minutes=120)


def test_observation_has_no_end_before_its_anchor_has_happened() -> None:
    with pytest.raises(protocols.AnchorUnknown):
        protocols.observation_ends(shipped("in-esketamine"), {Anchor.START: START})


def test_fasting_counts_back_from_the_start_of_the_visit() -> None:
    times = protocols.fasting(shipped("iv-mood"), START)

    assert times.food_until == START - timedelta(hours=6)
    assert times.liquid_until == START - timedelta(hours=2)


def test_a_provider_is_on_site_only_while_esketamine_is_given_and_watched() -> None:
    needed = {kind: protocols.required_roles(shipped("in-esketamine"), kind) for kind in PhaseKind}

    assert [kind for kind, roles in needed.items() if SiteRole.PROVIDER in roles] == [
        PhaseKind.ADMINISTER,
        PhaseKind.OBSERVE,
    ]
    assert not any(protocols.required_roles(shipped("iv-mood"), kind) for kind in PhaseKind)


def test_an_esketamine_protocol_without_a_provider_is_refused() -> None:
    text = re.sub(r"(?m)^roles = .*\n", "", text_of("in-esketamine"))

    with pytest.raises(protocols.FaultyProtocol, match="a provider must be on site"):
        protocols.parse(text)


@pytest.mark.parametrize(
    ("key", "phase", "minute", "level"),
    [
        ("im", PhaseKind.OBSERVE, 59, "warn"),
        ("im", PhaseKind.OBSERVE, 60, "urgent"),
        ("iv-mood", PhaseKind.ADMINISTER, 30, "warn"),
        ("iv-mood", PhaseKind.DISCHARGE, 90, "urgent"),
        ("in-esketamine", PhaseKind.OBSERVE, 40, "urgent"),
    ],
)
def test_a_lethargic_patient_is_judged_by_route_and_phase(key: str, phase: PhaseKind, minute: int, level: str) -> None:
    limits = protocols.alert_limits(shipped(key), phase, minute)

    assert [one.level for one in against_limits(Vitals(moaa_s=3), limits)] == [level]


@pytest.mark.parametrize("key", KEYS)
def test_no_response_is_urgent_in_every_phase_of_every_protocol(key: str) -> None:
    for phase in (PhaseKind.PREPARE, PhaseKind.ADMINISTER, PhaseKind.OBSERVE, PhaseKind.DISCHARGE):
        for minute in (0, 30, 59, 60, 300):
            findings = against_limits(Vitals(moaa_s=0), protocols.alert_limits(shipped(key), phase, minute))
            assert [one.level for one in findings] == ["urgent"]


def test_routes_keep_their_stored_values() -> None:
    assert [route.value for route in Route] == ["iv", "in", "im"]
