"""The first part of a note: the visit told in a few sentences, each from what was recorded."""

from collections.abc import Iterator

from clinic_sessions.domain.drug.doses import mg_text
from clinic_sessions.domain.drug.given_doses import given_of
from clinic_sessions.domain.note.note_content import NOT_RECORDED, Part, sentence
from clinic_sessions.domain.protocols.protocols import Anchor
from clinic_sessions.domain.scheduling.pattern import progress
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.domain.session.session_checks import CheckItem
from clinic_sessions.domain.words import say
from clinic_sessions.models import SessionCheck, VitalsReading
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.note import note_before, note_checks
from clinic_sessions.services.note.note_after import none_felt
from clinic_sessions.services.note.note_facts import Facts
from clinic_sessions.services.session import facts
from clinic_sessions.services.session.facts import SideEffectNow

_TOLD = 3
"""So many times of checks that were never done are told in the summary."""

_ENDED = {
    Status.LEFT: "The patient left",
    Status.DID_NOT_GO_AHEAD: "The session did not go ahead",
    Status.TAKEN_TO_HOSPITAL: "The patient was taken to hospital",
    Status.LEFT_AGAINST_ADVICE: "The patient left against advice",
    Status.LEFT_WITHOUT_TELLING_US: "The patient left without telling us",
}


def summary(known: Facts) -> Part:
    """Tell the visit in sentences: who came for what, the dose, blood pressure, side effects, and how it ended."""
    return Part(key="summary", title="Summary", lines=[" ".join(_sentences(known))])


def _sentences(known: Facts) -> Iterator[str]:
    yield _came(known)
    yield _dose(known)
    yield from _pressure(known)
    yield from _urgent(known)
    yield from _never_done(known)
    yield _felt(known)
    yield from _ended(known)


def _came(known: Facts) -> str:
    one, arrived = known.treatment, facts.arrived_at(known.treatment)
    place = ""
    if one.plan is not None and one.place_in_plan is not None:
        place = f", session {progress(one.place_in_plan, one.plan.session_count)}"
    title = one.protocol_version.title if one.protocol_version else NOT_RECORDED
    return f"{one.patient.name} came at {known.at(arrived) if arrived else NOT_RECORDED} for {title}{place}."


def _dose(known: Facts) -> str:
    events = known.doses
    marks = facts.anchors(events)
    begun, ended = marks.get(Anchor.START), marks.get(Anchor.END)
    if begun is None:
        return "No dose is recorded."
    given = given_of([(event.kind, event.micrograms) for event in events])
    amount = f"{'at most ' if given.at_most else ''}{mg_text(given.micrograms)}" if given.micrograms else NOT_RECORDED
    drug = say(known.protocol.drug) if known.protocol else "The drug"
    until = f"ended at {known.at(ended)}" if ended else f"end {NOT_RECORDED}"
    return f"{drug}: {amount}, begun at {known.at(begun)}, {until}."


def _pressure(known: Facts) -> Iterator[str]:
    begun = known.treatment.dose_started_at
    taken = [(r.at, (r.systolic_mmhg, r.diastolic_mmhg)) for r in known.standing(VitalsReading)]
    pairs = [(at, pair) for at, pair in taken if pair[0] is not None and pair[1] is not None]
    before = [pair for at, pair in pairs if begun is None or at <= begun]
    since = [pair for at, pair in pairs if begun is not None and at > begun]
    if begun is None and not before:
        return
    said = [f"{_over(before[-1])} before the dose" if before else f"{NOT_RECORDED} before the dose"]
    if begun is not None:
        said.append(f"highest {_over(max(since))}, last {_over(since[-1])}" if since else f"{NOT_RECORDED} after it")
    yield f"Blood pressure {', '.join(said)}."


def _urgent(known: Facts) -> Iterator[str]:
    if said := note_checks.urgent_at_last(known):
        yield f"Urgent when last read: {'; '.join(said)}."


def _never_done(known: Facts) -> Iterator[str]:
    """Say which checks were never done; of many only how many, for their times stand with the vitals."""
    times = note_checks.never_done(known)
    if len(times) > _TOLD:
        yield f"{len(times)} checks of vitals that were due: {NOT_RECORDED}."
    elif times:
        yield note_checks.due_text(known, times)


def _over(pair: tuple[int | None, int | None]) -> str:
    return f"{pair[0]}/{pair[1]}"


def _felt(known: Facts) -> str:
    if not known.felt:
        return f"Side effects: {none_felt(known) or NOT_RECORDED}."
    said = [
        f"{side_effects.label(one.effect).lower()} grade {one.effect.grade}{_over_by_now(one)}" for one in known.felt
    ]
    return f"Side effects: {', '.join(said)}."


def _over_by_now(one: SideEffectNow) -> str:
    return "" if one.open else " (over)"


def _ended(known: Facts) -> Iterator[str]:
    one = known.treatment
    at = facts.ended_at(one)
    if one.status not in _ENDED or at is None:
        return
    ways = [row for row in known.all(SessionCheck) if row.item is CheckItem.WAY_HOME and row.clear]
    way = f", way home: {note_before.answer_text(known, ways[-1])}" if ways else f", way home {NOT_RECORDED}"
    why = note_before.why_of(facts.standing_changes(one)[-1])
    if one.status is Status.LEFT:
        yield from map(sentence, filter(None, (f"{_ENDED[one.status]} at {known.at(at)}{way}", why)))
    else:
        yield sentence(": ".join(filter(None, (f"{_ENDED[one.status]} at {known.at(at)}", why))))
