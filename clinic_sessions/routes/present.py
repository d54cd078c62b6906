"""What a view asks of the request at hand: settings, person, clinic, and what it showed."""

from collections.abc import Sequence
from typing import cast

from flask import abort, current_app, g
from sqlalchemy.orm import Session

from clinic_sessions.config import Config
from clinic_sessions.extensions import db
from clinic_sessions.models import Clinic, User
from clinic_sessions.services.actor import Actor


def settings() -> Config:
    """Give the settings of this app."""
    return cast(Config, current_app.config["CLINIC"])


def session() -> Session:
    """Give the database session of this request."""
    return db.session()


def actor() -> Actor:
    """Give who is acting in this request."""
    return cast(Actor, g.actor)


def person() -> User:
    """Give the signed-in person; for views that need a permission."""
    user = actor().user
    if user is None:
        abort(403)
    return user


def clinic() -> Clinic:
    """Give the clinic at which the signed-in person works."""
    mine = person().clinics
    if not mine:
        abort(403)
    return mine[0]


def showed(entity: str, entity_id: int | None, *, patient_id: int | None = None, patients: Sequence[int] = ()) -> None:
    """Note that this page shows a record: an audit entry of the viewing is written before the page leaves."""
    g.reads.append((entity, entity_id, patient_id, tuple(patients)))
