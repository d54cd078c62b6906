"""What all lives of the demo share."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import Staffing
from clinic_sessions.demo.diary import Diary
from clinic_sessions.demo.post import Post
from clinic_sessions.services.actor import Actor


@dataclass
class World:
    """The database, the clinic's people, its diary and its post, and the one source of chance."""

    db: Session
    staff: Staffing
    diary: Diary
    post: Post
    now: datetime
    rng: Random
    answered: int = 0

    def nurse(self, number: int) -> Actor:
        """Give the nurse whose turn it is."""
        return self.staff.nurses[number % len(self.staff.nurses)]
