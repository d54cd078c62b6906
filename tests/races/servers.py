"""Real server processes, and browsers that post to them all at once."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from tests.conftest import SECRET

RAW = "0" * 40


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    location: str | None
    body: str


@dataclass(frozen=True, kw_only=True)
class Post:
    """One post, to one of the servers; `cookie`: of another browser than the others' one."""

    port: int
    path: str
    form: Mapping[str, str]
    cookie: str = ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(database_url: str, folder: Path, count: int, now: datetime) -> Iterator[list[int]]:
    """Start server processes on one demo database, their clocks set to `now`, and give their ports."""
    (folder / "clock").write_text(str((now - datetime.now(UTC)).total_seconds()))
    ports = [_free_port() for _ in range(count)]
    environment = {
        **os.environ,
        "CLINIC_DATABASE_URL": database_url,
        "CLINIC_DATA_DIR": str(folder),
        "CLINIC_SECRET_KEY": SECRET,
        "CLINIC_CLOCK_FILE": str(folder / "clock"),
        "CLINIC_LOG_LEVEL": "ERROR",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "clinic_sessions", "serve", "--no-scheduler", "--port", str(port)],
            env={**environment, "CLINIC_BASE_URL": f"http://127.0.0.1:{port}"},
            cwd=Path(__file__).parents[2],
        )
        for port in ports
    ]
    try:
        for port in ports:
            _wait(port)
        yield ports
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)


def _wait(port: int) -> None:
    for _ in range(1200):
        if _is_alive(port):
            return
        time.sleep(0.1)
    raise TimeoutError("the server did not answer")


def _is_alive(port: int) -> bool:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False


def cookie_of(app: Flask, token: str) -> str:
    """Give the cookie of a browser in which the sign-in of `token` is open."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    content = serializer.dumps({"_user_id": token, "_fresh": True, "csrf_token": RAW})
    return f"{app.config['SESSION_COOKIE_NAME']}={content}"


def all_at_once(posts: Sequence[Post], cookie: str, *, threads: int) -> list[Answer]:
    """Send every post, as many at a time as there are threads."""
    token = str(URLSafeTimedSerializer(SECRET, salt="wtf-csrf-token").dumps(RAW))
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda post: _send(post, cookie, token), posts))


def _send(post: Post, cookie: str, token: str) -> Answer:
    headers = {"Cookie": post.cookie or cookie, "Content-Type": "application/x-www-form-urlencoded"}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", post.port, timeout=60)) as connection:
        connection.request("POST", post.path, urlencode({**post.form, "csrf_token": token}), headers)
        answer = connection.getresponse()
        return Answer(status=answer.status, location=answer.getheader("Location"), body=answer.read().decode())
