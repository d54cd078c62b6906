"""`make bench`: our rows of the speed table, with the floor measured in the same run. No test fails on a time."""

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from http.client import HTTPConnection
from pathlib import Path

import waitress
from flask import Flask

from bench import booking, sweep
from bench.data import ZONE, build
from clinic_sessions import clock, create_app, migrations
from clinic_sessions.config import from_environment
from clinic_sessions.extensions import db
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services import outbox, sign_ins

RUNS = 60


def main() -> None:
    """Build the data, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1000)
    sessions = parser.parse_args().sessions
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        app, cookie, today = _clinic(Path(folder), sessions)
        print(f"{sessions} past sessions and 80 today, built in {time.perf_counter() - started:.1f} s")
        floor = _median(_serve(_bare()), "/", {})
        print(f"floor F: a bare Flask page            {floor * 1000:8.2f} ms")
        port = _serve(app)
        for name, path in (
            ("day calendar, 80 rows", f"/schedule?date={today}"),
            ("patients found by name", "/patients?q=num"),
            ("booking screen with the best times", "/sessions/new?patient=1"),
        ):
            took = _median(port, path, {"Cookie": cookie})
            print(f"{name:38}{took * 1000:8.2f} ms  {took / floor:6.1f} F")
        for name, search in sweep.worst_cases():
            print(f"{name:38}{_timed(search) * 1000:8.2f} ms")
        print(f"next free, whole search in process    {booking.search(app, _timed) * 1000:8.2f} ms")
        booked = booking.book_all(app)
        print(f"bookings in process, 1 client         {len(booked) / sum(booked):8.1f} /s")
        print(f"worker's tick with nothing due        {_tick(app) * 1000:8.2f} ms")
        print(f"cold start to the first page          {_cold_start(Path(folder)):8.2f} s")


def _clinic(folder: Path, sessions: int) -> tuple[Flask, str, date]:
    settings = from_environment({"CLINIC_DATA_DIR": str(folder), "CLINIC_LOG_LEVEL": "ERROR"})
    app = create_app(replace(settings, secret_key="b" * 40, is_demo=True))
    now = clock.now()
    today = now.astimezone(ZONE).date()
    with app.app_context():
        migrations.upgrade(db.engine)
        begin_write(db.session())
        desk = build(db.session(), sessions, today)
        begin_write(db.session())
        token = sign_ins.open_sign_in(db.session(), desk, now=now, address="127.0.0.1")
        db.session.commit()
    visitor = app.test_client()
    with visitor.session_transaction(base_url="http://127.0.0.1") as session:
        session["_user_id"] = token
    cookie = visitor.get_cookie("clinic", domain="127.0.0.1")
    if cookie is None:
        raise LookupError("no cookie")
    return app, f"clinic={cookie.value}", today


def _bare() -> Flask:
    app = Flask("bare")
    app.add_url_rule("/", view_func=lambda: "hello")
    return app


def _serve(app: Flask) -> int:
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    return int(server.effective_port)


def _median(port: int, path: str, headers: dict[str, str]) -> float:
    connection = HTTPConnection("127.0.0.1", port)

    def once() -> None:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")

    return _timed(once)


def _timed(once: Callable[[], object]) -> float:
    took = []
    for _ in range(RUNS):
        before = time.perf_counter()
        once()
        took.append(time.perf_counter() - before)
    return statistics.median(took[5:])


def _tick(app: Flask) -> float:
    with app.app_context():

        def once() -> None:
            outbox.any_due(db.session(), clock.now())
            db.session.rollback()

        return _timed(once)


def _cold_start(folder: Path) -> float:
    command = [sys.executable, "-c", _FIRST_PAGE, str(folder)]
    before = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - before


_FIRST_PAGE = """
import sys
from dataclasses import replace
from clinic_sessions import create_app
from clinic_sessions.config import from_environment
settings = from_environment({"CLINIC_DATA_DIR": sys.argv[1], "CLINIC_LOG_LEVEL": "ERROR"})
app = create_app(replace(settings, secret_key="b" * 40, is_demo=True))
assert app.test_client().get("/sign-in", base_url="http://127.0.0.1").status_code == 200
"""

if __name__ == "__main__":
    main()
