"""Consent texts: what the patient reads before signing, in both languages, in parts."""

from dataclasses import dataclass

from clinic_sessions.domain.sourced import FaultyData, load_toml, read_table


@dataclass(frozen=True, kw_only=True)
class ConsentPart:
    """One part of the text: its key, a heading and a paragraph in each language."""

    key: str
    heading_en: str
    heading_es: str
    en: str
    es: str


@dataclass(frozen=True, kw_only=True)
class ConsentText:
    """A consent text for one protocol."""

    protocol: str
    title_en: str
    title_es: str
    parts: tuple[ConsentPart, ...]


def parse_consent(text: str) -> ConsentText:
    """Read a consent text from TOML; raises FaultyData with every fault found."""
    return read_consent(load_toml(text))


def read_consent(table: object) -> ConsentText:
    """Read a consent text from plain tables; raises FaultyData with every fault found."""
    faults: list[str] = []
    found = read_table(ConsentText, table, "", faults)
    if found is None:
        raise FaultyData(tuple(faults))
    return found
