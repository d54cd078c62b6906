"""The drug of a demo visit: labels read, the dose drawn and counted by two nurses, and what was wasted of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from clinic_sessions.demo.courses import Course
from clinic_sessions.demo.record import Writer
from clinic_sessions.domain.drug.drawing import Container, LabelSource, volume_of
from clinic_sessions.domain.protocols.protocols import Drug, Protocol, Route
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.models import DoseEvent, Draw, DrugLabel, SecondCount
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.session import recording

KEPT = timedelta(days=15)
"""The demo clinic has kept its drug log for two weeks."""

_READ, _DRAWN, _COUNTED = timedelta(minutes=9), timedelta(minutes=7), timedelta(minutes=5)
_WASTED = timedelta(minutes=8)
_STRENGTH, _VIAL = 50_000, 500_000
_BAG = 100_000
_LOTS = {Drug.KETAMINE: ("KT2231A", "KT2307C"), Drug.ESKETAMINE: ("24LB811", "24MB034")}


@dataclass(frozen=True, kw_only=True)
class Hands:
    """Who draws and who counts, and what they write with."""

    writer: Writer
    second: Actor

    def prepare(self, course: Course, protocol: Protocol, micrograms: int) -> list[int]:
        """Read the labels, draw and count, as far as it has come by now; give the labels' ids in their order."""
        labels = [row for row in self._labels(course, protocol) if row.at <= self.writer.until]
        self.writer.save(labels)
        if labels and not course.devices:
            self._draw(course, protocol, labels[0].id, micrograms)
        return [row.id for row in labels]

    def waste(self, at: datetime, micrograms: int, label_ids: Sequence[int], protocol: Protocol) -> None:
        """Waste what was not given, before two people."""
        if at + _WASTED > self.writer.until:
            return
        row = DoseEvent(
            **self._stamp(at + _WASTED), kind=DoseEventKind.WASTED, drug=protocol.drug.value, micrograms=micrograms,
            label_id=label_ids[0] if label_ids else None, second_id=self.second.user_id,
        )  # fmt: skip
        self.writer.save([row])

    def _labels(self, course: Course, protocol: Protocol) -> list[DrugLabel]:
        times = [course.dose - _READ, *(at - timedelta(minutes=1) for at in course.devices[1:])]
        lots = _LOTS[protocol.drug]
        lot = lots[self.writer.treatment.id % len(lots)]
        rule = protocol.dose.devices
        return [
            DrugLabel(
                **self._stamp(at), drug=protocol.drug, lot=lot, expires_on=_expires(at),
                container=Container.DEVICE if rule else Container.VIAL,
                source=LabelSource.SCANNED if rule else LabelSource.TYPED,
                micrograms_per_ml=None if rule else _STRENGTH,
                total_micrograms=rule.per_device.thousandths if rule else _VIAL,
            )
            for at in times
        ]  # fmt: skip

    def _draw(self, course: Course, protocol: Protocol, label_id: int, micrograms: int) -> None:
        if course.dose - _DRAWN > self.writer.until:
            return
        volume = volume_of(micrograms, _STRENGTH)
        draw = Draw(
            **self._stamp(course.dose - _DRAWN), label_id=label_id, micrograms=micrograms, microlitres=volume,
            pump_microlitres=_BAG if protocol.route is Route.IV else None,
        )  # fmt: skip
        self.writer.save([draw])
        if course.dose - _COUNTED <= self.writer.until:
            at = course.dose - _COUNTED
            stamp = recording.stamp(self.writer.treatment, now=at, by=self.second, at=at, against=[])
            self.writer.save([SecondCount(**stamp, draw_id=draw.id, microlitres=volume, micrograms_per_ml=_STRENGTH)])

    def _stamp(self, at: datetime) -> dict[str, Any]:
        return recording.stamp(self.writer.treatment, now=at, by=self.writer.by, at=at, against=[])


def _expires(at: datetime) -> date:
    """The end of the next year."""
    return date(at.year + 1, 12, 31)
