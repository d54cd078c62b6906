"""The tables: columns, constraints and relationships; no decisions."""

from clinic_sessions.models.alerts import Alert, AlertEvent
from clinic_sessions.models.assessments import Finding, RiskAssessment, SafetyPlan, ScaleResult
from clinic_sessions.models.audit import ActorKind, AuditAction, AuditEntry
from clinic_sessions.models.base import Base
from clinic_sessions.models.check_ins import CheckIn, CheckInAnswer
from clinic_sessions.models.clinics import Chair, Clinic, ClinicDay, Closure, Installation, OpeningHours
from clinic_sessions.models.consents import Consent, ConsentEvent, ContactConsent
from clinic_sessions.models.documents import DocumentVersion
from clinic_sessions.models.jobs import Heartbeat, JobRun
from clinic_sessions.models.messages import Link, LinkPurpose, Message, MessageEvent
from clinic_sessions.models.move_wishes import MoveWish
from clinic_sessions.models.orders import AsNeeded, Order, OrderEvent
from clinic_sessions.models.patients import Patient, PatientClinic, PatientCondition, Weight
from clinic_sessions.models.people import FormKey, SignIn, SignInAttempt, StaffFeed, User, UserClinic, UserRole
from clinic_sessions.models.plan_papers import Authorisation, Enrolment, MonitoringCheck, PlanChange
from clinic_sessions.models.protocols import Plan, PlanPhase, ProtocolVersion
from clinic_sessions.models.record import DoseEvent, Intervention, Note, SideEffect, SideEffectEvent, VitalsReading
from clinic_sessions.models.screening import (
    ClearanceDecision,
    FiledAnswer,
    Medicine,
    MedicineAcknowledgement,
    PriorTreatment,
    Screening,
)
from clinic_sessions.models.sessions import BookingOverride, StatusChange, TreatmentSession
from clinic_sessions.models.shifts import Shift, ShiftBreak, ShiftException
from clinic_sessions.models.treatment_day import (
    Draw,
    DrugLabel,
    DueHold,
    FollowUp,
    NoteDraft,
    NoteSignature,
    ProviderAnswer,
    ProviderAsk,
    SecondCount,
    SessionCheck,
)
from clinic_sessions.models.waitlist import WaitlistWish

__all__ = [
    "ActorKind",
    "Alert",
    "AlertEvent",
    "AsNeeded",
    "AuditAction",
    "AuditEntry",
    "Authorisation",
    "Base",
    "BookingOverride",
    "Chair",
    "CheckIn",
    "CheckInAnswer",
    "ClearanceDecision",
    "Clinic",
    "ClinicDay",
    "Closure",
    "Consent",
    "ConsentEvent",
    "ContactConsent",
    "DocumentVersion",
    "DoseEvent",
    "Draw",
    "DrugLabel",
    "DueHold",
    "Enrolment",
    "FiledAnswer",
    "Finding",
    "FollowUp",
    "FormKey",
    "Heartbeat",
    "Installation",
    "Intervention",
    "JobRun",
    "Link",
    "LinkPurpose",
    "Medicine",
    "MedicineAcknowledgement",
    "Message",
    "MessageEvent",
    "MonitoringCheck",
    "MoveWish",
    "Note",
    "NoteDraft",
    "NoteSignature",
    "OpeningHours",
    "Order",
    "OrderEvent",
    "Patient",
    "PatientClinic",
    "PatientCondition",
    "Plan",
    "PlanChange",
    "PlanPhase",
    "PriorTreatment",
    "ProtocolVersion",
    "ProviderAnswer",
    "ProviderAsk",
    "RiskAssessment",
    "SafetyPlan",
    "ScaleResult",
    "Screening",
    "SecondCount",
    "SessionCheck",
    "Shift",
    "ShiftBreak",
    "ShiftException",
    "SideEffect",
    "SideEffectEvent",
    "SignIn",
    "SignInAttempt",
    "StaffFeed",
    "StatusChange",
    "TreatmentSession",
    "User",
    "UserClinic",
    "UserRole",
    "VitalsReading",
    "WaitlistWish",
    "Weight",
]
