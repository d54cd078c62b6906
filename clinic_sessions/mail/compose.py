"""Writes a message: plain text first, a quiet HTML twin, a calendar file where a visit changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from css_inline import CSSInliner
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from clinic_sessions.config import Config
from clinic_sessions.domain.messages.messages import CANCELLATIONS, CHECK_INS, Language, MessageKind
from clinic_sessions.mail import ics, wording
from clinic_sessions.models import LinkPurpose
from clinic_sessions.services import links
from clinic_sessions.services.messages.letters import WITH_VISIT_LINK, Letter, Visit
from clinic_sessions.services.messages.outbox import Copy
from clinic_sessions.translations import text

_HIDDEN = dict.fromkeys(LinkPurpose, "[link]")
WITH_CALENDAR = CANCELLATIONS | {MessageKind.CONFIRMATION, MessageKind.SERIES_CONFIRMATION, MessageKind.MOVED}
_PACKAGE = Path(__file__).parents[1]


class BadAddress(Exception):
    """What stands as the address is not exactly one address."""


@dataclass(frozen=True, kw_only=True)
class Composed:
    """A message ready to go, and the copy of it that is kept."""

    message: EmailMessage
    sender: str
    copy: Copy


@dataclass(frozen=True, kw_only=True)
class Page:
    """A message as it reads, without its envelope."""

    subject: str
    text: str
    html: str


def host_of(config: Config) -> str:
    """Give the host that ends every Message-ID."""
    return urlsplit(config.base_url).hostname or "localhost"


def compose(letter: Letter, config: Config) -> Composed:
    """Write the message of a letter whose links have been issued.

    Raises BadAddress unless there is exactly one well-formed recipient.
    """
    page = _page(letter, _addresses(letter, config.base_url))
    sender = parseaddr(config.mail_from)[1]
    message = EmailMessage()
    message["Message-ID"] = f"<{letter.message_id}>"
    message["Date"] = format_datetime(letter.now.astimezone(letter.zone))
    message["From"] = Address(letter.clinic_name, addr_spec=sender)
    message["To"] = _one_address(letter.to)
    message["Subject"] = page.subject
    message["Auto-Submitted"] = "auto-generated"
    wishes = links.address(config.base_url, LinkPurpose.CONTACT_WISHES, letter.tokens[LinkPurpose.CONTACT_WISHES])
    message["List-Unsubscribe"] = f"<{wishes}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Content-Language"] = letter.language.value
    message.set_content(page.text, cte="quoted-printable")
    message.add_alternative(page.html, subtype="html", cte="quoted-printable")
    if letter.kind in WITH_CALENDAR:
        _attach_calendar(message, letter, config)
    kept = Copy(to=letter.to, subject=page.subject, text=_plain(_values(letter, _HIDDEN)))
    return Composed(message=message, sender=sender, copy=kept)


def preview(letter: Letter) -> Page:
    """Write what a letter says, with "[link]" where its links would stand."""
    return _page(letter, _HIDDEN)


def _page(letter: Letter, addresses: Mapping[LinkPurpose, str]) -> Page:
    values = _values(letter, addresses)
    html = _inliner().inline(_templates().get_template("emails/letter.html").render(values))
    return Page(subject=values["words"].subject, text=_plain(values), html=html)


def _plain(values: dict[str, Any]) -> str:
    return _templates().get_template("emails/letter.txt").render(values) + "\n"


def _values(letter: Letter, addresses: Mapping[LinkPurpose, str]) -> dict[str, Any]:
    return {
        "letter": letter,
        "words": wording.words_of(letter),
        "phone": wording.phone(letter.clinic_phone),
        "link": addresses[way_in] if (way_in := _way_in(letter)) else None,
        "wishes": addresses[LinkPurpose.CONTACT_WISHES],
        "said": lambda key: text(letter.language, f"mail.common.{key}"),
    }


def _way_in(letter: Letter) -> LinkPurpose | None:
    """Say which of its links a letter is about."""
    if letter.kind in CHECK_INS:
        return LinkPurpose.CHECK_IN
    if letter.kind is MessageKind.INTAKE:
        return LinkPurpose.INTAKE
    return LinkPurpose.APPOINTMENT if letter.kind in WITH_VISIT_LINK else None


def _addresses(letter: Letter, base_url: str) -> dict[LinkPurpose, str]:
    return {purpose: links.address(base_url, purpose, token) for purpose, token in letter.tokens.items()}


def _one_address(address: str) -> Address:
    try:
        made = Address(addr_spec=address)
    except (ValueError, IndexError) as error:
        raise BadAddress(address) from error
    if not made.username or not made.domain or "," in address:
        raise BadAddress(address)
    return made


def calendar_file(visits: Sequence[Visit], *, language: Language, config: Config, now: datetime) -> bytes:
    """Write the calendar file of one visit or more, as they stand; mailed or fetched, it is the same file."""
    entries = [
        ics.Entry(
            uid=visit.uid,
            sequence=visit.sequence,
            starts_at=visit.starts_at,
            ends_at=visit.leaves_at,
            summary=text(language, "mail.common.calendar", clinic=visit.clinic_name),
            place=wording.place(visit, language),
            standing=visit.standing,
            changed_at=visit.changed_at,
        )
        for visit in visits
    ]
    organizer = ics.Organizer(name=visits[0].clinic_name, address=parseaddr(config.mail_from)[1])
    return ics.file(entries, organizer=organizer, now=now)


def _attach_calendar(message: EmailMessage, letter: Letter, config: Config) -> None:
    visits = wording.visits_of(letter)
    if not visits:
        return
    standings = {visit.standing for visit in visits}
    written = calendar_file(visits, language=letter.language, config=config, now=letter.now)
    message.add_attachment(
        written, maintype="text", subtype="calendar", cte="base64", filename="visit.ics",
        params={"method": ics.method_of(standings).value, "charset": "utf-8"},
    )  # fmt: skip


@lru_cache(maxsize=1)
def _templates() -> Environment:
    """Read templates from inside the package when installed, from beside it in a checkout."""
    return Environment(
        loader=FileSystemLoader([_PACKAGE / "templates", _PACKAGE.parent / "templates"]),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=1)
def _inliner() -> CSSInliner:
    return CSSInliner(keep_style_tags=False, load_remote_stylesheets=False)
