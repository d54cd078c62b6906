"""The versioned texts and numbers beside the protocols: seeded from the shipped files, read as they were published."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import resources

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.document_kinds import DocumentKind
from clinic_sessions.domain.papers.consent_texts import parse_consent
from clinic_sessions.domain.papers.screening import parse_questionnaire
from clinic_sessions.domain.scheduling.plans import ProtocolStatus
from clinic_sessions.domain.sourced import write_table
from clinic_sessions.domain.thresholds import Thresholds, parse_thresholds, read_thresholds
from clinic_sessions.models import AuditAction, DocumentVersion
from clinic_sessions.services import audit
from clinic_sessions.services.actor import SYSTEM
from clinic_sessions.services.refusals import Absent


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """A document that comes with the program, by the name of its file."""

    kind: DocumentKind
    key: str
    title: str
    parse: Callable[[str], object]


THRESHOLDS = "thresholds"

SHIPPED: tuple[Shipped, ...] = (
    Shipped(kind=DocumentKind.THRESHOLDS, key=THRESHOLDS, title="Thresholds of the clinic", parse=parse_thresholds),
    Shipped(kind=DocumentKind.SCREENING, key="screening-iv", title="Screening, IV", parse=parse_questionnaire),
    Shipped(kind=DocumentKind.SCREENING, key="screening-in", title="Screening, nasal", parse=parse_questionnaire),
    Shipped(kind=DocumentKind.SCREENING, key="screening-im", title="Screening, IM", parse=parse_questionnaire),
    Shipped(kind=DocumentKind.CONSENT, key="consent-iv-mood", title="Consent, IV for mood", parse=parse_consent),
    Shipped(kind=DocumentKind.CONSENT, key="consent-iv-pain", title="Consent, IV for pain", parse=parse_consent),
    Shipped(kind=DocumentKind.CONSENT, key="consent-im", title="Consent, IM", parse=parse_consent),
    Shipped(kind=DocumentKind.CONSENT, key="consent-in-racemic", title="Consent, compounded", parse=parse_consent),
    Shipped(kind=DocumentKind.CONSENT, key="consent-in-esketamine", title="Consent, nasal", parse=parse_consent),
)


def load_shipped(db: Session, now: datetime) -> None:
    """Publish each shipped document of which the database has no version yet; another text of one is a draft."""
    rows = db.execute(
        sa.select(DocumentVersion.kind, DocumentVersion.key, DocumentVersion.number, DocumentVersion.digest)
    ).all()
    for one, body in zip(SHIPPED, _shipped(), strict=True):
        known = {seen: number for kind, key, number, seen in rows if (kind, key) == (one.kind, one.key)}
        if digest(body) in known:
            continue
        row = DocumentVersion(
            kind=one.kind, key=one.key, number=max(known.values(), default=0) + 1, title=one.title,
            body=body, digest=digest(body), loaded_at=now,
            status=ProtocolStatus.DRAFT if known else ProtocolStatus.PUBLISHED,
            drafted_at=now if known else None, published_at=None if known else now,
        )  # fmt: skip
        db.add(row)
        db.flush()
        audit.note(db, AuditAction.CREATE, "document_version", row.id, now=now, by=SYSTEM)


@lru_cache(maxsize=1)
def _shipped() -> tuple[str, ...]:
    folder = resources.files("clinic_sessions.protocols")
    return tuple(as_json(one.parse(folder.joinpath(f"{one.key}.toml").read_text())) for one in SHIPPED)


def as_json(document: object) -> str:
    """Write a document as canonical JSON: equal documents, equal text."""
    return json.dumps(write_table(document), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(body: str) -> str:
    """The SHA-256 of a body in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(body.encode()).hexdigest()


def published(db: Session, kind: DocumentKind, key: str) -> DocumentVersion:
    """Give the newest published version of a document; raises Absent when there is none."""
    found = db.scalars(
        sa.select(DocumentVersion)
        .where(
            DocumentVersion.kind == kind,
            DocumentVersion.key == key,
            DocumentVersion.status == ProtocolStatus.PUBLISHED,
        )
        .order_by(DocumentVersion.number.desc())
        .limit(1)
    ).first()
    if found is None:
        raise Absent
    return found


def thresholds(db: Session) -> Thresholds:
    """Give the clinic's numbers as they are published now."""
    return thresholds_of(published_thresholds(db))


def published_thresholds(db: Session) -> DocumentVersion:
    """Give the version of the clinic's numbers that is in use."""
    return published(db, DocumentKind.THRESHOLDS, THRESHOLDS)


def thresholds_of(version: DocumentVersion) -> Thresholds:
    """Give the numbers that a version of the thresholds holds."""
    return _thresholds(version.body)


@lru_cache(maxsize=16)
def _thresholds(body: str) -> Thresholds:
    """Read a version; a number that came with a later program than the version has its shipped value."""
    shipped = json.loads(_shipped()[0])
    return read_thresholds({**shipped, **json.loads(body)})
