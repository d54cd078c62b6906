"""The closed choices that a treatment protocol is written in."""

from enum import StrEnum


class Route(StrEnum):
    """How the drug is given; also what a chair must be able to do."""

    IV = "iv"
    IN_ = "in"
    IM = "im"


class Drug(StrEnum):
    """The two substances; the ledger and the esketamine programme tell them apart."""

    KETAMINE = "ketamine"
    ESKETAMINE = "esketamine"


class PhaseKind(StrEnum):
    """The parts of a chair block, in their order."""

    PREPARE = "prepare"
    ADMINISTER = "administer"
    OBSERVE = "observe"
    DISCHARGE = "discharge"
    TURNAROUND = "turnaround"


class Anchor(StrEnum):
    """The moment from which the observation minimum counts."""

    START = "start"
    FIRST_DEVICE = "first_device"
    LAST_DEVICE = "last_device"
    END = "end"


class SiteRole(StrEnum):
    """Who a phase needs on site besides its share of a nurse."""

    PROVIDER = "provider"
    NURSE = "nurse"


class EscortKind(StrEnum):
    """A safe way home."""

    NAMED_ADULT = "named_adult"
    COMPANION_IN_HIRED_CAR = "companion_in_hired_car"
    TRANSPORT_SERVICE = "transport_service"


class DrivingRule(StrEnum):
    """When the patient may drive again."""

    NEXT_DAY_AFTER_SLEEP = "next_day_after_sleep"
    HOURS = "hours"


class SeriesKind(StrEnum):
    """The parts of a treatment plan."""

    INDUCTION = "induction"
    CONTINUATION = "continuation"
    MAINTENANCE = "maintenance"


class Measure(StrEnum):
    """What a reading measures and a limit watches."""

    SYSTOLIC = "systolic"
    DIASTOLIC = "diastolic"
    HEART_RATE = "heart_rate"
    SPO2_PERCENT = "spo2_percent"
    RESPIRATORY_RATE = "respiratory_rate"
    MOAA_S = "moaa_s"


class Compare(StrEnum):
    """When a reading is outside a limit."""

    AT_LEAST = "at_least"
    ABOVE = "above"
    BELOW = "below"
    AT_MOST = "at_most"


class AlertLevel(StrEnum):
    """How loud a reading outside a limit is."""

    WARN = "warn"
    URGENT = "urgent"
