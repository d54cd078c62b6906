"""What a patient reads: in their language, at the clinic's wall time, and nothing that tells what for."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from importlib import resources
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from clinic_sessions.config import Config
from clinic_sessions.domain import protocols
from clinic_sessions.domain.messages import CHECK_INS, NOTICES, Language, MessageKind
from clinic_sessions.domain.wall_time import instant
from clinic_sessions.mail.compose import WITH_CALENDAR, BadAddress, compose, preview
from clinic_sessions.models import LinkPurpose
from clinic_sessions.services import catalogue
from clinic_sessions.services.letters import Letter, Visit
from clinic_sessions.translations import keys

ZONE = ZoneInfo("America/Los_Angeles")
TOKENS = {
    LinkPurpose.APPOINTMENT: "AppointmentToken",
    LinkPurpose.CHECK_IN: "CheckInToken",
    LinkPurpose.CONTACT_WISHES: "WishesToken",
}
REMINDERS = {MessageKind.REMINDER_7D, MessageKind.REMINDER_48H, MessageKind.REMINDER_EVENING}
WRITTEN = sorted(NOTICES | CHECK_INS | REMINDERS)
REVEALING = re.compile(
    r"ketami|esketami|spravato|infusi|\biv\b|intraven|intranas|nasal|\bspray|intramus|inyecci|inject|depress|depresi"
    r"|ptsd|tept|\bpain|dolor|anxiety|ansiedad|psychiatr|psiquiatr|\bdos[ei]s?\b|dissoci|disoci|mood|[aá]nimo"
    r"|therap|terapia|trauma|mental|suicid|bipolar|treatment|tratamiento|session|sesión|\butc\b|\bgmt\b|aerosol",
    re.IGNORECASE,
)


def _visit(starts_at: datetime, protocol: protocols.Protocol | None = None, language: Language = Language.EN) -> Visit:
    fasting = protocols.fasting(protocol, starts_at) if protocol else None
    return Visit(
        uid="0b2c2f0e-0000-4000-8000-000000000001",
        sequence=1,
        starts_at=starts_at,
        leaves_at=starts_at + timedelta(minutes=125),
        food_until=fasting.food_until if fasting else None,
        liquid_until=fasting.liquid_until if fasting else None,
        preparation=protocols.preparation(protocol, language.value) if protocol else (),
    )


def _letter(kind: MessageKind, language: Language = Language.EN, visit: Visit | None = None) -> Letter:
    now = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    return Letter(
        message_id="0123456789abcdef0123456789abcdef@localhost",
        kind=kind,
        language=language,
        to="ana@example.org",
        first_name="Ana",
        clinic_name="Harbor Street Clinic",
        clinic_address="12 Harbor Street, Los Angeles, CA 90012",
        clinic_phone="+13105550100",
        zone=ZONE,
        visit=visit or _visit(datetime(2026, 11, 24, 17, 0, tzinfo=UTC), _protocol("iv-mood"), language),
        now=now,
        tokens=TOKENS,
    )


def _protocol(name: str) -> protocols.Protocol:
    return protocols.parse(resources.files("clinic_sessions.protocols").joinpath(f"{name}.toml").read_text())


@pytest.fixture(scope="module")
def shipped() -> dict[str, protocols.Protocol]:
    """The shipped protocols."""
    return {name: _protocol(name) for name in catalogue.SHIPPED}


def _config() -> Config:
    return Config(
        database_url="", data_dir=None, secret_key="", base_url="https://visits.example.org", smtp_url=None,  # type: ignore[arg-type]
        mail_to_folder=True, mail_from="visits@example.org", trusted_hosts=(), proxies=0, log_level="INFO",
        clock_file=None,
    )  # fmt: skip


def _parts(message: EmailMessage) -> Iterator[tuple[str, str]]:
    for name, value in message.items():
        yield name, f"{name}: {value}"
    for part in message.walk():
        if not part.is_multipart():
            content = part.get_content()
            yield part.get_content_type(), content if isinstance(content, str) else content.decode()


@pytest.mark.parametrize("kind", WRITTEN)
@pytest.mark.parametrize("language", list(Language))
def test_no_message_reveals_what_a_visit_is_for(
    kind: MessageKind, language: Language, shipped: dict[str, protocols.Protocol]
) -> None:
    moments = [datetime(2026, 11, 24, 17, 0, tzinfo=UTC), datetime(2026, 11, 30, 16, 0, tzinfo=UTC)]
    for protocol, starts_at in product([*shipped.values(), None], moments):
        composed = compose(_letter(kind, language, _visit(starts_at, protocol, language)), _config())
        for where, text in _parts(composed.message):
            found = REVEALING.search(text.replace("Clinic Sessions//", ""))
            assert found is None, f"{where}: {found.group()!r} in {text}"
        assert REVEALING.search(composed.copy.subject + composed.copy.text) is None
        assert "None" not in composed.copy.text
        assert "{" not in composed.copy.text


@pytest.mark.parametrize("kind", WRITTEN)
@pytest.mark.parametrize("language", list(Language))
def test_every_message_says_who_writes_how_to_call_and_where_help_is(kind: MessageKind, language: Language) -> None:
    message = compose(_letter(kind, language), _config()).message
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    for content in (plain.get_content(), html.get_content()):
        for needed in ("Ana", "Harbor Street Clinic", "(310) 555-0100", "988", "911", "/w/WishesToken"):
            assert needed in content
    assert [part.get_content_type() for part in message.walk()][:4][-2:] == ["text/plain", "text/html"] or (
        message.get_content_type() == "multipart/alternative"
    )
    assert "<style" not in html.get_content()
    assert (kind in WITH_CALENDAR) == any(part.get_content_type() == "text/calendar" for part in message.walk())


def test_the_headers_let_a_mail_program_unsubscribe_and_never_answer_by_itself() -> None:
    message = compose(_letter(MessageKind.REMINDER_48H), _config()).message

    assert message["List-Unsubscribe"] == "<https://visits.example.org/w/WishesToken>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["From"] == "Harbor Street Clinic <visits@example.org>"
    assert message["To"] == "ana@example.org"
    assert message["Message-ID"] == "<0123456789abcdef0123456789abcdef@localhost>"


@pytest.mark.parametrize(
    "address", ["a@example.org,b@evil.example", "a@example.org\r\nBcc: b@evil.example", "Ana <a@example.org>", "", "a"]
)
def test_what_is_not_exactly_one_address_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        compose(replace(_letter(MessageKind.CONFIRMATION), to=address), _config())


def test_a_hostile_name_stays_text() -> None:
    letter = replace(_letter(MessageKind.CONFIRMATION), first_name="<script>x</script>", clinic_name='Evil" <b>')
    message = compose(letter, _config()).message
    html = message.get_body(("html",))
    assert html is not None

    assert "<script>" not in html.get_content()
    assert [address.addr_spec for address in message["From"].addresses] == ["visits@example.org"]


def test_the_kept_copy_and_the_preview_show_no_way_in() -> None:
    letter = _letter(MessageKind.CHECK_IN_24H)
    composed = compose(letter, _config())

    assert "Token" not in composed.copy.text
    assert composed.copy.text.count("[link]") == 2
    assert preview(letter).text == composed.copy.text


def test_the_evening_before_tells_the_fasting_times_by_the_clock() -> None:
    english = preview(_letter(MessageKind.REMINDER_EVENING)).text
    assert "no food after 3:00 am" in english
    assert "until 7:00 am" in english

    assert "3:00 a. m." in preview(_letter(MessageKind.REMINDER_EVENING, Language.ES)).text


def test_a_fasting_time_on_the_day_before_names_its_day() -> None:
    early = _visit(instant(date(2026, 11, 24), time(5), ZONE), _protocol("iv-mood"))

    assert "no food after 11:00 pm on Monday" in preview(_letter(MessageKind.REMINDER_EVENING, visit=early)).text


def test_dates_are_written_in_the_patients_language_with_the_zone_named() -> None:
    english, spanish = (preview(_letter(MessageKind.CONFIRMATION, language)).text for language in Language)

    assert "Tuesday, November 24, 2026, 9:00 am (Pacific Standard Time)" in english
    assert "martes, 24 de noviembre de 2026, 9:00 a. m. (hora estándar del Pacífico)" in spanish


def test_a_missed_visit_says_today_only_on_its_day() -> None:
    today = replace(_letter(MessageKind.DID_NOT_COME), now=datetime(2026, 11, 24, 19, tzinfo=UTC))
    later = replace(today, now=datetime(2026, 11, 25, 19, tzinfo=UTC))

    assert "We missed you today and" in preview(today).text
    assert "We missed you on Tuesday, November 24, 2026 and" in preview(later).text
    assert "Hoy le esperábamos" in preview(replace(today, language=Language.ES)).text


@pytest.mark.parametrize(
    ("before", "after"), [(date(2027, 3, 11), date(2027, 3, 18)), (date(2026, 10, 29), date(2026, 11, 5))]
)
def test_a_series_keeps_its_hour_in_mail_and_calendar_over_a_clock_change(before: date, after: date) -> None:
    for day in (before, after):
        starts_at = instant(day, time(10), ZONE)
        letter = _letter(MessageKind.CONFIRMATION, visit=_visit(starts_at))
        assert ", 10:00 am (Pacific " in preview(letter).text
        event = _event(letter)
        assert event["DTSTART"].dt.astimezone(ZONE).time() == time(10)
    assert instant(before, time(10), ZONE).hour != instant(after, time(10), ZONE).hour


def _calendar(letter: Letter) -> bytes:
    (part,) = [p for p in compose(letter, _config()).message.walk() if p.get_content_type() == "text/calendar"]
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert part["Content-Type"].params["method"] == "PUBLISH"
    return payload


def _event(letter: Letter) -> Any:
    """Read the one event back with a parser that is not ours."""
    (event,) = Calendar.from_ical(_calendar(letter)).walk("VEVENT")
    return event


def test_the_calendar_file_is_whole_neutral_and_in_utc() -> None:
    letter = replace(_letter(MessageKind.MOVED), clinic_address="12 Harbor Street, " + "a long way down the hall, " * 4)
    raw = _calendar(letter)
    lines = raw.split(b"\r\n")

    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in lines)
    assert any(line.startswith(b" ") for line in lines)
    assert b"METHOD:PUBLISH" in lines
    assert b"DTSTART:20261124T170000Z" in lines
    assert b"DTEND:20261124T190500Z" in lines
    assert b"SUMMARY:Visit\\, Harbor Street Clinic" in lines
    assert b"CLASS:PRIVATE" in lines
    assert b"STATUS:CONFIRMED" in lines
    assert b"SEQUENCE:1" in lines
    assert b"UID:0b2c2f0e-0000-4000-8000-000000000001@visits.example.org" in lines
    assert not {b"VTIMEZONE", b"ATTENDEE", b"ORGANIZER", b"VALARM"} & {line.split(b":")[-1] for line in lines}


@pytest.mark.parametrize("kind", [MessageKind.CANCELLED, MessageKind.CANCELLED_BY_CLINIC])
def test_a_cancellation_takes_the_visit_out_of_the_calendar(kind: MessageKind) -> None:
    event = _event(_letter(kind))

    assert event["STATUS"] == "CANCELLED"
    assert event["UID"].startswith("0b2c2f0e")


def test_both_languages_have_the_same_texts() -> None:
    assert {k for k in keys("en") if k.startswith("mail.")} == {k for k in keys("es") if k.startswith("mail.")}
