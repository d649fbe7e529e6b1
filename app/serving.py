"""The HTTP server as it is started everywhere: uvicorn, with limits on how slowly a request may arrive."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0
"""Time for the head of a request, from the connection or from its first byte on a kept one."""
BODY_SECONDS = 30.0
"""Time for its body."""
HEAD_BYTES = 65_536
"""Size of a head: more is refused before it is parsed."""

TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/problem+json\r\n"
    b"content-length: 111\r\nconnection: close\r\n\r\n"
    b'{"type":"/problems/headers-too-large","title":"The headers are too large","status":431,"detail":"","errors":[]}'
)


class Protocol(HttpToolsProtocol):
    """Closes connections whose request does not arrive in time, half-open ones among them."""

    _deadline: asyncio.TimerHandle | None = None
    _head_size = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect_within(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._expect_within(HEAD_SECONDS)
        self._head_size += len(data)
        if self._head_size > HEAD_BYTES and self._in_head:
            self.transport.write(TOO_LARGE)
            self.transport.close()
            return
        super().data_received(data)

    _in_head = True

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._expect_within(BODY_SECONDS)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._expect_nothing()
        self._head_size, self._in_head = 0, True
        super().on_message_complete()

    def _expect_within(self, seconds: float) -> None:
        self._expect_nothing()
        self._deadline = self.loop.call_later(seconds, self._close)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close(self) -> None:
        self._deadline = None
        if self.transport is not None and not self.transport.is_closing():
            self.transport.close()

