"""The wiring: settings, extensions, routes, error pages."""

from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from clinic_sessions import clock, logs
from clinic_sessions.config import MIN_SECRET, Config, Unsafe
from clinic_sessions.extensions import csrf, db, login_manager
from clinic_sessions.models import engine
from clinic_sessions.routes import guard, register

MAX_BODY = 256 * 1024


def create_app(config: Config) -> Flask:
    """Build the app. It starts no scheduler and changes no table.

    Raises Unsafe when the secret key is missing or short.
    """
    if len(config.secret_key) < MIN_SECRET:
        raise Unsafe([f"CLINIC_SECRET_KEY must be at least {MIN_SECRET} characters, kept secret and kept the same."])
    app = Flask("clinic_sessions", template_folder=str(_templates()))
    app.config.update(_flask_settings(config))
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    if config.proxies:
        n = config.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    clock.follow(config.clock_file if config.is_demo else None)
    logs.configure(config.log_level)
    db.init_app(app)
    login_manager.init_app(app)
    app.before_request(guard.begin)
    csrf.init_app(app)
    with app.app_context():
        engine.tune(db.engine)
    register(app)
    return app


def _flask_settings(config: Config) -> dict[str, Any]:
    return {
        "CLINIC": config,
        "SECRET_KEY": config.secret_key,
        "SQLALCHEMY_DATABASE_URI": config.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine.options(config.database_url),
        "MAX_CONTENT_LENGTH": MAX_BODY,
        "MAX_FORM_MEMORY_SIZE": MAX_BODY,
        "MAX_FORM_PARTS": 500,
        "TRUSTED_HOSTS": list(config.trusted_hosts),
        "SESSION_COOKIE_NAME": "__Host-clinic" if config.is_https else "clinic",
        "SESSION_COOKIE_SECURE": config.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SEND_FILE_MAX_AGE_DEFAULT": 3600,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
    }


def _templates() -> Path:
    inside = Path(__file__).parent / "templates"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "templates"
