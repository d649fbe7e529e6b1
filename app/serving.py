"""The HTTP server as it is started everywhere: uvicorn, with limits on how slowly a request may come and go."""

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import signal
import socket
import struct
import sys
import time
from types import FrameType
from typing import Any

import httptools
import orjson
import uvicorn
from uvicorn.protocols.http import httptools_impl
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.supervisors import Multiprocess, multiprocess

from app.api.errors import BAD_REQUEST, HEADERS_TOO_LARGE, MEDIA_TYPE, TIMEOUT, Kind, Problem
from app.api.observing import Broken
from app.settings import settings

HEAD_SECONDS = 10.0
"""Time for the head of a request, from the connection or from its first byte on a kept one."""
BODY_SECONDS = 30.0
"""Time for its body."""
SEND_SECONDS = 30.0
"""Time in which a client takes at least SEND_BYTES of an answer that waits for it."""
SEND_BYTES = 30_000
HEAD_BYTES = 65_536
"""Size of a head: more is refused before it is whole. The gate is stricter and tells more."""
LONG_LINE, MOST_LINES = 200, 2000
"""Bytes of a header from which it is not remembered, and how many are."""
PIECE = 16_384
"""Bytes that are parsed at a time, so that requests sent in one go are not taken for one long head."""
LAST_SECONDS = 0.3
"""Time that an idle connection is kept at the end, for a request that is on its way."""


LANDING_SECONDS = 0.05
"""Time for connections that are being established when no others are any more."""
SO_ATTACH_FILTER = 26
"""An option of sockets that Python has no name for."""
NO_SYN = struct.pack("HBBI" * 4, 0x30, 0, 0, 13, 0x45, 0, 1, 2, 0x06, 0, 0, 0, 0x06, 0, 0, 0xFFFF)
"""A packet filter: of the flags of TCP, byte 13, look at SYN; let nothing of what has it through, else all."""


class _Lines(dict[tuple[bytes, bytes], bytes]):
    """Headers as they are sent. Most are the same in many answers: they are checked once."""

    def __missing__(self, header: tuple[bytes, bytes]) -> bytes:
        """Raises RuntimeError where it is no header."""
        name, value = header
        if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
            raise RuntimeError(f"This is no header: {name!r}: {value!r}")
        line = b"%b: %b\r\n" % (name.lower(), value)
        if len(line) < LONG_LINE:
            if len(self) >= MOST_LINES:
                self.clear()
            self[header] = line
        return line


LINES = _Lines()


class Cycle(RequestResponseCycle):
    """One request and its answer. Its head, of a dozen headers, costs little to write, and goes out with the body."""

    _head: bytes | None = None
    """What waits for the first piece of the body."""

    async def send(self, message: Any) -> None:
        """What an application sends, as ASGI has it. Raises RuntimeError where it does not."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        kind = message["type"]
        if kind == "http.response.start" and not self.response_started:
            self.response_started, self.waiting_for_100_continue = True, False
            self._head = self._started(message["status"], [*self.default_headers, *message["headers"]])
        elif kind == "http.response.body" and self.response_started and not self.response_complete:
            self._write(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise RuntimeError(f"{kind} is not to be sent now")

    def _started(self, status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
        lines = [STATUS_LINE[status], *map(LINES.__getitem__, headers)]
        for name, value in headers:
            if name == b"content-length":
                self.expected_content_length, self.chunked_encoding = int(value), False
            elif name == b"connection" and value == b"close":
                self.keep_alive = False
        if not self.keep_alive and (b"connection", b"close") not in headers:
            lines.append(b"connection: close\r\n")
        if self.scope["method"] == "HEAD" or status in (204, 304):
            self.expected_content_length, self.chunked_encoding = 0, False
        elif self.chunked_encoding is None:
            self.chunked_encoding = True
            lines.append(b"transfer-encoding: chunked\r\n")
        return b"".join((*lines, b"\r\n"))

    def _write(self, body: bytes, *, more: bool) -> None:
        pieces = [self._head] if self._head is not None else []
        self._head = None
        if self.scope["method"] == "HEAD":
            pass
        elif self.chunked_encoding:
            if body:
                pieces += [b"%x\r\n" % len(body), body, b"\r\n"]
            if not more:
                pieces.append(b"0\r\n\r\n")
        else:
            self.expected_content_length -= len(body)
            if self.expected_content_length < 0 or (self.expected_content_length and not more):
                raise RuntimeError("The body is not as long as content-length says")
            pieces.append(body)
        self.transport.writelines(pieces)
        if not more:
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()


# The protocol makes one for each request, and looks it up under this name.
httptools_impl.RequestResponseCycle = Cycle  # type: ignore[misc]


class Protocol(HttpToolsProtocol):
    """Closes connections whose request does not arrive, or whose answer is not taken, in time."""

    _due: float | None = None
    """When what is expected is late."""
    _timer: asyncio.TimerHandle | None = None
    _rings = 0.0
    """When the timer looks whether something is late: sooner than that nothing is."""
    _sending: asyncio.TimerHandle | None = None
    _running: RequestResponseCycle | None = None
    _in_head = _refused = False
    _size = 0
    """Bytes of the head that is being read."""
    _patience: float | None = HEAD_SECONDS
    """Seconds for what is expected next; null while an answer is being made."""
    _turned = False
    """Whether something else is expected since the clock was set."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect_within(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        if self._timer is not None:
            self._timer.cancel()
        self._sent()
        # Uvicorn tells the last request alone; of several sent in one go it is an earlier one that is being answered.
        for cycle in (self._running, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._take(data)
        if self._turned and not self._refused:
            self._turned = False
            if self._patience is None:
                self._expect_nothing()
            else:
                self._expect_within(self._patience)

    def _take(self, data: bytes) -> None:
        for at in range(0, len(data), PIECE):
            piece = data[at : at + PIECE]
            try:
                self.parser.feed_data(piece)
            except httptools.HttpParserUpgrade:
                # Nothing is upgraded to: the request is answered as an ordinary one, and it is the last.
                if self.cycle is not None:
                    self.cycle.keep_alive = False
                return
            except httptools.HttpParserError:
                self._refuse(BAD_REQUEST, "This is not HTTP/1.1.")
                return
            if self._in_head:
                self._size += len(piece)
                if self._size > HEAD_BYTES:
                    self._refuse(HEADERS_TOO_LARGE, f"The head of a request may have {HEAD_BYTES} bytes.")
                    return
            if self.transport.is_closing():
                return

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_message_begin(self) -> None:
        self._in_head, self._size = True, 0
        self._patience, self._turned = HEAD_SECONDS, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._patience, self._turned = BODY_SECONDS, True
        super().on_headers_complete()
        if self.app_state.get("draining"):
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._patience = self.timeout_keep_alive if self.cycle.response_complete else None
        self._turned = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._patience is None:
            self._expect_within(self.timeout_keep_alive)

    def eof_received(self) -> None:
        # An answer that is still to come is sent; without one there is nothing to wait for.
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_sending(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._sent()
        super().resume_writing()

    def shutdown(self) -> None:
        """Finish what is being answered; close an idle connection as soon as no request is on its way."""
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LAST_SECONDS, self._close_idle)
        else:
            self.cycle.keep_alive = False

    def _close_idle(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self._close()
        else:
            self.cycle.keep_alive = False

    def _refuse(self, kind: Kind, detail: str) -> None:
        """Answer what cannot be passed on and close, once the client had time to read it."""
        self._refused = True
        self._expect_nothing()
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            # An earlier request is still being answered: the connection ends with that.
            self.cycle.keep_alive = False
            return
        body = Problem(kind, detail).body("", os.urandom(8).hex())
        title = f"HTTP/1.1 {kind.status} {kind.title}\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(title.encode() + b"cache-control: no-store\r\nconnection: close\r\n\r\n" + body)
        with contextlib.suppress(OSError, RuntimeError):
            self.transport.write_eof()
        # Closing at once with bytes unread would reset the connection, and the client might lose the answer.
        self.loop.call_later(1, self._close)

    def _expect_within(self, seconds: float) -> None:
        # A timer for each request would cost more than most requests: the one that runs is left to run, and set anew
        # when it rings too early.
        self._due = self.loop.time() + seconds
        if self._timer is None or self._due < self._rings:
            self._ring_at(self._due)

    def _expect_nothing(self) -> None:
        self._due = None

    def _ring_at(self, instant: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings = instant
        self._timer = self.loop.call_at(instant, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._due is None:
            return
        if self._due > self.loop.time():
            self._ring_at(self._due)
        else:
            self._late()

    def _late(self) -> None:
        self._due = None
        if self._in_head:
            self._refuse(TIMEOUT, f"The head of a request has {HEAD_SECONDS:.0f} seconds.")
        else:
            self._close()

    def _watch_sending(self, waiting: int) -> None:
        self._sent()
        self._sending = self.loop.call_later(SEND_SECONDS, self._check_sending, waiting)

    def _check_sending(self, before: int) -> None:
        waiting = self.transport.get_write_buffer_size()
        if waiting and before - waiting < min(before, SEND_BYTES):
            self.transport.abort()
        elif waiting:
            self._watch_sending(waiting)

    def _sent(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None

    def _close(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            if waiting := self.transport.get_write_buffer_size():
                self._watch_sending(waiting)
            self.transport.close()


class Server(uvicorn.Server):
    """At SIGTERM, says for a while that it is not ready and goes on answering; then ends in order."""

    _until: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        first = self._until is None
        if hasattr(self, "lifespan"):
            self.lifespan.state["draining"] = True
        if sig == signal.SIGTERM and first and self.started and (seconds := settings().drain_seconds):
            self._captured_signals.append(sig)
            self._until = time.monotonic() + seconds
            return
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer; what is there by then stays, so that no search for garbage goes through it again."""
        await super().startup(sockets)
        gc.freeze()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take up who is connected already, and end in order."""
        if self.config.workers == 1:
            # With several, the listener is that of the others, too, who may go on.
            for listener in sockets or []:
                _let_nobody_in(listener)
            await asyncio.sleep(LANDING_SECONDS)
        late = []
        for listener in sockets or []:
            with contextlib.suppress(OSError):
                while True:
                    late.append(listener.accept()[0])
        for server in self.servers:
            server.close()
        for connection in late:
            connection.setblocking(False)
            with contextlib.suppress(OSError):
                await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        await super().shutdown(sockets)
        with contextlib.suppress(OSError, ValueError):
            # The signal that ends the process leaves no time for what still waits to be written.
            sys.stdout.flush()

    def _protocol(self) -> Protocol:
        return Protocol(self.config, self.server_state, self.lifespan.state)

    async def on_tick(self, counter: int) -> bool:
        if self._until is not None and time.monotonic() >= self._until:
            self.should_exit = True
        return await super().on_tick(counter)


def _let_nobody_in(listener: socket.socket) -> None:
    """Leave connections that are asked for from now on unanswered, so that the listener can be closed on nobody.

    What is being established still is. Elsewhere than on Linux, who comes at the last moment is taken and dropped.
    """
    if sys.platform == "linux":
        steps = ctypes.create_string_buffer(NO_SYN)
        with contextlib.suppress(OSError):
            listener.setsockopt(
                socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(NO_SYN) // 8, ctypes.addressof(steps))
            )


class _Process(multiprocess.Process):
    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = Server(config=self.config)
        return self._server


def supervisor(config: uvicorn.Config, sockets: list[socket.socket]) -> Multiprocess:
    """Keeps several processes running, each of them a Server of ours."""
    multiprocess.Process = _Process  # type: ignore[misc]
    return Multiprocess(config, sockets=sockets)


def allow_many_connections() -> None:
    """Raise the number of open files to what the system lets us have: each connection is one."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class JsonLines(logging.Formatter):
    """What the server and its libraries have to say, one line of JSON each, as the requests' are."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage().strip(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode("utf-8", "replace")


class NotTwice(logging.Filter):
    """Keeps out faults that were logged with their request."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], Broken))


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "app.serving.JsonLines"}},
    "filters": {"not_twice": {"()": "app.serving.NotTwice"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stderr",
            "formatter": "json",
            "filters": ["not_twice"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
"""Logging of a process that serves."""


def config(workers: int) -> uvicorn.Config:
    """How uvicorn is set up, by the command and by the tests."""
    return uvicorn.Config(
        "app.main:create_app",
        factory=True,
        workers=workers,
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=LOGGING,
        log_level="warning",
        access_log=False,
        server_header=False,
        # What proxies say of a client matters where clients are limited, and nowhere else.
        proxy_headers=settings().rate_limit is not None,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
    )
