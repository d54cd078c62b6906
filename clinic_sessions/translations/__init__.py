"""What patients read, in each language: one TOML file a language and subject; a missing key fails the tests."""

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any

SUBJECTS = ("mail", "pages")


@lru_cache(maxsize=8)
def _texts(language: str) -> dict[str, Any]:
    texts: dict[str, Any] = {}
    for subject in SUBJECTS:
        file = resources.files(__name__).joinpath(f"{language}-{subject}.toml")
        texts[subject] = tomllib.loads(file.read_text(encoding="utf-8"))
    return texts


def text(language: str, key: str, **values: object) -> str:
    """Give the text of a dotted key such as `mail.confirmation.subject`, its {placeholders} filled.

    Raises KeyError when the language lacks the key or a placeholder has no value.
    """
    found: Any = _texts(language)
    for part in key.split("."):
        found = found[part]
    return str(found).format(**values)


def keys(language: str) -> set[str]:
    """List every dotted key of a language."""
    return set(_walk("", _texts(language)))


def _walk(prefix: str, table: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for key, value in table.items():
        found += _walk(f"{prefix}{key}.", value) if isinstance(value, dict) else [prefix + key]
    return found
