"""Composes what records will show from drafts of them, and says everything that is wrong with the drafts."""

import re
from collections import ChainMap, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from app.core.declare import ANY, Catalog, Resource, Values
from app.core.documents import shown
from app.core.fields import Provenance
from app.core.filters import Linked
from app.core.provenance import Source, StatementRow
from app.core.values import SLUG, strongest

RESERVED = {"aggregate", "facets", "history", "search"}
"""Words that stand where an id could, besides the resources' names."""


@dataclass
class Draft:
    """Everything that is to be known of one record: our words, and what sources say."""

    resource: Resource
    id: str
    own: Values = field(default_factory=dict)
    """Ours and reference fields, by public name, with `reference` for the id of their dataset."""
    statements: list[StatementRow] = field(default_factory=list)
    answers: dict[str, list[Values]] = field(default_factory=dict)
    """For a statement's id: the statements that it answers, `{id, kind}`."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field of a draft."""

    record: str
    field: str | None
    message: str
    statement: str | None = None


Known = Mapping[str, str]
"""Ids of live records outside a changeset, with the name of their resource."""


def compose(
    catalog: Catalog, drafts: Sequence[Draft], known: Known, stored: Callable[[str], Values]
) -> tuple[dict[str, Values], list[Fault]]:
    """What each record will show, and everything that is wrong with the drafts.

    `known` are the records outside the drafts that may be linked to, `stored` gives what one of them shows.
    """
    composer = _Composer(catalog, drafts, known, stored)
    for draft in drafts:
        composer.values_of(draft.id)
    return composer.composed, [*_identity_faults(catalog, drafts), *composer.faults]


class _Composer:
    """Composes drafts as they are needed: one may be derived from another, whatever their order."""

    def __init__(self, catalog: Catalog, drafts: Sequence[Draft], known: Known, stored: Callable[[str], Values]):
        self.catalog, self.known, self.stored = catalog, known, stored
        self.waiting = {draft.id: draft for draft in drafts}
        self.composed: dict[str, Values] = {}
        self.faults: list[Fault] = []
        self.kinds = {draft.id: str(draft.own.get("kind")) for draft in drafts if draft.resource.table is Source}
        given = {draft.id: draft.resource.name for draft in drafts}
        given |= {statement.id: "statements" for draft in drafts for statement in draft.statements}
        self.ids: Known = ChainMap(given, known)  # type: ignore[arg-type]

    def values_of(self, id: str) -> Values:
        """What a record shows, in the changeset or outside; empty where there is none."""
        if id in self.waiting:
            self._compose(self.waiting.pop(id))
        if id in self.composed:
            return self.composed[id]
        return self.stored(id) if id in self.known else defaultdict(lambda: None)

    def _compose(self, draft: Draft) -> None:
        for source in {statement.source for statement in draft.statements} - self.kinds.keys():
            if source in self.known:
                self.kinds[source] = str(self.stored(source)["kind"])
        unknown = [statement for statement in draft.statements if statement.source not in self.kinds]
        if unknown:
            self.faults += [Fault(draft.id, None, f"there is no source {s.source}", s.id) for s in unknown]
            return
        values = self.composed[draft.id] = _values(draft, self.kinds)
        try:
            if draft.resource.derive:
                draft.resource.derive(values, draft.statements, self.values_of)
        except ValueError as error:
            self.faults.append(Fault(draft.id, None, str(error)))
            return
        self.faults += _value_faults(self.catalog, draft, values, self.ids)


def _identity_faults(catalog: Catalog, drafts: Sequence[Draft]) -> Iterator[Fault]:
    taken: set[str] = set()
    for draft in drafts:
        if not re.fullmatch(SLUG, draft.id) or len(draft.id) > 120:
            yield Fault(draft.id, "id", "an id is made of a-z, 0-9 and single hyphens, 120 at most")
        if draft.id in RESERVED or draft.id in catalog.by_name:
            yield Fault(draft.id, "id", f"{draft.id} is a reserved word")
        for id in (draft.id, *(statement.id for statement in draft.statements)):
            if id in taken:
                yield Fault(draft.id, "id", f"{id} is taken by another record")
            taken.add(id)


def _values(draft: Draft, kinds: Mapping[str, str]) -> Values:
    """Our fields, and for each said field what its shown statements say."""
    resource = draft.resource
    values: Values = {name: value for name, value in draft.own.items() if name != "reference"}
    fields: dict[str, list[StatementRow]] = defaultdict(list)
    for statement in draft.statements:
        if statement.cited and resource.provenance(statement.cited) is not Provenance.derived:
            fields[statement.cited].append(statement)
    for name, statements in fields.items():
        behind = shown(statements, kinds)
        if not behind:
            continue
        if name in resource.lists:
            values[name] = _items(resource, name, behind)
        elif name in resource.links:
            values[name] = behind[0].object
        else:
            values[name] = behind[0].value
        values |= behind[0].parts or {} if name not in resource.lists else {}
    return values


def _items(resource: Resource, name: str, statements: Iterable[StatementRow]) -> list[Any]:
    """The items of a list, once each; a link that several statements carry shows the strongest basis."""
    several = resource.lists[name]
    attributes = {column.name for column in several.attributes}
    items: dict[Any, Any] = {}
    for statement in statements:
        main = statement.object if isinstance(several, Linked) else statement.value
        if not attributes:
            items[main] = main
            continue
        item = {several.key: main, **dict.fromkeys(attributes), **(statement.parts or {})}
        key = (main, item.get("role"))
        if "basis" in attributes:
            item["basis"] = strongest(statement.basis, items.get(key, {}).get("basis", statement.basis))
        items[key] = {**items.get(key, {}), **item}
    return list(items.values())


def _value_faults(catalog: Catalog, draft: Draft, values: Values, ids: Known) -> Iterator[Fault]:
    resource = draft.resource
    for name in draft.own:
        if name == "reference":
            continue
        if name not in resource.keys or name in ("id", "resource", "url"):
            yield Fault(draft.id, name, f"{resource.name} have no field {name}")
        elif resource.provenance(name) is Provenance.said:
            yield Fault(draft.id, name, f"{name} is what a source says: it needs a statement")
        elif resource.provenance(name) is Provenance.derived:
            yield Fault(draft.id, name, f"{name} is worked out, it cannot be given")
    document = dict.fromkeys(resource.keys) | {name: [] for name in resource.lists}
    document |= {"aliases": [], "identifiers": {}, "not_exhaustive": [], "citations": [], "disputed": []}
    document |= values | {"id": draft.id, "resource": resource.name, "url": resource.url(draft.id)}
    try:
        read = resource.read.model_validate({key: document[key] for key in resource.keys})
        values |= {
            name: value
            for name, value in read.model_dump(mode="json").items()
            if name in values or document[name] is None
        }
    except ValidationError as error:
        for found in error.errors():
            where = str(found["loc"][0]) if found["loc"] else None
            problem = (
                "is missing" if where and document.get(where) is None else found["msg"].removeprefix("Value error, ")
            )
            items: Any = document[where] if where in resource.lists else None
            item = items[found["loc"][1]] if items and len(found["loc"]) > 1 else None
            yield Fault(draft.id, where, f"{where} {problem}", _statement_of(draft, where, item))
    for link in catalog.links(resource):
        name = link.listed.field if link.listed else link.name
        for item in (values.get(name) or []) if link.listed else [values.get(name)]:
            yield from _link_faults(catalog, draft, name, link, item, ids)
    for statement in draft.statements:
        for id in (statement.subject, statement.object):
            if id is not None and id not in ids:
                yield Fault(draft.id, statement.field, f"there is no record {id}", statement.id)
        for answer in draft.answers.get(statement.id, ()):
            if ids.get(answer["id"]) != "statements":
                yield Fault(draft.id, statement.field, f"there is no statement {answer['id']}", statement.id)


def _statement_of(draft: Draft, name: str | None, item: Any) -> str | None:
    """The first statement that makes an item of a field, or a link."""
    several = draft.resource.lists.get(name or "")
    linked = item.get(several.key) if several and isinstance(item, dict) else item
    found = (s.id for s in draft.statements if s.cited == name and s.object is not None and s.object == linked)
    return next(found, None)


def _link_faults(catalog: Catalog, draft: Draft, name: str, link: Linked, item: Any, ids: Known) -> Iterator[Fault]:
    id = item[link.listed.key] if link.listed and isinstance(item, dict) else item
    statement = _statement_of(draft, name, item)
    if id is None or id not in ids:
        if id is not None and statement is None:
            yield Fault(draft.id, name, f"{name}: there is no record {id}")
        return
    table = link.ids[0] if link.ids else ANY
    if table != ANY and catalog.by_table[table].name != ids[id]:
        problem = f"{name}: {id} is one of the {ids[id]}, not of the {catalog.by_table[table].name}"
        yield Fault(draft.id, name, problem, statement)
