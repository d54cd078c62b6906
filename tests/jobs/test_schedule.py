"""The bell: jobs ring at once, signs of life are kept, one worker does what is to be done once, stopping is quick."""

import time
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.check_ins import CheckInStatus
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.jobs import schedule, upkeep
from clinic_sessions.jobs.work import STUCK_SECONDS, Work
from clinic_sessions.mail.transport import FolderTransport
from clinic_sessions.models import ActorKind, CheckIn, Clinic, Heartbeat, JobRun
from clinic_sessions.services import job_runs
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.messages import outreach
from tests import factories


def _work(app: Flask) -> Work:
    return Work(app=app, transport=FolderTransport(app.config["CLINIC"].mail_dir))


def test_every_job_has_a_name_of_its_own_a_pace_and_a_sentence() -> None:
    assert len({job.name for job in schedule.JOBS}) == len(schedule.JOBS)
    assert all(job.every >= timedelta(seconds=5) and job.sentence.endswith(".") for job in schedule.JOBS)


def test_a_worker_is_heard_of_at_once_and_stops_quickly(app: Flask, db: Session, now: datetime) -> None:
    running = schedule.start(app)
    try:
        for _ in range(200):
            db.rollback()
            if found := db.scalars(sa.select(Heartbeat)).all():
                break
            time.sleep(0.05)
    finally:
        began = time.perf_counter()
        schedule.stop(running)

    assert [beat.worker for beat in found] == [running.work.worker]
    assert time.perf_counter() - began < schedule.STOP_SECONDS


def test_a_worker_whose_outbox_job_is_stuck_falls_silent(app: Flask, db: Session) -> None:
    work = _work(app)
    work.moved -= STUCK_SECONDS + 1
    with app.app_context():
        upkeep.beat(work)
    assert db.scalars(sa.select(Heartbeat)).all() == []

    db.rollback()
    work.move()
    with app.app_context():
        upkeep.beat(work)
    assert len(db.scalars(sa.select(Heartbeat)).all()) == 1


def test_the_first_worker_to_take_a_period_does_its_work(db: Session, now: datetime) -> None:
    first = job_runs.take(db, "tidy", "2026-11-23", "one", now)
    db.commit()

    assert first is not None
    assert job_runs.take(db, "tidy", "2026-11-23", "two", now) is None
    assert job_runs.take(db, "tidy", "2026-11-26", "two", now + timedelta(days=3)) is not None
    db.commit()
    assert [run.period for run in db.scalars(sa.select(JobRun))] == ["2026-11-26"]


def test_check_ins_past_their_time_are_closed_once_a_minute(
    app: Flask, db: Session, clinic: Clinic, now: datetime
) -> None:
    left_at = now - timedelta(days=20)
    patient = factories.a_patient(db, clinic)
    treatment = factories.a_session(db, patient, left_at - timedelta(hours=2), status=Status.LEFT, left_at=left_at)
    outreach.align(db, treatment, now=left_at, by=Actor(kind=ActorKind.SYSTEM))
    db.commit()
    with app.app_context():
        for worker in (_work(app), _work(app)):
            upkeep.expire_check_ins(worker)

    assert {row.status for row in db.scalars(sa.select(CheckIn))} == {CheckInStatus.NOT_ANSWERED}
    assert [run.outcome for run in db.scalars(sa.select(JobRun))] == ["4 closed"]
