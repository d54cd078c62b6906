"""What came of the sessions that ran under each version of a protocol, so that versions can be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.models import (
    ProtocolVersion,
    SideEffect,
    SideEffectEvent,
    StatusChange,
    TreatmentSession,
    User,
    UserClinic,
)

SEVERE = 3
"""From this CTCAE v5 grade on an effect is severe: a definition of that scale."""
MOST_LISTED = 200

_RAN = TreatmentSession


@dataclass(frozen=True, kw_only=True)
class VersionOutcomes:
    """Counts of the sessions whose dose was begun under one version, at the clinics of whoever asks."""

    sessions: int = 0
    patients: int = 0
    stopped_early: int = 0
    severe: int = 0
    to_hospital: int = 0


def by_version(db: Session, key: str, user: User) -> Mapping[int, VersionOutcomes]:
    """Count, for each version of a protocol with sessions, what came of them: version id -> counts."""
    query = (
        sa.select(
            ProtocolVersion.id,
            sa.func.count(),
            sa.func.count(sa.distinct(_RAN.patient_id)),
            _how_many(_stopped()),
            _how_many(_severe()),
            _how_many(_RAN.status == Status.TAKEN_TO_HOSPITAL),
        )
        .select_from(_RAN)
        .join(ProtocolVersion, ProtocolVersion.id == _RAN.protocol_version_id)
        .where(ProtocolVersion.key == key, *_mine(user))
        .group_by(ProtocolVersion.id)
    )
    return {
        version_id: VersionOutcomes(
            sessions=sessions, patients=patients, stopped_early=stopped, severe=severe, to_hospital=hospital
        )
        for version_id, sessions, patients, stopped, severe, hospital in db.execute(query)
    }


def sessions_of(db: Session, version: ProtocolVersion, user: User) -> Sequence[TreatmentSession]:
    """List the sessions whose dose was begun under a version, the newest first, at most MOST_LISTED."""
    query = sa.select(_RAN).where(_RAN.protocol_version_id == version.id, *_mine(user))
    query = query.options(joinedload(_RAN.patient), joinedload(_RAN.clinic))
    return db.scalars(query.order_by(_RAN.starts_at.desc(), _RAN.id.desc()).limit(MOST_LISTED)).all()


def _mine(user: User) -> tuple[sa.ColumnElement[bool], ...]:
    here = sa.select(UserClinic.clinic_id).where(UserClinic.user_id == user.id)
    return (_RAN.dose_started_at.is_not(None), _RAN.clinic_id.in_(here))


def _how_many(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


def _stopped() -> sa.ColumnElement[bool]:
    undone = sa.orm.aliased(StatusChange)
    return (
        sa.exists()
        .where(
            StatusChange.session_id == _RAN.id,
            StatusChange.action == Action.STOP_EARLY,
            ~sa.exists().where(undone.undoes_id == StatusChange.id),
        )
        .correlate(_RAN)
    )


def _severe() -> sa.ColumnElement[bool]:
    """Whether any effect that was not corrected away reached the grade, at its onset or later."""
    newer = sa.orm.aliased(SideEffect)
    later = sa.exists().where(SideEffectEvent.side_effect_id == SideEffect.id, SideEffectEvent.grade >= SEVERE)
    return (
        sa.exists()
        .where(
            SideEffect.session_id == _RAN.id,
            ~sa.exists().where(newer.corrects_id == SideEffect.id),
            sa.or_(SideEffect.grade >= SEVERE, later),
        )
        .correlate(_RAN)
    )
