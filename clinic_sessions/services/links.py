"""Patients' ways in: a token of 128 random bits in a mail, its hash in a row, good until it expires or is revoked."""

import hashlib
import secrets
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.models import CheckIn, Link, LinkPurpose, Patient, TreatmentSession
from clinic_sessions.services.refusals import Absent, Refusal

_TOKEN_BYTES = 16
_PATHS = {
    LinkPurpose.APPOINTMENT: "a",
    LinkPurpose.CHECK_IN: "c",
    LinkPurpose.INTAKE: "i",
    LinkPurpose.OFFER: "o",
    LinkPurpose.CONTACT_WISHES: "w",
}


class LinkReason(StrEnum):
    EXPIRED = "expired"
    REVOKED = "revoked"


_CLINICS = {
    LinkPurpose.APPOINTMENT: sa.select(TreatmentSession.clinic_id).where(TreatmentSession.id == sa.bindparam("about")),
    LinkPurpose.CHECK_IN: sa.select(TreatmentSession.clinic_id)
    .join(CheckIn, CheckIn.session_id == TreatmentSession.id)
    .where(CheckIn.id == sa.bindparam("about")),
}


class Expired(Refusal):
    """The link was good once; its time has passed."""


class Revoked(Refusal):
    """The link was taken back."""


def issue(
    db: Session,
    purpose: LinkPurpose,
    object_id: int,
    patient: Patient,
    *,
    message_id: int | None,
    now: datetime,
    expires_at: datetime,
) -> str:
    """Add a link and give its token, which is kept nowhere; earlier links to the same thing stay good."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    db.add(
        Link(
            purpose=purpose,
            object_id=object_id,
            patient_id=patient.id,
            message_id=message_id,
            token_hash=_hash(token),
            created_at=now,
            expires_at=expires_at,
        )
    )
    return token


def open_link(db: Session, purpose: LinkPurpose, token: str, now: datetime) -> Link:
    """Give the link that a token opens.

    Raises Absent when there is none for this purpose, Revoked, or Expired.
    """
    link = find(db, purpose, token)
    if link is None:
        raise Absent
    if link.revoked_at is not None:
        raise Revoked(LinkReason.REVOKED)
    if now >= link.expires_at:
        raise Expired(LinkReason.EXPIRED)
    return link


def find(db: Session, purpose: LinkPurpose, token: str) -> Link | None:
    """Give the link of a token even when it no longer opens anything, so that its patient is told in their language."""
    return db.scalar(sa.select(Link).where(Link.token_hash == _hash(token), Link.purpose == purpose))


def revoke_for(db: Session, purpose: LinkPurpose, object_id: int, now: datetime) -> None:
    """Take back every link to one thing."""
    mine = (Link.purpose == purpose, Link.object_id == object_id, Link.revoked_at.is_(None))
    db.execute(sa.update(Link).where(*mine).values(revoked_at=now))


def address(base_url: str, purpose: LinkPurpose, token: str) -> str:
    """Give the address that a token opens; the base is the configured one, never a request's."""
    return f"{base_url}/{_PATHS[purpose]}/{token}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def clinic_id(db: Session, link: Link) -> int:
    """Give the clinic that a link is about: that of its visit, else the patient's own."""
    query = _CLINICS.get(link.purpose)
    found = db.scalar(query, {"about": link.object_id}) if query is not None else None
    return link.patient.clinic_id if found is None else found
