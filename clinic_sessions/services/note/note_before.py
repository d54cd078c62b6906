"""The parts of a note about the visit, its papers, what was asked before the dose, and what a provider said."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from clinic_sessions.domain.note.note_content import NOT_RECORDED, Part
from clinic_sessions.domain.papers.orders import in_words
from clinic_sessions.domain.patients.weights import kg_text
from clinic_sessions.domain.scheduling.pattern import progress
from clinic_sessions.domain.scheduling.visits import done_words
from clinic_sessions.domain.session.session_checks import BEFORE_LEAVING, CheckItem
from clinic_sessions.domain.session.start_gate import Answer
from clinic_sessions.domain.words import say, say_outside
from clinic_sessions.models import ProviderAnswer, ProviderAsk, SessionCheck, StatusChange, TreatmentSession
from clinic_sessions.services.before import session_checks
from clinic_sessions.services.note.note_facts import Facts, remarks
from clinic_sessions.services.orders import order_rows
from clinic_sessions.services.patients.phone_numbers import phone_text
from clinic_sessions.services.session import facts, timeline

_SAID: Mapping[CheckItem, tuple[str, str]] = {
    CheckItem.IDENTITY: ("Said by the patient", "Not said"),
    CheckItem.RIDE: ("", "No way home"),
    CheckItem.PREGNANCY: ("Not pregnant", "May be pregnant"),
    CheckItem.MEDICINES: ("Nothing new", "Something is new"),
    CheckItem.RISK: ("No", "Yes"),
    CheckItem.SEDATION: ("Awake and oriented", "Still sedated"),
    CheckItem.DISSOCIATION: ("Resolved", "Still dissociated"),
    CheckItem.BREATHING: ("Settled", "Not settled"),
    CheckItem.WAY_HOME: ("", "No safe way home"),
    CheckItem.INSTRUCTIONS: ("Given", "Not given"),
    CheckItem.BELONGINGS: ("Given back", "Not given back"),
}
QUESTIONS = ("Question", "Answer", "Time", "By", "Remarks")


def visit(known: Facts) -> Part:
    """Say who was treated, where, when and under what, and each step of the visit."""
    one = known.treatment
    patient = one.patient
    day = one.starts_at.astimezone(one.clinic.zone)
    born = patient.birth_date
    lines = [
        f"{patient.name}, born {born:%b} {born.day}, {born.year}, record {patient.record_number}. "
        f"Allergies: {patient.allergies or NOT_RECORDED}.",
        f"{one.clinic.name}, {one.chair.name if one.chair else 'no chair'}, {day:%A}, {day:%B} {day.day}, {day.year}, "
        f"booked for {known.at(one.starts_at)}. Times are those of {one.clinic.zone_name}.",
        *_under(one),
        *([f"Nurse: {one.nurse.name}."] if one.nurse else []),
    ]
    came = facts.arrived_at(one)
    steps = [change for change in facts.standing_changes(one) if came is None or change.at >= came]
    rows = [_step(known, step) for step in steps]
    return Part(key="visit", title="Visit", lines=lines, heads=("Time", "Step", "Why", "By", "Remarks"), rows=rows)


def _step(known: Facts, step: StatusChange) -> Sequence[str]:
    who = step.by.name if step.by else ""
    return known.at(step.at), done_words(known.treatment.kind, step.action), why_of(step), who, remarks(known, step)


def _under(treatment: TreatmentSession) -> Iterator[str]:
    version = treatment.protocol_version
    if version is None:
        return
    place = ""
    if treatment.plan is not None and treatment.place_in_plan is not None:
        place = f" Session {progress(treatment.place_in_plan, treatment.plan.session_count)}."
    yield f"{version.title}, version {version.number}.{place}"


def why_of(change: StatusChange) -> str:
    """Say why a step was taken: its reasons, then its words."""
    said = ", ".join(timeline.reason_text(value) for value in change.reasons)
    return ". ".join(text for text in (said, change.words or "") if text)


def papers(known: Facts) -> Part:
    """Say on what the dose stood: order, clearance, consent and weight."""
    lines = [_order(known), _clearance(known), _consent(known), _weight(known)]
    return Part(key="papers", title="Papers and weight", lines=lines)


def _order(known: Facts) -> str:
    order = known.order
    if order is None:
        return f"Order: {NOT_RECORDED}."
    spoken = ", spoken and read back" if order.spoken else ""
    ordered = in_words(order_rows.ordered_of(order))
    return f"Order: {ordered}, by {order.provider.name}, {known.at(order.written_at)}{spoken}."


def _clearance(known: Facts) -> str:
    one = known.decision
    if one is None:
        return f"Clearance: {NOT_RECORDED}."
    until = f", until {one.until:%b} {one.until.day}, {one.until.year}" if one.until else ""
    return f"Clearance: cleared by {one.by.name}, {known.at(one.at)}{until}."


def _consent(known: Facts) -> str:
    one = known.consent
    return f"Consent: signed {known.at(one.at)}, before {one.witness.name}." if one else f"Consent: {NOT_RECORDED}."


def _weight(known: Facts) -> str:
    one = known.weight
    return f"Weight: {kg_text(one.grams)}, measured {known.at(one.measured_at)}." if one else f"Weight: {NOT_RECORDED}."


def before(known: Facts) -> Part:
    """List what was asked before the dose with every answer; what nobody asked reads so."""
    asked = session_checks.asked(known.treatment)
    extra = {row.item for row in known.all(SessionCheck)} - set(BEFORE_LEAVING) - set(asked)
    items = [*asked, *(item for item in CheckItem if item in extra)]
    return Part(key="before", title="Before the dose", heads=QUESTIONS, rows=answers(known, items))


def answers(known: Facts, items: Sequence[CheckItem]) -> list[Sequence[str]]:
    """Give a row for each answer to these questions, one that nobody answered as not recorded."""
    given = known.all(SessionCheck)
    return [row for item in items for row in _rows(known, item, [one for one in given if one.item is item])]


def _rows(known: Facts, item: CheckItem, given: Sequence[SessionCheck]) -> list[Sequence[str]]:
    if not given:
        return [(say(item), NOT_RECORDED, "", "", "")]
    same = groupby(given, key=lambda one: answer_text(known, one))
    return [_answer(known, say(item), said, list(rows)) for said, rows in same]


def _answer(known: Facts, question: str, said: str, given: Sequence[SessionCheck]) -> Sequence[str]:
    """Give one row for an answer that was given once, or the same again, with each time and author."""
    times = dict.fromkeys(known.at(one.at) for one in given)
    names = dict.fromkeys(one.by.name for one in given)
    beside = dict.fromkeys(remarks(known, one) for one in given)
    return question, said, ", ".join(times), ", ".join(names), ". ".join(filter(None, beside))


def answer_text(known: Facts, row: SessionCheck) -> str:
    """Say what was answered."""
    plain = _SAID[row.item][0 if row.clear else 1] if row.item in _SAID else ""
    if row.clear and row.words and row.item in BEFORE_LEAVING:
        plain = ""
    said = (
        plain,
        say(row.intake) if row.intake else "",
        say(row.escort) if row.escort else "",
        row.person or "",
        phone_text(row.phone) if row.phone else "",
        f"last at {known.at(row.last_at)}" if row.last_at else "",
        row.words or "",
    )
    otherwise = "Nothing stands against it" if row.clear else "Something stands against it"
    return ", ".join(text for text in said if text) or otherwise


def asks(known: Facts) -> Part | None:
    """List what a provider was asked and answered; None when nobody asked."""
    found = known.all(ProviderAsk)
    if not found:
        return None
    heads = ("Asked", "About", "By", "Answer", "Words", "Answered by")
    rows = [row for ask in found for row in _asked(known, ask)]
    return Part(key="asks", title="Asked of a provider", heads=heads, rows=rows)


def _asked(known: Facts, ask: ProviderAsk) -> list[Sequence[str]]:
    about = " ".join([f"{say(ask.gate)}:", *map(say_outside, ask.reasons), ask.words or ""]).strip()
    question = (known.at(ask.at), about, ask.by.name)
    given = [one for one in known.all(ProviderAnswer) if one.ask_id == ask.id]
    if not given:
        return [(*question, NOT_RECORDED, "", "")]
    return [(*question, provider_text(known, one), one.words, f"{one.by.name}, {known.at(one.at)}") for one in given]


def provider_text(known: Facts, row: ProviderAnswer) -> str:
    """Say what a provider answered."""
    said = [say(row.answer) + (f" until {known.at(row.until)}" if row.until else "")]
    if row.answer is Answer.GO_AHEAD and row.reasons:
        said.append(f"in spite of: {' '.join(map(say_outside, row.reasons))}")
    if row.on_tablet_of_id is not None:
        said.append("signed on the nurse's tablet")
    return ", ".join(said)
