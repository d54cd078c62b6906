"""`make bench`: our rows of the speed table, with the floor measured in the same run. No test fails on a time."""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import booking, mailing, pages, sweep
from bench.clinic import DATABASES, Bench, opened
from bench.rows import in_floors, ms, say, timed
from clinic_sessions import clock
from clinic_sessions.extensions import db
from clinic_sessions.services.messages import outbox

CLIENTS = 8
BOOKINGS_GOAL = {"SQLite": ">= 100 /s", "PostgreSQL": ">= 150 /s"}


def main() -> None:
    """Build the data on each database, measure, print each row beside its goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--database", choices=DATABASES, action="append")
    asked = parser.parse_args()
    for name in asked.database or DATABASES:
        with tempfile.TemporaryDirectory() as folder, opened(name, Path(folder), asked.sessions) as bench:
            print(f"\n{name}: {asked.sessions} past sessions and 80 today")
            _pages(bench)
            _bookings(name, bench)
            _letters(bench)
            say("worker's tick with nothing due", ms(_tick(bench)), "<= 2 ms")
    for case, search in sweep.worst_cases():
        say(case, ms(timed(search)), "<= 10 ms")
    with tempfile.TemporaryDirectory() as folder:
        say("cold start to the first page", f"{_cold_start(Path(folder)):.2f} s", "<= 1.0 s")


def _pages(bench: Bench) -> None:
    with pages.serving(None) as bare, pages.serving(bench.config) as ours:
        for name, path, goal in (
            ("day calendar, 80 rows", bench.day, "<= 12 F"),
            ("next free times (booking screen)", "/sessions/new?patient=1", "<= 15 F"),
            ("patients found by name", "/patients?q=num", ""),
        ):
            floor, took = pages.side_by_side(bare, ours, path, bench.cookie)
            say(name, in_floors(took, floor), goal, f"F = {ms(floor)}")
        floor = pages.together(bare, "/", bench.cookie, CLIENTS)
        took = pages.together(ours, bench.day, bench.cookie, CLIENTS)
        say(f"day calendar, {CLIENTS} clients", in_floors(took, floor), "", f"F = {ms(floor)}")
        floor, _ = pages.side_by_side(bare, ours, bench.day, bench.cookie)
        took = booking.day_starts(bench)
        say("free starts of a day, 12 chairs", in_floors(took, floor), "<= 8 F", "in process")
        say("next free, from a full day", ms(booking.search(bench)), "<= 10 ms", "in process")


def _bookings(name: str, bench: Bench) -> None:
    with pages.serving(None) as bare, pages.serving(bench.config) as ours:
        forms = booking.forms(bench, ours)
        floor, _ = pages.side_by_side(bare, ours, bench.day, bench.cookie)
        alone = booking.post_all(ours, bench.cookie, forms, clients=1)
        say("booking, 1 client", in_floors(alone.p50, floor), "p50 <= 20 F", f"{alone.rate:.0f} /s")
        many = booking.post_all(ours, bench.cookie, forms, clients=CLIENTS)
        say(f"booking, {CLIENTS} clients", f"{many.rate:.0f} /s", BOOKINGS_GOAL[name], f"p50 {ms(many.p50)}")


def _letters(bench: Bench) -> None:
    with mailing.server(late=0.0) as url:
        floor = mailing.floor(bench, url)
        rate = mailing.delivered(bench, url, workers=1)
    say("messages, built and sent alone", f"{floor:.0f} /s", "")
    say("messages, 1 worker", f"{rate:.0f} /s = {rate / floor:.0%}", ">= 60%")
    with mailing.server(late=0.05) as url:
        rate = mailing.delivered(bench, url, workers=CLIENTS)
    say(f"messages, {CLIENTS} workers, taken 50 ms late", f"{rate:.0f} /s", ">= 100 /s")


def _tick(bench: Bench) -> float:
    with bench.app.app_context():

        def once() -> None:
            outbox.any_due(db.session(), clock.now())
            db.session.rollback()

        return timed(once)


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
