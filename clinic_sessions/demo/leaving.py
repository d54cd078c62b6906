"""What was looked at and handed over before a demo patient was called ready, and who came for them."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from clinic_sessions.demo.record import Writer
from clinic_sessions.domain.protocols.protocols import Protocol
from clinic_sessions.domain.session.session_checks import BEFORE_LEAVING, CheckItem
from clinic_sessions.models import SessionCheck
from clinic_sessions.services.before import session_checks
from clinic_sessions.services.session import recording

_BEFORE_READY = timedelta(minutes=1)
_SAID: Mapping[CheckItem, str] = {
    CheckItem.SEDATION: "Fully awake",
    CheckItem.DISSOCIATION: "Gone",
    CheckItem.BREATHING: "Normal",
    CheckItem.INSTRUCTIONS: "Given and understood",
    CheckItem.BELONGINGS: "Given back",
}


def look(writer: Writer, ready: datetime, protocol: Protocol) -> None:
    """Write the answers that leaving asks for, a moment before the patient is called ready."""
    writer.save(list(_rows(writer, ready - _BEFORE_READY, protocol)))


def _rows(writer: Writer, at: datetime, protocol: Protocol) -> Iterator[SessionCheck]:
    said = [row for row in session_checks.rows(writer.db, writer.treatment) if row.item is CheckItem.RIDE and row.clear]
    for item in BEFORE_LEAVING:
        stamp = recording.stamp(writer.treatment, now=at, by=writer.by, at=at, against=[])
        row = SessionCheck(**stamp, item=item, clear=True, words=_SAID.get(item))
        if item is CheckItem.WAY_HOME:
            row.escort = protocol.escort.accepted[0]
            row.person, row.phone = (said[-1].person, said[-1].phone) if said else (None, None)
        yield row
