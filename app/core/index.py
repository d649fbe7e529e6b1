"""The search index of each database: made, kept in step with documents, and asked.

PostgreSQL has a row with a tsvector for each record. SQLite has a row of FTS5 whose number is the record's place among
all records in the order of their ids: FTS5 gives matches by number, so the first page of many is there at once.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TextClause,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    table,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import NullType
from sqlmodel import Field, SQLModel, col

from app.core.db import Characters
from app.core.fields import reference_to, table_of
from app.core.record import Record
from app.core.search import Declarations, row, searched, starts, tsvector

MANY = 2000
"""More matches than this are looked for among the records in order, fewer are looked up and then ordered."""
HIGHEST = 2**62
"""Above every place."""
ROOM = 2**10
"""Between two places, at least, where places are given anew."""
STEP = 2**36
"""Between two places behind the last one."""

CREATE = {
    "sqlite": (
        "CREATE VIRTUAL TABLE search_index USING fts5(tokens, tokenize = \"ascii tokenchars '#=~|'\")",
        "CREATE TABLE search_place (place INTEGER NOT NULL PRIMARY KEY, record VARCHAR NOT NULL UNIQUE)",
    ),
    "postgresql": (
        'CREATE TABLE search_index (record VARCHAR COLLATE "C" NOT NULL CONSTRAINT pk_search_index PRIMARY KEY, '
        "tokens TSVECTOR NOT NULL)",
        "CREATE INDEX ix_search_index_tokens ON search_index USING gin (tokens)",
    ),
}
DROP = {
    "sqlite": ("DROP TABLE search_index", "DROP TABLE search_place"),
    "postgresql": ("DROP TABLE search_index",),
}
INDEX = table("search_index")
PLACES = Table("search_place", MetaData(), Column("place", BigInteger, primary_key=True), Column("record", Characters))


class Start(SQLModel, table=True):
    """Where a name or a title can be begun to be typed: from its start or from a word of it."""

    __tablename__ = "search_start"
    __table_args__ = (Index(None, "record"),)

    rank: int = Field(primary_key=True, sa_type=Integer)
    """0 for a name, 1 for a title."""
    key: str = Field(primary_key=True, sa_type=Characters)
    record: str = Field(primary_key=True, sa_type=Characters, sa_column_args=[reference_to(Record)])


class Matches(GenericFunction[Any]):
    """Whether a row of the index answers a question, given as FTS5 and as PostgreSQL take it.

    Of no type: SQLite would be asked for `MATCH ? = 1`, which it does not take.
    """

    type = NullType()
    inherit_cache = True


@compiles(Matches, "sqlite")
def _match(element: Any, compiler: Any, **options: Any) -> str:
    fts5, _ = element.clauses
    return f"search_index MATCH {compiler.process(fts5, **options)}"


@compiles(Matches, "postgresql")
def _at_at(element: Any, compiler: Any, **options: Any) -> str:
    _, tsquery = element.clauses
    return f"search_index.tokens @@ CAST({compiler.process(tsquery, **options)} AS TSQUERY)"


class AmongFew(GenericFunction[Any]):
    """Whether the record with an id answers a question that few do: they are looked up first."""

    type = NullType()
    inherit_cache = True


class AmongMany(GenericFunction[Any]):
    """The same for a question that many answer: the records at hand are tested one by one."""

    type = NullType()
    inherit_cache = True


def _written(element: Any, compiler: Any, place: int, options: dict[str, Any]) -> tuple[str, str]:
    """The id and the question as SQL; what is written must be used, so the other question is not."""
    parts = list(element.clauses)
    return compiler.process(parts[0], **options), compiler.process(parts[place], **options)


@compiles(AmongFew, "sqlite")
def _few_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    record, fts5 = _written(element, compiler, 1, options)
    return (
        f"{record} IN (SELECT search_place.record FROM search_index CROSS JOIN search_place "  # noqa: S608
        f"ON search_place.place = search_index.rowid WHERE search_index MATCH {fts5})"
    )


@compiles(AmongFew, "postgresql")
def _few_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    # OFFSET keeps the planner from walking all records in order in the hope of meeting one of the few soon.
    record, tsquery = _written(element, compiler, 2, options)
    return (
        f"{record} IN (SELECT search_index.record FROM search_index "  # noqa: S608
        f"WHERE search_index.tokens @@ CAST({tsquery} AS TSQUERY) OFFSET 0)"
    )


@compiles(AmongMany, "sqlite")
def _many_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    record, fts5 = _written(element, compiler, 1, options)
    return (
        f"(SELECT search_place.place FROM search_place WHERE search_place.record = {record}) "  # noqa: S608
        f"IN (SELECT search_index.rowid FROM search_index WHERE search_index MATCH {fts5})"
    )


@compiles(AmongMany, "postgresql")
def _many_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    record, tsquery = _written(element, compiler, 2, options)
    return (
        f"(SELECT search_index.tokens @@ CAST({tsquery} AS TSQUERY) "  # noqa: S608
        f"FROM search_index WHERE search_index.record = {record})"
    )


def among(record: Any, slots: Sequence[Any]) -> Any:
    """Whether a record, by the column of its id, answers a question; a third slot says that many do."""
    return AmongMany(record, *slots[:2]) if len(slots) > 2 else AmongFew(record, *slots)


def number(fts5: Any, tsquery: Any, most: int | None = None) -> Any:
    """How many records answer a question; no more are counted than `most`."""
    if most is None:
        return select(func.count()).select_from(INDEX).where(Matches(fts5, tsquery)).scalar_subquery()
    some = select(literal(1)).select_from(INDEX).where(Matches(fts5, tsquery)).limit(most).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def first(dialect: str, *, further: bool, backward: bool, many: bool) -> TextClause:
    """The ids of what answers a question, in their order; bound are fts5 or tsquery, limit and, with `further`, after."""
    sign, order = ("<", "DESC") if backward else (">", "ASC")
    if dialect == "sqlite":
        near, end, turned = (">=", HIGHEST, "ASC") if backward else ("<=", 0, "DESC")
        place = f"SELECT place FROM search_place WHERE record {near} :after ORDER BY record {turned} LIMIT 1"  # noqa: S608
        return text(
            "SELECT search_place.record AS record FROM search_index CROSS JOIN search_place "  # noqa: S608
            "ON search_place.place = search_index.rowid WHERE search_index MATCH :fts5 "
            + (f"AND search_index.rowid {sign} coalesce(({place}), {end}) " if further else "")
            + ("AND search_place.record <> :after " if further else "")
            + f"ORDER BY search_index.rowid {order} LIMIT :limit"
        )
    # By an expression few are looked up and then sorted; by the column the planner may walk records in their order.
    by = "record" if many else "record || ''"
    return text(
        "SELECT record FROM search_index WHERE tokens @@ CAST(:tsquery AS TSQUERY) "  # noqa: S608
        + (f"AND record {sign} :after " if further else "")
        + f"ORDER BY {by} {order} LIMIT :limit"
    )


def bound(statement: TextClause) -> Any:
    """The same with the kinds of its values, as a subquery."""
    kinds: dict[str, Any] = {"fts5": String(), "tsquery": String(), "after": Characters(), "limit": Integer()}
    used = [bindparam(name, type_=kind) for name, kind in kinds.items() if f":{name}" in statement.text]
    return statement.bindparams(*used).columns(record=Characters()).subquery("page")


Entries = Sequence[tuple[str, str | None]]
"""Ids of records, and their documents; null for those that are gone."""


def keep(connection: Connection, catalog: Declarations, entries: Entries, *, new: Collection[str]) -> None:
    """Bring the index in step with documents, in the caller's transaction; `new` are records that it cannot have yet."""
    if connection.dialect.name == "sqlite":
        _give_places(connection, sorted(id for id, kept in entries if id in new and _is_searched(catalog, kept)))
    for start in range(0, len(entries), 500):
        _keep(connection, catalog, entries[start : start + 500], new)


def _is_searched(catalog: Declarations, kept: str | None) -> bool:
    return kept is not None and bool(catalog[orjson.loads(kept)["resource"]].has_evidence)


def _keep(connection: Connection, catalog: Declarations, entries: Entries, new: Collection[str]) -> None:
    rows: dict[str, list[str]] = {}
    begins: list[dict[str, Any]] = []
    old: list[str] = []
    gone: list[str] = []
    for id, kept in entries:
        if kept is None:
            gone.append(id)
            continue
        document = orjson.loads(kept)
        resource = catalog[document["resource"]]
        if not resource.has_evidence:
            continue
        if id not in new:
            old.append(id)
        found = searched(resource, document)
        rows[id] = row(resource, found)
        begins += [{"rank": rank, "key": key, "record": id} for rank, key in sorted(starts(found))]
    for some in batches([*old, *gone]):
        connection.execute(delete(Start).where(col(Start.record).in_(some)))
    if connection.dialect.name == "sqlite":
        _write_places(connection, rows, old, gone)
    else:
        for some in batches([*old, *gone]):
            connection.execute(text("DELETE FROM search_index WHERE record = ANY(:ids)"), {"ids": list(some)})
        _many(
            connection,
            "INSERT INTO search_index (record, tokens) VALUES (:record, CAST(:tokens AS TSVECTOR))",
            [{"record": id, "tokens": tsvector(made)} for id, made in rows.items()],
        )
    if begins:
        connection.execute(insert(Start), begins)


def batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """The ids in pieces small enough for one statement."""
    return (ids[start : start + 500] for start in range(0, len(ids), 500))


def _many(connection: Connection, sql: str, values: Sequence[dict[str, Any]]) -> None:
    if values:
        connection.execute(text(sql), values)


def _write_places(connection: Connection, rows: dict[str, list[str]], old: Sequence[str], gone: Sequence[str]) -> None:
    places: dict[str, int] = {}
    for some in batches([*rows, *gone]):
        found = connection.execute(select(PLACES.c.record, PLACES.c.place).where(PLACES.c.record.in_(some)))
        places |= {row.record: row.place for row in found}
    left = [{"place": places[id]} for id in (*old, *gone) if id in places]
    _many(connection, "DELETE FROM search_index WHERE rowid = :place", left)
    if gone:
        connection.execute(delete(PLACES).where(PLACES.c.record.in_(gone)))
    made = sorted((places[id], " ".join(tokens)) for id, tokens in rows.items())
    _many(
        connection,
        "INSERT INTO search_index (rowid, tokens) VALUES (:place, :tokens)",
        [{"place": place, "tokens": tokens} for place, tokens in made],
    )


def _give_places(connection: Connection, ids: Sequence[str]) -> None:
    """Put new ids, in order, between those that are there; where there is no room, their neighbors move apart."""
    for (low, high), some in _gaps(connection, ids):
        step = (high - low) // (len(some) + 1)
        if high == HIGHEST:
            step = min(step, STEP)
        elif len(some) > 8:
            # A load comes in pieces, each behind the one before: leave most of the gap to those to come.
            step = min(step, max(1, (high - low) // (len(some) * 64)))
        if step > 0:
            _insert_places(connection, [(low + step * i, id) for i, id in enumerate(some, 1)])
        else:
            _move_apart(connection, low, high, some)


def _gaps(connection: Connection, ids: Sequence[str]) -> Iterator[tuple[tuple[int, int], list[str]]]:
    """The new ids, each with the places between which it belongs, those of one gap together."""
    after = select(PLACES.c.record, PLACES.c.place).order_by(PLACES.c.record).limit(1)
    before = select(PLACES.c.place).order_by(PLACES.c.record.desc()).limit(1)
    start = 0
    while start < len(ids):
        found = connection.execute(after.where(PLACES.c.record > ids[start])).first()
        low = connection.execute(before.where(PLACES.c.record < ids[start])).scalar()
        end = len(ids) if found is None else bisect_left(ids, found[0], start)
        yield (low or 0, HIGHEST if found is None else found[1]), list(ids[start:end])
        start = end


def _insert_places(connection: Connection, places: Iterable[tuple[int, str]]) -> None:
    rows = [{"place": place, "record": id} for place, id in places]
    for start in range(0, len(rows), 5000):
        connection.execute(insert(PLACES), rows[start : start + 5000])


def _move_apart(connection: Connection, low: int, high: int, new: Sequence[str]) -> None:
    """Give places anew around a gap that is full, as far out as it takes to have room again."""
    width = 32
    while True:
        below = _neighbors(connection, PLACES.c.place <= low, PLACES.c.place.desc(), width)
        above = _neighbors(connection, PLACES.c.place >= high, PLACES.c.place, width)
        bottom = below.pop()[0] if len(below) > width else 0
        top = above.pop()[0] if len(above) > width else HIGHEST
        moved = {record: place for place, record in (*below, *above)}
        ids = sorted([*moved, *new])
        step = (top - bottom) // (len(ids) + 1)
        if step >= ROOM or (bottom == 0 and top == HIGHEST):
            break
        width *= 4
    given = {id: bottom + step * i for i, id in enumerate(ids, 1)}
    rows: list[dict[str, Any]] = []
    for record, place in moved.items():
        found = connection.execute(
            text("SELECT tokens FROM search_index WHERE rowid = :place"), {"place": place}
        ).scalar()
        if found is not None:
            rows.append({"place": given[record], "tokens": found})
    for some in batches(list(moved)):
        connection.execute(delete(PLACES).where(PLACES.c.record.in_(some)))
    _many(connection, "DELETE FROM search_index WHERE rowid = :place", [{"place": place} for place in moved.values()])
    _insert_places(connection, ((place, id) for id, place in given.items()))
    _many(connection, "INSERT INTO search_index (rowid, tokens) VALUES (:place, :tokens)", rows)


def _neighbors(connection: Connection, condition: Any, order: Any, width: int) -> list[Any]:
    return list(
        connection.execute(select(PLACES.c.place, PLACES.c.record).where(condition).order_by(order).limit(width + 1))
    )


def rebuild(connection: Connection, catalog: Declarations) -> int:
    """Index every record anew; gives how many rows the index has then."""
    connection.execute(delete(Start))
    connection.execute(text("DELETE FROM search_index"))
    records = table_of(Record).c
    live = (records.document.is_not(None), records.title.is_not(None))
    if connection.dialect.name == "sqlite":
        connection.execute(delete(PLACES))
        ids = [id for (id,) in connection.execute(select(records.id).where(*live).order_by(records.id))]
        _give_places(connection, ids)
    last = ""
    while True:
        wanted = select(records.id, records.document).where(records.id > last, *live).order_by(records.id).limit(500)
        found = [(row.id, row.document) for row in connection.execute(wanted)]
        if not found:
            return int(connection.execute(text("SELECT count(*) FROM search_index")).scalar_one())
        _keep(connection, catalog, found, {id for id, _ in found})
        last = found[-1][0]
