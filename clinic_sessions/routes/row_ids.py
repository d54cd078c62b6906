"""Ids of rows in paths: what no row can have is not there."""

from flask import Flask
from werkzeug.routing import IntegerConverter

LARGEST = 2**31 - 1
"""The largest number that an id's column holds."""


class RowId(IntegerConverter):
    """An id in plain digits, as every `<int:...>` of a path is read; a longer or larger one matches no route."""

    regex = "[0-9]{1,10}"

    def to_python(self, value: str) -> int:
        """Give the number; raises ValidationError, which becomes 404, when no column could hold it."""
        self.max = LARGEST
        return int(super().to_python(value))


def install(app: Flask) -> None:
    """Read every id of a path this way; before any route is put on the app."""
    app.url_map.converters["int"] = RowId
