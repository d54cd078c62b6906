"""The scales as they are shipped, for the tests of their scoring."""

from functools import lru_cache
from importlib import resources

from hypothesis import strategies as st

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.scales.data import Scale, parse_scale
from clinic_sessions.domain.scales.scoring import BY_ITEMS, BY_TOTAL

KEYS = [key for key in ScaleKey if key in BY_ITEMS or key in BY_TOTAL]


def text(key: ScaleKey) -> str:
    """The data file of a scale."""
    name = f"{key.value.replace('_', '-')}.toml"
    return resources.files("clinic_sessions.protocols").joinpath(name).read_text(encoding="utf-8")


@lru_cache
def shipped(key: ScaleKey) -> Scale:
    """A scale as data."""
    return parse_scale(text(key))


def answers(count: int, most: int) -> st.SearchStrategy[dict[int, int]]:
    """Every whole set of answers."""
    return st.fixed_dictionaries({item: st.integers(0, most) for item in range(1, count + 1)})


def numbered(*given: int | None) -> dict[int, int | None]:
    """Answers in order, numbered from 1."""
    return dict(enumerate(given, start=1))


def summing(total: int, count: int, most: int) -> dict[int, int | None]:
    """Answers whose sum is `total`, filled from the first item on."""
    return numbered(*(min(most, max(0, total - most * place)) for place in range(count)))
