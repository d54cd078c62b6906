"""A worker in a process of its own, to be killed: `python -m tests.faults.worker JSON`."""

import json
import os
import sys
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


def main(told: dict[str, str]) -> None:
    """Send what is due, with a short lease, until killed."""
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


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    with time_machine.travel(datetime.fromisoformat(given["now"]), tick=True):
        main(given)
