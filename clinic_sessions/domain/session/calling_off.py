"""Why a session does not go ahead, as far as what stands against its start tells it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from clinic_sessions.domain.papers.papers import PaperReason
from clinic_sessions.domain.scheduling.reasons import CallOffReason
from clinic_sessions.domain.session.start_gate import StartReason

_MEANS: Mapping[StrEnum, CallOffReason] = MappingProxyType(
    {
        StartReason.ATE: CallOffReason.ATE,
        StartReason.DRANK: CallOffReason.ATE,
        StartReason.NO_RIDE: CallOffReason.NO_ESCORT,
        StartReason.RIDE_NOT_ACCEPTED: CallOffReason.NO_ESCORT,
        StartReason.RIDE_NAMELESS: CallOffReason.NO_ESCORT,
        StartReason.PROVIDER_SAID_NOT_TODAY: CallOffReason.PROVIDER_DECIDED,
    }
)


def suggested(against: Iterable[StrEnum], *, pressure_out_of_range: bool) -> list[CallOffReason]:
    """List the reasons that follow from what stands against a start, in the order of the chips.

    >>> suggested([StartReason.DRANK, StartReason.NO_RIDE], pressure_out_of_range=False)
    [<CallOffReason.ATE: 'ate'>, <CallOffReason.NO_ESCORT: 'no_escort'>]
    """
    reasons = list(against)
    found = {_MEANS[reason] for reason in reasons if type(reason) is StartReason and reason in _MEANS}
    if pressure_out_of_range:
        found.add(CallOffReason.BLOOD_PRESSURE)
    if any(isinstance(reason, PaperReason) for reason in reasons):
        found.add(CallOffReason.PAPERS)
    return [reason for reason in CallOffReason if reason in found]
