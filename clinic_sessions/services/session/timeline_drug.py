"""The drug in the hand as lines of a session's timeline: labels, draws and who counted. No volume stands here."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain.drug.amounts import strength_text
from clinic_sessions.domain.drug.doses import mg_text
from clinic_sessions.domain.wall_time import offset_text
from clinic_sessions.domain.words import say, say_outside
from clinic_sessions.models import Draw, DrugLabel, SecondCount, TreatmentSession
from clinic_sessions.services.session.timeline import Line


def lines(db: Session, treatment: TreatmentSession) -> list[Line]:
    """List every label, draw and count of a visit, corrected ones struck.

    A second person reads the volume without having been shown it, so the timeline never says it.
    """
    if treatment.protocol_version is None:
        return []
    labels = sa.select(DrugLabel).where(DrugLabel.session_id == treatment.id).options(joinedload(DrugLabel.by))
    counts = selectinload(Draw.counts).joinedload(SecondCount.by)
    draws = sa.select(Draw).where(Draw.session_id == treatment.id).options(joinedload(Draw.by), counts)
    return [*_labels(treatment, db.scalars(labels).all()), *_draws(treatment, db.scalars(draws).all())]


def _labels(treatment: TreatmentSession, rows: Sequence[DrugLabel]) -> Iterator[Line]:
    corrected = {row.corrects_id for row in rows}
    for row in rows:
        held = strength_text(row.micrograms_per_ml) if row.micrograms_per_ml else mg_text(row.total_micrograms)
        expires = f"{row.expires_on:%b} {row.expires_on.day}, {row.expires_on.year}"
        title = f"Label read: {say(row.drug).lower()} {held}, lot {row.lot}, expires {expires}"
        yield _line(treatment, row, title, struck=row.id in corrected)


def _draws(treatment: TreatmentSession, rows: Sequence[Draw]) -> Iterator[Line]:
    corrected = {row.corrects_id for row in rows}
    for row in rows:
        yield _line(treatment, row, f"Dose drawn, {mg_text(row.micrograms)}", struck=row.id in corrected)
        for count in row.counts:
            yield _line(treatment, count, "Counted by a second person", struck=False)


def _line(treatment: TreatmentSession, row: DrugLabel | Draw | SecondCount, title: str, *, struck: bool) -> Line:
    return Line(
        at=row.at, order=row.id, icon="drop", title=title, author=row.by.name,
        offset=offset_text(row.at, treatment.dose_started_at), recorded_at=row.recorded_at, late=row.late,
        struck="Corrected" if struck else "", outside=tuple(say_outside(value) for value in row.outside_rules),
    )  # fmt: skip
