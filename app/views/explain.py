"""What a URL of a list does: its parameters, its SQL and the plan that the database makes of it."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from app.api.answers import Answers
from app.api.errors import Problem
from app.api.params import DEFAULT_LIMIT, Reading
from app.core.db import Query, Reader
from app.core.declare import Catalog, Resource
from app.core.readers import reader
from app.resources import CATALOG
from app.views.records import EVERYTHING, RECORDS


def explain(url: str, database_url: str) -> str:
    """The explanation of a list's URL such as `/v1/commitments?initiative=compact`.

    Raises ValueError with what is wrong with the URL, core.db.Unavailable where the database is away.
    """
    return asyncio.run(_explain(url, database_url))


async def _explain(url: str, database_url: str) -> str:
    parts = urlsplit(url)
    catalog, resource = _resource(unquote(parts.path))
    source = reader(database_url, timeout=60, connections=1)
    try:
        await source.open()
        reading = Reading(catalog, resource, parts.query.encode())
        return await _explanation(Answers(catalog, source), source, reading)
    except Problem as problem:
        raise ValueError(problem.detail) from None
    finally:
        await source.close()


def _resource(path: str) -> tuple[Catalog, Resource]:
    name = path.rstrip("/").removeprefix("/v1/")
    if name == RECORDS.name:
        return EVERYTHING, RECORDS
    if name not in CATALOG.by_name:
        raise ValueError(f"{path} is not a list: give one of {', '.join(f'/v1/{known}' for known in CATALOG.by_name)}")
    return CATALOG, CATALOG[name]


async def _explanation(answers: Answers, source: Reader, reading: Reading) -> str:
    question = await answers.question(reading)
    limit = (question.ask.limit or DEFAULT_LIMIT) + 1
    cursor = answers.cursor(question)
    page = answers.queries.page(
        question.ask,
        question.paging,
        question.keys,
        limit,
        cursor.values[-len(question.keys) :] if cursor else None,
        backward=cursor is not None and cursor.backward,
    )
    total = answers.queries.total(question.ask.resource, question.where)
    given = [f"  {wanted.parameter.name} = {', '.join(map(str, wanted.texts))}" for wanted in question.ask.wanted] or [
        "  none"
    ]
    order = ", ".join(f"{key.column.key} {'descending' if key.down else 'ascending'}" for key in question.keys)
    return "\n".join(
        [
            f"{reading.ask.resource.name} on {source.dialect.name}",
            "",
            "Parameters",
            *given,
            f"  order: {order}; limit: {limit - 1}",
            "",
            *await _statement("Page", answers, source, *page),
            "",
            *await _statement("Total", answers, source, *total),
        ]
    )


async def _statement(
    title: str, answers: Answers, source: Reader, query: Query, values: Mapping[str, Any]
) -> list[str]:
    rows = await source.fetch(answers.queries.explain(query), values)
    bound = ", ".join(f"{name} = {values.get(name, query.defaults.get(name))!r}" for name in query.names)
    plan = [f"  {_indent(rows, row)}" for row in rows]
    return [
        title,
        *(f"  {line}" for line in query.sql.splitlines()),
        f"  with {bound or 'no values'}",
        f"{title}: plan",
        *plan,
    ]


def _indent(rows: Any, row: Any) -> str:
    """A line of the plan; SQLite gives a tree of ids, PostgreSQL its own indentation."""
    if len(row) == 1:
        return str(row[0])
    parents = {one[0]: one[1] for one in rows}
    depth, at = 0, row[1]
    while at in parents:
        depth, at = depth + 1, parents[at]
    return "  " * depth + str(row[3])
