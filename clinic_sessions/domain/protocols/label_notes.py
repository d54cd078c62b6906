"""The notes of a label beside a plan: a missed session, treatment alone, enrolment; each text with its source."""

from dataclasses import dataclass

from clinic_sessions.domain.protocols.protocol_kinds import SeriesKind
from clinic_sessions.domain.sourced import FaultyData, load_toml, read_table


@dataclass(frozen=True, kw_only=True)
class Note:
    """What a label, or whoever made it, says, and where."""

    text: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Missed:
    """What to do about a missed session, in the induction and after it."""

    induction: Note
    later: Note


@dataclass(frozen=True, kw_only=True)
class LabelNotes:
    """Every note of one label."""

    missed: Missed
    alone: Note
    enrolled: Note

    def when_missed(self, phase: SeriesKind) -> Note:
        """Give the note about a missed session in a phase."""
        return self.missed.induction if phase is SeriesKind.INDUCTION else self.missed.later


def parse_notes(text: str) -> LabelNotes:
    """Read the notes from TOML; raises FaultyData with every fault found."""
    faults: list[str] = []
    found = read_table(LabelNotes, load_toml(text), "", faults)
    if found is None:
        raise FaultyData(tuple(faults))
    return found
