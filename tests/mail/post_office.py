"""A real SMTP server for tests, in a thread of its own, which can be told to behave badly."""

import asyncio
import contextlib
import email
import itertools
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

Answer = str | None


class PostOffice:
    """Takes mail; `at_recipient` and `after_dot` decide what it answers, given the address and the try's number."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, EmailMessage]] = []
        self.tries: Counter[str] = Counter()
        self.connections = 0
        self.url = ""
        self.at_recipient: Callable[[str, int], Answer] = lambda _address, _number: None
        self.at_data: Callable[[str, int], str] = lambda _address, _number: "take"
        """take, drop (lost before the dot is answered, not taken), lose (taken, then lost), hang, or an SMTP answer."""

    @property
    def message_ids(self) -> Counter[str]:
        """How often each Message-ID was taken."""
        return Counter(str(message["Message-ID"]) for _, message in self.taken)

    def addresses(self) -> list[str]:
        """To whom mail was taken, in order."""
        return [address for address, _ in self.taken]

    async def handle_RCPT(  # noqa: N802 aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer to a recipient."""
        self.tries[address] += 1
        answer = self.at_recipient(address, self.tries[address])
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a message, or not."""
        (address,) = envelope.rcpt_tos
        answer = self.at_data(address, self.tries[address])
        if answer == "hang":
            await asyncio.sleep(60)
        if answer in {"take", "lose", "hang"}:
            content = envelope.content
            assert isinstance(content, bytes)
            message = email.message_from_bytes(content, policy=default)
            assert isinstance(message, EmailMessage)
            self.taken.append((address, message))
        if answer in {"drop", "lose"}:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "250 OK" if answer in {"take", "drop", "lose", "hang"} else answer


@contextlib.contextmanager
def open_office(port: int = 0, **smtp: Any) -> Iterator[PostOffice]:
    """Run a server on the loopback address until the block ends; `smtp` is how aiosmtpd is to speak."""
    office, loop = PostOffice(), asyncio.new_event_loop()

    def answer() -> SMTP:
        office.connections += 1
        return SMTP(office, hostname="localhost", loop=loop, **smtp)

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    made = asyncio.run_coroutine_threadsafe(loop.create_server(answer, "127.0.0.1", port), loop)
    server = made.result(10)
    office.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield office
    finally:
        asyncio.run_coroutine_threadsafe(_shut(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _shut(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)


def every_nth(number: int, answer: str, otherwise: str = "take") -> Callable[[str, int], str]:
    """Give the answer to each `number`-th message."""
    counter: dict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))
    return lambda _address, _try: answer if next(counter["all"]) % number == 0 else otherwise
