"""A session's note as it reads: parts of prose and tables, the free words, and what was left undone with its reason."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

NOT_RECORDED = "not recorded"
"""What stands in a note where nothing was written down: never a value that nobody read."""

WORDS = "words"
LEFT_UNDONE = "left_undone"


class Meaning(StrEnum):
    """What a signature under a note means."""

    TREATED = "treated"
    REVIEWED = "reviewed"


class AddendumReason(StrEnum):
    """Why something is added to a note that is signed."""

    LATE_ENTRY = "late_entry"
    CORRECTION = "correction"
    NEW_SINCE = "new_since"


class NoteReason(StrEnum):
    """Why a note was not written or signed."""

    NOT_OVER = "not_over"
    SIGNED_ALREADY = "signed_already"
    WORDS_TO_ADD = "words_to_add"
    WORDS_TO_COPY = "words_to_copy"
    NOT_SIGNED = "not_signed"
    NOT_YOURS = "not_yours"
    SOMETHING_MISSING = "something_missing"
    NOT_AS_READ = "not_as_read"
    WRITTEN_MEANWHILE = "written_meanwhile"
    SIGNED_NO_STEP_BACK = "signed_no_step_back"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a note: sentences, then a table, either of which may be empty."""

    key: str
    title: str
    lines: Sequence[str] = ()
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, kw_only=True)
class Content:
    """A whole note. `words_by`: who wrote the free words; `undone`: what was asked for and not recorded, with why."""

    parts: Sequence[Part]
    words: str = ""
    words_by: str = ""
    undone: Sequence[tuple[str, str]] = ()


def without_empty_columns(part: Part) -> Part:
    """Leave out the columns of a part's table in which nothing stands."""
    kept = [n for n in range(len(part.heads)) if any(row[n] for row in part.rows)]
    return replace(part, heads=[part.heads[n] for n in kept], rows=[[row[n] for n in kept] for row in part.rows])


def as_data(content: Content) -> dict[str, Any]:
    """Give a note as plain data, to be kept with its signature."""
    parts = [
        {
            "key": one.key,
            "title": one.title,
            "lines": list(one.lines),
            "heads": list(one.heads),
            "rows": [list(row) for row in one.rows],
        }
        for one in content.parts
    ]
    return {
        "form": 1,
        "parts": parts,
        "words": content.words,
        "words_by": content.words_by,
        "undone": [list(pair) for pair in content.undone],
    }


def read(data: Mapping[str, Any]) -> Content:
    """Give back the note that was kept; the oldest do not name who wrote their words."""
    return Content(
        parts=[Part(**part) for part in data["parts"]],
        words=data["words"],
        words_by=data.get("words_by", ""),
        undone=[(label, why) for label, why in data["undone"]],
    )


def digest(data: Mapping[str, Any]) -> str:
    """Give the fingerprint of a note that was kept: SHA-256 of its data in one fixed spelling, in hexadecimal."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


_SHORT = 12


def mark(content: Content) -> str:
    """Give a short mark of what somebody reads, part by part, so that a signature is under what was read.

    >>> mark(Content(parts=[Part(key="dose", title="Dose")])).split(".")[0].partition("-")[0]
    'dose'
    """
    return ".".join(f"{key}-{value}" for key, value in _marks(content).items())


def changed(content: Content, seen: str) -> list[str]:
    """Name the parts that differ from what a mark was made of, and those that came since; empty when it is the same."""
    before = dict(one.partition("-")[::2] for one in seen.split("."))
    titles = {one.key: one.title for one in content.parts} | {WORDS: "In words"}
    return [titles[key] for key, value in _marks(content).items() if before.get(key) != value]


def _marks(content: Content) -> dict[str, str]:
    data = as_data(content)
    found = {part["key"]: digest(part)[:_SHORT] for part in data["parts"]}
    return {**found, WORDS: digest({"words": data["words"], "by": data["words_by"]})[:_SHORT]}


def sentence(text: str) -> str:
    """End words with a full stop, where whoever wrote them did not.

    >>> sentence("Pale, then pink"), sentence("Who called?")
    ('Pale, then pink.', 'Who called?')
    """
    return text if text.endswith((".", "!", "?")) else f"{text}."


def clock_text(moment: datetime, zone: ZoneInfo, beside: datetime) -> str:
    """Write the wall time of a clinic, with its day where that is another than the day of `beside`.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 24, 18, tzinfo=UTC)
    >>> clock_text(noon, ZoneInfo("America/Los_Angeles"), noon)
    '10:00 am'
    """
    local = moment.astimezone(zone)
    time = f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"
    return time if local.date() == beside.astimezone(zone).date() else f"{local:%b} {local.day}, {local.year}, {time}"
