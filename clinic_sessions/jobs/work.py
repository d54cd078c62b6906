"""What a job has at hand: the app, this worker's name, its transport, and whether it is to end."""

import os
import secrets
import socket
import threading
import time
from dataclasses import dataclass, field

from flask import Flask

from clinic_sessions.mail.transport import Transport

STUCK_SECONDS = 120.0


def worker_name() -> str:
    """Name this worker: host, process and a random end, so that no two are ever the same."""
    return f"{socket.gethostname()[:50]}:{os.getpid()}:{secrets.token_hex(3)}"


@dataclass
class Work:
    """One worker's hands; shared by its jobs, which run in threads of their own."""

    app: Flask
    transport: Transport
    worker: str = field(default_factory=worker_name)
    ended: threading.Event = field(default_factory=threading.Event)
    moved: float = field(default_factory=time.monotonic)

    def move(self) -> None:
        """Note that the outbox job is getting on."""
        self.moved = time.monotonic()

    @property
    def is_stuck(self) -> bool:
        """Whether the outbox job has not got on for longer than any conversation may take."""
        return time.monotonic() - self.moved > STUCK_SECONDS
