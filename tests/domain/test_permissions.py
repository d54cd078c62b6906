"""Who may do what."""

from pathlib import Path

from clinic_sessions.domain.permissions import GRANTS, Permission, Role, acting_role, allowed, as_table

DOCUMENT = Path(__file__).parents[2] / "docs" / "roles.md"


def test_every_permission_has_a_row() -> None:
    assert set(GRANTS) == set(Permission)


def test_no_role_means_no_right() -> None:
    assert not any(allowed([], permission) for permission in Permission)


def test_rights_are_the_union_of_roles() -> None:
    assert allowed([Role.OWNER, Role.NURSE], Permission.TREAT)
    assert not allowed([Role.OWNER, Role.FRONT_DESK], Permission.TREAT)


def test_the_acting_role_is_one_that_grants_the_right() -> None:
    assert acting_role([Role.OWNER, Role.PROVIDER], Permission.TREAT) is Role.PROVIDER
    assert acting_role([Role.AUDITOR], Permission.TREAT) is None


def test_the_auditor_changes_nothing() -> None:
    changing = {
        Permission.REGISTER_PATIENTS,
        Permission.EDIT_CONTACT,
        Permission.EDIT_CLINICAL,
        Permission.BOOK_SESSIONS,
        Permission.RECORD_ARRIVAL,
        Permission.TREAT,
        Permission.RESEND_MESSAGES,
        Permission.ACKNOWLEDGE_ALERTS,
    }
    assert not any(allowed([Role.AUDITOR], permission) for permission in changing)


def test_the_document_says_what_the_table_says() -> None:
    assert as_table() in DOCUMENT.read_text()
