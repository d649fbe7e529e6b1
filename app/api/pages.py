"""Pages of a list: cursors, links and the envelope."""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.api.errors import Fault, invalid


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: the sort values of a record, and on which side of it."""

    values: tuple[Any, ...]
    backward: bool


def write_cursor(cursor: Cursor, context: str) -> str:
    """An opaque text that is good for one list in one order only; `context` tells which."""
    payload = orjson.dumps([*cursor.values, cursor.backward])
    return base64.urlsafe_b64encode(_seal(payload, context) + payload).decode().rstrip("=")


def read_cursor(text: str, context: str, length: int) -> Cursor:
    """The cursor that a text stands for; a Problem where it is none, or one of another list."""
    try:
        if len(text) > 4000:
            raise ValueError
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        seal, payload = raw[:9], raw[9:]
        if seal != _seal(payload, context) or base64.urlsafe_b64encode(raw).decode().rstrip("=") != text:
            raise ValueError
        *values, backward = orjson.loads(payload)
        if len(values) != length:
            raise ValueError
        return Cursor(tuple(values), backward)
    except (ValueError, binascii.Error):
        detail = "This cursor is damaged or belongs to another list or order: begin without one and follow links.next."
        raise invalid([Fault("cursor", "bad_cursor", detail, text)]) from None


def _seal(payload: bytes, context: str) -> bytes:
    return hashlib.blake2b(context.encode() + b"\0" + payload, digest_size=9).digest()


def url(path: str, query: str, **more: str | int | None) -> str:
    """A path with a canonical query and further parameters."""
    pairs = [query, *(f"{name}={value}" for name, value in more.items() if value is not None)]
    joined = "&".join(pair for pair in pairs if pair)
    return f"{path}?{joined}" if joined else path


def envelope(
    documents: Sequence[str],
    *,
    total: int,
    limit: int,
    revision: int,
    facets: Mapping[str, Any],
    links: Mapping[str, str | None],
    included: Mapping[str, Sequence[str]] | None = None,
    included_more: Mapping[str, str] | None = None,
) -> bytes:
    """A page as JSON; documents go in as they are stored."""
    meta = {"total": total, "total_is_exact": True, "limit": limit, "revision": revision, "facets": facets}
    parts = [b'{"data":[', ",".join(documents).encode(), b'],"meta":', orjson.dumps(meta)]
    if included is not None:
        brought = ",".join(f'"{name}":[{",".join(some)}]' for name, some in included.items())
        parts += [b',"included":{', brought.encode(), b'},"included_more":', orjson.dumps(included_more)]
    return b"".join([*parts, b',"links":', orjson.dumps(links), b"}"])
