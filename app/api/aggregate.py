"""Counts and sums of a list by the values of its fields: `/v1/{resource}/aggregate`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import BigInteger, Executable, Float, cast, func, literal, select, true
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response

from app.api import openapi, schemas
from app.api.answers import Answers, Moved, Question, settled
from app.api.caching import validators
from app.api.errors import INVALID_QUERY, NOT_ACCEPTABLE, OUTDATED, Fault, invalid
from app.api.formats import JSON
from app.api.pages import url
from app.api.params import Reading
from app.api.query import condition, source
from app.api.routes import Endpoint, accept_revision, acceptable, answers, link_header
from app.core.changes import Dataset
from app.core.declare import Catalog, Resource
from app.core.fields import table_of
from app.core.filters import Filter, Number

MOST_GROUPS = 5000
MOST_FIELDS = 3
METRIC = re.compile(r"(sum|min|max|avg)\(([a-z_]+)\)")
FUNCTIONS: dict[str, Callable[[Any], Any]] = {"sum": func.sum, "min": func.min, "max": func.max, "avg": func.avg}
CONTROLS = {
    "group_by": (f"Fields whose values make the groups, at most {MOST_FIELDS}; without it, one group of all.", "kind"),
    "metrics": (
        "`count`, and `sum(field)`, `min(field)`, `max(field)`, `avg(field)` of numbers. Amounts are reckoned for each "
        "currency apart; `left_out` counts the records that have no number.",
        "count",
    ),
    "sort": ("Order of the groups: `count` or one of `group_by`, `-` before it for descending.", "-count"),
}  # fmt: skip
"""Parameters besides the filters of the list."""


@dataclass(frozen=True)
class Metric:
    """A function of the numbers of a field."""

    name: str
    function: str
    entry: Number


class AggregateReading(Reading):
    """Reads the query string of an aggregate: the list's filters, and what is to be reckoned."""

    def __init__(self, catalog: Catalog, resource: Resource, raw: bytes):
        self.group_by: tuple[Filter, ...] = ()
        self.metrics: tuple[Metric, ...] = ()
        self.order: tuple[str, bool] = ("count", True)
        self._sort: str | None = None
        super().__init__(catalog, resource, raw, controls=("or", *CONTROLS))
        self._check_order()

    def _read_group_by(self, text: str) -> None:
        filters = self.catalog.filters(self.resource)
        known = [name for name, entry in filters.items() if entry.counted is not None]
        names = list(dict.fromkeys(text.split(",")))
        if len(names) > MOST_FIELDS:
            self._fault("group_by", "too_many_values", f"group_by takes at most {MOST_FIELDS} fields.", text)
            return
        for name in names:
            if name not in known:
                self._unknown_word("group_by", name, known)
        self.group_by = tuple(filters[name] for name in names if name in known)

    def _read_metrics(self, text: str) -> None:
        filters = self.catalog.filters(self.resource)
        numbers = [name for name, entry in filters.items() if isinstance(entry, Number)]
        known = ["count", *(f"{function}({name})" for name in numbers for function in FUNCTIONS)]
        made = []
        for word in dict.fromkeys(text.split(",")):
            match = METRIC.fullmatch(word)
            entry = filters.get(match[2]) if match else None
            if word == "count":
                continue
            if match is None or not isinstance(entry, Number):
                self._unknown_word("metrics", word, known)
            else:
                made.append(Metric(word, match[1], entry))
        self.metrics = tuple(made)

    def _read_sort(self, text: str) -> None:
        self._sort = text

    def _check_order(self) -> None:
        if self._sort is None:
            return
        known = ["count", *(entry.name for entry in self.group_by)]
        name = self._sort.removeprefix("-")
        if name not in known:
            self._unknown_word("sort", name, known)
        self.order = (name, self._sort.startswith("-"))


def endpoints(catalog: Catalog) -> dict[tuple[str, str], Endpoint]:
    """The aggregate of every resource."""
    return {(resource.name, "aggregate"): _endpoint(catalog, resource) for resource in catalog}


def _endpoint(catalog: Catalog, resource: Resource) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        acceptable(request, None, (JSON,))
        reading = AggregateReading(catalog, resource, request.scope["query_string"])

        async def attempt() -> Response:
            question = await answers(request).question(reading)
            revision, digest, groups = await _groups(answers(request), reading, question)
            accept_revision(request, revision)
            return _answer(reading, question, revision, digest, groups)

        return await settled(attempt)

    return endpoint


def _answer(
    reading: AggregateReading, question: Question, revision: int, digest: str, groups: list[dict[str, Any]]
) -> Response:
    asked = {
        "group_by": ",".join(entry.name for entry in reading.group_by) or None,
        "metrics": ",".join(["count", *(metric.name for metric in reading.metrics)]),
        "sort": ("-" if reading.order[1] else "") + reading.order[0],
    }
    links = {"self": url(f"/v1/{reading.resource.name}/aggregate", question.query, **asked)}
    meta = {"groups": len(groups), "revision": revision}
    headers = validators(revision, digest, links["self"]) | {"Link": link_header(links)}
    return Response(
        orjson.dumps({"data": groups, "meta": meta, "links": links}), headers=headers, media_type="application/json"
    )


async def _groups(
    source: Answers, reading: AggregateReading, question: Question
) -> tuple[int, str, list[dict[str, Any]]]:
    resource, names = reading.resource, tuple(entry.name for entry in reading.group_by)
    shape = ("aggregate", resource.name, names, question.where.shape)
    query = source.queries.compiled(shape, lambda: _counts(reading, question))
    rows = await source.reader.fetch(query, question.where.values)
    revision, digest = rows[0][0], rows[0][1]
    if not source.lookup.of_revision(revision):
        raise Moved
    if len(rows) > MOST_GROUPS:
        detail = f"There are more than {MOST_GROUPS} groups: filter, or group by fewer fields."
        raise invalid([Fault("group_by", "too_complex", detail)])
    groups = {
        tuple(row[3:]): dict(zip(names, map(_shown, row[3:]), strict=True)) | {"count": row[2]}
        for row in rows
        if row[2] is not None
    }
    for metric in reading.metrics:
        await _reckon(source, reading, question, metric, revision, groups)
    name, down = reading.order
    made = sorted(groups.values(), key=lambda group: [(group[key] is None, str(group[key] or "")) for key in names])
    made.sort(key=lambda group: _place(group[name], down=down), reverse=down)
    return revision, digest, made


def _shown(value: Any) -> Any:
    """A value of a group; SQLite has numbers for yes and no."""
    return value if value is None or isinstance(value, str) else bool(value)


def _place(value: Any, *, down: bool) -> tuple[bool, Any]:
    """Groups without a value come last, whichever way."""
    return ((value is None) is not down, value if value is not None else 0)


async def _reckon(
    source: Answers,
    reading: AggregateReading,
    question: Question,
    metric: Metric,
    revision: int,
    groups: dict[tuple[Any, ...], dict[str, Any]],
) -> None:
    """Add a metric to each group: for each unit apart where its numbers have one."""
    names = tuple(entry.name for entry in reading.group_by)
    shape = ("reckon", reading.resource.name, names, metric.name, question.where.shape)
    query = source.queries.compiled(shape, lambda: _metric(reading, question, metric))
    rows = await source.reader.fetch(query, question.where.values)
    unit = metric.entry.unit
    for group in groups.values():
        group[metric.name] = []
        group.setdefault("left_out", {})[metric.name] = group["count"]
    for found, value, count, of_unit, *key in rows:
        if found != revision:
            raise Moved
        if count:
            number = int(value) if float(value).is_integer() else float(value)
            group = groups[tuple(key)]
            group[metric.name].append(({unit: of_unit} if unit else {}) | {"value": number, "count": count})
            group["left_out"][metric.name] -= count


def _counts(reading: AggregateReading, question: Question) -> Executable:
    values, joined = _grouping(reading, question)
    counts = (
        select(func.count(func.distinct(reading.resource.table.id)).label("number"), *values)
        .select_from(joined)
        .where(condition(reading.resource, question.where))
        .group_by(*values)
        .limit(MOST_GROUPS + 1)
        .subquery("counts")
    )
    return select(col(Dataset.revision), col(Dataset.digest), *counts.c).select_from(
        table_of(Dataset).outerjoin(counts, true())
    )


def _metric(reading: AggregateReading, question: Question, metric: Metric) -> Executable:
    values, joined = _grouping(reading, question)
    filters = reading.catalog.filters(reading.resource)
    number: Any = metric.entry.column
    unit: Any = filters[metric.entry.unit].counted if metric.entry.unit else literal(None)
    whole = isinstance(number.type, BigInteger) and metric.function != "avg"
    reckoned = FUNCTIONS[metric.function](cast(number, Float) if metric.function == "avg" else number)
    by = [*values, unit] if metric.entry.unit else values
    made = (
        select(cast(reckoned, BigInteger if whole else Float).label("value"), func.count(number).label("number"), unit.label("unit"), *values)
        .select_from(joined)
        .where(condition(reading.resource, question.where), number.is_not(None))
        .group_by(*by)
        .order_by(unit)
        .subquery("made")
    )  # fmt: skip
    return (
        select(col(Dataset.revision), *made.c)
        .select_from(table_of(Dataset).outerjoin(made, true()))
        .order_by(made.c.unit)
    )


def _grouping(reading: AggregateReading, question: Question) -> tuple[Sequence[Any], Any]:
    """The columns of the groups, and what they are selected from."""
    of_record = any(entry.of_record for entry in reading.group_by)
    joined = source(reading.resource, question.where, common=of_record)
    values = []
    for entry in reading.group_by:
        if entry.listed is not None:
            joined = joined.outerjoin(entry.listed.table, entry.listed.owner == reading.resource.table.id)
        values.append(entry.counted.label(f"by_{entry.name}"))
    return values, joined


def operation(catalog: Catalog, resource: Resource) -> openapi.Operation:
    """What the docs page says of the aggregate of a resource."""
    names = list(catalog.filters(resource))
    numbers = [name for name, entry in catalog.filters(resource).items() if isinstance(entry, Number)]
    countable = [name for name, entry in catalog.filters(resource).items() if entry.counted is not None]
    words = {
        "group_by": countable,
        "metrics": ["count", *(f"{function}({name})" for name in numbers for function in FUNCTIONS)],
        "sort": ["count", "-count", *countable, *(f"-{name}" for name in countable)],
    }
    titles = {
        name: f"{schemas.camel(resource.name)}{end}"
        for name, end in {"group_by": "Groups", "metrics": "Metrics", "sort": "GroupsSort"}.items()
    }
    enums = {
        name: {"title": titles[name], "description": f"What `{name}` takes.", "type": "string", "enum": known}
        for name, known in words.items()
    }
    parameters = [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": CONTROLS[name][0],
            "schema": enums[name] if name == "sort" else {"type": "array", "items": enums[name], "minItems": 1},
            "example": "-count"
            if name == "sort"
            else [CONTROLS[name][1] if CONTROLS[name][1] in words[name] else words[name][0]],
            **({} if name == "sort" else {"style": "form", "explode": False}),
        }
        for name in CONTROLS
    ]
    return openapi.operation(
        f"aggregate_{resource.name}",
        resource.name,
        f"Count {resource.name}",
        f"How many {resource.name} there are for each value of some fields, and sums of their numbers. A record with "
        "several values counts in the group of each.",
        parameters=[*parameters, *openapi.filter_parameters(catalog, resource, names), schemas.ref("parameters", f"{resource.name}.or"), *openapi.CONDITIONAL],
        responses={"200": openapi.ok("The groups.", {"$ref": "#/components/schemas/Aggregate"}), **openapi.UNCHANGED},
        problems=(INVALID_QUERY, NOT_ACCEPTABLE, OUTDATED),
    )  # fmt: skip
