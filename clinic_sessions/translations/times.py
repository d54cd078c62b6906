"""How patients read days, times and opening hours, in each language and in the clinic's zone."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_day_names, get_timezone_name

_LOCALES = {"en": "en_US", "es": "es_US"}
_DAY = {"en": "EEEE, MMMM d, y", "es": "EEEE, d 'de' MMMM 'de' y"}
_HALVES = {"en": ("am", "pm"), "es": ("a. m.", "p. m.")}
_TO = {"en": ("{} to {}", "{}, {} to {}"), "es": ("de {} a {}", "{}, de {} a {}")}


def day(language: str, moment: datetime, zone: ZoneInfo) -> str:
    """Write a date with its weekday.

    >>> from datetime import UTC
    >>> day("es", datetime(2026, 11, 24, 18, tzinfo=UTC), ZoneInfo("America/Los_Angeles"))
    'martes, 24 de noviembre de 2026'
    """
    return format_date(moment.astimezone(zone), _DAY[language], locale=_LOCALES[language])


def weekday(language: str, moment: datetime, zone: ZoneInfo) -> str:
    """Write a weekday: Tuesday, martes."""
    return format_date(moment.astimezone(zone), "EEEE", locale=_LOCALES[language])


def clock(language: str, moment: datetime, zone: ZoneInfo) -> str:
    """Write a wall time: 10:40 am, 10:40 a. m."""
    local = moment.astimezone(zone)
    return _wall(language, local.hour * 60 + local.minute)


def clock_in_words(language: str, moment: datetime, zone: ZoneInfo) -> str:
    """Write a wall time as it stands in a sentence: Spanish needs its article, "la 1:15 p. m.", "las 8:00 a. m."."""
    written = clock(language, moment, zone)
    if language == "en":
        return written
    return f"{'la' if written.startswith('1:') else 'las'} {written}"


def zone_name(language: str, moment: datetime, zone: ZoneInfo) -> str:
    """Name the zone as it is at that moment: Pacific Standard Time, hora estándar del Pacífico."""
    return get_timezone_name(moment.astimezone(zone), width="long", locale=_LOCALES[language])


def hours(language: str, openings: Iterable[tuple[int, int, int]]) -> str:
    """Write weekly opening hours (weekday from Monday as 0, opening and closing minute) as people say them.

    >>> hours("en", [(day, 480, 1080) for day in range(5)])
    'Monday to Friday, 8:00 am to 6:00 pm'
    """
    names = get_day_names("wide", locale=_LOCALES[language])
    by_hours = sorted(((opens, closes), weekday) for weekday, opens, closes in openings)
    written = []
    for (opens, closes), days in groupby(by_hours, key=lambda entry: entry[0]):
        for first, last in _runs([weekday for _, weekday in days]):
            run = names[first] if first == last else _TO[language][0].format(names[first], names[last])
            written.append((first, _TO[language][1].format(run, _wall(language, opens), _wall(language, closes))))
    return "; ".join(text for _, text in sorted(written))


def _runs(weekdays: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for one in weekdays:
        if runs and runs[-1][1] == one - 1:
            runs[-1] = (runs[-1][0], one)
        else:
            runs.append((one, one))
    return runs


def _wall(language: str, minute: int) -> str:
    hour, rest = divmod(minute % (24 * 60), 60)
    return f"{hour % 12 or 12}:{rest:02d} {_HALVES[language][hour >= 12]}"
