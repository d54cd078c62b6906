"""Medicines that call for a word before treatment: known by their names, added up where a sum matters, never forbidden.

A benzodiazepine whose daily dose is not known is not counted as nothing: that it cannot be counted is itself a warning.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from clinic_sessions.domain import names
from clinic_sessions.domain.drug.doses import Micrograms, mg_text
from clinic_sessions.domain.papers.screening_kinds import MedicineClass
from clinic_sessions.domain.protocols.protocol_kinds import Drug
from clinic_sessions.domain.sourced import Allowed, FaultyData, Sourced, load_toml, read_table, source_faults

LONGEST_WARNING = 300
SHORTEST_DOUBTED = 5
"""A name of fewer letters is one letter away from too many words."""
REFERENCE: Micrograms = 10_000
"""The dose of diazepam to which the others are likened."""


@dataclass(frozen=True, kw_only=True)
class KnownMedicine:
    """A medicine by its generic name; `also`: brands and names in other languages."""

    name: str
    also: tuple[str, ...] = ()
    equals_10_mg_diazepam: Annotated[Sourced, Allowed("mg", low=0, high=1000, places=3)] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name, as it is searched: without accents, marks and case."""
        return tuple(names.folded(one) for one in (self.name, *self.also))


@dataclass(frozen=True, kw_only=True)
class WarnedClass:
    """A kind of medicines, the warning it calls for with these drugs, and where that comes from."""

    kind: MedicineClass
    warning: str
    drugs: tuple[Drug, ...]
    source: str
    members: tuple[KnownMedicine, ...]


@dataclass(frozen=True, kw_only=True)
class MedicineCatalogue:
    """Every medicine that is known by name."""

    classes: tuple[WarnedClass, ...]

    def of(self, kind: MedicineClass) -> WarnedClass:
        """Give what is known of a class."""
        return next(one for one in self.classes if one.kind is kind)


@dataclass(frozen=True, kw_only=True)
class Recognised:
    """What a typed name stands for."""

    kind: MedicineClass
    medicine: KnownMedicine


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A medicine as a patient takes it. `diazepam`: what a day's dose is like in diazepam; None: not known."""

    id: int
    name: str
    kind: MedicineClass | None
    diazepam: Micrograms | None = None


@dataclass(frozen=True, kw_only=True)
class MedicineWarning:
    """Words to be read before treatment, and where they come from."""

    medicine_id: int
    words: str
    source: str


def recognise(catalogue: MedicineCatalogue, typed: str) -> Recognised | None:
    """Find the medicine that a typed line names, by whole words, the longest name first; None when none is known."""
    line = f" {names.folded(typed)} "
    found = [
        (len(name), Recognised(kind=group.kind, medicine=member))
        for group in catalogue.classes
        for member in group.members
        for name in member.names
        if f" {name} " in line
    ]
    return max(found, key=lambda one: one[0])[1] if found else None


def spelled_like(catalogue: MedicineCatalogue, typed: str) -> KnownMedicine | None:
    """Find the medicine that a typed line may mean, one letter astray in a word; None for an ordinary other name."""
    line = names.folded(typed).split()
    for group in catalogue.classes:
        for member in group.members:
            if any(_is_near(line, tuple(name.split())) for name in member.names if len(name) >= SHORTEST_DOUBTED):
                return member
    return None


def _is_near(line: Sequence[str], name: tuple[str, ...]) -> bool:
    places = range(len(line) - len(name) + 1)
    return any(names.near(tuple(line[at : at + len(name)]), name) for at in places)


def diazepam_like(medicine: KnownMedicine, daily: Micrograms) -> Micrograms | None:
    """Give the micrograms of diazepam that a day's dose is like, rounded up; None when no equivalent is known.

    >>> from decimal import Decimal
    >>> lorazepam = KnownMedicine(
    ...     name="lorazepam", equals_10_mg_diazepam=Sourced(value=Decimal(1), unit="mg", source="Ashton [M]")
    ... )
    >>> diazepam_like(lorazepam, 500)
    5000
    """
    if medicine.equals_10_mg_diazepam is None or daily <= 0:
        return None
    return -(-daily * REFERENCE // medicine.equals_10_mg_diazepam.thousandths)


def benzodiazepines(taken: Iterable[Taken]) -> Micrograms:
    """Add up what the benzodiazepines of known dose come to in a day, in micrograms of diazepam."""
    return sum(one.diazepam or 0 for one in taken if one.kind is MedicineClass.BENZODIAZEPINE)


def warnings(
    catalogue: MedicineCatalogue, taken: Sequence[Taken], drug: Drug, limit: Sourced
) -> tuple[MedicineWarning, ...]:
    """List what to read before treating with `drug`, in the order of the medicines.

    `limit`: the mg of diazepam a day above which the response is worse. The sum stands beside the newest
    benzodiazepine; its words change with it, so that it is read anew.
    """
    of_class = [one for medicine in taken for one in _of_class(catalogue, medicine, drug)]
    unknown = [_unknown(one, limit) for one in taken if _is_benzodiazepine(one) and one.diazepam is None]
    return (*of_class, *unknown, *_sum(taken, limit))


def _is_benzodiazepine(medicine: Taken) -> bool:
    return medicine.kind is MedicineClass.BENZODIAZEPINE


def _of_class(catalogue: MedicineCatalogue, medicine: Taken, drug: Drug) -> list[MedicineWarning]:
    if medicine.kind is None:
        return []
    group = catalogue.of(medicine.kind)
    warned = MedicineWarning(medicine_id=medicine.id, words=group.warning, source=group.source)
    return [warned] if drug in group.drugs else []


def _unknown(medicine: Taken, limit: Sourced) -> MedicineWarning:
    words = f"The daily dose is not known in diazepam, so it cannot be held against {limit.value} {limit.unit}."
    return MedicineWarning(medicine_id=medicine.id, words=words, source=limit.source)


def _sum(taken: Sequence[Taken], limit: Sourced) -> list[MedicineWarning]:
    total, counted = benzodiazepines(taken), [one for one in taken if _is_benzodiazepine(one) and one.diazepam]
    if total <= limit.thousandths:
        return []
    words = (
        f"Benzodiazepines come to {mg_text(total)} of diazepam a day, above {limit.value} {limit.unit}: "
        "the response is worse."
    )
    return [MedicineWarning(medicine_id=counted[-1].id, words=words, source=limit.source)]


def parse_medicines(text: str) -> MedicineCatalogue:
    """Read the medicines from TOML; raises FaultyData with every fault found."""
    faults: list[str] = []
    found = read_table(MedicineCatalogue, load_toml(text), "", faults)
    if found is not None:
        faults.extend(_faults(found))
    if found is None or faults:
        raise FaultyData(tuple(faults))
    return found


def _faults(found: MedicineCatalogue) -> list[str]:
    kinds = [one.kind for one in found.classes]
    faults = [f"{kind}: must be there once" for kind in MedicineClass if kinds.count(kind) != 1]
    every = [name for group in found.classes for member in group.members for name in member.names]
    faults += [f"{name}: named twice" for name in sorted({one for one in every if every.count(one) > 1})]
    for group in found.classes:
        faults.extend(source_faults(group.source, group.kind))
        faults += [f"{group.kind}: warning is too long"] if len(group.warning) > LONGEST_WARNING else []
        for member in group.members:
            given = member.equals_10_mg_diazepam
            if given and (given.thousandths <= 0 or group.kind is not MedicineClass.BENZODIAZEPINE):
                faults.append(f"{member.name}: only a benzodiazepine is like diazepam, in more than nothing")
    return faults
