"""Reads the folder that messages go to while no SMTP server is set."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

MOST = 100
_NAME = re.compile(r"[0-9a-f]{32}")
_ADDRESS = re.compile(r"(https?://[^\s<>\"]+)")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One mail in the folder, as its envelope tells."""

    name: str
    at: datetime
    to: str
    subject: str


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch of a text; `is_address` when it can be opened."""

    text: str
    is_address: bool


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """What is attached, as text: our own attachments are calendar files."""

    name: str
    kind: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail, read whole."""

    headers: tuple[tuple[str, str], ...]
    subject: str
    text: tuple[Piece, ...]
    html: str
    attachments: tuple[Attachment, ...]


def newest(folder: Path) -> list[Line]:
    """List the newest mails of the folder, newest first."""
    files = sorted(folder.glob("*.eml"), key=lambda file: file.stat().st_mtime, reverse=True)[:MOST]
    return [_line(file) for file in files]


def read(folder: Path, name: str) -> Mail | None:
    """Read one mail by its name; None when there is none of that name."""
    file = folder / f"{name}.eml"
    if not _NAME.fullmatch(name) or not file.is_file():
        return None
    message = _parse(file)
    return Mail(
        headers=tuple((key, str(value)) for key, value in message.items() if not key.startswith("Content-")),
        subject=str(message["Subject"]),
        text=pieces(_body(message, "plain")),
        html=_body(message, "html"),
        attachments=tuple(_attachment(part) for part in message.iter_attachments()),
    )


def pieces(text: str) -> tuple[Piece, ...]:
    """Split a text into what can be opened and what cannot.

    >>> [piece.text for piece in pieces("See http://a/b now")]
    ['See ', 'http://a/b', ' now']
    """
    return tuple(
        Piece(text=piece, is_address=bool(number % 2)) for number, piece in enumerate(_ADDRESS.split(text)) if piece
    )


def _line(file: Path) -> Line:
    message = _parse(file)
    return Line(
        name=file.stem,
        at=datetime.fromtimestamp(file.stat().st_mtime, UTC),
        to=str(message["To"]),
        subject=str(message["Subject"]),
    )


def _parse(file: Path) -> EmailMessage:
    return BytesParser(EmailMessage, policy=default).parsebytes(file.read_bytes())


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _attachment(part: EmailMessage) -> Attachment:
    content = part.get_content()
    text = content if isinstance(content, str) else content.decode("utf-8", "replace")
    return Attachment(name=part.get_filename() or "", kind=part.get_content_type(), text=text)
