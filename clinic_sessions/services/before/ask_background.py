"""What a provider reads before an answer: today's readings and answers, usual values, medicines, what waiting does."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocol_kinds import Drug
from clinic_sessions.domain.protocols.protocols import Anchor
from clinic_sessions.domain.session.lifecycle import Gate
from clinic_sessions.domain.wall_time import local_day, offset_text
from clinic_sessions.models import Medicine, SessionCheck, TreatmentSession, VitalsReading
from clinic_sessions.services.before import session_checks
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.course import last_sessions
from clinic_sessions.services.course.last_sessions import LastSession
from clinic_sessions.services.patients import medicines, pressure_limits
from clinic_sessions.services.patients.medicines import Warned
from clinic_sessions.services.patients.pressure_limits import OwnLimit
from clinic_sessions.services.schedule import schedule_push
from clinic_sessions.services.schedule.schedule_push import Push
from clinic_sessions.services.session import facts, limits, session_start
from clinic_sessions.services.session.facts import SideEffectNow
from clinic_sessions.services.session.limits import Mark
from clinic_sessions.services.session.session_start import UnderOrder

WAITS = (10, 15, 20, 30, 45, 60)
"""How long a provider may ask to wait, in minutes, before asking again."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A reading of today, what in it is outside the limits, and whether a later one corrects it.

    `offset`: how long after the start of the dose, None before there is one.
    """

    vitals: VitalsReading
    marks: Sequence[Mark]
    corrected: bool
    offset: str | None


@dataclass(frozen=True, kw_only=True)
class Usual:
    """One of the last sessions: its last reading before the dose, beside the rest told in short."""

    last: LastSession
    before: VitalsReading | None


@dataclass(frozen=True, kw_only=True)
class Background:
    """What is known when a provider is asked. `under`: the order; `waits`: what each of WAITS would do to the day."""

    readings: Sequence[Reading]
    usual: Sequence[Usual]
    answers: Sequence[SessionCheck]
    medicines: Sequence[Medicine]
    warnings: Sequence[Warned]
    effects: Sequence[SideEffectNow]
    own_limit: OwnLimit | None
    dose_began: datetime | None
    earliest_leaving: datetime | None
    under: UnderOrder | None
    waits: Sequence[Push]


def of(db: Session, treatment: TreatmentSession, gate: Gate, now: datetime) -> Background:
    """Gather it for one visit and gate, in a fixed number of queries."""
    doses = facts.dose_events(db, treatment)
    rows, began = facts.all_of(db, VitalsReading, treatment), facts.anchors(doses).get(Anchor.START)
    standing = {row.id for row in facts.standing(rows)}
    taken = medicines.listed(db, treatment.patient_id)
    drugs: list[Drug] = [protocol_of(treatment.protocol_version).drug] if treatment.protocol_version else []
    times = [now + timedelta(minutes=minutes) for minutes in WAITS] if gate is Gate.MAY_START else []
    return Background(
        readings=[
            Reading(
                vitals=row,
                marks=limits.marks(treatment, doses, row),
                corrected=row.id not in standing,
                offset=offset_text(row.at, began),
            )
            for row in rows
        ],
        usual=_usual(db, treatment),
        answers=_answers(db, treatment),
        medicines=medicines.standing(taken),
        warnings=medicines.every_warning(db, taken, drugs),
        effects=[one for one in facts.side_effects(db, treatment) if one.open],
        own_limit=pressure_limits.on(
            treatment.patient, treatment.limiting_orders, local_day(treatment.starts_at, treatment.clinic.zone)
        ),
        dose_began=began,
        earliest_leaving=facts.earliest_leaving(treatment, doses),
        under=start.under if (start := session_start.of(db, treatment, now, clinical=True)) else None,
        waits=schedule_push.of(db, treatment, times),
    )


def _answers(db: Session, treatment: TreatmentSession) -> list[SessionCheck]:
    """List the answer that counts for each question, in the order in which they were given."""
    newest = {row.item: row for row in session_checks.rows(db, treatment)}
    return sorted(newest.values(), key=lambda row: (row.at, row.id))


def _usual(db: Session, treatment: TreatmentSession) -> list[Usual]:
    last = last_sessions.of(db, treatment.patient_id, before=treatment.dose_started_at)
    began = {one.treatment.id: one.treatment.dose_started_at for one in last}
    row = VitalsReading
    found = defaultdict[int, list[VitalsReading]](list)
    for reading in db.scalars(sa.select(row).where(row.session_id.in_(began)).order_by(row.at, row.id)):
        found[reading.session_id].append(reading)
    return [Usual(last=one, before=_before(found[one.treatment.id], began[one.treatment.id])) for one in last]


def _before(readings: Sequence[VitalsReading], began: datetime | None) -> VitalsReading | None:
    """Give the last reading of blood pressure before a dose."""
    pressures = [one for one in facts.standing(readings) if one.systolic_mmhg is not None]
    return next((one for one in reversed(pressures) if began is not None and one.at <= began), None)
