"""Clinical numbers with their unit and source, and the reading of data files into frozen values.

A data file is described by dataclasses: each field is a `Sourced` number, text, a closed choice, another
dataclass, or a tuple of these. Reading collects every fault instead of stopping at the first.
"""

import re
import tomllib
from dataclasses import MISSING, dataclass, fields, is_dataclass
from decimal import Decimal
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

YES_OR_NO = "yes or no"
"""The unit of a setting that is on (1) or off (0)."""

_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?", re.ASCII)
_PLAIN = {str: "text", int: "a whole number", bool: "true or false"}
_MARK = re.compile(r"\[(S|S2|M|P)\]")


class FaultyData(ValueError):
    """A data file that may not be used; `faults` lists everything that is wrong with it."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        """Keep the faults, each a sentence that begins with the place."""
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True, kw_only=True)
class Usual:
    """The range that a publication states for a number, in its unit; a value outside it asks for a reason."""

    low: Decimal
    high: Decimal
    source: str


@dataclass(frozen=True, kw_only=True)
class Sourced:
    """A number as a clinic set it: exact value, unit, where it comes from, and the published range, if one is known.

    >>> Sourced(value=Decimal("0.5"), unit="nurse", source="Proposal [P]").thousandths
    500
    """

    value: Decimal
    unit: str
    source: str
    usual: Usual | None = None

    @property
    def whole(self) -> int:
        """The value as an integer, in its own unit; raises ValueError when it has a fraction."""
        if self.value != self.value.to_integral_value():
            raise ValueError(f"{self.value} {self.unit} is not whole")
        return int(self.value)

    @property
    def words(self) -> str:
        """The value as people read it: with its unit, or Yes or No."""
        if self.unit == YES_OR_NO:
            return "Yes" if self.value else "No"
        return f"{self.value} {self.unit}"

    @property
    def thousandths(self) -> int:
        """The value times 1000 (mg as micrograms, nurse as thousandths); ValueError when finer than that."""
        scaled = self.value * 1000
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{self.value} {self.unit} is finer than a thousandth")
        return int(scaled)


@dataclass(frozen=True)
class Allowed:
    """What a `Sourced` number may be: unit, least, most, decimals; `Annotated[Sourced, Allowed("min", high=60)]`.

    An empty unit means that the file's own checks decide which one is right.
    """

    unit: str
    low: int = 1
    high: int = 1
    places: int = 0

    def takes(self, value: Decimal) -> bool:
        """Say whether a value lies within the bounds and is no finer than they say."""
        return value == round(value, self.places) and self.low <= value <= self.high

    @property
    def in_words(self) -> str:
        """The bounds, as a fault names them."""
        decimals = f" with at most {self.places} decimals" if self.places else ", whole"
        return f"from {self.low} to {self.high}{decimals}"


def load_toml(text: str) -> object:
    """The tables of a TOML text; raises FaultyData when it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FaultyData((f"file: not TOML: {error}",)) from None


def read_table(kind: type[T], table: object, path: str, faults: list[str]) -> T | None:
    """A value of the dataclass `kind` from a table, or None after its faults were added to `faults`."""
    if not isinstance(table, dict):
        faults.append(f"{path}: must be a table")
        return None
    before = len(faults)
    known = {one.name: one for one in fields(cast(Any, kind))}
    faults.extend(f"{_at(path, key)}: not known" for key in sorted(set(table) - set(known)))
    hints = get_type_hints(kind, include_extras=True)
    found: dict[str, object] = {}
    for name, one in known.items():
        if name in table:
            found[name] = _read(hints[name], table[name], _at(path, name), faults)
            if table[name] == [] and one.default is MISSING:
                faults.append(f"{_at(path, name)}: must have something in it")
        elif one.default is MISSING:
            faults.append(f"{_at(path, name)}: missing")
    return kind(**found) if len(faults) == before else None


def write_table(value: object) -> object:
    """The plain tables, lists and texts of a value, as `read_table` reads them; absent parts are left out."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [write_table(one) for one in value]
    if is_dataclass(value):
        parts = {one.name: getattr(value, one.name) for one in fields(value)}
        return {name: write_table(part) for name, part in parts.items() if part is not None}
    return value


def _at(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)


def _read(kind: Any, raw: object, path: str, faults: list[str]) -> object:
    if get_origin(kind) in (UnionType, Union):
        kind = next(one for one in get_args(kind) if one is not type(None))
    if get_origin(kind) is tuple:
        return _read_list(get_args(kind)[0], raw, path, faults)
    if get_origin(kind) is Annotated:
        return _read_number(raw, path, faults, get_args(kind)[1])
    if is_dataclass(kind):
        return read_table(cast(Any, kind), raw, path, faults)
    if issubclass(kind, StrEnum):
        return _read_choice(kind, raw, path, faults)
    return _read_plain(kind, raw, path, faults)


def _read_list(kind: Any, raw: object, path: str, faults: list[str]) -> tuple[object, ...]:
    if not isinstance(raw, list):
        faults.append(f"{path}: must be a list")
        return ()
    return tuple(_read(kind, one, f"{path}[{place}]", faults) for place, one in enumerate(raw))


def _read_choice(kind: type[StrEnum], raw: object, path: str, faults: list[str]) -> object:
    if raw not in list(kind):
        faults.append(f"{path}: must be one of {', '.join(kind)}")
        return None
    return kind(cast(str, raw))


def _read_plain(kind: Any, raw: object, path: str, faults: list[str]) -> object:
    if type(raw) is not kind or (isinstance(raw, str) and not raw.strip()):
        faults.append(f"{path}: must be {_PLAIN[kind]}")
    return raw


def _read_number(raw: object, path: str, faults: list[str], allowed: Allowed) -> Sourced | None:
    if not isinstance(raw, dict) or set(raw) - {"usual"} != {"value", "unit", "source"}:
        faults.append(f"{path}: needs value, unit and source, and besides at most usual")
        return None
    before = len(faults)
    value, unit = exact(raw["value"]), raw["unit"]
    if value is None or not allowed.takes(value):
        faults.append(f"{path}: value must be {allowed.in_words}")
    if not isinstance(unit, str) or (allowed.unit and unit != allowed.unit):
        faults.append(f"{path}: unit must be {allowed.unit or 'text'}")
    faults.extend(source_faults(raw["source"], path))
    usual = _read_usual(raw["usual"], f"{path}.usual", faults) if "usual" in raw else None
    if value is None or len(faults) > before:
        return None
    return Sourced(value=value, unit=unit, source=raw["source"], usual=usual)


def _read_usual(raw: object, path: str, faults: list[str]) -> Usual | None:
    if not isinstance(raw, dict) or set(raw) != {"low", "high", "source"}:
        faults.append(f"{path}: needs low, high and source, and nothing else")
        return None
    low, high, unsourced = exact(raw["low"]), exact(raw["high"]), source_faults(raw["source"], path)
    faults.extend(unsourced)
    if low is None or high is None or low > high:
        faults.append(f"{path}: low must not be above high")
        return None
    return None if unsourced else Usual(low=low, high=high, source=raw["source"])


def unmarked(source: str) -> str:
    """Give a source without its marks, for a sentence beside which the page explains them.

    >>> unmarked("usmedicine.com 2021 [S], droracle 767982 [S2]")
    'usmedicine.com 2021, droracle 767982'
    """
    return re.sub(rf"\s*{_MARK.pattern}", "", source)


def source_faults(source: object, path: str) -> list[str]:
    """What is wrong with a source text: it must say where, and end in its mark [S], [S2], [M] or [P]."""
    if isinstance(source, str) and _MARK.search(source) and len(source) > len("[S2]"):
        return []
    return [f"{path}: source must be named, with its mark [S], [S2], [M] or [P]"]


def exact(raw: object) -> Decimal | None:
    """Read a number that is not negative, whole or written as text with at most 6 decimals; None for anything else."""
    if type(raw) is int and abs(raw) < 10**9:
        return Decimal(raw)
    if isinstance(raw, str) and _DECIMAL.fullmatch(raw):
        return Decimal(raw)
    return None
