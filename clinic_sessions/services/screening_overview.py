"""What stands about a patient's screenings and clearance, gathered for one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from clinic_sessions.domain.papers import Decision, PaperReason, clearance_reasons
from clinic_sessions.domain.protocols import Route
from clinic_sessions.domain.screening_kinds import ScreeningSource, ScreeningStatus
from clinic_sessions.models import ClearanceDecision, Patient, ProtocolVersion, Screening
from clinic_sessions.services import catalogue, clearance, hard_stops, screening
from clinic_sessions.services.hard_stops import HardStop


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a patient stands under one protocol. `against`: why they are not cleared; `filed_since`: a later screening.

    `earlier`: the decisions that no longer count, the newest first.
    """

    version: ProtocolVersion
    newest: ClearanceDecision | None
    against: Sequence[PaperReason]
    earlier: Sequence[ClearanceDecision]
    filed_since: bool


@dataclass(frozen=True, kw_only=True)
class RouteScreening:
    """The screenings of one route: the one filed last, the draft of staff, what the patient sent or is asked."""

    route: Route
    filed: Screening | None
    draft: Screening | None
    sent: Sequence[Screening]
    asked: Sequence[Screening]
    earlier: Sequence[Screening]


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The page of screening and clearance."""

    standings: Sequence[Standing]
    routes: Sequence[RouteScreening]
    hard_stops: Sequence[HardStop]


def read(db: Session, patient: Patient, today: date) -> Overview:
    """Gather the page; `today`: the day at the clinic."""
    screenings = screening.of_patient(db, patient.id)
    decisions = clearance.of_patient(db, patient.id)
    return Overview(
        standings=[_standing(one, decisions, screenings, today) for one in _versions(db, decisions)],
        routes=[_route(route, screenings) for route in Route],
        hard_stops=hard_stops.of_patient(db, patient.id),
    )


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
    )


def against(newest: ClearanceDecision | None, today: date) -> list[PaperReason]:
    """List why a patient is not cleared today, by the decision that counts."""
    ruled = Decision(decision=newest.decision, until=newest.until, at=newest.at) if newest else None
    return clearance_reasons(ruled, today)


def _route(route: Route, screenings: Sequence[Screening]) -> RouteScreening:
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
    )
