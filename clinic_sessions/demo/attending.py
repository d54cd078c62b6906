"""The day of a demo visit: from arrival to leaving, as far as it has come by now, or to another ending."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

import sqlalchemy as sa

from clinic_sessions.demo import asked, leaving, questions
from clinic_sessions.demo.courses import Course, course_of
from clinic_sessions.demo.diary import Visit
from clinic_sessions.demo.drug import KEPT, Hands
from clinic_sessions.demo.fates import Fate
from clinic_sessions.demo.record import Writer, dose_of
from clinic_sessions.demo.world import World
from clinic_sessions.domain.alerts import AlertAction, AlertKind
from clinic_sessions.domain.scheduling.reasons import CallOffReason, StopReason
from clinic_sessions.domain.session.lifecycle import Action, transition
from clinic_sessions.domain.session.side_effects import Grade, InterventionKind, Seriousness, SideEffectKind
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Alert, AuditAction, DoseEvent, Intervention, StatusChange, TreatmentSession
from clinic_sessions.services import alerts, audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.effects.side_effects import Noticed
from clinic_sessions.services.messages import outreach
from clinic_sessions.services.patients import weights
from clinic_sessions.services.session import steps
from clinic_sessions.services.session.steps import Step

_STOPPED_AFTER = timedelta(minutes=22)
_ENDED_AFTER = timedelta(minutes=12)
_CALLED_OFF_AFTER = timedelta(minutes=18)

_CALLED_OFF = {Fate.PRESSURE_TOO_HIGH: CallOffReason.BLOOD_PRESSURE, Fate.NO_WAY_HOME: CallOffReason.NO_ESCORT}
_ENDINGS: Mapping[Fate, tuple[Action, str]] = MappingProxyType(
    {
        Fate.TAKEN_TO_HOSPITAL: (
            Action.TAKE_TO_HOSPITAL,
            "Chest tightness, ECG taken, ambulance called. Emergency contact told.",
        ),
        Fate.LEFT_AGAINST_ADVICE: (
            Action.LEAVE_AGAINST_ADVICE,
            "Wanted to go before the time was up. Risks explained, paper signed. Picked up by a relative.",
        ),
        Fate.LEFT_WITHOUT_TELLING: (Action.LEAVE_WITHOUT_TELLING, "Chair found empty. Called twice, no answer yet."),
    }
)
_ON_THE_WARD = (
    "Spoke with the emergency department: first tests are normal, they stay overnight.",
    "Home again and well. The series waits until the heart has been looked at.",
)
_ANSWERS: Mapping[AlertKind, tuple[str, str]] = MappingProxyType(
    {
        AlertKind.SAFETY_ANSWER: (
            "Called. Thoughts had come and gone, no plan, someone is with them. Safety plan gone through.",
            "Called again: calmer. Psychiatrist and therapist told. Seen at the next visit.",
        ),
        AlertKind.TAKEN_TO_HOSPITAL: _ON_THE_WARD,
        AlertKind.SERIOUS_SIDE_EFFECT: _ON_THE_WARD,
        AlertKind.LEFT_AGAINST_ADVICE: (
            "Called: at home, awake, not alone. Knows not to drive.",
            "Called again: well. Talked about staying the whole time.",
        ),
        AlertKind.LEFT_WITHOUT_TELLING_US: (
            "Reached at the third try: home by taxi, a neighbor is there.",
            "Called again: well. Felt crowded, asks for a room next time.",
        ),
        AlertKind.DID_NOT_COME: (
            "Reached at the second try: overslept, is well. No thoughts of harm.",
            "Has another time. Will call next time.",
        ),
    }
)
"""What the provider writes when acknowledging and when closing."""

_HIGH = Vitals(systolic=168, diastolic=102, heart_rate=88, spo2_percent=98, respiratory_rate=16, moaa_s=5)


@dataclass(frozen=True, kw_only=True)
class Day:
    """One patient's visit on its day."""

    world: World
    visit: Visit
    fate: Fate
    treatment: TreatmentSession
    course: Course

    @property
    def nurse(self) -> Actor:
        """The nurse of this visit."""
        return self.world.nurse(self.treatment.id)

    def live(self) -> None:
        """Write everything up to now, or to where the visit ended in another way."""
        self._step(Action.ARRIVE, self.course.arrived, self.world.staff.desk)
        if self.fate in _CALLED_OFF:
            self._call_off(self.course.arrived + _CALLED_OFF_AFTER)
            return
        ended_at = self.course.dose_ended + _ENDED_AFTER if self.fate in _ENDINGS else None
        writer = self._writer(min(ended_at or self.course.left, self.world.now))
        asked.ask(writer, self.course.arrived, self.visit.protocol, self.fate)
        writer.readings(self.course)
        writer.effects(self.course)
        self._treat(writer)
        if ended_at is not None and ended_at <= self.world.now:
            self._end_otherwise(ended_at)
        else:
            self._leave(writer)

    def _writer(self, until: datetime) -> Writer:
        return Writer(db=self.world.db, treatment=self.treatment, by=self.nurse, until=until, rng=self.world.rng)

    def _treat(self, writer: Writer) -> None:
        protocol, stopped = self.visit.protocol, self.fate is Fate.STOPPED_EARLY
        micrograms = dose_of(protocol, self._grams(), len(self.course.devices))
        hands = Hands(writer=writer, second=self.world.nurse(self.treatment.id + 1))
        logged = self.course.dose > self.world.now - KEPT
        label_ids = hands.prepare(self.course, protocol, micrograms) if logged else []
        if self.course.dose > writer.until:
            self._align(writer.until)
            return
        events = writer.dose(self.course, protocol, micrograms, stopped=stopped, label_ids=label_ids)
        self._step(Action.START, self.course.dose, self.nurse, event=events[0])
        self.treatment.dose_started_at = self.course.dose
        if self.course.dose_ended > writer.until:
            self._align(writer.until)
            return
        if stopped:
            if logged:
                hands.waste(self.course.dose_ended, micrograms - micrograms // 2, label_ids, protocol)
            self._step(Action.STOP_EARLY, self.course.dose_ended, self.nurse, events[-1], [StopReason.SIDE_EFFECT])
        else:
            self._step(Action.FINISH_DOSE, self.course.dose_ended, self.nurse, event=events[-1])
        self.treatment.dose_ended_at = self.course.dose_ended

    def _grams(self) -> int:
        """The weight on file on the day of the dose, from which its order was reckoned too."""
        known, zone = weights.listed(self.world.db, self.treatment.patient_id), self.treatment.clinic.zone
        day = local_day(self.course.dose, zone)
        return next(one.grams for one in weights.standing(known) if local_day(one.measured_at, zone) <= day)

    def _leave(self, writer: Writer) -> None:
        if self.course.ready <= writer.until:
            leaving.look(writer, self.course.ready, self.visit.protocol)
            self._step(Action.CALL_READY, self.course.ready, self.nurse)
            writer.note(self.course.ready)
        if self.course.left <= writer.until:
            self._step(Action.LEAVE, self.course.left, self.nurse)
            self.treatment.left_at = self.course.left
        self._align(writer.until)

    def _align(self, now: datetime) -> None:
        outreach.align(self.world.db, self.treatment, now=now, by=self.nurse)

    def _step(
        self, action: Action, at: datetime, by: Actor, event: DoseEvent | None = None, reasons: Sequence[StrEnum] = ()
    ) -> None:
        """Take a step as services.lifecycle does; its gate was kept when the course was made."""
        to = transition(self.treatment.kind, self.treatment.status, action).to
        audit.note(
            self.world.db, AuditAction.CHANGE, "session", self.treatment.id, now=at, by=by,
            patient_id=self.treatment.patient_id, changes={"status": [self.treatment.status, to]}, reason=action.value,
        )  # fmt: skip
        change = StatusChange(
            action=action,
            from_status=self.treatment.status,
            to_status=to,
            at=at,
            recorded_at=at,
            by_id=by.user_id,
            reasons=[reason.value for reason in reasons],
            details={"dose_event": event.id} if event else {},
        )
        self.treatment.changes.append(change)
        self.treatment.status = to

    def _call_off(self, at: datetime) -> None:
        writer = self._writer(at)
        asked.ask(writer, self.course.arrived, self.visit.protocol, self.fate)
        if self.fate is Fate.PRESSURE_TOO_HIGH:
            before = at - timedelta(minutes=10)
            writer.save([writer.reading(before, _HIGH), writer.reading(at - timedelta(minutes=4), _HIGH)])
            provider = self.world.staff.providers[self.treatment.id % len(self.world.staff.providers)]
            questions.refuse(self.world.db, self.treatment, at - timedelta(minutes=3), self.nurse, provider)
        step = Step(action=Action.CALL_OFF, version=self._version(), reasons=(_CALLED_OFF[self.fate],))
        steps.take(self.world.db, self.treatment, step, now=at, by=self.nurse)

    def _end_otherwise(self, at: datetime) -> None:
        if self.fate is Fate.TAKEN_TO_HOSPITAL:
            self._chest_pain(at)
        action, words = _ENDINGS[self.fate]
        step = Step(action=action, version=self._version(), words=words)
        steps.take(self.world.db, self.treatment, step, now=at, by=self.nurse)
        raised = sa.select(Alert).where(Alert.session_id == self.treatment.id)
        for alert in self.world.db.scalars(raised).all():
            answer_alert(self.world, alert)

    def _chest_pain(self, at: datetime) -> None:
        onset = at - timedelta(minutes=9)
        noticed = Noticed(
            kind=SideEffectKind.CHEST_PAIN,
            grade=Grade.SEVERE,
            seriousness=Seriousness.HOSPITALISATION,
            words="Tightness across the chest, no radiation",
        )
        effect = side_effects.note(
            self.world.db, self.treatment, noticed, now=onset + timedelta(minutes=1), by=self.nurse, onset=onset
        )
        writer = self._writer(at)
        called = writer.stamp(onset + timedelta(minutes=3))
        writer.save([Intervention(**called, kind=InterventionKind.EMS, side_effect_id=effect.id)])

    def _version(self) -> int:
        self.world.db.flush()
        return self.treatment.version


def day_of(world: World, visit: Visit, fate: Fate, treatment: TreatmentSession) -> Day:
    """Decide how a visit goes; a dose stopped early ends after 22 minutes."""
    course = course_of(visit, treatment.place_in_plan or 1, world.now, world.rng)
    if fate is Fate.STOPPED_EARLY:
        course = replace(course, dose_ended=course.dose + _STOPPED_AFTER)
    return Day(world=world, visit=visit, fate=fate, treatment=treatment, course=course)


def answer_alert(world: World, alert: Alert | None) -> None:
    """Let a provider answer an alert within minutes and close it the day after."""
    if alert is None:
        return
    called, closed = _ANSWERS[alert.kind]
    acts = (
        (AlertAction.ACKNOWLEDGE, timedelta(minutes=9), called),
        (AlertAction.CLOSE, timedelta(hours=20), closed),
    )
    for action, later, note in acts:
        if alert.raised_at + later <= world.now:
            alerts.answer(
                world.db, alert, action, note,
                seen=alert.version, now=alert.raised_at + later, by=world.staff.providers[0],
            )  # fmt: skip
