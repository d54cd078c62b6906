"""Writes what is in the hand: labels, draws, second counts. Before the dose the rules refuse; afterwards they mark."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.drug.doses import cap_of
from clinic_sessions.domain.drug.drawing import Container, Label, LabelSource, holds, is_expired
from clinic_sessions.domain.drug.drug_reasons import DrugReason
from clinic_sessions.domain.protocols.protocols import Drug
from clinic_sessions.domain.session.readiness import Reason
from clinic_sessions.domain.session.record import RecordReason
from clinic_sessions.domain.session.start_gate import StartReason
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Draw, DrugLabel, SecondCount, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import start_gate
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.session import facts, lifecycle, limits, recording

Row = TypeVar("Row", DrugLabel, Draw)


@dataclass(frozen=True, kw_only=True)
class LabelRead:
    """What somebody read from a vial or a device; amounts in micrograms. `micrograms_per_ml`: None for a device."""

    drug: Drug
    container: Container
    source: LabelSource
    micrograms_per_ml: int | None
    total_micrograms: int
    lot: str
    expires_on: date
    opened_at: datetime | None = None
    beyond_use_at: datetime | None = None
    ndc: str | None = None


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """What was drawn from a label's vial: micrograms, microlitres, and what the pump holds, if one is used."""

    micrograms: int
    microlitres: int
    pump_microlitres: int | None = None


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What the second person read: microlitres in the syringe, and the strength on the vial."""

    microlitres: int
    micrograms_per_ml: int


def read_label(
    db: Session, treatment: TreatmentSession, read: LabelRead,
    *, now: datetime, by: Actor, at: datetime | None = None, corrects: DrugLabel | None = None,
) -> DrugLabel:  # fmt: skip
    """Keep what a label says. Before the dose, a drug past its date or another than the protocol's is refused.

    Afterwards it is stored as it was, marked and told. Refuses with ChangedMeanwhile when `corrects` is corrected
    already, and when somebody else has read the label of the dose meanwhile.
    """
    lifecycle.lock(db, treatment)
    _guard(db, treatment, corrects)
    when = at or now
    if corrects is None and _is_read(db, treatment, when):
        raise ChangedMeanwhile(DrugReason.LABEL_REPLACED)
    return _keep_label(db, treatment, read, now=now, by=by, at=when, corrects=corrects)


def _is_read(db: Session, treatment: TreatmentSession, at: datetime) -> bool:
    """Whether a good label of the day is read and no other is asked for: before the dose, and not drawn and wasted."""
    label, zone = start_gate.label_of(db, treatment), treatment.clinic.zone
    events = facts.dose_events(db, treatment)
    if label is None or facts.so_far(events).begun:
        return False
    other_day = local_day(label.at, zone) != local_day(at, zone)
    if other_day or is_expired(start_gate.as_label(label), local_day(at, zone), at):
        return False
    drawn = db.scalars(sa.select(Draw).where(Draw.label_id == label.id)).all()
    return not drawn or start_gate.in_hand(db, treatment) is not None


def _keep_label(
    db: Session, treatment: TreatmentSession, read: LabelRead,
    *, now: datetime, by: Actor, at: datetime, corrects: DrugLabel | None = None,
) -> DrugLabel:  # fmt: skip
    row = DrugLabel(
        **recording.stamp(treatment, now=now, by=by, at=at, against=_against(db, treatment, read, at)),
        drug=read.drug, container=read.container, source=read.source, micrograms_per_ml=read.micrograms_per_ml,
        total_micrograms=read.total_micrograms, lot=read.lot, expires_on=read.expires_on, opened_at=read.opened_at,
        beyond_use_at=read.beyond_use_at, ndc=read.ndc, corrects_id=corrects.id if corrects else None,
    )  # fmt: skip
    recording.save(db, treatment, row, now=now, by=by)
    return row


def _against(db: Session, treatment: TreatmentSession, read: LabelRead, at: datetime) -> list[StrEnum]:
    label = Label(
        container=read.container, micrograms_per_ml=read.micrograms_per_ml, total_micrograms=read.total_micrograms,
        expires_on=read.expires_on, beyond_use_at=read.beyond_use_at,
    )  # fmt: skip
    reasons: list[StrEnum] = []
    if is_expired(label, local_day(at, treatment.clinic.zone), at):
        reasons.append(StartReason.LABEL_EXPIRED)
    if treatment.protocol_version and protocol_of(treatment.protocol_version).drug is not read.drug:
        reasons.append(DrugReason.OTHER_DRUG)
    if (limits.device_micrograms(treatment) is not None) is not (read.container is Container.DEVICE):
        reasons.append(DrugReason.OTHER_CONTAINER)
    return _refuse_before(db, treatment, reasons)


def _refuse_before(db: Session, treatment: TreatmentSession, reasons: Sequence[StrEnum]) -> list[StrEnum]:
    """Refuse while the dose is not begun; once it is, give the marks of a fact."""
    if reasons and not facts.so_far(facts.dose_events(db, treatment)).begun:
        raise Refusal(*reasons)
    marks = {DrugReason.OTHER_DRUG: Reason.OTHER_PROTOCOL, DrugReason.OTHER_CONTAINER: Reason.OTHER_PROTOCOL}
    return list(dict.fromkeys(marks.get(one, one) if isinstance(one, DrugReason) else one for one in reasons))


def draw(
    db: Session, treatment: TreatmentSession, label_id: int, drawn: Drawing,
    *, now: datetime, by: Actor, at: datetime | None = None, corrects: Draw | None = None,
) -> Draw:  # fmt: skip
    """Keep what was drawn from a vial: from the one that was read last, or from that of the draw that is corrected.

    Refuses with ChangedMeanwhile when another label stands by now, `corrects` is corrected already, or the vial was
    drawn from meanwhile; before the dose a volume that does not hold it, more than the protocol's limit with what else
    is in the hand, and more than is in the vial.
    """
    lifecycle.lock(db, treatment)
    _guard(db, treatment, corrects)
    label, so_far = vial_of(db, treatment, corrects), start_gate.so_far(db, treatment)
    if label is None or label.id != label_id:
        raise ChangedMeanwhile(DrugReason.LABEL_REPLACED)
    beside = [row for row in so_far if corrects is None or row.id != corrects.id]
    if label.id in {row.label_id for row in beside}:
        raise ChangedMeanwhile(DrugReason.DRAW_REPLACED)
    return _keep_draw(db, treatment, label, drawn, beside, now=now, by=by, at=at, corrects=corrects)


def vial_of(db: Session, treatment: TreatmentSession, anew: Draw | None) -> DrugLabel | None:
    """Give the vial that is drawn from: that of the draw that is entered `anew` while its label stands, else the last.

    None while none was read.
    """
    if anew is None or db.scalar(sa.select(DrugLabel.id).where(DrugLabel.corrects_id == anew.label_id)) is not None:
        return start_gate.label_of(db, treatment)
    return anew.label


def draw_more(
    db: Session, treatment: TreatmentSession, read: LabelRead, drawn: Drawing, after: int,
    *, now: datetime, by: Actor, at: datetime | None = None,
) -> Draw:  # fmt: skip
    """Keep what a further vial says, and what was drawn from it to what is in the hand; `after`: the draw before it.

    Refuses with ChangedMeanwhile when that is not the last draw any more, else as a label and a draw are refused.
    """
    lifecycle.lock(db, treatment)
    so_far = start_gate.so_far(db, treatment)
    if not so_far or so_far[-1].id != after:
        raise ChangedMeanwhile(DrugReason.DRAW_REPLACED)
    label = _keep_label(db, treatment, read, now=now, by=by, at=at or now)
    return _keep_draw(db, treatment, label, drawn, so_far, now=now, by=by, at=at)


def _keep_draw(
    db: Session, treatment: TreatmentSession, label: DrugLabel, drawn: Drawing, beside: Sequence[Draw],
    *, now: datetime, by: Actor, at: datetime | None, corrects: Draw | None = None,
) -> Draw:  # fmt: skip
    if label.micrograms_per_ml is None:
        raise ChangedMeanwhile(DrugReason.LABEL_REPLACED)
    others = sum(row.micrograms for row in beside)
    reasons = _against_draw(treatment, label, label.micrograms_per_ml, drawn, others)
    row = Draw(
        **recording.stamp(treatment, now=now, by=by, at=at or now, against=_refuse_before(db, treatment, reasons)),
        label_id=label.id, micrograms=drawn.micrograms, microlitres=drawn.microlitres,
        pump_microlitres=drawn.pump_microlitres, corrects_id=corrects.id if corrects else None,
    )  # fmt: skip
    recording.save(db, treatment, row, now=now, by=by)
    return row


def _against_draw(
    treatment: TreatmentSession, label: DrugLabel, per_ml: int, drawn: Drawing, others: int
) -> list[StrEnum]:
    reasons: list[StrEnum] = []
    if not holds(drawn.micrograms, drawn.microlitres, per_ml):
        reasons.append(StartReason.DRAW_DIFFERS)
    version = treatment.protocol_version
    if version and drawn.micrograms + others > cap_of(protocol_of(version).dose_rule):
        reasons.append(Reason.ABOVE_CAP)
    if drawn.micrograms > label.total_micrograms:
        reasons.append(DrugReason.MORE_THAN_VIAL)
    return reasons


def count(
    db: Session, treatment: TreatmentSession, draw_id: int, counted: Counted, *, now: datetime, by: Actor
) -> SecondCount:
    """Keep what a second person counted in the syringe and read from the vial, without having been shown the first.

    Refuses with ChangedMeanwhile when another draw stands by now, and whoever drew it.
    """
    lifecycle.lock(db, treatment)
    held = start_gate.in_hand(db, treatment)
    standing = next((row for row in held.draws if row.id == draw_id), None) if held else None
    if standing is None:
        raise ChangedMeanwhile(DrugReason.DRAW_REPLACED)
    if by.user_id == standing.by_id:
        raise Refusal(DrugReason.COUNTED_BY_THE_SAME)
    row = SecondCount(
        **recording.stamp(treatment, now=now, by=by, at=now, against=[]),
        draw_id=draw_id, microlitres=counted.microlitres, micrograms_per_ml=counted.micrograms_per_ml,
    )  # fmt: skip
    recording.save(db, treatment, row, now=now, by=by)
    db.expire(standing, ["counts"])
    return row


def entry(db: Session, model: type[Row], treatment: TreatmentSession, entry_id: int) -> Row:
    """Load a label or a draw of this session; raises Absent when there is none, or it belongs to another session."""
    row = db.scalar(sa.select(model).where(model.id == entry_id, model.session_id == treatment.id))
    if row is None:
        raise Absent
    return row


def _guard(db: Session, treatment: TreatmentSession, old: DrugLabel | Draw | None) -> None:
    if old is None:
        return
    if old.session_id != treatment.id:
        raise Absent
    model = type(old)
    if db.scalar(sa.select(model.id).where(model.corrects_id == old.id)) is not None:
        raise ChangedMeanwhile(RecordReason.CORRECTED_MEANWHILE)
