"""What a screen of visits is about: for whom, of which kind, with whom, how long, and from which day on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import request

from clinic_sessions.domain.scheduling import visits as rules
from clinic_sessions.domain.session.lifecycle import SessionKind
from clinic_sessions.domain.wall_time import Span, local_day
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.visits import read_kind, read_minutes
from clinic_sessions.models import Clinic, Patient, TreatmentSession, User
from clinic_sessions.routes.booking.booking import read_day
from clinic_sessions.routes.present import clinic_for, person, session
from clinic_sessions.services.booking import visit_offers
from clinic_sessions.services.booking.visit_room import Wanted
from clinic_sessions.services.refusals import Absent


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is being booked or moved; `exact`: nothing had to be chosen in place of what was asked for.

    `first_day`: the day from which times are asked for; `any_day`: on whatever weekday, also beside the usual ones.
    """

    clinic: Clinic
    patient: Patient
    kind: SessionKind
    hosts: Sequence[User]
    host: User | None
    minutes: int
    exact: bool
    first_day: date | None
    moving: TreatmentSession | None = None
    any_day: bool = False

    @property
    def stands_at(self) -> datetime | None:
        """Where the visit stands already with this host and this length, and need not be moved to."""
        if self.moving is None or self.host is None:
            return None
        same = (self.moving.host_id, self.moving.block) == (self.host.id, self._at(self.moving.starts_at))
        return self.moving.starts_at if same else None

    def _at(self, starts_at: datetime) -> Span:
        return Span(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=self.minutes))

    def wanted(self, earliest: datetime) -> Wanted | None:
        """Give what a search for times looks for; None while nobody can hold the visit."""
        if self.host is None:
            return None
        return Wanted(
            kind=self.kind,
            patient_id=self.patient.id,
            host_id=self.host.id,
            minutes=self.minutes,
            earliest=earliest,
            without=frozenset({self.moving.id}) if self.moving else frozenset(),
            weekdays=frozenset(() if self.any_day else self.patient.days_wanted),
        )


def of_patient(patient: Patient, typed: Mapping[str, str]) -> Choice:
    """Read what is to be booked for a patient; what cannot be had is replaced by what usually is."""
    kind = read_kind(typed.get("kind"))
    return _with_host(clinic_for(patient), patient, kind or SessionKind.EVALUATION, typed, exact=kind is not None)


def of_move(treatment: TreatmentSession, typed: Mapping[str, str]) -> Choice:
    """Read how a visit is to be instead; what is not said stays as it is. Raises Absent for a treatment."""
    if treatment.kind is SessionKind.TREATMENT:
        raise Absent
    standing = {"host": str(treatment.host_id), "minutes": str((treatment.ends_at - treatment.starts_at).seconds // 60)}
    asked = {**standing, **{name: typed[name] for name in standing if name in typed}}
    return _with_host(treatment.clinic, treatment.patient, treatment.kind, asked, exact=True, moving=treatment)


def _with_host(
    place: Clinic,
    patient: Patient,
    kind: SessionKind,
    typed: Mapping[str, str],
    *,
    exact: bool,
    moving: TreatmentSession | None = None,
) -> Choice:
    people, asked = visit_offers.hosts(session(), place, kind), number(typed.get("host"))
    named = next((one for one in people if one.id == asked), None)
    usual = next((one for one in people if one.id == person().id), next(iter(people), None))
    minutes = read_minutes(typed.get("minutes"))
    return Choice(
        clinic=place,
        patient=patient,
        kind=kind,
        hosts=people,
        host=named or usual,
        minutes=minutes or rules.KINDS[kind].minutes,
        exact=exact and named is not None and minutes is not None,
        first_day=read_day(request.args.get("from")) or (local_day(moving.starts_at, place.zone) if moving else None),
        moving=moving,
        any_day=request.args.get("any") == "1",
    )
