"""A patient's consents as their page shows them: each series with what counts, what is past, and what waits for it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.papers import consents as rules
from clinic_sessions.domain.papers.consents import ConsentState, OnFile
from clinic_sessions.domain.papers.papers import ConsentEventKind
from clinic_sessions.domain.scheduling.plans import PlanStatus
from clinic_sessions.domain.session.lifecycle import EXPECTED, IN_CLINIC, SessionKind
from clinic_sessions.models import Consent, ConsentEvent, Patient, ProtocolVersion, TreatmentSession
from clinic_sessions.services import catalogue
from clinic_sessions.services.consents import consent_documents, consents
from clinic_sessions.services.consents.consent_documents import Texts
from clinic_sessions.services.consents.consents import Subject
from clinic_sessions.services.plans import papers, plans

Key = tuple[int | None, str]
GOES_ON = frozenset({PlanStatus.ACTIVE, PlanStatus.PAUSED})


@dataclass(frozen=True, kw_only=True)
class Line:
    """One consent, what it is worth today, and what became of it."""

    consent: Consent
    state: ConsentState
    event: ConsentEvent | None


@dataclass(frozen=True, kw_only=True)
class Series:
    """A series with its consents, the newest first. `without`: the sessions to come for which it lacks one."""

    about: Subject
    goes_on: bool
    lines: Sequence[Line]
    texts: Texts
    without: Sequence[TreatmentSession]

    @property
    def standing(self) -> Line | None:
        """The consent that holds today."""
        return next((line for line in self.lines if line.state is ConsentState.HOLDS), None)

    @property
    def counts(self) -> Line | None:
        """The answer that counts today: a consent that holds, or that the patient chose not to."""
        counting = (ConsentState.HOLDS, ConsentState.CHOSE_NOT_TO)
        return next((line for line in self.lines if line.state in counting), None)

    @property
    def past(self) -> Sequence[Line]:
        """Every other."""
        return [line for line in self.lines if line is not self.counts]

    @property
    def newer_text(self) -> bool:
        """Whether a newer text was published than the one signed; the consent holds all the same."""
        newest, line = self.texts.newest, self.standing
        return line is not None and newest is not None and newest.number > line.consent.document_version.number


def of_patient(db: Session, patient: Patient, today: date, now: datetime) -> list[Series]:
    """Gather every series that needs a consent or has one: those that go on first."""
    lines: dict[Key, list[Consent]] = defaultdict(list)
    for consent in consents.of_patient(db, patient.id):
        lines[consent.plan_id, consent.protocol_key].append(consent)
    without = _without(db, patient, now)
    found = [
        Series(
            about=about,
            goes_on=about.plan is None or about.plan.status in GOES_ON,
            lines=_lines(lines[about.key], today),
            texts=consent_documents.texts(db, about.version),
            without=without.get(about.key, []),
        )
        for about in _subjects(db, patient, {*lines, *without})
    ]
    return sorted(found, key=lambda one: not one.goes_on)


def choices(db: Session, patient: Patient) -> list[Subject]:
    """List what a new consent of a patient may be about: plans that go on, then every protocol without one."""
    on = [one for one in plans.of_patient(db, patient.id) if one.status in GOES_ON]
    return [
        *(Subject(version=plan.protocol_version, plan=plan) for plan in on),
        *(Subject(version=version, plan=None) for version in catalogue.published(db)),
    ]


def _subjects(db: Session, patient: Patient, used: set[Key]) -> list[Subject]:
    listed = plans.of_patient(db, patient.id)
    kept = [plan for plan in listed if plan.status in GOES_ON or (plan.id, plan.protocol_version.key) in used]
    keys = {key for plan_id, key in used if plan_id is None}
    newest = {row.key: row for row in _versions(db, keys)}
    return [
        *(Subject(version=plan.protocol_version, plan=plan) for plan in kept),
        *(Subject(version=newest[key], plan=None) for key in sorted(keys)),
    ]


def _versions(db: Session, keys: set[str]) -> Sequence[ProtocolVersion]:
    """List the versions of protocols, each key's published ones last, the newest at the end."""
    published = {row.id for row in catalogue.published(db)}
    rows = db.scalars(sa.select(ProtocolVersion).where(ProtocolVersion.key.in_(keys)))
    return sorted(rows, key=lambda row: (row.id in published, row.number))


def _lines(newest_first: Sequence[Consent], today: date) -> list[Line]:
    on_file = [
        OnFile(
            answer=one.answer,
            until=one.until,
            changed_mind=consents.event_of(one, ConsentEventKind.CHANGED_MIND) is not None,
            mistake=consents.event_of(one, ConsentEventKind.ENTERED_BY_MISTAKE) is not None,
        )
        for one in newest_first
    ]
    worth = rules.states(on_file, today)
    return [
        Line(consent=consent, state=state, event=consent.events[-1] if consent.events else None)
        for consent, state in zip(newest_first, worth, strict=True)
    ]


def _without(db: Session, patient: Patient, now: datetime) -> Mapping[Key, list[TreatmentSession]]:
    row = TreatmentSession
    query = sa.select(row).where(row.patient_id == patient.id, row.kind == SessionKind.TREATMENT)
    query = query.where(row.status.in_(EXPECTED | IN_CLINIC), row.dose_started_at.is_(None), row.ends_at > now)
    listed = db.scalars(query.options(joinedload(row.protocol_version)).order_by(row.starts_at)).all()
    missing = papers.missing(db, listed)
    found: dict[Key, list[TreatmentSession]] = defaultdict(list)
    for one in listed:
        if one.id in missing and missing[one.id].consent and one.protocol_version is not None:
            found[one.plan_id, one.protocol_version.key].append(one)
    return found
