"""Where a clinic's mail arrives: a real SMTP server that keeps it, or the folder of a clinic without one."""

import time
from collections.abc import Callable
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller

from tests.servers import free_port

Wanted = Callable[[EmailMessage], bool]


class MailServer:
    """Listens on 127.0.0.1 and takes every message; `messages` holds them in order."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())

    @property
    def url(self) -> str:
        """What CLINIC_SMTP_URL is set to."""
        return f"smtp://127.0.0.1:{self._controller.port}"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep a message."""
        self.messages.append(BytesParser(policy=default).parsebytes(envelope.content))
        return "250 kept"

    def wait_for(self, wanted: Wanted, seconds: float = 30) -> EmailMessage:
        """Give the first message that is wanted, waiting until it arrives."""
        return _wait_for(lambda: self.messages, wanted, seconds)


class MailFolder:
    """The folder into which a clinic without an SMTP server writes its mail."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def messages(self) -> list[EmailMessage]:
        """What lies there now, in order of its writing."""
        files = sorted(self.folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        return [BytesParser(policy=default).parsebytes(file.read_bytes()) for file in files]

    def wait_for(self, wanted: Wanted, seconds: float = 30) -> EmailMessage:
        """Give the first message that is wanted, waiting until it is written."""
        return _wait_for(lambda: self.messages, wanted, seconds)


def _wait_for(messages: Callable[[], list[EmailMessage]], wanted: Wanted, seconds: float) -> EmailMessage:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := [message for message in messages() if wanted(message)]:
            return found[0]
        time.sleep(0.1)
    raise TimeoutError(f"{len(messages())} messages came, none of them the wanted one")
