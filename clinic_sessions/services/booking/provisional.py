"""What stands against booking a treatment, and which sessions stand as provisional."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.papers import PaperReason, clearance_reasons
from clinic_sessions.domain.session.lifecycle import EXPECTED, IN_CLINIC, SessionKind
from clinic_sessions.domain.wall_time import Span, local_day
from clinic_sessions.models import Clinic, ProtocolVersion, TreatmentSession
from clinic_sessions.services.plans import papers


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Whether a treatment can be booked: what stands against it today, and the evaluation after which it can be."""

    against: Sequence[PaperReason]
    evaluation: Span | None

    @property
    def refused(self) -> bool:
        """Whether it can be booked at no time."""
        return bool(self.against) and self.evaluation is None

    @property
    def not_before(self) -> datetime | None:
        """From when on it can be booked, as provisional; None when it can at any time, or at none."""
        return self.evaluation.ends_at if self.against and self.evaluation else None


def standing(db: Session, patient_id: int, version: ProtocolVersion, today: date) -> Standing:
    """Say how a patient stands for booking a treatment: cleared, to be evaluated first, or neither."""
    against = clearance_reasons(papers.newest_decisions(db, {patient_id}).get((patient_id, version.key)), today)
    return Standing(against=against, evaluation=_first_evaluation(db, patient_id, today) if against else None)


def _first_evaluation(db: Session, patient_id: int, today: date) -> Span | None:
    """Give the first evaluation of today or later: an earlier one that nobody closed leads to no decision."""
    one = TreatmentSession
    query = sa.select(one.starts_at, one.ends_at, Clinic).join(Clinic, Clinic.id == one.clinic_id)
    query = query.where(
        one.patient_id == patient_id,
        one.kind == SessionKind.EVALUATION,
        one.status.in_(EXPECTED | IN_CLINIC),
    )
    for starts_at, ends_at, clinic in db.execute(query.order_by(one.starts_at)):
        if local_day(starts_at, clinic.zone) >= today:
            return Span(starts_at=starts_at, ends_at=ends_at)
    return None


def ids(db: Session, treatments: Iterable[TreatmentSession]) -> frozenset[int]:
    """Give the ids of those sessions to come whose patient is not cleared for their day; one query."""
    listed = [one for one in treatments if one.protocol_version is not None and one.status in EXPECTED]
    if not listed:
        return frozenset()
    decisions = papers.newest_decisions(db, {one.patient_id for one in listed})

    def is_open(one: TreatmentSession) -> bool:
        key = one.protocol_version.key if one.protocol_version else ""
        day = local_day(one.starts_at, one.clinic.zone)
        return bool(clearance_reasons(decisions.get((one.patient_id, key)), day))

    return frozenset(one.id for one in listed if is_open(one))


def against_booking(
    db: Session, patient_id: int, version: ProtocolVersion, starts_at: datetime, today: date
) -> list[PaperReason]:
    """List why a treatment may not be booked: nobody has cleared the patient, and no evaluation comes before it.

    A clearance that holds today is enough: should it end before the day, the session stands as provisional.
    """
    found = standing(db, patient_id, version, today)
    evaluated = found.evaluation is not None and found.evaluation.starts_at < starts_at
    return [] if evaluated else list(found.against)
