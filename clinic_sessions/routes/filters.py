"""How times, doses and enumerated values are written on staff pages."""

from datetime import date, datetime
from enum import Enum
from zoneinfo import ZoneInfo

from flask import Flask, g
from flask_login import current_user

from clinic_sessions.domain import words
from clinic_sessions.domain.drug import amounts, doses, drawing, infusion
from clinic_sessions.domain.patients import weights
from clinic_sessions.domain.scheduling import pattern
from clinic_sessions.forms.fields import phone_text
from clinic_sessions.models import Clinic
from clinic_sessions.services.accounts import sign_ins


def install(app: Flask) -> None:
    """Put the filters on the templates."""
    app.jinja_env.filters.update(
        at=at, day=day, short_day=short_day, day_at=day_at, isoz=isoz, age=age, words=words.say,
        since=since, mg=doses.mg_text, kg=weights.kg_text, lb=weights.lb_text, phone=phone_text, value=_value,
        of_series=pattern.progress, reason_words=words.say_outside,
        ml=amounts.ml_text, strength=amounts.strength_text, pump=infusion.rate_text, volume=_volume,
    )  # fmt: skip


def zone() -> ZoneInfo:
    """Give the zone of the clinic whose page this is: the one it is about, else the one chosen."""
    if "zone" not in g:
        here = sign_ins.clinic_of(current_user.sign_in) if current_user.is_authenticated else None
        g.zone = here.zone if here else ZoneInfo("UTC")
    chosen: ZoneInfo = g.zone
    return chosen


def at(moment: datetime, place: Clinic | None = None) -> str:
    """Write the wall time of the page's clinic, or of `place`: 10:40 am."""
    local = moment.astimezone(place.zone if place else zone())
    return f"{local.hour % 12 or 12}:{local.minute:02d} {'am' if local.hour < 12 else 'pm'}"


def day(moment: datetime | date, place: Clinic | None = None) -> str:
    """Write a date: Tue, Nov 24, 2026."""
    local = _local(moment, place)
    return f"{local:%a, %b} {local.day}, {local.year}"


def short_day(moment: datetime | date, place: Clinic | None = None) -> str:
    """Write a date without its year: Tue Nov 24."""
    local = _local(moment, place)
    return f"{local:%a %b} {local.day}"


def day_at(moment: datetime, place: Clinic | None = None) -> str:
    """Write date and wall time: Tue Nov 24, 10:40 am."""
    return f"{short_day(moment, place)}, {at(moment, place)}"


def since(moment: datetime, place: Clinic | None = None) -> str:
    """Say since which day somebody is here who came before today, else nothing: since yesterday, since Sat Nov 21."""
    ago = (_local(g.now, place) - _local(moment, place)).days
    return "" if ago <= 0 else "since yesterday" if ago == 1 else f"since {short_day(moment, place)}"


def isoz(moment: datetime) -> str:
    """Write an instant for machines."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def age(birth_date: date) -> int:
    """Give the age in whole years on the clinic's day."""
    today = _local(g.now)
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def _local(moment: datetime | date, place: Clinic | None = None) -> date:
    where = place.zone if place else zone()
    return moment.astimezone(where).date() if isinstance(moment, datetime) else moment


def _volume(micrograms: int, micrograms_per_ml: int) -> str:
    """Write the volume that holds a dose."""
    return amounts.ml_text(drawing.volume_of(micrograms, micrograms_per_ml))


def _value(member: object) -> object:
    return member.value if isinstance(member, Enum) else member
