"""How staff read each enumerated value: one place for the words of the screens."""

from collections.abc import Mapping
from enum import StrEnum

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.messages.check_ins import CheckInKind, CheckInStatus
from clinic_sessions.domain.messages.messages import Language, MessageKind, SkipReason
from clinic_sessions.domain.note import note_words
from clinic_sessions.domain.outcomes import scale_words
from clinic_sessions.domain.papers import paper_words
from clinic_sessions.domain.papers.papers import PaperReason
from clinic_sessions.domain.patients import risk_words
from clinic_sessions.domain.patients.weights import WeightUnit
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.absence import CallReason
from clinic_sessions.domain.scheduling.pattern import PatternFault
from clinic_sessions.domain.scheduling.plans import PlanReason, SeriesReason
from clinic_sessions.domain.scheduling.ranking import Why
from clinic_sessions.domain.scheduling.reasons import CallOffReason, CancelReason, MoveReason, StopReason
from clinic_sessions.domain.scheduling.shifts import ExceptionKind, ShiftReason
from clinic_sessions.domain.scheduling.timetable import BookingReason, LiftingReason, OverrideKind
from clinic_sessions.domain.session import day_words
from clinic_sessions.domain.session.course_kinds import CourseKind
from clinic_sessions.domain.session.due_times import Unread
from clinic_sessions.domain.session.lifecycle import Action, SessionKind, Status, StepReason
from clinic_sessions.domain.session.readiness import Reason
from clinic_sessions.domain.session.record import DoseEventKind, RecordReason
from clinic_sessions.domain.session.side_effects import InterventionKind, Outcome, Seriousness, SideEffectEventKind
from clinic_sessions.domain.session.start_gate import StartReason

_PAIRS: tuple[tuple[StrEnum, str], ...] = (
    *day_words.PAIRS,
    (CourseKind.CHECK_INS, "Check-ins"),
    (CourseKind.PROVIDER, "Asked of a provider"),
    (CourseKind.VIEWS, "Who looked"),
    *note_words.PAIRS,
    *paper_words.PAIRS,
    *risk_words.PAIRS,
    *scale_words.PAIRS,
    (Status.DID_NOT_COME, "Did not come"),
    (Status.LEFT_WITHOUT_TELLING_US, "Left without telling us"),
    (SessionKind.TELEHEALTH, "Telehealth visit"),
    (Action.NOTE_ABSENCE, "Did not come"),
    (Action.ARRIVE, "Patient is here"),
    (Action.START, "Start the dose"),
    (Action.FINISH_DOSE, "Dose finished"),
    (Action.STOP_EARLY, "Stop the dose early"),
    (Action.CALL_READY, "Ready to leave"),
    (Action.LEAVE, "Left with their ride"),
    (Action.CALL_OFF, "Cannot go ahead"),
    (Action.TAKE_TO_HOSPITAL, "Taken to hospital"),
    (Action.LEAVE_AGAINST_ADVICE, "Left against advice"),
    (Action.LEAVE_WITHOUT_TELLING, "Left without telling us"),
    (Action.UNDO, "Undone"),
    (Action.CONFIRM, "Confirmed"),
    (Action.MOVE, "Moved"),
    (Action.CANCEL, "Cancelled"),
    (Action.BOOK, "Booked"),
    (CancelReason.PATIENT_ASKED, "Patient asked"),
    (CancelReason.PATIENT_UNWELL, "Patient unwell"),
    (CancelReason.NO_RIDE, "No ride"),
    (CancelReason.COST, "Cost"),
    (CancelReason.CLINIC_STAFF, "Our staff"),
    (CancelReason.CLINIC_CHAIR, "Our chair or room"),
    (CancelReason.BOOKED_BY_MISTAKE, "Booked by mistake"),
    (CancelReason.PROVIDER_DECIDED, "Provider decided"),
    (CancelReason.BY_LINK, "Patient, by link"),
    (MoveReason.CLINIC_STAFF, "Our staff"),
    (MoveReason.CLINIC_CHAIR, "Our chair or room"),
    (MoveReason.PATIENT_LATE, "Patient is late"),
    (MoveReason.ATE, "Ate or drank"),
    (CallOffReason.ATE, "Ate or drank"),
    (CallOffReason.NO_ESCORT, "No way home"),
    (CallOffReason.LATE, "Came too late"),
    (CallOffReason.STAFF, "Our staff"),
    (CallOffReason.CHAIR, "Our chair or room"),
    (CallOffReason.PAPERS, "Papers missing"),
    (StopReason.PATIENT_ASKED, "Patient asked"),
    (BookingReason.IN_THE_PAST, "This time has passed."),
    (BookingReason.CLINIC_CLOSED, "The clinic is closed that day."),
    (BookingReason.OUTSIDE_OPENING_HOURS, "The visit would not fit within the opening hours."),
    (BookingReason.CHAIR_TAKEN, "The chair is taken at that time."),
    (BookingReason.CHAIR_NOT_SUITABLE, "This chair is not equipped for this treatment."),
    (BookingReason.PATIENT_ELSEWHERE, "The patient already has a visit at that time."),
    (BookingReason.CLOSURE, "There is a closure at that time."),
    (BookingReason.HOST_ELSEWHERE, "The person who holds the visit has another at that time."),
    (BookingReason.HOST_OFF_SHIFT, "The person who holds the visit is not on shift for all of it."),
    (BookingReason.COVER_SHORT, "There are not enough nurses for it."),
    (BookingReason.ROLE_MISSING, "A provider must be on site, and none is on shift."),
    (BookingReason.TOO_CLOSE, "It is closer to another session than the protocol asks."),
    (BookingReason.SECOND_DOSE, "The patient has another dose on that day."),
    (OverrideKind.COVER, "Book although nurse cover is short"),
    (OverrideKind.SPACING, "Book although it is closer than the protocol asks"),
    (OverrideKind.SECOND_DOSE, "Book a second dose on one day"),
    (LiftingReason.REASON_NEEDED, "Say why the rule is lifted."),
    (LiftingReason.MAY_NOT_LIFT, "Your role does not include lifting this rule."),
    (Why.SOONEST, "soonest day"),
    (Why.ON_RHYTHM, "the day it is due"),
    (Why.USUAL_DAY, "usual day"),
    (Why.USUAL_HOUR, "usual hour"),
    (Why.USUAL_NURSE, "usual nurse"),
    (Why.QUIET_START, "nobody else starts then"),
    (BookingReason.SAME_TIME_AND_CHAIR, "This is the time and the chair that it has already."),
    (BookingReason.NOT_TREATED_HERE, "The patient is no longer treated at this site."),
    (PatternFault.NO_PHASE, "Say how many sessions, and how often."),
    (PatternFault.TOO_MANY_PHASES, "This has more phases than a plan can have."),
    (PatternFault.NO_COUNT, "Say how many sessions there are in all in at least one row."),
    (PatternFault.GOES_ON_BEFORE_THE_END, "Only the last row may go on without a number of sessions."),
    (PatternFault.MORE_THAN_ONE_A_DAY, "There can be one session a day at most."),
    (PatternFault.TOO_MANY_SESSIONS, "This has more than 60 sessions. Start with fewer, and change the plan later."),
    (PatternFault.TOO_LONG, "Two sessions can be a year apart at most."),
    (PlanReason.UNDER_WAY, "A plan under this protocol is under way. Change its pattern, or end it first."),
    (PlanReason.FEWER_THAN_BOOKED, "More sessions are done or booked than that. Cancel the later ones first."),
    (PlanReason.STILL_BOOKED, "Sessions of this plan are still to come. Cancel them first."),
    (PlanReason.NOT_ACTIVE, "This plan is not under way. Start another plan, or choose a treatment without one."),
    (PlanReason.CHANGED_MEANWHILE, "Someone else changed this plan meanwhile. This is how it stands now."),
    (PlanReason.VERSION_REPLACED, "Another version of the protocol is in use now. Choose again."),
    (SeriesReason.PLACE_TAKEN, "Someone has booked this session of the series meanwhile."),
    (SeriesReason.BEYOND_PLAN, "The plan has fewer sessions by now."),
    (SeriesReason.CHANGED_MEANWHILE, "Someone else changed this session meanwhile."),
    (SeriesReason.NOT_TO_COME, "This session is no longer to come."),
    (SeriesReason.TRADED_PLACES, "Sessions would trade their times in a ring. Move one of them on its own first."),
    (SeriesReason.NOTHING_CHOSEN, "Choose at least one date."),
    (Reason.NOT_TODAY, "This visit is on another day. Move it to today first."),
    (Reason.NOT_YET_TIME, "The visit has not begun yet."),
    (Reason.NO_DOSE_RECORDED, "No dose is recorded."),
    (Reason.DOSE_NOT_ENDED, "The end of the dose is not recorded."),
    (Reason.MINIMUM_NOT_REACHED, "The minimum observation time is not reached."),
    (Reason.NO_VITALS_AFTER_DOSE, "No vitals since the end of the dose."),
    (Reason.SIDE_EFFECT_UNRESOLVED, "A side effect that blocks leaving is not resolved."),
    (Reason.NOT_ARRIVED, "The patient had not been checked in."),
    (Reason.SESSION_ENDED, "The session had already ended."),
    (Reason.OTHER_PROTOCOL, "Not what the protocol asks for."),
    (Reason.ABOVE_CAP, "More than the protocol's limit for one session."),
    (Reason.DEVICE_TOO_SOON, "Sooner after the last device than the protocol asks."),
    (Reason.DEVICE_TOO_MANY, "More devices than the protocol allows."),
    (Reason.OTHER_THAN_ORDERED, "Another dose than the one that is ordered."),
    (DoseEventKind.STARTED, "Dose started"),
    (DoseEventKind.PAUSED, "Dose paused"),
    (DoseEventKind.RESUMED, "Dose resumed"),
    (DoseEventKind.RATE_CHANGED, "Rate changed"),
    (DoseEventKind.DEVICE, "Device used"),
    (DoseEventKind.STOPPED, "Dose stopped early"),
    (DoseEventKind.GIVEN, "Dose given"),
    (DoseEventKind.WASTED, "Wasted"),
    (DoseEventKind.WITHDRAWN, "Entered by mistake"),
    (InterventionKind.EMS, "Called 911"),
    (InterventionKind.PAUSED, "Dose paused"),
    (InterventionKind.STOPPED, "Dose stopped"),
    (Outcome.RESOLVED_WITH_SEQUELAE, "Resolved, with lasting effects"),
    (Outcome.CONTINUING_ADVISED, "Continuing, advised"),
    (Outcome.UNKNOWN, "Not known"),
    (SideEffectEventKind.GRADED, "Graded again"),
    (SideEffectEventKind.OUTCOME, "How it stands"),
    (SideEffectEventKind.CORRECTED, "Entered by mistake"),
    (Seriousness.HOSPITALISATION, "Stay in hospital"),
    (Unread.PRESSURE, "Blood pressure could not be taken."),
    (Unread.HEART_RATE, "Heart rate could not be taken."),
    (Unread.OXYGEN, "Oxygen could not be taken."),
    (Unread.BREATHS, "Breaths could not be counted."),
    (Unread.MOAA_S, "MOAA/S could not be rated."),
    (RecordReason.NOT_DUE_NOW, "This is not what is due now. Look at the due times again."),
    (RecordReason.CORRECTED_MEANWHILE, "Someone else corrected this entry meanwhile. Open the session and look again."),
    (StepReason.NOT_OFFERED, "This step is not open from where the session stands now."),
    (StepReason.NOT_ALLOWED, "Your role does not include this step. Ask a nurse or a provider."),
    (StepReason.NOTHING_TO_UNDO, "There is no step to undo."),
    (StepReason.DOSE_BEHIND_IT, "A dose is recorded behind this step. Say first that it was not given."),
    (StepReason.DAY_OVER, "The day of this visit is over. Record it as a serious side effect."),
    (StepReason.ENDED_BEFORE_TODAY, "The day of this step is over: it stays. Write in the note what was different."),
    (StepReason.CANNOT_BE_UNDONE, "The last step cannot be undone. Move the session again instead."),
    (
        StepReason.CHANGED_MEANWHILE,
        "Someone else changed this session meanwhile. This is how it stands now.",
    ),
    (SkipReason.CANCELLED, "the visit was cancelled"),
    (SkipReason.MOVED, "the visit was moved"),
    (SkipReason.NOT_WANTED, "the patient does not want mail"),
    (SkipReason.TOO_LATE, "it had lost its use"),
    (SkipReason.NO_ADDRESS, "there is no good address"),
    (SkipReason.TOO_MANY, "the patient had enough messages that week"),
    (SkipReason.ANSWERED, "it was answered already"),
    (SkipReason.CLINICIAN_FIRST, "a clinician calls first"),
    (SkipReason.UNDONE, "the step it told of was undone"),
    (MessageKind.SERIES_CONFIRMATION, "Confirmation of all visits"),
    (MessageKind.REMINDER_7D, "Reminder, 7 days before"),
    (MessageKind.REMINDER_48H, "Reminder, 48 hours before"),
    (MessageKind.REMINDER_EVENING, "Reminder, evening before"),
    (MessageKind.MOVED, "Change notice"),
    (MessageKind.CANCELLED, "Cancellation notice"),
    (MessageKind.CANCELLED_BY_CLINIC, "Cancellation notice (our side)"),
    (MessageKind.DID_NOT_COME, "We missed you"),
    (MessageKind.CHECK_IN_4H, "Check-in, 4 hours"),
    (MessageKind.CHECK_IN_24H, "Check-in, 24 hours"),
    (MessageKind.CHECK_IN_72H, "Check-in, 72 hours"),
    (MessageKind.CHECK_IN_7D, "Check-in, 7 days"),
    (Language.EN, "English"),
    (Language.ES, "Spanish"),
    (CheckInKind.AFTER_4H, "Check-in after 4 hours"),
    (CheckInKind.AFTER_24H, "Check-in after 24 hours"),
    (CheckInKind.AFTER_72H, "Check-in after 72 hours"),
    (CheckInKind.AFTER_7D, "Check-in after 7 days"),
    (CheckInStatus.ASKED, "Sent, not answered yet"),
    (CheckInStatus.STARTED, "Begun, not sent"),
    (CallReason.RECENT_ALERT, "A safety alert was raised within the last 14 days."),
    (CallReason.EARLY_IN_SERIES, "It is early in their series."),
    (AlertKind.SAFETY_ANSWER, "Answer to a safety question"),
    (AlertKind.LEFT_WITHOUT_TELLING_US, "Left without telling us"),
    (AlertKind.OUTSIDE_RULES, "Happened outside the rules"),
    (AlertKind.VITALS_URGENT, "Urgent vitals"),
    (AlertTier.NOW, "Call now"),
    (AlertTier.SAME_DAY, "Call today"),
    (ExceptionKind.OFF, "Away"),
    (ExceptionKind.EXTRA, "Extra hours"),
    (ShiftReason.IN_THE_PAST, "Days that have passed cannot be changed."),
    (ShiftReason.ROLE_NOT_HELD, "This person does not have that role."),
    (ShiftReason.HAS_THESE_HOURS, "This person has hours in this role then already. Change those instead."),
    (ShiftReason.AT_ANOTHER_SITE, "This person is on shift at another site at that time."),
    (ShiftReason.ENDED_ALREADY, "Someone ended this shift meanwhile. Nothing of yours was saved."),
    (ShiftReason.AWAY_ALREADY, "This is noted already."),
    (ShiftReason.LEAVES_SHORT, "Sessions that are booked would be short of nurses."),
    (
        ShiftReason.LEAVES_WITHOUT_ROLE,
        "Sessions that are booked would be without someone who must be on site. Move or cancel them first.",
    ),
    (
        ShiftReason.LEAVES_WITHOUT_HOST,
        "Visits that are booked would be without the person who holds them. Move or cancel them first.",
    ),
    (ShiftReason.LEAVE_HITS, "This leave hits sessions that are booked. Look at them below, then save."),
    (WeightUnit.LB, "lb"),
    (WeightUnit.KG, "kg"),
    (Role.FRONT_DESK, "Front desk"),
)

WORDS: Mapping[tuple[type[StrEnum], str], str] = {(type(member), member.value): text for member, text in _PAIRS}
"""By type and value: members of two enumerations may share a value."""


def say(member: StrEnum) -> str:
    """Give the words for a value; without an entry of its own, the value itself in sentence case.

    >>> say(Status.IN_TREATMENT), say(SkipReason.MOVED)
    ('In treatment', 'the visit was moved')
    """
    return WORDS.get((type(member), member.value)) or member.value.replace("_", " ").capitalize()


def say_outside(value: str) -> str:
    """Give the words for what stood against a fact: a paper that was missing, or a rule of the session.

    >>> say_outside("consent_missing")
    'There is no consent for this series.'
    """
    kind = next(one for one in (PaperReason, StartReason, Reason, Unread) if value in set(one))
    return say(kind(value))
