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
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from clinic_sessions.config import Config
from clinic_sessions.domain.messages.messages import CANCELLATIONS, CHECK_INS, NOTICES, Language, MessageKind
from clinic_sessions.domain.protocols import protocols
from clinic_sessions.domain.scheduling.calendar_entry import Standing
from clinic_sessions.domain.wall_time import instant
from clinic_sessions.mail.compose import WITH_CALENDAR, BadAddress, calendar_file, compose, preview
from clinic_sessions.models import LinkPurpose
from clinic_sessions.services import catalogue
from clinic_sessions.services.messages.letters import Letter, Visit
from clinic_sessions.services.messages.series_told import ACTS
from clinic_sessions.translations import keys

ZONE = ZoneInfo("America/Los_Angeles")
TOKENS = {
    LinkPurpose.APPOINTMENT: "AppointmentToken",
    LinkPurpose.CHECK_IN: "CheckInToken",
    LinkPurpose.INTAKE: "IntakeToken",
    LinkPurpose.CONTACT_WISHES: "WishesToken",
}
REMINDERS = {MessageKind.REMINDER_7D, MessageKind.REMINDER_48H, MessageKind.REMINDER_EVENING}
WRITTEN = sorted(NOTICES | CHECK_INS | REMINDERS | {MessageKind.INTAKE})
REVEALING = re.compile(
    r"ketami|esketami|spravato|infusi|\biv\b|intraven|intranas|nasal|\bspray|intramus|inyecci|inject|depress|depresi"
    r"|ptsd|tept|\bpain|dolor|anxiety|ansiedad|psychiatr|psiquiatr|\bdos[ei]s?\b|dissoci|disoci|mood|[aá]nimo"
    r"|therap|terapia|trauma|mental|suicid|bipolar|treatment|tratamiento|session|sesión|\butc\b|\bgmt\b|aerosol",
    re.IGNORECASE,
)


def _visit(
    starts_at: datetime,
    protocol: protocols.Protocol | None = None,
    language: Language = Language.EN,
    standing: Standing = Standing.CONFIRMED,
) -> Visit:
    fasting = protocols.fasting(protocol, starts_at) if protocol else None
    return Visit(
        uid="0b2c2f0e-0000-4000-8000-000000000001",
        sequence=1,
        standing=standing,
        changed_at=datetime(2026, 11, 20, 17, 0, tzinfo=UTC),
        starts_at=starts_at,
        leaves_at=starts_at + timedelta(minutes=125),
        clinic_name="Harbor Street Clinic",
        clinic_address="12 Harbor Street, Los Angeles, CA 90012",
        zone=ZONE,
        food_until=fasting.food_until if fasting else None,
        liquid_until=fasting.liquid_until if fasting else None,
        preparation=protocols.preparation(protocol, language.value) if protocol else (),
    )


def _letter(kind: MessageKind, language: Language = Language.EN, visit: Visit | None = None) -> Letter:
    now = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    standing = Standing.CANCELLED if kind in CANCELLATIONS else Standing.CONFIRMED
    whole = visit or _visit(datetime(2026, 11, 24, 17, 0, tzinfo=UTC), _protocol("iv-mood"), language)
    whole = replace(whole, standing=standing)
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
        visit=whole,
        visits=_weekly(whole) if kind is MessageKind.SERIES_CONFIRMATION else (),
        now=now,
        tokens=TOKENS,
    )


def _weekly(first: Visit, count: int = 3) -> tuple[Visit, ...]:
    """The same visit in the weeks after, at the same hour of the wall."""
    local = first.starts_at.astimezone(first.zone)
    starts = [instant(local.date() + timedelta(weeks=n), local.time(), first.zone) for n in range(count)]
    return tuple(_at(first, n, starts_at) for n, starts_at in enumerate(starts, 1))


def _at(visit: Visit, number: int, starts_at: datetime) -> Visit:
    later = starts_at - visit.starts_at
    return replace(
        visit,
        uid=f"{visit.uid[:-2]}{number:02}",
        starts_at=starts_at,
        leaves_at=visit.leaves_at + later,
        food_until=visit.food_until + later if visit.food_until else None,
        liquid_until=visit.liquid_until + later if visit.liquid_until else None,
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
        letter = _letter(kind, language, _visit(starts_at, protocol, language))
        assert letter.visit is not None
        several = replace(letter, visits=_weekly(letter.visit), together=kind in ACTS)
        composed = compose(several if kind in ACTS or kind is MessageKind.SERIES_CONFIRMATION else letter, _config())
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
    assert f"METHOD:{part['Content-Type'].params['method']}".encode() in payload.split(b"\r\n")
    return payload


def _event(letter: Letter) -> Any:
    """Read the one event back with a parser that is not ours."""
    (event,) = _events(_calendar(letter))
    return event


def _events(raw: bytes) -> list[Any]:
    return list(Calendar.from_ical(raw).walk("VEVENT"))


def test_the_calendar_file_is_whole_neutral_and_in_utc() -> None:
    letter = _letter(MessageKind.MOVED)
    assert letter.visit is not None
    address = "12 Harbor Street; 2nd floor\n" + "a long way down the hall to the peñón, " * 4
    lines = _lines(_calendar(replace(letter, visit=replace(letter.visit, clinic_address=address))))

    assert b"METHOD:PUBLISH" in lines
    assert b"DTSTART:20261124T170000Z" in lines
    assert b"DTEND:20261124T190500Z" in lines
    assert b"DTSTAMP:20261124T020000Z" in lines
    assert b"LAST-MODIFIED:20261120T170000Z" in lines
    assert b"SUMMARY:Visit\\, Harbor Street Clinic" in lines
    assert b"CLASS:PRIVATE" in lines
    assert b"STATUS:CONFIRMED" in lines
    assert b"SEQUENCE:1" in lines
    assert b"UID:0b2c2f0e-0000-4000-8000-000000000001" in lines
    assert b'ORGANIZER;CN="Harbor Street Clinic":mailto:visits@example.org' in lines
    assert any(line.startswith(b"LOCATION:12 Harbor Street\\; 2nd floor\\na long way") for line in lines)
    assert not [line for line in lines if line.startswith((b"ATTENDEE", b"DESCRIPTION", b"TZID", b"BEGIN:VALARM"))]
    assert _event(replace(letter, visit=replace(letter.visit, clinic_address=address)))["LOCATION"] == address


def _lines(raw: bytes) -> list[bytes]:
    """The unfolded lines of a file whose raw ones are of the length, the ends and the letters that they must be."""
    folded = raw.split(b"\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert folded[-1] == b""
    for line in folded:
        assert len(line) <= 75
        line.decode()
    return raw.replace(b"\r\n ", b"").split(b"\r\n")


@pytest.mark.parametrize("kind", sorted(CANCELLATIONS))
def test_a_cancellation_takes_the_visit_out_of_the_calendar(kind: MessageKind) -> None:
    letter = _letter(kind)
    lines, event = _lines(_calendar(letter)), _event(letter)

    assert b"METHOD:CANCEL" in lines
    assert event["STATUS"] == "CANCELLED"
    assert event["UID"] == _event(_letter(MessageKind.CONFIRMATION))["UID"]
    assert event["ORGANIZER"] == "mailto:visits@example.org"


def test_a_series_is_told_whole_in_one_mail_with_one_file() -> None:
    for language, line in (
        (Language.EN, "- Tuesday, December 1, 2026, 9:00 am (Pacific Standard Time)"),
        (Language.ES, "- martes, 1 de diciembre de 2026, 9:00 a. m. (hora estándar del Pacífico)"),
    ):
        letter = _letter(MessageKind.SERIES_CONFIRMATION, language)
        told = preview(letter)
        assert told.text.count("(Pacific Standard Time)") + told.text.count("del Pacífico)") == 3
        assert line in told.text.splitlines()
        assert line[2:] in told.html
        events = _events(_calendar(letter))
        assert [event["DTSTART"].dt for event in events] == [visit.starts_at for visit in letter.visits]
        assert len({event["UID"] for event in events}) == 3


def test_a_series_tells_the_hour_to_fast_only_where_it_is_the_same_for_all() -> None:
    same = _letter(MessageKind.SERIES_CONFIRMATION)
    later = _visit(instant(date(2026, 12, 9), time(14), ZONE), _protocol("iv-mood"))

    assert "no food after 3:00 am" in preview(same).text
    mixed = preview(replace(same, visits=(*same.visits, later))).text
    assert "no food after" not in mixed
    assert "no alcohol from the day before" in mixed
    assert "a reminder tells you at what time" in mixed


def test_a_visit_of_a_series_at_another_clinic_says_where_and_keeps_its_own_hour() -> None:
    letter = _letter(MessageKind.SERIES_CONFIRMATION)
    east = {"clinic_name": "Elm Clinic", "clinic_address": "1 Elm Street, Albany", "zone": ZoneInfo("America/New_York")}
    there = replace(letter.visits[1], **east)  # type: ignore[arg-type]
    told = preview(replace(letter, visits=(letter.visits[0], there))).text

    assert "- Tuesday, December 1, 2026, 12:00 pm (Eastern Standard Time), Elm Clinic, 1 Elm Street, Albany" in told
    assert "- Tuesday, November 24, 2026, 9:00 am (Pacific Standard Time)\n" in told


@pytest.mark.parametrize(("language", "how"), [(Language.EN, "By video or phone"), (Language.ES, "Por video")])
def test_a_visit_by_video_sends_nobody_to_the_clinic(language: Language, how: str) -> None:
    visit = replace(_visit(datetime(2026, 11, 24, 17, 0, tzinfo=UTC), language=language), far_away=True)
    message = compose(_letter(MessageKind.CONFIRMATION, language, visit), _config()).message
    for part in message.walk():
        if not part.is_multipart():
            assert "12 Harbor Street" not in part.get_content()
    calendar = Calendar.from_ical(next(p.get_content() for p in message.walk() if p.get_filename() == "visit.ics"))
    assert str(calendar.walk("VEVENT")[0]["LOCATION"]).startswith(how)
    assert how in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_moved_visit_comes_first_and_the_others_to_come_after_it() -> None:
    letter = _letter(MessageKind.MOVED)
    assert letter.visit is not None
    one = preview(replace(letter, visits=_weekly(letter.visit)))
    all_of_them = preview(replace(letter, visits=_weekly(letter.visit), together=True))

    assert one.subject == "New time for your visit: Tuesday, November 24, 2026"
    assert "When: Tuesday, November 24, 2026, 9:00 am" in one.text
    assert all_of_them.subject == "New times for your visits from Tuesday, November 24, 2026 on"
    assert "When:" not in all_of_them.text
    for told in (one.text, all_of_them.text):
        assert "- Tuesday, December 8, 2026, 9:00 am (Pacific Standard Time)" in told


def test_visits_cancelled_together_are_one_mail_whose_file_takes_them_all_out() -> None:
    letter = _letter(MessageKind.CANCELLED_BY_CLINIC)
    assert letter.visit is not None
    several = replace(letter, visits=_weekly(letter.visit), together=True)
    told, lines = preview(several), _lines(_calendar(several))

    assert told.subject == "A change to your visits from Tuesday, November 24, 2026 on"
    assert "These visits will not take place:\n- Tuesday, November 24, 2026, 9:00 am" in told.text
    assert "When:" not in told.text
    assert "no food" not in told.text
    assert b"METHOD:CANCEL" in lines
    assert lines.count(b"STATUS:CANCELLED") == 3


AWAY_FROM_THE_NIGHT = st.times(min_value=time(4), max_value=time(23, 59)).map(
    lambda t: t.replace(second=0, microsecond=0)
)


@given(
    zone=st.sampled_from(["America/Los_Angeles", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"]),
    first=st.dates(date(2026, 1, 1), date(2035, 12, 31)),
    wall=AWAY_FROM_THE_NIGHT,
)
def test_a_weekly_series_keeps_its_hour_over_both_clock_changes_in_what_is_written(
    zone: str, first: date, wall: time
) -> None:
    """A year of weeks holds both changes; what is written is UTC, what is read in the zone is the same hour."""
    at = ZoneInfo(zone)
    visits = _weekly(replace(_visit(instant(first, wall, at)), zone=at), 53)
    raw = calendar_file(visits, language=Language.EN, config=_config(), now=datetime(2026, 1, 1, tzinfo=UTC))
    starts = [line for line in raw.split(b"\r\n") if line.startswith(b"DTSTART")]
    events = _events(raw)

    assert all(re.fullmatch(rb"DTSTART:\d{8}T\d{4}00Z", line) for line in starts)
    assert {event["DTSTART"].dt.astimezone(at).time() for event in events} == {wall}
    assert len({event["DTSTART"].dt.time() for event in events}) == 2
    assert {event["DTSTART"].dt.astimezone(at).weekday() for event in events} == {first.weekday()}


def test_both_languages_have_the_same_texts() -> None:
    assert {k for k in keys("en") if k.startswith("mail.")} == {k for k in keys("es") if k.startswith("mail.")}
