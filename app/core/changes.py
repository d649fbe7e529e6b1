"""Revisions, and the one way in: `apply` writes a changeset whole or not at all."""

import hashlib
import re
from collections import ChainMap, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, auto
from typing import Any

import orjson
from pydantic import ValidationError
from sqlalchemy import Connection, Integer, Table, delete, insert, select, update
from sqlmodel import Field, SQLModel, col

from app.core import search
from app.core.db import Characters, choices
from app.core.declare import ANY, Catalog, Resource, Values, dates_of
from app.core.documents import batches, documents, shown
from app.core.fields import Provenance, table_of
from app.core.filters import Linked
from app.core.provenance import ANSWERS, Source, Statement
from app.core.record import COMMON, Name, NameKind, Record, State
from app.core.values import SLUG, days, fold, strongest

RESERVED = {"aggregate", "facets", "history", "search"}
"""Words that stand where an id could, besides the resources' names."""


class Operation(StrEnum):
    """What happened to a record."""

    create = auto()
    update = auto()
    delete = auto()
    merge = auto()


class Reason(StrEnum):
    """Why a changeset was made."""

    event = auto()
    source = auto()
    correction = auto()
    schema = auto()


class Dataset(SQLModel, table=True):
    """One row: the revision that is served. Whoever writes locks it first."""

    __tablename__ = "dataset"

    id: int = Field(default=1, primary_key=True, sa_type=Integer)
    revision: int = Field(sa_type=Integer)
    digest: str = Field(sa_type=Characters)
    """Checksum of all changes so far: equal where two databases hold the same."""
    at: str = Field(sa_type=Characters)
    seed: str | None = Field(default=None, sa_type=Characters)
    """Checksum of the seed folders that were loaded last."""


class Revision(SQLModel, table=True):
    """One row for each changeset that changed anything."""

    __tablename__ = "revision"

    number: int = Field(primary_key=True, sa_type=Integer)
    at: str = Field(sa_type=Characters)
    reason: Reason = Field(sa_type=choices(Reason))
    note: str | None = Field(sa_type=Characters)
    digest: str = Field(sa_type=Characters)


class Change(SQLModel, table=True):
    """What a revision did to one record; only ever added to."""

    __tablename__ = "change"

    revision: int = Field(primary_key=True, sa_type=Integer, foreign_key="revision.number")
    position: int = Field(primary_key=True, sa_type=Integer)
    op: Operation = Field(sa_type=choices(Operation))
    record: str = Field(sa_type=Characters, foreign_key="record.id", index=True)
    after: str | None = Field(sa_type=Characters)


@dataclass
class Draft:
    """Everything that is to be known of one record: our words, and what sources say."""

    resource: Resource
    id: str
    own: Values = field(default_factory=dict)
    """Ours and reference fields, by public name, with `reference` for the id of their dataset."""
    statements: list[Statement] = field(default_factory=list)
    answers: dict[str, list[Values]] = field(default_factory=dict)
    """For a statement's id: the statements that it answers, `{id, kind}`."""


@dataclass
class Changeset:
    """Drafts replace what there was of their records; `gone` are to be deleted."""

    at: datetime
    reason: Reason
    drafts: list[Draft]
    gone: Sequence[str] = ()
    note: str | None = None
    seeded: bool = False
    seed: str | None = None


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field of a draft."""

    record: str
    field: str | None
    message: str
    statement: str | None = None


class Refused(Exception):
    """A changeset has faults; nothing was written."""

    def __init__(self, faults: Sequence[Fault]):
        super().__init__("; ".join(f"{fault.record}: {fault.message}" for fault in faults[:5]))
        self.faults = faults


@dataclass(frozen=True)
class Outcome:
    """What `apply` did."""

    revision: int
    created: int = 0
    updated: int = 0
    deleted: int = 0


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
    return composer.composed, [*_identity_faults(catalog, drafts, known), *composer.faults]


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


def _identity_faults(catalog: Catalog, drafts: Sequence[Draft], known: Known) -> Iterator[Fault]:
    taken: dict[str, str] = {}
    for draft in drafts:
        if not re.fullmatch(SLUG, draft.id) or len(draft.id) > 120:
            yield Fault(draft.id, "id", "an id is made of a-z, 0-9 and single hyphens, 120 at most")
        if draft.id in RESERVED or draft.id in catalog.by_name:
            yield Fault(draft.id, "id", f"{draft.id} is a reserved word")
        for id, name in ((draft.id, draft.resource.name), *((s.id, "statements") for s in draft.statements)):
            if id in taken or (id in known and known[id] != name):
                yield Fault(draft.id, "id", f"{id} is taken by another record")
            taken[id] = name


def _values(draft: Draft, kinds: Mapping[str, str]) -> Values:
    """Our fields, and for each said field what its shown statements say."""
    resource = draft.resource
    values: Values = {name: value for name, value in draft.own.items() if name != "reference"}
    fields: dict[str, list[Statement]] = defaultdict(list)
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


def _items(resource: Resource, name: str, statements: Iterable[Statement]) -> list[Any]:
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
            name: value for name, value in read.model_dump(mode="json").items() if name in values or document[name] is None
        }
    except ValidationError as error:
        for found in error.errors():
            where = str(found["loc"][0]) if found["loc"] else None
            problem = "is missing" if where and document.get(where) is None else found["msg"].removeprefix("Value error, ")
            yield Fault(draft.id, where, f"{where} {problem}")
    for link in catalog.links(resource):
        several = link.listed
        name = several.field if several else link.name
        for item in (values.get(name) or []) if several else [values.get(name)]:
            yield from _link_faults(catalog, draft.id, name, link, several.key if several else None, item, ids)
    for statement in draft.statements:
        for id in (statement.subject, statement.object):
            if id is not None and id not in ids:
                yield Fault(draft.id, statement.field, f"there is no record {id}", statement.id)
        for answer in draft.answers.get(statement.id, ()):
            if ids.get(answer["id"]) != "statements":
                yield Fault(draft.id, statement.field, f"there is no statement {answer['id']}", statement.id)


def _link_faults(
    catalog: Catalog, record: str, name: str, link: Linked, key: str | None, item: Any, ids: Known
) -> Iterator[Fault]:
    id = item[key] if isinstance(item, dict) and key else item
    if id is None or id not in ids:
        if id is not None:
            yield Fault(record, name, f"{name}: there is no record {id}")
        return
    table = link.ids[0] if link.ids else ANY
    if table != ANY and catalog.by_table[table].name != ids[id]:
        yield Fault(record, name, f"{name}: {id} is one of the {ids[id]}, not of the {catalog.by_table[table].name}")


def apply(
    connection: Connection,
    catalog: Catalog,
    changeset: Changeset,
    progress: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> Outcome:
    """Write a changeset inside the caller's transaction: rows, documents, changes and the next revision.

    Raises Refused with all faults. Where nothing differs, nothing is written and the revision stays. The caller
    rolls back on any error; writers wait for one another, so revisions become visible in order.
    """
    dataset = connection.execute(select(table_of(Dataset)).with_for_update()).mappings().one()
    writer = _Writer(connection, catalog, changeset)
    composed, faults = compose(catalog, changeset.drafts, writer.before, writer.before.values_of)
    faults += writer.deletion_faults()
    if faults:
        raise Refused(faults)
    savepoint = connection.begin_nested()
    writer.clear()
    writer.insert(composed, progress)
    changes = writer.render(progress)
    if not changes:
        savepoint.rollback()
        if changeset.seed is not None and changeset.seed != dataset["seed"]:
            connection.execute(update(Dataset).values(seed=changeset.seed))
        return Outcome(dataset["revision"])
    created = {id for op, id, _ in changes if op is Operation.create}
    search.keep(connection, catalog, ((id, after) for _, id, after in changes), new=created)
    number = dataset["revision"] + 1
    digest = hashlib.sha256(dataset["digest"].encode())
    for op, id, after in changes:
        digest.update(f"\n{op} {id} {after}".encode())
    at = changeset.at.isoformat()
    connection.execute(
        insert(Revision).values(
            number=number, at=at, reason=changeset.reason, note=changeset.note, digest=digest.hexdigest()
        )
    )
    _insert_all(
        connection,
        table_of(Change),
        [
            {"revision": number, "position": position, "op": op, "record": id, "after": after}
            for position, (op, id, after) in enumerate(changes)
        ],
    )
    connection.execute(
        update(Dataset).values(
            revision=number, digest=digest.hexdigest(), at=at, seed=changeset.seed or dataset["seed"]
        )
    )
    counts = [sum(op is kind for op, _, _ in changes) for kind in (Operation.create, Operation.update, Operation.delete)]
    return Outcome(number, *counts)


def _insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(rows), 5000):
        connection.execute(insert(table), list(rows[start : start + 5000]))


class _Stored(Mapping[str, str]):
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


class _Writer:
    """The steps of `apply`, over what they share."""

    def __init__(self, connection: Connection, catalog: Catalog, changeset: Changeset):
        self.connection, self.catalog, self.changeset = connection, catalog, changeset
        self.statements = {s.id: s for draft in changeset.drafts for s in draft.statements}
        self.gone = list(changeset.gone)
        self.before = _Stored(connection)
        self._former_statements()
        self.before.load([*(draft.id for draft in changeset.drafts), *self.statements, *self.gone])
        self.before.leaving = frozenset(self.gone)

    def _former_statements(self) -> None:
        """A draft replaces the statements about its record: those that it does not have go."""
        subjects = [*(draft.id for draft in self.changeset.drafts), *self.changeset.gone]
        for some in batches(subjects):
            found = self.connection.execute(select(col(Statement.id)).where(col(Statement.record).in_(some)))
            self.gone += [id for (id,) in found if id not in self.statements]

    def deletion_faults(self) -> Iterator[Fault]:
        """Ids to be deleted that are not there."""
        for id in self.changeset.gone:
            if self.before.row(id) is None:
                yield Fault(id, None, "there is no such record to delete")

    def clear(self) -> None:
        """Take away the rows of everything that the changeset replaces or deletes."""
        replaced = [*(draft.id for draft in self.changeset.drafts), *self.statements, *self.gone]
        by_resource: dict[str, list[str]] = defaultdict(list)
        for id in replaced:
            if row := self.before.row(id):
                by_resource[row[0]].append(id)
        for name, ids in by_resource.items():
            resource = self.catalog[name]
            owned: list[tuple[Table, Any]] = [(several.table, several.owner) for several in resource.lists.values()]
            owned += [(table_of(Name), col(Name.record)), (table_of(resource.table), resource.table.id)]
            for some in batches(ids):
                for table, owner in owned:
                    self.connection.execute(delete(table).where(owner.in_(some)))

    def insert(self, composed: Mapping[str, Values], progress: Callable[[str, int, int], None]) -> None:
        """Put in the rows of all drafts and of their statements."""
        rows: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        records: list[dict[str, Any]] = []
        for draft in self.changeset.drafts:
            values = composed[draft.id]
            records.append(self._record(draft, values))
            self._own_rows(rows, draft.resource, draft.id, values)
            rows[table_of(Name)] += _names(draft.resource, draft.id, values)
            for statement in draft.statements:
                records.append({"id": statement.id, "resource": "statements"})
                rows[table_of(Statement)].append(
                    {column.name: getattr(statement, column.name) for column in table_of(Statement).c}
                )
                rows[ANSWERS.table] += ANSWERS.rows(statement.id, draft.answers.get(statement.id, ()))
        self._write_records(records)
        for step, (table, some) in enumerate(rows.items(), 1):
            progress("rows", step, len(rows))
            if some:
                _insert_all(self.connection, table, some)

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
        columns |= {"state": State.live, "seeded": self.changeset.seeded, "disputed": False}  # type: ignore[dict-item]
        rows = [columns | row for row in records]
        _insert_all(self.connection, table_of(Record), [row for row in rows if not self.before.row(row["id"])])
        for row in rows:
            if self.before.row(row["id"]):
                kept = {name: value for name, value in row.items() if name not in ("id", "document", "disputed")}
                self.connection.execute(update(Record).where(col(Record.id) == row["id"]).values(**kept))

    def _own_rows(self, rows: dict[Table, list[dict[str, Any]]], resource: Resource, id: str, values: Values) -> None:
        own: dict[str, Any] = {"id": id, **{name: values.get(name) for name in resource.columns}}
        for name in dates_of(resource.table):
            first, last = days(values[name]) if values.get(name) else (None, None)
            own |= {f"{name}_first": first, f"{name}_last": last}
        rows[table_of(resource.table)].append(own)
        for name, several in resource.lists.items():
            rows[several.table] += several.rows(id, values.get(name) or [])

    def render(self, progress: Callable[[str, int, int], None]) -> list[tuple[Operation, str, str | None]]:
        """Render the documents of everything touched, and store those that differ."""
        touched: dict[str, list[str]] = defaultdict(list)
        for draft in self.changeset.drafts:
            touched[draft.resource.name].append(draft.id)
        touched["statements"] += self.statements
        for name, id in self._answered():
            if id not in touched[name]:
                touched[name].append(id)
        changes: list[tuple[Operation, str, str | None]] = []
        total, done = sum(map(len, touched.values())), 0
        for resource in self.catalog:
            ids = sorted(touched[resource.name])
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
                self._store(values["id"], after, disputed=bool(values.get("disputed")))
        changes += list(self._delete())
        return changes

    def _answered(self) -> Iterator[tuple[str, str]]:
        """Records outside the changeset whose statements are answered from inside, or no longer are."""
        answered = [answer["id"] for draft in self.changeset.drafts for of in draft.answers.values() for answer in of]
        for some in batches(answered):
            found = self.connection.execute(
                select(col(Record.resource), col(Record.id))
                .join(Statement, col(Statement.record) == col(Record.id))
                .where(col(Statement.id).in_(some))
                .distinct()
            )
            yield from ((row.resource, row.id) for row in found)

    def _store(self, id: str, document: str, *, disputed: bool) -> None:
        self.connection.execute(
            update(Record).where(col(Record.id) == id).values(document=document, disputed=disputed)
        )

    def _delete(self) -> Iterator[tuple[Operation, str, str | None]]:
        for id in sorted(set(self.gone)):
            if id in self.before.rows and self.before.rows[id][1] is State.live:  # type: ignore[index]
                yield Operation.delete, id, None
                self.connection.execute(
                    update(Record)
                    .where(col(Record.id) == id)
                    .values(state=State.deleted, document=None, title=None, title_folded=None, disputed=False)
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
