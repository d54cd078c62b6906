"""Settings: read once, refused when unsafe."""

from dataclasses import replace
from pathlib import Path

import pytest

from clinic_sessions import create_app
from clinic_sessions.config import (
    Config,
    Unsafe,
    demo_secret,
    from_environment,
    unsafe_for_mailing,
    unsafe_for_serving,
)

SAFE = {
    "CLINIC_SECRET_KEY": "k" * 32,
    "CLINIC_BASE_URL": "https://sessions.example.org",
    "CLINIC_SMTP_URL": "smtp://mail.example.org",
}


def read(**given: str) -> Config:
    return from_environment({**SAFE, **{f"CLINIC_{name.upper()}": value for name, value in given.items()}})


def test_safe_settings_are_not_refused() -> None:
    assert unsafe_for_serving(read(), host="0.0.0.0", debug=False) == []  # noqa: S104
    assert unsafe_for_mailing(read()) == []


@pytest.mark.parametrize("key", ["", "short", "k" * 31])
def test_no_or_a_short_secret_key_is_refused(key: str) -> None:
    assert "CLINIC_SECRET_KEY" in unsafe_for_serving(read(secret_key=key), host="127.0.0.1", debug=False)[0]
    with pytest.raises(Unsafe, match="CLINIC_SECRET_KEY"):
        create_app(read(secret_key=key))


def test_a_demo_clinic_makes_its_own_secret_key_and_keeps_it(tmp_path: Path) -> None:
    assert len(demo_secret(tmp_path)) >= 32
    assert demo_secret(tmp_path) == demo_secret(tmp_path)
    assert unsafe_for_serving(replace(read(secret_key=""), is_demo=True), host="127.0.0.1", debug=False) == []


def test_the_debugger_is_refused() -> None:
    assert "FLASK_DEBUG" in unsafe_for_serving(read(), host="127.0.0.1", debug=True)[0]


def test_plain_http_is_refused_beyond_this_machine_only() -> None:
    http = read(base_url="http://sessions.example.org")
    assert unsafe_for_serving(http, host="127.0.0.1", debug=False) == []
    assert "https" in unsafe_for_serving(http, host="0.0.0.0", debug=False)[0]  # noqa: S104


def test_nobody_is_left_unmailed_without_anyone_having_said_so() -> None:
    unset = replace(read(), smtp_url=None)
    assert "CLINIC_SMTP_URL" in unsafe_for_mailing(unset)[0]
    assert unsafe_for_mailing(replace(unset, mail_to_folder=True)) == []
    assert unsafe_for_mailing(replace(unset, is_demo=True)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_url", "sessions.example.org"),
        ("proxies", "two"),
        ("mail", "no"),
        ("log_level", "LOUD"),
        ("secretkey", "x"),
    ],
)
def test_a_setting_that_cannot_be_understood_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(Unsafe, match=f"CLINIC_{name.upper()}"):
        read(**{name: value})
