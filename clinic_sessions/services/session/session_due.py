"""What is due at one visit, as its page shows it, and the few minutes for which a nurse with the patient holds it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocols import Measure
from clinic_sessions.domain.session import due_times
from clinic_sessions.domain.session.due_times import NotTaken, OpenCheck
from clinic_sessions.domain.session.record import RecordReason
from clinic_sessions.domain.sourced import Sourced
from clinic_sessions.models import DueHold, Note, TreatmentSession, VitalsReading
from clinic_sessions.services import documents
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.refusals import ChangedMeanwhile
from clinic_sessions.services.session import due, facts, lifecycle, limits, recording
from clinic_sessions.services.session.due import Due, DueKind

LATER = 3
"""How many due times after the next are listed."""


@dataclass(frozen=True, kw_only=True)
class SessionDue:
    """What is due next and after that. `asked`: what a check holds now; `may_hold`: whether the next may be held now.

    `excused`: the check that is open only for what somebody said could not be taken. `device`: the next one;
    `devices`: when each was used, so that every clock can be shown.
    """

    next: Due | None
    excused: Sequence[OpenCheck]
    later: Sequence[Due]
    device: Due | None
    asked: Sequence[Measure]
    may_hold: bool
    amber: Sourced
    grace: Sourced
    hold_for: Sourced
    devices: Sequence[datetime]

    @property
    def asked_words(self) -> str:
        """What a check holds now, in a sentence."""
        return limits.listed(self.asked)

    @property
    def excused_words(self) -> str:
        """What somebody said could not be taken, in a sentence."""
        return limits.listed(one for check in self.excused for one in check.missing)

    @property
    def missing_words(self) -> str:
        """What the next check still lacks, in a sentence."""
        return limits.listed(self.next.missing) if self.next else ""


def of(db: Session, treatment: TreatmentSession, now: datetime) -> SessionDue | None:
    """Gather what is due at a visit; None when nothing can be."""
    if treatment.protocol_version is None or treatment.status not in due.HAS_DUE:
        return None
    doses = facts.dose_events(db, treatment)
    readings = facts.standing(facts.all_of(db, VitalsReading, treatment))
    numbers = documents.thresholds(db)
    known = due.Recorded(
        treatment=treatment, doses=doses, readings=readings, held=held(db, [treatment.id]).get(treatment.id, {}),
        not_taken=not_taken(db, [treatment.id]).get(treatment.id, ()),
    )  # fmt: skip
    found = due.of(known, due.numbers_of(numbers), now)
    first = found[0] if found else None
    phase = limits.phase_of(treatment, doses, now)
    return SessionDue(
        next=first,
        excused=[one for one in due.checks(known, now) if one.excused],
        later=found[1 : LATER + 1],
        device=next((one for one in found if one.kind is DueKind.DEVICE), None),
        asked=due_times.asked(protocol_of(treatment.protocol_version), phase),
        may_hold=first is not None and may_hold(first, now),
        amber=numbers.due_amber,
        grace=numbers.due_grace,
        hold_for=numbers.due_hold,
        devices=facts.so_far(doses).device_times,
    )


def asked_now(db: Session, treatment: TreatmentSession, now: datetime) -> Sequence[Measure]:
    """List what a check of this visit holds in its present phase; nothing in particular without a protocol."""
    if treatment.protocol_version is None:
        return ()
    phase = limits.phase_of(treatment, facts.dose_events(db, treatment), now)
    return due_times.asked(protocol_of(treatment.protocol_version), phase)


def may_hold(one: Due, now: datetime) -> bool:
    """Whether a due time may be held: it is amber or red, and nobody has held it yet."""
    return one.signal.held_until is None and one.tone(now) != ""


def held(db: Session, session_ids: Sequence[int]) -> Mapping[int, Mapping[datetime, datetime]]:
    """Give the held due times of visits: by visit, each due time with the moment until which it is held."""
    rows = db.execute(
        sa.select(DueHold.session_id, DueHold.due_at, DueHold.until).where(DueHold.session_id.in_(session_ids))
    )
    found: dict[int, dict[datetime, datetime]] = {}
    for session_id, due_at, until in rows:
        found.setdefault(session_id, {})[due_at] = until
    return found


def not_taken(db: Session, session_ids: Sequence[int]) -> Mapping[int, Sequence[NotTaken]]:
    """Give what somebody said could not be taken, by visit."""
    query = sa.select(Note.session_id, Note.at, Note.outside_rules).where(Note.session_id.in_(session_ids))
    found: dict[int, list[NotTaken]] = {}
    for row in db.execute(query):
        if (one := due_times.not_taken(row.at, row.outside_rules)) is not None:
            found.setdefault(row.session_id, []).append(one)
    return found


def excuse(db: Session, treatment: TreatmentSession, due_at: datetime, words: str, *, now: datetime, by: Actor) -> Note:
    """Say why what is due at `due_at`, to the second, could not be taken: a note, and a provider is told.

    The check stays open without ringing until that is taken, or the next check asks anew; a repeat is put off by its
    minutes. Refuses with ChangedMeanwhile when something else is due next, or the check is not begun: what can be
    taken is taken first.
    """
    lifecycle.lock(db, treatment)
    found = of(db, treatment, now)
    first = found.next if found else None
    if first is None or first.at.replace(microsecond=0) != due_at or not first.may_be_excused(now):
        raise ChangedMeanwhile(RecordReason.NOT_DUE_NOW)
    body = f"Could not be taken, {limits.listed(first.asks)}: {words}"
    note = Note(**recording.stamp(treatment, now=now, by=by, at=now, against=due_times.unread(first.asks)), body=body)
    recording.save(db, treatment, note, now=now, by=by)
    return note


def hold(db: Session, treatment: TreatmentSession, due_at: datetime, *, now: datetime, by: Actor) -> DueHold:
    """Say that somebody is with the patient: the thing due at `due_at`, to the second, waits a few minutes, once.

    A second tap finds the first one's row. Refuses with ChangedMeanwhile when this is not what is due next.
    """
    lifecycle.lock(db, treatment)
    found = of(db, treatment, now)
    first = found.next if found else None
    if first is None or first.at.replace(microsecond=0) != due_at:
        raise ChangedMeanwhile(RecordReason.NOT_DUE_NOW)
    known = sa.select(DueHold).where(DueHold.session_id == treatment.id, DueHold.due_at == first.at)
    if (row := db.scalar(known)) is not None:
        return row
    if not may_hold(first, now):
        raise ChangedMeanwhile(RecordReason.NOT_DUE_NOW)
    row = DueHold(
        **recording.stamp(treatment, now=now, by=by, at=now, against=[]),
        due_at=first.at, until=now + due.numbers(db).hold,
    )  # fmt: skip
    recording.save(db, treatment, row, now=now, by=by)
    return row
