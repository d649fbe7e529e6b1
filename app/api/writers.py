"""Files of records, written piece by piece from the stored documents."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from app.api.citing import About, bibtex
from app.core.declare import Resource


class Writer:
    """Writes the records of a resource, or some of their keys, as a file; a file says itself what it is `about`."""

    def __init__(self, resource: Resource, keys: Sequence[str], about: About | None = None):
        self.resource, self.keys, self.about = resource, tuple(keys), about

    def head(self) -> bytes:
        """What stands before the first record."""
        return b""

    def some(self, documents: Iterable[str]) -> bytes:
        """Some records; a writer may keep them back for a while."""
        raise NotImplementedError

    def tail(self) -> bytes:
        """What stands after the last record."""
        return b""

    def close(self) -> None:
        """Called when nothing more will be written, whole or not."""


class Ndjson(Writer):
    """One JSON document a line."""

    def some(self, documents: Iterable[str]) -> bytes:
        if self.keys == self.resource.keys and self.resource.whole:
            return "".join(f"{document}\n" for document in documents).encode()
        return b"".join(shaped(document, self.keys) + b"\n" for document in documents)


class Csv(Writer):
    """A table: lists joined by `;`, what a spreadsheet would run as a formula defused by a leading `'`."""

    def head(self) -> bytes:
        return _lines([self.keys])

    def some(self, documents: Iterable[str]) -> bytes:
        rows = (orjson.loads(document) for document in documents)
        return _lines([cell(row[key]) for key in self.keys] for row in rows)


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


class Citation(Writer):
    """What the result is rather than its records, as BibTeX."""

    def head(self) -> bytes:
        return bibtex(self.about).encode() if self.about else b""


FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What text begins with that a spreadsheet would run."""


def cell(value: Any) -> Any:
    """A value as it stands in one cell of a table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, int | float):
        return value
    text = flat(value)
    return f"'{text}" if text.startswith(FORMULA) else text


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
