"""What must stand behind a start, a call to be ready and a departure, read from the rows in the plainest way."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocols import EscortKind, Protocol, WeightDose
from clinic_sessions.domain.session.leave_gate import NOT_LIFTABLE
from clinic_sessions.domain.session.lifecycle import Action, Gate
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.domain.session.session_checks import CheckItem, Intake
from clinic_sessions.domain.session.side_effects import SideEffectEventKind, SideEffectKind
from clinic_sessions.domain.session.start_gate import LIFTABLE, Answer
from clinic_sessions.models import (
    DoseEvent,
    Draw,
    DrugLabel,
    ProviderAnswer,
    SessionCheck,
    SideEffect,
    SideEffectEvent,
    TreatmentSession,
    VitalsReading,
    Weight,
)
from clinic_sessions.services.catalogue import protocol_of

Row = TypeVar("Row")
BEFORE = {
    CheckItem.IDENTITY: ("identity_not_checked", "identity_not_checked"),
    CheckItem.FOOD: ("food_not_asked", "ate"),
    CheckItem.DRINK: ("drink_not_asked", "drank"),
    CheckItem.RIDE: ("ride_not_asked", "no_ride"),
    CheckItem.PREGNANCY: ("pregnancy_not_asked", "pregnancy_possible"),
    CheckItem.MEDICINES: ("medicines_not_asked", "medicines_changed"),
    CheckItem.NASAL_SPRAY: ("nasal_spray_not_asked", "sprayed"),
    CheckItem.RISK: ("risk_not_asked", "at_risk"),
}
ASSESSED = {
    CheckItem.SEDATION: ("sedation_not_assessed", "sedated"),
    CheckItem.DISSOCIATION: ("dissociation_not_assessed", "dissociated"),
    CheckItem.BREATHING: ("breathing_not_assessed", "breathing_not_settled"),
}
HIGH = 160
"""The machine reads pressures that are good by every protocol, or above this and too high by every one."""
URGENT = 110
"""From this diastolic on a pressure is urgent by every protocol; whatever the machine reads too high is."""
DOOR = {CheckItem.INSTRUCTIONS: "instructions_not_given", CheckItem.BELONGINGS: "belongings_not_returned"}
KEEPS = {
    SideEffectKind.SEDATION, SideEffectKind.DISSOCIATION, SideEffectKind.RESPIRATORY_DEPRESSION,
    SideEffectKind.CHEST_PAIN,
}  # fmt: skip


def rows(db: Session, model: type[Row], one: TreatmentSession) -> list[Row]:
    """Every row of a session, in the order in which they were written."""
    table: Any = model
    return list(db.scalars(sa.select(table).where(table.session_id == one.id).order_by(table.id)))


def standing(found: Iterable[Any]) -> list[Any]:
    """Those that nothing corrects, in the order of their true time."""
    known = list(found)
    corrected = {row.corrects_id for row in known}
    return sorted((row for row in known if row.id not in corrected), key=lambda row: (row.at, row.id))


def doses(db: Session, one: TreatmentSession) -> list[DoseEvent]:
    """The dose events that neither a correction nor a withdrawal replaces."""
    return [row for row in standing(rows(db, DoseEvent, one)) if row.kind is not DoseEventKind.WITHDRAWN]


def began(db: Session, one: TreatmentSession) -> datetime | None:
    """When the first drug went in."""
    begins = {DoseEventKind.STARTED, DoseEventKind.DEVICE}
    return next((row.at for row in doses(db, one) if row.kind in begins), None)


def ended(db: Session, one: TreatmentSession) -> datetime | None:
    """When the last drug went in."""
    ends = {DoseEventKind.GIVEN, DoseEventKind.STOPPED}
    return next((row.at for row in reversed(doses(db, one)) if row.kind in ends), None)


def minimum_ends(db: Session, one: TreatmentSession, protocol: Protocol) -> datetime | None:
    """The first minute at which the protocol's observation is long enough; None while it cannot be known."""
    devices = [row.at for row in doses(db, one) if row.kind is DoseEventKind.DEVICE]
    anchor = {"start": began(db, one), "end": ended(db, one), "last_device": devices[-1] if devices else None}
    from_then = anchor[protocol.observation.anchor.value]
    if from_then is None and protocol.observation.anchor.value == "last_device":
        from_then = began(db, one)
    return from_then and from_then + timedelta(minutes=protocol.observation.minutes.whole)


def _came(one: TreatmentSession, at: datetime) -> datetime:
    """From when on what is said of a patient counts: the minute in which they came, or the night before `at`."""
    undone = {row.undoes_id for row in one.changes}
    came = [row.at for row in one.changes if row.action is Action.ARRIVE and row.id not in undone]
    night = at.astimezone(one.clinic.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return max([night, *(moment.replace(second=0, microsecond=0) for moment in came)])


def _answers(
    db: Session,
    one: TreatmentSession,
    at: datetime,
    since: datetime | None = None,
    early: Collection[CheckItem] = (),
) -> dict[CheckItem, Any]:
    """The last answer to each question: a good one counts once it was true, one against counts always.

    `early`: what is also good when it was said before `since`.
    """
    given = [row for row in rows(db, SessionCheck, one) if row.at <= at or not row.clear]
    given = [row for row in given if since is None or row.at >= since or row.item in early]
    return {row.item: row for row in sorted(given, key=lambda row: (row.at, row.id))}


def _word(db: Session, one: TreatmentSession, gate: Gate, at: datetime) -> ProviderAnswer | None:
    said = [row for row in rows(db, ProviderAnswer, one) if row.gate is gate]
    said = [row for row in said if row.answer is not Answer.GO_AHEAD or row.recorded_at <= at]
    return said[-1] if said else None


def _lifts(word: ProviderAnswer | None, reason: str, known_at: datetime | None) -> bool:
    said = word is not None and word.answer is Answer.GO_AHEAD and reason in word.reasons
    return said and word is not None and (known_at is None or known_at <= word.recorded_at)


def against_start(db: Session, one: TreatmentSession, at: datetime, papers: set[str]) -> set[str]:
    """All that a start at `at` lacks; `papers`: what the papers lack."""
    assert one.protocol_version is not None
    protocol = protocol_of(one.protocol_version)
    word, since = _word(db, one, Gate.MAY_START, at), _came(one, at)
    if word is not None and word.answer is Answer.GO_AHEAD and word.recorded_at < since:
        word = None
    against: dict[str, datetime | None] = dict.fromkeys(papers)
    against |= _unanswered(protocol, _answers(db, one, at, since, early={CheckItem.RIDE}), at)
    against |= _unread(db, one, at, since)
    against |= dict.fromkeys(_drug(db, one, protocol, at))
    if "order_missing" not in papers:
        against |= dict.fromkeys(_weight(db, one, protocol))
    found = {why for why, known in against.items() if why not in LIFTABLE or not _lifts(word, why, known)}
    if word is not None and word.answer is Answer.NOT_TODAY:
        found.add("provider_said_not_today")
    if word is not None and word.until is not None and at < word.until:
        found.add("provider_said_wait")
    return found


def _unanswered(protocol: Protocol, answers: dict[CheckItem, Any], at: datetime) -> dict[str, datetime | None]:
    found: dict[str, datetime | None] = {}
    for item, (not_asked, against) in BEFORE.items():
        if item is CheckItem.NASAL_SPRAY and protocol.preparation.nasal_spray is None:
            continue
        row = answers.get(item)
        if row is None:
            found[not_asked] = None
        elif row.last_at is not None:
            if at < row.last_at + _wait(protocol, item, row.intake):
                found[against] = row.recorded_at
        elif not row.clear:
            found[against] = row.recorded_at
        elif item is CheckItem.RIDE:
            found |= _of_a_way(protocol, row, "ride")
    return found


def _of_a_way(protocol: Protocol, row: Any, named: str) -> dict[str, datetime | None]:
    found: dict[str, datetime | None] = {}
    if row.escort not in protocol.escort.accepted:
        found[f"{named}_not_accepted"] = row.recorded_at
    by_somebody = row.escort in {EscortKind.NAMED_ADULT, EscortKind.COMPANION_IN_HIRED_CAR}
    if by_somebody and (row.person is None or row.phone is None):
        found[f"{named}_nameless"] = row.recorded_at
    return found


def _wait(protocol: Protocol, item: CheckItem, intake: Intake | None) -> timedelta:
    rule = protocol.preparation
    if item is CheckItem.FOOD:
        heavy = rule.heavy if intake is Intake.HEAVY_MEAL else None
        return timedelta(hours=(heavy or rule.food).whole)
    minutes = rule.nasal_spray if item is CheckItem.NASAL_SPRAY else rule.liquid
    return timedelta(minutes=minutes.whole if minutes else 0)


def _unread(db: Session, one: TreatmentSession, at: datetime, since: datetime) -> dict[str, datetime | None]:
    readings = [row for row in standing(rows(db, VitalsReading, one)) if since <= row.at <= at]
    pressures = [row for row in readings if row.systolic_mmhg is not None]
    found: dict[str, datetime | None] = {} if pressures else {"no_pressure": None}
    if pressures and pressures[-1].systolic_mmhg >= HIGH:
        found["out_of_range"] = pressures[-1].recorded_at
    if not [row for row in readings if row.heart_rate_bpm is not None]:
        found["no_heart_rate"] = None
    if not [row for row in readings if row.spo2_percent is not None]:
        found["no_oxygen"] = None
    return found


def _weight(db: Session, one: TreatmentSession, protocol: Protocol) -> set[str]:
    if not isinstance(protocol.dose_rule, WeightDose):
        return set()
    query = sa.select(Weight.grams).where(Weight.patient_id == one.patient_id)
    weighed = list(db.scalars(query.order_by(Weight.measured_at, Weight.id)))
    doubtful = any(2 * min(pair) <= max(pair) for pair in list(pairwise(weighed))[-1:])
    return {"weight_needed"} if doubtful or not weighed else set()


def _drawn(db: Session, one: TreatmentSession, label: DrugLabel, at: datetime) -> list[Draw]:
    """What is in the hand: from the vial read last, and from those before it that were good still and not wasted."""
    found, corrected = rows(db, Draw, one), {row.corrects_id for row in rows(db, Draw, one)}
    day = label.at.astimezone(one.clinic.zone).date()
    good = [row for row in found if row.at <= at and row.id not in corrected]
    good = [row for row in good if row.label_id == label.id or row.label.expires_on >= day]
    events = doses(db, one)
    start = min((row.recorded_at for row in events if row.kind is DoseEventKind.STARTED), default=None)
    wasted = [row.recorded_at for row in events if row.kind is DoseEventKind.WASTED]
    thrown = [moment for moment in wasted if start is None or moment < start]
    return [row for row in good if not any(moment >= row.recorded_at for moment in thrown)]


def _drug(db: Session, one: TreatmentSession, protocol: Protocol, at: datetime) -> set[str]:
    labels = [row for row in rows(db, DrugLabel, one) if row.at <= at]
    if not labels:
        return {"label_missing"}
    label, found = labels[-1], set[str]()
    if at.astimezone(one.clinic.zone).date() > label.expires_on:
        found.add("label_expired")
    if protocol.dose.devices is not None or label.micrograms_per_ml is None:
        return found
    drawn = _drawn(db, one, label, at)
    if label.id not in {row.label_id for row in drawn}:
        return {*found, "draw_missing"}
    for row in drawn if protocol.volume_counted_by else ():
        counts = [(said.microlitres, said.micrograms_per_ml) for said in row.counts if said.at <= at]
        if not counts:
            found.add("second_person_missing")
        elif counts[-1] != (row.microlitres, row.label.micrograms_per_ml):
            found.add("second_person_differs")
    return found


def against_leaving(db: Session, one: TreatmentSession, at: datetime, *, at_the_door: bool) -> set[str]:
    """All that being ready at `at` lacks, and with `at_the_door` leaving."""
    assert one.protocol_version is not None
    protocol = protocol_of(one.protocol_version)
    start, end, earliest = began(db, one), ended(db, one), minimum_ends(db, one, protocol)
    if start is None or (earliest is None and end is not None):
        return {"no_dose_recorded"}
    against: dict[str, datetime | None] = {} if end else {"dose_not_ended": None}
    if earliest is None or at < earliest:
        against["minimum_not_reached"] = None
    answers, word = _answers(db, one, at, start), _word(db, one, Gate.MAY_LEAVE, at)
    looked_from = start if _lifts(word, "minimum_not_reached", None) else earliest
    against |= _outside_limits(db, one, at, start)
    against |= _unsettled(db, one, at, start, end) | _effects(db, one, at) | _unassessed(answers, looked_from, earliest)
    if at_the_door:
        against |= _not_at_the_door(protocol, answers)
    found = {why for why, known in against.items() if why in NOT_LIFTABLE or not _lifts(word, why, known)}
    return found | (
        {"provider_keeps_them"} if word is not None and word.until is not None and at < word.until else set()
    )


def _unsettled(
    db: Session, one: TreatmentSession, at: datetime, start: datetime, end: datetime | None
) -> dict[str, datetime | None]:
    """Pressure after the dose: good, as before the dose, or past its highest and falling."""
    read = [row for row in standing(rows(db, VitalsReading, one)) if row.at <= at]
    if end is None or not [row for row in read if row.at >= end]:
        return {"no_vitals_after_dose": None}
    taken = [row for row in read if row.systolic_mmhg is not None]
    known = max((row.recorded_at for row in taken), default=None)
    since = [row for row in taken if row.at > start]
    before = [row for row in taken if row.at <= start]
    if not since or since[-1].at < end:
        return {"pressure_not_settled": known}
    falling = len(since) > 1 and since[-1].systolic_mmhg < since[-2].systolic_mmhg
    as_before = bool(before) and all(
        now * 10 <= then * 11 for now, then in zip(_pressure(since[-1]), _pressure(before[-1]), strict=True)
    )
    settled = since[-1].systolic_mmhg < HIGH or as_before or falling
    return {} if settled else {"pressure_not_settled": known}


def _outside_limits(db: Session, one: TreatmentSession, at: datetime, start: datetime) -> dict[str, datetime | None]:
    """The last pressure since the dose began is urgent; the machine reads nothing else outside its limits."""
    read = [row for row in standing(rows(db, VitalsReading, one)) if start <= row.at <= at]
    last = [row for row in read if row.systolic_mmhg is not None][-1:]
    urgent = [row.recorded_at for row in last if (row.diastolic_mmhg or 0) >= URGENT]
    return {"reading_outside_limits": urgent[0]} if urgent else {}


def _pressure(row: VitalsReading) -> tuple[int, int]:
    return row.systolic_mmhg or 0, row.diastolic_mmhg or 0


def _effects(db: Session, one: TreatmentSession, at: datetime) -> dict[str, datetime | None]:
    events = rows(db, SideEffectEvent, one)
    over = {row.side_effect_id for row in events if row.kind is SideEffectEventKind.RESOLVED and row.at <= at}
    keeping = [row for row in standing(rows(db, SideEffect, one)) if row.kind in KEEPS or row.grade > 1]
    keeping = [row for row in keeping if row.id not in over and row.at <= at]
    told = [row.recorded_at for row in keeping]
    told += [row.recorded_at for row in events if row.side_effect_id in {effect.id for effect in keeping}]
    return {"side_effect_unresolved": max(told)} if keeping else {}


def _unassessed(
    answers: dict[CheckItem, Any], looked_from: datetime | None, earliest: datetime | None
) -> dict[str, datetime | None]:
    """What nobody looked at since it counts: from the minimum time on, or at once where a provider lifts that."""
    found: dict[str, datetime | None] = {}
    for item, (not_assessed, still) in ASSESSED.items():
        row = answers.get(item)
        if row is None or earliest is None or looked_from is None or (row.clear and row.at < looked_from):
            found[not_assessed] = None
        elif not row.clear:
            found[still] = row.recorded_at
    return found


def _not_at_the_door(protocol: Protocol, answers: dict[CheckItem, Any]) -> dict[str, datetime | None]:
    found: dict[str, datetime | None] = {}
    for item, why in DOOR.items():
        if item not in answers or not answers[item].clear:
            found[why] = None
    home = answers.get(CheckItem.WAY_HOME)
    if home is None or not home.clear:
        found["way_home_missing"] = None
    else:
        found |= _of_a_way(protocol, home, "way_home")
    return found
