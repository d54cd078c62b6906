"""Visits without a dose: how long, held by whom, in which words."""

import pytest

from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling import visits
from clinic_sessions.domain.scheduling.reasons import CallOffReason
from clinic_sessions.domain.session.lifecycle import Action, SessionKind


def test_every_kind_but_a_treatment_can_be_booked_for_a_length_that_it_may_have() -> None:
    assert set(visits.KINDS) == set(SessionKind) - {SessionKind.TREATMENT}
    assert all(visits.is_length(usual.minutes) for usual in visits.KINDS.values())


@pytest.mark.parametrize("minutes", [0, 10, 14, 52, 245, -15])
def test_a_length_off_the_steps_or_out_of_reach_is_none(minutes: int) -> None:
    assert not visits.is_length(minutes)


def test_only_a_provider_evaluates_and_nobody_holds_a_visit_without_a_role() -> None:
    assert not visits.may_hold(SessionKind.EVALUATION, [SiteRole.NURSE])
    assert visits.may_hold(SessionKind.EVALUATION, SiteRole)
    for kind in visits.KINDS:
        assert visits.may_hold(kind, [SiteRole.PROVIDER])
        assert not visits.may_hold(kind, [])


def test_whoever_counts_among_the_nurses_is_missing_there_meanwhile() -> None:
    assert visits.nurse_milli([SiteRole.NURSE]) == visits.nurse_milli(SiteRole) == 1000
    assert visits.nurse_milli([SiteRole.PROVIDER]) == 0


def test_a_visit_is_never_called_off_for_the_sake_of_a_dose() -> None:
    assert CallOffReason.ATE in visits.call_off_reasons(SessionKind.TREATMENT)
    assert CallOffReason.ATE not in visits.call_off_reasons(SessionKind.EVALUATION)


def test_nobody_arrives_at_the_desk_for_a_visit_by_video() -> None:
    assert visits.act_words(SessionKind.TELEHEALTH, Action.ARRIVE) == "Patient has joined"
    assert visits.act_words(SessionKind.EVALUATION, Action.ARRIVE) == "Patient is here"
