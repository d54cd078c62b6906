"""Whether what was drawn of a controlled drug has been given or wasted, to the microgram."""

from dataclasses import dataclass

from clinic_sessions.domain.drug.doses import Micrograms


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What was drawn, given and wasted. `given`: None while the dose runs, or while nobody has said how much it was."""

    drawn: Micrograms
    given: Micrograms | None
    wasted: Micrograms

    @property
    def left(self) -> Micrograms | None:
        """What is neither given nor wasted; below zero, more is accounted for than was drawn; None: not known yet."""
        return None if self.given is None else self.drawn - self.given - self.wasted

    @property
    def is_even(self) -> bool:
        """Whether all of it is accounted for.

        >>> Balance(drawn=40_000, given=22_000, wasted=18_000).is_even
        True
        """
        return self.left == 0
