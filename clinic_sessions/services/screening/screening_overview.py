"""What stands about a patient's screenings and clearance, gathered for one page."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.papers import Decision, PaperReason, clearance_reasons
from clinic_sessions.domain.papers.screening_kinds import ScreeningSource, ScreeningStatus
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.domain.scheduling.plans import GOING_ON
from clinic_sessions.domain.session.lifecycle import EXPECTED, IN_CLINIC
from clinic_sessions.models import ClearanceDecision, Patient, Plan, ProtocolVersion, Screening, TreatmentSession
from clinic_sessions.services import catalogue
from clinic_sessions.services.screening import clearance, hard_stops, screened_facts, screening, screening_age
from clinic_sessions.services.screening.hard_stops import HardStop
from clinic_sessions.services.screening.screened_facts import Offer
from clinic_sessions.services.screening.screening_age import OldAnswers


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a patient stands under one protocol. `against`: why they are not cleared; `filed_since`: a later screening.

    `earlier`: the decisions that no longer count, the newest first. `sought`: planned, booked, decided upon, or the
    patient answered or was asked its questions, and these are not for another treatment by the same route.
    """

    version: ProtocolVersion
    newest: ClearanceDecision | None
    against: Sequence[PaperReason]
    earlier: Sequence[ClearanceDecision]
    filed_since: bool
    sought: bool


@dataclass(frozen=True, kw_only=True)
class RouteScreening:
    """The screenings of one route: the one filed last, the draft of staff, what the patient sent or is asked."""

    route: Route
    filed: Screening | None
    draft: Screening | None
    sent: Sequence[Screening]
    asked: Sequence[Screening]
    earlier: Sequence[Screening]
    old: OldAnswers | None


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The page of screening and clearance. `others`: treatments that nobody has thought of for this patient."""

    standings: Sequence[Standing]
    others: Sequence[Standing]
    routes: Sequence[RouteScreening]
    hard_stops: Sequence[HardStop]
    offers: Sequence[Offer]


def read(db: Session, patient: Patient, *, today: date, zone: ZoneInfo) -> Overview:
    """Gather the page; `today`: the day at the clinic, which is in `zone`."""
    screenings = screening.of_patient(db, patient.id)
    decisions = clearance.of_patient(db, patient.id)
    versions = _versions(db, decisions)
    sought = _sought(versions, _planned(db, patient.id) | {one.protocol_key for one in decisions}, screenings)
    standings = [_standing(one, decisions, screenings, today, sought=one.key in sought) for one in versions]
    return Overview(
        standings=[one for one in standings if one.sought],
        others=[one for one in standings if not one.sought],
        routes=[_route(db, route, screenings, today=today, zone=zone) for route in Route],
        hard_stops=hard_stops.of_patient(db, patient.id),
        offers=screened_facts.offered(patient, screenings),
    )


def _planned(db: Session, patient_id: int) -> set[str]:
    """Give the keys of the protocols under which a plan goes on, or a session is to come or under way."""
    version, one = ProtocolVersion, TreatmentSession
    plans = sa.select(version.key).join(Plan, Plan.protocol_version_id == version.id)
    sessions = sa.select(version.key).join(one, one.protocol_version_id == version.id)
    going_on = plans.where(Plan.patient_id == patient_id, Plan.status.in_(GOING_ON))
    to_come = sessions.where(one.patient_id == patient_id, one.status.in_(EXPECTED | IN_CLINIC))
    return set(db.scalars(sa.union(going_on, to_come)))


def _sought(versions: Sequence[ProtocolVersion], known: Collection[str], screenings: Sequence[Screening]) -> set[str]:
    taken = {one.route for one in versions if one.key in known}
    answered = {one.route for one in screenings} - taken
    return {one.key for one in versions if one.key in known or one.route in answered}


def _versions(db: Session, decisions: Sequence[ClearanceDecision]) -> list[ProtocolVersion]:
    """List the published protocols, and those retired since under which something was decided."""
    listed = list(catalogue.published(db))
    keys = {one.key for one in listed}
    retired = {one.protocol_key: one.protocol_version for one in reversed(decisions) if one.protocol_key not in keys}
    return [*listed, *retired.values()]


def _standing(
    version: ProtocolVersion,
    decisions: Sequence[ClearanceDecision],
    screenings: Sequence[Screening],
    today: date,
    *,
    sought: bool,
) -> Standing:
    mine = [one for one in decisions if one.protocol_key == version.key]
    newest = mine[0] if mine else None
    filed = screening.newest_filed(screenings, version.route)
    return Standing(
        version=version,
        newest=newest,
        against=against(newest, today),
        earlier=mine[1:],
        filed_since=bool(newest and filed and filed.filed_at and filed.filed_at > newest.at),
        sought=sought,
    )


def against(newest: ClearanceDecision | None, today: date) -> list[PaperReason]:
    """List why a patient is not cleared today, by the decision that counts."""
    ruled = Decision(decision=newest.decision, until=newest.until, at=newest.at) if newest else None
    return clearance_reasons(ruled, today)


def _route(
    db: Session, route: Route, screenings: Sequence[Screening], *, today: date, zone: ZoneInfo
) -> RouteScreening:
    mine = [one for one in screenings if one.route is route]
    filed = screening.newest_filed(mine, route)

    def of(status: ScreeningStatus, source: ScreeningSource) -> list[Screening]:
        return [one for one in mine if one.status is status and one.source is source]

    older = [one for one in mine if one.filed_at is not None and one is not filed]
    return RouteScreening(
        route=route,
        filed=filed,
        draft=next(iter(of(ScreeningStatus.DRAFT, ScreeningSource.STAFF)), None),
        sent=of(ScreeningStatus.SUBMITTED, ScreeningSource.PATIENT),
        asked=of(ScreeningStatus.DRAFT, ScreeningSource.PATIENT),
        earlier=sorted(older, key=lambda one: (one.filed_at or one.started_at, one.id), reverse=True),
        old=screening_age.old(db, filed, today=today, zone=zone),
    )
