"""A real SMTP server that keeps what it is given."""

import time
from collections.abc import Callable
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any, Self

from aiosmtpd.controller import Controller

from tests.servers import free_port


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

    def wait_for(self, wanted: Callable[[EmailMessage], bool], seconds: float = 30) -> EmailMessage:
        """Give the first message that is wanted, waiting until it arrives."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if found := [message for message in self.messages if wanted(message)]:
                return found[0]
            time.sleep(0.1)
        raise TimeoutError(f"{len(self.messages)} messages came, none of them the wanted one")
