"""Visits that are no treatments: how long they usually are, who may hold them, and their own words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.reasons import CallOffReason
from clinic_sessions.domain.session.lifecycle import Action, SessionKind
from clinic_sessions.domain.words import say

SHORTEST, LONGEST, STEP = 15, 240, 5
"""How long a visit may be, in minutes, and in which steps."""

WHOLE_NURSE = 1000
"""A nurse who holds a visit cares for no other patient meanwhile; in thousandths of a nurse."""

_EITHER = frozenset({SiteRole.PROVIDER, SiteRole.NURSE})


@dataclass(frozen=True, kw_only=True)
class Usual:
    """How a kind of visit usually is: its minutes, and the roles of those who may hold it."""

    minutes: int
    hosts: frozenset[SiteRole]


KINDS: Mapping[SessionKind, Usual] = MappingProxyType(
    {
        SessionKind.EVALUATION: Usual(minutes=60, hosts=frozenset({SiteRole.PROVIDER})),
        SessionKind.PSYCHOTHERAPY: Usual(minutes=50, hosts=_EITHER),
        SessionKind.INTEGRATION: Usual(minutes=50, hosts=_EITHER),
        SessionKind.TELEHEALTH: Usual(minutes=30, hosts=_EITHER),
    }
)

FAR_AWAY = frozenset({SessionKind.TELEHEALTH})
"""The patient is not at the clinic."""

_CALLED_OFF = (CallOffReason.UNWELL, CallOffReason.CHANGED_THEIR_MIND, CallOffReason.LATE, CallOffReason.STAFF)
"""Why a visit without a dose does not go ahead."""

_ACTS: Mapping[tuple[SessionKind, Action], str] = MappingProxyType(
    {
        (SessionKind.TELEHEALTH, Action.ARRIVE): "Patient has joined",
        **{(kind, Action.LEAVE): "Visit done" for kind in KINDS},
        **{(kind, Action.CALL_OFF): "Cannot take place" for kind in KINDS},
    }
)

_DONE: Mapping[Action, str] = MappingProxyType(
    {
        Action.START: "Dose started",
        Action.STOP_EARLY: "Dose stopped early",
        Action.CALL_OFF: "Did not go ahead",
    }
)
"""Acts whose words ask for them, as they read once they are done."""


def is_length(minutes: int) -> bool:
    """Say whether a visit may be this long: 15 to 240 minutes, in steps of five.

    >>> is_length(50), is_length(52), is_length(10)
    (True, False, False)
    """
    return SHORTEST <= minutes <= LONGEST and minutes % STEP == 0


def may_hold(kind: SessionKind, roles: Iterable[SiteRole]) -> bool:
    """Say whether someone who works in any of `roles` may hold a visit of `kind`."""
    return not KINDS[kind].hosts.isdisjoint(roles)


def nurse_milli(roles: Iterable[SiteRole]) -> int:
    """Give the share of the clinic's nurses that a host takes who works in `roles` meanwhile, in thousandths.

    Whoever counts among the nurses on shift is missing there, also when they hold the visit as a provider.

    >>> nurse_milli([SiteRole.NURSE]), nurse_milli([SiteRole.PROVIDER])
    (1000, 0)
    """
    return WHOLE_NURSE if SiteRole.NURSE in set(roles) else 0


def call_off_reasons(kind: SessionKind) -> Sequence[CallOffReason]:
    """List why a session of `kind` may not go ahead though the patient came."""
    return tuple(CallOffReason) if kind is SessionKind.TREATMENT else _CALLED_OFF


def act_words(kind: SessionKind, action: Action) -> str:
    """Give the words for an act in the life of a session of `kind`.

    >>> act_words(SessionKind.TELEHEALTH, Action.ARRIVE), act_words(SessionKind.TREATMENT, Action.LEAVE)
    ('Patient has joined', 'Left with their ride')
    """
    return _ACTS.get((kind, action)) or say(action)


def done_words(kind: SessionKind, action: Action) -> str:
    """Give the words for an act that was done, as the record tells it.

    >>> done_words(SessionKind.TREATMENT, Action.START), done_words(SessionKind.TELEHEALTH, Action.LEAVE)
    ('Dose started', 'Visit done')
    """
    return _ACTS.get((kind, action)) or _DONE.get(action) or say(action)
