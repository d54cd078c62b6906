"""Who is acting, as services and the audit see them."""

from dataclasses import dataclass

import sqlalchemy as sa

from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import ActorKind, User


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A person signed in, a patient by link, or the system; `role` is the role they act under."""

    kind: ActorKind
    user: User | None = None
    role: Role | None = None
    sign_in_id: int | None = None
    address: str | None = None

    @property
    def user_id(self) -> int | None:
        """The user's id, or None for patients and the system; read without asking the database."""
        identity = sa.inspect(self.user).identity if self.user else None
        return identity[0] if identity else None


SYSTEM = Actor(kind=ActorKind.SYSTEM)


def patient_by_link(address: str | None) -> Actor:
    """Give the actor for a patient who came by a link."""
    return Actor(kind=ActorKind.PATIENT, address=address)
