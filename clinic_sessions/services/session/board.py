"""The board: what is so in every chair now, and who is still to come.

A fixed number of queries, and a few more for each patient who waits for a dose, or may be assessed for leaving.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain import names
from clinic_sessions.domain.session.lifecycle import EXPECTED, IN_CLINIC, NEXT_STEP, Action, Status
from clinic_sessions.domain.session.side_effects import Grade
from clinic_sessions.models import (
    Chair,
    Clinic,
    DoseEvent,
    Draw,
    DrugLabel,
    DueHold,
    ProviderAnswer,
    SecondCount,
    SessionCheck,
    SideEffect,
    SideEffectEvent,
    StatusChange,
    TreatmentSession,
    VitalsReading,
)
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.leaving import waiting_for_ride
from clinic_sessions.services.leaving.waiting_for_ride import Waiting
from clinic_sessions.services.session import chair_records, due, facts, first_act, here
from clinic_sessions.services.session.chair_records import ChairRecords
from clinic_sessions.services.session.due import Clock, Due
from clinic_sessions.services.session.first_act import STEP, Act
from clinic_sessions.services.session.limits import Mark

URGENCY: Mapping[str, int] = MappingProxyType({"overdue": 0, "due": 1, "held": 1, "": 2})
"""What comes first, by the tone of a card."""

LOOKS_AGAIN = timedelta(seconds=20)
"""An open board is made anew so often: within half a minute it says what has become late."""

IN_CHAIR = IN_CLINIC - {Status.READY}
"""Who is in a chair: somebody who is ready waits elsewhere, and the chair is free for the next."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A side effect that is still there."""

    text: str
    severe: bool


@dataclass(frozen=True, kw_only=True)
class Card:
    """One chair: the session now in it, or the next of the day; `treatment` None when nothing more comes."""

    chair: Chair
    treatment: TreatmentSession | None = None
    alike: bool = False
    clock: Clock | None = None
    due: Due | None = None
    tone: str = ""
    urgent: Sequence[Mark] = ()
    """What is past an urgent limit now."""
    minimum_at: datetime | None = None
    pressure: str | None = None
    baseline: str | None = None
    effects: Sequence[Effect] = ()
    step: Action | None = None
    act: Act = STEP
    """What comes first; the next step only where nothing else does."""


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Somebody who is to come today, or is here while their chair is still taken by another.

    `on_card`: a chair's card offers to check them in already.
    """

    treatment: TreatmentSession
    alike: bool
    on_card: bool

    @property
    def waits_for_chair(self) -> bool:
        """Whether they are here, and the card of their chair shows somebody else."""
        return self.treatment.status in IN_CHAIR


@dataclass(frozen=True, kw_only=True)
class Board:
    cards: Sequence[Card]
    arrivals: Sequence[Arrival]
    waiting: Sequence[Waiting] = ()

    @property
    def patient_ids(self) -> list[int]:
        """Everyone whose name the board shows."""
        shown = [card.treatment for card in self.cards if card.treatment]
        shown += [one.treatment for one in self.arrivals] + [one.treatment for one in self.waiting]
        return sorted({treatment.patient_id for treatment in shown})


def build(db: Session, clinic: Clinic, now: datetime) -> Board:
    """Gather the board of the clinic's day: overdue chairs first, then in the order of the chairs."""
    chairs = db.scalars(
        sa.select(Chair).where(Chair.clinic_id == clinic.id, Chair.in_use).order_by(Chair.position, Chair.id)
    ).all()
    today = _sessions(db, clinic, now)
    alike = _alike(today)
    shown = {chair.id: _now_in(chair, today, now) for chair in chairs}
    treated = [treatment.id for treatment in shown.values() if treatment and treatment.status in IN_CHAIR]
    records, effects = chair_records.read(db, treated), chair_records.effects(db, treated)
    cards = [_card(db, chair, shown[chair.id], alike, records, effects, now) for chair in chairs]
    on_cards = {treatment.id for treatment in shown.values() if treatment}
    arrivals = [
        Arrival(treatment=one, alike=one.patient_id in alike, on_card=one.id in on_cards)
        for one in today
        if one.status in EXPECTED or (one.status in IN_CHAIR and one.chair_id and one.id not in on_cards)
    ]
    return Board(
        cards=sorted(cards, key=lambda card: (not card.urgent, URGENCY[card.tone])),
        arrivals=arrivals,
        waiting=waiting_for_ride.of_clinic(db, clinic, now),
    )


_OF_SESSIONS = (
    StatusChange, VitalsReading, DoseEvent, SideEffect, SideEffectEvent, DueHold, SessionCheck, ProviderAnswer,
    DrugLabel, Draw, SecondCount,
)  # fmt: skip
"""Rows that are added and never taken away, of which a card tells something."""


def revision(db: Session, clinic: Clinic, now: datetime) -> str:
    """Give a mark that changes with everything the board shows, in one query over the day's rows.

    Counts, not highest ids: a transaction that took its id early may commit late, and must not be missed. It changes
    with the clock as well: what comes first does.
    """
    span = here.day(clinic, now)
    today = sa.select(TreatmentSession.id).where(here.of_day(clinic, now))
    of_sessions = [
        sa.select(value).where(TreatmentSession.id.in_(today)).scalar_subquery()
        for value in (
            sa.func.count(TreatmentSession.id),
            sa.func.coalesce(sa.func.sum(TreatmentSession.id), 0),
            sa.func.coalesce(sa.func.sum(TreatmentSession.version), 0),
        )
    ]
    of_rows = [
        sa.select(sa.func.count(table.id)).where(table.session_id.in_(today)).scalar_subquery()
        for table in _OF_SESSIONS
    ]
    row = db.execute(sa.select(*of_sessions, *of_rows)).one()
    at = (now - span.starts_at) // LOOKS_AGAIN
    return "-".join(str(value) for value in (f"{span.starts_at:%Y%m%d}", at, *row))


def _sessions(db: Session, clinic: Clinic, now: datetime) -> Sequence[TreatmentSession]:
    query = (
        sa.select(TreatmentSession)
        .where(here.of_day(clinic, now), TreatmentSession.status.in_(EXPECTED | IN_CLINIC))
        .options(
            joinedload(TreatmentSession.patient),
            joinedload(TreatmentSession.chair),
            joinedload(TreatmentSession.host),
            joinedload(TreatmentSession.protocol_version),
            joinedload(TreatmentSession.plan),
            joinedload(TreatmentSession.order),
            selectinload(TreatmentSession.limiting_orders),
            selectinload(TreatmentSession.changes),
        )
        .order_by(TreatmentSession.starts_at, TreatmentSession.id)
    )
    return db.scalars(query).all()


def _now_in(chair: Chair, today: Sequence[TreatmentSession], now: datetime) -> TreatmentSession | None:
    mine = [one for one in today if one.chair_id == chair.id]
    sitting = [one for one in mine if one.status in IN_CHAIR]
    expected = [one for one in mine if one.status in EXPECTED and one.ends_at > now]
    return next(iter(sitting + expected), None)


def _alike(today: Sequence[TreatmentSession]) -> set[int]:
    """Give the patients of the day whose names could be taken for another's."""
    people = sorted({one.patient_id: one.patient.name for one in today}.items())
    found: set[int] = set()
    for place, (one, name) in enumerate(people):
        for other, other_name in people[place + 1 :]:
            if names.similar(name, other_name):
                found |= {one, other}
    return found


def _card(
    db: Session,
    chair: Chair,
    treatment: TreatmentSession | None,
    alike: set[int],
    records: ChairRecords,
    effects: Mapping[int, Sequence[SideEffect]],
    now: datetime,
) -> Card:
    if treatment is None:
        return Card(chair=chair)
    doses, readings = records.doses_of(treatment), records.readings_of(treatment)
    next_thing, urgent = records.due_of(treatment, now), records.urgent_of(treatment)
    pressures = [f"{r.systolic_mmhg}/{r.diastolic_mmhg}" for r in readings if r.systolic_mmhg and r.diastolic_mmhg]
    known = facts.effects_now(effects.get(treatment.id, []))
    return Card(
        chair=chair,
        treatment=treatment,
        alike=treatment.patient_id in alike,
        clock=due.clock(treatment, doses),
        due=next_thing,
        tone=next_thing.tone(now) if next_thing else "",
        urgent=urgent,
        pressure=pressures[-1] if pressures else None,
        baseline=pressures[0] if pressures else None,
        effects=[_effect(one) for one in known if one.open],
        minimum_at=facts.earliest_leaving(treatment, doses) if treatment.status is Status.OBSERVING else None,
        step=NEXT_STEP[treatment.kind].get(treatment.status),
        act=first_act.on_board(db, treatment, records, next_thing, now),
    )


def _effect(one: facts.SideEffectNow) -> Effect:
    return Effect(text=f"{side_effects.label(one.effect)} {int(one.grade)}", severe=one.grade >= Grade.SEVERE)
