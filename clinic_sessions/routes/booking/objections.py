"""What stands against a time, in words, and what the person at the screen may lift."""

from collections.abc import Sequence
from dataclasses import dataclass

from clinic_sessions.domain import words
from clinic_sessions.domain.scheduling.timetable import LIFTED_BY, BookingReason, FreeTime, Objection, OverrideKind
from clinic_sessions.models import Clinic, User
from clinic_sessions.routes import filters
from clinic_sessions.services.booking import room
from clinic_sessions.services.refusals import ChangedMeanwhile, NotAllowed, Refusal

NOT_YOURS = "Your role does not include this."


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A refusal as a booking screen shows it: the reasons, the next free times, and the rules that can be lifted.

    `lift`: those that this person may lift; `ask`: whom to ask for the others. Both are empty when something stands
    against the time that nobody lifts.
    """

    said: Sequence[str] = ()
    instead: Sequence[FreeTime] = ()
    lift: Sequence[OverrideKind] = ()
    ask: str | None = None


NOTHING = Refused()


def read(refusal: Refusal, person: User, clinic: Clinic) -> Refused:
    """Put a refusal into words, with times as the clinic's clock shows them."""
    if isinstance(refusal, ChangedMeanwhile):
        return Refused(
            said=["Someone changed this session meanwhile. Below is how it stands now; nothing of yours was saved."]
        )
    if not isinstance(refusal, room.TimeTaken):
        said = [NOT_YOURS] if isinstance(refusal, NotAllowed) else [words.say(reason) for reason in refusal.reasons]
        return Refused(said=said)
    kinds = [LIFTED_BY[one.reason] for one in refusal.objections if one.reason in LIFTED_BY]
    if len(kinds) < len(refusal.objections):
        kinds = []
    lift, ask = may_lift(kinds, person)
    return Refused(
        said=[in_words(one, clinic) for one in refusal.objections], instead=refusal.next_times, lift=lift, ask=ask
    )


def may_lift(kinds: Sequence[OverrideKind], person: User) -> tuple[Sequence[OverrideKind], str | None]:
    """Give the rules when this person may lift all of them, else nothing and whom to ask."""
    allowed = all(_may(person, kind) for kind in kinds)
    return (kinds, None) if allowed else ((), _whom(kinds))


def in_words(one: Objection, clinic: Clinic) -> str:
    """Say one objection; for cover, with the minute and the shares of a nurse."""
    if one.at is None:
        return words.say(one.reason)
    at = filters.at(one.at, clinic)
    if one.reason is BookingReason.ROLE_MISSING:
        return f"At {at} a provider must be on site, and none is on shift."
    spare = shares(one.spare_milli) if one.spare_milli > 0 else "nothing"
    return f"At {at} it needs {shares(one.needed_milli)}, and {spare} is free."


def shares(milli: int) -> str:
    """Say how much of how many nurses it is, from thousandths of a nurse: 0.5 of a nurse, 1 nurse, 1.5 nurses."""
    count = f"{milli / 1000:.2f}".rstrip("0").rstrip(".")
    return f"{count} of a nurse" if milli < 1000 else f"{count} nurse{'' if milli == 1000 else 's'}"


def _may(person: User, kind: OverrideKind) -> bool:
    needed = room.PERMISSION_TO_LIFT.get(kind)
    return needed is None or person.may(needed)


def _whom(kinds: Sequence[OverrideKind]) -> str:
    if OverrideKind.SECOND_DOSE in kinds:
        return "A provider can book this, with a reason."
    return "A provider or the charge nurse can book this, with a reason."
