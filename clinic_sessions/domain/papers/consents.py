"""Consents: what stands against recording one, what a signature may be, and what became of those on file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from clinic_sessions.domain import names
from clinic_sessions.domain.papers.papers import ConsentAnswer

UNITS = 1000
"""A drawn point is given in thousandths of the field's width and of its height."""

MOST_STROKES, MOST_POINTS = 200, 6000
"""More than any signature: what is longer was not drawn by a hand."""

Strokes = list[list[list[int]]]


class ConsentReason(StrEnum):
    """Why a consent is not recorded."""

    NOT_ALLOWED = "not_allowed"
    NO_TEXT = "no_text"
    TEXT_DOES_NOT_FIT = "text_does_not_fit"
    NEWER_TEXT = "newer_text"
    OTHER_NAME = "other_name"
    NOT_YET = "not_yet"
    TOO_LONG_AGO = "too_long_ago"
    UNTIL_PAST = "until_past"
    UNTIL_TOO_LATE = "until_too_late"
    MIND_CHANGED_SINCE = "mind_changed_since"
    NOT_STANDING = "not_standing"
    BEFORE_IT_WAS_SIGNED = "before_it_was_signed"
    ALREADY_A_MISTAKE = "already_a_mistake"
    MIND_WAS_CHANGED = "mind_was_changed"


class ConsentState(StrEnum):
    """What a consent on file is worth on a day."""

    HOLDS = "holds"
    CHOSE_NOT_TO = "chose_not_to"
    EXPIRED = "expired"
    CHANGED_MIND = "changed_mind"
    REPLACED = "replaced"
    MISTAKE = "mistake"


class UnreadableSignature(ValueError):
    """What was sent as a drawn signature is none."""


@dataclass(frozen=True, kw_only=True)
class OnFile:
    """A consent with what became of it; `until`: the last day it holds, inclusive."""

    answer: ConsentAnswer
    until: date | None
    changed_mind: bool
    mistake: bool


def states(newest_first: Sequence[OnFile], day: date) -> list[ConsentState]:
    """Say what each consent of one series is worth on a day: the newest that was no mistake counts, others are past."""
    found: list[ConsentState] = []
    counted = False
    for one in newest_first:
        if one.mistake:
            found.append(ConsentState.MISTAKE)
            continue
        found.append(_state(one, day, is_newest=not counted))
        counted = True
    return found


def _state(one: OnFile, day: date, *, is_newest: bool) -> ConsentState:
    if one.changed_mind:
        return ConsentState.CHANGED_MIND
    if not is_newest:
        return ConsentState.REPLACED
    if one.answer is ConsentAnswer.CHOSE_NOT_TO:
        return ConsentState.CHOSE_NOT_TO
    return ConsentState.HOLDS if one.until is None or day <= one.until else ConsentState.EXPIRED


def same_name(typed: str, name: str) -> bool:
    """Say whether a typed name is the patient's: accents, case, hyphens and spaces do not count.

    >>> same_name("ana  LOPEZ ruiz", "Ana L\u00f3pez-Ruiz"), same_name("Ana Ruiz", "Ana L\u00f3pez-Ruiz")
    (True, False)
    """
    return names.folded(typed) == names.folded(name)


def read_strokes(text: str) -> Strokes | None:
    """Read a drawn signature from JSON, strokes of points [x, y] in thousandths; None when nothing was drawn.

    Raises UnreadableSignature for anything else.

    >>> read_strokes("[[[10, 20], [30, 40]]]")
    [[[10, 20], [30, 40]]]
    """
    if not text.strip():
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableSignature from None
    if not _is_list(found, MOST_STROKES) or not all(_is_list(stroke, MOST_POINTS) for stroke in found):
        raise UnreadableSignature
    points = [point for stroke in found for point in stroke]
    if len(points) > MOST_POINTS or not all(_is_point(point) for point in points):
        raise UnreadableSignature
    return [stroke for stroke in found if stroke] or None


def _is_list(value: object, most: int) -> bool:
    return isinstance(value, list) and len(value) <= most


def _is_point(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(type(number) is int and 0 <= number <= UNITS for number in value)
    )


def drawn(strokes: Strokes) -> list[str]:
    """Write each stroke as the points of an SVG polyline; one dot becomes a short line, so that it is seen.

    >>> drawn([[[10, 20], [30, 40]], [[5, 5]]])
    ['10,20 30,40', '5,5 6,5']
    """
    return [
        " ".join(f"{x},{y}" for x, y in (stroke if len(stroke) > 1 else [*stroke, [stroke[0][0] + 1, stroke[0][1]]]))
        for stroke in strokes
    ]
