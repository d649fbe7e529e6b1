"""Files of records, written piece by piece from the stored documents."""

import re
from collections.abc import Iterable, Sequence
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

    def some(self, documents: Sequence[str]) -> bytes:
        """Some records; a writer may keep them back for a while."""
        raise NotImplementedError

    def tail(self) -> bytes:
        """What stands after the last record."""
        return b""

    def close(self) -> None:
        """Called when nothing more will be written, whole or not."""


class Ndjson(Writer):
    """One JSON document a line."""

    def some(self, documents: Sequence[str]) -> bytes:
        if self.keys == self.resource.keys and self.resource.whole:
            return "".join(f"{document}\n" for document in documents).encode()
        return b"".join(shaped(document, self.keys) + b"\n" for document in documents)


class Csv(Writer):
    """A table: lists joined by `;`, what a spreadsheet would run as a formula defused by a leading `'`."""

    def head(self) -> bytes:
        return _lines([self.keys])

    def some(self, documents: Sequence[str]) -> bytes:
        records = [orjson.loads(document) for document in documents]
        columns = [_cells([record[key] for record in records]) for key in self.keys]
        return _lines(zip(*columns, strict=True))


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    return "".join([f"{','.join(row)}\r\n" for row in rows]).encode()


def _cells(values: Sequence[Any]) -> Sequence[str]:
    """The cells of a column: most columns hold nothing, or text of which all stands as it is."""
    kinds = set(map(type, values))
    if kinds <= _MAYBE_EMPTY and not any(values):
        return [""] * len(values)
    if kinds & _NUMBERS:
        return ["" if value is None else cell(value) for value in values]
    texts = [value if type(value) is str else flat(value) if value else "" for value in values]
    # Looked at in one piece, in which each value follows a line break.
    joined = "\n".join(("", *texts))
    if joined.count("\n") > len(texts) or _must_be_quoted(joined) or _FORMULA.search(joined):
        return [cell(text) for text in texts]
    return texts


_MAYBE_EMPTY = {list, dict, type(None)}
_NUMBERS = {int, float, bool}


def _must_be_quoted(text: str) -> bool:
    return "," in text or '"' in text or "\r" in text


class Citation(Writer):
    """What the result is rather than its records, as BibTeX."""

    def head(self) -> bytes:
        return bibtex(self.about).encode() if self.about else b""


FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What text begins with that a spreadsheet would run."""
_FORMULA = re.compile(f"\n[{re.escape(''.join(FORMULA))}]")


def cell(value: Any) -> str:
    """A value as it stands in one cell of a table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = flat(value)
    if isinstance(value, (int, float)):
        return text
    if text.startswith(FORMULA):
        text = f"'{text}"
    if "\n" in text or _must_be_quoted(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def flat(value: Any, separator: str = ";") -> str:
    """A value as text: a list joined by `;`, an object by `:` without what is empty."""
    if isinstance(value, list):
        return separator.join([item if type(item) is str else flat(item, ",") for item in value])
    if isinstance(value, dict):
        filled = [item for item in value.values() if item or item not in (None, [], {})]
        return flat(filled, ":")
    return "" if value is None else str(value)


def shaped(document: str, keys: Sequence[str]) -> bytes:
    """A document with only some of its keys."""
    values = orjson.loads(document)
    return orjson.dumps({key: values[key] for key in keys})
