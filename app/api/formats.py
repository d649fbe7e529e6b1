"""Formats of a list besides JSON, each written record by record from the stored documents."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.core.declare import Resource

Write = Callable[[Resource, Sequence[str], Iterable[str]], Iterator[bytes]]
"""Pieces of a file for records of a resource: the keys that are wanted, and their documents."""


@dataclass(frozen=True)
class Format:
    """A media type, by the name that `format=` takes."""

    name: str
    media_type: str
    words: str
    extension: str
    write: "type[Writer] | None" = None
    """What writes a whole result; null for JSON, which has pages."""

    @property
    def content_type(self) -> str:
        """With the character set, where it is text."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


class Writer:
    """Writes a file piece by piece."""

    def __init__(self, resource: Resource, keys: Sequence[str]):
        self.resource, self.keys = resource, keys

    def head(self) -> bytes:
        """What stands before the first record."""
        return b""

    def some(self, documents: Iterable[str]) -> bytes:
        """Some records."""
        raise NotImplementedError


class Ndjson(Writer):
    """One JSON document a line."""

    def some(self, documents: Iterable[str]) -> bytes:
        if self.keys == self.resource.keys and self.resource.whole:
            return "".join(f"{document}\n" for document in documents).encode()
        return b"".join(shaped(document, self.keys) + b"\n" for document in documents)


class Csv(Writer):
    """A table: lists joined by `;`, what a spreadsheet would run as a formula defused by a leading `'`."""

    def head(self) -> bytes:
        return _line(self.keys)

    def some(self, documents: Iterable[str]) -> bytes:
        rows = (orjson.loads(document) for document in documents)
        return b"".join(_line([cell(row[key]) for key in self.keys]) for row in rows)


def _line(cells: Sequence[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().encode()


def cell(value: Any) -> Any:
    """A value as it stands in one cell of a table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, int | float):
        return value
    text = flat(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def flat(value: Any, separator: str = ";") -> str:
    """A value as text: a list joined by `;`, an object by `:` without what is empty."""
    if isinstance(value, list):
        return separator.join(flat(item, ",") for item in value)
    if isinstance(value, Mapping):
        return ":".join(flat(item, ",") for item in value.values() if item not in (None, [], {}))
    return "" if value is None else str(value)


def shaped(document: str, keys: Sequence[str]) -> bytes:
    """A document with only some of its keys."""
    values = orjson.loads(document)
    return orjson.dumps({key: values[key] for key in keys})


FORMATS: Mapping[str, Format] = {
    made.name: made
    for made in (
        Format("json", "application/json", "pages of records with totals and links", "json"),
        Format("ndjson", "application/x-ndjson", "one record a line, the whole result", "ndjson", Ndjson),
        Format("csv", "text/csv", "a table, the whole result; lists joined by `;`", "csv", Csv),
    )
}
"""Every format, by name."""

JSON = FORMATS["json"]


class NotAcceptable(Exception):
    """No format that we have is acceptable."""


def negotiate(accept: str | None) -> Format:
    """The format that an `Accept` header asks for first. Raises NotAcceptable; ValueError where it is over-long."""
    if not accept:
        return JSON
    if len(accept) > 1000:
        raise ValueError("Accept is longer than 1,000 characters")
    ranges = []
    for position, part in enumerate(accept.split(",")):
        media, *parameters = (word.strip().lower() for word in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        ranges.append((-quality, position, media))
    for negative, _, media in sorted(ranges):
        if negative < 0:
            for made in FORMATS.values():
                if media in (made.media_type, "*/*", f"{made.media_type.partition('/')[0]}/*"):
                    return made
    raise NotAcceptable
