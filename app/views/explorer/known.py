"""Titles of linked records, and a record's values with their links as a template shows them."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, bindparam, select
from sqlmodel import col

from app.api.answers import Answers, Moved
from app.core.changes import Dataset
from app.core.declare import Composite, Resource, dates_of
from app.core.fields import Provenance, table_of
from app.core.record import Record, State
from app.resources import CATALOG
from app.views.explorer import wording
from app.views.explorer.pages import link, page_of

EVENTS = "status_events"
AS_OF = "_as_of"
"""Ends the name of a field that dates another one."""
SIZES = (1, 8, 60, 500)
"""Ids in one statement: few sizes, so that few statements are compiled."""


@dataclass(frozen=True)
class Value:
    """One value: its words, the page that it leads to, what stands beside it, and whose id it is."""

    text: str
    url: str | None = None
    more: str = ""
    id: str | None = None
    role: str | None = None


Titles = Mapping[str, tuple[str, str]]
"""For an id its resource and title."""


async def titles(source: Answers, ids: Iterable[str], revision: int) -> Titles:
    """What some records are called. Raises Moved where the dataset has another revision by now."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, tuple[str, str]] = {}
    while wanted:
        size = next((size for size in SIZES if size >= len(wanted)), SIZES[-1])
        some, wanted = wanted[:size], wanted[size:]
        query = source.queries.compiled(("titles", size), lambda size=size: _titles(size))  # type: ignore[misc]
        rows = await source.reader.fetch(query, {f"id_{i}": some[min(i, len(some) - 1)] for i in range(size)})
        if rows[0][0] != revision:
            raise Moved
        found |= {row[1]: (row[2], row[3] or row[1]) for row in rows if row[1] is not None}
    return found


def _titles(count: int) -> Any:
    records = table_of(Record)
    slots = [bindparam(f"id_{i}", type_=String()) for i in range(count)]
    on = records.c.id.in_(slots) & (records.c.state == State.live.value)
    joined = table_of(Dataset).outerjoin(records, on)
    return select(col(Dataset.revision), records.c.id, records.c.resource, records.c.title).select_from(joined)


def link_fields(resource: Resource) -> dict[str, str | None]:
    """The fields that hold ids of other records, with the key of the id where an item is an object."""
    found: dict[str, str | None] = {}
    for entry in CATALOG.links(resource):
        several = entry.listed
        found[several.field if several else entry.name] = several.key if several and several.attributes else None
    return found


def linked(resource: Resource, document: Mapping[str, Any]) -> Iterator[str]:
    """The ids of all records that a document names in its fields."""
    for name, key in link_fields(resource).items():
        value = document[name]
        for item in value if isinstance(value, list) else [value]:
            if item is not None:
                yield item[key] if key else item
    for event in document.get(EVENTS, ()):
        yield event["source"]


def values(resource: Resource, document: Mapping[str, Any], name: str, known: Titles) -> list[Value]:
    """What a field shows, one item for each of its values; none where it is empty."""
    value = document[name]
    if value is None or value in ([], {}):
        return []
    composite = resource.composite_by_main.get(name)
    links = link_fields(resource)
    if name in links:
        return [
            _link(item, links[name], known, composite, document)
            for item in (value if isinstance(value, list) else [value])
        ]
    if composite is not None:
        return [Value(wording.together(composite, document))]
    if isinstance(value, dict):
        return [Value(f"{wording.heading(key)} {text}") for key, text in value.items()]
    if isinstance(value, list):
        return [Value(_item(item)) for item in value]
    if isinstance(value, str) and value.startswith(("https://", "http://")):
        return [Value(value, value)]
    at = document.get(f"{name}{AS_OF}")
    return [Value(wording.plain(value), more=f"as of {wording.date(at)}" if at else "")]


def _item(item: Any) -> str:
    if isinstance(item, Mapping):
        return ", ".join(wording.plain(part) for part in item.values() if part is not None)
    return wording.plain(item)


def _link(item: Any, key: str | None, known: Titles, composite: Composite | None, document: Mapping[str, Any]) -> Value:
    id = item[key] if key else item
    resource, title = known.get(id, ("records", id))
    rest = {part: value for part, value in item.items() if part != key and value is not None} if key else {}
    rest |= {part: document[part] for part in (composite.parts if composite else ()) if document.get(part)}
    if rest.get("basis") == "stated":
        del rest["basis"]
    more = []
    for part, value in rest.items():
        text = known[value][1] if value in known else wording.plain(value)
        more.append(wording.words(value) if part in ("role", "basis", "kind") else f"{wording.words(part)} {text}")
    return Value(title, link(resource, id), ", ".join(more), id, rest.get("role"))


def summary(
    resource: Resource, document: Mapping[str, Any], known: Titles, most: int, without: Container[str]
) -> list[tuple[str, list[Value]]]:
    """The most telling facts of a record, for a line in a list."""
    found: list[tuple[str, list[Value]]] = []
    for name in sorted(shown_fields(resource), key=lambda name: _weight(resource, name)):
        if name in without:
            continue
        some = values(resource, document, name, known)
        if some and len(some[0].text) < 80:
            found.append((wording.heading(name), some))
        if len(found) == most:
            break
    return found


def shown_fields(resource: Resource) -> list[str]:
    """A resource's own fields that are shown, each with what belongs to it."""
    own = resource.own_fields
    return [
        name
        for name in own
        if (name not in resource.parts or name in resource.composite_by_main)
        and not (name.endswith(AS_OF) and name.removesuffix(AS_OF) in own)
        and name != EVENTS
    ]


def _weight(resource: Resource, name: str) -> int:
    """Where a field stands in a line: what, when and how much before under what; what is worked out last."""
    if name in resource.links and name not in resource.composite_by_main:
        return 3
    if resource.has_evidence and resource.provenance(name) is Provenance.derived:
        return 2 if f"{name}{AS_OF}" in resource.own_fields else 5
    if name in resource.composite_by_main or name in dates_of(resource.table):
        return 1
    return 1 if name == "kind" else 2 if name in resource.lists else 4


def titled(document: Mapping[str, Any], known: Titles) -> str:
    """What a record is called; a statement by whom it is about and what it says."""
    if title := document.get("title"):
        return str(title)
    subject, object = (known.get(id, ("", id))[1] for id in (document["subject"], document["object"]))
    value, unit = document["value"], document["unit"]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    said = object or (wording.measured(value, unit) if number else wording.plain(value))
    field = wording.words(document["field"]) if document["field"] else None
    return f"{subject}: {field}, {said}" if field else f"{subject} as a whole"


def row(
    resource: Resource, document: Mapping[str, Any], known: Titles, most: int = 6, without: Container[str] = ()
) -> dict[str, Any]:
    """A record as it stands in a list; `without` are the fields that say the same in all of it."""
    return {
        "title": titled(document, known),
        "url": page_of(document["url"]),
        "resource": resource.name,
        "summary": document.get("summary") or document.get("note"),
        "acronym": document.get("acronym"),
        "disputed": bool(document.get("disputed")),
        "facts": summary(resource, document, known, most, without),
    }
