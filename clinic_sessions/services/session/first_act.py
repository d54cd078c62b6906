"""What a visit asks for first: the one act that its page and its card on the board put before all others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from clinic_sessions.domain.session.lifecycle import Gate, SessionKind, Status
from clinic_sessions.models import DoseEvent, TreatmentSession
from clinic_sessions.services.drug import dose_controls, infusions
from clinic_sessions.services.session import due, facts, lifecycle, limits
from clinic_sessions.services.session.chair_records import ChairRecords
from clinic_sessions.services.session.due import Due, DueKind, DueNumbers


class First(StrEnum):
    """What is first: `step` is the next step of the visit, `runs` that an infusion needs nothing until its end."""

    STEP = "step"
    CHECK = "check"
    DEVICE = "device"
    RESUME = "resume"
    RUNS = "runs"
    MISSING = "missing"
    ASSESS = "assess"


@dataclass(frozen=True, kw_only=True)
class Act:
    """The act. `text`: which device; `at`: when an infusion ends, or leaving can be assessed; `missing`: what is."""

    kind: First
    text: str = ""
    at: datetime | None = None
    missing: Sequence[StrEnum] = ()


STEP = Act(kind=First.STEP)


def of_dose(treatment: TreatmentSession, doses: Sequence[DoseEvent], shown: DueNumbers, now: datetime) -> Act:
    """Say what a dose that was begun asks for, apart from its checks.

    The next device; to resume a paused infusion; nothing while one runs, until as long before its end as a due time
    turns amber; else that it is finished.
    """
    if treatment.status is not Status.IN_TREATMENT:
        return STEP
    begun = due.Recorded(treatment=treatment, doses=doses, readings=())
    for one in due.of(begun, shown, now):
        if one.kind is DueKind.DEVICE:
            return Act(kind=First.DEVICE, text=one.text, at=one.at)
    if not infusions.is_infused(treatment):
        return STEP
    if dose_controls.is_paused(doses):
        return Act(kind=First.RESUME)
    ends = infusions.ends_at(treatment, treatment.order, doses)
    return Act(kind=First.RUNS, at=ends) if ends is not None and now < ends - shown.amber else STEP


def is_moment(treatment: TreatmentSession) -> bool:
    """Whether the dose is given at one moment, as an injection is: nothing of it can be paused or stopped."""
    if treatment.protocol_version is None or infusions.is_infused(treatment):
        return False
    return limits.device_micrograms(treatment) is None


def presses(one: Due | None, now: datetime) -> bool:
    """Whether a check is due or late now, so that it comes before any step."""
    return one is not None and one.kind is not DueKind.DEVICE and one.tone(now) != ""


def on_board(db: Session, treatment: TreatmentSession, records: ChairRecords, first: Due | None, now: datetime) -> Act:
    """Say what the card of a chair puts first. `first`: what is due next.

    It reads the gates only of those who have come and wait for a dose, and of those who may be assessed.
    """
    if presses(first, now):
        return Act(kind=First.CHECK)
    if treatment.kind is not SessionKind.TREATMENT:
        return STEP
    if treatment.status is Status.ARRIVED:
        return _unless(lifecycle.unmet(db, treatment, Gate.MAY_START, now))
    doses = records.doses_of(treatment)
    if treatment.status is not Status.OBSERVING:
        return of_dose(treatment, doses, records.numbers, now)
    earliest = facts.earliest_leaving(treatment, doses)
    if earliest is not None and now < earliest and treatment.id not in records.weighed:
        return Act(kind=First.ASSESS, at=earliest)
    return _unless(lifecycle.unmet(db, treatment, Gate.MAY_BE_READY, now))


def _unless(missing: Sequence[StrEnum]) -> Act:
    return Act(kind=First.MISSING, missing=missing) if missing else STEP
