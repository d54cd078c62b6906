"""Everything that was recorded of a session, loaded once for its note."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from clinic_sessions.domain.note.note_content import NOT_RECORDED, clock_text
from clinic_sessions.domain.papers.papers import Clearance, ConsentAnswer
from clinic_sessions.domain.protocols.protocols import Protocol
from clinic_sessions.domain.words import say_outside
from clinic_sessions.models import (
    ClearanceDecision,
    Consent,
    DoseEvent,
    Draw,
    DrugLabel,
    DueHold,
    FollowUp,
    Intervention,
    Note,
    Order,
    ProviderAnswer,
    ProviderAsk,
    ScaleResult,
    SecondCount,
    SessionCheck,
    SideEffect,
    SideEffectEvent,
    StatusChange,
    TreatmentSession,
    User,
    VitalsReading,
    Weight,
)
from clinic_sessions.models.record import Entry
from clinic_sessions.services import documents
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.drug import infusions
from clinic_sessions.services.patients import weights
from clinic_sessions.services.session import facts

KINDS: tuple[type[Entry], ...] = (
    SessionCheck,
    ProviderAsk,
    ProviderAnswer,
    DrugLabel,
    Draw,
    SecondCount,
    DoseEvent,
    VitalsReading,
    DueHold,
    SideEffect,
    SideEffectEvent,
    Intervention,
    Note,
)
"""Every kind of entry that a session's record holds."""

SCORES = ScaleResult.__tablename__

Kind = TypeVar("Kind", bound=Entry)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A session with all that was recorded of it; corrected entries too."""

    treatment: TreatmentSession
    protocol: Protocol | None
    entries: Mapping[type[Entry], Sequence[Entry]]
    people: Sequence[User]
    """The authors, read at once; each entry finds its own among them."""
    scores: Sequence[ScaleResult]
    follow_ups: Sequence[FollowUp]
    decision: ClearanceDecision | None
    consent: Consent | None
    weight: Weight | None
    order: Order | None
    """That of the dose; before one was begun, the order that held when the visit ended."""
    grace: timedelta
    """How long after its time a check of vitals is not overdue yet."""

    def all(self, kind: type[Kind]) -> Sequence[Kind]:
        """List the entries of one kind, corrected ones too, in order of their true time."""
        return cast(Sequence[Kind], self.entries[kind])

    def standing(self, kind: type[Kind]) -> list[Kind]:
        """List the entries of one kind that no later entry corrects."""
        corrected = {getattr(row, "corrects_id", None) for row in self.entries[kind]}
        return [row for row in self.all(kind) if row.id not in corrected]

    @property
    def doses(self) -> list[DoseEvent]:
        """The dose events that stand."""
        return facts.standing_doses(self.all(DoseEvent))

    @property
    def felt(self) -> list[facts.SideEffectNow]:
        """The side effects that stand; not what was entered by mistake."""
        return [one for one in facts.effects_now(self.all(SideEffect)) if not one.by_mistake]

    def at(self, moment: datetime) -> str:
        """Write a moment as the clinic's clock shows it, with its day where it is not the visit's."""
        return clock_text(moment, self.treatment.clinic.zone, self.treatment.starts_at)


def load(db: Session, treatment: TreatmentSession) -> Facts:
    """Load the record of a session; the number of queries does not grow with it."""
    entries = {kind: _of(db, kind, treatment) for kind in KINDS}
    authors = {row.by_id for rows in entries.values() for row in rows}
    row = ScaleResult
    corrected = sa.select(row.corrects_id).where(row.corrects_id.is_not(None))
    scores = (
        sa.select(row).where(row.session_id == treatment.id, row.id.not_in(corrected)).options(selectinload(row.by))
    )
    owed = sa.select(FollowUp).where(FollowUp.session_id == treatment.id).options(selectinload(FollowUp.done_by))
    began = treatment.dose_started_at or facts.ended_at(treatment) or treatment.starts_at
    weighings = weights.standing(weights.listed(db, treatment.patient_id))
    return Facts(
        treatment=treatment,
        protocol=protocol_of(treatment.protocol_version) if treatment.protocol_version else None,
        entries=entries,
        people=db.scalars(sa.select(User).where(User.id.in_(authors))).all(),
        scores=db.scalars(scores.options(selectinload(row.by)).order_by(row.at, row.id)).all(),
        follow_ups=db.scalars(owed.order_by(FollowUp.raised_at, FollowUp.id)).all(),
        decision=_decision(db, treatment, began),
        consent=_consent(db, treatment, began),
        weight=next((one for one in weighings if one.measured_at <= began), None),
        order=treatment.order or (None if treatment.dose_started_at else infusions.order_of(db, treatment, began)),
        grace=timedelta(minutes=documents.thresholds(db).due_grace.whole),
    )


def _of(db: Session, kind: type[Kind], treatment: TreatmentSession) -> Sequence[Kind]:
    query = sa.select(kind).where(kind.session_id == treatment.id)
    if kind is SideEffect:
        query = query.options(selectinload(SideEffect.events))
    return db.scalars(query.order_by(kind.at, kind.id)).all()


def _decision(db: Session, treatment: TreatmentSession, began: datetime) -> ClearanceDecision | None:
    row = ClearanceDecision
    key = treatment.protocol_version.key if treatment.protocol_version else ""
    query = sa.select(row).where(row.patient_id == treatment.patient_id, row.protocol_key == key, row.at <= began)
    found = db.scalars(query.order_by(row.at.desc(), row.id.desc()).limit(1)).first()
    return found if found is not None and found.decision is Clearance.CLEARED else None


def _consent(db: Session, treatment: TreatmentSession, began: datetime) -> Consent | None:
    row = Consent
    key = treatment.protocol_version.key if treatment.protocol_version else ""
    of_series = row.plan_id == treatment.plan_id if treatment.plan_id is not None else row.plan_id.is_(None)
    query = sa.select(row).where(
        row.patient_id == treatment.patient_id, row.protocol_key == key, of_series, row.at <= began
    )
    found = db.scalars(query.order_by(row.at.desc(), row.id.desc()).limit(1)).first()
    return found if found is not None and found.answer is ConsentAnswer.SIGNED else None


def name_of(kind: type[Entry]) -> str:
    """Give the name under which a signed note keeps which entries of a kind it holds."""
    return str(sa.inspect(kind).local_table.name)


def held(known: Facts) -> dict[str, list[int]]:
    """Name every row that a note of these facts holds, by table: what is not among them came later."""
    entries = {name_of(kind): [one.id for one in rows] for kind, rows in known.entries.items()}
    return {**entries, SCORES: [one.id for one in known.scores]}


def or_not_recorded(text: str | None) -> str:
    """Give a text, or say that there is none."""
    return text or NOT_RECORDED


def remarks(known: Facts, row: Entry | StatusChange) -> str:
    """Say what stands beside an entry: written later, and against which rules."""
    said = [f"written {known.at(row.recorded_at)}"] if getattr(row, "late", False) else []
    said += [f"Outside the rules: {say_outside(value)}" for value in row.outside_rules]
    return ". ".join(said)
