"""Which visits are of a clinic's day: those that begin on it, and whoever is still here since a day before."""

from datetime import datetime

import sqlalchemy as sa

from clinic_sessions.domain.session.lifecycle import IN_CLINIC
from clinic_sessions.domain.wall_time import Span, day_span, local_day
from clinic_sessions.models import Clinic, TreatmentSession


def day(clinic: Clinic, now: datetime) -> Span:
    """Give the clinic's day as instants."""
    return day_span(local_day(now, clinic.zone), clinic.zone)


def since_before(clinic: Clinic, now: datetime) -> sa.ColumnElement[bool]:
    """Select who came on a day before and is still here: nobody has said that they left."""
    one = TreatmentSession
    earlier = one.starts_at < day(clinic, now).starts_at
    return sa.and_(one.clinic_id == clinic.id, earlier, one.status.in_(IN_CLINIC))


def of_day(clinic: Clinic, now: datetime) -> sa.ColumnElement[bool]:
    """Select the visits of the clinic's day, and who is still here since a day before."""
    one, span = TreatmentSession, day(clinic, now)
    today = sa.and_(one.clinic_id == clinic.id, one.starts_at >= span.starts_at, one.starts_at < span.ends_at)
    return sa.or_(today, since_before(clinic, now))
