"""Looks up what a value names: an id, an alias of one, or a word that some record really has."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, bindparam, func, literal, select, union_all
from sqlmodel import col

from app.api.errors import Fault, near, question
from app.api.logic import Wanted
from app.core.changes import Dataset
from app.core.db import Query, Reader
from app.core.declare import ANY, Catalog
from app.core.fields import table_of
from app.core.filters import Parameter
from app.core.record import Name, Record, State
from app.core.values import fold

MOST_CANDIDATES = 2000
"""Ids among which a mistyped one is sought."""
MOST_ALLOWED = 50
"""Ids that an error lists as allowed."""


@dataclass(frozen=True)
class Named:
    """What a text names: one id, several where an alias is shared, none where it is unknown."""

    ids: tuple[str, ...]


class Lookup:
    """Remembers what texts name, as of one revision."""

    SIZE = 10_000

    def __init__(self, catalog: Catalog, reader: Reader):
        self.catalog, self.reader = catalog, reader
        self._revision = -1
        self._known: OrderedDict[tuple[str, str], Named] = OrderedDict()
        self._queries: dict[Any, Query] = {}

    def _query(self, key: Any, statement: Any) -> Query:
        if key not in self._queries:
            self._queries[key] = Query(statement, self.reader.dialect)
        return self._queries[key]

    def of_revision(self, revision: int) -> bool:
        """Whether what is remembered belongs to a revision; forgets it otherwise."""
        if revision != self._revision:
            self._known.clear()
            self._revision = revision
            return False
        return True

    async def name(self, tables: Sequence[str], text: str) -> Named:
        """What a text names among the records of some tables: its id, else whose alias, acronym or symbol it is."""
        key = (",".join(tables), text)
        if (known := self._known.get(key)) is not None:
            return known
        records = table_of(Record).c
        exact = select(literal(0).label("rank"), records.id, records.resource).where(
            records.id == bindparam("text", type_=String()), records.state == State.live.value
        )
        alias = (
            select(literal(1), records.id, records.resource)
            .join(Name, col(Name.record) == records.id)
            .where(col(Name.folded) == bindparam("folded", type_=String()))
        )
        found = union_all(exact, alias).subquery()
        revision = select(Dataset.revision).scalar_subquery()  # type: ignore[call-overload]
        statement = (
            select(revision, found.c.rank, found.c.id, found.c.resource)
            .select_from(Dataset)
            .join(found, literal(1) == literal(1), isouter=True)
            .order_by(found.c.rank, found.c.id)
        )
        rows = await self.reader.fetch(self._query("name", statement), {"text": text, "folded": fold(text)})
        self.of_revision(rows[0][0])
        allowed = {self.catalog.by_table[table].name for table in tables if table != ANY}
        matches = [(rank, id) for _, rank, id, resource in rows if id and (not allowed or resource in allowed)]
        best = matches[0][0] if matches else None
        return self._remember(key, Named(tuple(dict.fromkeys(id for rank, id in matches if rank == best))))

    def _remember(self, key: tuple[str, str], named: Named) -> Named:
        # What names no record, or several, is an error before any page tells that there is a newer revision.
        if len(named.ids) == 1:
            self._known[key] = named
        if len(self._known) > self.SIZE:
            self._known.popitem(last=False)
        return named

    async def candidates(self, tables: Sequence[str], text: str) -> list[str]:
        """Ids among which a mistyped one may be: all where they are few, else those that begin alike."""
        records = table_of(Record).c
        names = [self.catalog.by_table[table].name for table in tables if table != ANY]
        statement = select(records.id).where(records.state == State.live.value).order_by(records.id)
        if names:
            statement = statement.where(records.resource.in_(names))
        else:
            statement = statement.where(records.resource != "statements")
        for start in ("", text[:2].lower()):
            query = self._query(
                (*names, bool(start)),
                (
                    statement.where(func.substr(records.id, 1, 2) == bindparam("start", type_=String()))
                    if start
                    else statement
                ).limit(MOST_CANDIDATES + 1),
            )
            rows = await self.reader.fetch(query, {"start": start})
            if len(rows) <= MOST_CANDIDATES:
                return [id for (id,) in rows]
        return [id for (id,) in rows]

    async def resolve(self, wanted: Wanted) -> tuple[Wanted, list[Fault]]:
        """The ids that the values of a link name, and the values that name none, or several."""
        parameter = wanted.parameter
        if parameter.ids is not None:
            return await self._resolve_ids(wanted, parameter.ids)
        if parameter.column is not None:
            return wanted, await self._check_words(wanted)
        return wanted, []

    async def _resolve_ids(self, wanted: Wanted, tables: Sequence[str]) -> tuple[Wanted, list[Fault]]:
        ids: list[str] = []
        faults: list[Fault] = []
        name = wanted.parameter.name
        for text in wanted.values:
            named = await self.name(tables, text)
            if len(named.ids) == 1:
                ids.append(named.ids[0])
            elif named.ids:
                detail = f"{name}: {text[:60]} may be any of {', '.join(named.ids[:5])}."
                faults.append(Fault(name, "ambiguous", detail, text, allowed=named.ids, did_you_mean=named.ids[:3]))
            else:
                faults.append(await self._unknown(name, tables, text))
        ids = list(dict.fromkeys(ids))
        return Wanted(wanted.parameter, tuple(ids), tuple(ids)), faults

    async def _unknown(self, name: str, tables: Sequence[str], text: str) -> Fault:
        known = await self.candidates(tables, text)
        meant = near(text, known)
        kinds = [self.catalog.by_table[table].name for table in tables if table != ANY]
        return Fault(
            name,
            "unknown_id",
            f"{name}: there is no {text[:60]}{' among the ' + ' or '.join(kinds) if kinds else ''}.{question(meant)}",
            text,
            allowed=known if len(known) <= MOST_ALLOWED else (),
            did_you_mean=meant,
            see=f"/v1/{kinds[0]}" if kinds else "/v1/records",
        )

    async def _check_words(self, wanted: Wanted) -> list[Fault]:
        """A word that no record has finds nothing: it is an error rather than an empty list."""
        parameter = wanted.parameter
        faults = []
        for text in wanted.values:
            key = (f"word {parameter.column}", text)
            if key in self._known:
                if self._known[key].ids:
                    continue
            else:
                query = self._query(key[0], _has_word(parameter))
                rows = await self.reader.fetch(query, {"text": text})
                self.of_revision(rows[0][0])
                self._remember(key, Named((text,) if rows[0][1] else ()))
                if rows[0][1]:
                    continue
            faults.append(await self._unknown_word(parameter, text))
        return faults

    async def _unknown_word(self, parameter: Parameter, text: str) -> Fault:
        column: Any = parameter.column
        query = self._query(
            f"words {column}",
            select(column).where(column.is_not(None)).distinct().order_by(column).limit(MOST_CANDIDATES),
        )
        words = [word for (word,) in await self.reader.fetch(query, {})]
        meant = near(text, words) or [word for word in words if fold(word) == fold(text)]
        name = parameter.filter.name
        return Fault(
            parameter.name,
            "unknown_value",
            f"{parameter.name}: no record has the {name} {text[:60]}.{question(meant)}",
            text,
            allowed=words if len(words) <= MOST_ALLOWED else (),
            did_you_mean=meant,
        )


def _has_word(parameter: Parameter) -> Any:
    column: Any = parameter.column
    revision = select(Dataset.revision).scalar_subquery()  # type: ignore[call-overload]
    here = select(literal(1)).where(column == bindparam("text", type_=String())).limit(1).exists()
    return select(revision, here)
