"""The number by which calendars tell the newer word about a visit."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.scheduling.calendar_entry import Standing, sequence, standing
from clinic_sessions.domain.session.lifecycle import (
    OCCUPYING,
    UNDOABLE,
    Action,
    SessionKind,
    Status,
    offered,
    transition,
)

Step = tuple[Status | None, Status]


@dataclass(frozen=True, kw_only=True)
class Life:
    """A session as its calendar entry sees it: status, version of time and place, the steps that led there."""

    kind: SessionKind
    status: Status
    schedule_version: int = 1
    steps: tuple[Step, ...] = ()
    undoable: tuple[tuple[Action, Status], ...] = field(default=())

    @property
    def picture(self) -> tuple[Standing, int]:
        """What a calendar shows."""
        return standing(self.status), self.schedule_version

    @property
    def number(self) -> int:
        """The SEQUENCE."""
        return sequence(self.schedule_version, self.steps)


def _after(life: Life, action: Action) -> Life:
    if action is Action.UNDO:
        *rest, (_, back_to) = life.undoable
        return replace(life, status=back_to, steps=(*life.steps, (life.status, back_to)), undoable=tuple(rest))
    return replace(
        life,
        status=(to := transition(life.kind, life.status, action).to),
        schedule_version=life.schedule_version + (action is Action.MOVE),
        steps=(*life.steps, (life.status, to)),
        undoable=(*life.undoable, (action, life.status)),
    )


@given(data=st.data(), kind=st.sampled_from(SessionKind), begins=st.sampled_from([Status.HELD, Status.BOOKED]))
def test_whatever_happens_each_new_picture_has_a_higher_number(
    data: st.DataObject, kind: SessionKind, begins: Status
) -> None:
    life = Life(kind=kind, status=begins, steps=((None, begins),))
    lives = [life]
    for _ in range(data.draw(st.integers(min_value=1, max_value=15))):
        acts = list(offered(life.kind, life.status))
        if life.undoable and life.undoable[-1][0] in UNDOABLE:
            acts.append(Action.UNDO)
        if not acts:
            break
        life = _after(life, data.draw(st.sampled_from(acts)))
        lives.append(life)
    for before, after in pairwise(lives):
        assert after.number >= before.number
        assert (after.number > before.number) is (after.picture != before.picture)


def test_undoing_a_cancellation_is_newer_than_the_cancellation() -> None:
    booked = Life(kind=SessionKind.TREATMENT, status=Status.BOOKED, steps=((None, Status.BOOKED),))
    cancelled = _after(booked, Action.CANCEL)
    again = _after(cancelled, Action.UNDO)
    moved = _after(again, Action.MOVE)

    assert [life.number for life in (booked, cancelled, again, moved)] == [1, 2, 3, 4]


def test_what_keeps_its_chair_is_never_shown_as_cancelled() -> None:
    assert {standing(status) for status in OCCUPYING} == {Standing.TENTATIVE, Standing.CONFIRMED}
    assert standing(Status.CANCELLED) is Standing.CANCELLED
