"""A session's record: vitals, dose events, side effects, interventions and notes. All append-only."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from clinic_sessions.domain.session.record import Arm, Cuff, DoseEventKind, NoteKind
from clinic_sessions.domain.session.side_effects import (
    InterventionKind,
    Outcome,
    Seriousness,
    SideEffectEventKind,
    SideEffectKind,
)
from clinic_sessions.models.base import Base, Body, Id, Line, Name
from clinic_sessions.models.people import User
from clinic_sessions.models.sessions import TreatmentSession


class Entry:
    """What every entry of the record carries: true time, time written, author, and marks that stay."""

    id: Mapped[Id]
    at: Mapped[datetime]
    """When it truly happened."""
    recorded_at: Mapped[datetime]
    late: Mapped[bool]
    """Written down after the fact."""
    outside_rules: Mapped[list[str]] = mapped_column(default=list)
    """Reasons that stood against it when it happened all the same."""

    @declared_attr
    def session_id(cls) -> Mapped[int]:  # noqa: N805
        """The session it belongs to."""
        return mapped_column(sa.ForeignKey("treatment_sessions.id"), index=True)

    @declared_attr
    def by_id(cls) -> Mapped[int]:  # noqa: N805
        """Who wrote it."""
        return mapped_column(sa.ForeignKey("users.id"))

    @declared_attr
    def by(cls) -> Mapped[User]:  # noqa: N805
        """Who wrote it."""
        return relationship(User, foreign_keys=[cls.by_id])  # type: ignore[list-item]

    @declared_attr
    def treatment(cls) -> Mapped[TreatmentSession]:  # noqa: N805
        """The session it belongs to."""
        return relationship(TreatmentSession)


class VitalsReading(Entry, Base):
    """One reading; any of its numbers may be missing, never all. A correction names the reading it replaces."""

    __tablename__ = "vitals"
    __table_args__ = (
        sa.CheckConstraint("systolic_mmhg between 30 and 350", name="systolic_possible"),
        sa.CheckConstraint("diastolic_mmhg between 10 and 250", name="diastolic_possible"),
        sa.CheckConstraint("heart_rate_bpm between 10 and 350", name="heart_rate_possible"),
        sa.CheckConstraint("spo2_percent between 30 and 100", name="spo2_possible"),
        sa.CheckConstraint("respiratory_rate_bpm between 0 and 90", name="respiratory_rate_possible"),
        sa.CheckConstraint("temperature_tenths_c between 250 and 450", name="temperature_possible"),
        sa.CheckConstraint("moaa_s between 0 and 5", name="moaa_s_on_its_scale"),
        sa.CheckConstraint("pain_of_10 between 0 and 10", name="pain_on_its_scale"),
    )

    systolic_mmhg: Mapped[int | None]
    diastolic_mmhg: Mapped[int | None]
    heart_rate_bpm: Mapped[int | None]
    spo2_percent: Mapped[int | None]
    respiratory_rate_bpm: Mapped[int | None]
    temperature_tenths_c: Mapped[int | None]
    moaa_s: Mapped[int | None]
    pain_of_10: Mapped[int | None]
    cuff: Mapped[Cuff | None]
    arm: Mapped[Arm | None]
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("vitals.id"), unique=True)


class DoseEvent(Entry, Base):
    """Something that happened to the dose: started, paused, a device used, stopped, given, wasted."""

    __tablename__ = "dose_events"
    __table_args__ = (
        sa.CheckConstraint("micrograms > 0", name="dose_positive"),
        sa.CheckConstraint("rate_micrograms_per_hour >= 0", name="rate_not_negative"),
    )

    kind: Mapped[DoseEventKind]
    drug: Mapped[Name | None]
    micrograms: Mapped[int | None]
    rate_micrograms_per_hour: Mapped[int | None]
    device_number: Mapped[int | None]
    label_id: Mapped[int | None] = mapped_column(sa.ForeignKey("drug_labels.id"))
    """The vial or the device that it came from."""
    second_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    """Who saw it wasted besides the author."""
    words: Mapped[Line | None]
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("dose_events.id"), unique=True)

    second: Mapped[User | None] = relationship(foreign_keys=second_id)


class SideEffect(Entry, Base):
    """A side effect from its onset (`at`); what becomes of it is in its events."""

    __tablename__ = "side_effects"
    __table_args__ = (
        sa.CheckConstraint("grade between 1 and 5", name="grade_on_its_scale"),
        sa.CheckConstraint("kind <> 'other' or term is not null", name="other_is_named"),
    )

    kind: Mapped[SideEffectKind]
    term: Mapped[Name | None]
    grade: Mapped[int]
    """CTCAE v5 grade at onset; later grades are events."""
    seriousness: Mapped[Seriousness | None]
    """The criterion that makes it serious; None: not serious."""
    words: Mapped[Line | None]
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("side_effects.id"), unique=True)

    events: Mapped[list["SideEffectEvent"]] = relationship(
        order_by="(SideEffectEvent.at, SideEffectEvent.id)", back_populates="side_effect"
    )


class SideEffectEvent(Entry, Base):
    """What became of a side effect: graded anew, acted on, resolved, its outcome."""

    __tablename__ = "side_effect_events"
    __table_args__ = (sa.CheckConstraint("grade between 1 and 5", name="grade_on_its_scale"),)

    side_effect_id: Mapped[int] = mapped_column(sa.ForeignKey("side_effects.id"), index=True)
    kind: Mapped[SideEffectEventKind]
    grade: Mapped[int | None]
    outcome: Mapped[Outcome | None]
    words: Mapped[Line | None]

    side_effect: Mapped[SideEffect] = relationship(back_populates="events")


class Intervention(Entry, Base):
    """Something done for the patient beside the protocol, perhaps because of a side effect."""

    __tablename__ = "interventions"
    __table_args__ = (sa.CheckConstraint("kind <> 'other' or term is not null", name="other_is_named"),)

    kind: Mapped[InterventionKind]
    term: Mapped[Name | None]
    dose_words: Mapped[Name | None]
    side_effect_id: Mapped[int | None] = mapped_column(sa.ForeignKey("side_effects.id"), index=True)
    as_needed_id: Mapped[int | None] = mapped_column(sa.ForeignKey("orders_as_needed.id"))
    """The as-needed order under which a drug was given."""
    words: Mapped[Line | None]
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("interventions.id"), unique=True)


class Note(Entry, Base):
    """A written note; a correction is a new note that names the old, which stays readable."""

    __tablename__ = "notes"

    kind: Mapped[NoteKind] = mapped_column(default=NoteKind.ENTRY)
    body: Mapped[Body]
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("notes.id"), unique=True)
