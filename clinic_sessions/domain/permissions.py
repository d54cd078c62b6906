"""Who may do what: the one table of roles and permissions; what is not in it is refused."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    FRONT_DESK = "front_desk"
    NURSE = "nurse"
    PROVIDER = "provider"
    OWNER = "owner"
    AUDITOR = "auditor"


class Permission(StrEnum):
    SEE_TODAY = "see_today"
    SEE_ALERT_OPEN = "see_alert_open"
    SEE_PATIENTS = "see_patients"
    REGISTER_PATIENTS = "register_patients"
    EDIT_CONTACT = "edit_contact"
    READ_CLINICAL = "read_clinical"
    EDIT_CLINICAL = "edit_clinical"
    SEE_SCHEDULE = "see_schedule"
    BOOK_SESSIONS = "book_sessions"
    RECORD_ARRIVAL = "record_arrival"
    SEE_BOARD = "see_board"
    TREAT = "treat"
    READ_CHECK_INS = "read_check_ins"
    SEE_MESSAGES = "see_messages"
    RESEND_MESSAGES = "resend_messages"
    READ_ALERTS = "read_alerts"
    ACKNOWLEDGE_ALERTS = "acknowledge_alerts"
    SEE_PLANS = "see_plans"
    EDIT_PLANS = "edit_plans"
    OVERRIDE_COVER = "override_cover"
    OVERRIDE_SPACING = "override_spacing"
    MANAGE_SITES = "manage_sites"
    SEE_PAPERS = "see_papers"
    ASK_INTAKE = "ask_intake"
    DECIDE_CLEARANCE = "decide_clearance"
    RECORD_CONSENT = "record_consent"
    EDIT_AUTHORISATIONS = "edit_authorisations"
    WRITE_SPOKEN_ORDERS = "write_spoken_orders"
    WRITE_ORDERS = "write_orders"
    SEE_PROTOCOLS = "see_protocols"
    EDIT_PROTOCOLS = "edit_protocols"
    ASSESS_RISK = "assess_risk"
    GIVE_GO_AHEAD = "give_go_ahead"
    SIGN_NOTES = "sign_notes"


_EVERYONE = frozenset(Role)
_CLINICIANS = frozenset({Role.NURSE, Role.PROVIDER})
_CARE_TEAM = _CLINICIANS | {Role.FRONT_DESK}
_STAFF = _CARE_TEAM | {Role.OWNER}

GRANTS: Mapping[Permission, frozenset[Role]] = MappingProxyType(
    {
        Permission.SEE_TODAY: _EVERYONE,
        Permission.SEE_ALERT_OPEN: _EVERYONE,
        Permission.SEE_PATIENTS: _STAFF,
        Permission.REGISTER_PATIENTS: frozenset({Role.FRONT_DESK}),
        Permission.EDIT_CONTACT: _CARE_TEAM,
        Permission.READ_CLINICAL: _CLINICIANS,
        Permission.EDIT_CLINICAL: _CLINICIANS,
        Permission.SEE_SCHEDULE: _STAFF,
        Permission.BOOK_SESSIONS: _STAFF,
        Permission.RECORD_ARRIVAL: _CARE_TEAM,
        Permission.SEE_BOARD: _CLINICIANS,
        Permission.TREAT: _CLINICIANS,
        Permission.READ_CHECK_INS: _CLINICIANS,
        Permission.SEE_MESSAGES: _EVERYONE,
        Permission.RESEND_MESSAGES: _STAFF,
        Permission.READ_ALERTS: _CLINICIANS,
        Permission.ACKNOWLEDGE_ALERTS: _CLINICIANS,
        Permission.SEE_PLANS: _STAFF,
        Permission.EDIT_PLANS: frozenset({Role.PROVIDER}),
        Permission.OVERRIDE_COVER: frozenset({Role.PROVIDER}),
        Permission.OVERRIDE_SPACING: frozenset({Role.PROVIDER}),
        Permission.MANAGE_SITES: frozenset({Role.OWNER}),
        Permission.SEE_PAPERS: _STAFF,
        Permission.ASK_INTAKE: _CARE_TEAM,
        Permission.DECIDE_CLEARANCE: frozenset({Role.PROVIDER}),
        Permission.RECORD_CONSENT: _CLINICIANS,
        Permission.EDIT_AUTHORISATIONS: _CARE_TEAM,
        Permission.WRITE_SPOKEN_ORDERS: _CLINICIANS,
        Permission.WRITE_ORDERS: frozenset({Role.PROVIDER}),
        Permission.SEE_PROTOCOLS: _CLINICIANS,
        Permission.EDIT_PROTOCOLS: frozenset({Role.PROVIDER}),
        Permission.ASSESS_RISK: _CLINICIANS,
        Permission.GIVE_GO_AHEAD: frozenset({Role.PROVIDER}),
        Permission.SIGN_NOTES: _CLINICIANS,
    }
)

CHARGE_NURSE = frozenset({Permission.OVERRIDE_COVER})
"""What a nurse with the mark of a charge nurse may do besides."""


def allowed(roles: Iterable[Role], permission: Permission) -> bool:
    """Say whether any of `roles` grants `permission`: a person's rights are the union of their roles'.

    >>> allowed([Role.FRONT_DESK], Permission.TREAT)
    False
    >>> allowed([Role.OWNER, Role.NURSE], Permission.TREAT)
    True
    """
    return not GRANTS[permission].isdisjoint(roles)


def acting_role(roles: Iterable[Role], permission: Permission) -> Role | None:
    """Name the role under which a person with `roles` uses `permission`, or None when they may not."""
    held = set(roles)
    return next((role for role in Role if role in held and role in GRANTS[permission]), None)


def _cell(role: Role, permission: Permission, roles: frozenset[Role]) -> str:
    if role is Role.NURSE and permission in CHARGE_NURSE:
        return "charge nurse"
    return "yes" if role in roles else "-"


def as_table() -> str:
    """Write who may do what as a Markdown table: the text of docs/roles.md."""
    heads = [role.value.replace("_", " ") for role in Role]
    lines = [f"| permission | {' | '.join(heads)} |", "|---|" + "---|" * len(heads)]
    for permission, roles in GRANTS.items():
        cells = [_cell(role, permission, roles) for role in Role]
        lines.append(f"| {permission.value.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
