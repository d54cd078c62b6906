"""A scale as data: its version, licence, recall, bands and published change, each number with its source."""

from dataclasses import dataclass
from typing import Annotated

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.scales.results import Band, ItemImpossible, Total
from clinic_sessions.domain.sourced import Allowed, FaultyData, Sourced, load_toml, read_table, source_faults

_POINTS = Allowed("points", high=100)


@dataclass(frozen=True, kw_only=True)
class ScaleText:
    """The words of a scale in one language; without items, the clinic uses its own licensed form."""

    instruction: str
    source: str
    items: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    """What 0, 1, 2 ... mean; without them the answers are the numbers, from the low end to the high one."""
    low_ends: tuple[str, ...] = ()
    high_ends: tuple[str, ...] = ()
    function: str = ""
    function_answers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BandFrom:
    """A band, and the total from which it is counted."""

    band: Band
    start: Annotated[Sourced, Allowed("points", low=0, high=100)]


@dataclass(frozen=True, kw_only=True)
class Cuts:
    """Totals from which a flag is set: of a screen, of a cut that is published as a range, of leaving."""

    screen: Annotated[Sourced, _POINTS] | None = None
    cut: Annotated[Sourced, _POINTS] | None = None
    cut_upper: Annotated[Sourced, _POINTS] | None = None
    leave: Annotated[Sourced, _POINTS] | None = None


@dataclass(frozen=True, kw_only=True)
class ChangeRule:
    """What counts as a change: a fall in points or percent from baseline, and where the latest total must be."""

    reliable: Annotated[Sourced, _POINTS] | None = None
    reliable_strict: Annotated[Sourced, _POINTS] | None = None
    """A stricter reading of the same, where two are published."""
    response: Annotated[Sourced, Allowed("%", high=100)] | None = None
    clinic_response: bool = False
    """Whether the clinic's own number for a response holds (a scale of depression)."""
    remission: Annotated[Sourced, _POINTS] | None = None
    """The highest total that counts as remission, or as the published endpoint."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A scale as data. `items` of 0: only its total is entered, from the clinic's own licensed form."""

    key: ScaleKey
    name: str
    version: str
    licence: str
    scoring: str
    """The published scoring in words, with its source."""
    items: int
    least: int
    most: int
    """What one item, or the total where only that is entered, may be."""
    highest: int
    """The highest total; 0 for a screen that has none."""
    en: ScaleText
    es: ScaleText | None = None
    recall: Annotated[Sourced, Allowed("days", high=60)] | None = None
    ask_again: Annotated[Sourced, Allowed("days", high=60)] | None = None
    by_clinician: bool = False
    bands: tuple[BandFrom, ...] = ()
    cuts: Cuts = Cuts()
    change: ChangeRule | None = None

    @property
    def total_only(self) -> bool:
        """Whether no item is entered."""
        return self.items == 0

    @property
    def numbers(self) -> range:
        """The items that the scoring uses, by number."""
        return range(1, self.items + 1)

    @property
    def answers(self) -> range:
        """What one item, or the total where only that is entered, may be."""
        return range(self.least, self.most + 1)

    def text(self, language: str) -> ScaleText:
        """Give its words in a language, or in English where none are shipped for it."""
        return self.es if language == "es" and self.es is not None else self.en

    def band_of(self, total: Total) -> Band | None:
        """Give the published band of a total; None for a scale without bands.

        Raises ItemImpossible for a total that the scale does not have.
        """
        if not 0 <= total <= self.highest:
            raise ItemImpossible(f"A total of {self.name} is 0 to {self.highest}, not {total}")
        return next((one.band for one in reversed(self.bands) if total >= one.start.whole), None)


def parse_scale(text: str) -> Scale:
    """Read a scale from TOML; raises FaultyData with every fault found."""
    faults: list[str] = []
    scale = read_table(Scale, load_toml(text), "", faults)
    if scale is None:
        raise FaultyData(tuple(faults))
    faults.extend(source_faults(scale.licence, "licence"))
    faults.extend(source_faults(scale.scoring, "scoring"))
    faults.extend(_band_faults(scale))
    for language, words in (("en", scale.en), ("es", scale.es)):
        if words is not None:
            faults.extend(_text_faults(scale, words, language))
    if faults:
        raise FaultyData(tuple(faults))
    return scale


def _band_faults(scale: Scale) -> list[str]:
    starts = [one.start.whole for one in scale.bands]
    if starts and (starts[0] != 0 or starts != sorted(set(starts))):
        return ["bands: must begin at 0 and rise"]
    return []


def _text_faults(scale: Scale, words: ScaleText, language: str) -> list[str]:
    faults = source_faults(words.source, language)
    if len(words.items) != scale.items:
        faults.append(f"{language}: must have {scale.items} items")
    if words.answers and len(words.answers) != len(scale.answers):
        faults.append(f"{language}: must have {len(scale.answers)} answers")
    if {len(words.low_ends), len(words.high_ends)} - {0, scale.items}:
        faults.append(f"{language}: every item needs both its ends")
    if words.function and len(words.function_answers) != len(scale.answers):
        faults.append(f"{language}: must have {len(scale.answers)} answers to the function item")
    return faults
