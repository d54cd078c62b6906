"""Pages over HTTP: served by a process of its own, asked for by one client or by several at once."""

import logging
import multiprocessing
import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from multiprocessing.connection import Connection

import waitress
from flask import Flask

from bench.rows import RUNS, WARM, seconds
from clinic_sessions import create_app
from clinic_sessions.config import Config

THREADS = 4


@contextmanager
def serving(config: Config | None) -> Iterator[int]:
    """Serve the clinic of these settings, or a bare page without; give the port."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(config, theirs), daemon=True)
    server.start()
    theirs.close()
    try:
        yield int(ours.recv())
    finally:
        server.terminate()
        server.join()


def _serve(config: Config | None, told: "Connection[int, int]") -> None:
    app = create_app(config) if config else _bare()
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=THREADS)
    told.send(int(server.effective_port))
    server.run()


def _bare() -> Flask:
    app = Flask("bare")
    app.add_url_rule("/", view_func=lambda: "hello")
    return app


class Client:
    """One kept connection."""

    def __init__(self, port: int, cookie: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port)
        self._headers = {"Cookie": cookie}

    def get(self, path: str) -> str:
        """Ask for a page that must be there."""
        return self._ask("GET", path, None, 200)

    def post(self, path: str, body: str) -> None:
        """Send a form that must be taken."""
        self._ask("POST", path, body, 303)

    def _ask(self, method: str, path: str, body: str | None, wanted: int) -> str:
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        self._connection.request(method, path, body, self._headers | form)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        if answer.status != wanted:
            raise RuntimeError(f"{method} {path}: {answer.status}\n{text}")
        return text


def side_by_side(bare: int, ours: int, path: str, cookie: str) -> tuple[float, float]:
    """Give the median seconds of a bare page and of ours, asked for in turn in the same seconds."""
    one, other = Client(bare, ""), Client(ours, cookie)
    took = [(seconds(lambda: one.get("/")), seconds(lambda: other.get(path))) for _ in range(RUNS)][WARM:]
    floor, page = zip(*took, strict=True)
    return statistics.median(floor), statistics.median(page)


def together(port: int, path: str, cookie: str, clients: int) -> float:
    """Give the median seconds of a page for which several clients ask at once, again and again."""

    def ask(_number: int) -> list[float]:
        client = Client(port, cookie)
        return [seconds(lambda: client.get(path)) for _ in range(RUNS)][WARM:]

    with ThreadPoolExecutor(clients) as pool:
        return statistics.median(one for some in pool.map(ask, range(clients)) for one in some)
