"""The program works installed, away from its checkout: everything it needs lies in the wheel."""

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import free_port

ROOT = Path(__file__).parents[1]
PARTS = ("clinic_sessions", "templates", "setup.cfg", "pyproject.toml", "README.md")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what the wheel holds, and nothing of the checkout."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, source / part)
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(target),
        ".",
    ]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    with zipfile.ZipFile(next(target.glob("*.whl"))) as wheel:
        wheel.extractall(target / "site")
    return target / "site"


def command(installed: Path, *words: str) -> list[str]:
    """A command of the installed program."""
    return [sys.executable, "-m", "clinic_sessions", *words]


@pytest.fixture
def environment(installed: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of an operator who installed the wheel."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(installed),
        "CLINIC_DATA_DIR": str(tmp_path / "data"),
    }


@pytest.fixture
def served(installed: Path, environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """The address of the installed program, serving a demo clinic."""
    for words in (("upgrade",), ("demo", "--password", "a-demo-password")):
        subprocess.run(command(installed, *words), cwd=tmp_path, env=environment, check=True, capture_output=True)
    port = free_port()
    server = subprocess.Popen(
        command(installed, "serve", "--port", str(port)), cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(40)


def fetch(url: str) -> tuple[int, bytes]:
    """Status and body, waiting until the server answers."""
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)


def test_the_wheel_holds_pages_style_migrations_protocols_and_translations(installed: Path) -> None:
    program = installed / "clinic_sessions"
    for part in ("templates/base.html", "static/css/base.css", "protocols/iv-mood.toml", "translations/es-mail.toml"):
        assert (program / part).is_file(), part
    assert list((program / "migrations" / "versions").glob("v0001_*.py"))
    emails = {path.name for path in (ROOT / "templates" / "emails").iterdir()}
    assert {path.name for path in (program / "templates" / "emails").iterdir()} == emails


def test_the_installed_program_serves_a_demo_clinic(served: str) -> None:
    assert fetch(f"{served}/healthz") == (200, b"ok\n")
    status, page = fetch(f"{served}/sign-in")
    assert (status, b"Sign in" in page) == (200, True)
    assert fetch(f"{served}/static/css/base.css")[0] == 200


def test_an_installed_program_refuses_a_database_at_another_revision(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(
        command(installed, "serve"), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "clinic-sessions upgrade" in done.stderr
