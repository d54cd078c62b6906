"""Logs as JSON lines without personal data: what kind of thing happened where, never what was typed.

An event is its bare words: values that a library would fill in may be paths with tokens, addresses or names.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

_FIELDS = ("method", "rule", "status", "milliseconds", "worker", "job", "message_id", "reference")


class JsonLines(logging.Formatter):
    """One JSON object a line; an exception is told by its type and the places it passed, not by its message."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record as one line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": str(record.msg),
        }
        line.update({field: getattr(record, field) for field in _FIELDS if hasattr(record, field)})
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
            line["frames"] = [f"{f.name}:{f.lineno}" for f in traceback.extract_tb(record.exc_info[2])][-12:]
        return json.dumps(line, default=str)


def configure(level: str) -> None:
    """Send everything to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [h for h in root.handlers if not isinstance(h.formatter, JsonLines)] + [handler]
    root.setLevel(level)
    for chatty in ("apscheduler", "waitress", "werkzeug"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
