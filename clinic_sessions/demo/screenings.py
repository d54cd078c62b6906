"""The demo's screenings, and a decision of every kind among its patients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import ZONE, Staffing, office_hour
from clinic_sessions.demo.patients import OnFile
from clinic_sessions.demo.screened import file_screening
from clinic_sessions.domain.papers.papers import Clearance
from clinic_sessions.domain.papers.screening_kinds import DecisionChip, ItemAnswer
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import ClearanceDecision, Patient, ProtocolVersion
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.screening import screening
from clinic_sessions.services.screening.screening import Typed


@dataclass(frozen=True, kw_only=True)
class _Idea:
    """A decision to be: about whom, under which protocol, so many days ago, until so many days from today.

    `yes`: the questions answered with yes in a screening filed the day before; None: no new screening.
    """

    name: str
    key: str
    decision: Clearance
    ago: int
    until: int | None = None
    chips: tuple[DecisionChip, ...] = ()
    words: str | None = None
    yes: Mapping[str, str] | None = None
    hard_stops: tuple[str, ...] = ()


_IDEAS = (
    _Idea(name="Catherine Bellamy", key="iv-mood", decision=Clearance.CLEARED, ago=2, until=6, yes={}),
    _Idea(
        name="Ignacio Villalobos", key="iv-mood", decision=Clearance.CLEARED, ago=2, until=178, yes={
            "substance_active": "A weekend of drinking in the summer, none since", "substance_past": "Alcohol, 2019",
        }, hard_stops=("substance_active",),
        words="Sober for eleven weeks, breath test clear, sees the addiction clinic weekly; they agree.",
    ),
    _Idea(
        name="Kathryn Bellamy", key="iv-pain", decision=Clearance.DEFERRED, ago=1, until=20,
        chips=(DecisionChip.HEART, DecisionChip.TESTS_AWAITED), words="Echo first, booked by her cardiologist.",
    ),
    _Idea(
        name="Dimitri Kalashnik", key="iv-pain", decision=Clearance.DEFERRED, ago=9, until=-1,
        chips=(DecisionChip.OTHER_ILLNESS,), words="Cystitis, on antibiotics for a week.",
        yes={"bladder": "Since Monday"},
    ),
    _Idea(
        name="Eleanor Whitcombe", key="iv-mood", decision=Clearance.MORE_INFORMATION, ago=8,
        chips=(DecisionChip.RECORDS_AWAITED,), words="Letter of the neurologist awaited.",
    ),
    _Idea(
        name="Eleanor Whitcombe", key="iv-mood", decision=Clearance.NOT_SUITABLE, ago=3,
        chips=(DecisionChip.BLOOD_PRESSURE,), words="Bleeding in the brain two years ago.",
        yes={"brain_bleed": "2024", "pressure_hazard": "Told so by her neurologist"},
    ),
    _Idea(
        name="Valentina Rossi", key="im", decision=Clearance.MORE_INFORMATION, ago=1,
        chips=(DecisionChip.TESTS_AWAITED,), words="Liver tests asked for.",
    ),
)  # fmt: skip
_TO_CLEAR = (("Malik Johnson", Route.IV, {"allergies": "Penicillin: rash"}),)
_BEGUN = ("Valentina Rossi", Route.IM)


def screen_and_decide(db: Session, people: Sequence[OnFile], staff: Staffing, now: datetime) -> None:
    """Leave somebody in every state: cleared for days only, over a hard stop, deferred, not suitable, to clear."""
    named = {one.person.name: one.patient for one in people}
    versions = {one.key: one for one in db.scalars(sa.select(ProtocolVersion))}
    provider = staff.providers[0]
    for idea in _IDEAS:
        _decide(db, named[idea.name], versions[idea.key], idea, provider, now)
    for name, route, yes in _TO_CLEAR:
        file_screening(db, named[name], route, staff.nurses[0].user_id, office_hour(now - timedelta(days=1), now), yes)
    name, route = _BEGUN
    begun = Typed(answers=dict.fromkeys(("aneurysm", "avm", "brain_bleed"), ItemAnswer.NO), systolic=124, diastolic=78)
    screening.save(db, named[name], route, begun, version=0, now=now - timedelta(hours=2), by=staff.nurses[1])


def _decide(
    db: Session, patient: Patient, version: ProtocolVersion, idea: _Idea, provider: Actor, now: datetime
) -> None:
    at = office_hour(now - timedelta(days=idea.ago), now)
    filed = None
    if idea.yes is not None:
        filed = file_screening(db, patient, version.route, provider.user_id, at - timedelta(minutes=40), idea.yes)
    db.add(
        ClearanceDecision(
            patient_id=patient.id, protocol_key=version.key, protocol_version_id=version.id, screening_id=filed,
            decision=idea.decision, reasons=[chip.value for chip in idea.chips], words=idea.words,
            until=None if idea.until is None else local_day(now, ZONE) + timedelta(days=idea.until),
            hard_stops=list(idea.hard_stops), at=at, by_id=provider.user_id,
        )
    )  # fmt: skip
    db.flush()
