"""Dates, times and lines as a patient reads them, in their language and the clinic's zone."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, parse

from clinic_sessions.domain.messages.messages import CANCELLATIONS, CHECK_INS, Language, MessageKind
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.services.messages.letters import Letter, Visit
from clinic_sessions.translations import text, times

PREPARED = frozenset({MessageKind.CONFIRMATION, MessageKind.MOVED, MessageKind.REMINDER_48H})
"""These tell everything about preparing; the evening before tells only what is still to be done."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """The lines of one message, in order."""

    subject: str
    opening: str
    when: str | None
    where: tuple[str, ...]
    heading: str
    """What stands over the visits, where there are several."""
    visits: tuple[str, ...]
    steps: tuple[str, ...]
    asking: str | None


def words_of(letter: Letter) -> Words:
    """Put a letter into words."""
    key = f"mail.{letter.kind.value}{'_together' if letter.together else ''}"
    visit, language = letter.visit, letter.language
    values = {"clinic": letter.clinic_name, "phone": phone(letter.clinic_phone)}
    if visit is not None:
        values["date"] = date_text(visit.starts_at, letter.zone, language)
        values["day"], values["of_day"] = _day(letter, visit, "day"), _day(letter, visit, "of_day")
    told = visit is not None and letter.kind not in CHECK_INS | {MessageKind.DID_NOT_COME, MessageKind.INTAKE}
    visits = visits_of(letter) if letter.visits or _of_many(letter) else ()
    return Words(
        subject=text(language, f"{key}.subject", **values),
        opening=_begun(text(language, f"{key}.opening", **values)),
        when=when_text(visit.starts_at, visit.zone, language) if told and visit and not _of_many(letter) else None,
        where=(place(visit, language),) if visit and visit.far_away else (letter.clinic_name, letter.clinic_address),
        heading=text(language, f"mail.common.{'visits_off' if letter.kind in CANCELLATIONS else 'visits'}"),
        visits=tuple(_line(letter, one) for one in visits),
        steps=_steps(letter, visit) if visit else (),
        asking=text(language, f"{key}.asking", **values) if letter.kind not in CANCELLATIONS else None,
    )


def visits_of(letter: Letter) -> tuple[Visit, ...]:
    """Give the visits that a letter tells of, soonest first."""
    return letter.visits or ((letter.visit,) if letter.visit else ())


def place(visit: Visit, language: Language) -> str:
    """Say where a visit is: the clinic's address, or that the patient is called."""
    return text(language, "mail.common.far_away") if visit.far_away else visit.clinic_address


def date_text(moment: datetime, zone: ZoneInfo, language: Language) -> str:
    """Write a date with its weekday: Tuesday, November 24, 2026."""
    return times.day(language.value, moment, zone)


def when_text(moment: datetime, zone: ZoneInfo, language: Language) -> str:
    """Write date, wall time and the zone's name: Tuesday, November 24, 2026, 10:40 am (Pacific Standard Time)."""
    wall, name = times.clock(language.value, moment, zone), times.zone_name(language.value, moment, zone)
    return f"{date_text(moment, zone, language)}, {wall} ({name})"


def phone(number: str) -> str:
    """Write a phone number as people read it in the United States."""
    try:
        return format_number(parse(number, "US"), PhoneNumberFormat.NATIONAL)
    except NumberParseException:
        return number


def _of_many(letter: Letter) -> bool:
    """Say whether a letter tells of several visits alike, and not of one before the others."""
    return letter.together or letter.kind is MessageKind.SERIES_CONFIRMATION


def _line(letter: Letter, visit: Visit) -> str:
    """Write one visit of several, with its place where that is not the letter's own."""
    when = when_text(visit.starts_at, visit.zone, letter.language)
    elsewhere = (visit.clinic_name, visit.clinic_address) != (letter.clinic_name, letter.clinic_address)
    return f"{when}, {visit.clinic_name}, {visit.clinic_address}" if elsewhere else when


def _begun(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _day(letter: Letter, visit: Visit, form: str) -> str:
    """Say which day the visit is or was, today or its date, as `form` ("day", "of_day") needs it."""
    if local_day(visit.starts_at, letter.zone) == local_day(letter.now, letter.zone):
        return text(letter.language, f"mail.common.{form}_today")
    return text(letter.language, f"mail.common.{form}", date=date_text(visit.starts_at, letter.zone, letter.language))


def _steps(letter: Letter, visit: Visit) -> tuple[str, ...]:
    if letter.kind in CANCELLATIONS:
        return ()
    if _of_many(letter):
        return _steps_of_all(letter)
    if letter.kind in PREPARED:
        return tuple(_filled(line, letter, visit) for line in visit.preparation)
    if letter.kind is MessageKind.REMINDER_EVENING and visit.food_until is not None:
        fasting = (line for line in visit.preparation if "{food_until}" in line or "{liquid_until}" in line)
        return (*(_filled(line, letter, visit) for line in fasting), text(letter.language, "mail.common.ride"))
    return ()


def _steps_of_all(letter: Letter) -> tuple[str, ...]:
    """Give the lines that hold for every visit; what differs by the hour stands in the reminder of each."""
    of_each = [[_filled(line, letter, one) for line in one.preparation] for one in visits_of(letter)]
    shared = tuple(line for line in of_each[0] if all(line in lines for lines in of_each))
    differs = any(len(lines) > len(shared) for lines in of_each)
    return (*shared, text(letter.language, "mail.common.prepare_each")) if differs else shared


def _filled(line: str, letter: Letter, visit: Visit) -> str:
    def clock_time(moment: datetime | None) -> str:
        return _clock_time(moment, visit.starts_at, visit.zone, letter.language) if moment else ""

    return line.format(food_until=clock_time(visit.food_until), liquid_until=clock_time(visit.liquid_until))


def _clock_time(moment: datetime, starts_at: datetime, zone: ZoneInfo, language: Language) -> str:
    wall = times.clock(language.value, moment, zone)
    if local_day(moment, zone) == local_day(starts_at, zone):
        return wall
    return text(language, "mail.common.time_on_day", time=wall, day=times.weekday(language.value, moment, zone))
