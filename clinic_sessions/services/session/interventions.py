"""What was done for the patient beside the protocol, and the drugs that were given under an as-needed order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.session.as_needed import DRUGS
from clinic_sessions.domain.session.side_effects import InterventionKind
from clinic_sessions.domain.words import say
from clinic_sessions.models import AsNeeded, Intervention, SideEffect, TreatmentSession
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.drug import as_needed
from clinic_sessions.services.refusals import Absent
from clinic_sessions.services.session import lifecycle, recording


@dataclass(frozen=True, kw_only=True)
class InterventionAct:
    """What was done for the patient, for which side effect, and under which as-needed order."""

    kind: InterventionKind
    term: str | None = None
    dose_words: str | None = None
    side_effect: SideEffect | None = None
    as_needed: AsNeeded | None = None
    words: str | None = None


def label(row: Intervention) -> str:
    """Say what was done, with the dose of a drug."""
    name = row.term if row.term and row.kind is InterventionKind.OTHER else say(row.kind)
    return f"{name}, {row.dose_words}" if row.dose_words else name


def told(row: Intervention) -> str:
    """Say what was done, with the dose of a drug, and whether an as-needed order covered it."""
    return f"{label(row)}, under the order" if row.as_needed_id is not None else label(row)


def record(
    db: Session,
    treatment: TreatmentSession,
    act: InterventionAct,
    *,
    now: datetime,
    by: Actor,
    at: datetime | None = None,
    corrects: Intervention | None = None,
) -> Intervention:
    """Add what was done at its true time; a drug outside its as-needed order is stored and marked, 911 told at once.

    A drug that the session's order names stands under it, said or not. Raises Absent when the side effect belongs to
    another session; refuses with ChangedMeanwhile when somebody else has corrected the same entry.
    """
    lifecycle.lock(db, treatment)
    recording.guard_correction(db, treatment, corrects)
    if act.side_effect is not None and act.side_effect.session_id != treatment.id:
        raise Absent
    when = at or now
    under = act.as_needed or _covering(db, treatment, act, when)
    row = Intervention(
        **recording.stamp(
            treatment, now=now, by=by, at=when,
            against=[
                *recording.visit_reasons(treatment, when),
                *_against(db, treatment, act, under, by, when, corrects),
            ],
        ),
        kind=act.kind,
        term=act.term,
        dose_words=act.dose_words,
        side_effect_id=act.side_effect.id if act.side_effect else None,
        as_needed_id=under.id if under else None,
        words=act.words,
        corrects_id=corrects.id if corrects else None,
    )  # fmt: skip
    recording.save(db, treatment, row, now=now, by=by)
    if act.kind is InterventionKind.EMS and corrects is None:
        _tell(db, treatment, row, now=now, by=by)
    return row


def _tell(db: Session, treatment: TreatmentSession, row: Intervention, *, now: datetime, by: Actor) -> None:
    """Tell a provider that 911 was called, whatever else waits for an answer."""
    key = f"session:{treatment.id}:{AlertKind.SERIOUS_SIDE_EFFECT.value}:intervention:{row.id}"
    alerts.raise_alert(
        db, treatment.patient, AlertKind.SERIOUS_SIDE_EFFECT, AlertTier.NOW, "911 was called",
        dedup_key=key, now=now, by=by, session_id=treatment.id,
    )  # fmt: skip


def _covering(db: Session, treatment: TreatmentSession, act: InterventionAct, at: datetime) -> AsNeeded | None:
    named = act.kind.value if act.kind in DRUGS else act.term
    return as_needed.covering(db, treatment, named, at) if named else None


def _against(
    db: Session,
    treatment: TreatmentSession,
    act: InterventionAct,
    under: AsNeeded | None,
    by: Actor,
    at: datetime,
    corrects: Intervention | None,
) -> Sequence[StrEnum]:
    """Whoever may write orders needs none for what they give themselves."""
    if under is None and by.user is not None and by.user.may(Permission.WRITE_ORDERS):
        return []
    return as_needed.against(db, treatment, act.kind, act.dose_words, under, at=at, instead_of=corrects)
