"""What may be asked of the list of messages; what cannot be understood asks for nothing."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from clinic_sessions.domain.messages.messages import MessageKind, MessageStatus
from clinic_sessions.services.messages.message_list import Filters

Member = TypeVar("Member", bound=StrEnum)
LARGEST = 2**31 - 1


def read_filters(asked: Mapping[str, str]) -> Filters:
    """Read the filters of an address."""
    return Filters(
        status=_one_of(MessageStatus, asked.get("status", "")),
        kind=_one_of(MessageKind, asked.get("kind", "")),
        patient_id=read_number(asked.get("patient", "")) or None,
    )


def read_number(text: str) -> int:
    """Read a whole number that a table can hold; 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 11 and int(text) <= LARGEST else 0


def _one_of(members: type[Member], text: str) -> Member | None:
    return members(text) if text in {member.value for member in members} else None
