"""The treatment weeks of a patient's series under a label: what is given or booked, and what a new date would add."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocols import SeriesPhase
from clinic_sessions.domain.scheduling import label_weeks
from clinic_sessions.domain.scheduling.label_weeks import Over
from clinic_sessions.domain.session.lifecycle import SessionKind
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic, Plan, ProtocolVersion, TreatmentSession
from clinic_sessions.services import catalogue
from clinic_sessions.services.booking.day_rooms import COUNTED


@dataclass(frozen=True, kw_only=True)
class LabelDays:
    """The phases of the label (none: no label counts weeks), the days of the series, and those booked beside it."""

    phases: Sequence[SeriesPhase] = ()
    own: Sequence[date] = ()
    beside: Sequence[date] = ()

    def over(self, new: Iterable[date] = ()) -> list[Over]:
        """List the treatment weeks with more than the label has, were there sessions on these days too."""
        days = [*self.own, *new]
        if not self.phases or not days:
            return []
        return label_weeks.over(self.phases, [*days, *(day for day in self.beside if day >= min(days))])

    def with_one(self, day: date) -> Over | None:
        """Give the treatment week of a day, if one more session on that day were more than the label has."""
        return replace(self, own=[*self.own, day]).on(day)

    def on(self, day: date) -> Over | None:
        """Give the treatment week of a day of the series, if it has more than the label has."""
        week = label_weeks.week_of(min(self.own, default=day), day)
        return next((one for one in self.over() if one.week == week), None)


def read(
    db: Session, patient_id: int, version: ProtocolVersion, plan: Plan | None, *, without: Collection[int] = ()
) -> LabelDays:
    """Read the days of a series, at most one query; without a plan, those of the patient's sessions that have none.

    Sessions under the same protocol that belong to no plan count beside a plan's own, from its first one on.
    `without`: sessions that are being moved.
    """
    phases = label_weeks.labelled(catalogue.protocol_of(version))
    if not phases:
        return LabelDays()
    plan_id = plan.id if plan else None
    query = (
        sa.select(TreatmentSession.plan_id, TreatmentSession.starts_at, Clinic.zone_name)
        .join(Clinic, Clinic.id == TreatmentSession.clinic_id)
        .join(ProtocolVersion, ProtocolVersion.id == TreatmentSession.protocol_version_id)
        .where(
            TreatmentSession.patient_id == patient_id,
            TreatmentSession.kind == SessionKind.TREATMENT,
            TreatmentSession.status.in_(COUNTED),
            TreatmentSession.id.not_in(without),
            ProtocolVersion.key == version.key,
            sa.or_(TreatmentSession.plan_id == plan_id, TreatmentSession.plan_id.is_(None)),
        )
    )
    days = [(row.plan_id == plan_id, local_day(row.starts_at, ZoneInfo(row.zone_name))) for row in db.execute(query)]
    return LabelDays(phases=phases, own=[day for own, day in days if own], beside=[day for own, day in days if not own])
