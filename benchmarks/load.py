"""Asks a server over kept connections, and tells what each request cost it and how long it took."""

import os
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    body: bytes
    head: int
    """Bytes of its head, with the empty line."""


class Connection:
    """A kept connection that sends requests as they are and reads answers whole."""

    def __init__(self, port: int):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._left = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def fileno(self) -> int:
        """Its descriptor, to wait for answers on several at once."""
        return self._socket.fileno()

    def send(self, request: bytes) -> None:
        """Send a request; its answer is read by `receive`."""
        self._socket.sendall(request)

    def receive(self) -> Answer:
        """The next answer. Raises ConnectionError where the server goes away."""
        while b"\r\n\r\n" not in self._left:
            self._more()
        head, _, self._left = self._left.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.split()[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if headers.get("transfer-encoding") == "chunked":
            return Answer(status, headers, self._chunks(), len(head) + 4)
        size = int(headers.get("content-length", 0)) if status != 304 else 0
        return Answer(status, headers, self._take(size), len(head) + 4)

    def pass_over(self, answer: Answer) -> None:
        """Read an answer of the same size as another one without looking at it: what a load takes, a server lacks.

        Raises ValueError where it is another one.
        """
        buffer = bytearray(answer.head + len(answer.body))
        have = 0
        while have < len(buffer):
            got = self._socket.recv_into(memoryview(buffer)[have:])
            if not got:
                raise ConnectionError("the server went away")
            have += got
        if not buffer.startswith(b"HTTP/1.1 200") or not buffer.endswith(answer.body[-100:]):
            raise ValueError("this is another answer")

    def _more(self) -> None:
        piece = self._socket.recv(1 << 18)
        if not piece:
            raise ConnectionError("the server went away")
        self._left += piece

    def _take(self, size: int) -> bytes:
        pieces, have = [self._left], len(self._left)
        while have < size:
            pieces.append(self._socket.recv(1 << 18))
            if not pieces[-1]:
                raise ConnectionError("the server went away")
            have += len(pieces[-1])
        whole = b"".join(pieces)
        self._left = whole[size:]
        return whole[:size]

    def _chunks(self) -> bytes:
        pieces = []
        while True:
            while b"\r\n" not in self._left:
                self._more()
            size, _, self._left = self._left.partition(b"\r\n")
            pieces.append(self._take(int(size, 16)))
            self._take(2)
            if not pieces[-1]:
                return b"".join(pieces)


def request(path: str, **headers: str) -> bytes:
    """A GET request."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def ask(port: int, path: str, **headers: str) -> Answer:
    """One answer, on a connection of its own."""
    with Connection(port) as connection:
        connection.send(request(path, **headers))
        return connection.receive()


def processor_time(pid: int) -> float:
    """Seconds of CPU that a process, its threads and its children have used."""
    total = sum(int((task / "schedstat").read_text().split()[0]) / 1e9 for task in Path(f"/proc/{pid}/task").iterdir())
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return total + sum(processor_time(int(child)) for child in children)


@dataclass(frozen=True)
class Cost:
    """What some requests cost a server, for each of them."""

    cpu: float
    """Microseconds of CPU of the server."""
    p99: float
    """Milliseconds until all but a hundredth of the answers were there."""


def cost(pid: int, port: int, requests: Sequence[bytes], count: int, connections: int = 1) -> Cost:
    """Send so many requests, in turn, on so many connections at a time; every answer must be 200 or 304."""
    took: list[float] = []
    with ExitStack() as stack:
        open_ones = [stack.enter_context(Connection(port)) for _ in range(connections)]
        before = processor_time(pid)
        for start in range(0, count, connections):
            began = time.perf_counter()
            for i, connection in enumerate(open_ones):
                connection.send(requests[(start + i) % len(requests)])
            for connection in open_ones:
                answer = connection.receive()
                if answer.status not in (200, 304):
                    raise ValueError(f"{answer.status}: {answer.body[:300]!r}")
                took.append((time.perf_counter() - began) * 1000)
        used = processor_time(pid) - before
    took.sort()
    return Cost(used / len(took) * 1e6, took[int(len(took) * 0.99)])


CORES = sorted(os.sched_getaffinity(0))
"""What there is before anything is pinned: what a process starts inherits its core."""


def pin(pid: int, core: int | None) -> None:
    """Keep a process on one core, where there are several; on any with null."""
    os.sched_setaffinity(pid, CORES if core is None else {CORES[core % len(CORES)]})
