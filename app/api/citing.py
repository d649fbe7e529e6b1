"""How a result is cited: the permanent address of a query, and its description in words and as BibTeX."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

LICENSE = {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"}
"""Of the data."""
AUTHOR = "Initiatives API"

_SHOWING = frozenset({"cursor", "facet", "fields", "format", "include", "limit"})
"""Parameters that change how a result is shown, not what is in it."""


def permanent(url: str) -> str:
    """The address of a whole result, whatever page, fields and format of it a URL shows."""
    path, _, query = url.partition("?")
    kept = "&".join(pair for pair in query.split("&") if pair.partition("=")[0] not in _SHOWING)
    return f"{path}?{kept}" if kept else path


@dataclass(frozen=True)
class About:
    """What a result is: enough to cite it, and to get it again."""

    title: str
    url: str
    """Its permanent address; absolute where the public address is known."""
    revision: int
    at: str
    """Instant of that revision."""
    note: str = ""

    def rows(self) -> Mapping[str, str]:
        """As names and values."""
        return {
            "title": self.title,
            "query": self.url,
            "revision": str(self.revision),
            "date": self.at[:10],
            "license": f"{LICENSE['name']}, {LICENSE['url']}",
            "publisher": AUTHOR,
            **({"note": self.note} if self.note else {}),
        }


def titled(name: str, url: str) -> str:
    """A title for a query: the plural name of what is listed, and what was asked of it."""
    _, _, query = permanent(url).partition("?")
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    asked = [(unquote(key), unquote(value)) for key, _, value in pairs]
    where = ", ".join(f"{key} = {value}" for key, value in asked if key != "sort")
    order = "".join(f", in the order {value}" for key, value in asked if key == "sort")
    return f"{name.capitalize()}{f' where {where}' if where else ''}{order}"


def bibtex(about: About) -> str:
    """A BibTeX entry; its key is the same for the same result of the same revision."""
    word = re.sub(r"[^a-z0-9]+", "-", about.url.partition("?")[0].rpartition("/")[2].lower()).strip("-")
    key = f"{word}-r{about.revision}-{hashlib.blake2b(about.url.encode(), digest_size=3).hexdigest()}"
    note = f"Revision {about.revision} of the dataset, licensed under {LICENSE['name']}"
    fields = {
        "title": f"{{{_tex(about.title)}}}",
        "author": f"{{{_tex(AUTHOR)}}}",
        "year": about.at[:4],
        "month": str(int(about.at[5:7])),
        "date": about.at[:10],
        "version": str(about.revision),
        "url": about.url,
        "note": _tex(f"{note}. {about.note}".strip()),
    }
    return "\n".join(["@misc{" + key + ",", *_entry(fields), "}", ""])


def _entry(fields: Mapping[str, str]) -> Iterator[str]:
    width = max(map(len, fields))
    for name, value in fields.items():
        yield f"  {name.ljust(width)} = {{{value}}},"


_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}
_TEX |= {c: f"\\{c}" for c in "&%$#_{}"}


def _tex(text: str) -> str:
    return "".join(_TEX.get(c, c) for c in text)
