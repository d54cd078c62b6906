"""What the page before a dose shows: each question with its answer, the first readings, and all that is missing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocols import Measure, PhaseKind, Protocol
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.domain.session.session_checks import CheckItem, complete_at
from clinic_sessions.domain.session.start_gate import BeforeDose, StartReason, is_lifted, item_of, may_start, things
from clinic_sessions.domain.thresholds import Thresholds
from clinic_sessions.models import SessionCheck, TreatmentSession, VitalsReading, Weight
from clinic_sessions.services import documents
from clinic_sessions.services.before import later_today, session_checks, start_gate
from clinic_sessions.services.before.later_today import Later
from clinic_sessions.services.patients import weights
from clinic_sessions.services.plans.papers import Papers
from clinic_sessions.services.session import facts, limits
from clinic_sessions.services.session.limits import Mark

FIRST = (Measure.SYSTOLIC, Measure.DIASTOLIC, Measure.HEART_RATE, Measure.SPO2_PERCENT)
"""What every dose asks for."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question and the answer that counts; `against`: why it stands against the dose now, `lifted` by a provider.

    `complete_at`: from when on a meal, a drink or a spray no longer does.
    """

    item: CheckItem
    answer: SessionCheck | None
    against: StartReason | None
    lifted: bool
    complete_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A reading before the dose, with what in it is out of range."""

    reading: VitalsReading
    marks: Sequence[Mark]


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """When a reading that is out of range is taken again."""

    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, kw_only=True)
class Before:
    """All that stands before a dose. `here`: the patient has come. `reasons`: against the start, besides its papers."""

    here: bool
    protocol: Protocol
    numbers: Thresholds
    questions: Sequence[Question]
    readings: Sequence[Taken]
    repeat: Repeat | None
    measures: frozenset[Measure]
    reasons: Sequence[StartReason]
    papers: Papers
    weight: Weight | None
    later: Later | None

    @property
    def against(self) -> list[StartReason]:
        """What an answer or a reading says against the dose; the rest has only not been done yet."""
        not_yet = {one.against for one in self.questions if one.answer is None} | NOT_MEASURED | NOT_DRAWN
        return [reason for reason in self.reasons if reason not in not_yet]

    @property
    def drug_missing(self) -> list[StartReason]:
        """What has not been done about the drug yet."""
        return [reason for reason in self.reasons if reason in NOT_DRAWN]

    @property
    def missing(self) -> int:
        """How many things stand against the start."""
        return things([*self.papers.reasons, *self.reasons])


NOT_MEASURED = frozenset({StartReason.NO_PRESSURE, StartReason.NO_HEART_RATE, StartReason.NO_OXYGEN})
"""Readings that are still to be taken."""

NOT_DRAWN = frozenset({StartReason.LABEL_MISSING, StartReason.DRAW_MISSING, StartReason.SECOND_PERSON_MISSING})
"""What is still to be done with the drug."""


def of(db: Session, treatment: TreatmentSession, papers: Papers | None, now: datetime) -> Before | None:
    """Gather what stands before the dose of a visit under its papers; None once it has begun, or without a dose."""
    here = treatment.status is Status.ARRIVED
    at = now if here else max(now, treatment.starts_at)
    known = start_gate.of(db, treatment, papers.order_id, at) if papers else None
    if papers is None or known is None:
        return None
    numbers = documents.thresholds(db)
    rows = {row.item: row for row in session_checks.of_stay(db, treatment, at)}
    questions = [_question(known, rows, item, at) for item in known.asked]
    return Before(
        here=here,
        protocol=known.protocol,
        numbers=numbers,
        questions=questions,
        readings=_readings(db, treatment),
        repeat=_repeat(known, numbers),
        measures=_measures(known.protocol),
        reasons=may_start(known, at),
        papers=papers,
        weight=weights.latest(db, treatment.patient_id) if known.weight_needed else None,
        later=later_today.of(db, treatment, _complete(questions), now) if here else None,
    )


def _question(known: BeforeDose, rows: Mapping[CheckItem, SessionCheck], item: CheckItem, at: datetime) -> Question:
    alone = BeforeDose(
        protocol=known.protocol, asked=[item], checks=known.checks, measured=tuple(Measure), out_of_range_at=None,
        weight_needed=False, drug=(),
    )  # fmt: skip
    reason = next((one for one in may_start(alone, at) if item_of(one) is item), None)
    lifted = reason is not None and is_lifted(reason, known)
    check = known.checks.get(item)
    return Question(
        item=item, answer=rows.get(item), against=None if lifted else reason, lifted=lifted,
        complete_at=complete_at(known.protocol, check) if check else None,
    )  # fmt: skip


def _complete(questions: Iterable[Question]) -> datetime | None:
    """Give from when on no meal, drink or spray stands against the dose, while one does."""
    waits = [one.complete_at for one in questions if one.against is not None and one.complete_at is not None]
    return max(waits, default=None)


def _readings(db: Session, treatment: TreatmentSession) -> list[Taken]:
    found = facts.standing(facts.all_of(db, VitalsReading, treatment))
    return [Taken(reading=one, marks=limits.marks(treatment, (), one)) for one in found]


def _repeat(known: BeforeDose, numbers: Thresholds) -> Repeat | None:
    taken = known.out_of_range_at
    if taken is None:
        return None
    return Repeat(
        from_at=taken + timedelta(minutes=numbers.repeat_from.whole),
        until_at=taken + timedelta(minutes=numbers.repeat_until.whole),
    )


def _measures(protocol: Protocol) -> frozenset[Measure]:
    """Give what the first reading holds: what every dose asks for, and what the protocol takes in preparation."""
    taken = (one for rule in protocol.vitals.measures if rule.phase is PhaseKind.PREPARE for one in rule.take)
    return frozenset({*FIRST, *taken})
