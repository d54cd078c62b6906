"""The published consent texts: which one a protocol has, and whether it fits."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.document_kinds import DocumentKind
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.papers.consent_texts import ConsentText, Misfit, ReadText, as_read, misfits, read_consent
from clinic_sessions.domain.papers.consents import ConsentReason
from clinic_sessions.domain.papers.papers import SigningWay
from clinic_sessions.domain.scheduling.plans import ProtocolStatus
from clinic_sessions.models import Consent, DocumentVersion, ProtocolVersion
from clinic_sessions.services.catalogue import protocol_of

WAS_PUBLISHED = (ProtocolStatus.PUBLISHED, ProtocolStatus.RETIRED)


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The texts that a protocol ever had, the newest first, and what of the newest does not fit."""

    versions: Sequence[DocumentVersion]
    misfits: Sequence[Misfit]

    @property
    def newest(self) -> DocumentVersion | None:
        """The text that is signed now; None when there is none."""
        return next((one for one in self.versions if one.status is ProtocolStatus.PUBLISHED), None)


def key_of(protocol_key: str) -> str:
    """Give the key under which the text of a protocol is kept."""
    return f"consent-{protocol_key}"


def text_of(document: DocumentVersion) -> ConsentText:
    """Give the text that a version holds."""
    return _text(document.body)


@lru_cache(maxsize=32)
def _text(body: str) -> ConsentText:
    return read_consent(json.loads(body))


def texts(db: Session, version: ProtocolVersion) -> Texts:
    """Gather the texts of a protocol."""
    row = DocumentVersion
    query = sa.select(row).where(row.kind == DocumentKind.CONSENT, row.key == key_of(version.key))
    listed = db.scalars(query.where(row.status.in_(WAS_PUBLISHED)).order_by(row.number.desc())).all()
    found = Texts(versions=listed, misfits=())
    if found.newest is None:
        return found
    return Texts(versions=listed, misfits=misfits(text_of(found.newest), protocol_of(version)))


def newest(db: Session, protocol_key: str) -> DocumentVersion | None:
    """Give the text that is signed now for a protocol; None when there is none."""
    row = DocumentVersion
    query = sa.select(row).where(row.kind == DocumentKind.CONSENT, row.key == key_of(protocol_key))
    return db.scalars(query.where(row.status == ProtocolStatus.PUBLISHED).order_by(row.number.desc()).limit(1)).first()


def against(db: Session, version: ProtocolVersion, document_version_id: int, way: SigningWay) -> list[ConsentReason]:
    """List why a text is not signed for a protocol version: on the screen it is the newest, on paper any that was."""
    found = texts(db, version)
    signed = next((one for one in found.versions if one.id == document_version_id), None)
    if found.newest is None or (signed is None and way is SigningWay.PAPER):
        return [ConsentReason.NO_TEXT]
    if signed is None or (way is SigningWay.SCREEN and signed.id != found.newest.id):
        return [ConsentReason.NEWER_TEXT]
    return [ConsentReason.TEXT_DOES_NOT_FIT] if misfits(text_of(signed), protocol_of(version)) else []


def read(document: DocumentVersion, version: ProtocolVersion, language: Language) -> ReadText:
    """Give a text as the patient reads it for a protocol version."""
    return as_read(text_of(document), protocol_of(version), language)


def as_signed(consent: Consent) -> ReadText:
    """Give the words that a patient read, for good: the text, protocol version and language of the consent itself."""
    return read(consent.document_version, consent.protocol_version, consent.language)
