"""Consent texts fit their protocols, say what they must in both languages, and are read the same for good."""

import re
from datetime import date
from importlib import resources

import pytest

from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.papers import consent_texts
from clinic_sessions.domain.papers.consent_texts import ConsentText, ConsentTopic, Misfit
from clinic_sessions.domain.papers.consents import (
    MOST_POINTS,
    ConsentState,
    OnFile,
    UnreadableSignature,
    drawn,
    read_strokes,
    same_name,
    states,
)
from clinic_sessions.domain.papers.papers import ConsentAnswer
from clinic_sessions.domain.protocols import protocols
from clinic_sessions.domain.protocols.protocols import Protocol
from clinic_sessions.domain.sourced import FaultyData
from tests.test_translations import GENDERED

DAY = date(2026, 11, 23)
KEYS = ("iv-mood", "iv-pain", "im", "in-racemic", "in-esketamine")
FILES = resources.files("clinic_sessions.protocols")


def raw(key: str) -> str:
    """The file of a protocol's text."""
    return FILES.joinpath(f"consent-{key}.toml").read_text(encoding="utf-8")


def protocol_of(key: str) -> Protocol:
    """A shipped protocol."""
    return protocols.parse(FILES.joinpath(f"{key}.toml").read_text(encoding="utf-8"))


def text_of(key: str) -> ConsentText:
    """A shipped text."""
    return consent_texts.parse_consent(raw(key))


def words(key: str, language: Language) -> str:
    """Everything that a patient reads."""
    read = consent_texts.as_read(text_of(key), protocol_of(key), language)
    return "\n".join(line for part in read.parts for line in (part.heading, *part.paragraphs))


@pytest.mark.parametrize("key", KEYS)
def test_every_shipped_text_is_a_proposal_that_fits_its_protocol(key: str) -> None:
    assert consent_texts.misfits(text_of(key), protocol_of(key)) == []
    assert text_of(key).is_proposal


@pytest.mark.parametrize("key", KEYS)
def test_off_label_use_is_told_for_what_is_off_label_and_for_nothing_else(key: str) -> None:
    topics = {part.topic for part in text_of(key).parts}
    assert (ConsentTopic.OFF_LABEL in topics) is protocol_of(key).off_label
    assert (ConsentTopic.LABELLED in topics) is not protocol_of(key).off_label
    assert (ConsentTopic.COMPOUNDED in topics) is (key == "in-racemic")


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("language", list(Language))
def test_the_numbers_are_the_protocols_own(key: str, language: Language) -> None:
    text, protocol = words(key, language), protocol_of(key)
    assert f"{protocol.observation.minutes.whole} min" in text
    hours = protocol.driving.hours
    assert (f"{hours.whole} h" in text) if hours else ("24" not in text)
    assert "{" not in text
    assert "988" in text
    assert "911" in text


@pytest.mark.parametrize("key", KEYS)
def test_the_spanish_speaks_of_nobodys_sex(key: str) -> None:
    text = words(key, Language.ES)
    of_things = ("forma segura de", "sola o junto")
    for phrase in of_things:
        text = text.replace(phrase, "")
    assert not GENDERED.search(text)
    assert not re.search(r"\b(el|la) paciente\b|/a\b|\(a\)|embarazada", text)


def test_a_text_without_a_part_that_it_needs_is_refused_with_every_fault() -> None:
    broken = raw("iv-mood").replace('topic = "off_label"', 'topic = "labelled"').replace("{stay}", "45")
    with pytest.raises(FaultyData) as raised:
        consent_texts.parse_consent(broken)
    assert raised.value.faults == (
        "off_label: missing",
        "labelled: does not belong to this protocol",
        "monitoring.en: must name stay of the protocol",
        "monitoring.es: must name stay of the protocol",
    )


@pytest.mark.parametrize("lone", ["{", "}", "{other}", "{}", "{0}"])
def test_a_text_with_a_brace_that_stands_for_nothing_is_refused(lone: str) -> None:
    with pytest.raises(FaultyData):
        consent_texts.parse_consent(raw("im").replace("Signing is your own choice.", f"Signing {lone} is yours."))


def test_a_text_of_another_protocol_does_not_fit() -> None:
    assert consent_texts.misfits(text_of("iv-mood"), protocol_of("in-esketamine")) == [
        Misfit.OTHER_PROTOCOL,
        Misfit.OTHER_LABEL,
        Misfit.OTHER_DRIVING,
        Misfit.OTHER_STAY,
    ]
    assert Misfit.OTHER_MAKE in consent_texts.misfits(text_of("iv-mood"), protocol_of("in-racemic"))


def on_file(**given: object) -> OnFile:
    """A signed consent that goes on."""
    fields = {"answer": ConsentAnswer.SIGNED, "until": DAY, "changed_mind": False, "mistake": False}
    return OnFile(**{**fields, **given})  # type: ignore[arg-type]


def test_the_newest_that_was_no_mistake_counts() -> None:
    newest_first = [on_file(mistake=True), on_file(), on_file(changed_mind=True), on_file()]
    assert states(newest_first, DAY) == [
        ConsentState.MISTAKE,
        ConsentState.HOLDS,
        ConsentState.CHANGED_MIND,
        ConsentState.REPLACED,
    ]


def test_a_refusal_stands_before_an_older_signature_and_the_last_day_is_inclusive() -> None:
    refused = on_file(answer=ConsentAnswer.CHOSE_NOT_TO, until=None)
    assert states([refused, on_file()], DAY) == [ConsentState.CHOSE_NOT_TO, ConsentState.REPLACED]
    assert states([on_file()], DAY) == [ConsentState.HOLDS]
    assert states([on_file()], DAY.replace(day=DAY.day + 1)) == [ConsentState.EXPIRED]


@pytest.mark.parametrize(
    "sent",
    [
        "x", "{}", "[1]", "[[1]]", "[[[1]]]", "[[[1, 2, 3]]]", "[[[1, -1]]]", "[[[1, 1001]]]", "[[[1, 2.5]]]",
        "[[[true, 1]]]", "[" * 100_000, f"[{'[],' * 200}[]]", f"[[{'[1,1],' * MOST_POINTS}[1,1]]]",
    ],
)  # fmt: skip
def test_what_no_hand_has_drawn_is_refused(sent: str) -> None:
    with pytest.raises(UnreadableSignature):
        read_strokes(sent)


def test_a_drawing_is_kept_as_drawn_and_none_is_none() -> None:
    assert read_strokes("") is None
    assert read_strokes("[]") is None
    assert read_strokes("[[]]") is None
    assert read_strokes("[[[0, 1000], [5, 6]], [[7, 7]]]") == [[[0, 1000], [5, 6]], [[7, 7]]]
    assert drawn([[[0, 1000], [5, 6]], [[7, 7]]]) == ["0,1000 5,6", "7,7 8,7"]


def test_names_are_compared_without_accents_and_case() -> None:
    assert same_name("JOSÉ  alvarez-núñez", "Jose Álvarez Nuñez")
    assert not same_name("Jose Alvarez", "Jose Álvarez Nuñez")
