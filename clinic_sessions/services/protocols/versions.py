"""Versions of protocols, thresholds and texts: copied, changed, proposed, published by a second provider, retired."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.protocols import edits, leaves, protocols
from clinic_sessions.domain.protocols.edits import Base, Edited, Typed
from clinic_sessions.domain.protocols.protocol_parts import LimitRule, SeriesPhase
from clinic_sessions.domain.protocols.protocols import Protocol
from clinic_sessions.domain.protocols.versions import Standing, VersionReason, against_publishing, against_retiring
from clinic_sessions.domain.scheduling.plans import ProtocolStatus
from clinic_sessions.domain.thresholds import read_thresholds
from clinic_sessions.models import AuditAction, DocumentVersion, ProtocolVersion, User
from clinic_sessions.services import audit, catalogue, documents
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.protocols.version_rows import (
    Document,
    Version,
    alone_from,
    entity,
    history,
    of,
    origin,
    plans_under_way,
    shelf_of,
    token,
)
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, NotAllowed, Refusal


def against(db: Session, version: Version, user: User, now: datetime) -> Sequence[VersionReason]:
    """List what stands against this person publishing a version now."""
    return against_publishing(_standing(db, version), user.id, now)


def is_open(version: Version) -> bool:
    """Say whether a version is a draft of ours, whose numbers may change; one that came with an update is not."""
    return version.status is ProtocolStatus.DRAFT and version.drafted_by_id is not None


def copy(db: Session, version: Version, *, now: datetime, by: Actor) -> Version:
    """Begin a draft as a copy of any version of a protocol or of the thresholds; load it `to_change` first.

    Refuses with TEXT_OF_THE_PROGRAM for a questionnaire or a consent text, NotAllowed.
    """
    _allow(by)
    if shelf_of(version) == "texts":
        raise Refusal(VersionReason.TEXT_OF_THE_PROGRAM)
    number = max(row.number for row in history(db, version)) + 1
    kept: dict[str, Any] = {name: getattr(version, name) for name in ("key", "title", "body", "digest", *_own(version))}
    row = type(version)(
        **kept, number=number, status=ProtocolStatus.DRAFT, loaded_at=now, drafted_at=now,
        drafted_by_id=by.user_id, copied_from=version.number, reasons=dict(version.reasons or {}),
    )  # fmt: skip
    db.add(row)
    db.flush()
    changes = {"number": [None, number], "copied_from": [None, version.number]}
    audit.note(db, AuditAction.CREATE, entity(row), row.id, now=now, by=by, changes=changes)
    return row


def change(db: Session, version: Version, typed: Typed, *, shown: str, today: date, now: datetime, by: Actor) -> None:
    """Keep what was typed in a draft; load it `to_change` first.

    Refuses with ChangedMeanwhile when the draft is no longer what the form showed, VersionReason when it is no draft of
    ours, NotAllowed; raises FaultyEdits with every value that cannot be, or needs a reason.
    """
    _check_draft(version, shown, by)
    before = of(version)
    read = cast(Callable[[object], Document], protocols.read if isinstance(before, Protocol) else read_thresholds)
    made = edits.apply(before, _base(db, version, before), typed, _signed(by, today), read)
    _keep(db, version, before, made, now=now, by=by)


def add_row(
    db: Session, version: Version, wanted: Callable[[str], LimitRule | SeriesPhase], words: str, *, shown: str,
    today: date, now: datetime, by: Actor,
) -> None:  # fmt: skip
    """Give a draft of a protocol one alert limit, or one phase of the series, more; load it `to_change` first.

    `wanted` makes the row from the source of its numbers. Refuses as `change` does; raises Absent for a version of
    anything else, FaultyEdits with everything that is wrong with the whole then.
    """
    _check_draft(version, shown, by)
    if not isinstance(version, ProtocolVersion):
        raise Absent
    before, part = catalogue.protocol_of(version), wanted(edits.new_source(_signed(by, today)))
    base = cast(Base[Protocol], _base(db, version, before))
    made = edits.add(before, base, part, version.reasons or {}, words, protocols.read)
    _keep(db, version, before, made, now=now, by=by)


def _signed(by: Actor, today: date) -> str:
    return f"{by.user.name if by.user else ''}, {today.isoformat()}"


def _base(db: Session, version: Version, before: Document) -> Base[Document]:
    began = origin(db, version)
    return Base(document=of(began), reasons=began.reasons or {}) if began else Base(document=before, reasons={})


def _keep(db: Session, version: Version, before: Document, made: Edited[Any], *, now: datetime, by: Actor) -> None:
    changes = leaves.changes(before, made.document) | _reason_changes(version.reasons or {}, made.reasons)
    _fill(version, made.document)
    version.reasons, version.drafted_by_id = dict(made.reasons), by.user_id
    db.flush()
    audit.note(db, AuditAction.CHANGE, entity(version), version.id, now=now, by=by, changes=changes)


def propose(db: Session, version: Version, *, shown: str, now: datetime, by: Actor) -> None:
    """Lay a draft before the other providers; load it `to_change` first. Refuses with VersionReason or NotAllowed."""
    _allow(by)
    if version.status is not ProtocolStatus.DRAFT:
        raise Refusal(VersionReason.NOT_A_DRAFT)
    if token(version) != shown:
        raise ChangedMeanwhile(VersionReason.CHANGED_MEANWHILE)
    began = origin(db, version)
    if began is not None and began.digest == version.digest:
        raise Refusal(VersionReason.NOTHING_CHANGED)
    if _standing(db, version).outdated:
        raise Refusal(VersionReason.OUTDATED)
    version.proposed_by_id, version.proposed_at = by.user_id, now
    _turn(db, version, ProtocolStatus.PROPOSED, now=now, by=by)


def withdraw(db: Session, version: Version, *, now: datetime, by: Actor) -> None:
    """Make a proposed version a draft again; load it `to_change` first. Refuses with VersionReason or NotAllowed."""
    _allow(by)
    if version.status is not ProtocolStatus.PROPOSED:
        raise Refusal(VersionReason.NOT_PROPOSED)
    version.proposed_by_id = version.proposed_at = None
    _turn(db, version, ProtocolStatus.DRAFT, now=now, by=by)


def publish(db: Session, version: Version, *, now: datetime, by: Actor) -> None:
    """Publish a proposed version: bookings use it from now on, plans and sessions keep theirs; load it `to_change`.

    Refuses with every VersionReason against it, or NotAllowed.
    """
    _allow(by)
    reasons = against_publishing(_standing(db, version), by.user_id, now)
    if reasons:
        raise Refusal(*reasons)
    version.published_by_id, version.published_at = by.user_id, now
    _turn(db, version, ProtocolStatus.PUBLISHED, now=now, by=by)


def retire(db: Session, version: Version, *, words: str, now: datetime, by: Actor) -> None:
    """Take a version out of use, or drop a draft; load it `to_change` first. Sessions booked under it keep it.

    Refuses with every VersionReason against it, or NotAllowed.
    """
    _allow(by)
    reasons = against_retiring(
        version.status, is_last=_is_last(db, version), plans_under_way=plans_under_way(db, version)
    )
    if reasons:
        raise Refusal(*reasons)
    version.retired_by_id, version.retired_at = by.user_id, now
    _turn(db, version, ProtocolStatus.RETIRED, now=now, by=by, words=words)


def _own(version: Version) -> Sequence[str]:
    return ("route", "block_minutes") if isinstance(version, ProtocolVersion) else ("kind",)


def _fill(version: Version, document: Document) -> None:
    if isinstance(document, Protocol):
        for name, value in catalogue.columns(document).items():
            setattr(version, name, value)
        return
    version.body = documents.as_json(document)
    version.digest = documents.digest(version.body)


def _allow(by: Actor) -> None:
    if by.user is None or not by.user.may(Permission.EDIT_PROTOCOLS):
        raise NotAllowed(VersionReason.NOT_ALLOWED)


def _check_draft(version: Version, shown: str, by: Actor) -> None:
    _allow(by)
    if version.status is not ProtocolStatus.DRAFT:
        raise Refusal(VersionReason.NOT_A_DRAFT)
    if version.drafted_by_id is None:
        raise Refusal(VersionReason.SHIPPED)
    if token(version) != shown:
        raise ChangedMeanwhile(VersionReason.CHANGED_MEANWHILE)


def _standing(db: Session, version: Version) -> Standing:
    began = version.drafted_at or version.loaded_at
    published = [row.published_at for row in history(db, version) if row.published_at and row.id != version.id]
    return Standing(
        status=version.status,
        hands={one for one in (version.drafted_by_id, version.proposed_by_id) if one is not None},
        outdated=any(at > began for at in published),
        alone_from=alone_from(db, version),
    )


def _is_last(db: Session, version: Version) -> bool:
    """Whether nothing would be left: of the thresholds a version is always needed, of all protocols one."""
    if isinstance(version, DocumentVersion):
        rows = [row for row in history(db, version) if row.status is ProtocolStatus.PUBLISHED]
    else:
        rows = list(db.scalars(sa.select(ProtocolVersion).where(ProtocolVersion.status == ProtocolStatus.PUBLISHED)))
    return [row.id for row in rows] == [version.id]


def _turn(
    db: Session, version: Version, status: ProtocolStatus, *, now: datetime, by: Actor, words: str | None = None
) -> None:
    changes = {"status": [version.status, status]}
    version.status = status
    db.flush()
    audit.note(db, AuditAction.CHANGE, entity(version), version.id, now=now, by=by, changes=changes, reason=words)


def _reason_changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, list[object]]:
    paths = [path for path in {**before, **after} if before.get(path) != after.get(path)]
    return {f"reason of {path}": [before.get(path), after.get(path)] for path in paths}
