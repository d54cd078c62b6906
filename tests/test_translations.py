"""What patients read stands in both languages, reveals nothing, and speaks of nobody's sex."""

import re
import string

import pytest

from clinic_sessions import translations
from clinic_sessions.translations import text

REVEALING = re.compile(
    r"ketamin|esketamin|ketalar|spravato|infusi|intraven|intramus|inyecc|inject|nasal|\bspray\b|\biv\b|\bim\b"
    r"|depres|ansiedad|anxi|ptsd|tept|trauma|dolor crónico|chronic pain|psiqui|psychi|suicid|phq|\bgad\b|therap|terap"
    r"|treatment|tratamiento|dose|dosis|mental",
    re.IGNORECASE,
)
GENDERED = re.compile(
    r"\b(bienvenid[oa]s?|seguro de|segura de|estimad[oa]s?|querid[oa]s?|cansad[oa]|preparad[oa]|listo|lista para"
    r"|registrad[oa] como|acompañad[oa]|solo o|sola|invitad[oa]|preocupad[oa])\b",
    re.IGNORECASE,
)
KEYS = sorted(translations.keys("en") | translations.keys("es"))


def placeholders(words: str) -> set[str]:
    """The names to be filled in a text."""
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


def raw(language: str, key: str) -> str:
    """A text with its placeholders unfilled."""
    found: object = translations._texts(language)
    for part in key.split("."):
        assert isinstance(found, dict)
        found = found[part]
    return str(found)


def test_both_languages_have_the_same_keys() -> None:
    assert translations.keys("en") == translations.keys("es")


@pytest.mark.parametrize("key", KEYS)
def test_both_languages_fill_the_same_placeholders(key: str) -> None:
    assert placeholders(raw("en", key)) == placeholders(raw("es", key))


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("key", KEYS)
def test_no_text_names_drug_diagnosis_route_or_specialty(language: str, key: str) -> None:
    assert not REVEALING.search(raw(language, key))


@pytest.mark.parametrize("key", KEYS)
def test_no_spanish_text_is_gendered(key: str) -> None:
    assert not GENDERED.search(raw("es", key))


@pytest.mark.parametrize("key", KEYS)
def test_no_spanish_sentence_ends_with_an_hour_which_has_a_full_stop_of_its_own(key: str) -> None:
    assert not re.search(r"\{(time|hours)\}\.", raw("es", key))


def test_a_missing_key_or_value_fails() -> None:
    with pytest.raises(KeyError):
        text("en", "pages.nothing.here")
    with pytest.raises(KeyError):
        text("en", "pages.gone.text")
