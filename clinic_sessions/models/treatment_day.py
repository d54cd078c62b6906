"""The treatment day: answers around a dose, a provider's word, the drug in the hand, held checks, what is to follow."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.domain.drug.drawing import Container, LabelSource
from clinic_sessions.domain.protocols.protocols import Drug, EscortKind
from clinic_sessions.domain.session.follow_ups import FollowUpKind
from clinic_sessions.domain.session.lifecycle import Gate
from clinic_sessions.domain.session.session_checks import CheckItem, Intake
from clinic_sessions.domain.session.start_gate import Answer
from clinic_sessions.models.base import Base, Body, Id, Line, Name, Versioned
from clinic_sessions.models.people import User
from clinic_sessions.models.record import Entry, SideEffect
from clinic_sessions.models.sessions import TreatmentSession


class SessionCheck(Entry, Base):
    """An answer to a question around a dose; the newest of a question counts. Append-only."""

    __tablename__ = "session_checks"

    item: Mapped[CheckItem]
    clear: Mapped[bool]
    """Nothing stands against it."""
    intake: Mapped[Intake | None]
    last_at: Mapped[datetime | None]
    """When something was last eaten, drunk or sprayed."""
    escort: Mapped[EscortKind | None]
    person: Mapped[Name | None]
    """Who comes along, or takes the patient home."""
    phone: Mapped[str | None] = mapped_column(sa.String(32))
    """E.164."""
    words: Mapped[Line | None]


class ProviderAsk(Entry, Base):
    """A question to the provider before a gate: against which reasons, in whose words. Append-only."""

    __tablename__ = "provider_asks"

    gate: Mapped[Gate]
    reasons: Mapped[list[str]] = mapped_column(default=list)
    words: Mapped[Line | None]

    answers: Mapped[list["ProviderAnswer"]] = relationship(order_by="ProviderAnswer.id", back_populates="ask")


class ProviderAnswer(Entry, Base):
    """A provider's answer, by name and with words; the newest of a visit and gate counts. Append-only."""

    __tablename__ = "provider_answers"
    __table_args__ = (sa.CheckConstraint("(answer = 'wait') = (until is not null)", name="waits_until"),)

    ask_id: Mapped[int] = mapped_column(sa.ForeignKey("provider_asks.id"), index=True)
    gate: Mapped[Gate]
    answer: Mapped[Answer]
    reasons: Mapped[list[str]] = mapped_column(default=list)
    """The reasons that the answer is about: "go ahead" lifts these."""
    until: Mapped[datetime | None]
    words: Mapped[Line]
    on_tablet_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    """Whose sign-in it was when the provider signed on another's tablet."""

    ask: Mapped[ProviderAsk] = relationship(back_populates="answers")


class DrugLabel(Entry, Base):
    """What somebody read from the label of a vial or a device at this visit. A correction names the old."""

    __tablename__ = "drug_labels"
    __table_args__ = (
        sa.CheckConstraint("micrograms_per_ml > 0 and total_micrograms > 0", name="strengths_positive"),
        sa.CheckConstraint("(container = 'vial') = (micrograms_per_ml is not null)", name="vials_have_a_concentration"),
    )

    drug: Mapped[Drug]
    container: Mapped[Container]
    source: Mapped[LabelSource]
    micrograms_per_ml: Mapped[int | None]
    total_micrograms: Mapped[int]
    lot: Mapped[Name] = mapped_column(index=True)
    expires_on: Mapped[date]
    opened_at: Mapped[datetime | None]
    beyond_use_at: Mapped[datetime | None]
    ndc: Mapped[str | None] = mapped_column(sa.String(20))
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("drug_labels.id"), unique=True)


class Draw(Entry, Base):
    """A drawn dose: the amount, and the volume that the first person entered. A correction names the old."""

    __tablename__ = "draws"
    __table_args__ = (
        sa.CheckConstraint("micrograms > 0 and microlitres > 0", name="something_drawn"),
        sa.CheckConstraint("pump_microlitres >= microlitres", name="pump_holds_it"),
    )

    label_id: Mapped[int] = mapped_column(sa.ForeignKey("drug_labels.id"), index=True)
    micrograms: Mapped[int]
    microlitres: Mapped[int]
    pump_microlitres: Mapped[int | None]
    """What the drawn volume was made up to for the pump; None when it is given as drawn."""
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("draws.id"), unique=True)

    label: Mapped[DrugLabel] = relationship()
    counts: Mapped[list["SecondCount"]] = relationship(order_by="SecondCount.id", back_populates="draw")


class SecondCount(Entry, Base):
    """A second person's count of a drawn volume, entered without seeing the first; the newest counts. Append-only."""

    __tablename__ = "second_counts"
    __table_args__ = (
        sa.CheckConstraint("microlitres > 0", name="something_counted"),
        sa.CheckConstraint("micrograms_per_ml > 0", name="strength_positive"),
    )

    draw_id: Mapped[int] = mapped_column(sa.ForeignKey("draws.id"), index=True)
    microlitres: Mapped[int]
    micrograms_per_ml: Mapped[int | None]
    """The strength that the second person read from the vial."""

    draw: Mapped[Draw] = relationship(back_populates="counts")


class DueHold(Entry, Base):
    """A nurse is with the patient: a due check waits for a few minutes, once. Append-only."""

    __tablename__ = "due_holds"
    __table_args__ = (sa.UniqueConstraint("session_id", "due_at", name="uq_due_holds_once"),)

    due_at: Mapped[datetime]
    until: Mapped[datetime]


class FollowUp(Base):
    """A call that is owed to a patient after a visit; done by whom, with which words."""

    __tablename__ = "follow_ups"
    __table_args__ = (
        sa.CheckConstraint(
            "(done_at is null) = (done_by_id is null) and (done_at is null) = (done_words is null)",
            name="done_by_somebody_with_words",
        ),
    )

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("treatment_sessions.id"), index=True)
    side_effect_id: Mapped[int | None] = mapped_column(sa.ForeignKey("side_effects.id"), unique=True)
    kind: Mapped[FollowUpKind]
    words: Mapped[Line]
    raised_at: Mapped[datetime]
    raised_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    done_words: Mapped[Line | None]

    treatment: Mapped[TreatmentSession] = relationship()
    side_effect: Mapped[SideEffect | None] = relationship()
    done_by: Mapped[User | None] = relationship(foreign_keys=done_by_id)


class NoteDraft(Versioned, Base):
    """The free words of a session's note until it is signed: one draft a session, which may change."""

    __tablename__ = "note_drafts"
    __mapper_args__ = {"version_id_col": Versioned.version}

    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("treatment_sessions.id"), unique=True)
    body: Mapped[Body]
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))

    changed_by: Mapped[User] = relationship()


class NoteSignature(Base):
    """A signature under a session's note: the note as it was signed, what that means, and when. Append-only."""

    __tablename__ = "note_signatures"

    id: Mapped[Id]
    note_id: Mapped[int] = mapped_column(sa.ForeignKey("notes.id"), unique=True)
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("treatment_sessions.id"), unique=True)
    """One signed note a session."""
    content: Mapped[dict[str, Any]]
    """The composed note as it was signed, part by part, so that it prints the same for ever."""
    digest: Mapped[str] = mapped_column(sa.String(64))
    meaning: Mapped[Line]
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))

    by: Mapped[User] = relationship()
