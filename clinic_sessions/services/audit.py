"""Writes audit entries in the transaction of the act that they tell of."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.models import AuditAction, AuditEntry, Base
from clinic_sessions.services.actor import Actor

Changes = Mapping[str, Sequence[Any]]

_INSERT = sa.insert(cast(sa.Table, AuditEntry.__table__))


class View(NamedTuple):
    """A record, or a list of patients, that someone was shown."""

    entity: str
    entity_id: int | None
    patient_id: int | None
    patient_ids: tuple[int, ...]


def note(
    db: Session,
    action: AuditAction,
    entity: str,
    entity_id: int | None,
    *,
    now: datetime,
    by: Actor,
    patient_id: int | None = None,
    patient_ids: Sequence[int] = (),
    changes: Changes | None = None,
    reason: str | None = None,
) -> None:
    """Add one audit entry; `changes` maps a field to its value before and after."""
    changed = {field: [_plain(value) for value in pair] for field, pair in (changes or {}).items()}
    row = _row(action, entity, entity_id, now=now, by=by, patient_id=patient_id, patient_ids=patient_ids)
    db.add(AuditEntry(**row, changes=changed, reason=reason))


def note_views(db: Session, views: Sequence[View], *, now: datetime, by: Actor) -> None:
    """Write at once that someone looked at all of these; plain rows, because every page pays for them."""
    rows = [
        _row(
            AuditAction.READ, one.entity, one.entity_id,
            now=now, by=by, patient_id=one.patient_id, patient_ids=one.patient_ids,
        )
        for one in views
    ]  # fmt: skip
    db.execute(_INSERT, rows)


def _row(
    action: AuditAction,
    entity: str,
    entity_id: int | None,
    *,
    now: datetime,
    by: Actor,
    patient_id: int | None,
    patient_ids: Sequence[int],
) -> dict[str, Any]:
    return {
        "at": now,
        "actor": by.kind,
        "user_id": by.user_id,
        "acting_role": by.role,
        "sign_in_id": by.sign_in_id,
        "address": by.address,
        "action": action,
        "entity": entity,
        "entity_id": entity_id,
        "patient_id": patient_id,
        "patient_ids": [str(one) for one in patient_ids],
    }


def changes_of(row: Base) -> dict[str, list[Any]]:
    """Give what has been changed on a loaded row and not yet written: field -> [before, after]."""
    changed = {}
    for attribute in sa.inspect(row).mapper.column_attrs:
        history = sa.inspect(row).attrs[attribute.key].history
        if history.has_changes():
            before = history.deleted[0] if history.deleted else None
            changed[attribute.key] = [before, history.added[0] if history.added else None]
    return changed


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value
