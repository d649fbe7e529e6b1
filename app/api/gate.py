"""What acts before anything else: the request's form, its id, methods, and the headers that every answer has."""

import itertools
import os
import re
from collections.abc import Sequence
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import (
    BAD_REQUEST,
    HEADERS_TOO_LARGE,
    INTERNAL,
    MEDIA_TYPE,
    METHOD_NOT_ALLOWED,
    NOT_IMPLEMENTED,
    TOO_LARGE,
    TOO_LONG,
    Problem,
)
from app.api.observing import Broken, Observer
from app.core.replicas import ASKED, Asked

METHODS = "GET, HEAD, OPTIONS"
OTHER_METHODS = {"POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "QUERY"}
LONGEST_URL = 8192
LARGEST_BODY = 65_536
LARGEST_HEADERS = 16_384
MOST_HEADERS = 100
HOST = re.compile(rb"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
FAULT = "The fault was logged under this request id."

EXPOSED = (
    b"ETag, Link, Dataset-Revision, X-Request-ID, Retry-After, RateLimit, RateLimit-Policy, Content-Disposition, "
    b"Accept-Ranges, Content-Range"
)
EVERYWHERE = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
]
"""Headers of every answer; nothing behind the gate sets them."""
PREFLIGHT = {
    "Allow": METHODS,
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": "Accept, Dataset-Revision, If-None-Match, If-Range, Range, X-Request-ID",
    "Access-Control-Max-Age": "86400",
}


class Gate:
    """Lets well-formed reads in; answers everything else itself."""

    def __init__(self, app: ASGIApp, observer: Observer, hosts: Sequence[str] = ()):
        self.app, self.observer = app, observer
        self.hosts = frozenset(host.lower().encode() for host in hosts)
        self._prefix = os.urandom(8).hex()
        self._numbers = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seen = _Seen(scope["headers"])
        given = seen.request_id
        request_id = given if given and REQUEST_ID.fullmatch(given) else self._new_id()
        scope.setdefault("state", {})["request_id"] = request_id.decode()
        least = seen.least
        ASKED.set(Asked(int(least) if least and least.isdigit() and len(least) < 16 else 0))
        more = [*EVERYWHERE, (b"x-request-id", request_id)]
        began, status, whole = perf_counter(), 0, False

        async def answer(message: Message) -> None:
            nonlocal status, whole
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *more]
                status = message["status"]
            else:
                whole = not message.get("more_body")
            await send(message)

        try:
            await self._whose(scope, seen, request_id)(scope, receive, answer)
        except Exception as error:
            self.observer.failed(scope, error)
            if not status:
                await self._tell(Problem(INTERNAL, FAULT), scope, answer, request_id)
            elif not whole:
                # The connection is broken off, so that nobody takes half an answer for a whole one.
                raise Broken from None
        finally:
            self.observer.seen(scope, status, perf_counter() - began)

    def _whose(self, scope: Scope, seen: "_Seen", request_id: bytes) -> ASGIApp:
        """Who answers: the application, or what stands here for it."""
        if scope["method"] == "OPTIONS":
            return _preflight
        if problem := self._refuse(scope, seen):
            return lambda scope, _, answer: self._tell(problem, scope, answer, request_id)
        return self.app

    async def _tell(self, problem: Problem, scope: Scope, answer: Send, request_id: bytes) -> None:
        body = problem.body(scope["path"], request_id.decode())
        content = {
            "Content-Type": MEDIA_TYPE,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            **problem.headers,
        }
        await _send(answer, problem.kind.status, content, b"" if scope["method"] == "HEAD" else body)

    def _new_id(self) -> bytes:
        return f"{self._prefix}{next(self._numbers):08x}".encode()

    def _refuse(self, scope: Scope, seen: "_Seen") -> Problem | None:
        method = scope["method"]
        if method not in ("GET", "HEAD"):
            kind = METHOD_NOT_ALLOWED if method in OTHER_METHODS else NOT_IMPLEMENTED
            return Problem(kind, f"Only {METHODS} are answered here.", headers={"Allow": METHODS})
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_URL:
            return Problem(TOO_LONG, f"An address may have {LONGEST_URL} bytes.")
        if seen.size > LARGEST_HEADERS or len(scope["headers"]) > MOST_HEADERS:
            return Problem(HEADERS_TOO_LARGE, f"Headers may have {LARGEST_HEADERS} bytes in {MOST_HEADERS} fields.")
        if seen.host is None or not HOST.fullmatch(seen.host):
            return Problem(BAD_REQUEST, "A request names one host.")
        if self.hosts and seen.host.lower() not in self.hosts and _name(seen.host.lower()) not in self.hosts:
            return Problem(BAD_REQUEST, "This host is not served here.")
        if seen.length and (not seen.length.isdigit() or int(seen.length[:20]) > LARGEST_BODY):
            return Problem(TOO_LARGE, "No body is read here.")
        return None


def _name(host: bytes) -> bytes:
    return host.rpartition(b":")[0] if re.search(rb":[0-9]+$", host) else host


class _Seen:
    """What one pass over the headers tells."""

    __slots__ = ("host", "least", "length", "request_id", "size")

    def __init__(self, headers: Sequence[tuple[bytes, bytes]]):
        self.host: bytes | None = None
        self.length: bytes | None = None
        self.least: bytes | None = None
        self.request_id: bytes | None = None
        self.size = 0
        hosts = 0
        for name, value in headers:
            self.size += len(name) + len(value)
            if name == b"host":
                hosts += 1
                self.host = value if hosts == 1 else None
            elif name == b"content-length":
                self.length = value
            elif name == b"x-request-id":
                self.request_id = value
            elif name == b"dataset-revision":
                self.least = value


async def _preflight(_: Scope, __: Receive, answer: Send) -> None:
    await _send(answer, 204, PREFLIGHT, b"")


async def _send(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
