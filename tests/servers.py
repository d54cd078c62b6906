"""Real servers and workers as processes of their own, for tests that need several."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def free_port() -> int:
    """Give a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(database_url: str, data_dir: Path, **settings: str) -> dict[str, str]:
    """Give the environment of a process of the program on this database."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "CLINIC_DATABASE_URL": database_url,
        "CLINIC_DATA_DIR": str(data_dir),
        "CLINIC_LOG_LEVEL": "WARNING",
        **{f"CLINIC_{name.upper()}": value for name, value in settings.items()},
    }


@contextmanager
def process(*words: str, env: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a command of the program until the block ends, then end it politely, at last by force."""
    started = subprocess.Popen([sys.executable, "-m", "clinic_sessions", *words], env=dict(env))
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(40)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait(10)


@contextmanager
def serving(*words: str, env: Mapping[str, str], port: int | None = None) -> Iterator[str]:
    """Serve on a free port, or this one, and give the address once the server answers."""
    port = port or free_port()
    with process("serve", "--port", str(port), *words, env=env) as server:
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            if server.poll() is not None:
                raise RuntimeError(f"the server ended with {server.returncode}")
            try:
                urllib.request.urlopen(f"{url}/healthz", timeout=5).close()  # noqa: S310
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        yield url
