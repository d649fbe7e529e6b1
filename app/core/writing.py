"""Writes the rows of composed records, and renders their documents from them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum, auto
from typing import Any

import orjson
from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update
from sqlmodel import col

from app.core.composing import Draft, Fault
from app.core.declare import Catalog, Resource, Values, dates_of
from app.core.documents import batches, documents
from app.core.fields import table_of
from app.core.provenance import ANSWERS, Statement
from app.core.record import COMMON, Name, NameKind, Record, State
from app.core.values import days, fold

Progress = Callable[[str, int, int], None]
"""Told of a step: its name, how much of it is done, and of how much."""


class Operation(StrEnum):
    """What happened to a record."""

    create = auto()
    update = auto()
    delete = auto()
    merge = auto()


def insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put rows into a table, some thousands in one statement."""
    for start in range(0, len(rows), 5000):
        connection.execute(insert(table), list(rows[start : start + 5000]))


class Stored(Mapping[str, str]):
    """The records that are in the database, read as they are asked for."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self.rows: dict[str, tuple[str, State, str | None] | None] = {}
        self.leaving: frozenset[str] = frozenset()

    def load(self, ids: Iterable[str]) -> None:
        """Read some records at once."""
        records = table_of(Record).c
        columns = (records.id, records.resource, records.state, records.document)
        for some in batches(sorted({id for id in ids if id not in self.rows})):
            self.rows |= dict.fromkeys(some)
            for row in self.connection.execute(select(*columns).where(records.id.in_(some))):
                self.rows[row.id] = (row.resource, row.state, row.document)

    def row(self, id: str) -> tuple[str, State, str | None] | None:
        """Resource, state and document of a record that was ever there."""
        if id not in self.rows:
            self.load([id])
        return self.rows[id]

    def __getitem__(self, id: str) -> str:
        row = self.row(id)
        if row is None or row[1] is not State.live or id in self.leaving:
            raise KeyError(id)
        return row[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def values_of(self, id: str) -> Values:
        """What a record shows."""
        row = self.row(id)
        return orjson.loads(row[2]) if row and row[2] else {}


class Writer:
    """The steps of `apply`, over what they share."""

    def __init__(
        self,
        connection: Connection,
        catalog: Catalog,
        drafts: Sequence[Draft],
        gone: Sequence[str] = (),
        *,
        seeded: bool = False,
    ):
        self.connection, self.catalog, self.drafts, self.seeded = connection, catalog, drafts, seeded
        self.statements = {s.id: s for draft in drafts for s in draft.statements}
        self.leaving = gone
        self.before = Stored(connection)
        subjects = [*(draft.id for draft in drafts), *gone]
        self.former, self.answered = self._former_statements(subjects)
        self.gone = [*gone, *(id for id in self.former if id not in self.statements)]
        self.touched = {*subjects, *self.statements, *self.former}
        self.before.load(self.touched)
        self.before.leaving = frozenset(self.gone)

    def _former_statements(self, subjects: Sequence[str]) -> tuple[dict[str, str], set[str]]:
        """The statements that there are about some records, each with its record, and those that they answer.

        A draft replaces the statements about its record: those that it does not have go.
        """
        former: dict[str, str] = {}
        answered: set[str] = set()
        answers = ANSWERS.table.c
        for some in batches(subjects):
            found = self.connection.execute(
                select(col(Statement.id), col(Statement.record), answers.target)
                .outerjoin(ANSWERS.table, answers.record == col(Statement.id))
                .where(col(Statement.record).in_(some))
                .order_by(col(Statement.record), col(Statement.position))
            )
            for id, record, target in found:
                former[id] = record
                answered |= {target} - {None}
        return former, answered

    def faults(self) -> Iterator[Fault]:
        """What only the records that are there can tell: ids of others, and links to what is to go."""
        for draft in self.drafts:
            for id, name in ((draft.id, draft.resource.name), *((s.id, "statements") for s in draft.statements)):
                row = self.before.row(id)
                if row is not None and row[0] != name:
                    yield Fault(draft.id, "id", f"{id} is the id of one of the {row[0]}, now or once")
        for id in self.leaving:
            if self.before.row(id) is None:
                yield Fault(id, None, "there is no such record to delete")
        yield from self._thefts()
        yield from self._broken_links()

    def _thefts(self) -> Iterator[Fault]:
        """Statements about a record outside the changeset that a draft has, too."""
        records = {statement.id: draft.id for draft in self.drafts for statement in draft.statements}
        for some in batches([id for id in records if id not in self.former]):
            found = self.connection.execute(
                select(col(Statement.id), col(Statement.record)).where(col(Statement.id).in_(some))
            )
            for id, record in found:
                yield Fault(records[id], "id", f"{id} is a statement about {record}", id)

    def _broken_links(self) -> Iterator[Fault]:
        """Links from outside the changeset to what is to go."""
        linking: dict[str, set[str]] = defaultdict(set)
        for owner, link in self._links():
            for some in batches(self.gone):
                for record, id in self.connection.execute(select(owner, link).where(link.in_(some))):
                    if record not in self.touched:
                        linking[id].add(record)
        for id, records in sorted(linking.items()):
            first, more = ", ".join(sorted(records)[:5]), len(records) - 5
            others = f" and {more} more" if more > 0 else ""
            yield Fault(self.former.get(id, id), None, f"{id} cannot go, it is linked to by {first}{others}")

    def _links(self) -> Iterator[tuple[Any, Any]]:
        """Every column that holds an id of another record, after the column of the record whose it is."""
        tables: list[tuple[Table, Any]] = [(table_of(Record), table_of(Record).c.id)]
        for resource in self.catalog:
            own = table_of(resource.table)
            tables.append((own, own.c.get("record", own.c.id)))
            tables += [(several.table, several.owner) for several in resource.lists.values()]
        for table, owner in tables:
            for column in table.c:
                if column.foreign_keys and column.name != owner.name:
                    yield owner, column

    def clear(self) -> None:
        """Take away the rows of everything that the changeset replaces or deletes."""
        by_resource: dict[str, list[str]] = defaultdict(list)
        for id in sorted(self.touched):
            if row := self.before.row(id):
                by_resource[row[0]].append(id)
        for name, ids in by_resource.items():
            resource = self.catalog[name]
            owned: list[tuple[Table, Any]] = [(several.table, several.owner) for several in resource.lists.values()]
            owned += [(table_of(Name), col(Name.record)), (table_of(resource.table), resource.table.id)]
            for some in batches(ids):
                for table, owner in owned:
                    self.connection.execute(delete(table).where(owner.in_(some)))

    def insert(self, composed: Mapping[str, Values], progress: Progress) -> None:
        """Put in the rows of all drafts and of their statements."""
        # Statements go in first: SQLite looks through every table that may wait for one as long as any row waits.
        rows: dict[Table, list[dict[str, Any]]] = defaultdict(list, {table_of(Statement): []})
        records: list[dict[str, Any]] = []
        columns = table_of(Statement).c.keys()
        for draft in self.drafts:
            values = composed[draft.id]
            records.append(self._record(draft, values))
            self._own_rows(rows, draft.resource, draft.id, values)
            rows[table_of(Name)] += _names(draft.resource, draft.id, values)
            for statement in draft.statements:
                records.append({"id": statement.id, "resource": "statements"})
                rows[table_of(Statement)].append({name: getattr(statement, name) for name in columns})
                rows[ANSWERS.table] += ANSWERS.rows(statement.id, draft.answers.get(statement.id, ()))
        self._write_records(records)
        for step, (table, some) in enumerate(rows.items(), 1):
            progress("rows", step, len(rows))
            if some:
                insert_all(self.connection, table, some)

    def _record(self, draft: Draft, values: Values) -> dict[str, Any]:
        row = {name: values.get(name) for name in COMMON if name != "aliases"}
        title = values.get("title")
        return {
            "id": draft.id,
            "resource": draft.resource.name,
            **row,
            "title_folded": fold(title) if title else None,
            "reference": draft.own.get("reference"),
        }

    def _write_records(self, records: list[dict[str, Any]]) -> None:
        columns = {column.name: None for column in table_of(Record).c}
        columns |= {"state": State.live, "seeded": self.seeded, "disputed": False}  # type: ignore[dict-item]
        rows = [columns | row for row in records]
        insert_all(self.connection, table_of(Record), [row for row in rows if not self.before.row(row["id"])])
        for row in rows:
            if self.before.row(row["id"]):
                kept = {name: value for name, value in row.items() if name not in ("id", "document", "disputed")}
                kept["seeded"] = self.seeded or col(Record.seeded)
                self.connection.execute(update(Record).where(col(Record.id) == row["id"]).values(**kept))

    def _own_rows(self, rows: dict[Table, list[dict[str, Any]]], resource: Resource, id: str, values: Values) -> None:
        own: dict[str, Any] = {"id": id, **{name: values.get(name) for name in resource.columns}}
        for name in dates_of(resource.table):
            first, last = days(values[name]) if values.get(name) else (None, None)
            own |= {f"{name}_first": first, f"{name}_last": last}
        rows[table_of(resource.table)].append(own)
        for name, several in resource.lists.items():
            rows[several.table] += several.rows(id, values.get(name) or [])

    def render(self, progress: Progress) -> list[tuple[Operation, str, str | None]]:
        """Render the documents of everything touched, and store those that differ."""
        touched: dict[str, list[str]] = defaultdict(list)
        for draft in self.drafts:
            touched[draft.resource.name].append(draft.id)
        touched["statements"] += self.statements
        for name, id in self._answered():
            if id not in touched[name]:
                touched[name].append(id)
        changes: list[tuple[Operation, str, str | None]] = []
        total, done = sum(map(len, touched.values())), 0
        for resource in self.catalog:
            ids = sorted(touched[resource.name])
            stored: list[dict[str, Any]] = []
            for values in documents(self.connection, self.catalog, resource, ids):
                after = orjson.dumps(values).decode()
                before = self.before.row(values["id"])
                done += 1
                progress("documents", done, total)
                if before is None or before[1] is not State.live:
                    changes.append((Operation.create, values["id"], after))
                elif before[2] != after:
                    changes.append((Operation.update, values["id"], after))
                else:
                    continue
                stored.append({"of": values["id"], "document": after, "disputed": bool(values.get("disputed"))})
            self._store(stored)
        changes += list(self._delete())
        return changes

    def _answered(self) -> Iterator[tuple[str, str]]:
        """Records outside the changeset whose statements are answered from inside, or no longer are."""
        answered = {answer["id"] for draft in self.drafts for of in draft.answers.values() for answer in of}
        for some in batches(sorted(answered | self.answered)):
            found = self.connection.execute(
                select(col(Record.resource), col(Record.id))
                .join(Statement, col(Statement.record) == col(Record.id))
                .where(col(Statement.id).in_(some))
                .distinct()
            )
            yield from ((row.resource, row.id) for row in found)

    def _store(self, rows: list[dict[str, Any]]) -> None:
        statement = (
            update(table_of(Record))
            .where(col(Record.id) == bindparam("of"))
            .values(document=bindparam("document"), disputed=bindparam("disputed"))
        )
        if rows:
            self.connection.execute(statement, rows)

    def _delete(self) -> Iterator[tuple[Operation, str, str | None]]:
        for id in sorted(set(self.gone)):
            if id in self.before.rows and self.before.rows[id][1] is State.live:  # type: ignore[index]
                yield Operation.delete, id, None
                self.connection.execute(
                    update(Record)
                    .where(col(Record.id) == id)
                    .values(**dict.fromkeys(("document", "title", "title_folded", "reference")))
                    .values(state=State.deleted, disputed=False, seeded=False)
                )


def _names(resource: Resource, id: str, values: Values) -> list[dict[str, Any]]:
    """Aliases, the acronym and, where the resource says so, symbols: all under which a record is looked up."""
    words = [(NameKind.alias, alias) for alias in values.get("aliases") or []]
    words += [(NameKind.acronym, values["acronym"])] if values.get("acronym") else []
    for column in resource.named_by:
        if values.get(column.key):
            words.append((NameKind.symbol, values[column.key]))
    return [
        {"record": id, "position": position, "kind": kind, "name": name, "folded": fold(name)}
        for position, (kind, name) in enumerate(words)
    ]
