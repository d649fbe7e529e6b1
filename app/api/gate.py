"""What acts before routing: the request's form, its id, methods, and the headers that every answer has."""

import re
import uuid
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import (
    BAD_REQUEST,
    HEADERS_TOO_LARGE,
    MEDIA_TYPE,
    METHOD_NOT_ALLOWED,
    NOT_IMPLEMENTED,
    TOO_LARGE,
    TOO_LONG,
    Kind,
    Problem,
)

METHODS = "GET, HEAD, OPTIONS"
OTHER_METHODS = {"POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"}
LONGEST_URL = 8192
LARGEST_BODY = 65_536
LARGEST_HEADERS = 16_384
MOST_HEADERS = 100
HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

EXPOSED = "ETag, Link, Dataset-Revision, X-Request-ID, Retry-After, RateLimit, RateLimit-Policy, Content-Disposition"
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": EXPOSED}
PREFLIGHT = {
    "Allow": METHODS,
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": "Accept, Dataset-Revision, If-None-Match, X-Request-ID",
    "Access-Control-Max-Age": "86400",
}
SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin-when-cross-origin"}


class Gate:
    """Lets well-formed reads in; answers everything else itself."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str] = ()):
        self.app, self.hosts = app, frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                out = MutableHeaders(raw=list(message["headers"]))
                out["X-Request-ID"] = request_id
                for name, value in (*CORS.items(), *SAFE.items()):
                    out.setdefault(name, value)
                message = {**message, "headers": out.raw}
            await send(message)

        if scope["method"] == "OPTIONS":
            await _send(answer, 204, PREFLIGHT, b"")
        elif problem := self._refuse(scope, headers):
            body = problem.body(scope["path"], request_id)
            content = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)), **problem.headers}
            await _send(answer, problem.kind.status, content, b"" if scope["method"] == "HEAD" else body)
        else:
            await self.app(scope, receive, answer)

    def _refuse(self, scope: Scope, headers: Headers) -> Problem | None:
        method = scope["method"]
        if method not in ("GET", "HEAD"):
            kind: Kind = METHOD_NOT_ALLOWED if method in OTHER_METHODS else NOT_IMPLEMENTED
            return Problem(kind, f"Only {METHODS} are answered here.", headers={"Allow": METHODS})
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_URL:
            return Problem(TOO_LONG, f"An address may have {LONGEST_URL} bytes.")
        size = sum(len(name) + len(value) for name, value in scope["headers"])
        if size > LARGEST_HEADERS or len(scope["headers"]) > MOST_HEADERS:
            return Problem(HEADERS_TOO_LARGE, f"Headers may have {LARGEST_HEADERS} bytes in {MOST_HEADERS} fields.")
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not HOST.fullmatch(hosts[0]):
            return Problem(BAD_REQUEST, "A request names one host.")
        if self.hosts and hosts[0].rpartition(":")[0].lower() not in self.hosts and hosts[0].lower() not in self.hosts:
            return Problem(BAD_REQUEST, "This host is not served here.")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            return Problem(TOO_LARGE, "No body is read here.")
        return None


async def _send(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
