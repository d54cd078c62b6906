"""The bell: when each job runs. It only rings; what is due is decided by the tables."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from clinic_sessions.extensions import db
from clinic_sessions.jobs import upkeep
from clinic_sessions.jobs.deliver import deliver
from clinic_sessions.jobs.work import Work
from clinic_sessions.mail.transport import transport_of

log = logging.getLogger(__name__)
STOP_SECONDS = 35.0
"""Longer than the deadline of one message's conversation."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One line of the timetable."""

    name: str
    every: timedelta
    run: Callable[[Work], None]
    sentence: str


JOBS = (
    Job(name="beat", every=timedelta(seconds=15), run=upkeep.beat, sentence="Say that this worker is alive."),
    Job(name="deliver", every=timedelta(seconds=5), run=deliver, sentence="Send the messages that are due."),
    Job(
        name="expire_check_ins",
        every=timedelta(minutes=1),
        run=upkeep.expire_check_ins,
        sentence="Close the check-ins whose time to answer has passed.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Running:
    """A worker at work."""

    scheduler: Any
    work: Work


def start(app: Flask) -> Running:
    """Begin the clock's side of an app, each job at once and then at its pace."""
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    work = Work(app=app, transport=transport_of(app.config["CLINIC"]))
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(len(JOBS))},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in JOBS:
        scheduler.add_job(_ring, "interval", args=(job, work), id=job.name, seconds=job.every.total_seconds())
    scheduler.start(paused=True)
    for job in JOBS:
        row = scheduler.get_job(job.name)
        row.modify(next_run_time=row.next_run_time - job.every)
    scheduler.resume()
    log.info("worker started", extra={"worker": work.worker})
    return Running(scheduler=scheduler, work=work)


def stop(running: Running) -> None:
    """End a worker: the message in hand is finished, the others are given back; at most 35 seconds."""
    running.work.ended.set()
    ending = threading.Thread(target=running.scheduler.shutdown, daemon=True)
    ending.start()
    ending.join(STOP_SECONDS)
    running.work.transport.close()
    log.info("worker stopped", extra={"worker": running.work.worker})


def _ring(job: Job, work: Work) -> None:
    """Run a job once; a database that is away for a while ends this run, not the worker."""
    with work.app.app_context():
        try:
            job.run(work)
        except SQLAlchemyError:
            log.exception("job failed", extra={"job": job.name})
        finally:
            db.session.remove()
