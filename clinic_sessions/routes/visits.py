"""Booking and moving visits that are no treatments: what, with whom, how long, when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import visits as rules
from clinic_sessions.domain import words
from clinic_sessions.domain.lifecycle import SessionKind
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.timetable import BookingReason
from clinic_sessions.domain.wall_time import Span, local_day
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.visits import (
    LENGTHS,
    MoveVisitForm,
    NewVisitForm,
    VisitForm,
    read_kind,
    read_minutes,
    start_value,
)
from clinic_sessions.models import Clinic, Patient, TreatmentSession, User
from clinic_sessions.routes import filters
from clinic_sessions.routes.booking import FORM_USED, GONE, read_day
from clinic_sessions.routes.one_session import load
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic_for, person, session, showed
from clinic_sessions.services import form_keys, patients, visit_offers, visits
from clinic_sessions.services.form_keys import FormKeyReason
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.visit_room import HostTaken, Wanted

bp = Blueprint("visits", __name__)

Answer = str | Response | tuple[str, int]
CHANGED = "Someone changed this visit meanwhile. Below is how it stands now; nothing of yours was saved."
STANDS_SO = "This is how the visit stands already."


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is being booked or moved; `exact`: nothing had to be chosen in place of what was asked for.

    `first_day`: the day from which times are asked for.
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
            weekdays=frozenset(self.patient.days_wanted),
        )


@bp.get("/visits/new")
@needs(Permission.BOOK_SESSIONS)
def new() -> Answer:
    """Show kind, host, length and the best times of that host; without a patient, first ask for whom."""
    patient_id = number(request.args.get("patient"))
    if patient_id is None:
        return redirect(url_for("booking.new"))
    choice = _choice(patients.load(session(), patient_id, person()), request.args)
    return _new_page(choice, _new_form(choice, typed=False))


@bp.post("/visits/new")
@needs(Permission.BOOK_SESSIONS)
def create() -> Answer:
    """Book, once for each showing of the form; a refusal names the reasons and the next free times of the host."""
    patient_id = number(request.form.get("patient")) or 0
    choice = _choice(patients.load(session(), patient_id, person()), request.form)
    form = _new_form(choice, typed=True)
    if not form.validate() or form.starts_at is None:
        return _new_page(choice, form), 422
    try:
        return _book_once(str(form.form_key.data), _request(choice, form, form.starts_at))
    except (Refusal, Absent) as refusal:
        session().rollback()
        choice = _choice(patients.load(session(), patient_id, person()), request.form)
        return _new_page(choice, form, refusal), 409


@bp.get("/visits/<int:session_id>/move")
@needs(Permission.BOOK_SESSIONS)
def move(session_id: int) -> Answer:
    """Show the best times of the host to move to."""
    choice = _moving(load(session_id), request.args)
    return _move_page(choice, _move_form(choice, typed=False))


@bp.post("/visits/<int:session_id>/move")
@needs(Permission.BOOK_SESSIONS)
def do_move(session_id: int) -> Answer:
    """Move the visit; a refusal names the reasons and the next free times of the host."""
    treatment = load(session_id)
    choice = _moving(treatment, request.form)
    form = _move_form(choice, typed=True)
    if not form.validate() or form.starts_at is None:
        return _move_page(choice, form), 422
    try:
        visits.move(session(), treatment, _move_request(choice, form, form.starts_at), now=g.now, by=actor())
        session().commit()
    except (Refusal, Absent) as refusal:
        session().rollback()
        return _move_page(_moving(load(session_id), request.form), form, refusal), 409
    flash(f"Moved to {filters.day_at(form.starts_at)}.")
    return redirect(url_for("sessions.show", session_id=session_id), 303)


def _book_once(key: str, wanted: visits.VisitRequest) -> Response:
    answer = form_keys.claim(session(), key, vars(wanted), now=g.now, by=actor())
    if answer is None:
        treatment = visits.book(session(), wanted, now=g.now, by=actor())
        answer = url_for("sessions.show", session_id=treatment.id)
        form_keys.settle(session(), key, answer)
    session().commit()
    flash(f"Booked for {filters.day_at(wanted.starts_at)}.")
    return redirect(answer, 303)


def _choice(patient: Patient, typed: Mapping[str, str]) -> Choice:
    kind = read_kind(typed.get("kind"))
    return _with_host(clinic_for(patient), patient, kind or SessionKind.EVALUATION, typed, exact=kind is not None)


def _moving(treatment: TreatmentSession, typed: Mapping[str, str]) -> Choice:
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
    )


def _request(choice: Choice, form: NewVisitForm, starts_at: datetime) -> visits.VisitRequest:
    if choice.host is None or not choice.exact:
        raise Absent
    return visits.VisitRequest(
        clinic_id=choice.clinic.id,
        patient_id=choice.patient.id,
        kind=choice.kind,
        host_id=choice.host.id,
        minutes=choice.minutes,
        starts_at=starts_at,
        tell_patient=bool(form.tell.data),
    )


def _move_request(choice: Choice, form: MoveVisitForm, starts_at: datetime) -> visits.VisitMove:
    if choice.host is None or not choice.exact:
        raise Absent
    return visits.VisitMove(
        host_id=choice.host.id,
        minutes=choice.minutes,
        starts_at=starts_at,
        version=number(form.version.data) or 0,
        reasons=form.reasons.reasons,
        tell_patient=bool(form.tell.data),
    )


def _new_form(choice: Choice, *, typed: bool) -> NewVisitForm:
    return NewVisitForm(request.form if typed else None, meta=meta(g.now, choice.clinic.zone))


def _move_form(choice: Choice, *, typed: bool) -> MoveVisitForm:
    return MoveVisitForm(request.form if typed else None, meta=meta(g.now, choice.clinic.zone))


def _new_page(choice: Choice, form: VisitForm, refusal: Exception | None = None) -> str:
    showed("patient", choice.patient.id, patient_id=choice.patient.id)
    return _page("visits/new.html", choice, form, refusal, form_key=form_keys.new(), kinds=rules.KINDS)


def _move_page(choice: Choice, form: VisitForm, refusal: Exception | None = None) -> str:
    if choice.moving is not None:
        showed("session", choice.moving.id, patient_id=choice.patient.id)
    return _page("visits/move.html", choice, form, refusal, treatment=choice.moving)


def _page(template: str, choice: Choice, form: VisitForm, refusal: Exception | None, **more: object) -> str:
    instead = refusal.next_times if isinstance(refusal, HostTaken) else ()
    today = local_day(g.now, choice.clinic.zone)
    want = choice.wanted(visit_offers.earliest(choice.clinic, choice.patient, choice.first_day, g.now))
    offered = (
        visit_offers.times(session(), choice.clinic, want, now=g.now, stands_at=choice.stands_at) if want else None
    )
    return render_template(
        template,
        choice=choice,
        patient=choice.patient,
        strip=patients.strip(choice.patient, today, clinical=person().may(Permission.READ_CLINICAL)),
        form=form,
        refusal=_said(refusal),
        instead=instead,
        offered=offered,
        length=timedelta(minutes=choice.minutes),
        lengths=LENGTHS,
        start_value=start_value,
        far_away=choice.kind in rules.FAR_AWAY,
        **more,
    )


def _said(refusal: Exception | None) -> list[str]:
    if refusal is None:
        return []
    if isinstance(refusal, HostTaken):
        return [_why(one.reason, one.at) for one in refusal.objections]
    if isinstance(refusal, ChangedMeanwhile):
        return [CHANGED]
    if not isinstance(refusal, Refusal):
        return [GONE]
    used = FormKeyReason.SENT_WITH_OTHER_CONTENT in refusal.reasons
    return [FORM_USED] if used else [words.say(reason) for reason in refusal.reasons]


def _why(reason: BookingReason, at: datetime | None) -> str:
    if reason is BookingReason.SAME_TIME_AND_CHAIR:
        return STANDS_SO
    return f"{words.say(reason)} First at {filters.at(at)}." if at else words.say(reason)
