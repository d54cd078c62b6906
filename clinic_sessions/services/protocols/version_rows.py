"""The versions of protocols, thresholds and texts, as they are read: the same for all."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.document_kinds import DocumentKind
from clinic_sessions.domain.papers.consent_texts import ConsentText
from clinic_sessions.domain.papers.screening import Questionnaire, read_questionnaire
from clinic_sessions.domain.protocols.protocols import Protocol
from clinic_sessions.domain.scheduling.plans import GOING_ON, ProtocolStatus
from clinic_sessions.domain.thresholds import Thresholds
from clinic_sessions.models import DocumentVersion, Plan, ProtocolVersion, User
from clinic_sessions.services import catalogue, documents
from clinic_sessions.services.consents import consent_documents
from clinic_sessions.services.refusals import Absent

Version = ProtocolVersion | DocumentVersion
Document = Protocol | Thresholds | Questionnaire | ConsentText


SHELVES: Mapping[str, tuple[type[Version], frozenset[DocumentKind]]] = MappingProxyType(
    {
        "protocols": (ProtocolVersion, frozenset()),
        "thresholds": (DocumentVersion, frozenset({DocumentKind.THRESHOLDS})),
        "texts": (DocumentVersion, frozenset({DocumentKind.SCREENING, DocumentKind.CONSENT})),
    }
)
"""Where versions stand, by the first step of their path."""


def load(db: Session, shelf: str, version_id: int, *, to_change: bool = False) -> Version:
    """Load a version from a shelf; raises Absent when it is not there.

    `to_change` queues behind others who act on a version of the same thing.
    """
    kind, kinds = SHELVES[shelf]
    query = sa.select(kind).where(kind.id == version_id)
    if kinds:
        query = query.where(DocumentVersion.kind.in_(kinds))
    found = cast(Version | None, db.scalar(query))
    if found is None:
        raise Absent
    if to_change:
        db.scalars(_siblings(found).with_for_update().execution_options(populate_existing=True)).all()
    return found


def shelf_of(version: Version) -> str:
    """Name the shelf on which a version stands."""
    if isinstance(version, ProtocolVersion):
        return "protocols"
    return next(name for name, (_, kinds) in SHELVES.items() if version.kind in kinds)


def of(version: Version) -> Document:
    """Give what a version holds."""
    if isinstance(version, ProtocolVersion):
        return catalogue.protocol_of(version)
    if version.kind is DocumentKind.CONSENT:
        return consent_documents.text_of(version)
    if version.kind is DocumentKind.SCREENING:
        return _questionnaire(version.body)
    return documents.thresholds_of(version)


@lru_cache(maxsize=16)
def _questionnaire(body: str) -> Questionnaire:
    return read_questionnaire(json.loads(body))


def history(db: Session, version: Version) -> Sequence[Version]:
    """List every version of the same thing, the newest first."""
    return db.scalars(_siblings(version).order_by(sa.desc("number"))).all()


def everything(db: Session) -> Sequence[Sequence[Version]]:
    """List all that has versions: protocols, thresholds, then texts; of each the newest version first."""
    rows: list[Version] = [
        *db.scalars(sa.select(ProtocolVersion).order_by(ProtocolVersion.id)),
        *db.scalars(sa.select(DocumentVersion).order_by(DocumentVersion.id)),
    ]
    found: dict[tuple[str, str], list[Version]] = {}
    for row in sorted(rows, key=lambda one: list(SHELVES).index(shelf_of(one))):
        found.setdefault((shelf_of(row), row.key), []).append(row)
    return [sorted(group, key=lambda one: -one.number) for group in found.values()]


def names(db: Session, version: Version) -> Mapping[int, str]:
    """Give the names of those who acted on a version, by their id."""
    ids = {version.drafted_by_id, version.proposed_by_id, version.published_by_id, version.retired_by_id}
    rows = db.execute(sa.select(User.id, User.name).where(User.id.in_(ids - {None})))
    return {row.id: row.name for row in rows}


def newest_published(db: Session, version: Version) -> Version | None:
    """Give the version of the same thing from which bookings are made now; None when all are retired."""
    rows = history(db, version)
    return next((row for row in rows if row.status is ProtocolStatus.PUBLISHED), None)


def origin(db: Session, version: Version) -> Version | None:
    """Give the version that this one is a copy of; for one that came with an update, the one in use."""
    if version.copied_from is None:
        return newest_published(db, version)
    return next((row for row in history(db, version) if row.number == version.copied_from), None)


def proposed(db: Session) -> Sequence[Version]:
    """List the versions that wait for a provider to publish them, the oldest proposal first."""
    waiting: list[Version] = [
        *db.scalars(sa.select(ProtocolVersion).where(ProtocolVersion.status == ProtocolStatus.PROPOSED)),
        *db.scalars(sa.select(DocumentVersion).where(DocumentVersion.status == ProtocolStatus.PROPOSED)),
    ]
    return sorted(waiting, key=lambda one: (one.proposed_at or one.loaded_at, one.id))


def alone_from(db: Session, version: Version) -> datetime | None:
    """Give the moment from which one who changed or proposed a version may publish it; None unless proposed."""
    if version.status is not ProtocolStatus.PROPOSED or version.proposed_at is None:
        return None
    return version.proposed_at + timedelta(hours=documents.thresholds(db).publish_alone.whole)


def token(version: Version) -> str:
    """Give what a form carries of the draft that it shows, so that a change by someone else is seen."""
    reasons = sorted((version.reasons or {}).items())
    return documents.digest(f"{version.digest}{version.status}{reasons}")[:32]


def plans_under_way(db: Session, version: Version) -> int:
    """Count the plans that run under a version."""
    if not isinstance(version, ProtocolVersion):
        return 0
    query = sa.select(sa.func.count()).where(Plan.protocol_version_id == version.id, Plan.status.in_(GOING_ON))
    return db.scalar(query) or 0


def entity(version: Version) -> str:
    """Name a version's kind as the audit does."""
    return "protocol_version" if isinstance(version, ProtocolVersion) else "document_version"


def _siblings(version: Version) -> sa.Select[Any]:
    kind = type(version)
    query = sa.select(kind).where(kind.key == version.key)
    if isinstance(version, DocumentVersion):
        query = query.where(DocumentVersion.kind == version.kind)
    return query.order_by(kind.id)
