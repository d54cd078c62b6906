"""How a row is timed and printed: what was measured, and the goal beside it."""

import statistics
import time
from collections.abc import Callable

RUNS = 60
WARM = 5


def say(name: str, measured: str, goal: str, beside: str = "") -> None:
    """Print one row."""
    told = f"   ({beside})" if beside else ""
    print(f"{name:38}{measured:>22}   {goal and 'goal ' + goal:18}{told}".rstrip(), flush=True)


def ms(took: float) -> str:
    """Write seconds as milliseconds."""
    return f"{took * 1000:.2f} ms"


def in_floors(took: float, floor: float) -> str:
    """Write seconds as milliseconds and as multiples of the floor."""
    return f"{ms(took)} = {took / floor:.1f} F"


def timed(once: Callable[[], object]) -> float:
    """Give the median seconds that something takes, once warm."""
    return statistics.median([seconds(once) for _ in range(RUNS)][WARM:])


def seconds(once: Callable[[], object]) -> float:
    """Give the seconds that something takes now."""
    before = time.perf_counter()
    once()
    return time.perf_counter() - before
