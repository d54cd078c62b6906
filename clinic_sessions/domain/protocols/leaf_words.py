"""How staff read the places of a protocol, the thresholds or a text: parts, fields, and their groups."""

from collections.abc import Mapping
from enum import StrEnum

from clinic_sessions.domain.papers.consent_texts import ConsentPart
from clinic_sessions.domain.papers.screening import ScreeningItem, ScreeningPart
from clinic_sessions.domain.protocols.protocol_kinds import (
    AlertLevel,
    Anchor,
    DrivingRule,
    EscortKind,
    Measure,
    PhaseKind,
    Route,
)
from clinic_sessions.domain.protocols.protocol_parts import (
    Advice,
    LimitRule,
    Phase,
    PhaseMeasures,
    SeriesPhase,
    VitalsInterval,
)

SPECIAL: Mapping[tuple[type[StrEnum], str], str] = {
    (type(one), one.value): text
    for one, text in (
        (Measure.SYSTOLIC, "Systolic pressure"),
        (Measure.DIASTOLIC, "Diastolic pressure"),
        (Measure.SPO2_PERCENT, "Oxygen saturation"),
        (Measure.MOAA_S, "Alertness (MOAA/S)"),
        (AlertLevel.WARN, "warning"),
        (AlertLevel.URGENT, "urgent"),
        (Anchor.START, "Start of the drug"),
        (Anchor.END, "End of the drug"),
        (DrivingRule.HOURS, "After so many hours"),
        (EscortKind.COMPANION_IN_HIRED_CAR, "Companion in a hired car"),
        (Route.IV, "IV"),
        (Route.IN_, "Nasal"),
        (Route.IM, "IM"),
    )
}
GROUPS: Mapping[str, str] = {
    "phases": "Phases of the visit",
    "dose": "Dose",
    "vitals": "Vitals",
    "observation": "Observation",
    "limits": "Alert limits",
    "advice": "What to do outside a limit",
    "series": "Series",
    "escort": "Way home",
    "driving": "Driving",
    "preparation": "Before the visit",
    "parts": "The text",
}
OTHER_GROUP = "General"
FIELDS: Mapping[str, str] = {
    "minutes": "minutes",
    "nurse": "share of a nurse",
    "waiting_nurse": "Share of a nurse while ready and waiting",
    "role": "who must be on site",
    "per_kg": "Dose by weight",
    "cap": "Cap",
    "round_down_to": "Rounded down to",
    "amount": "Dose",
    "per_device": "In one device",
    "minutes_apart": "Between devices",
    "fewest": "Fewest devices",
    "most": "Most devices",
    "at": "Check after the start",
    "every": "every",
    "early": "A check may be early by",
    "observation.minutes": "Watched for at least",
    "anchor": "Counted from",
    "limit": "",
    "from_minute": "from minute",
    "until_minute": "until minute",
    "sessions": "sessions",
    "count": "sessions in all",
    "most_a_week": "most a week by the label",
    "accepted": "Accepted ways home",
    "rule": "Driving again",
    "hours": "Hours without driving",
    "food": "No food for",
    "liquid": "No clear liquids for",
    "alcohol": "No alcohol for",
    "heavy": "No heavy meal for",
    "nasal_spray": "No nasal spray for",
    "volume_counted_by": "The drawn volume is counted by",
    "aldrete": "Aldrete of at least, before leaving",
    "take": "a check holds",
    "do": "",
    "en": "English",
    "es": "Spanish",
    "preparation.en": "What the patient reads, English",
    "preparation.es": "What the patient reads, Spanish",
    "kind": "what a yes means",
    "label": "name for staff",
    "heading_en": "heading, English",
    "heading_es": "heading, Spanish",
    "title_en": "Title, English",
    "title_es": "Title, Spanish",
    "is_proposal": "Not yet approved by the clinic's own counsel",
    "spacing": "Least days between sessions",
    "off_label": "Off-label use",
    "chair_needs": "Chair must allow",
    "clearance": "A clearance is proposed to hold",
    "consent": "A consent holds",
    "order": "An order is proposed to hold",
    "spoken_order": "A spoken order is signed within",
    "order_slip": "An order is taken for a slip from",
    "weight_age": "A weight may be as old as",
    "screening_age": "The answers of a screening are old after",
    "weight_slip": "A weight is taken for a slip from",
    "release_before": "A provisional session is offered for release before it",
    "intake_open": "A link to the questionnaire takes answers for",
    "monitoring_before": "Prescription monitoring before the first order, at most",
    "monitoring_every": "Prescription monitoring again every",
    "monitoring_blocks": "A start waits for prescription monitoring",
    "diazepam": "Diazepam a day, or its like, above which response is worse",
    "urinary_every": "Urinary check every",
    "liver_every": "Liver tests every",
    "review_after_induction": "Review after the induction within",
    "review_week": "Review in treatment week",
    "response": "A fall that counts as response",
    "relapse_from": "Relapse: PHQ-9 of at least",
    "relapse_rise": "Relapse: up from the best by",
    "repeat_from": "A reading out of range is repeated from",
    "repeat_until": "A reading out of range is repeated until",
    "due_amber": "A due check shows before it",
    "due_grace": "A due check is overdue after",
    "due_hold": "With the patient: a due check is held for",
    "settled_within": "Blood pressure has settled within, of the reading before the dose",
    "weight_change": "A new weight is asked about from a change of",
    "ride_after": "Waiting for a ride: the call list opens after",
    "closing_notice": "Still waiting: a provider is told before closing",
    "follow_up": "After a serious side effect, a call within",
    "publish_alone": "A proposed version waits for a second provider",
}


def say(value: object) -> str:
    """Give the words for a value that is no number.

    >>> say(Measure.HEART_RATE), say(True), say((Route.IV, Route.IM))
    ('Heart rate', 'Yes', 'IV, IM')
    """
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, StrEnum):
        return SPECIAL.get((type(value), value.value)) or value.value.replace("_", " ").capitalize()
    if isinstance(value, tuple):
        lines = not all(isinstance(one, StrEnum) for one in value)
        return ("\n" if lines else ", ").join(say(one) for one in value)
    return str(value)


def part_words(part: object) -> str:
    """Name one part of a list, so that its fields can be told from those of the others; empty for other parts."""
    if isinstance(part, Phase | SeriesPhase):
        return say(part.kind)
    if isinstance(part, ScreeningItem):
        return part.label
    if isinstance(part, ScreeningPart | ConsentPart):
        return part.en if isinstance(part, ScreeningPart) else part.heading_en
    if isinstance(part, VitalsInterval):
        return f"Check while the phase lasts: {say(part.phase).lower()}"
    if isinstance(part, PhaseMeasures):
        return f"In the phase: {say(part.phase).lower()}"
    if isinstance(part, Advice):
        side = "above the limit" if part.high else "below the limit"
        return f"{say(part.measures)} {side}, {say(part.level)} ({_phases(part.phases)})"
    if isinstance(part, LimitRule):
        when = ", first part" if part.until_minute else ", later part" if part.from_minute else ""
        side = part.compare.value.replace("_", " ")
        return f"{say(part.measure)} {side}, {say(part.level)} ({_phases(part.phases)}{when})"
    return ""


def _phases(phases: tuple[PhaseKind, ...]) -> str:
    whole = set(phases) == set(PhaseKind) - {PhaseKind.TURNAROUND}
    return "whole visit" if whole else say(phases).lower()


def field_words(path: str) -> str:
    """Name the field at a place; one without words of its own by its name, and none where its part says it all.

    >>> field_words("observation.minutes"), field_words("vitals.at[2]"), field_words("name")
    ('Watched for at least', 'Check after the start', 'Name')
    """
    name = path.rpartition(".")[2].partition("[")[0]
    return FIELDS.get(path, FIELDS.get(name, name.replace("_", " ").capitalize()))


def group_words(name: str) -> str:
    """Name the group that a top field belongs to."""
    return GROUPS.get(name, OTHER_GROUP)
