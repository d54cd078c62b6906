"""The vial or the device in the hand: which label a dose event is of, and whether its drug was past its date."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.drug.drawing import is_expired
from clinic_sessions.domain.session.readiness import Reason
from clinic_sessions.domain.session.record import BEGINS_DOSE, DoseEventKind
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import DoseEvent, Draw, DrugLabel, TreatmentSession
from clinic_sessions.services.before import start_gate


def label_id(
    db: Session,
    treatment: TreatmentSession,
    kind: DoseEventKind,
    before: Sequence[DoseEvent],
    corrects: DoseEvent | None,
) -> int | None:
    """Give the label that a dose event is of: the one read last for what begins, else that of what was begun.

    A device has a label of its own: one that another device was used under is not taken twice. A correction keeps its
    label.
    """
    if corrects is not None:
        return corrects.label_id
    begun = [event.label_id for event in before if event.kind in BEGINS_DOSE and event.label_id is not None]
    if kind not in BEGINS_DOSE:
        return begun[-1] if begun else None
    label = start_gate.label_of(db, treatment)
    if label is None or (kind is DoseEventKind.DEVICE and label.id in {_now(db, treatment, one).id for one in begun}):
        return None
    return label.id


def _now(db: Session, treatment: TreatmentSession, label_id: int) -> DrugLabel:
    rows = db.scalars(sa.select(DrugLabel).where(DrugLabel.session_id == treatment.id)).all()
    return as_corrected(rows)[label_id]


def as_corrected(rows: Sequence[DrugLabel]) -> Mapping[int, DrugLabel]:
    """Give for each label, by its id, what stands in its place: itself, or its last correction."""
    by_old = {row.corrects_id: row for row in rows if row.corrects_id is not None}
    found = {}
    for row in rows:
        newest = row
        while newest.id in by_old:
            newest = by_old[newest.id]
        found[row.id] = newest
        if row.corrects_id is not None:
            found[row.corrects_id] = newest
    return found


def outside(
    db: Session,
    treatment: TreatmentSession,
    kind: DoseEventKind,
    label_id: int | None,
    second_id: int | None,
    at: datetime,
) -> list[Reason]:
    """List the marks of a dose that was begun with a drug past its date, and of a waste that nobody else has seen."""
    if kind is DoseEventKind.WASTED and second_id is None:
        return [Reason.NO_WITNESS]
    if kind not in BEGINS_DOSE or label_id is None:
        return []
    return [Reason.LABEL_EXPIRED] if is_past(treatment, db.get_one(DrugLabel, label_id), at) else []


def is_past(treatment: TreatmentSession, label: DrugLabel, at: datetime) -> bool:
    """Whether the drug under a label may not be used any more at `at`, by the clinic's day."""
    return is_expired(start_gate.as_label(label), local_day(at, treatment.clinic.zone), at)


def standing_draws(labels: Sequence[DrugLabel], draws: Sequence[Draw]) -> list[Draw]:
    """Give the draws that stand: not corrected, and not entered anew under the correction of their label.

    A label that is corrected once the dose runs leaves its draw as it was.
    """
    stands, corrected = as_corrected(labels), {row.corrects_id for row in draws}
    rows = [row for row in draws if row.id not in corrected]
    newest: dict[int, int] = {}
    for row in rows:
        vial = _vial(stands, row)
        newest[vial] = max(newest.get(vial, 0), row.label_id)
    return [row for row in rows if row.label_id == newest[_vial(stands, row)]]


def _vial(stands: Mapping[int, DrugLabel], row: Draw) -> int:
    return stands[row.label_id].id if row.label_id in stands else row.label_id


def device_number(before: Sequence[DoseEvent], corrects: DoseEvent | None) -> int:
    """Give the number of a device: the next one, or that of the entry that it corrects."""
    if corrects is not None and corrects.device_number is not None:
        return corrects.device_number
    return max((event.device_number or 0 for event in before), default=0) + 1
