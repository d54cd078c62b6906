"""What people ask, read, draw, count, answer and feel on a day, for machines that do it in any order.

Whatever is refused leaves everything as it was; whatever is kept stays as it was written, is in the audit, and is a
provider's task when it is outside the rules.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertAction, AlertKind, AlertStatus
from clinic_sessions.domain.drug.drawing import Container, LabelSource, volume_of
from clinic_sessions.domain.patients.weights import WeightUnit
from clinic_sessions.domain.permissions import Permission, Role
from clinic_sessions.domain.protocols.protocols import EscortKind, Protocol
from clinic_sessions.domain.session.lifecycle import Gate
from clinic_sessions.domain.session.session_checks import CheckItem, Intake
from clinic_sessions.domain.session.side_effects import Grade, SideEffectEventKind, SideEffectKind
from clinic_sessions.domain.session.start_gate import Answer
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import (
    ActorKind,
    Alert,
    AuditAction,
    AuditEntry,
    Clinic,
    DoseEvent,
    Draw,
    DrugLabel,
    ProviderAnswer,
    ProviderAsk,
    SecondCount,
    SessionCheck,
    SideEffect,
    SideEffectEvent,
    StatusChange,
    TreatmentSession,
    User,
    VitalsReading,
)
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import answering, asking
from clinic_sessions.services.before.asking import Word
from clinic_sessions.services.before.checking import Said
from clinic_sessions.services.drug import drug_acts
from clinic_sessions.services.drug.drug_acts import Counted, Drawing, LabelRead
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.effects.side_effects import Followed, Noticed
from clinic_sessions.services.patients import weights
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.session import recording
from tests import factories
from tests.services import day_model

KEPT = (
    StatusChange, SessionCheck, VitalsReading, DoseEvent, DrugLabel, Draw, SecondCount, ProviderAsk, ProviderAnswer,
    SideEffect, SideEffectEvent,
)  # fmt: skip
"""What is only ever added to."""
PER_ML = 50_000
MINUTE = timedelta(minutes=1)
PHONE = "+13105550142"
AGO = st.sampled_from([0, 0, 0, 3, 20])
Row = sa.Row[Any]


class DayRules(RuleBasedStateMachine):
    """One session, two nurses, a provider, and a clock that only goes on."""

    db: Session
    clinic_id: int
    people: list[tuple[int, Role]]
    clinic: Clinic
    nurse: Actor
    other: Actor
    provider: Actor
    now: datetime
    one: TreatmentSession
    protocol: Protocol
    seen: dict[tuple[str, int], Row]

    def teardown(self) -> None:
        self.db.rollback()
        self.db.expunge_all()

    def begin(self) -> None:
        """Meet the people anew: what an earlier day left in memory is gone."""
        begin_write(self.db)
        self.clinic = self.db.get_one(Clinic, self.clinic_id)
        self.nurse, self.other, self.provider = [
            Actor(kind=ActorKind.USER, user=self.db.get_one(User, user_id), role=role) for user_id, role in self.people
        ]

    def rows(self) -> dict[tuple[str, int], Row]:
        """Every row that is only added to."""
        tables = [model.__table__ for model in KEPT]
        return {(str(table), row.id): row for table in tables for row in self.db.execute(sa.select(table))}

    def act(self, what: Callable[..., Any], *given: Any, by: Actor | None = None, **named: Any) -> Refusal | None:
        """Do it, or find everything as it was before it was refused."""
        tried = self.db.begin_nested()
        try:
            what(self.db, *given, now=self.now, by=by or self.nurse, **named)
            tried.commit()
        except (Refusal, Absent) as refusal:
            if tried.is_active:
                tried.rollback()
            assert self.rows() == self.seen
            return refusal if isinstance(refusal, Refusal) else None
        self._keep()
        return None

    def _keep(self) -> None:
        kept = self.rows()
        assert {key: kept.get(key) for key in self.seen} == self.seen, "a row was lost or changed"
        for (table, row_id), row in kept.items():
            if (table, row_id) not in self.seen:
                self._check_new(table, row)
        self.seen = kept

    def _check_new(self, table: str, row: Row) -> None:
        if table == "status_changes":
            assert self._audited(AuditAction.CHANGE, "session", self.one.id, row.action.value)
        else:
            assert self._audited(AuditAction.CREATE, table, row.id, None)
        if table == "provider_answers" and row.answer is Answer.GO_AHEAD and row.reasons:
            (lifted,) = self._audited(AuditAction.OVERRIDE, "session", self.one.id, row.words)
            who = self.db.get_one(User, lifted.user_id)
            assert who.may(Permission.GIVE_GO_AHEAD)
            assert row.by_id == who.id
        if getattr(row, "outside_rules", None):
            kinds = {alert.kind for alert in self._tasks()}
            assert AlertKind.OUTSIDE_RULES in kinds, "nobody is told of what happened outside the rules"

    def _audited(self, action: AuditAction, entity: str, entity_id: int, reason: str | None) -> list[AuditEntry]:
        query = sa.select(AuditEntry).where(
            AuditEntry.action == action, AuditEntry.entity == entity, AuditEntry.entity_id == entity_id,
            AuditEntry.at == self.now, sa.true() if reason is None else AuditEntry.reason == reason,
        )  # fmt: skip
        return list(self.db.scalars(query.order_by(AuditEntry.id.desc()).limit(1)))

    def _tasks(self) -> list[Alert]:
        query = sa.select(Alert).where(Alert.session_id == self.one.id, Alert.status == AlertStatus.OPEN)
        return list(self.db.scalars(query.order_by(Alert.id)))

    @rule(minutes=st.sampled_from([1, 7, 31, 50, 125]))
    def wait(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    @rule(
        answers=st.lists(st.tuples(st.sampled_from(CheckItem), st.sampled_from([True, True, False])), max_size=3),
        escort=st.sampled_from(EscortKind),
        ago=AGO,
        phone=st.sampled_from([PHONE, PHONE, None]),
    )
    def answer(
        self, answers: list[tuple[CheckItem, bool]], escort: EscortKind, ago: int, phone: str | None = PHONE
    ) -> None:
        ways = {CheckItem.RIDE, CheckItem.WAY_HOME}
        way: dict[str, Any] = {"escort": escort, "person": "Jo Ruiz", "phone": phone}
        said = [Said(item=item, clear=ok, **(way if item in ways else {})) for item, ok in answers]
        self.act(answering.take, self.one, said, at=self.now - ago * MINUTE)

    @rule(
        item=st.sampled_from([CheckItem.FOOD, CheckItem.DRINK, CheckItem.NASAL_SPRAY]),
        intake=st.sampled_from([Intake.FOOD, Intake.HEAVY_MEAL]),
        minutes=st.sampled_from([30, 119, 120, 359, 360, 480]),
    )
    def tell_what_was_taken(self, item: CheckItem, intake: Intake, minutes: int) -> None:
        said = Said(item=item, clear=False, intake=intake, last_at=self.now - minutes * MINUTE)
        self.act(answering.take, self.one, [said])

    @rule(systolic=st.sampled_from([118, 128, 168, 172, 196]), whole=st.booleans(), ago=AGO)
    def read_vitals(self, systolic: int, whole: bool, ago: int) -> None:
        more = {"heart_rate": 70, "spo2_percent": 98} if whole else {}
        vitals = Vitals(systolic=systolic, diastolic=systolic - 50, **more)
        self.act(recording.record_vitals, self.one, vitals, at=self.now - ago * MINUTE)

    @rule(systolic=st.sampled_from([118, 168]), nth=st.integers(0, 5))
    def correct_a_reading(self, systolic: int, nth: int) -> None:
        readings = day_model.rows(self.db, VitalsReading, self.one)
        if readings:
            old = readings[nth % len(readings)]
            vitals = Vitals(systolic=systolic, diastolic=systolic - 50, heart_rate=70)
            self.act(recording.record_vitals, self.one, vitals, at=old.at, corrects=old)

    @rule(grams=st.sampled_from([80_000, 81_500, 178_000]))
    def weigh(self, grams: int) -> None:
        self.act(weights.record, self.one.patient, grams, WeightUnit.KG, self.now, sure=True)

    @rule(expired=st.booleans())
    def read_label(self, expired: bool) -> None:
        devices = self.protocol.dose.devices
        read = LabelRead(
            drug=self.protocol.drug, container=Container.DEVICE if devices else Container.VIAL,
            source=LabelSource.TYPED, micrograms_per_ml=None if devices else PER_ML,
            total_micrograms=28_000 if devices else 500_000, lot="K4471",
            expires_on=date(2026, 10, 31) if expired else factories.FAR,
        )  # fmt: skip
        self.act(drug_acts.read_label, self.one, read)

    @rule(micrograms=st.sampled_from([40_000, 20_000]), times=st.sampled_from([1, 1, 10]))
    def draw(self, micrograms: int, times: int) -> None:
        labels = day_model.rows(self.db, DrugLabel, self.one)
        if labels:
            drawing = Drawing(micrograms=micrograms, microlitres=times * volume_of(micrograms, PER_ML))
            self.act(drug_acts.draw, self.one, labels[-1].id, drawing)

    @rule(second=st.booleans(), volume=st.sampled_from([1, 1, 2]), strength=st.sampled_from([1, 1, 2]))
    def count(self, second: bool, volume: int, strength: int) -> None:
        draws = day_model.rows(self.db, Draw, self.one)
        if draws:
            counted = Counted(microlitres=volume * draws[-1].microlitres, micrograms_per_ml=strength * PER_ML)
            self.act(drug_acts.count, self.one, draws[-1].id, counted, by=self.other if second else self.nurse)

    @rule(
        gate=st.sampled_from([Gate.MAY_START, Gate.MAY_LEAVE]), provider=st.sampled_from([True, True, False]),
        answer=st.sampled_from([Answer.GO_AHEAD, Answer.GO_AHEAD, *Answer]), skip=st.sampled_from([0, 0, 1]),
    )  # fmt: skip
    def decide(self, gate: Gate, provider: bool, answer: Answer, skip: int) -> None:
        reasons = asking.liftable(self.db, self.one, gate, self.now)[skip:]
        until = self.now + 15 * MINUTE if answer is Answer.WAIT else None
        word = Word(answer=answer, reasons=reasons, words="As every time.", until=until)
        told = len(day_model.rows(self.db, ProviderAnswer, self.one))
        refused = self.act(asking.decide, self.one, gate, word, by=self.provider if provider else self.nurse)
        assert len(day_model.rows(self.db, ProviderAnswer, self.one)) == told + (refused is None)
        assert refused is not None or provider, "nobody else says that a rule may wait"

    @rule(kind=st.sampled_from(SideEffectKind), grade=st.sampled_from([Grade.MILD, Grade.MODERATE]), ago=AGO)
    def feel(self, kind: SideEffectKind, grade: Grade, ago: int) -> None:
        noticed = Noticed(kind=kind, grade=grade, term="Itching" if kind is SideEffectKind.OTHER else None)
        self.act(side_effects.note, self.one, noticed, onset=self.now - ago * MINUTE)

    @rule()
    def recover(self) -> None:
        for effect in day_model.rows(self.db, SideEffect, self.one):
            self.act(side_effects.follow, self.one, effect, Followed(kind=SideEffectEventKind.RESOLVED))

    @rule()
    def acknowledge(self) -> None:
        for alert in self._tasks():
            self.act(alerts.answer, alert, AlertAction.ACKNOWLEDGE, "Seen", seen=alert.version, by=self.provider)
