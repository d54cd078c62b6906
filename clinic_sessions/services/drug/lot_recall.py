"""Recall: every visit at which a label of a lot was read, with what was given, and how to reach the patient."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.drug import lots
from clinic_sessions.domain.drug.given_doses import Given, given_of
from clinic_sessions.domain.protocols.protocols import Drug
from clinic_sessions.domain.session.lifecycle import EXPECTED
from clinic_sessions.domain.session.record import BEGINS_DOSE
from clinic_sessions.models import DoseEvent, Draw, DrugLabel, TreatmentSession
from clinic_sessions.services.before import start_gate
from clinic_sessions.services.drug import drug_in_hand, drug_log
from clinic_sessions.services.session import facts


class Reached(StrEnum):
    """Whether the lot reached the patient, as the record stands now."""

    GIVEN = "given"
    OTHER_LOT = "other_lot"
    NO_LABEL = "no_label"
    NOT_GIVEN = "not_given"


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A visit at which a label of the lot was read. `labels`: also what stands in its place, where it was corrected."""

    treatment: TreatmentSession
    labels: Sequence[drug_log.Line]
    given: Given
    reached: Reached
    following: TreatmentSession | None


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search has found, the newest visit first."""

    visits: Sequence[Visit]

    @property
    def patient_ids(self) -> list[int]:
        """Whom the page names, each once."""
        return list(dict.fromkeys(one.treatment.patient_id for one in self.visits))


def of(db: Session, lot: str, drug: Drug | None, clinic_ids: Collection[int], now: datetime) -> Found:
    """Find the visits of some clinics at which a label of a lot was read, corrected ones too.

    The lots are looked through in their index, and their labels fetched by it; the number of queries does not grow.
    """
    here = _here(_written(db, lot), drug, clinic_ids)
    query = sa.select(TreatmentSession).where(TreatmentSession.id.in_(here))
    loaded = joinedload(TreatmentSession.patient), joinedload(TreatmentSession.clinic)
    treatments = db.scalars(query.options(*loaded)).all()
    labels, draws, events = _of(db, DrugLabel, here), _of(db, Draw, here), _of(db, DoseEvent, here)
    following = _following(db, here, clinic_ids, now)
    visits = [
        _visit(one, lot, labels[one.id], draws[one.id], events[one.id], following.get(one.patient_id))
        for one in treatments
    ]
    return Found(visits=sorted(visits, key=lambda one: (one.treatment.starts_at, one.treatment.id), reverse=True))


Sessions = sa.Select[int]


def _written(db: Session, lot: str) -> Sequence[str]:
    """List the ways in which a lot was written: they are found in the index of the lots alone."""
    return db.scalars(sa.select(DrugLabel.lot).where(_folded(DrugLabel.lot) == lots.folded(lot)).distinct()).all()


def _here(written: Sequence[str], drug: Drug | None, clinic_ids: Collection[int]) -> Sessions:
    query = (
        sa.select(DrugLabel.session_id)
        .join(TreatmentSession, TreatmentSession.id == DrugLabel.session_id)
        .where(DrugLabel.lot.in_(written), TreatmentSession.clinic_id.in_(clinic_ids))
    )
    return query if drug is None else query.where(DrugLabel.drug == drug)


def _folded(column: sa.orm.InstrumentedAttribute[str]) -> sa.ColumnElement[str]:
    found: sa.ColumnElement[str] = column.expression
    for sign in lots.LEFT_OUT:
        found = sa.func.replace(found, sign, "")
    return sa.func.upper(found)


def _of(db: Session, model: type[drug_log.Row], here: Sessions) -> Mapping[int, list[drug_log.Row]]:
    query = sa.select(model).where(model.session_id.in_(here)).options(joinedload(model.by))
    found: dict[int, list[drug_log.Row]] = defaultdict(list)
    for row in db.scalars(query.order_by(model.at, model.id)):
        found[row.session_id].append(row)
    return found


def _following(
    db: Session, here: Sessions, clinic_ids: Collection[int], now: datetime
) -> Mapping[int, TreatmentSession]:
    patients = sa.select(TreatmentSession.patient_id).where(TreatmentSession.id.in_(here))
    query = (
        sa.select(TreatmentSession)
        .where(
            TreatmentSession.patient_id.in_(patients),
            TreatmentSession.clinic_id.in_(clinic_ids),
            TreatmentSession.status.in_(EXPECTED),
            TreatmentSession.starts_at > now,
        )
        .options(joinedload(TreatmentSession.clinic))
        .order_by(TreatmentSession.starts_at.desc(), TreatmentSession.id)
    )
    return {one.patient_id: one for one in db.scalars(query)}


def _visit(
    treatment: TreatmentSession,
    lot: str,
    labels: Sequence[DrugLabel],
    draws: Sequence[Draw],
    events: Sequence[DoseEvent],
    following: TreatmentSession | None,
) -> Visit:
    stands = drug_in_hand.as_corrected(labels)
    own = {stands[row.id].id for row in labels if lots.folded(row.lot) == lots.folded(lot)}
    standing = facts.standing_doses(events)
    drawn = [row for row in drug_in_hand.standing_draws(labels, draws) if not start_gate.is_wasted(row, standing)]
    used = {row.label_id for row in drawn} | {event.label_id for event in standing if event.kind in BEGINS_DOSE}
    return Visit(
        treatment=treatment,
        labels=[drug_log.label_line(row, row.id not in _newest(stands)) for row in labels if stands[row.id].id in own],
        given=given_of([(event.kind, event.micrograms) for event in standing]),
        reached=_reached(standing, {stands[one].lot for one in used if one is not None}, lot),
        following=following,
    )


def _newest(stands: Mapping[int, DrugLabel]) -> set[int]:
    return {row.id for row in stands.values()}


def _reached(events: Sequence[DoseEvent], used: Collection[str], lot: str) -> Reached:
    """Judge by the lots of what was drawn and used: each as its label was corrected since."""
    if not any(event.kind in BEGINS_DOSE for event in events):
        return Reached.NOT_GIVEN
    if not used:
        return Reached.NO_LABEL
    return Reached.GIVEN if lots.folded(lot) in map(lots.folded, used) else Reached.OTHER_LOT
