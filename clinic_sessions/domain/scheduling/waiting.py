"""What waiting does to a chair's day: the later visits that begin later, one pushing the next."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from clinic_sessions.domain.wall_time import Span


def end_after(block: Span, prepare_minutes: int, dose_at: datetime) -> datetime:
    """Give when a block ends whose dose begins at `dose_at`, in place of so many minutes after its start.

    What follows the dose takes as long as it was planned; a dose that begins early shortens nothing.
    """
    late = dose_at - block.starts_at - timedelta(minutes=prepare_minutes)
    return block.ends_at + max(late, timedelta())


def pushed(ends_at: datetime, later: Sequence[Span]) -> list[Span]:
    """Give the later blocks of a chair, in their order, as they stand once the one before ends at `ends_at`.

    Each keeps its length and begins no sooner than it was booked.
    """
    moved: list[Span] = []
    free_at = ends_at
    for one in later:
        starts_at = max(one.starts_at, free_at)
        moved.append(Span(starts_at=starts_at, ends_at=starts_at + (one.ends_at - one.starts_at)))
        free_at = moved[-1].ends_at
    return moved
