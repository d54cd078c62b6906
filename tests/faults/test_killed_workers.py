"""Workers that are killed, workers side by side: nothing is lost, and what is doubled can be told."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import LEASE, MessageStatus
from clinic_sessions.models import Clinic
from tests.faults import workers
from tests.mail.post_office import open_office


def _run(url: str, db: Session, folder: Path, now: datetime, *, messages: int, kills: int) -> None:
    with open_office() as office, workers.crew_on(url, office.url, folder, now) as crew:
        crew.add()
        crew.add()
        for number in range(1, kills + 1):
            goal = messages * number // (kills + 1)
            workers.wait_until(lambda goal=goal: len(office.taken) >= goal, 60)  # type: ignore[misc]
            crew.kill_oldest()
            crew.add()
        workers.wait_until(lambda: workers.count(db, MessageStatus.SENT) == messages, 120)
        crew.end()

        assert len(office.message_ids) == messages, "a message was lost"
        assert len(set(office.addresses())) == messages
        assert len(office.taken) - messages <= kills


def test_ten_kills_lose_none_of_five_hundred_and_double_at_most_one_each_with_the_same_message_id(
    database_url: str, db: Session, clinic: Clinic, tmp_path: Path, now: datetime
) -> None:
    workers.confirmations(db, clinic, 500, now)

    _run(database_url, db, tmp_path, now, messages=500, kills=10)


@pytest.mark.long
def test_forty_kills_lose_none_of_two_thousand(
    database_url: str, db: Session, clinic: Clinic, tmp_path: Path, now: datetime
) -> None:
    workers.confirmations(db, clinic, 2000, now)

    _run(database_url, db, tmp_path, now, messages=2000, kills=40)


def test_three_workers_send_nothing_twice(
    database_url: str, db: Session, clinic: Clinic, tmp_path: Path, now: datetime
) -> None:
    workers.confirmations(db, clinic, 150, now)
    with open_office() as office, workers.crew_on(database_url, office.url, tmp_path, now, LEASE) as crew:
        for _ in range(3):
            crew.add()
        workers.wait_until(lambda: workers.count(db, MessageStatus.SENT) == 150, 60)
        crew.end()

        assert sorted(office.message_ids.values()) == [1] * 150
