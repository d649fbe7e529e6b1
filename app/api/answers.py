"""Answers questions about any resource from one database: pages, facets, linked records, single records."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import orjson
from sqlalchemy import String, bindparam, select, true
from sqlmodel import col

from app.api.errors import Fault, invalid
from app.api.logic import Group, Wanted
from app.api.lookup import Lookup
from app.api.pages import Cursor, read_cursor, url, write_cursor
from app.api.params import DEFAULT_LIMIT, Ask, Reading, canonical
from app.api.query import Key, Queries, Shown, by_id, only_search, sort_keys
from app.api.where import Where
from app.core.changes import Dataset
from app.core.db import Query, Reader, Row, Unavailable
from app.core.declare import Catalog, Relative, Resource
from app.core.fields import table_of
from app.core.filters import Filter, Words
from app.core.index import MANY
from app.core.record import Record, State
from app.core.search import BREADTHS, RANKS, Search

MOST_INCLUDED = 100
CHUNK = 500
"""Records read at a time for a download."""
CHUNK_SEARCHED = 10_000
"""The same for a search, which is made anew for each."""
TRIES = 20
"""How often a question is asked again where a writer came between its statements."""


Outcome = TypeVar("Outcome")


class Moved(Exception):
    """The dataset got a new revision between two statements of one answer."""


async def give_way() -> None:
    """Let others go first: the first turn takes in what has arrived, the second answers it."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def settled(attempt: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """What an attempt gives, made again where a writer comes between its statements. Raises Moved where one always does."""
    for _ in range(TRIES - 1):
        with suppress(Moved):
            return await attempt()
    return await attempt()


@dataclass
class Page:
    """One page of a list, as of one revision."""

    documents: list[str]
    total: int
    limit: int
    revision: int
    digest: str
    links: dict[str, str | None]
    facets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    included: dict[str, list[str]] | None = None
    included_more: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What an id stands for, as of one revision; `resource` is null where it never stood for anything."""

    revision: int
    digest: str
    resource: str | None
    state: str | None
    merged_into: str | None
    document: str | None


@dataclass
class Question:
    """A request for a list, ready to be asked."""

    ask: Ask
    where: Where
    """What is counted."""
    paging: Where
    """The same for reading in an order, until there are enough."""
    keys: tuple[Key, ...]
    query: str
    """The canonical query string, without limit and cursor."""
    ranked: Wanted | None = None
    """The search that orders the list, by rank and then by the keys."""

    @property
    def width(self) -> int:
        """How many values tell a record's place in the list."""
        return len(self.keys) + (self.ranked is not None)

    @property
    def is_by_id(self) -> bool:
        """Whether the list is in the order of ids, and the whole list of its resource, too."""
        return self.ranked is None and len(self.keys) == 1 and not self.keys[0].down and self.ask.resource.sort == "id"

    @property
    def context(self) -> str:
        """What a cursor of this list belongs to: its filters and order, in whatever shape it is shown."""
        ask = replace(self.ask, fields=None, include=(), facet=(), format=None)
        return f"{ask.resource.name}?{canonical(ask)}"


class Answers:
    """One database, asked in the words of a catalog."""

    SUMMARIES, LARGEST_SUMMARY = 10_000, 200
    """Totals and facets that are remembered, and rows that one of them may have."""

    def __init__(self, catalog: Catalog, reader: Reader):
        self.catalog, self.reader = catalog, reader
        self.queries = Queries(catalog, reader)
        self.lookup = Lookup(catalog, reader)
        self._summaries: OrderedDict[tuple[Any, ...], Sequence[Row]] = OrderedDict()

    async def question(self, reading: Reading) -> Question:
        """What is asked, with ids for aliases. Raises a Problem that names every fault."""
        faults = list(reading.faults)
        try:
            wanted = [await self._resolved(one, faults) for one in reading.ask.wanted]
            groups = tuple([await self._resolved_group(group, faults) for group in reading.ask.groups])
            measured = [await self._measured(one) for one in wanted] if not faults else []
        except Unavailable:
            if faults:
                raise invalid(faults) from None
            raise
        if faults:
            raise invalid(faults)
        for some in (wanted, measured):
            some.sort(key=lambda one: one.parameter.name)
        ask = replace(reading.ask, wanted=measured, groups=groups)
        searches = (one for one in measured if isinstance(one.parameter.filter, Words))
        ranked = None if ask.sort else next(searches, None)
        keys = by_id(ask.resource) if ranked else sort_keys(ask.catalog, ask.resource, ask.sort)
        paging = Where.of(measured, groups)
        counting = paging if self.reader.dialect.name == "sqlite" else Where.of(wanted, groups)
        return Question(ask, counting, paging, keys, canonical(ask), ranked)

    async def _measured(self, wanted: Wanted) -> Wanted:
        """A search with the ranks of which there are many: those are found in another way than few."""
        words = wanted.parameter.filter
        if not isinstance(words, Words):
            return wanted
        (asked,) = wanted.values
        (numbers,) = await self.reader.fetch(*self.queries.breadth(words, asked))
        many = frozenset(rank for rank, number in zip(BREADTHS, numbers, strict=True) if number > MANY)
        return replace(wanted, values=(replace(asked, many=many),))

    async def _resolved(self, wanted: Wanted, faults: list[Fault]) -> Wanted:
        resolved, found = await self.lookup.resolve(wanted)
        faults += found
        return resolved

    async def _resolved_group(self, group: Group, faults: list[Fault]) -> Group:
        parts = [
            await (self._resolved(part, faults) if isinstance(part, Wanted) else self._resolved_group(part, faults))
            for part in group.parts
        ]
        return replace(group, parts=tuple(parts))

    async def page(self, reading: Reading, path: str) -> Page:
        """A page with its total, facets and linked records, all of one revision."""

        async def attempt() -> Page:
            return await self._page(await self.question(reading), path)

        return await settled(attempt)

    async def _page(self, question: Question, path: str) -> Page:
        ask = question.ask
        limit = ask.limit or DEFAULT_LIMIT
        cursor = self.cursor(question)
        backward = cursor is not None and cursor.backward
        rows = await self.rows(question, limit + 1, cursor)
        revision, digest = rows[0][0], rows[0][1]
        self._same(revision, self.lookup)
        found = [row for row in rows if row[2] is not None]
        more = len(found) > limit
        shown = found[:limit][::-1] if backward else found[:limit]
        page = Page([row[2] for row in shown], 0, limit, revision, digest, {})
        page.total = await self.total(question.ask.resource, question.where, revision)
        page.links = self._links(
            question, path, shown, before=more if backward else cursor is not None, after=backward or more
        )
        for name in ask.facet:
            page.facets[name] = await self.facet(question, path, name, revision)
        if ask.include:
            await self._include(page, ask)
        return page

    def cursor(self, question: Question) -> Cursor | None:
        """The cursor that was given. Raises a Problem where it is none of this list."""
        if question.ask.cursor is None:
            return None
        cursor = read_cursor(question.ask.cursor, question.context, question.width)
        if question.ranked and cursor.values[0] not in RANKS:
            raise invalid(
                [Fault("cursor", "bad_cursor", "This cursor belongs to no place of this list.", question.ask.cursor)]
            )
        return cursor

    async def rows(
        self, question: Question, limit: int, cursor: Cursor | None, shown: Shown = "document"
    ) -> Sequence[Row]:
        """Revision, digest, document (or id) and sort values of the records next to a cursor; one row of nulls for none."""
        backward = cursor is not None and cursor.backward
        if question.ranked is not None:
            return await self._ranked(
                question, question.ranked, limit, cursor.values if cursor else None, backward=backward
            )
        query, values = self.queries.page(
            question.ask,
            question.paging,
            question.keys,
            limit,
            cursor.values if cursor else None,
            backward=backward,
            shown=shown,
        )
        return await self.reader.fetch(query, values)

    async def _ranked(
        self, question: Question, ranked: Wanted, limit: int, at: Sequence[Any] | None, *, backward: bool
    ) -> Sequence[Row]:
        """The same for a list in the order of a search: rank after rank, until there are enough."""
        (asked,) = ranked.values
        rows: list[Row] = []
        seen: Row | None = None
        for rank in RANKS[::-1] if backward else RANKS:
            if at is not None and (rank > at[0] if backward else rank < at[0]):
                continue
            after = at[1:] if at is not None and rank == at[0] else None
            some = await self._of_rank(
                question, ranked, replace(asked, rank=rank), limit - len(rows), after, backward=backward
            )
            if seen is not None and some[0][0] != seen[0]:
                raise Moved
            seen = some[0]
            rows += [(*row[:3], rank, *row[3:]) for row in some if row[2] is not None]
            await give_way()
            if len(rows) >= limit:
                break
        assert seen is not None
        return rows or [(*seen[:2], None, None, None)]

    async def _of_rank(
        self,
        question: Question,
        ranked: Wanted,
        asked: Search,
        limit: int,
        after: Sequence[Any] | None,
        *,
        backward: bool,
    ) -> Sequence[Row]:
        words = ranked.parameter.filter
        if only_search(question.where) and isinstance(words, Words):
            return await self.reader.fetch(
                *self.queries.found(words, asked, limit, after[0] if after else None, backward=backward)
            )
        wanted = [replace(one, values=(asked,)) if one is ranked else one for one in question.ask.wanted]
        where = Where.of(wanted, question.ask.groups)
        return await self.reader.fetch(
            *self.queries.page(question.ask, where, question.keys, limit, after, backward=backward)
        )

    def _same(self, revision: int, lookup: Lookup) -> None:
        """Aliases were looked up in the revision that is read."""
        if not lookup.of_revision(revision):
            raise Moved

    async def chunks(self, question: Question, shown: Shown = "document") -> AsyncIterator[tuple[int, str, list[str]]]:
        """Revision, digest and documents (or ids) of a whole result, some records at a time.

        Only of what `is_by_id` there are ids. Raises Moved where a writer comes between: a download is of one revision or breaks off.
        """
        cursor = self.cursor(question)
        left = question.ask.limit
        first: int | None = None
        most = CHUNK if question.ranked is None else CHUNK_SEARCHED
        while True:
            size = min(most, left) if left is not None else most
            rows = await self.rows(question, size, cursor, shown)
            if first is not None and rows[0][0] != first:
                raise Moved
            first = rows[0][0]
            found = [row for row in rows if row[2] is not None]
            yield rows[0][0], rows[0][1], [row[2] for row in found]
            left = None if left is None else left - len(found)
            if len(found) < size or left == 0:
                return
            cursor = Cursor(tuple(found[-1][3:]), backward=False)

    def _links(
        self, question: Question, path: str, shown: Sequence[Row], *, before: bool, after: bool
    ) -> dict[str, str | None]:
        def to(row: Row, *, backward: bool) -> str:
            text = write_cursor(Cursor(tuple(row[3:]), backward), question.context)
            return url(path, question.query, limit=question.ask.limit, cursor=text)

        return {
            "self": url(path, question.query, limit=question.ask.limit, cursor=question.ask.cursor),
            "next": to(shown[-1], backward=False) if after and shown else None,
            "prev": to(shown[0], backward=True) if before and shown else None,
        }

    async def total(self, resource: Resource, where: Where, revision: int) -> int:
        """How many records are found. Raises Moved where the dataset has another revision by now."""
        rows = await self._summary(revision, (resource.name, where.key), lambda: self.queries.total(resource, where))
        return int(rows[0][1])

    async def _summary(
        self, revision: int, of: tuple[Any, ...], ask: Callable[[], tuple[Query, dict[str, Any]]]
    ) -> Sequence[Row]:
        """What was counted over a whole list: once for each revision, and remembered.

        Raises Moved where the dataset has another revision by now.
        """
        key = (revision, *of)
        rows = self._summaries.get(key)
        if rows is None:
            rows = await self.reader.fetch(*ask())
            if rows[0][0] != revision:
                raise Moved
            if len(rows) <= self.LARGEST_SUMMARY:
                self._summaries[key] = rows
            if len(self._summaries) > self.SUMMARIES:
                self._summaries.popitem(last=False)
        return rows

    async def facet(self, question: Question, path: str, name: str, revision: int) -> list[dict[str, Any]]:
        """How many records have each value of a field, that field's own filters lifted."""
        entry = question.ask.catalog.filters(question.ask.resource)[name]
        resource, where = question.ask.resource, question.where.without(entry)
        rows = await self._summary(
            revision, (resource.name, where.key, name), lambda: self.queries.facet(resource, entry, where)
        )
        mine = [wanted for wanted in question.ask.wanted if wanted.parameter.filter is entry]
        chosen = {value for wanted in mine if wanted.parameter.operator == "" for value in wanted.values}
        empty = any(wanted.parameter.operator == "isnull" and wanted.values == (True,) for wanted in mine)
        return [
            {
                "value": value if value is None or isinstance(value, str) else bool(value),
                "label": _label(value, title),
                "count": count,
                "selected": empty if value is None else value in chosen,
                "url": self._toggled(question.ask, path, entry, value, chosen),
            }
            for _, value, count, title in rows
            if count is not None
        ]

    def _toggled(self, ask: Ask, path: str, entry: Filter, value: Any, chosen: set[Any]) -> str:
        """The same list with one value of a filter added or taken away."""
        parameters = ask.catalog.parameters(ask.resource)
        others = [wanted for wanted in ask.wanted if wanted.parameter.filter is not entry]
        texts: tuple[str, ...]
        if value is None:
            texts, parameter = ("true",), parameters.get(f"{entry.name}__isnull")
        else:
            texts = tuple(sorted(_word(one) for one in chosen ^ {value}))
            parameter = parameters[entry.name]
        if texts and parameter is not None:
            others.append(Wanted(parameter, texts, texts))
        return url(path, canonical(replace(ask, wanted=others)), limit=ask.limit)

    async def _include(self, page: Page, ask: Ask) -> None:
        page.included = {}
        records = [orjson.loads(document) for document in page.documents]
        relatives = ask.catalog.relatives(ask.resource)
        for name in ask.include:
            relative = relatives[name]
            fetch = self._linking if relative.reverse else self._linked
            revision, documents, more = await fetch(relative, records)
            if revision is not None and revision != page.revision:
                raise Moved
            page.included[name] = documents
            if more:
                page.included_more[name] = more

    async def _linked(
        self, relative: Relative, records: Sequence[Mapping[str, Any]]
    ) -> tuple[int | None, list[str], str | None]:
        """The records that some records name in a field."""
        ids: dict[str, None] = {}
        for record in records:
            value = record[relative.name]
            for item in value if isinstance(value, list) else [value]:
                if item is not None:
                    ids[item["id"] if isinstance(item, dict) else item] = None
        if not ids:
            return None, [], None
        first = list(ids)[:MOST_INCLUDED]
        query = self.queries.compiled(("documents", len(first)), lambda: _documents(len(first)))
        rows = await self.reader.fetch(query, {f"id_{i}": id for i, id in enumerate(first)})
        more = None
        if len(ids) > MOST_INCLUDED:
            base = f"/v1/{relative.resource.name}" if relative.resource else "/v1/records"
            more = url(base, "", id=",".join(list(ids)[:200]))
        return rows[0][0], [row[1] for row in rows if row[1] is not None], more

    async def _linking(
        self, relative: Relative, records: Sequence[Mapping[str, Any]]
    ) -> tuple[int | None, list[str], str | None]:
        """The records of another resource that name some records."""
        assert relative.resource is not None
        ids = [record["id"] for record in records][:200]
        if not ids:
            return None, [], None
        shape = ("linking", relative.resource.name, relative.link.name, len(ids))
        query = self.queries.compiled(shape, lambda: _linking(relative, len(ids)))
        rows = await self.reader.fetch(query, {f"id_{i}": id for i, id in enumerate(ids)})
        documents = [row[1] for row in rows if row[1] is not None]
        more = None
        if len(documents) > MOST_INCLUDED:
            more = url(f"/v1/{relative.resource.name}", "", **{relative.link.name: ",".join(ids)})
        return rows[0][0], documents[:MOST_INCLUDED], more

    async def include(self, page: Page, ask: Ask) -> Page:
        """Bring linked records to a page that holds a single record."""
        await self._include(page, ask)
        return page

    async def record(self, id: str) -> Found:
        """What an id stands for."""
        query = self.queries.compiled(("record",), _record)
        ((revision, digest, *rest),) = await self.reader.fetch(query, {"id": id})
        self.lookup.of_revision(revision)
        return Found(revision, digest, *rest)

    async def dataset(self) -> tuple[int, str, str]:
        """Revision, digest and instant of the last change."""
        query = self.queries.compiled(("dataset",), lambda: select(Dataset.revision, Dataset.digest, Dataset.at))  # type: ignore[call-overload]
        ((revision, digest, at),) = await self.reader.fetch(query, {})
        return revision, digest, at


def _word(value: Any) -> str:
    """A value of a filter as it is typed."""
    return value if isinstance(value, str) else "true" if value else "false"


def _label(value: Any, title: str | None) -> str:
    if value is None:
        return "none"
    if title is not None:
        return title
    return value.replace("_", " ") if isinstance(value, str) else "yes" if value else "no"


def _record() -> Any:
    records = table_of(Record)
    return select(
        col(Dataset.revision),
        col(Dataset.digest),
        *(records.c[name] for name in ("resource", "state", "merged_into", "document")),
    ).select_from(table_of(Dataset).outerjoin(records, records.c.id == bindparam("id", type_=String())))


def _slots(count: int) -> list[Any]:
    return [bindparam(f"id_{i}", type_=String()) for i in range(count)]


def _documents(count: int) -> Any:
    records = table_of(Record)
    on = records.c.id.in_(_slots(count)) & (records.c.state == State.live.value)
    joined = table_of(Dataset).outerjoin(records, on)
    return select(col(Dataset.revision), records.c.document).select_from(joined).order_by(records.c.id)


def _linking(relative: Relative, count: int) -> Any:
    resource, link = relative.resource, relative.link
    assert resource is not None
    records = table_of(Record)
    owner = select(link.owner).where(link.column.in_(_slots(count)))
    found = (
        select(records.c.id, records.c.document)
        .where(records.c.id.in_(owner))
        .order_by(records.c.id)
        .limit(MOST_INCLUDED + 1)
        .subquery()
    )
    return (
        select(col(Dataset.revision), found.c.document)
        .select_from(table_of(Dataset).outerjoin(found, true()))
        .order_by(found.c.id)
    )
