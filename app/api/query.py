"""Parameters to SQL: the page of a list, its total and its facets, each compiled once for its shape."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Executable,
    Integer,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlmodel import col

from app.api.params import Ask
from app.api.where import Where
from app.core import index, search
from app.core.changes import Dataset
from app.core.db import Query, Reader
from app.core.declare import Catalog, Resource
from app.core.fields import table_of
from app.core.filters import Filter, Words
from app.core.record import Record

Shown = Literal["document", "id"]
"""What is read of the records of a list."""

SIZE = 2000
"""Shapes that are kept compiled."""


@dataclass(frozen=True)
class Key:
    """A column of an order."""

    column: Any
    down: bool
    nullable: bool


@lru_cache(SIZE)
def sort_keys(catalog: Catalog, resource: Resource, sort: tuple[tuple[str, bool], ...]) -> tuple[Key, ...]:
    """The columns that a list is ordered by; the id is always the last and breaks ties."""
    filters = catalog.filters(resource)
    names = list(sort) or [(name.removeprefix("-"), name.startswith("-")) for name in resource.sort.split(",")]
    keys = [
        Key(column, down, _nullable(column) and not filters[name].of_record)
        for name, down in names
        for column in filters[name].sorts
    ]
    if all(key.column is not resource.table.id for key in keys):
        keys.append(Key(resource.table.id, False, False))
    return tuple(keys)


def by_id(resource: Resource) -> tuple[Key, ...]:
    """The order of what a search finds, within one rank."""
    return (Key(resource.table.id, False, False),)


def _nullable(column: Any) -> bool:
    return bool(column.property.columns[0].nullable)


class Queries:
    """Compiles statements once for each shape of request, for the dialect of one reader."""

    def __init__(self, catalog: Catalog, reader: Reader):
        self.catalog, self.reader = catalog, reader
        self._compiled: OrderedDict[tuple[Any, ...], Query] = OrderedDict()

    def compiled(self, shape: tuple[Any, ...], build: Callable[[], Executable], *, heavy: bool = False) -> Query:
        """The query for a shape; where it is new, `build` makes its statement, and `heavy` says that it takes long."""
        query = self._compiled.get(shape)
        if query is None:
            query = self._compiled[shape] = Query(build(), self.reader.dialect, heavy=heavy)
            if len(self._compiled) > SIZE:
                self._compiled.popitem(last=False)
        else:
            self._compiled.move_to_end(shape)
        return query

    def page(
        self,
        ask: Ask,
        where: Where,
        keys: Sequence[Key],
        limit: int,
        after: Sequence[Any] | None,
        *,
        backward: bool,
        shown: Shown = "document",
    ) -> tuple[Query, dict[str, Any]]:
        """Revision, digest, then document (or id) and sort values of each record of a page, nearest to the cursor first."""
        nulls = None if after is None else tuple(value is None for value in after)
        shape = ("page", ask.resource.name, where.shape, ask.sort, nulls, backward, shown)
        query = self.compiled(shape, lambda: _page(ask.resource, where, keys, nulls, backward=backward, shown=shown))
        values: dict[str, Any] = {**where.values, "limit": limit}
        for position, value in enumerate(after or ()):
            values[f"after_{position}"] = value
        return query, values

    def found(
        self, words: Words, asked: search.Search, limit: int, after: str | None, *, backward: bool
    ) -> tuple[Query, dict[str, Any]]:
        """The same as `page` in the order of ids, where a search is all that is asked: from its index alone."""
        further, many, dialect = after is not None, asked.is_broad, self.reader.dialect.name
        query = self.compiled(
            ("found", further, backward, many),
            lambda: _found(dialect, further=further, backward=backward, many=many),
            heavy=many,  # just short enough to pass for a quick query, and one of several pieces of long work
        )
        fts5, tsquery, *_ = words.bind("", asked)
        return query, {"fts5": fts5, "tsquery": tsquery, "limit": limit, "after": after}

    def breadth(self, words: Words, asked: search.Search) -> tuple[Query, dict[str, Any]]:
        """How many answer a search, in all and of each rank; beyond `index.MANY` no more are counted."""
        questions = [words.bind("", replace(asked, rank=rank)) for rank in search.BREADTHS]
        values = {
            f"{name}_{i}": text
            for i, question in enumerate(questions)
            for name, text in zip(("fts5", "tsquery"), question, strict=False)
        }
        return self.compiled(("breadth",), _breadth), values

    def total(self, resource: Resource, where: Where) -> tuple[Query, dict[str, Any]]:
        """Revision and number of all records found."""
        query = self.compiled(("total", resource.name, where.shape), lambda: _total(resource, where))
        return query, where.values

    def facet(self, resource: Resource, entry: Filter, where: Where) -> tuple[Query, dict[str, Any]]:
        """Revision, then value, count and the title of a linked value, most frequent first."""
        shape = ("facet", resource.name, entry.name, where.shape)
        return self.compiled(shape, lambda: _facet(resource, entry, where)), where.values

    def explain(self, query: Query) -> Query:
        """The same query, asking for its plan."""
        explaining = object.__new__(Query)
        prefix = "EXPLAIN QUERY PLAN " if self.reader.dialect.name == "sqlite" else "EXPLAIN "
        explaining.sql, explaining.names = prefix + query.sql, query.names
        explaining.defaults, explaining.heavy = query.defaults, False
        return explaining


def source(resource: Resource, where: Where, *, common: bool) -> Any:
    """What is selected from: the resource's table, with what all records have in `common` where it is needed."""
    table = table_of(resource.table)
    if not resource.whole:
        return table
    if common or where.of_record:
        return table.join(table_of(Record), col(Record.id) == resource.table.id)
    return table


def condition(resource: Resource, where: Where) -> ColumnElement[bool]:
    """What records of the resource must meet."""
    return where.build() if resource.only is None else and_(resource.only, where.build())


def _page(
    resource: Resource,
    where: Where,
    keys: Sequence[Key],
    nulls: Sequence[bool] | None,
    *,
    backward: bool,
    shown: Shown,
) -> Executable:
    """The ids of a page first, and their documents then: sorting many rows must not carry documents along."""
    columns = [key.column.label(f"sort_{position}") for position, key in enumerate(keys)]
    by_record = any(key.column.table is table_of(Record) for key in keys)
    page = select(resource.table.id, *columns).select_from(source(resource, where, common=by_record))
    page = page.where(condition(resource, where))
    if nulls is not None:
        page = page.where(_beyond(keys, nulls, backward=backward))
    page = page.order_by(*_order([(key, key.column) for key in keys], backward=backward))
    found = page.limit(bindparam("limit", type_=Integer())).subquery("page")
    sorts = [found.c[f"sort_{position}"] for position in range(len(keys))]
    joined = table_of(Dataset).outerjoin(found, true())
    if shown == "document":
        joined = joined.outerjoin(table_of(Record), col(Record.id) == found.c.id)
    told = col(Record.document) if shown == "document" else found.c.id
    return (
        select(col(Dataset.revision), col(Dataset.digest), told, *sorts)
        .select_from(joined)
        .order_by(*_order(list(zip(keys, sorts, strict=True)), backward=backward))
    )


def _order(keys: Sequence[tuple[Key, Any]], *, backward: bool) -> list[Any]:
    """Ascending or descending, what has no value last; all of it turned round on the way back."""
    order = []
    for key, column in keys:
        if key.nullable:
            empty = case((column.is_(None), 1), else_=0)
            order.append(empty.desc() if backward else empty.asc())
        order.append(column.desc() if key.down is not backward else column.asc())
    return order


def _beyond(keys: Sequence[Key], nulls: Sequence[bool], *, backward: bool) -> ColumnElement[bool]:
    """Whether a record comes after the cursor's, or before it on the way back."""
    branches: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    for position, (key, null) in enumerate(zip(keys, nulls, strict=True)):
        column = key.column
        slot: Any = bindparam(f"after_{position}", type_=column.type)
        if null:
            further = column.is_not(None) if backward else None
            same_here = column.is_(None)
        else:
            further = column < slot if key.down is not backward else column > slot
            if key.nullable and not backward:
                further = or_(further, column.is_(None))
            same_here = column == slot
        if further is not None:
            branches.append(and_(*same, further))
        same.append(same_here)
    return or_(*branches)


def only_search(where: Where) -> bool:
    """Whether a condition is one search and nothing else."""
    return not where.inner and len(where.asked) == 1 and all(isinstance(entry, Words) for entry in where.asked)


def _found(dialect: str, *, further: bool, backward: bool, many: bool) -> Executable:
    found = index.bound(index.first(dialect, further=further, backward=backward, many=many))
    joined = table_of(Dataset).outerjoin(found, true()).outerjoin(table_of(Record), col(Record.id) == found.c.record)
    return (
        select(col(Dataset.revision), col(Dataset.digest), col(Record.document), found.c.record)
        .select_from(joined)
        .order_by(found.c.record.desc() if backward else found.c.record)
    )


def _breadth() -> Executable:
    return select(
        *(
            index.number(
                bindparam(f"fts5_{i}", type_=String()), bindparam(f"tsquery_{i}", type_=String()), index.MANY + 1
            )
            for i in range(len(search.BREADTHS))
        )
    )


def _total(resource: Resource, where: Where) -> Executable:
    if only_search(where):
        fts5, tsquery, *_ = (bindparam(name, type_=String()) for name in where.values)
        return select(col(Dataset.revision), index.number(fts5, tsquery))
    count = select(func.count()).select_from(source(resource, where, common=False)).where(condition(resource, where))
    return select(col(Dataset.revision), count.scalar_subquery())


def _facet(resource: Resource, entry: Filter, where: Where) -> Executable:
    """Each record counts once for each of its values; without a value it counts under null."""
    listed = entry.listed
    joined = source(resource, where, common=entry.of_record)
    if listed is None:
        value, count = entry.counted, func.count()
    else:
        joined = joined.outerjoin(listed.table, listed.owner == resource.table.id)
        value, count = listed.column, func.count(func.distinct(resource.table.id))
    counts = (
        select(value.label("value"), count.label("number"))
        .select_from(joined)
        .where(condition(resource, where))
        .group_by(value)
        .subquery("counts")
    )
    title: Any = literal(None)
    shown: Any = table_of(Dataset).outerjoin(counts, true())
    if entry.ids is not None:
        shown = shown.outerjoin(table_of(Record), col(Record.id) == counts.c.value)
        title = col(Record.title)
    empty = case((counts.c.value.is_(None), 1), else_=0)
    return (
        select(col(Dataset.revision), counts.c.value, cast(counts.c.number, Integer), title)
        .select_from(shown)
        .order_by(counts.c.number.desc(), empty, counts.c.value)
    )
