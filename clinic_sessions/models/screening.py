"""Screening: questionnaires answered, medicines, earlier treatments, and what a provider decided."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.domain.papers.papers import Clearance
from clinic_sessions.domain.papers.screening_kinds import (
    ItemAnswer,
    MedicineClass,
    ScreeningSource,
    ScreeningStatus,
    TreatmentResponse,
)
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.models.base import Base, Body, Id, Line, Name, Versioned
from clinic_sessions.models.documents import DocumentVersion
from clinic_sessions.models.patients import Patient
from clinic_sessions.models.people import User
from clinic_sessions.models.protocols import ProtocolVersion


class Screening(Versioned, Base):
    """One questionnaire for one route. Its draft may change until a clinician files it; then its answers stand."""

    __tablename__ = "screenings"
    __mapper_args__ = {"version_id_col": Versioned.version}
    __table_args__ = (
        sa.CheckConstraint("(status = 'filed') = (filed_at is not null)", name="filed_with_its_time"),
        sa.CheckConstraint("(source = 'staff') = (expires_at is null)", name="link_expires"),
    )

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    route: Mapped[Route]
    document_version_id: Mapped[int] = mapped_column(sa.ForeignKey("document_versions.id"))
    source: Mapped[ScreeningSource]
    status: Mapped[ScreeningStatus] = mapped_column(default=ScreeningStatus.DRAFT)
    draft: Mapped[dict[str, Any]] = mapped_column(default=dict)
    started_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    """Who began it, or asked the patient to."""
    expires_at: Mapped[datetime | None]
    """Until when the patient's link takes answers."""
    submitted_at: Mapped[datetime | None]
    filed_at: Mapped[datetime | None]
    filed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    systolic_mmhg: Mapped[int | None]
    """The blood pressure before any treatment, in mmHg, as it was when this was filed."""
    diastolic_mmhg: Mapped[int | None]

    patient: Mapped[Patient] = relationship()
    document_version: Mapped[DocumentVersion] = relationship()
    by: Mapped[User] = relationship(foreign_keys=by_id)
    filed_by: Mapped[User | None] = relationship(foreign_keys=filed_by_id)
    answers: Mapped[list["FiledAnswer"]] = relationship(order_by="FiledAnswer.id")


class FiledAnswer(Base):
    """An answer as a clinician filed it. Append-only."""

    __tablename__ = "screening_answers"
    __table_args__ = (sa.UniqueConstraint("screening_id", "item"),)

    id: Mapped[Id]
    screening_id: Mapped[int] = mapped_column(sa.ForeignKey("screenings.id"), index=True)
    item: Mapped[str] = mapped_column(sa.String(60))
    answer: Mapped[ItemAnswer]
    words: Mapped[Body | None]


class ClearanceDecision(Base):
    """What a named provider decided about treating a patient under a protocol. Append-only: the newest counts."""

    __tablename__ = "clearance_decisions"
    __table_args__ = (
        sa.CheckConstraint(
            "(decision in ('cleared', 'deferred')) = (until is not null)", name="until_a_day_when_it_ends"
        ),
        sa.CheckConstraint("decision = 'cleared' or words is not null", name="against_with_a_reason"),
        sa.Index("ix_clearance_decisions_patient_protocol", "patient_id", "protocol_key"),
    )

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"))
    protocol_key: Mapped[str] = mapped_column(sa.String(40))
    """It holds for every version of the protocol."""
    protocol_version_id: Mapped[int] = mapped_column(sa.ForeignKey("protocol_versions.id"))
    """The version that the provider had before them."""
    screening_id: Mapped[int | None] = mapped_column(sa.ForeignKey("screenings.id"))
    decision: Mapped[Clearance]
    until: Mapped[date | None]
    """The last day it holds, inclusive."""
    reasons: Mapped[list[str]] = mapped_column(default=list)
    hard_stops: Mapped[list[str]] = mapped_column(default=list)
    """The hard stops that stood when the patient was cleared all the same; `words` say why."""
    words: Mapped[Body | None]
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))

    protocol_version: Mapped[ProtocolVersion] = relationship()
    screening: Mapped[Screening | None] = relationship()
    by: Mapped[User] = relationship()


class Medicine(Base):
    """A medicine the patient takes; one no longer taken is ended, never removed."""

    __tablename__ = "medicines"
    __table_args__ = (sa.CheckConstraint("diazepam_micrograms > 0", name="diazepam_dose_positive"),)

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    name: Mapped[Name]
    dose_words: Mapped[Name | None]
    medicine_class: Mapped[MedicineClass | None]
    """None: nothing to warn of is known."""
    diazepam_micrograms: Mapped[int | None]
    """What a day's dose of a benzodiazepine comes to in diazepam."""
    added_at: Mapped[datetime]
    added_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    added_by: Mapped[User] = relationship(foreign_keys=added_by_id)
    acknowledgements: Mapped[list["MedicineAcknowledgement"]] = relationship(order_by="MedicineAcknowledgement.id")


class MedicineAcknowledgement(Base):
    """A clinician saw the warning about a medicine. Append-only."""

    __tablename__ = "medicine_acknowledgements"

    id: Mapped[Id]
    medicine_id: Mapped[int] = mapped_column(sa.ForeignKey("medicines.id"), index=True)
    warning: Mapped[Line]
    """The words of the warning as it was shown."""
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    words: Mapped[Line | None]

    by: Mapped[User] = relationship()


class PriorTreatment(Base):
    """A treatment the patient had before; an entry made by mistake is ended, never removed."""

    __tablename__ = "prior_treatments"

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    name: Mapped[Name]
    when_words: Mapped[Name | None]
    response: Mapped[TreatmentResponse]
    words: Mapped[Line | None]
    added_at: Mapped[datetime]
    added_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    added_by: Mapped[User] = relationship(foreign_keys=added_by_id)
