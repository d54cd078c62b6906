"""Writes what was done and felt during a demo visit, with its true times, authors and audit entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from clinic_sessions.demo.courses import Course
from clinic_sessions.demo.effects import Felt
from clinic_sessions.domain.drug.doses import device_dose, fixed_dose, weight_dose
from clinic_sessions.domain.protocols.protocols import Protocol
from clinic_sessions.domain.session.record import NONE_SO_FAR, DoseEventKind
from clinic_sessions.domain.session.side_effects import Outcome, SideEffectEventKind
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import (
    AuditAction,
    DoseEvent,
    Intervention,
    Note,
    SideEffect,
    SideEffectEvent,
    TreatmentSession,
    VitalsReading,
)
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.drug import as_needed
from clinic_sessions.services.session import recording

_SOON = timedelta(minutes=1)
_LATE = timedelta(minutes=25)
_LATE_SHARE = 0.03

_NOTES = (
    "Calm throughout, listened to music. Asked for the lights to be lower next time.",
    "Talked about the week: sleeping better, back at work two days. Will bring it to therapy.",
    "First minutes were difficult, then settled. Wants the same chair again.",
    "No questions. Written advice for the way home given to patient and escort.",
    "Described grief coming up and passing. Would like an integration session this week.",
    "Felt little this time. Provider to look at the dose before the next session.",
    "IV placed at second try, right hand. Small bruise from last time is fading.",
)


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Writes the record of one session, as `by`, up to the moment `until`; nothing later has happened yet."""

    db: Session
    treatment: TreatmentSession
    by: Actor
    until: datetime
    rng: Random

    def stamp(self, at: datetime) -> dict[str, Any]:
        """Give what an entry carries; a few are written down late."""
        written = at + (_LATE if self.rng.random() < _LATE_SHARE else _SOON)
        return recording.stamp(self.treatment, now=min(written, max(at, self.until)), by=self.by, at=at, against=[])

    def save(self, rows: Sequence[Any]) -> None:
        """Add rows, each with its audit entry."""
        self.db.add_all(rows)
        self.db.flush()
        for row in rows:
            audit.note(
                self.db, AuditAction.CREATE, row.__tablename__, row.id,
                now=row.recorded_at, by=self.by, patient_id=self.treatment.patient_id,
            )  # fmt: skip

    def reading(self, at: datetime, vitals: Vitals) -> VitalsReading:
        """Make a reading."""
        return VitalsReading(
            **self.stamp(at),
            systolic_mmhg=vitals.systolic,
            diastolic_mmhg=vitals.diastolic,
            heart_rate_bpm=vitals.heart_rate,
            spo2_percent=vitals.spo2_percent,
            respiratory_rate_bpm=vitals.respiratory_rate,
            temperature_tenths_c=vitals.temperature_tenths,
            moaa_s=vitals.moaa_s,
            pain_of_10=vitals.pain,
        )

    def readings(self, course: Course) -> None:
        """Write the readings taken so far."""
        self.save([self.reading(at, vitals) for at, vitals in course.readings if at <= self.until])

    def dose(
        self, course: Course, protocol: Protocol, micrograms: int, *, stopped: bool, label_ids: Sequence[int]
    ) -> list[DoseEvent]:
        """Write the dose events so far: begun, devices, given whole or stopped at half."""
        drug = protocol.drug.value
        labels = dict(enumerate(label_ids, 1))
        if course.devices:
            events = [
                DoseEvent(
                    **self.stamp(at), kind=DoseEventKind.DEVICE, drug=drug,
                    micrograms=micrograms // len(course.devices), device_number=number,
                    label_id=labels.get(number),
                )
                for number, at in enumerate(course.devices, 1)
                if at <= self.until
            ]  # fmt: skip
        else:
            stamp = self.stamp(course.dose)
            begun = {"drug": drug, "micrograms": micrograms, "label_id": labels.get(1)}
            events = [DoseEvent(**stamp, kind=DoseEventKind.STARTED, **begun)]
        if course.dose_ended <= self.until:
            kind, given = (DoseEventKind.STOPPED, micrograms // 2) if stopped else (DoseEventKind.GIVEN, micrograms)
            words = "Side effect" if stopped else None
            stamp = self.stamp(course.dose_ended)
            label_id = next(reversed(label_ids), None)
            events.append(DoseEvent(**stamp, kind=kind, drug=drug, micrograms=given, words=words, label_id=label_id))
        self.save(events)
        return events

    def effects(self, course: Course) -> None:
        """Write the side effects so far, what was done about them, and how they ended."""
        felt = [one for one in course.felt if one.onset <= self.until]
        rows = [
            SideEffect(**self.stamp(one.onset), kind=one.kind, grade=int(one.grade), words=one.words) for one in felt
        ]
        self.save(rows)
        if not felt and course.dose_ended <= self.until:
            stamp = recording.stamp(
                self.treatment, now=course.dose_ended, by=self.by, at=course.dose_ended, against=[]
            )  # fmt: skip
            self.save([Note(**stamp, body=NONE_SO_FAR)])
        pairs = list(zip(felt, rows, strict=True))
        self.save([entry for one, row in pairs for entry in (*self._done(one, row), *self._over(one, row))])

    def _done(self, felt: Felt, row: SideEffect) -> list[Intervention]:
        if felt.done is None or (at := felt.onset + timedelta(minutes=felt.done.minutes)) > self.until:
            return []
        done = felt.done
        under = as_needed.covering(self.db, self.treatment, done.kind.value, at)
        return [
            Intervention(
                **self.stamp(at), kind=done.kind, dose_words=done.dose, side_effect_id=row.id, words=done.words,
                as_needed_id=under.id if under else None,
            )
        ]  # fmt: skip

    def _over(self, felt: Felt, row: SideEffect) -> list[SideEffectEvent]:
        if felt.resolved is None or felt.resolved > self.until:
            return []
        event = SideEffectEvent(
            **self.stamp(felt.resolved), kind=SideEffectEventKind.RESOLVED, outcome=Outcome.RESOLVED
        )
        row.events.append(event)
        return [event]

    def note(self, at: datetime) -> None:
        """Write a note."""
        self.save([Note(**self.stamp(at), body=self.rng.choice(_NOTES))])


def dose_of(protocol: Protocol, grams: int, devices: int) -> int:
    """Give the dose in micrograms that the protocol asks for."""
    if protocol.dose.weight:
        return weight_dose(protocol.dose.weight, grams).micrograms
    if protocol.dose.devices:
        return device_dose(protocol.dose.devices, devices).micrograms
    assert protocol.dose.fixed is not None  # noqa: S101 - a protocol says its dose in one of three ways
    return fixed_dose(protocol.dose.fixed).micrograms
