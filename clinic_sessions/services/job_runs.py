"""Periodic work that one worker does for all: the first to take the row of a period does it."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from clinic_sessions.models import JobRun

KEPT = timedelta(days=2)


def take(db: Session, job: str, period: str, worker: str, now: datetime) -> JobRun | None:
    """Take a period of a job, or give None when another worker has it. Rows of long ago are let go."""
    try:
        with db.begin_nested():
            run = JobRun(job=job, period=period, worker=worker, started_at=now)
            db.add(run)
    except IntegrityError:
        return None
    db.execute(sa.delete(JobRun).where(JobRun.job == job, JobRun.started_at < now - KEPT))
    return run


def end(run: JobRun, now: datetime, outcome: str) -> None:
    """Note that the work of a run is done, and what came of it."""
    run.ended_at, run.outcome = now, outcome
