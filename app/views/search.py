"""Search across all records, and what may be meant while it is still being typed."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter
from sqlalchemy import Integer, String, bindparam, literal, select, true, union_all
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response

from app.api import openapi, schemas
from app.api.answers import give_way
from app.api.caching import validators
from app.api.errors import INVALID_QUERY, NOT_ACCEPTABLE, OUTDATED, Fault, invalid, near, question
from app.api.formats import JSON
from app.api.pages import envelope, url
from app.api.params import Reading, decode
from app.api.routes import accept_revision, acceptable, answers, link_header
from app.core import search
from app.core.changes import Dataset
from app.core.fields import table_of
from app.core.index import Start
from app.core.record import Record
from app.resources import CATALOG
from app.views.records import EVERYTHING, RECORDS

router = APIRouter()

CONTROLS = ("limit", "cursor", "facet")
MOST_MATCHED = 10
MOST_SUGGESTED = 10
MOST_STARTS = 60
"""Starts that are read to suggest some records: one record may have several."""

_MATCH = {
    "title": "Match",
    "type": "object",
    "required": ["field", "kind", "value"],
    "properties": {
        "field": {"type": "string", "description": "The field of the record.", "examples": ["acronym"]},
        "kind": {
            "title": "MatchKind",
            "type": "string",
            "enum": ["id", "acronym", "alias", "symbol", "title", "text"],
            "description": "What the field is to the record.",
        },
        "value": {"type": "string", "description": "What it says, at most 200 characters.", "examples": ["MSP"]},
    },
}
_HIT = {
    "title": "Hit",
    "type": "object",
    "required": ["resource", "id", "title", "url", "extract", "highlights", "matched"],
    "properties": {
        "resource": {"type": "string", "description": "The resource that it belongs to."},
        "id": {"type": "string", "description": "Id of the record."},
        "title": {"type": "string", "description": "Its title."},
        "url": {"type": "string", "description": "Path of the record."},
        "extract": {"type": "string", "description": "Plain text: where the record has what was looked for."},
        "highlights": {
            "type": "array",
            "description": "What to highlight in the extract: start and end of each place, in Unicode characters.",
            "items": {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2},
        },
        "matched": {
            "type": "array",
            "description": f"Why it was found, names first; at most {MOST_MATCHED}.",
            "items": _MATCH,
        },
    },
}
_SUGGESTION = {
    "title": "Suggestion",
    "type": "object",
    "required": ["resource", "id", "title", "url", "matched"],
    "properties": {
        **{name: _HIT["properties"][name] for name in ("resource", "id", "title", "url")},  # type: ignore[index]
        "matched": {**_MATCH, "description": "The name or title that begins so, or has a word that does."},
    },
}


def _page(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": f"{item['title']}sPage",
        "type": "object",
        "required": ["data", "meta", "links"],
        "properties": {
            "data": {"type": "array", "description": "What was found, best first.", "items": item},
            "meta": schemas.ref("schemas", "Meta"),
            "links": schemas.ref("schemas", "PageLinks"),
        },
    }


@router.api_route(
    "/v1/search",
    **openapi.operation(
        "search",
        "records",
        "Search all records",
        "Finds what `q` asks for in the names, titles and texts of every record but statements, with an extract and why "
        "it was found. First come records that the question names (id, acronym, alias, symbol), then those that have "
        "all of it in names and title, then the rest; within each by id. Every list takes `q`, too. A question with no "
        "letter or digit, with nothing but `-words` on one side of an `or`, or beyond 200 characters is an error; no "
        "other is: signs that mean nothing here are passed over.",
        parameters=[
            openapi.needed(EVERYTHING, RECORDS, "q"),
            *(
                schemas.ref("parameters", f"{RECORDS.name}.{name}")
                for name in EVERYTHING.filters(RECORDS)
                if name != "q"
            ),
            schemas.ref("parameters", "limit"),
            openapi.cursor(),
            schemas.ref("parameters", f"{RECORDS.name}.facet"),
            *openapi.CONDITIONAL,
        ],
        responses={
            "200": openapi.ok("What was found.", _page(_HIT), ways=openapi.ways_from_list(EVERYTHING, RECORDS)),
            **openapi.UNCHANGED,
        },
        problems=(INVALID_QUERY, NOT_ACCEPTABLE, OUTDATED),
    ),
)
async def find(request: Request) -> Response:
    """The records that a question finds."""
    acceptable(request, None, (JSON,))
    reading = Reading(EVERYTHING, RECORDS, request.scope["query_string"], controls=CONTROLS)
    asked = next((wanted for wanted in reading.ask.wanted if wanted.parameter.name == "q"), None)
    if asked is None and not any(fault.parameter == "q" for fault in reading.faults):
        reading.faults.append(Fault("q", "missing", "q needs a value: what to look for.", did_you_mean=["q="]))
    page = await answers(request).page(reading, "/v1/search")
    assert asked is not None
    (words,) = asked.values
    body = envelope(
        await hits(words, page.documents),
        total=page.total,
        limit=page.limit,
        revision=page.revision,
        facets=page.facets,
        links=page.links,
    )
    accept_revision(request, page.revision)
    headers = validators(page.revision, page.digest, f"json {page.links['self']}")
    headers["Link"] = link_header(page.links)
    return Response(body, headers=headers, media_type=JSON.content_type)


async def hits(asked: search.Search, documents: Iterable[str]) -> list[str]:
    """What was found, as JSON. A hit takes a fifth of a millisecond: others may be answered after each."""
    made = []
    for document in documents:
        made.append(orjson.dumps(hit(asked, orjson.loads(document))).decode())
        await give_way()
    return made


def hit(asked: search.Search, document: Mapping[str, Any]) -> dict[str, Any]:
    """One record that was found, with what shows why."""
    found = search.matched(asked, CATALOG[document["resource"]], document)
    shown = search.extract(asked, found, document)
    return {
        **{name: document[name] for name in ("resource", "id", "title", "url")},
        "extract": shown.text,
        "highlights": shown.highlights,
        "matched": [_why(text) for text in found[:MOST_MATCHED]],
    }


def _why(text: search.Text) -> dict[str, str]:
    return {"field": text.field, "kind": text.kind, "value": text.value[: search.MOST_SHOWN]}


@router.api_route(
    "/v1/suggest",
    **openapi.operation(
        "suggest",
        "records",
        "What may be meant",
        f"For type-ahead: at most {MOST_SUGGESTED} records whose id, acronym, alias or symbol begins with `prefix`, then "
        "those that have a word in their title from which it reads on so.",
        parameters=[
            {
                "name": "prefix",
                "in": "query",
                "required": True,
                "description": "What was typed so far. Case, accents, hyphens and blanks make no difference.",
                "schema": {"type": "string", "minLength": 1, "maxLength": search.LONGEST},
                "example": "rare ea",
            },
            *openapi.CONDITIONAL,
        ],
        responses={
            "200": openapi.ok(
                "Suggestions, best first.", _page(_SUGGESTION), ways=openapi.ways_from_list(EVERYTHING, RECORDS)
            ),
            **openapi.UNCHANGED,
        },
        problems=(INVALID_QUERY, NOT_ACCEPTABLE, OUTDATED),
    ),
)
async def suggest(request: Request) -> Response:
    """Records whose names or titles begin so."""
    acceptable(request, None, (JSON,))
    typed, begun = prefix(request.scope["query_string"])
    source = answers(request)
    query = source.queries.compiled(("starting", len(begun)), lambda: starting(len(begun)))
    values = {f"{end}_{i}": word + tail for i, word in enumerate(begun) for end, tail in (("from", ""), ("to", LAST))}
    rows = await source.reader.fetch(query, values)
    revision, digest = rows[0][0], rows[0][1]
    found: dict[str, dict[str, Any]] = {}
    for _, _, rank, key, id, text in rows:
        if id is not None and id not in found and len(found) < MOST_SUGGESTED:
            found[id] = suggestion(rank, key, orjson.loads(text))
    path = url("/v1/suggest", typed)
    links = {"self": path, "next": None, "prev": None}
    body = envelope(
        [orjson.dumps(one).decode() for one in found.values()],
        total=len(found),
        limit=MOST_SUGGESTED,
        revision=revision,
        facets={},
        links=links,
    )
    accept_revision(request, revision)
    headers = validators(revision, digest, f"json {path}")
    headers["Link"] = link_header(links)
    return Response(body, headers=headers, media_type=JSON.content_type)


LAST = "\U0010ffff"
"""Comes after everything that may follow a prefix."""
MISTAKEN = {"q": "prefix", "query": "prefix", "search": "prefix", "term": "prefix", "text": "prefix", "input": "prefix"}


def prefix(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """The canonical query string, and the keys that what was typed may be the start of. Raises a Problem."""
    pairs, faults = decode(raw)
    given = [value for name, value in pairs if name == "prefix"]
    for name, value in pairs:
        if name != "prefix":
            meant = [MISTAKEN[name.lower()]] if name.lower() in MISTAKEN else near(name, ["prefix"])
            shown = name[:60] if name.isprintable() else "A parameter"
            faults.append(
                Fault(
                    name,
                    "unknown_parameter",
                    f"Unknown parameter {shown}.{question(meant)}",
                    value,
                    allowed=["prefix"],
                    did_you_mean=meant,
                )
            )
    begun: tuple[str, ...] = ()
    if len(given) > 1:
        faults.append(
            Fault("prefix", "duplicate_parameter", f"prefix takes one value and was given {len(given)}.", given[1])
        )
    elif not given or not given[0]:
        faults.append(
            Fault("prefix", "empty_value" if given else "missing", "prefix needs a value: what was typed so far.")
        )
    else:
        try:
            begun = search.begun(given[0])
        except ValueError as error:
            shown = given[0][:60] if given[0].isprintable() else "it"
            faults.append(Fault("prefix", "invalid_value", f"prefix: {shown} {error}.", given[0]))
    if faults:
        raise invalid(faults)
    return f"prefix={quote(given[0], safe='')}", begun


def starting(number: int) -> Any:
    """Revision, digest, rank, key, id and document of records that begin in some ways: by rank, by way, by key, by id."""
    start = table_of(Start).c
    some = [
        select(start.rank, literal(i, Integer()).label("way"), start.key, start.record)
        .where(
            start.rank == rank,
            start.key.between(bindparam(f"from_{i}", type_=String()), bindparam(f"to_{i}", type_=String())),
        )
        .order_by(start.key, start.record)
        .limit(MOST_STARTS)
        .subquery(f"of_rank_{rank}_{i}")
        for rank in (0, 1)
        for i in range(number)
    ]
    found = union_all(*(select(one) for one in some)).subquery("found")
    return (
        select(
            col(Dataset.revision), col(Dataset.digest), found.c.rank, found.c.key, found.c.record, col(Record.document)
        )
        .select_from(
            table_of(Dataset).outerjoin(found, true()).outerjoin(table_of(Record), col(Record.id) == found.c.record)
        )
        .order_by(found.c.rank, found.c.way, found.c.key, found.c.record)
    )


def suggestion(rank: int, key: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """One record that may be meant, with the name or title that begins so."""
    texts = [text for text in search.texts(CATALOG[document["resource"]], document) if text.kind != "text"]
    of_rank = [text for text in texts if text.is_name is (rank == 0)]
    written = [search.key(text.value)[: search.LONGEST_KEY] for text in of_rank]
    why = of_rank[written.index(key)] if key in written else of_rank[0]
    return {**{name: document[name] for name in ("resource", "id", "title", "url")}, "matched": _why(why)}
