"""The records of the visits that go on, read for many at once: a query a table, however many they are."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from clinic_sessions.domain.protocols.protocols import AlertLevel
from clinic_sessions.domain.session.due_times import NotTaken
from clinic_sessions.domain.session.lifecycle import Gate, Status
from clinic_sessions.models import DoseEvent, ProviderAnswer, SideEffect, TreatmentSession, VitalsReading
from clinic_sessions.services.session import due, facts, limits, session_due
from clinic_sessions.services.session.due import Due, DueNumbers
from clinic_sessions.services.session.limits import Mark

Row = TypeVar("Row", VitalsReading, DoseEvent, SideEffect)


@dataclass(frozen=True, kw_only=True)
class ChairRecords:
    """What was recorded at each visit, by its id, corrected rows too, and the clinic's numbers of due times."""

    doses: Mapping[int, Sequence[DoseEvent]]
    vitals: Mapping[int, Sequence[VitalsReading]]
    held: Mapping[int, Mapping[datetime, datetime]]
    not_taken: Mapping[int, Sequence[NotTaken]]
    answered: Mapping[int, datetime]
    """When a provider answered last before the dose."""
    weighed: Collection[int]
    """Visits at which a provider has said something about leaving."""
    numbers: DueNumbers

    def doses_of(self, treatment: TreatmentSession) -> list[DoseEvent]:
        """Give the dose events of a visit that stand."""
        return facts.standing_doses(self.doses.get(treatment.id, []))

    def readings_of(self, treatment: TreatmentSession) -> list[VitalsReading]:
        """Give the readings of a visit that stand."""
        return facts.standing(self.vitals.get(treatment.id, []))

    def due_of(self, treatment: TreatmentSession, now: datetime) -> Due | None:
        """Give what is due next at a visit."""
        readings = self.readings_of(treatment)
        if treatment.status is Status.ARRIVED:
            return due.repeat(treatment, readings, self.numbers, self.answered.get(treatment.id))
        known = due.Recorded(
            treatment=treatment, doses=self.doses_of(treatment), readings=readings,
            held=self.held.get(treatment.id, {}), not_taken=self.not_taken.get(treatment.id, ()),
        )  # fmt: skip
        return next(iter(due.of(known, self.numbers, now)), None)

    def urgent_of(self, treatment: TreatmentSession) -> list[Mark]:
        """List what is past an urgent limit now: of each measure the newest reading counts."""
        found = limits.outside_now(treatment, self.doses_of(treatment), self.readings_of(treatment))
        return [one for one in found if one.level is AlertLevel.URGENT]


def read(db: Session, session_ids: Sequence[int]) -> ChairRecords:
    """Read the records of visits."""
    answers = _answers(db, session_ids)
    return ChairRecords(
        doses=_by_session(db, DoseEvent, session_ids),
        vitals=_by_session(db, VitalsReading, session_ids),
        held=session_due.held(db, session_ids),
        not_taken=session_due.not_taken(db, session_ids),
        answered={one: at for one, gate, at in answers if gate is Gate.MAY_START},
        weighed={one for one, gate, _ in answers if gate is Gate.MAY_LEAVE},
        numbers=due.numbers(db),
    )


def _answers(db: Session, session_ids: Sequence[int]) -> Sequence[sa.Row[int, Gate, datetime]]:
    answer = ProviderAnswer
    query = sa.select(answer.session_id, answer.gate, answer.recorded_at).where(answer.session_id.in_(session_ids))
    return db.execute(query.order_by(answer.recorded_at)).all()


def effects(db: Session, session_ids: Sequence[int]) -> Mapping[int, Sequence[SideEffect]]:
    """Read the side effects of visits with what became of each."""
    query = sa.select(SideEffect).where(SideEffect.session_id.in_(session_ids))
    return _grouped(
        db.scalars(query.options(selectinload(SideEffect.events)).order_by(SideEffect.at, SideEffect.id)).all()
    )


def _by_session(db: Session, model: type[Row], session_ids: Sequence[int]) -> dict[int, list[Row]]:
    query = sa.select(model).where(model.session_id.in_(session_ids)).order_by(model.at, model.id)
    return _grouped(db.scalars(query).all())


def _grouped(rows: Sequence[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.session_id].append(row)
    return found
