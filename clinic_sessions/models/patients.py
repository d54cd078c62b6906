"""Patients: who they are, how to reach them, and what everyone who sees their name must know."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.domain.contacts import PregnancyPossible
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.patients.weights import WeightUnit
from clinic_sessions.models.base import Base, Body, Id, Line, Name, Versioned
from clinic_sessions.models.clinics import Clinic
from clinic_sessions.models.people import User


class PatientClinic(Base):
    """A further clinic at which a patient may be treated, besides their own."""

    __tablename__ = "patient_clinics"

    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), primary_key=True)
    clinic_id: Mapped[int] = mapped_column(sa.ForeignKey("clinics.id"), primary_key=True, index=True)


class Patient(Versioned, Base):
    """A person treated here. The front desk knows how to reach them; clinical facts are apart."""

    __tablename__ = "patients"
    __mapper_args__ = {"version_id_col": Versioned.version}

    id: Mapped[Id]
    clinic_id: Mapped[int] = mapped_column(sa.ForeignKey("clinics.id"), index=True)
    record_number: Mapped[str] = mapped_column(sa.String(20), unique=True)
    turn: Mapped[int] = mapped_column(default=0)
    """Counted up by every writer who books this patient, so that rivals queue on the row."""

    name: Mapped[Name]
    name_folded: Mapped[Name] = mapped_column(index=True)
    birth_date: Mapped[date] = mapped_column(index=True)
    phone: Mapped[str] = mapped_column(sa.String(32), index=True)
    """E.164."""
    language: Mapped[Language]

    preferred_name: Mapped[Name | None]
    pronouns: Mapped[str | None] = mapped_column(sa.String(60))
    street: Mapped[Line | None]
    city: Mapped[Name | None]
    state: Mapped[str | None] = mapped_column(sa.String(60))
    postal_code: Mapped[str | None] = mapped_column(sa.String(20))

    email: Mapped[str | None] = mapped_column(sa.String(254))
    email_wanted: Mapped[bool] = mapped_column(default=True)
    email_wish_at: Mapped[datetime | None]
    """When the patient said yes or no to mail."""
    email_bounced_at: Mapped[datetime | None]
    contact_wishes: Mapped[Line | None]

    emergency_name: Mapped[Name | None]
    emergency_relation: Mapped[Name | None]
    emergency_phone: Mapped[str | None] = mapped_column(sa.String(32))
    emergency_may_be_called: Mapped[bool] = mapped_column(default=False)

    psychiatrist: Mapped[Line | None]
    therapist: Mapped[Line | None]
    primary_doctor: Mapped[Line | None]

    pregnancy_possible: Mapped[PregnancyPossible] = mapped_column(default=PregnancyPossible.NOT_ASKED)
    allergies: Mapped[Body | None]
    pressure_limit_systolic_mmhg: Mapped[int | None]
    pressure_limit_diastolic_mmhg: Mapped[int | None]
    interpreter: Mapped[Line | None]
    escort_trouble: Mapped[Line | None]
    other_alert: Mapped[Line | None]

    days_wanted: Mapped[list[int]] = mapped_column(sa.JSON, default=list)
    """The weekdays that suit the patient (Monday is 0); empty: any."""
    notice_hours: Mapped[int] = mapped_column(default=0)
    """How long before a visit the patient must know of it."""

    registered_at: Mapped[datetime]
    registered_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))

    clinic: Mapped[Clinic] = relationship()
    other_clinics: Mapped[list[Clinic]] = relationship(secondary="patient_clinics", order_by=Clinic.id)
    conditions: Mapped[list["PatientCondition"]] = relationship(order_by="PatientCondition.id")
    weights: Mapped[list["Weight"]] = relationship(order_by="Weight.measured_at.desc(), Weight.id.desc()")

    __table_args__ = (
        sa.CheckConstraint("pressure_limit_systolic_mmhg between 60 and 260", name="systolic_limit_possible"),
        sa.CheckConstraint("pressure_limit_diastolic_mmhg between 30 and 180", name="diastolic_limit_possible"),
    )

    @property
    def clinic_ids(self) -> frozenset[int]:
        """The clinics at which the patient may be treated."""
        return frozenset({self.clinic_id, *(clinic.id for clinic in self.other_clinics)})

    @property
    def called(self) -> str:
        """The name to use when speaking with the patient."""
        return self.preferred_name or self.name


class PatientCondition(Base):
    """A condition the patient is treated for; one that no longer holds is ended, never removed."""

    __tablename__ = "patient_conditions"

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    condition: Mapped[Condition]
    icd10_code: Mapped[str] = mapped_column(sa.String(10))
    added_at: Mapped[datetime]
    added_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))


class Weight(Base):
    """A weighing. Append-only: a correction is a new row that names the old."""

    __tablename__ = "weights"
    __table_args__ = (sa.CheckConstraint("grams > 0", name="positive"),)

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    grams: Mapped[int]
    entered_unit: Mapped[WeightUnit]
    measured_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("weights.id"))

    by: Mapped[User] = relationship()
