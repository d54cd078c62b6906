"""What is done to a dose that runs: devices, pause, resume, stop, another rate, what was wasted.

Pausing and stopping are stamped at once; why, and how much had been given, is asked for afterwards.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.session.record import ENDS_DOSE, DoseEventKind
from clinic_sessions.models import DoseEvent, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.drug import drug_acts
from clinic_sessions.services.drug.drug_acts import LabelRead
from clinic_sessions.services.refusals import Absent
from clinic_sessions.services.session import facts, lifecycle, recording, steps
from clinic_sessions.services.session.recording import DoseAct

EXPLAINED = frozenset({DoseEventKind.PAUSED, DoseEventKind.STOPPED})
"""What is stamped first and explained later."""

_TURNS = {DoseEventKind.PAUSED: DoseEventKind.RESUMED, DoseEventKind.RESUMED: DoseEventKind.PAUSED}


def turn(
    db: Session, treatment: TreatmentSession, kind: DoseEventKind, *, now: datetime, by: Actor
) -> DoseEvent | None:
    """Stamp that the dose was paused or resumed now; None when it already is: a second tap adds nothing."""
    lifecycle.lock(db, treatment)
    if is_paused(facts.dose_events(db, treatment)) is (kind is DoseEventKind.PAUSED):
        return None
    return recording.record_dose(db, treatment, DoseAct(kind=kind), now=now, by=by)


def is_paused(events: Sequence[DoseEvent]) -> bool:
    """Whether the last turn of the dose was a pause."""
    turns = [event.kind for event in events if event.kind in _TURNS]
    return bool(turns) and turns[-1] is DoseEventKind.PAUSED


def stop(db: Session, treatment: TreatmentSession, *, now: datetime, by: Actor) -> None:
    """Stamp that the dose was stopped now, whoever else changed the session meanwhile; a second tap adds nothing."""
    lifecycle.lock(db, treatment)
    if any(event.kind in ENDS_DOSE for event in facts.dose_events(db, treatment)):
        return
    if treatment.status is Status.IN_TREATMENT:
        step = steps.Step(action=Action.STOP_EARLY, version=treatment.version)
        steps.take(db, treatment, step, now=now, by=by)
        return
    recording.record_dose(db, treatment, DoseAct(kind=DoseEventKind.STOPPED), now=now, by=by)


def explain(
    db: Session, treatment: TreatmentSession, event: DoseEvent, words: str, micrograms: int | None,
    *, now: datetime, by: Actor,
) -> DoseEvent:  # fmt: skip
    """Complete a pause or a stop with its reason and with what had been given; its time stays as it was stamped.

    Refuses with ChangedMeanwhile when somebody else has answered; raises Absent for any other event.
    """
    if event.kind not in EXPLAINED:
        raise Absent
    act = DoseAct(
        kind=event.kind, words=words, micrograms=event.micrograms if micrograms is None else micrograms,
        rate_micrograms_per_hour=event.rate_micrograms_per_hour,
    )  # fmt: skip
    return recording.record_dose(db, treatment, act, now=now, by=by, at=event.at, corrects=event)


def use_device(
    db: Session, treatment: TreatmentSession, read: LabelRead, *, now: datetime, by: Actor, at: datetime | None = None
) -> DoseEvent:
    """Keep that another device was used, with its own label; one too soon or past its date is marked."""
    label = drug_acts.read_label(db, treatment, read, now=now, by=by, at=at)
    act = DoseAct(kind=DoseEventKind.DEVICE, label_id=label.id)
    return recording.record_dose(db, treatment, act, now=now, by=by, at=at)


def change_rate(
    db: Session, treatment: TreatmentSession, micrograms_per_hour: int,
    *, now: datetime, by: Actor, at: datetime | None = None,
) -> DoseEvent:  # fmt: skip
    """Keep a new rate in micrograms an hour."""
    act = DoseAct(kind=DoseEventKind.RATE_CHANGED, rate_micrograms_per_hour=micrograms_per_hour)
    return recording.record_dose(db, treatment, act, now=now, by=by, at=at)


def waste(
    db: Session, treatment: TreatmentSession, micrograms: int, witness: Actor, words: str | None,
    *, now: datetime, by: Actor, at: datetime | None = None,
) -> DoseEvent:  # fmt: skip
    """Keep what was wasted of a drawn dose, in micrograms, and who saw it besides the author."""
    act = DoseAct(kind=DoseEventKind.WASTED, micrograms=micrograms, second_id=witness.user_id, words=words)
    return recording.record_dose(db, treatment, act, now=now, by=by, at=at)
