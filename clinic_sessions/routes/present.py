"""What a view asks of the request at hand: settings, person, clinic, and what it showed."""

from collections.abc import Collection, Mapping, Sequence
from typing import cast

from flask import abort, current_app, g, request
from flask_login import current_user
from sqlalchemy.orm import Session

from clinic_sessions.config import Config
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.extensions import db
from clinic_sessions.models import Clinic, Patient, User
from clinic_sessions.services.accounts import sign_ins
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.patients import progress
from clinic_sessions.services.patients.progress import Progress

SITE = "X-Site"
"""What a picture that renews itself says of the clinic for which it was opened."""


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
    """Give the clinic at which the signed-in person has chosen to work, or their first.

    A picture opened for another clinic is not renewed with this one's: it answers 409, and the page is loaded anew.
    """
    here = sign_ins.clinic_of(current_user.sign_in)
    if here is None:
        abort(403)
    if request.headers.get(SITE, str(here.id)) != str(here.id):
        abort(409)
    return here


def shows(place: Clinic) -> Clinic:
    """Say that this page is about another clinic than the one chosen, if it is: its times are that clinic's."""
    g.page_clinic, g.zone = place, place.zone
    return place


def clinic_for(patient: Patient) -> Clinic:
    """Give the clinic whose times a patient's page shows: the one chosen when they are treated there, else theirs."""
    here, mine = clinic(), {one.id: one for one in person().clinics}
    if here.id in patient.clinic_ids:
        return here
    return shows(mine.get(patient.clinic_id) or next(mine[one] for one in sorted(patient.clinic_ids) if one in mine))


def courses(patient_ids: Collection[int]) -> Mapping[int, Progress]:
    """Give how far the series of these patients have come, for whoever may look at patients."""
    return progress.of_patients(session(), patient_ids) if person().may(Permission.SEE_PATIENTS) else {}


def showed(entity: str, entity_id: int | None, *, patient_id: int | None = None, patients: Sequence[int] = ()) -> None:
    """Note that this page shows a record: an audit entry of the viewing is written before the page leaves."""
    g.reads.append((entity, entity_id, patient_id, tuple(patients)))
