"""Fills an empty database with the demo clinic."""

from collections.abc import Sequence
from datetime import datetime
from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.demo import (
    absences,
    answers,
    calls,
    consents,
    holds,
    intakes,
    notes,
    ordering,
    plan_states,
    protocol_drafts,
    questions,
    risk,
    scores,
    screenings,
    shifts,
    waiting,
)
from clinic_sessions.demo.clinic import Staffing, hire, open_clinic, set_hours
from clinic_sessions.demo.diary import Diary, plan_visits
from clinic_sessions.demo.fates import Fate, fates_of
from clinic_sessions.demo.lives import Life
from clinic_sessions.demo.patients import OnFile, put_on_file
from clinic_sessions.demo.post import Post
from clinic_sessions.demo.second_site import open_second
from clinic_sessions.demo.visits import add_visits
from clinic_sessions.demo.world import World
from clinic_sessions.models import Clinic, Installation, Patient, User
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services import catalogue
from clinic_sessions.services.accounts import sign_ins
from clinic_sessions.services.messages import outreach

_SEED = 1117


class NotEmpty(Exception):
    """The database has data: the demo clinic is only for an empty one."""


def fill(db: Session, *, password: str, now: datetime) -> None:
    """Fill the database with an invented clinic as it would be at `now`, and commit.

    Raises NotEmpty when there is any user, clinic or patient. The same `now` gives the same clinic.
    """
    hashed = sign_ins.hash_password(password)
    begin_write(db)
    if any(db.scalar(sa.select(sa.func.count()).select_from(table)) for table in (User, Clinic, Patient)):
        db.rollback()
        raise NotEmpty
    db.add(Installation(id=1, is_demo=True, created_at=now))
    catalogue.load_shipped(db, now)
    _people_and_visits(db, hashed, now)
    db.commit()


def _people_and_visits(db: Session, hashed: str, now: datetime) -> None:
    rng = Random(_SEED)
    clinic = open_clinic(db, now)
    staff = hire(db, clinic, hashed, now)
    people = put_on_file(db, clinic, staff, now=now, rng=rng)
    diary = Diary(clinic=clinic, staff=staff, now=now)
    visits = plan_visits(diary, people)
    set_hours(clinic, now, [visit.block for visit in visits if visit.scene])
    db.flush()
    shifts.put_on(db, clinic, staff, diary.today)
    fates = fates_of(visits, now)
    world = World(db=db, staff=staff, diary=diary, post=Post(db=db, now=now), now=now, rng=rng)
    for one in people:
        own = [
            (visit, fates.get(number, Fate.AS_PLANNED))
            for number, visit in enumerate(visits)
            if visit.on_file.patient.id == one.patient.id
        ]
        Life(world=world, one=one).live(own)
    without_plan = [one for one in people if one.plan is None]
    holds.hold_two(world, without_plan[0], without_plan[1])
    add_visits(
        world, new=[*without_plan[2:4], *without_plan[:2]], known=[one for one in people if one.plan is not None]
    )
    waiting.put_on_waitlist(world, in_series=[one for one in people if one.plan is not None][-2:], new=without_plan[-1])
    open_second(db, clinic, [one.patient for one in without_plan[-3:-1]], hashed, now)
    _papers_and_answers(db, clinic, staff, people, now)


def _papers_and_answers(db: Session, clinic: Clinic, staff: Staffing, people: Sequence[OnFile], now: datetime) -> None:
    ordering.note_orders(db, staff, now)
    plan_states.set_states(db, people, staff, now)
    absences.note_days(db, clinic, now)
    screenings.screen_and_decide(db, people, staff, now)
    intakes.note_medicines(db, people, staff, now)
    intakes.ask_two(db, people, staff, now)
    consents.note_consents(db, people, staff, now)
    outreach.expire_check_ins(db, now)
    answers.recent_answers(db, staff, now)
    risk.assess_one(db, staff, now)
    scores.fill_in(db, people, staff, now)
    protocol_drafts.draft_two(db, staff, now)
    questions.leave_one_open(db, staff, now)
    calls.make_and_owe(db, staff, now)
    notes.sign_most(db, clinic, staff, now)
