"""The numbers of a clinic that belong to no protocol, each with unit and source; a provider publishes each version."""

from dataclasses import dataclass
from typing import Annotated

from clinic_sessions.domain.sourced import YES_OR_NO, Allowed, FaultyData, Sourced, load_toml, read_table


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """How long papers hold, when something is due again, and from where a score calls for a look."""

    clearance: Annotated[Sourced, Allowed("days", high=730)]
    """For how long a clearance is proposed to hold."""
    consent: Annotated[Sourced, Allowed("days", high=730)]
    order: Annotated[Sourced, Allowed("days", high=365)]
    """For how long an order is proposed to hold."""
    spoken_order: Annotated[Sourced, Allowed("h", high=72)]
    """Within how long a spoken order is signed."""
    order_slip: Annotated[Sourced, Allowed("times", low=2, high=20)]
    """From how many times the protocol's own dose on, up or down, an order is taken for a slip of a digit."""
    weight_age: Annotated[Sourced, Allowed("days", high=365)]
    """How old a weight may be for a dose to be computed from it."""
    weight_slip: Annotated[Sourced, Allowed("times", low=2, high=10)]
    """From how many times the weight before on, up or down, no dose is computed from a weight."""
    release_before: Annotated[Sourced, Allowed("working days", high=10)]
    """How long before it a provisional session is offered for release."""
    intake_open: Annotated[Sourced, Allowed("days", high=90)]
    """How long a patient's link to the questionnaire takes answers."""
    monitoring_before: Annotated[Sourced, Allowed("h", high=168)]
    """How old the look into prescription monitoring may be at the first order."""
    monitoring_every: Annotated[Sourced, Allowed("months", high=24)]
    monitoring_blocks: Annotated[Sourced, Allowed(YES_OR_NO, low=0, high=1)]
    """Whether a start waits for the look (1) or only warns (0)."""
    diazepam: Annotated[Sourced, Allowed("mg", high=100, places=3)]
    """Above how much diazepam a day, or its like, response is worse."""
    urinary_every: Annotated[Sourced, Allowed("months", high=24)]
    liver_every: Annotated[Sourced, Allowed("months", high=24)]
    review_after_induction: Annotated[Sourced, Allowed("days", high=60)]
    """How long after the last place of the induction its review is due."""
    review_week: Annotated[Sourced, Allowed("treatment week", high=26)]
    """At the end of which treatment week a plan that follows the label by weeks is reviewed."""
    response: Annotated[Sourced, Allowed("%", high=100)]
    """The fall of a total from baseline that counts as a response."""
    relapse_from: Annotated[Sourced, Allowed("score", high=27)]
    relapse_rise: Annotated[Sourced, Allowed("points", high=27)]
    """A PHQ-9 of at least `relapse_from` that has risen by `relapse_rise` from the best one calls for a review."""
    repeat_from: Annotated[Sourced, Allowed("min", high=60)]
    repeat_until: Annotated[Sourced, Allowed("min", high=60)]
    """When a reading out of range before the dose is taken again."""
    due_amber: Annotated[Sourced, Allowed("min", low=0, high=30)]
    due_grace: Annotated[Sourced, Allowed("min", low=0, high=30)]
    due_hold: Annotated[Sourced, Allowed("min", high=15)]
    """For how long "with the patient" holds a due check, once."""
    settled_within: Annotated[Sourced, Allowed("%", low=0, high=50)]
    """Blood pressure this close to the one before the dose counts as settled."""
    weight_change: Annotated[Sourced, Allowed("%", high=50)]
    ride_after: Annotated[Sourced, Allowed("min", high=240)]
    closing_notice: Annotated[Sourced, Allowed("min", high=240)]
    follow_up: Annotated[Sourced, Allowed("h", high=168)]
    """Within how long a patient is called after a serious side effect."""
    publish_alone: Annotated[Sourced, Allowed("h", high=168)]
    """How long a proposed version waits when no second provider publishes it."""
    screening_age: Annotated[Sourced, Allowed("days", high=730)]
    """Above which age the answers of a screening are called old."""


def parse_thresholds(text: str) -> Thresholds:
    """Read the thresholds from TOML; raises FaultyData with every fault found."""
    return read_thresholds(load_toml(text))


def read_thresholds(table: object) -> Thresholds:
    """Read the thresholds from plain tables; raises FaultyData with every fault found."""
    faults: list[str] = []
    found = read_table(Thresholds, table, "", faults)
    if found is None:
        raise FaultyData(tuple(faults))
    return found
