"""Writes the record of a session: vitals, dose events, notes. A fact that happened is never refused.

What stood against it is kept on the entry and told to a provider. A correction is a new entry that names the old.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.note.note_content import NoteReason
from clinic_sessions.domain.protocols.protocols import AlertLevel, Anchor
from clinic_sessions.domain.session.lifecycle import StepReason
from clinic_sessions.domain.session.readiness import Reason, outside_visit
from clinic_sessions.domain.session.record import Arm, Cuff, DoseEventKind, NoteKind, RecordReason, is_late
from clinic_sessions.domain.session.vitals import Vitals, lost_consciousness
from clinic_sessions.models import (
    AuditAction,
    DoseEvent,
    Intervention,
    Note,
    SideEffect,
    TreatmentSession,
    VitalsReading,
)
from clinic_sessions.models.record import Entry
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.drug import dose_order, drug_in_hand
from clinic_sessions.services.note import signed_notes
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.session import facts, lifecycle, limits, session_alerts

Row = TypeVar("Row", VitalsReading, DoseEvent, SideEffect, Intervention, Note)


@dataclass(frozen=True, kw_only=True)
class DoseAct:
    """What happened to the dose; doses in micrograms, rates in micrograms an hour.

    `label_id`: the vial or device it came from, when it is not the one in the hand; `second_id`: who saw it besides.
    """

    kind: DoseEventKind
    micrograms: int | None = None
    rate_micrograms_per_hour: int | None = None
    words: str | None = None
    label_id: int | None = None
    second_id: int | None = None


def record_vitals(
    db: Session,
    treatment: TreatmentSession,
    vitals: Vitals,
    *,
    now: datetime,
    by: Actor,
    at: datetime | None = None,
    corrects: VitalsReading | None = None,
    cuff: Cuff | None = None,
    arm: Arm | None = None,
) -> VitalsReading:
    """Add a reading taken at its true time `at`; one past an urgent limit raises an alert.

    Refuses with ChangedMeanwhile when somebody else has corrected the same reading.
    """
    guard_correction(db, treatment, corrects)
    when = at or now
    reading = VitalsReading(
        **stamp(treatment, now=now, by=by, at=when, against=visit_reasons(treatment, when)),
        systolic_mmhg=vitals.systolic,
        diastolic_mmhg=vitals.diastolic,
        heart_rate_bpm=vitals.heart_rate,
        spo2_percent=vitals.spo2_percent,
        respiratory_rate_bpm=vitals.respiratory_rate,
        temperature_tenths_c=vitals.temperature_tenths,
        moaa_s=vitals.moaa_s,
        pain_of_10=vitals.pain,
        cuff=cuff,
        arm=arm,
        corrects_id=corrects.id if corrects else None,
    )
    save(db, treatment, reading, now=now, by=by)
    marks = limits.marks(treatment, facts.dose_events(db, treatment), reading)
    urgent = [mark.text for mark in marks if mark.level is AlertLevel.URGENT]
    if urgent:
        text = "; ".join([*urgent, *(["no response: to be reviewed as serious"] if lost_consciousness(vitals) else [])])
        session_alerts.tell(
            db, treatment, AlertKind.VITALS_URGENT, AlertTier.NOW, text, f"vitals:{reading.id}", now=now, by=by
        )
    return reading


def record_dose(
    db: Session, treatment: TreatmentSession, act: DoseAct,
    *, now: datetime, by: Actor, at: datetime | None = None, corrects: DoseEvent | None = None,
) -> DoseEvent:  # fmt: skip
    """Add what happened to the dose at its true time, and bring the session's dose times in line.

    A device without micrograms counts for the protocol's dose of one. Refuses with ChangedMeanwhile when somebody
    else has corrected the same event.
    """
    lifecycle.lock(db, treatment)
    guard_correction(db, treatment, corrects)
    when = at or now
    before = [event for event in facts.dose_events(db, treatment) if corrects is None or event.id != corrects.id]
    device = act.kind is DoseEventKind.DEVICE
    micrograms = limits.device_micrograms(treatment) if device and act.micrograms is None else act.micrograms
    second_id = act.second_id or facts.other_person(corrects, by.user_id, micrograms)
    label_id = act.label_id or drug_in_hand.label_id(db, treatment, act.kind, before, corrects)
    against = [
        *visit_reasons(treatment, when),
        *dose_order.begin(db, treatment, act.kind, when, before, corrects, micrograms),
        *dose_order.outside(db, treatment, act.kind, when, micrograms, before),
        *drug_in_hand.outside(db, treatment, act.kind, label_id, second_id, when),
    ]
    event = DoseEvent(
        **stamp(treatment, now=now, by=by, at=when, against=against),
        kind=act.kind,
        drug=protocol_of(treatment.protocol_version).drug.value if treatment.protocol_version else None,
        micrograms=micrograms,
        rate_micrograms_per_hour=act.rate_micrograms_per_hour,
        device_number=drug_in_hand.device_number(before, corrects) if device else None,
        label_id=label_id,
        second_id=second_id,
        words=act.words,
        corrects_id=corrects.id if corrects else None,
    )
    save(db, treatment, event, now=now, by=by)
    keep_dose_times(db, treatment)
    return event


def latest(events: Sequence[DoseEvent], event_id: int) -> DoseEvent | None:
    """Give a dose event out of all of its visit, or the last entry that corrects it."""
    by_old = {event.corrects_id: event for event in events}
    last = next((event for event in events if event.id == event_id), None)
    while last is not None and last.id in by_old:
        last = by_old[last.id]
    return last


def withdraw_dose(db: Session, treatment: TreatmentSession, event_id: int, *, now: datetime, by: Actor) -> None:
    """Say that a dose event, or what corrects it, was made by mistake; the row and its withdrawal both stay."""
    last = latest(facts.all_of(db, DoseEvent, treatment), event_id)
    if last is None or last.kind is DoseEventKind.WITHDRAWN:
        return
    row = DoseEvent(
        **stamp(treatment, now=now, by=by, at=last.at, against=[]),
        kind=DoseEventKind.WITHDRAWN, corrects_id=last.id,
    )  # fmt: skip
    save(db, treatment, row, now=now, by=by)
    keep_dose_times(db, treatment)


def keep_dose_times(db: Session, treatment: TreatmentSession) -> None:
    """Bring the session's dose times in line with the events that stand."""
    known = facts.anchors(facts.dose_events(db, treatment))
    times = (known.get(Anchor.START), known.get(Anchor.END))
    if (treatment.dose_started_at, treatment.dose_ended_at) != times:
        treatment.dose_started_at, treatment.dose_ended_at = times
        db.flush()


def record_note(
    db: Session,
    treatment: TreatmentSession,
    body: str,
    *,
    now: datetime,
    by: Actor,
    at: datetime | None = None,
    corrects: Note | None = None,
) -> Note:
    """Add a note. Writing is never outside the rules.

    Refuses with ChangedMeanwhile once the note of the session is signed: what is added then is an addendum.
    """
    guard_correction(db, treatment, corrects)
    if signed_notes.exists(db, treatment.id):
        raise ChangedMeanwhile(NoteReason.SIGNED_ALREADY)
    note = Note(
        **stamp(treatment, now=now, by=by, at=at or now, against=[]), kind=NoteKind.ENTRY, body=body,
        corrects_id=corrects.id if corrects else None,
    )  # fmt: skip
    save(db, treatment, note, now=now, by=by)
    return note


def entry(db: Session, model: type[Row], treatment: TreatmentSession, entry_id: int) -> Row:
    """Load an entry of this session; raises Absent when there is none, or it belongs to another session."""
    row = db.scalar(sa.select(model).where(model.id == entry_id, model.session_id == treatment.id))
    if row is None:
        raise Absent
    return row


def guard_correction(db: Session, treatment: TreatmentSession, old: Row | None) -> None:
    """Refuse with ChangedMeanwhile when `old` is corrected already; raises Absent when it is of another session."""
    if old is None:
        return
    if old.session_id != treatment.id:
        raise Absent
    lifecycle.lock(db, treatment)
    model = type(old)
    if db.scalar(sa.select(model.id).where(model.corrects_id == old.id)) is not None:
        raise ChangedMeanwhile(RecordReason.CORRECTED_MEANWHILE)


def stamp(
    treatment: TreatmentSession, *, now: datetime, by: Actor, at: datetime, against: Sequence[StrEnum]
) -> dict[str, Any]:
    """Give what every entry carries: whose, when, written when and by whom, late or not, against which rules."""
    if by.user_id is None:
        raise Refusal(StepReason.NOT_ALLOWED)
    return {
        "session_id": treatment.id,
        "at": at,
        "recorded_at": now,
        "late": is_late(at, now),
        "outside_rules": [reason.value for reason in against],
        "by_id": by.user_id,
    }


def save(db: Session, treatment: TreatmentSession, row: Entry, *, now: datetime, by: Actor) -> None:
    """Write an entry and its audit entry; tell a provider when it is outside the rules."""
    signed_notes.mark(db, row)
    db.add(row)
    db.flush()
    old = getattr(row, "corrects_id", None)
    changes = {"corrects": [old, row.id]} if old else None
    name = sa.inspect(type(row)).local_table.name
    audit.note(
        db, AuditAction.CREATE, name, row.id, now=now, by=by, patient_id=treatment.patient_id, changes=changes
    )  # fmt: skip
    if row.outside_rules:
        session_alerts.outside_rules(db, treatment, row.outside_rules, f"{name}:{row.id}", now=now, by=by)


def visit_reasons(treatment: TreatmentSession, at: datetime) -> list[Reason]:
    """List what stood against an act at `at`: the patient was not here yet, or the session had ended."""
    return outside_visit(at, facts.arrived_at(treatment), facts.ended_at(treatment))
