"""What lets clients keep answers: the revision, strong ETags per encoding, and 304."""

import hashlib
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import __version__

CACHE_CONTROL = "public, no-cache, stale-if-error=86400"
"""Keep it, but ask each time whether it is still good: that costs a 304."""

KEPT = frozenset(
    {"etag", "cache-control", "vary", "dataset-revision", "link", "x-request-id", "date", "content-location", "expires"}
)
"""Headers of a 304, besides those of CORS."""


def validators(revision: int, digest: str, key: str) -> dict[str, str]:
    """Headers of an answer that depends on the dataset and on what was asked, `key`, alone.

    The tag lacks its encoding, which `Conditional` adds. The digest tells apart datasets that have
    the same revision by chance, the version programs that answer differently.
    """
    told = hashlib.blake2b(f"{__version__}\0{digest}\0{key}".encode(), digest_size=8).hexdigest()
    return {
        "ETag": f'"{revision}-{told}"',
        "Dataset-Revision": str(revision),
        "Cache-Control": CACHE_CONTROL,
        "Vary": "Accept, Accept-Encoding",
    }


def matches(given: str, tag: str) -> bool:
    """Whether an `If-None-Match` header names a tag, or any with `*`."""
    if given.strip() == "*":
        return True
    return tag in re.findall(r'(?:W/)?("[^"]*")', given)


class _Enough(Exception):
    """The client needs no more of this answer."""


class Conditional:
    """Finishes ETags with the encoding, answers `If-None-Match` with 304, and HEAD without a body."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        answer = _Answer(send, Headers(scope=scope).get("if-none-match"), head=head)
        try:
            await self.app({**scope, "method": "GET"} if head else scope, receive, answer)
        except _Enough:
            pass


class _Answer:
    """Passes an answer on as far as the client needs it."""

    def __init__(self, send: Send, if_none_match: str | None, *, head: bool):
        self.send, self.if_none_match, self.head = send, if_none_match, head

    async def __call__(self, message: Message) -> None:
        if message["type"] != "http.response.start":
            await self.send(message)
            return
        headers = MutableHeaders(raw=list(message["headers"]))
        self._finish_tag(headers)
        fresh = message["status"] == 200 and "etag" in headers and self.if_none_match is not None
        if fresh and matches(self.if_none_match or "", headers["etag"]):
            kept = [(name, value) for name, value in headers.raw if _kept(name)]
            await self.send({**message, "status": 304, "headers": kept})
            await self._end()
        await self.send({**message, "headers": headers.raw})
        if self.head:
            await self._end()

    async def _end(self) -> None:
        await self.send({"type": "http.response.body", "body": b""})
        raise _Enough

    def _finish_tag(self, headers: MutableHeaders) -> None:
        if "etag" in headers:
            encoding = headers.get("content-encoding", "identity")
            headers["etag"] = f'{headers["etag"][:-1]}-{encoding}"'


def _kept(name: bytes) -> bool:
    return name.decode().lower() in KEPT or name.lower().startswith(b"access-control-")


