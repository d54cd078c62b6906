"""Whether the program is alive, and whether it is ready to work."""

import logging

from flask import Blueprint, g, jsonify
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from clinic_sessions.extensions import db
from clinic_sessions.models.engine import begin_write
from clinic_sessions.routes.policy import public
from clinic_sessions.services import heartbeats

log = logging.getLogger(__name__)
bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public("a monitor asks whether the process is alive")
def alive() -> str:
    """Say that the process answers."""
    return "ok\n"


@bp.get("/readyz")
@public("a monitor asks whether the clinic can work: says yes or no, nothing else")
def ready() -> tuple[Response, int]:
    """Say whether the database takes writes and the worker was heard of within two minutes."""
    writable, heard = _writable(), False
    if writable:
        heard = not heartbeats.is_silent(db.session(), g.now)
    return jsonify(database=writable, worker=heard), 200 if writable and heard else 503


def _writable() -> bool:
    try:
        begin_write(db.session())
        heartbeats.probe(db.session(), g.now)
    except SQLAlchemyError:
        log.warning("database not writable")
        return False
    finally:
        db.session.rollback()
    return True
