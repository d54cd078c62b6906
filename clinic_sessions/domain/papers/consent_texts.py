"""Consent texts: what the patient reads before signing, in both languages, in parts.

A text says which kind of protocol it is for; `misfits` asks whether it still fits the protocol that is consented to.
"""

import string
from dataclasses import dataclass
from enum import StrEnum

from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.protocols.protocol_kinds import Anchor, DrivingRule, Drug, Route
from clinic_sessions.domain.protocols.protocol_parts import Protocol
from clinic_sessions.domain.sourced import FaultyData, load_toml, read_table, source_faults


class ConsentTopic(StrEnum):
    """What a part of a text speaks of."""

    TREATMENT = "treatment"
    OFF_LABEL = "off_label"
    LABELLED = "labelled"
    COMPOUNDED = "compounded"
    RISKS = "risks"
    MONITORING = "monitoring"
    DRIVING = "driving"
    WAY_HOME = "way_home"
    PREGNANCY = "pregnancy"
    ALTERNATIVES = "alternatives"
    RIGHT_TO_STOP = "right_to_stop"
    CONTACT = "contact"
    EMERGENCIES = "emergencies"


BY_KIND = frozenset({ConsentTopic.OFF_LABEL, ConsentTopic.LABELLED, ConsentTopic.COMPOUNDED})
"""The parts that one kind of protocol needs and another must not have."""

STAY, HOURS = "stay", "hours"
"""What is filled from the protocol: minutes watched, and hours without driving."""


@dataclass(frozen=True, kw_only=True)
class ConsentPart:
    """One part of the text: its topic, a heading and paragraphs in each language, and where they come from."""

    topic: ConsentTopic
    heading_en: str
    heading_es: str
    en: tuple[str, ...]
    es: tuple[str, ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class ConsentText:
    """A consent text for one protocol. `is_proposal`: no clinician and counsel of the clinic have approved it yet.

    `off_label`, `compounded`, `driving`, `anchor`: what it says of the protocol, which must be so.
    """

    protocol: str
    is_proposal: bool
    off_label: bool
    compounded: bool
    driving: DrivingRule
    anchor: Anchor
    title_en: str
    title_es: str
    parts: tuple[ConsentPart, ...]


@dataclass(frozen=True, kw_only=True)
class ReadPart:
    """A part as the patient reads it."""

    topic: ConsentTopic
    heading: str
    paragraphs: tuple[str, ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class ReadText:
    """A text as the patient reads it: in one language, its numbers filled from the protocol."""

    title: str
    parts: tuple[ReadPart, ...]


class Misfit(StrEnum):
    """What a text says of its protocol that is not so."""

    OTHER_PROTOCOL = "other_protocol"
    OTHER_LABEL = "other_label"
    OTHER_MAKE = "other_make"
    OTHER_DRIVING = "other_driving"
    OTHER_STAY = "other_stay"


def parse_consent(text: str) -> ConsentText:
    """Read a consent text from TOML; raises FaultyData with every fault found."""
    return read_consent(load_toml(text))


def read_consent(table: object) -> ConsentText:
    """Read a consent text from plain tables; raises FaultyData with every fault found."""
    faults: list[str] = []
    found = read_table(ConsentText, table, "", faults)
    if found is not None:
        faults.extend(_faults(found))
    if found is None or faults:
        raise FaultyData(tuple(faults))
    return found


def topics_of(*, off_label: bool, compounded: bool) -> frozenset[ConsentTopic]:
    """Name the parts that a text must have, no more and no fewer, for a protocol of this kind."""
    own = {ConsentTopic.OFF_LABEL if off_label else ConsentTopic.LABELLED}
    own |= {ConsentTopic.COMPOUNDED} if compounded else set()
    return frozenset(ConsentTopic) - BY_KIND | own


def misfits(text: ConsentText, protocol: Protocol) -> list[Misfit]:
    """List what a text says of a protocol that is not so: then nobody signs it for that protocol."""
    compounded = protocol.drug is Drug.KETAMINE and protocol.route is Route.IN_
    said = {
        Misfit.OTHER_PROTOCOL: text.protocol == protocol.key,
        Misfit.OTHER_LABEL: text.off_label == protocol.off_label,
        Misfit.OTHER_MAKE: text.compounded == compounded,
        Misfit.OTHER_DRIVING: text.driving is protocol.driving.rule,
        Misfit.OTHER_STAY: text.anchor is protocol.observation.anchor,
    }
    return [misfit for misfit, is_so in said.items() if not is_so]


def as_read(text: ConsentText, protocol: Protocol, language: Language) -> ReadText:
    """Give a text as the patient reads it; the same text, protocol version and language give the same words."""
    hours = protocol.driving.hours
    numbers = {STAY: protocol.observation.minutes.whole, HOURS: hours.whole if hours else ""}
    spanish = language is Language.ES
    parts = [
        ReadPart(
            topic=part.topic,
            heading=part.heading_es if spanish else part.heading_en,
            paragraphs=tuple(line.format(**numbers) for line in (part.es if spanish else part.en)),
            source=part.source,
        )
        for part in text.parts
    ]
    return ReadText(title=text.title_es if spanish else text.title_en, parts=tuple(parts))


def _faults(found: ConsentText) -> list[str]:
    topics = [part.topic for part in found.parts]
    wanted = topics_of(off_label=found.off_label, compounded=found.compounded)
    faults = [f"{topic}: missing" for topic in sorted(wanted - set(topics))]
    faults += [f"{topic}: does not belong to this protocol" for topic in sorted(set(topics) - wanted)]
    faults += [f"{topic}: there twice" for topic in sorted({topic for topic in topics if topics.count(topic) > 1})]
    for part in found.parts:
        faults += source_faults(part.source, part.topic)
        faults += _number_faults(part, found.driving)
    return faults


def _number_faults(part: ConsentPart, driving: DrivingRule) -> list[str]:
    """Say where a number of the protocol is missing, or stands where none belongs."""
    hours = {HOURS} if driving is DrivingRule.HOURS else set[str]()
    wanted = {ConsentTopic.MONITORING: {STAY}, ConsentTopic.DRIVING: hours}.get(part.topic, set())
    return [
        f"{part.topic}.{language}: must name {', '.join(sorted(wanted)) or 'no number'} of the protocol"
        for language, lines in (("en", part.en), ("es", part.es))
        if _named(lines) != wanted
    ]


def _named(lines: tuple[str, ...]) -> set[str]:
    try:
        return {name for line in lines for _, name, _, _ in string.Formatter().parse(line) if name is not None}
    except ValueError:
        return {"a lone brace"}
