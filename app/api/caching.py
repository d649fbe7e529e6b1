"""Answers that are kept: by clients, told by revision and ETag, and by this process, in front of everything else.

A kept answer is good for exactly the revision that it was made from. Each request asks the database whether that
is still the one, so that no byte of an older revision is sent after a commit by this process or any other.
"""

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlmodel import col
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import __version__
from app.core.changes import Dataset
from app.core.db import Query, Reader, Unavailable


def cache_control(stale_seconds: int = 0) -> str:
    """Keep it, but ask each time whether it is still good, which costs a 304.

    Ask before it is handed out; for `stale_seconds` it may be handed out while asking.
    """
    asking = f"max-age=0, stale-while-revalidate={stale_seconds}" if stale_seconds else "no-cache"
    return f"public, {asking}, stale-if-error=86400"


VARY = "Accept, Accept-Encoding"
STALE = (b"warning", b'110 - "Response is Stale"')
"""Header of an answer that could not be checked, the database being away."""
OVERHEAD = 1500
"""Bytes that an answer takes besides its own: the objects that headers, keys and names are made of."""
LARGEST_SHARE = 8
"""An answer that would take more than this part of the whole room is not kept."""
UNCHANGED = frozenset({b"etag", b"cache-control", b"vary", b"dataset-revision", b"link", b"date"})
"""Headers of a 304."""

Raw = list[tuple[bytes, bytes]]


def validators(revision: int, digest: str, key: str) -> dict[str, str]:
    """Headers of an answer that depends on the dataset and on what was asked, `key`, alone.

    `Cache` adds the tag's encoding, and what the operator says of `Cache-Control`. The digest tells apart datasets
    that have the same revision by chance, the version programs that answer differently.
    """
    told = hashlib.blake2b(f"{__version__}\0{digest}\0{key}".encode(), digest_size=8).hexdigest()
    return {
        "ETag": f'"{revision}-{told}"',
        "Dataset-Revision": str(revision),
        "Cache-Control": cache_control(),
        "Vary": VARY,
    }


def matches(given: bytes, tag: bytes) -> bool:
    """Whether an `If-None-Match` header names a tag, or any with `*`."""
    return given == tag or given.strip() == b"*" or tag in re.findall(rb'(?:W/)?("[^"]*")', given)


def canonical(query: bytes, joined: frozenset[bytes]) -> bytes:
    """A query string in one order; values of the names in `joined` may be repeated or in one list."""
    pairs: dict[bytes, list[bytes]] = {}
    for piece in query.split(b"&"):
        if piece:
            name, _, value = piece.partition(b"=")
            pairs.setdefault(name, []).append(value)
    made = []
    for name in sorted(pairs):
        values = pairs[name]
        made += [name + b"=" + b",".join(values)] if name in joined else [name + b"=" + value for value in values]
    return b"&".join(made)


@dataclass(slots=True)
class Kept:
    """An answer, ready to be sent."""

    revision: int
    tag: bytes
    headers: Raw
    few: Raw
    """The headers of a 304."""
    body: bytes
    route: str | None = None
    rows: int | None = None
    names: list[tuple[Any, ...]] = field(default_factory=list)
    """The requests, as they were written, that it answers."""

    @property
    def size(self) -> int:
        """Bytes that it takes, roughly."""
        return len(self.body) + sum(len(name) + len(value) for name, value in self.headers) + OVERHEAD


@dataclass(slots=True)
class Counts:
    """What the cache has seen."""

    hits: int = 0
    misses: int = 0
    unchanged: int = 0
    stale: int = 0
    evictions: int = 0
    bytes: int = 0


@dataclass(slots=True)
class _Request:
    """What of a request decides its answer."""

    path: bytes
    query: bytes
    accept: bytes = b""
    encoding: bytes = b""
    if_none_match: bytes | None = None
    least: bytes | None = None
    ranged: bool = False

    @property
    def name(self) -> tuple[Any, ...]:
        """The request as it was written."""
        return (self.path, self.query, self.accept, self.encoding)


def _request(scope: Scope) -> _Request:
    made = _Request(scope.get("raw_path") or scope["path"].encode(), scope["query_string"])
    for name, value in scope["headers"]:
        if name == b"accept":
            made.accept = value
        elif name == b"accept-encoding":
            made.encoding = value
        elif name == b"if-none-match":
            made.if_none_match = value
        elif name == b"dataset-revision":
            made.least = value
        elif name == b"range":
            made.ranged = True
    return made


class Revisions:
    """The revision of the dataset now, at the cost of looking whether anything was written."""

    def __init__(self, reader: Reader):
        self.reader = reader
        self._token: Any = None
        self._revision = -1
        self._query: Query | None = None

    @property
    def last(self) -> int:
        """The revision that was last seen; -1 before the first."""
        return self._revision

    async def current(self) -> int:
        """The revision that the next statement would see. Raises Unavailable."""
        token = await self.reader.version()
        if token != self._token:
            if self._query is None:
                self._query = Query(select(col(Dataset.revision)), self.reader.dialect)
            ((revision,),) = await self.reader.fetch(self._query, {})
            self._token, self._revision = token, revision
        return self._revision


class Cache:
    """Keeps answers in front of an application, finishes ETags, and answers `If-None-Match` and HEAD."""

    def __init__(self, app: ASGIApp, reader: Reader, room: int, joined: Iterable[str] = (), *, stale_seconds: int = 0):
        self.app, self.room = app, room
        self.control = cache_control(stale_seconds).encode()
        self.revisions = Revisions(reader)
        self.joined = frozenset(name.encode() for name in joined)
        self.counts = Counts()
        self._kept: OrderedDict[tuple[Any, ...], Kept] = OrderedDict()
        self._keys: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        self._making: dict[tuple[Any, ...], asyncio.Event] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = _request(scope)
        if self.room and not request.ranged:
            key = self._keys.get(request.name)
            found = self._kept.get(key) if key is not None else None
            if found is not None and key is not None:
                # Before anything is waited for: what is kept may have to make room for others meanwhile.
                self._kept.move_to_end(key)
                stale = False
                try:
                    good = found.revision == await self.revisions.current()
                except Unavailable:
                    good = stale = True
                if good and (request.least is None or _at_least(found.revision, request.least)):
                    await self._send(found, request, scope, send, stale=stale)
                    return
        await self._make(request, scope, receive, send)

    async def _send(self, kept: Kept, request: _Request, scope: Scope, send: Send, *, stale: bool = False) -> None:
        more = [STALE] if stale else []
        scope["state"].update(cache="stale" if stale else "hit", route=kept.route, rows=kept.rows)
        self.counts.hits += 1
        self.counts.stale += stale
        if request.if_none_match is not None and matches(request.if_none_match, kept.tag):
            self.counts.unchanged += 1
            await send({"type": "http.response.start", "status": 304, "headers": kept.few + more})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": 200, "headers": kept.headers + more})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else kept.body})

    async def _make(self, request: _Request, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the application answer; one of several that ask the same at once does, the others wait for it."""
        key = self._key(request)
        if self.room and request.least is None and not request.ranged:
            if (making := self._making.get(key)) is not None:
                await making.wait()
            kept = self._kept.get(key)
            if kept is not None:
                self._name(kept, key, request)
                if await self._good(kept):
                    await self._send(kept, request, scope, send)
                    return
        done = self._making.setdefault(key, asyncio.Event())
        self.counts.misses += 1
        # A copy: the server must go on seeing HEAD, the application need not know of it.
        inner = {**scope, "method": "GET"}
        answer = _Answer(self, key, request, inner, send, head=scope["method"] == "HEAD")
        try:
            await self.app(inner, receive, answer)
        except _Enough:
            pass
        finally:
            state = scope["state"]
            state.setdefault("cache", "miss")
            state.setdefault("route", getattr(inner.get("route"), "path", None))
            done.set()
            if self._making.get(key) is done:
                del self._making[key]

    async def _good(self, kept: Kept) -> bool:
        try:
            return kept.revision == await self.revisions.current()
        except Unavailable:
            return False

    def _key(self, request: _Request) -> tuple[Any, ...]:
        return (request.path, canonical(request.query, self.joined), request.accept, request.encoding)

    def _name(self, kept: Kept, key: tuple[Any, ...], request: _Request) -> None:
        if request.name not in self._keys and len(kept.names) < 20:
            kept.names.append(request.name)
            self._keys[request.name] = key

    def keep(self, key: tuple[Any, ...], request: _Request, kept: Kept) -> None:
        """Keep an answer; the least recently used ones make room."""
        if kept.size > self.room // LARGEST_SHARE:
            return
        self._drop(key)
        self._kept[key] = kept
        self.counts.bytes += kept.size
        self._name(kept, key, request)
        while self.counts.bytes > self.room:
            self.counts.evictions += 1
            self._drop(next(iter(self._kept)))

    def gauges(self) -> dict[str, tuple[str, float]]:
        """The counts of the moment, for metrics."""
        counts = self.counts
        return {
            "cache_hits": ("Answers that were kept.", counts.hits),
            "cache_misses": ("Answers that had to be made.", counts.misses),
            "cache_unchanged": ("Answers 304 among the hits.", counts.unchanged),
            "cache_stale": ("Kept answers sent while the database was away.", counts.stale),
            "cache_evictions": ("Answers that made room.", counts.evictions),
            "cache_bytes": ("Bytes that kept answers take.", counts.bytes),
            "revision": ("Revision of the dataset that was last seen.", self.revisions.last),
        }

    def _drop(self, key: tuple[Any, ...]) -> None:
        if (old := self._kept.pop(key, None)) is not None:
            self.counts.bytes -= old.size
            for name in old.names:
                self._keys.pop(name, None)


def _at_least(revision: int, least: bytes) -> bool:
    return least.isdigit() and len(least) < 16 and revision >= int(least)


def _few(headers: Raw) -> Raw:
    return [pair for pair in headers if pair[0] in UNCHANGED]


class _Enough(Exception):
    """The client needs no more of this answer."""


class _Answer:
    """Passes an answer on as far as the client needs it, and keeps it where it can be kept."""

    def __init__(self, cache: Cache, key: tuple[Any, ...], request: _Request, scope: Scope, send: Send, *, head: bool):
        self.cache, self.key, self.request, self.scope, self.send = cache, key, request, scope, send
        self.head = head
        self.start: Message | None = None
        self.kept: Kept | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self.kept is not None and self.start is not None:
            await self._whole(message)
        elif message["type"] == "http.response.body":
            await self.send(message)

    async def _begin(self, message: Message) -> None:
        headers = message["headers"]
        given = dict(headers)
        tag = given.get(b"etag", b"")
        if tag:
            tag = b'%b-%b"' % (tag[:-1], given.get(b"content-encoding", b"identity"))
            final = {b"etag": tag, b"vary": VARY.encode()}
            if b"dataset-revision" in given:
                final[b"cache-control"] = self.cache.control
            headers = [(name, final.get(name, value)) for name, value in headers]
        elif b"vary" not in given and given.get(b"cache-control", b"").startswith(b"public"):
            # Whether it comes compressed or not: who gets it from a cache may have asked otherwise.
            headers = [*headers, (b"vary", b"Accept-Encoding")]
        self.start = {**message, "headers": headers}
        told = message["status"] == 200 and tag != b""
        if told and b"dataset-revision" in given:
            self.kept = Kept(int(given[b"dataset-revision"]), tag, headers, _few(headers), b"")
            return
        if told and self.request.if_none_match is not None and matches(self.request.if_none_match, tag):
            await self._unchanged()
        await self.send(self.start)
        if self.head:
            await self._end()

    async def _whole(self, message: Message) -> None:
        """The first piece of an answer that could be kept: it is, if it is the only one and came uncut."""
        assert self.kept is not None and self.start is not None
        kept, start, self.kept = self.kept, self.start, None
        if not message.get("more_body") and self.cache.room and not self.request.ranged:
            kept.body = message.get("body", b"")
            state = self.scope["state"]
            kept.route, kept.rows = (
                state.get("route") or getattr(self.scope.get("route"), "path", None),
                state.get("rows"),
            )
            self.cache.keep(self.key, self.request, kept)
        if self.request.if_none_match is not None and matches(self.request.if_none_match, kept.tag):
            await self._unchanged()
        await self.send(start)
        if self.head:
            await self._end()
        await self.send(message)

    async def _unchanged(self) -> None:
        assert self.start is not None
        await self.send({"type": "http.response.start", "status": 304, "headers": _few(self.start["headers"])})
        await self._end()

    async def _end(self) -> None:
        await self.send({"type": "http.response.body", "body": b""})
        raise _Enough
