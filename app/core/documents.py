"""Renders the JSON of records from their rows: what `apply` stores and what a migration stores anew."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, select
from sqlmodel import SQLModel, col

from app.core.declare import Catalog, Resource, Values
from app.core.fields import Provenance, table_of
from app.core.provenance import ANSWERS, AnswerKind, Rank, Source, SourceKind, Statement
from app.core.record import COMMON, Name, NameKind, Record

BATCH = 500
"""Ids in one statement."""


def batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """The ids in pieces small enough for one statement."""
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def shown(statements: Sequence[Any], kinds: Mapping[str, str]) -> list[Any]:
    """The statements of one field that the field shows; `kinds` are those of their sources.

    Those of a seed article where there is one, else those of the source of the best-ranked one. A statement that
    there is no value shows nothing.
    """
    said = [s for s in statements if s.cited is None or s.value is not None or s.object is not None]
    seed = [statement for statement in said if kinds[statement.source] == SourceKind.seed_article]
    if seed or not said:
        return seed
    best = min(said, key=lambda statement: list(Rank).index(statement.rank))
    return [statement for statement in said if statement.source == best.source]


def documents(connection: Connection, catalog: Catalog, resource: Resource, ids: Sequence[str]) -> Iterator[Values]:
    """The records of one resource as they are served, rendered from rows."""
    for some in batches(ids):
        lists = {
            field: _grouped(
                connection.execute(
                    select(several.table)
                    .where(several.owner.in_(some))
                    .order_by(several.owner, several.table.c.position)
                ).mappings()
            )
            for field, several in resource.lists.items()
        }
        evidence = _Evidence(connection, resource, some) if resource.has_evidence else None
        for row in _rows(connection, resource.table, some):
            values: Values = {"id": row["id"], "resource": resource.name, "url": resource.url(row["id"])}
            values |= {name: row[name] for name in resource.columns}
            for field, several in resource.lists.items():
                values[field] = several.items(map(dict, lists[field][row["id"]]))
            if evidence is not None:
                values |= evidence.of(row["id"], values)
            read = resource.read.model_validate({key: values[key] for key in resource.keys})
            dumped = read.model_dump(mode="json")
            yield {key: dumped[key] for key in resource.keys}


def _rows(connection: Connection, table: type[SQLModel], ids: Sequence[str]) -> Iterable[RowMapping]:
    key = table_of(table).c.id
    return connection.execute(select(table_of(table)).where(key.in_(ids)).order_by(key)).mappings()


def _grouped(rows: Iterable[RowMapping]) -> dict[str, list[RowMapping]]:
    groups: dict[str, list[RowMapping]] = defaultdict(list)
    for row in rows:
        groups[row["record"]].append(row)
    return groups


class _Evidence:
    """What some records of a resource have in common with all records, and what stands behind them."""

    def __init__(self, connection: Connection, resource: Resource, ids: Sequence[str]):
        self.resource = resource
        self.common = {row["id"]: row for row in _rows(connection, Record, ids)}
        self.aliases = _grouped(
            connection.execute(
                select(table_of(Name))
                .where(col(Name.record).in_(ids), col(Name.kind) == NameKind.alias)
                .order_by(col(Name.record), col(Name.position))
            ).mappings()
        )
        self.statements: dict[str, list[Any]] = defaultdict(list)
        self.kinds: dict[str, str] = {}
        found: Any = connection.execute(
            select(table_of(Statement), col(Source.kind).label("source_kind"))
            .join(Source, col(Source.id) == col(Statement.source))
            .where(col(Statement.record).in_(ids))
            .order_by(col(Statement.record), col(Statement.position))
        )
        for row in found:
            self.statements[row.record].append(row)
            self.kinds[row.source] = row.source_kind
        self.rivals: dict[str, list[Any]] = defaultdict(list)
        answered = ANSWERS.table.c
        for some in batches([row.id for rows in self.statements.values() for row in rows]):
            rivals: Any = connection.execute(
                select(table_of(Statement), answered.target)
                .join(ANSWERS.table, answered.record == col(Statement.id))
                .where(
                    answered.target.in_(some),
                    answered.kind.in_([AnswerKind.contradicts, AnswerKind.supersedes]),
                )
                .order_by(col(Statement.record), col(Statement.position))
            )
            for row in sorted(rivals, key=lambda row: list(Rank).index(row.rank)):
                self.rivals[row.target].append(row)

    def of(self, id: str, values: Values) -> Values:
        """The common fields of one record, its citations and its disputes."""
        common = self.common[id]
        found: Values = {name: common[name] for name in COMMON if name not in ("aliases", "identifiers")}
        found["aliases"] = [row["name"] for row in self.aliases[id]]
        found["identifiers"] = common["identifiers"] or {}
        fields: dict[str | None, list[Any]] = defaultdict(list)
        for row in self.statements[id]:
            fields[row.cited].append(row)
        visible = {row.id for rows in fields.values() for row in shown(rows, self.kinds)}
        behind = [row for row in self.statements[id] if row.id in visible]
        found["not_exhaustive"] = sorted({row.cited for row in behind if row.is_exhaustive is False and row.cited})
        cited = [
            row for row in behind if not row.cited or self.resource.provenance(row.cited) is not Provenance.derived
        ]
        found["citations"] = [*_citations(cited), *self._reference(common["reference"], {**values, **found})]
        found["disputed"] = [
            {
                "field": row.field,
                "value": _rival_value(self.resource, row.field, rival),
                "source": rival.source,
                "statement": rival.id,
            }
            for row in behind
            for rival in self.rivals[row.id]
        ]
        return found

    def _reference(self, source: str | None, values: Values) -> list[Values]:
        fields = [
            name
            for name in self.resource.keys
            if self.resource.provenance(name) is Provenance.reference and values[name]
        ]
        if source is None or not fields:
            return []
        place = {"section": None, "section_title": None, "paragraph": None}
        return [{"source": source, **place, "fields": sorted(fields)}]


def _rival_value(resource: Resource, field: str | None, rival: Any) -> Any:
    """What a rival says of a field as the field would show it; an object where it speaks of something else."""
    parts = rival.parts or {}
    if rival.record != rival.subject:
        return {"subject": rival.subject, "kind": rival.field, rival.cited: rival.object, "since": parts.get("since")}
    if rival.field != field:
        return {rival.field: rival.object or rival.parts or rival.value}
    several = resource.lists.get(field) if field else None
    if several is not None and several.attributes:
        item = {several.key: rival.object or rival.value, "basis": rival.basis, **parts}
        return {name: item.get(name) for name in (several.key, *(column.name for column in several.attributes))}
    return rival.object or rival.parts or rival.value


def _citations(statements: Iterable[Any]) -> list[Values]:
    """One citation for each place, in the order in which the source says it."""
    places: dict[tuple[str, str | None, int | None], Values] = {}
    for row in statements:
        citation = places.setdefault(
            (row.source, row.section, row.paragraph),
            {
                "source": row.source,
                "section": row.section,
                "section_title": row.section_title,
                "paragraph": row.paragraph,
                "fields": [],
            },
        )
        if row.cited and row.cited not in citation["fields"]:
            citation["fields"] = sorted([*citation["fields"], row.cited])
    return list(places.values())
