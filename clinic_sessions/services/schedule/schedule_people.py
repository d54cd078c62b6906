"""By whom the schedule can be looked at: the nurses and providers who are named on its sessions."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.models import Clinic, User, UserClinic
from clinic_sessions.services.schedule.schedule_rows import Card


class Person(NamedTuple):
    """Someone whose sessions can be looked at alone."""

    id: int
    name: str


def nurses(cards: Collection[Card]) -> list[Person]:
    """List the nurses who are named on any of the sessions."""
    return _people((card.nurse_id, card.nurse) for card in cards)


def providers(cards: Collection[Card]) -> list[Person]:
    """List those who lead the plan of any of the sessions, or hold one."""
    led = [(card.provider_id, card.provider) for card in cards]
    return _people([*led, *((card.host_id, card.host) for card in cards)])


def _people(named: Iterable[tuple[int | None, str | None]]) -> list[Person]:
    people = {Person(id=one, name=name) for one, name in named if one is not None and name is not None}
    return sorted(people, key=lambda person: (person.name, person.id))


def with_chosen(db: Session, clinic: Clinic, people: Sequence[Person], chosen: int | None) -> list[Person]:
    """Add the one who was chosen to those who are named, if they work at the clinic."""
    if chosen is None or any(person.id == chosen for person in people):
        return list(people)
    query = sa.select(User.id, User.name).join(UserClinic, UserClinic.user_id == User.id)
    row = db.execute(query.where(User.id == chosen, UserClinic.clinic_id == clinic.id)).one_or_none()
    return [*people, Person(id=row.id, name=row.name)] if row else list(people)
