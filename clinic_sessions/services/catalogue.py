"""The catalogue of protocols: seeded once from the shipped files, versioned ever after."""

from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols import protocols
from clinic_sessions.domain.protocols.protocols import Protocol
from clinic_sessions.domain.scheduling.plans import ProtocolStatus
from clinic_sessions.models import AuditAction, ProtocolVersion
from clinic_sessions.services import audit, documents
from clinic_sessions.services.actor import SYSTEM

SHIPPED = ("iv-mood", "iv-pain", "im", "in-racemic", "in-esketamine")


def load_shipped(db: Session, now: datetime) -> None:
    """Load the shipped protocols: published into an empty catalogue, as drafts into one in use that has not seen them.

    An upgrade never changes a number in use: a provider publishes the draft, or leaves it.
    """
    documents.load_shipped(db, now)
    rows = db.execute(sa.select(ProtocolVersion.key, ProtocolVersion.number, ProtocolVersion.digest)).all()
    for protocol in _shipped():
        if protocols.digest(protocol) in {digest for key, _, digest in rows if key == protocol.key}:
            continue
        newest = max((number for key, number, _ in rows if key == protocol.key), default=0)
        row = ProtocolVersion(
            key=protocol.key, number=newest + 1, **columns(protocol), loaded_at=now,
            status=ProtocolStatus.DRAFT if rows else ProtocolStatus.PUBLISHED,
            drafted_at=now if rows else None, published_at=None if rows else now,
        )  # fmt: skip
        db.add(row)
        db.flush()
        audit.note(db, AuditAction.CREATE, "protocol_version", row.id, now=now, by=SYSTEM)


@lru_cache(maxsize=1)
def _shipped() -> tuple[Protocol, ...]:
    folder = resources.files("clinic_sessions.protocols")
    return tuple(protocols.parse(folder.joinpath(f"{name}.toml").read_text()) for name in SHIPPED)


def columns(protocol: Protocol) -> dict[str, Any]:
    """Give what a version's row keeps of its protocol."""
    return {
        "title": protocol.name,
        "route": protocol.route,
        "block_minutes": protocols.block_minutes(protocol),
        "body": protocols.as_json(protocol),
        "digest": protocols.digest(protocol),
    }


def published(db: Session) -> list[ProtocolVersion]:
    """List the versions that can be booked: the newest published one of each protocol, in the order they first came."""
    rows = db.scalars(
        sa.select(ProtocolVersion)
        .where(ProtocolVersion.status == ProtocolStatus.PUBLISHED)
        .order_by(ProtocolVersion.key, ProtocolVersion.number)
    )
    newest, first = dict[str, ProtocolVersion](), dict[str, int]()
    for row in rows:
        newest[row.key] = row
        first.setdefault(row.key, row.id)
    return sorted(newest.values(), key=lambda row: first[row.key])


def protocol_of(version: ProtocolVersion) -> Protocol:
    """Give the protocol that a version holds."""
    return _read(version.body)


@lru_cache(maxsize=64)
def _read(body: str) -> Protocol:
    return protocols.from_json(body)
