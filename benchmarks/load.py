"""A load generator of our own: so many connections, kept alive, each asking for the next page as soon as it has the last one; or
each working off requests of its own.

One thread over plain sockets, so that it costs the machine little beside the servers that it measures.
"""

from __future__ import annotations

import selectors
import socket
import statistics
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

CONNECTIONS = 8
# A connection is made anew after so many answers, so that the server's processes come to share them evenly.
_ANSWERS_PER_CONNECTION = 40
_PATIENCE = 60.0


@dataclass(frozen=True)
class Page:
    """What to ask for: a server's port on the loopback, a path, headers such as a session's cookie; and what else may be answered.

    With `content` (a form, encoded) it is posted.
    """

    port: int
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    answers: frozenset[int] = frozenset({200})

    @property
    def request(self) -> bytes:
        """The request as it goes over the wire."""
        lines = {"Host": f"127.0.0.1:{self.port}", "Accept": "text/html", "Accept-Language": "zh-CN", **self.headers}
        if self.content:
            lines |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(self.content))}
        verb = "POST" if self.content else "GET"
        head = [f"{verb} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items()), "", ""]
        return "\r\n".join(head).encode() + self.content


@dataclass(frozen=True)
class Load:
    """What came of it: answers a second, and the seconds that each took."""

    rate: float
    taken: tuple[float, ...]

    @property
    def median(self) -> float:
        """Half the answers came sooner."""
        return statistics.median(self.taken)

    @property
    def p95(self) -> float:
        """Nineteen answers in twenty came sooner."""
        return sorted(self.taken)[int(len(self.taken) * 0.95)]


class WrongAnswer(RuntimeError):
    """The server answered something else than was to be expected."""


class _Connection:
    """One connection, what it has still to ask for, and the answer that is coming in over it."""

    def __init__(self, pages: Iterable[Page], selector: selectors.BaseSelector) -> None:
        self.pages, self.selector = iter(pages), selector
        self.left = 0
        self.socket: socket.socket | None = None
        self.ask()

    def ask(self) -> bool:
        """Send the next request, over a new connection when the old one has done its part. Hangs up, and says so, after the last."""
        page = next(self.pages, None)
        if page is None:
            self.close()
            return False
        self.page = page
        if self.left == 0 or self.socket is None:
            self.close()
            self.socket = socket.create_connection(("127.0.0.1", self.page.port), timeout=_PATIENCE)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(self.socket, selectors.EVENT_READ, self)
            self.left = _ANSWERS_PER_CONNECTION
        self.left -= 1
        self.came = bytearray()
        self.needed = -1
        self.started = time.perf_counter()
        self.socket.sendall(self.page.request)
        return True

    def read(self) -> bool:
        """Take what has come; whether the answer is whole."""
        assert self.socket is not None
        part = self.socket.recv(1 << 18)
        if not part:
            raise WrongAnswer(f"{self.page.path}: the server hung up after {len(self.came)} bytes")
        self.came += part
        if self.needed < 0 and (end := self.came.find(b"\r\n\r\n")) >= 0:
            self.needed = end + 4 + self._length(bytes(self.came[:end]))
        return 0 <= self.needed <= len(self.came)

    def _length(self, head: bytes) -> int:
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if int(status.split(" ")[1]) not in self.page.answers or "content-length" not in headers:
            raise WrongAnswer(f"{self.page.path}: {status} {headers.get('location', '')}")
        if headers.get("connection", "").lower() == "close":
            self.left = 0
        return int(headers["content-length"])

    def close(self) -> None:
        """Hang up."""
        if self.socket is not None:
            self.selector.unregister(self.socket)
            self.socket.close()
            self.socket = None


def fetch(page: Page) -> bytes:
    """One answer, headers included. Raises WrongAnswer unless it is a page."""
    with selectors.DefaultSelector() as selector:
        connection = _Connection([page], selector)
        try:
            while not connection.read():
                pass
        finally:
            connection.close()
    return bytes(connection.came)


def body(page: Page) -> bytes:
    """The page itself."""
    return fetch(page).partition(b"\r\n\r\n")[2]


def load(page: Page, seconds: float, connections: int = CONNECTIONS) -> Load:
    """Ask for a page over so many connections for so long; what was asked for by then is waited for, and counts."""
    until = time.perf_counter() + seconds

    def again() -> Iterator[Page]:
        yield page
        while time.perf_counter() < until:
            yield page

    return work_off([again() for _ in range(connections)])


def work_off(queues: Sequence[Iterable[Page]]) -> Load:
    """Ask for what each queue holds, one after the other, over a connection for each, until all is answered."""
    taken: list[float] = []
    with selectors.DefaultSelector() as selector:
        started = time.perf_counter()
        open_ones = [_Connection(pages, selector) for pages in queues]
        try:
            waiting = len(open_ones)
            while waiting:
                for key, _events in selector.select(_PATIENCE) or _nothing_comes(open_ones[0].page):
                    if key.data.read():
                        taken.append(time.perf_counter() - key.data.started)
                        waiting -= not key.data.ask()
            lasted = time.perf_counter() - started
        finally:
            for connection in open_ones:
                connection.close()
    return Load(len(taken) / lasted, tuple(taken))


def _nothing_comes(page: Page) -> NoReturn:
    raise WrongAnswer(f"{page.path}: no answer within {_PATIENCE:.0f} s")
