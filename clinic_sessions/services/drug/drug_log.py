"""The log of controlled doses: for each visit what was drawn, given and wasted, by whom, when; corrections struck."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain.drug.amounts import ml_text, strength_text
from clinic_sessions.domain.drug.doses import mg_text
from clinic_sessions.domain.drug.drug_balance import Balance
from clinic_sessions.domain.session.record import BEGINS_DOSE, ENDS_DOSE, DoseEventKind
from clinic_sessions.domain.wall_time import day_span
from clinic_sessions.domain.words import say
from clinic_sessions.models import Clinic, DoseEvent, Draw, DrugLabel, SecondCount, TreatmentSession
from clinic_sessions.services.drug import drug, drug_in_hand
from clinic_sessions.services.session import facts

LONGEST = timedelta(days=31)
"""A month prints on some pages; more is asked for month by month [P]."""

Row = TypeVar("Row", DrugLabel, Draw, DoseEvent)


class LogReason(StrEnum):
    """Why a log is not made as it was asked for."""

    UPSIDE_DOWN = "upside_down"
    TOO_LONG = "too_long"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One entry of a dose: what, when, by whom and with whom; `struck`: corrected or withdrawn since."""

    text: str
    at: datetime
    by: str
    second: str | None = None
    struck: bool = False
    late: bool = False


@dataclass(frozen=True, kw_only=True)
class Dose:
    """The controlled drug of one visit."""

    treatment: TreatmentSession
    at: datetime
    labels: Sequence[Line]
    drawn: Sequence[Line]
    given: Sequence[Line]
    wasted: Sequence[Line]
    balance: Balance | None


def fault_of(first: date, last: date) -> LogReason | None:
    """Say what is wrong with the days that are asked for."""
    if last < first:
        return LogReason.UPSIDE_DOWN
    return LogReason.TOO_LONG if last - first >= LONGEST else None


def of(db: Session, place: Clinic, first: date, last: date) -> list[Dose]:
    """List the controlled doses of a clinic on its days from `first` to `last`, in order of time.

    A dose stands on the day on which its first entry was true. The number of queries does not grow with the doses.
    """
    span = day_span(first, place.zone).starts_at, day_span(last, place.zone).ends_at
    ids = _sessions_with_entries(db, place, span)
    if not ids:
        return []
    treatments = db.scalars(
        sa.select(TreatmentSession)
        .where(TreatmentSession.id.in_(ids))
        .options(joinedload(TreatmentSession.patient), joinedload(TreatmentSession.protocol_version))
    ).all()
    labels, events = _by_session(db, DrugLabel, ids), _by_session(db, DoseEvent, ids)
    draws = _by_session(db, Draw, ids)
    made = [_dose(one, labels[one.id], draws[one.id], events[one.id]) for one in treatments]
    return sorted(
        (dose for dose in made if span[0] <= dose.at < span[1]), key=lambda dose: (dose.at, dose.treatment.id)
    )


def _sessions_with_entries(db: Session, place: Clinic, span: tuple[datetime, datetime]) -> set[int]:
    here = sa.select(TreatmentSession.id).where(TreatmentSession.clinic_id == place.id)
    found: set[int] = set()
    for model in (DrugLabel, Draw, DoseEvent):
        query = sa.select(model.session_id).where(model.at >= span[0], model.at < span[1], model.session_id.in_(here))
        found.update(db.scalars(query.distinct()))
    return found


def _by_session(db: Session, model: type[Row], ids: Iterable[int]) -> Mapping[int, list[Row]]:
    query = sa.select(model).where(model.session_id.in_(ids)).options(joinedload(model.by)).order_by(model.at, model.id)
    if model is Draw:
        query = query.options(selectinload(Draw.counts).joinedload(SecondCount.by))
    if model is DoseEvent:
        query = query.options(joinedload(DoseEvent.second))
    found: dict[int, list[Row]] = defaultdict(list)
    for row in db.scalars(query).unique():
        found[row.session_id].append(row)
    return found


def _dose(
    treatment: TreatmentSession, labels: Sequence[DrugLabel], draws: Sequence[Draw], events: Sequence[DoseEvent]
) -> Dose:
    standing = facts.standing_doses(events)
    gone = {event.id for event in events} - {event.id for event in standing}
    lots = {old: label.lot for old, label in drug_in_hand.as_corrected(labels).items()}
    left = {row.id for row in drug_in_hand.standing_draws(labels, draws)}
    given = [one for one in events if one.kind in BEGINS_DOSE | ENDS_DOSE and not _completed(one, events)]
    return Dose(
        treatment=treatment,
        at=min([row.at for row in labels] + [row.at for row in draws] + [row.at for row in events]),
        labels=[label_line(one, one.id in _corrected(labels)) for one in labels],
        drawn=[_draw(one, lots if len(set(lots.values())) > 1 else {}, one.id not in left) for one in draws],
        given=[_event(one, lots, one.id in gone) for one in given],
        wasted=[_event(one, lots, one.id in gone) for one in events if one.kind is DoseEventKind.WASTED],
        balance=drug.balance(treatment, labels, draws, standing),
    )


def _corrected(rows: Sequence[Row]) -> set[int | None]:
    return {row.corrects_id for row in rows}


def _completed(event: DoseEvent, events: Sequence[DoseEvent]) -> bool:
    """Whether a later row says the same and more: a stop that was explained is one stop."""
    after = next((one for one in events if one.corrects_id == event.id), None)
    return after is not None and facts.completes(event, after)


def label_line(row: DrugLabel, struck: bool) -> Line:
    """Say what a label says, and who read it."""
    held = mg_text(row.total_micrograms)
    strength = f"{strength_text(row.micrograms_per_ml)}, {held}" if row.micrograms_per_ml else f"device of {held}"
    expires = f"{row.expires_on:%b} {row.expires_on.day}, {row.expires_on.year}"
    text = f"{say(row.drug)} {strength}, lot {row.lot}, expires {expires}"
    return Line(text=text, at=row.at, by=row.by.name, struck=struck, late=row.late)


def _draw(row: Draw, lots: Mapping[int, str], struck: bool) -> Line:
    count = row.counts[-1] if row.counts else None
    lot = f", lot {lots[row.label_id]}" if row.label_id in lots else ""
    text = f"{mg_text(row.micrograms)} in {ml_text(row.microlitres)}{lot}"
    second = None
    if count is not None:
        second = (
            count.by.name if count.microlitres == row.microlitres else f"{count.by.name}: {ml_text(count.microlitres)}"
        )
    return Line(text=text, at=row.at, by=row.by.name, second=second, struck=struck, late=row.late)


def _event(row: DoseEvent, lots: Mapping[int, str], struck: bool) -> Line:
    amount = mg_text(row.micrograms) if row.micrograms is not None else "amount not written"
    kind = f"Device {row.device_number}" if row.kind is DoseEventKind.DEVICE else say(row.kind)
    read = lots.get(row.label_id or 0) if row.kind is DoseEventKind.DEVICE else None
    lot = f", lot {read}" if read else ""
    words = f" ({row.words})" if row.words else ""
    return Line(
        text=f"{kind}, {amount}{lot}{words}", at=row.at, by=row.by.name,
        second=row.second.name if row.second else None, struck=struck, late=row.late,
    )  # fmt: skip
