"""One-use form keys: the same form, sent any number of times, acts once and is answered the same."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic_sessions.models import FormKey
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Refusal

SHORTEST, LONGEST = 16, 64


class FormKeyReason(StrEnum):
    SENT_WITH_OTHER_CONTENT = "sent_with_other_content"


class OtherContent(Refusal):
    """This form has acted already, with other content."""


def new() -> str:
    """Make a key for one showing of a form."""
    return secrets.token_urlsafe(24)


def is_one(key: str) -> bool:
    """Say whether this could be a key of ours; anything else is never looked for in the database."""
    return SHORTEST <= len(key) <= LONGEST and key.isascii() and key.isprintable()


def claim(db: Session, key: str, content: Mapping[str, object], *, now: datetime, by: Actor) -> str | None:
    """Take the key for this transaction, or give the answer of the post that has acted with it already.

    Rivals with the same key wait here for each other. Refuses with OtherContent when the key has acted with other
    content or for another person. The caller ends with `settle` in the same transaction.
    """
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=_plain).encode()).hexdigest()
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    taken = db.execute(
        insert(FormKey)
        .values(key=key, user_id=by.user_id, digest=digest, answer="", created_at=now)
        .on_conflict_do_nothing()
        .returning(FormKey.key)
    ).first()
    if taken:
        return None
    row = db.scalars(sa.select(FormKey).where(FormKey.key == key)).one()
    if row.digest != digest or row.user_id != by.user_id:
        raise OtherContent(FormKeyReason.SENT_WITH_OTHER_CONTENT)
    return row.answer


def _plain(value: object) -> object:
    """Write what JSON does not know so that the same content reads the same in every process."""
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    if is_dataclass(value) and not isinstance(value, type):
        return vars(value)
    return str(value)


def answer_of(db: Session, key: str, by: Actor) -> str | None:
    """Give the answer of the form that has acted with this key for this person; None while none has."""
    if not is_one(key):
        return None
    return db.scalar(sa.select(FormKey.answer).where(FormKey.key == key, FormKey.user_id == by.user_id)) or None


def settle(db: Session, key: str, answer: str) -> None:
    """Keep the path that this post is sent on to, for every later post of the same form."""
    db.execute(sa.update(FormKey).where(FormKey.key == key).values(answer=answer))
