"""Scores, findings, assessments of risk and safety plans. All append-only."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey, ScaleMode
from clinic_sessions.domain.papers.findings import FindingKind, FindingResult
from clinic_sessions.domain.patients.risk import Disposition, RiskLevel
from clinic_sessions.models.base import Base, Body, Id, Line
from clinic_sessions.models.people import User


class ScaleResult(Base):
    """One scale as answered and scored; the answers, the version and the language stay with the score."""

    __tablename__ = "scale_results"
    __table_args__ = (sa.Index("ix_scale_results_patient_at", "patient_id", "at"),)

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"))
    session_id: Mapped[int | None] = mapped_column(sa.ForeignKey("treatment_sessions.id"), index=True)
    check_in_id: Mapped[int | None] = mapped_column(sa.ForeignKey("check_ins.id"), index=True)
    scale: Mapped[ScaleKey]
    instrument: Mapped[Line]
    """The version of the scale, as its data file names it."""
    language: Mapped[Language]
    mode: Mapped[ScaleMode]
    items: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)
    """Item number -> answer; empty where only a total is kept."""
    total_thousandths: Mapped[int | None]
    """The total or mean, exact to a thousandth; None: an item it needs was not answered."""
    band: Mapped[str | None] = mapped_column(sa.String(40))
    flags: Mapped[list[str]] = mapped_column(default=list)
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    """None: the patient, by link."""
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("scale_results.id"), unique=True)

    by: Mapped[User | None] = relationship()


class Finding(Base):
    """A look at what long treatment may harm. Append-only."""

    __tablename__ = "findings"

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    kind: Mapped[FindingKind]
    result: Mapped[FindingResult]
    words: Mapped[Line | None]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("findings.id"), unique=True)

    by: Mapped[User] = relationship()


class RiskAssessment(Base):
    """A clinician's assessment of suicide risk, and what was decided. Append-only."""

    __tablename__ = "risk_assessments"

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    alert_id: Mapped[int | None] = mapped_column(sa.ForeignKey("alerts.id"))
    level: Mapped[RiskLevel]
    findings: Mapped[Body]
    disposition: Mapped[Disposition]
    words: Mapped[Body]
    """What was agreed, with whom, and who follows up when."""
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))

    by: Mapped[User] = relationship()


class SafetyPlan(Base):
    """A safety plan made with the patient. Append-only: the newest counts."""

    __tablename__ = "safety_plans"

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    parts: Mapped[dict[str, str]] = mapped_column(sa.JSON)
    """Part of the plan -> words."""
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))

    by: Mapped[User] = relationship()
