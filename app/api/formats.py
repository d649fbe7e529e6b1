"""Formats of a list: their names, media types and writers, and which of them a request asks for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from app.api.tables import Parquet, Xlsx
from app.api.writers import Citation, Csv, Ndjson, Writer


@dataclass(frozen=True)
class Format:
    """A media type, by the name that `format=` takes."""

    name: str
    media_type: str
    words: str
    extension: str
    write: type[Writer] | None = None
    """What writes a whole result; null for JSON, which has pages."""
    library: str | None = None
    """A module that it cannot do without, and that not every installation has."""
    is_text: bool = True
    """Whether compressing it on the way is worth while."""

    @property
    def content_type(self) -> str:
        """With the character set, where it is text."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type

    @property
    def missing(self) -> str | None:
        """What to do before it can be had, where something is missing."""
        if self.library is None or find_spec(self.library) is not None:
            return None
        return f"{self.name} is not installed here: whoever runs this server adds it with `pip install initiatives-api[{EXTRA}]`."


EXTRA = "parquet"
"""The extra that brings the libraries of all formats."""


FORMATS: Mapping[str, Format] = {
    made.name: made
    for made in (
        Format("json", "application/json", "pages of records with totals and links", "json"),
        Format("ndjson", "application/x-ndjson", "one record a line, the whole result", "ndjson", Ndjson),
        Format("csv", "text/csv", "a table, the whole result; lists joined by `;`", "csv", Csv),
        Format(
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "a spreadsheet, the whole result; lists joined by `;`",
            "xlsx",
            Xlsx,
            is_text=False,
        ),
        Format(
            "parquet",
            "application/vnd.apache.parquet",
            "columns with types, the whole result; lists stay lists",
            "parquet",
            Parquet,
            library="pyarrow",
            is_text=False,
        ),
        Format("bibtex", "application/x-bibtex", "how to cite the result", "bib", Citation),
    )
}
"""Every format, by name."""

JSON, CSV, BIBTEX = FORMATS["json"], FORMATS["csv"], FORMATS["bibtex"]
GRAPHML = Format("graphml", "application/graphml+xml", "a graph for network tools", "graphml", Writer)


class NotAcceptable(Exception):
    """No format that we have is acceptable."""


def negotiate(accept: str | None, among: Iterable[Format]) -> Format:
    """The format that an `Accept` header asks for first. Raises NotAcceptable; ValueError where it is over-long."""
    known = tuple(among)
    if not accept:
        return known[0]
    if len(accept) > 1000:
        raise ValueError("Accept is longer than 1,000 characters")
    ranges: dict[str, tuple[float, int]] = {}
    for position, part in enumerate(accept.split(",")):
        media, *parameters = (word.strip().lower() for word in part.split(";"))
        ranges.setdefault(media, (_quality(parameters), position))
    best: tuple[float, int, Format] | None = None
    for made in known:
        # The most specific range says how welcome a format is.
        names = (made.media_type, f"{made.media_type.partition('/')[0]}/*", "*/*")
        quality, position = next((ranges[name] for name in names if name in ranges), (0.0, 0))
        if quality > 0 and (best is None or (quality, -position) > best[:2]):
            best = (quality, -position, made)
    if best is not None:
        return best[2]
    raise NotAcceptable


def _quality(parameters: Iterable[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0
