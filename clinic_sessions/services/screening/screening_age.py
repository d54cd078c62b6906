"""How old the answers of a screening are, held against the clinic's number; old answers warn and stop nothing."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from clinic_sessions.domain.sourced import Sourced
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Screening
from clinic_sessions.services import documents


@dataclass(frozen=True, kw_only=True)
class OldAnswers:
    """Answers above the clinic's number, their age in days."""

    days: int
    limit: Sourced


def old(db: Session, filed: Screening | None, *, today: date, zone: ZoneInfo) -> OldAnswers | None:
    """Give the age of a screening's answers, in days since it was filed, once it is above the clinic's number.

    None for answers that are recent, and for none at all.
    """
    if filed is None or filed.filed_at is None:
        return None
    limit = documents.thresholds(db).screening_age
    days = (today - local_day(filed.filed_at, zone)).days
    return OldAnswers(days=days, limit=limit) if days > limit.whole else None
