"""The small periodic work: signs of life, and closing what nobody can answer any more."""

import logging

from clinic_sessions import clock
from clinic_sessions.extensions import db
from clinic_sessions.jobs.work import Work
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services import heartbeats, job_runs
from clinic_sessions.services.messages import outreach

log = logging.getLogger(__name__)


def beat(work: Work) -> None:
    """Say that this worker is alive, unless its outbox job is stuck: then silence is the truth."""
    if work.is_stuck:
        log.error("outbox job is stuck")
        return
    begin_write(db.session())
    heartbeats.beat(db.session(), work.worker, clock.now())
    db.session.commit()


def expire_check_ins(work: Work) -> None:
    """Close the check-ins whose time has passed; one worker does it each minute."""
    session, now = db.session(), clock.now()
    begin_write(session)
    run = job_runs.take(session, "expire_check_ins", now.strftime("%Y-%m-%dT%H:%M"), work.worker, now)
    if run is not None:
        job_runs.end(run, now, f"{outreach.expire_check_ins(session, now)} closed")
    session.commit()
