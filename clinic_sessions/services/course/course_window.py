"""Which part of a patient's course is asked for, and how its rows are narrowed: newest first, page by page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

Query = TypeVar("Query", bound=sa.Select[*tuple[Any, ...]])


@dataclass(frozen=True, kw_only=True)
class Window:
    """A part of the course: `most` rows of each kind up to `until`, from `since` on, of one session or of all."""

    patient_id: int
    most: int
    until: datetime | None = None
    since: datetime | None = None
    session_id: int | None = None

    def narrow(self, query: Query, at: Any, row_id: Any, session_id: Any = None) -> Query:
        """Narrow a query to the window, the newest first; `session_id`: its column, when its rows have one."""
        if self.until is not None:
            query = query.where(at <= self.until)
        if self.since is not None:
            query = query.where(at >= self.since)
        if self.session_id is not None:
            query = query.where(session_id == self.session_id if session_id is not None else sa.false())
        return query.order_by(at.desc(), row_id.desc()).limit(self.most)


@dataclass(frozen=True, kw_only=True)
class TimelineEntry:
    """One thing that happened. `kind` names its icon."""

    kind: str
    at: datetime
    title: str
    detail: str | None = None
    author: str | None = None
    struck: bool = False
    late: bool = False
    outside: tuple[str, ...] = ()
    """What stood against it when it happened all the same."""
    offset_text: str | None = None
    session_id: int | None = None
