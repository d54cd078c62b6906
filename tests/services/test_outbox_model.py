"""Two workers that may die at every point: whatever happens, nothing is lost and doubles are counted."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import MessageKind, MessageStatus
from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import ActorKind, Clinic, Message, Patient
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.messages import outbox, outreach
from clinic_sessions.services.messages.outbox import Claim, Copy
from tests import factories

COPY = Copy(to="ana@example.org", subject="Your visit", text="[link]")
ENDINGS = ("sent", "retry", "doubt")


@dataclass
class Worker:
    """Where one worker is: nothing in hand, claimed, prepared, given over to the server."""

    name: str
    at: str = "idle"
    claim: Claim | None = None


@dataclass
class World:
    """The workers, the server's pile, and what went wrong."""

    db: Session
    now: datetime
    message_id: int
    workers: list[Worker] = field(default_factory=lambda: [Worker("one"), Worker("two")])
    arrived: list[str] = field(default_factory=list)
    dead_after_send: int = 0
    doubts: int = 0

    def go(self, worker: Worker, ending: str) -> None:
        """Take the worker's next step, committed as the job commits it."""
        if worker.at == "idle":
            claims = outbox.claim(self.db, worker.name, self.now, most=1)
            worker.claim, worker.at = (claims[0], "claimed") if claims else (None, "idle")
        elif worker.at == "claimed":
            assert worker.claim is not None
            worker.at = "prepared" if outbox.prepare(self.db, worker.claim, self.now, "localhost") else "idle"
        elif worker.at == "prepared":
            if ending != "retry":
                self.arrived.append(self.row().message_id)
            worker.at = ending
        else:
            self.settle(worker)
        self.db.commit()

    def settle(self, worker: Worker) -> None:
        """Write down how the conversation ended."""
        assert worker.claim is not None
        if worker.at == "sent":
            assert outbox.settle_sent(self.db, worker.claim, self.now, COPY)
        elif worker.at == "retry":
            assert outbox.settle_retry(self.db, worker.claim, self.now, "450", jitter=0)
        else:
            assert outbox.settle_doubt(self.db, worker.claim, self.now, "lost", COPY, jitter=0)
            self.doubts += 1
        worker.at = "idle"

    def die(self, worker: Worker) -> None:
        """Kill a worker; a new one of another name takes its place, and the dead one's lease ends in time."""
        self.dead_after_send += worker.at in {"sent", "doubt"}
        self.db.execute(
            sa.update(Message)
            .where(Message.lease_owner == worker.name)
            .values(lease_until=datetime(2020, 1, 1, tzinfo=UTC))
        )
        self.db.commit()
        worker.name, worker.at, worker.claim = worker.name + "'", "idle", None

    def row(self) -> Message:
        """Read the message as it stands."""
        return self.db.get_one(Message, self.message_id, populate_existing=True)


def _world(db: Session, patient: Patient, number: int, now: datetime) -> World:
    treatment = factories.a_session(db, patient, now + timedelta(days=30 + number))
    treatment.booked_at = now
    by = Actor(kind=ActorKind.SYSTEM)
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.CONFIRMATION)
    db.commit()
    query = sa.select(Message.id).where(Message.session_id == treatment.id, Message.kind == MessageKind.CONFIRMATION)
    return World(db=db, now=now, message_id=db.scalars(query).one())


def test_nothing_is_ever_lost_and_doubles_are_at_most_the_deaths_and_doubts_after_sending(
    db: Session, clinic: Clinic, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic, registered_by=factories.a_user(db, clinic, Role.FRONT_DESK))
    db.commit()
    numbers = iter(range(10_000))
    steps = st.lists(
        st.tuples(st.sampled_from(["go", "go", "go", "die"]), st.integers(0, 1), st.sampled_from(ENDINGS)), max_size=16
    )

    @given(steps)
    def live(taken: list[tuple[str, int, str]]) -> None:
        world = _world(db, patient, next(numbers), now)
        for act, which, ending in taken:
            world.now += timedelta(minutes=90)
            worker = world.workers[which]
            if act == "die":
                world.die(worker)
            else:
                world.go(worker, ending)
        for worker in world.workers:
            world.die(worker)
        for _ in range(8):
            world.now += timedelta(minutes=90)
            world.go(world.workers[0], "sent")

        assert world.row().status in {MessageStatus.SENT, MessageStatus.UNCERTAIN}
        assert world.arrived, "lost"
        assert len(set(world.arrived)) == 1
        assert len(world.arrived) - 1 <= world.dead_after_send + world.doubts

    live()
