"""What a demo patient was asked before the dose, and what they said, as far as it has come by now."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from clinic_sessions.demo.fates import Fate
from clinic_sessions.demo.record import Writer
from clinic_sessions.demo.world import World
from clinic_sessions.domain.protocols.protocols import Protocol
from clinic_sessions.domain.session.lifecycle import EXPECTED
from clinic_sessions.domain.session.session_checks import CheckItem, Intake
from clinic_sessions.models import SessionCheck, TreatmentSession
from clinic_sessions.services.before import checking, session_checks
from clinic_sessions.services.before.checking import Said
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.session import recording

_AT_THE_DOOR = timedelta(minutes=1)
_IN_THE_CHAIR = timedelta(minutes=4)
_RIDES = ("Jordan Ellis", "Sam Okafor", "Dana Whitfield", "Rosa Delgado", "Chris Nakamura", "Alex Petrov")


def ask(writer: Writer, arrived: datetime, protocol: Protocol, fate: Fate) -> None:
    """Write the answers given so far: name and way home at the door, the rest in the chair."""
    rng = Random(writer.treatment.id)
    rows = list(_rows(writer, arrived, protocol, fate, rng))
    writer.save([row for row in rows if row.at <= writer.until])


def ride_ahead(world: World, treatment: TreatmentSession, at: datetime) -> None:
    """Let the front desk hear on the phone who will take the patient home."""
    if treatment.status not in EXPECTED or treatment.protocol_version is None:
        return
    rng, accepted = Random(treatment.id), protocol_of(treatment.protocol_version).escort.accepted
    person, phone = _by_whom(rng)
    said = Said(item=CheckItem.RIDE, clear=True, escort=accepted[0], person=person, phone=phone)
    checking.record(world.db, treatment, said, now=at, by=world.staff.desk)


def _by_whom(rng: Random) -> tuple[str, str]:
    return rng.choice(_RIDES), f"+1310555{rng.randrange(100, 200):04}"


def _rows(writer: Writer, arrived: datetime, protocol: Protocol, fate: Fate, rng: Random) -> Iterator[SessionCheck]:
    for item in session_checks.asked(writer.treatment):
        door = item in {CheckItem.IDENTITY, CheckItem.RIDE}
        at = arrived + (_AT_THE_DOOR if door else _IN_THE_CHAIR)
        row = SessionCheck(**recording.stamp(writer.treatment, now=at, by=writer.by, at=at, against=[]), item=item)
        row.clear = True
        if item is CheckItem.FOOD:
            row.clear, row.intake = False, Intake.FOOD
            row.last_at = arrived - timedelta(hours=protocol.preparation.food.whole, minutes=rng.randrange(15, 240, 5))
        elif item is CheckItem.DRINK:
            row.clear, row.intake = False, Intake.CLEAR_LIQUID
            row.last_at = arrived - timedelta(minutes=protocol.preparation.liquid.whole + rng.randrange(5, 90, 5))
        elif item is CheckItem.RIDE and fate is Fate.NO_WAY_HOME:
            row.clear = False
        elif item is CheckItem.RIDE:
            row.escort = protocol.escort.accepted[0]
            row.person, row.phone = _by_whom(rng)
        yield row
