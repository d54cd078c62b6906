"""A worker in a process of its own, to be killed."""

import os
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import time_machine

from clinic_sessions import create_app
from clinic_sessions.config import from_environment
from clinic_sessions.extensions import db
from clinic_sessions.jobs.deliver import deliver
from clinic_sessions.jobs.work import Work
from clinic_sessions.mail.transport import transport_of


def work(told: dict[str, str]) -> None:
    """Send what is due, with a short lease, until killed; the clock starts at the moment told."""
    with time_machine.travel(datetime.fromisoformat(told["now"]), tick=True):
        _send(told)


def _send(told: dict[str, str]) -> None:
    config = replace(
        from_environment({}),
        database_url=told["database_url"],
        data_dir=Path(told["folder"]),
        secret_key="0123456789abcdef0123456789abcdef",
        smtp_url=told["smtp_url"],
        log_level="ERROR",
    )
    app = create_app(config)
    work = Work(app=app, transport=transport_of(config))
    parent = os.getppid()
    while os.getppid() == parent:
        with app.app_context():
            deliver(work, lease=timedelta(seconds=float(told["lease"])))
            db.session.remove()
        time.sleep(0.05)
