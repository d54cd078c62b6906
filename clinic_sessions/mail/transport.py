"""The one way out: an SMTP server, or a folder while none is set."""

import contextlib
import os
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from clinic_sessions.config import Config
from clinic_sessions.domain.messages.messages import SMTP_DEADLINE

CONNECT_SECONDS = 10.0
KEEP_SECONDS = 60.0
"""A kept connection that was idle longer is not used again: servers end it about then."""


class Stage(StrEnum):
    """How far a conversation came."""

    CONNECT = "connect"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    DOT = "dot"


class Unreachable(Exception):
    """The server does not answer, or does not let us in: no message's own fault."""


class Temporary(Exception):
    """Not taken this time, and surely not taken: to be tried again."""


class Doubt(Exception):
    """Lost after the final dot: nobody knows whether it was taken."""


class Refused(Exception):
    """The server said never; `bad_address` when it is the recipient's address that is no good."""

    def __init__(self, words: str, *, bad_address: bool) -> None:
        super().__init__(words)
        self.bad_address = bad_address


class Transport(Protocol):
    """Sends one message at a time."""

    def open(self) -> None:
        """See that messages can be sent; raises Unreachable."""

    def send(self, message: EmailMessage, *, sender: str, to: str) -> None:
        """Send to exactly one address; raises Unreachable, Temporary, Doubt or Refused."""

    def close(self) -> None:
        """Let go of what is held."""


def transport_of(config: Config) -> Transport:
    """Give the transport that the settings name."""
    return SmtpTransport(config.smtp_url) if config.smtp_url else FolderTransport(config.mail_dir)


class FolderTransport:
    """Writes each message to a file named by its Message-ID: a repeat takes the place of the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> None:
        """See that the folder is there."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def send(self, message: EmailMessage, *, sender: str, to: str) -> None:
        """Write the file whole or not at all."""
        self.open()
        name = str(message["Message-ID"]).strip("<>").split("@")[0]
        part = self.folder / f"{name}.{os.getpid()}.part"
        part.write_bytes(message.as_bytes(policy=SMTP))
        part.replace(self.folder / f"{name}.eml")

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class _Talk:
    """One message's conversation: where it is."""

    stage: Stage = Stage.CONNECT


class SmtpTransport:
    """Talks to one SMTP server over a connection that is kept between messages."""

    def __init__(self, url: str, *, deadline_seconds: float = SMTP_DEADLINE.total_seconds()) -> None:
        parts = urlsplit(url)
        self.secure = parts.scheme == "smtps"
        self.host = parts.hostname or "localhost"
        self.port = parts.port or (465 if self.secure else 587)
        self.user = unquote(parts.username or "")
        self.password = unquote(parts.password or "")
        self.deadline_seconds = deadline_seconds
        self._server: smtplib.SMTP | None = None
        self._used = 0.0

    def open(self) -> None:
        """Connect unless a fresh connection is kept; raises Unreachable."""
        if self._server is not None and time.monotonic() - self._used < KEEP_SECONDS:
            return
        self.close()
        try:
            self._server = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Unreachable(_said(error)) from error
        self._used = time.monotonic()

    def send(self, message: EmailMessage, *, sender: str, to: str) -> None:
        """Have the whole conversation within the deadline."""
        talk, kept = _Talk(), self._server is not None
        self.open()
        try:
            self._converse(talk, message, sender, to)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self.close()
            if talk.stage is Stage.DOT:
                raise Doubt("The connection was lost after the message was given over.") from error
            if not (kept and talk.stage is Stage.SENDER):
                raise Temporary(f"The connection was lost ({talk.stage.value}).") from error
        else:
            self._used = time.monotonic()
            return
        self.send(message, sender=sender, to=to)

    def close(self) -> None:
        """End the connection without a word: a server takes that well, and it cannot hang."""
        if self._server is not None:
            self._server.close()
        self._server = None

    def _connect(self) -> smtplib.SMTP:
        timeout = min(CONNECT_SECONDS, self.deadline_seconds)
        with _within(self.deadline_seconds) as watch:
            if self.secure:
                server: smtplib.SMTP = smtplib.SMTP_SSL(timeout=timeout, context=ssl.create_default_context())
            else:
                server = smtplib.SMTP(timeout=timeout)
            server._host = self.host  # type: ignore[attr-defined]
            self._server = server
            watch.append(server)
            code, words = server.connect(self.host, self.port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, words)
            if server.sock is not None:
                server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server.ehlo_or_helo_if_needed()
            if not self.secure and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if self.user:
                server.login(self.user, self.password)
        return server

    def _converse(self, talk: _Talk, message: EmailMessage, sender: str, to: str) -> None:
        server = self._server
        assert server is not None  # noqa: S101 open() has seen to it
        options = [] if to.isascii() else ["SMTPUTF8"]
        if options and not server.has_extn("smtputf8"):
            raise Refused("The mail server cannot write to this address.", bad_address=True)
        body = message.as_bytes(policy=SMTPUTF8 if options else SMTP)
        with _within(self.deadline_seconds) as watch:
            watch.append(server)
            talk.stage = Stage.SENDER
            self._expect(talk, *server.mail(sender, options))
            talk.stage = Stage.RECIPIENT
            self._expect(talk, *server.rcpt(to))
            talk.stage = Stage.DATA
            self._expect(talk, *server.docmd("DATA"), wanted=354)
            server.send(_dotted(body))
            talk.stage = Stage.DOT
            self._expect(talk, *server.getreply())

    def _expect(self, talk: _Talk, code: int, words: bytes, wanted: int = 250) -> None:
        if code == wanted or (talk.stage is Stage.RECIPIENT and code == 251):
            return
        said = f"{code} {words.decode('utf-8', 'replace')}"
        if code == 421 or talk.stage is Stage.DATA:
            self.close()
        else:
            self._reset()
        if code == -1:
            raise smtplib.SMTPServerDisconnected(said)
        if code < 500 or talk.stage is Stage.SENDER:
            raise Temporary(said)
        raise Refused(said, bad_address=talk.stage is Stage.RECIPIENT and _is_about_the_address(code, words))

    def _reset(self) -> None:
        try:
            if self._server is not None:
                self._server.rset()
        except (smtplib.SMTPException, OSError):
            self.close()


def _is_about_the_address(code: int, words: bytes) -> bool:
    """Say whether a refused recipient means that there is no such mailbox, rather than a policy or a full one."""
    enhanced = words.split(b" ")[0]
    if enhanced.startswith(b"5.") and enhanced.count(b".") == 2:
        return enhanced.startswith(b"5.1.")
    return code in {550, 551, 553}


def _dotted(body: bytes) -> bytes:
    """Give the body as it goes over the wire: CRLF, leading dots doubled, the final dot."""
    lines = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n").split(b"\n")
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines) + b".\r\n"


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"The mail server does not let us in: {error.smtp_code}"
    return f"The mail server does not answer ({type(error).__name__})."


@contextlib.contextmanager
def _within(seconds: float) -> Iterator[list[smtplib.SMTP]]:
    """Cut the connections in the list when the time is over: a server that trickles never trips a socket timeout."""
    watched: list[smtplib.SMTP] = []
    timer = threading.Timer(seconds, _cut, args=(watched,))
    timer.daemon = True
    timer.start()
    try:
        yield watched
    finally:
        timer.cancel()


def _cut(watched: list[smtplib.SMTP]) -> None:
    for server in watched:
        with contextlib.suppress(OSError):
            if server.sock is not None:
                server.sock.shutdown(socket.SHUT_RDWR)
