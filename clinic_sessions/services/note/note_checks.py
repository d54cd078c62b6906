"""What a note tells of checks that were never done, of what was urgent to the last, and of answers beside readings."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest

from clinic_sessions.domain.note.note_content import NOT_RECORDED
from clinic_sessions.domain.protocols.protocols import AlertLevel, Measure
from clinic_sessions.domain.session import due_times
from clinic_sessions.domain.session.session_checks import ASSESSED, CheckItem
from clinic_sessions.domain.session.side_effects import SideEffectKind
from clinic_sessions.domain.words import say
from clinic_sessions.models import SessionCheck, VitalsReading
from clinic_sessions.services.effects import effect_words, side_effects
from clinic_sessions.services.note import note_before
from clinic_sessions.services.note.note_facts import Facts
from clinic_sessions.services.plans.papers import SAME_MINUTE
from clinic_sessions.services.session import facts, limits

_READ: Mapping[CheckItem, frozenset[Measure]] = {
    CheckItem.SEDATION: frozenset({Measure.MOAA_S}),
    CheckItem.BREATHING: frozenset({Measure.RESPIRATORY_RATE, Measure.SPO2_PERCENT}),
}
"""What is read of that which a person looks at before leaving."""


def never_done(known: Facts) -> list[datetime]:
    """List when the protocol asked for vitals and nobody took any until it asked again, or the visit was over.

    A check counts as owed once its grace is over while the patient was under treatment or observation.
    """
    until = _until(known)
    if known.protocol is None or until is None:
        return []
    early = timedelta(minutes=known.protocol.vitals.early.whole)
    due = [one.at for one in due_times.checks(known.protocol, facts.anchors(known.doses), until, timedelta())]
    owed = [(at, after) for at, after in zip_longest(due, due[1:]) if at + known.grace <= until]
    taken = [one.at for one in known.standing(VitalsReading)]
    return [at for at, after in owed if not any(_answers(one, at, after, early) for one in taken)]


def _answers(taken: datetime, at: datetime, after: datetime | None, early: timedelta) -> bool:
    """Say whether a reading is of the check at `at`, and not of the one `after` it alone."""
    if after is None:
        return taken >= at - early
    return at - early <= taken < (after - early if after - early > at else after)


def _until(known: Facts) -> datetime | None:
    """Give until when checks were owed: ready or gone; while neither, until the last reading."""
    last = max((one.at for one in known.standing(VitalsReading)), default=None)
    return facts.ready_at(known.treatment) or facts.ended_at(known.treatment) or last


def due_text(known: Facts, times: Sequence[datetime]) -> str:
    """Say which checks were never done."""
    return f"Vitals due at {', '.join(map(known.at, times))}: {NOT_RECORDED}."


def urgent_at_last(known: Facts) -> list[str]:
    """List the measures whose newest reading was past an urgent limit, each with its time."""
    newest = limits.newest_outside(known.treatment, known.doses, known.standing(VitalsReading))
    return [f"{mark.text}, {known.at(row.at)}" for row, mark in newest if mark.level is AlertLevel.URGENT]


def side_by_side(known: Facts) -> list[str]:
    """Tell each answer before leaving that says all is well beside a reading or side effect of then that does not.

    Both were recorded; which is so is not for the note to say.
    """
    rows = [row for row in known.all(SessionCheck) if row.item in ASSESSED and row.clear]
    pairs = [(row, _told(known, row)) for row in rows]
    return [f"{_answered(known, row)}. Last recorded by then: {'; '.join(said)}." for row, said in pairs if said]


def _answered(known: Facts, row: SessionCheck) -> str:
    return f"{say(row.item)} at {known.at(row.at)}: {note_before.answer_text(known, row)}"


def _told(known: Facts, row: SessionCheck) -> list[str]:
    return [*_of_readings(known, row), *(_open_effects(known, row) if row.item is CheckItem.DISSOCIATION else ())]


def _of_readings(known: Facts, row: SessionCheck) -> list[str]:
    by_then = [one for one in known.standing(VitalsReading) if one.at < row.at + SAME_MINUTE]
    newest = limits.newest_outside(known.treatment, known.doses, by_then)
    asked = _READ.get(row.item, frozenset())
    return [f"{mark.text}, {known.at(read.at)}" for read, mark in newest if mark.measure in asked]


def _open_effects(known: Facts, row: SessionCheck) -> Iterator[str]:
    for one in known.felt:
        then = one.effect.at <= row.at and (one.resolved_at is None or one.resolved_at > row.at)
        if then and one.effect.kind is SideEffectKind.DISSOCIATION:
            over = f"over at {known.at(one.resolved_at)}" if one.resolved_at else "not over"
            yield f"{side_effects.label(one.effect)}, {effect_words.graded(one.effect.grade)}, {over}"
