"""Screening: the questionnaire of a route, read from data, and what its answers say of treating with a drug.

Only a plain no speaks for a patient: not sure is something to clarify, and no answer is no answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from clinic_sessions.domain.contacts import PregnancyPossible
from clinic_sessions.domain.papers.screening_kinds import AskedOf, ItemAnswer, ItemKind
from clinic_sessions.domain.protocols.protocol_kinds import Drug, Route
from clinic_sessions.domain.sourced import FaultyData, load_toml, read_table, source_faults

LONGEST_KEY = 60


@dataclass(frozen=True, kw_only=True)
class ScreeningItem:
    """One question. `label`: its name for staff; `en`, `es`: the question as a patient reads it.

    `labelled_for`: the drugs whose label says never, for a contraindication; for any other drug it is a hard stop.
    `danger`: a yes is shown the crisis lines at once.
    """

    key: str
    kind: ItemKind
    label: str
    en: str
    es: str
    source: str
    labelled_for: tuple[Drug, ...] = ()
    asked_of: AskedOf = AskedOf.EVERYONE
    danger: bool = False

    def kind_for(self, drug: Drug) -> ItemKind:
        """Say what a yes means for treating with `drug`."""
        labelled = self.kind is not ItemKind.CONTRAINDICATION or drug in self.labelled_for
        return self.kind if labelled else ItemKind.HARD_STOP


@dataclass(frozen=True, kw_only=True)
class ScreeningPart:
    """Questions that belong together, under a heading in each language."""

    key: str
    en: str
    es: str
    items: tuple[ScreeningItem, ...]


@dataclass(frozen=True, kw_only=True)
class Questionnaire:
    """The questionnaire of one route."""

    route: Route
    parts: tuple[ScreeningPart, ...]

    @property
    def items(self) -> tuple[ScreeningItem, ...]:
        """Every question, in order."""
        return tuple(item for part in self.parts for item in part.items)

    def asked(self, pregnancy: PregnancyPossible) -> tuple[ScreeningPart, ...]:
        """Give the parts with the questions for this patient: of pregnancy unless it is known not to be possible."""
        skipped = {AskedOf.CAN_BE_PREGNANT} if pregnancy is PregnancyPossible.NO else set[AskedOf]()
        return tuple(
            ScreeningPart(key=part.key, en=part.en, es=part.es, items=kept)
            for part in self.parts
            if (kept := tuple(item for item in part.items if item.asked_of not in skipped))
        )


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What answers say of treating with a drug: what was answered yes, by its meaning; and what is not known.

    `to_clarify`: answered not sure; `unanswered`: not answered at all. Neither is a no.
    """

    contraindications: tuple[ScreeningItem, ...]
    hard_stops: tuple[ScreeningItem, ...]
    cautions: tuple[ScreeningItem, ...]
    to_clarify: tuple[ScreeningItem, ...]
    unanswered: tuple[ScreeningItem, ...]


def assess(
    questionnaire: Questionnaire,
    answers: Mapping[str, ItemAnswer],
    drug: Drug,
    pregnancy: PregnancyPossible = PregnancyPossible.NOT_ASKED,
) -> Assessment:
    """Sort the questions for a patient by what their answers mean for `drug`; answers to others are left out."""
    asked = [item for part in questionnaire.asked(pregnancy) for item in part.items]

    def yes(kind: ItemKind) -> tuple[ScreeningItem, ...]:
        return tuple(one for one in asked if answers.get(one.key) is ItemAnswer.YES and one.kind_for(drug) is kind)

    return Assessment(
        contraindications=yes(ItemKind.CONTRAINDICATION),
        hard_stops=yes(ItemKind.HARD_STOP),
        cautions=yes(ItemKind.CAUTION),
        to_clarify=tuple(one for one in asked if answers.get(one.key) is ItemAnswer.NOT_SURE),
        unanswered=tuple(one for one in asked if one.key not in answers),
    )


def parse_questionnaire(text: str) -> Questionnaire:
    """Read a questionnaire from TOML; raises FaultyData with every fault found."""
    return read_questionnaire(load_toml(text))


def read_questionnaire(table: object) -> Questionnaire:
    """Read a questionnaire from plain tables; raises FaultyData with every fault found."""
    faults: list[str] = []
    found = read_table(Questionnaire, table, "", faults)
    if found is not None:
        faults.extend(_faults(found))
    if found is None or faults:
        raise FaultyData(tuple(faults))
    return found


def _faults(found: Questionnaire) -> list[str]:
    keys = [item.key for item in found.items]
    faults = [f"{key}: asked twice" for key in sorted({key for key in keys if keys.count(key) > 1})]
    for item in found.items:
        labelled = item.kind is ItemKind.CONTRAINDICATION
        if labelled != bool(item.labelled_for):
            faults.append(f"{item.key}: a contraindication, and nothing else, names the drugs whose label says so")
        if len(item.key) > LONGEST_KEY:
            faults.append(f"{item.key}: key is longer than {LONGEST_KEY}")
        faults.extend(source_faults(item.source, item.key))
    return faults
