"""What stands before and after every view."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, BaseConverter, IntegerConverter

from clinic_sessions.domain.permissions import GRANTS, Role
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import AuditAction, AuditEntry, Clinic, TreatmentSession
from clinic_sessions.routes.policy import check_every_view, policy_of
from tests import factories
from tests.conftest import SignIn

STRICT = ("script-src 'self'", "require-trusted-types-for 'script'", "frame-ancestors 'none'", "base-uri 'none'")


def endpoints(app: Flask) -> list[tuple[str, str, str]]:
    """Every (method, endpoint, path), its places filled with ids that nothing has."""
    found = []
    for rule in app.url_map.iter_rules():
        values = {name: absent(converter) for name, converter in rule._converters.items()}
        built = rule.build(values, append_unknown=False)
        assert built is not None
        found += [(method, rule.endpoint, built[1]) for method in sorted((rule.methods or set()) & {"GET", "POST"})]
    return found


def absent(converter: BaseConverter) -> int | str:
    """A value that fits a place of a path and names nothing."""
    if isinstance(converter, IntegerConverter):
        return 999_999
    return min(converter.items) if isinstance(converter, AnyConverter) else "absent"


@pytest.mark.parametrize("role", list(Role))
def test_every_view_is_open_to_exactly_the_roles_of_the_table(app: Flask, signed_in: SignIn, role: Role) -> None:
    visitor = signed_in(role)
    wrong = []
    for method, endpoint, path in endpoints(app):
        policy = policy_of(app, endpoint)
        assert policy is not None
        if policy.permission is None:
            continue
        status = visitor.open(path, method=method).status_code if method == "GET" else visitor.post(path).status_code
        may = role in GRANTS[policy.permission]
        if (status == 403) is may or status >= 500:
            wrong.append((method, path, status, "may" if may else "may not"))
    assert wrong == []


def test_every_view_sends_a_stranger_to_the_sign_in(app: Flask, clinic: Clinic) -> None:
    visitor = app.test_client()
    for method, endpoint, path in endpoints(app):
        policy = policy_of(app, endpoint)
        if policy is not None and policy.permission is not None:
            answer = visitor.open(path, method=method) if method == "GET" else visitor.post(path)
            assert (answer.status_code, answer.location.split("?")[0]) == (302, "/sign-in"), path


def test_a_view_without_a_declared_permission_stops_the_start(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.view_functions, "forgotten", lambda: "x")
    with pytest.raises(LookupError, match="forgotten"):
        check_every_view(app)


def test_a_refused_look_is_audited(db: Session, signed_in: SignIn) -> None:
    signed_in(Role.FRONT_DESK).get("/board")
    refused = db.scalars(sa.select(AuditEntry).where(AuditEntry.action == AuditAction.REFUSED)).one()
    assert refused.entity == "board.index"


def test_every_answer_carries_the_strict_headers(app: Flask, clinic: Clinic) -> None:
    for path in ("/sign-in", "/healthz", "/nothing-here", "/static/css/base.css"):
        answer = app.test_client().get(path, buffered=True)
        assert all(rule in answer.headers["Content-Security-Policy"] for rule in STRICT)
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_private_pages_are_never_stored(signed_in: SignIn) -> None:
    assert signed_in(Role.NURSE).get("/").headers["Cache-Control"] == "no-store"


def test_a_post_without_its_token_is_refused(app: Flask, clinic: Clinic) -> None:
    answer = app.test_client().post("/sign-in", data={"email": "a", "password": "b"}, csrf=False)
    assert answer.status_code == 400
    assert b"reload" in answer.data


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://localhost.evil.test", "http://localhost:81"])
def test_a_post_from_a_foreign_origin_is_refused(app: Flask, clinic: Clinic, origin: str) -> None:
    answer = app.test_client().post("/sign-in", data={"email": "a"}, headers={"Origin": origin})
    assert answer.status_code == 400


def test_a_post_from_our_own_origin_passes(app: Flask, clinic: Clinic) -> None:
    answer = app.test_client().post("/sign-in", data={"email": "a"}, headers={"Origin": "http://localhost"})
    assert answer.status_code == 422


@pytest.mark.parametrize("host", ["evil.test", "localhost.evil.test", "localhost@evil.test"])
def test_an_untrusted_host_is_refused(app: Flask, clinic: Clinic, host: str) -> None:
    assert app.test_client().get("/sign-in", headers={"Host": host}).status_code == 400


def test_too_large_a_form_is_refused_plainly(app: Flask, clinic: Clinic) -> None:
    answer = app.test_client().post("/sign-in", data={"email": "x" * 300_000})
    assert answer.status_code == 413
    assert b"larger than a form can be" in answer.data


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH"])
def test_methods_that_nothing_uses_are_refused(app: Flask, clinic: Clinic, method: str) -> None:
    assert app.test_client().open("/sign-in", method=method).status_code in {400, 405}


@pytest.mark.parametrize("path", ["/%00", "/%2e%2e/etc/passwd", "/static/../app.py", "/sign-in/%ff"])
def test_odd_paths_are_answered_with_a_page(app: Flask, clinic: Clinic, path: str) -> None:
    assert app.test_client().get(path).status_code in {308, 400, 404}


def test_something_unforeseen_gives_a_reference_number_and_no_detail(
    app: Flask, clinic: Clinic, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> str:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setitem(app.view_functions, "health.alive", broken)
    broken.clinic_policy = policy_of(app, "health.ready")  # type: ignore[attr-defined]
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 500
    assert b"secret detail" not in answer.data
    reference = next(record.reference for record in caplog.records if hasattr(record, "reference"))
    assert reference.encode() in answer.data


def without_audit(db: Session) -> None:
    """Make a database that takes no audit entry."""
    if db.get_bind().dialect.name == "sqlite":
        refuse = "BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'refused'); END"
    else:
        refuse = "BEFORE INSERT ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    db.execute(sa.text(f"CREATE TRIGGER no_audit {refuse}"))
    db.commit()


def test_nothing_is_shown_or_done_that_cannot_be_audited(db: Session, clinic: Clinic, signed_in: SignIn) -> None:
    patient = factories.a_patient(db, clinic, "Ana Ruiz")
    treatment = factories.a_session(db, patient, datetime(2026, 11, 24, 18, tzinfo=UTC))
    patient_id, session_id, version = patient.id, treatment.id, treatment.version
    visitor = signed_in(Role.NURSE)
    without_audit(db)

    shown = visitor.get(f"/patients/{patient_id}")
    done = visitor.post(f"/sessions/{session_id}/confirm", data={"version": version})

    assert (shown.status_code, b"Ana Ruiz" in shown.data) == (500, False)
    assert b"Number to tell" in shown.data
    assert done.status_code == 500
    assert db.get_one(TreatmentSession, session_id).status is Status.BOOKED
