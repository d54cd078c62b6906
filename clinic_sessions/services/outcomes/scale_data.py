"""The scales that come with the program, each read once from its data file."""

from functools import lru_cache
from importlib import resources

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.scales.data import Scale, parse_scale
from clinic_sessions.domain.scales.scoring import BY_ITEMS, BY_TOTAL

KEYS = tuple(key for key in ScaleKey if key in BY_ITEMS or key in BY_TOTAL)
"""Every scale that has a scoring, in the order of their names in ScaleKey."""


@lru_cache(maxsize=len(KEYS))
def of(key: ScaleKey) -> Scale:
    """Give a scale as data."""
    name = f"{key.value.replace('_', '-')}.toml"
    return parse_scale(resources.files("clinic_sessions.protocols").joinpath(name).read_text(encoding="utf-8"))
