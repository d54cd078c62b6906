"""The catalogue of protocols: seeded once from the shipped files, versioned ever after."""

from datetime import datetime
from functools import lru_cache
from importlib import resources

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain import protocols
from clinic_sessions.domain.plans import ProtocolStatus
from clinic_sessions.domain.protocols import Protocol
from clinic_sessions.models import AuditAction, ProtocolVersion
from clinic_sessions.services import audit, documents
from clinic_sessions.services.actor import SYSTEM

SHIPPED = ("iv-mood", "iv-pain", "im", "in-racemic", "in-esketamine")


def load_shipped(db: Session, now: datetime) -> None:
    """Load the shipped protocols, published, into an empty catalogue, and the documents of which there is none yet."""
    documents.load_shipped(db, now)
    if db.scalar(sa.select(ProtocolVersion.id).limit(1)):
        return
    for name in SHIPPED:
        protocol = protocols.parse(resources.files("clinic_sessions.protocols").joinpath(f"{name}.toml").read_text())
        row = ProtocolVersion(
            key=protocol.key,
            number=1,
            title=protocol.name,
            route=protocol.route,
            block_minutes=protocols.block_minutes(protocol),
            body=protocols.as_json(protocol),
            digest=protocols.digest(protocol),
            status=ProtocolStatus.PUBLISHED,
            loaded_at=now,
            published_at=now,
        )
        db.add(row)
        db.flush()
        audit.note(db, AuditAction.CREATE, "protocol_version", row.id, now=now, by=SYSTEM)


def published(db: Session) -> list[ProtocolVersion]:
    """List the versions that can be booked: the newest published one of each protocol."""
    rows = db.scalars(
        sa.select(ProtocolVersion)
        .where(ProtocolVersion.status == ProtocolStatus.PUBLISHED)
        .order_by(ProtocolVersion.key, ProtocolVersion.number)
    )
    return sorted({row.key: row for row in rows}.values(), key=lambda row: row.id)


def protocol_of(version: ProtocolVersion) -> Protocol:
    """Give the protocol that a version holds."""
    return _read(version.body)


@lru_cache(maxsize=64)
def _read(body: str) -> Protocol:
    return protocols.from_json(body)
