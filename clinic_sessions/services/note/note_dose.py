"""The parts of a note about the drug in the hand, the dose, and the readings."""

from collections.abc import Iterator, Mapping, Sequence

from clinic_sessions.domain.drug.amounts import ml_text, strength_text
from clinic_sessions.domain.drug.doses import mg_text
from clinic_sessions.domain.drug.drug_balance import Balance
from clinic_sessions.domain.drug.given_doses import given_of
from clinic_sessions.domain.note.note_content import NOT_RECORDED, Part
from clinic_sessions.domain.protocols.protocols import Anchor, Measure
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.domain.wall_time import offset_text
from clinic_sessions.domain.words import say
from clinic_sessions.models import DoseEvent, Draw, DrugLabel, DueHold, SecondCount, VitalsReading
from clinic_sessions.services.drug import drug
from clinic_sessions.services.note import note_checks
from clinic_sessions.services.note.note_facts import Facts, or_not_recorded, remarks
from clinic_sessions.services.session import facts, limits, timeline


def drug_in_hand(known: Facts) -> Part | None:
    """List what was read from vials and devices, what was drawn and who counted it; None when there was no drug."""
    labels, draws = known.standing(DrugLabel), known.standing(Draw)
    if not labels and not draws and not known.doses:
        return None
    heads = ("Drug", "Holds", "Lot", "Expires", "Read", "By", "Remarks")
    lines = [] if labels else [f"Label and lot: {NOT_RECORDED}."]
    return Part(
        key="drug", title="Drug", heads=heads, rows=[_label(known, one) for one in labels],
        lines=[*lines, *(drawn_text(known, one) for one in draws), *_balance(known, labels, draws)],
    )  # fmt: skip


def _label(known: Facts, row: DrugLabel) -> Sequence[str]:
    strength = f"{strength_text(row.micrograms_per_ml)}, " if row.micrograms_per_ml else ""
    dates = [f"opened {known.at(row.opened_at)}"] if row.opened_at else []
    dates += [f"not to be used from {known.at(row.beyond_use_at)}"] if row.beyond_use_at else []
    dates += [f"NDC {row.ndc}"] if row.ndc else []
    expires = f"{row.expires_on:%b} {row.expires_on.day}, {row.expires_on.year}"
    return (
        f"{say(row.drug)}, {say(row.container).lower()}",
        f"{strength}{mg_text(row.total_micrograms)} in all",
        row.lot,
        expires,
        f"{known.at(row.at)}, {say(row.source).lower()}",
        row.by.name,
        ". ".join(text for text in (", ".join(dates), remarks(known, row)) if text),
    )


def drawn_text(known: Facts, row: Draw) -> str:
    """Say what was drawn, and who counted it."""
    pump = f", made up to {ml_text(row.pump_microlitres)}" if row.pump_microlitres else ""
    who = f"by {row.by.name} at {known.at(row.at)}"
    counts = [count_text(known, row, one) for one in known.all(SecondCount) if one.draw_id == row.id]
    counted = "; ".join(counts) if counts else f"second count {NOT_RECORDED}"
    return f"Drawn: {mg_text(row.micrograms)} in {ml_text(row.microlitres)}{pump}, {who}; {counted}."


def count_text(known: Facts, draw: Draw, row: SecondCount) -> str:
    """Say what a second person counted, and the strength they read where it is not the label's."""
    same = "the same" if row.microlitres == draw.microlitres else "another volume"
    read = row.micrograms_per_ml
    labelled = [one.micrograms_per_ml for one in known.all(DrugLabel) if one.id == draw.label_id]
    if read is not None and labelled and read not in labelled:
        same = f"{same}, but another strength read, {strength_text(read)}"
    return f"counted {ml_text(row.microlitres)}, {same}, by {row.by.name} at {known.at(row.at)}"


def _balance(known: Facts, labels: Sequence[DrugLabel], draws: Sequence[Draw]) -> Iterator[str]:
    found = drug.balance(known.treatment, labels, draws, known.doses)
    if found is None:
        return
    given = mg_text(found.given) if found.given is not None else NOT_RECORDED
    wasted = mg_text(found.wasted) if found.wasted else "0 mg"
    yield f"Drawn {mg_text(found.drawn)}: given {given}, wasted {wasted}{_left(found)}."


def _left(found: Balance) -> str:
    if found.left is None:
        return ""
    if found.is_even:
        return ", all of it accounted for"
    return f", {mg_text(abs(found.left))} {'not accounted for' if found.left > 0 else 'more than was drawn'}"


def dose(known: Facts) -> Part | None:
    """Say what was given and when, then each event of the dose; None when no dose was begun."""
    events = known.doses
    if not events:
        return None
    marks = facts.anchors(events)
    given = given_of([(event.kind, event.micrograms) for event in events])
    amount = mg_text(given.micrograms) if given.micrograms else NOT_RECORDED
    ends = marks.get(Anchor.END)
    begun = marks.get(Anchor.START)
    begins, ends_at = (known.at(one) if one else NOT_RECORDED for one in (begun, ends))
    most = "At most " if given.at_most else ""
    lines = [f"{most}{amount}{' given,' if ends else ''} begun {begins}, ended {ends_at}."]
    lots = {row.id: row.lot for row in known.all(DrugLabel)}
    rows = [_event(known, one, lots) for one in events]
    return Part(
        key="dose", title="Dose", lines=lines, heads=("Time", "Event", "Lot", "In words", "By", "Remarks"), rows=rows
    )


def _event(known: Facts, row: DoseEvent, lots: Mapping[int, str]) -> Sequence[str]:
    words = row.words or (NOT_RECORDED if row.kind in {DoseEventKind.PAUSED, DoseEventKind.STOPPED} else "")
    lot = lots.get(row.label_id or 0, "")
    who = row.by.name + (f", seen by {row.second.name}" if row.second else "")
    return known.at(row.at), timeline.dose_text(row), lot, words, who, remarks(known, row)


_COLUMNS: tuple[tuple[str, tuple[Measure, ...]], ...] = (
    ("Blood pressure", (Measure.SYSTOLIC, Measure.DIASTOLIC)),
    ("Heart rate", (Measure.HEART_RATE,)),
    ("Oxygen", (Measure.SPO2_PERCENT,)),
    ("Breaths", (Measure.RESPIRATORY_RATE,)),
    ("MOAA/S", (Measure.MOAA_S,)),
)


def vitals(known: Facts) -> Part:
    """List every reading with what was marked in it; a measure that nobody took reads so."""
    readings = known.standing(VitalsReading)
    rows = [_reading(known, one) for one in readings]
    lines = [] if readings else [f"Vitals: {NOT_RECORDED}."]
    holds = [hold_text(known, one) for one in known.all(DueHold)]
    heads = ("Time", "From start", *(name for name, _ in _COLUMNS), "Besides", "By", "Remarks")
    never = note_checks.never_done(known)
    missed = [note_checks.due_text(known, never)] if never else []
    return Part(key="vitals", title="Vitals", lines=[*lines, *missed, *holds], heads=heads if rows else (), rows=rows)


def hold_text(known: Facts, row: DueHold) -> str:
    """Say that a check was held, and why."""
    held = f"the check of {known.at(row.due_at)} was held until {known.at(row.until)}"
    return f"{row.by.name} was with the patient at {known.at(row.at)}: {held}."


def _reading(known: Facts, row: VitalsReading) -> Sequence[str]:
    values = limits.vitals_of(row)
    cells = [_cell([getattr(values, measure.value) for measure in measures]) for _, measures in _COLUMNS]
    besides = [
        f"{row.temperature_tenths_c / 10:.1f} °C" if row.temperature_tenths_c is not None else "",
        f"pain {row.pain_of_10} of 10" if row.pain_of_10 is not None else "",
        f"cuff {say(row.cuff).lower()}" if row.cuff else "",
        say(row.arm).lower() if row.arm else "",
    ]
    outside = ", ".join(mark.text for mark in limits.marks(known.treatment, known.doses, row))
    beside = ". ".join(text for text in (outside, remarks(known, row)) if text)
    from_start = offset_text(row.at, known.treatment.dose_started_at) or ""
    extra = ", ".join(text for text in besides if text)
    return known.at(row.at), from_start, *cells, extra, row.by.name, beside


def _cell(values: Sequence[int | None]) -> str:
    if all(value is None for value in values):
        return or_not_recorded(None)
    return "/".join(NOT_RECORDED if value is None else str(value) for value in values)
