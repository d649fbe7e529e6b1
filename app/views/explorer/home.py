"""The home page: what there is, where to begin, and what changed last."""

from collections import Counter
from typing import Any

import orjson
from markupsafe import Markup
from sqlalchemy import Integer, bindparam, case, func, select
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response

from app import __version__
from app.api.answers import Answers, Moved, settled
from app.api.formats import FORMATS
from app.api.params import Reading
from app.api.routes import answers
from app.core.changes import Change, Revision
from app.core.record import Record
from app.resources import CATALOG
from app.resources.commitment import COMMITMENTS
from app.resources.initiative import INITIATIVES
from app.resources.pillar import PILLARS
from app.views.explorer import pages, wording
from app.views.questions import questions

REVISIONS = 3
"""Revisions that are shown, newest first."""
RECORDS = "/v1/records"
CHANGES = 6
"""Records of each that are named."""
WHAT = {"create": "added", "update": "changed", "delete": "removed", "merge": "merged"}


async def page(request: Request) -> Response:
    """The home page."""
    if (moved := pages.tidied(request)) is not None:
        return moved
    return await settled(lambda: _page(request))


async def _page(request: Request) -> Response:
    source = answers(request)
    revision, digest, at = await source.dataset()
    numbers = [(resource, await _total(source, resource.name, revision)) for resource in CATALOG]
    base = pages.base(request)
    asked = questions(request.app.state.settings)
    return pages.render(
        request,
        "home.html",
        revision=revision,
        digest=digest,
        key="/",
        numbers=[(resource, count) for resource, count in numbers if count],
        questions=[{"title": one.question, "url": pages.page_of(one.answer), "text": one.shows} for one in asked],
        initiatives=await _initiatives(source, revision),
        changes=await _changes(source),
        example=f"{base}{asked[0].answer if asked else RECORDS}",
        dataset=Markup(_safe(dataset(base, at, revision))),  # noqa: S704 the text of a script is not HTML; `<` is escaped
    )


async def _total(source: Answers, name: str, revision: int) -> int:
    question = await source.question(Reading(CATALOG, CATALOG[name], b""))
    return await source.total(question.ask.resource, question.where, revision)


async def _initiatives(source: Answers, revision: int) -> list[dict[str, Any]]:
    """The initiatives with their pillars, and how many commitments each has."""
    found = await source.page(Reading(CATALOG, INITIATIVES, b"limit=500"), f"/{INITIATIVES.name}")
    pillars = await source.page(Reading(CATALOG, PILLARS, b"limit=500"), f"/{PILLARS.name}")
    question = await source.question(Reading(CATALOG, COMMITMENTS, b""))
    path = f"/{COMMITMENTS.name}"
    counts = {
        name: {count["value"]: count for count in await source.facet(question, path, name, revision)}
        for name in (INITIATIVES.singular, PILLARS.singular)
    }
    if {found.revision, pillars.revision} != {revision}:
        raise Moved
    made = []
    below = [orjson.loads(document) for document in pillars.documents]
    for one in map(orjson.loads, found.documents):
        own = [
            {
                "title": pillar["title"],
                "url": pages.page_of(pillar["url"]),
                **_counted(counts[PILLARS.singular], PILLARS.singular, pillar["id"]),
            }
            for pillar in below
            if pillar["initiative"] == one["id"]
        ]
        made.append(
            one
            | {
                "url": pages.page_of(one["url"]),
                "pillars": own,
                **_counted(counts[INITIATIVES.singular], INITIATIVES.singular, one["id"]),
            }
        )
    return sorted(made, key=lambda one: (-len(one["pillars"]), -one["count"]))


def _counted(counts: dict[str, dict[str, Any]], name: str, id: str) -> dict[str, Any]:
    found = counts.get(id)
    return {"count": found["count"] if found else 0, "list": f"/{COMMITMENTS.name}?{name}={id}"}


async def _changes(source: Answers) -> list[dict[str, Any]]:
    """The newest revisions: in words, and some of the records that each touched."""
    rows = await source.reader.fetch(source.queries.compiled(("latest revisions",), _latest), {})
    made: dict[int, dict[str, Any]] = {}
    counts: dict[int, Counter[tuple[str, str]]] = {}
    for number, at, note, op, resource, count in rows:
        made.setdefault(number, {"number": number, "day": at[:10], "note": note, "records": []})
        counts.setdefault(number, Counter())[op, resource] += count
    for number, one in made.items():
        by_op: dict[str, list[str]] = {}
        for (op, resource), count in sorted(counts[number].items(), key=lambda pair: -pair[1]):
            by_op.setdefault(op, []).append(wording.counted(count, resource))
        one["words"] = "; ".join(f"{WHAT[op].capitalize()}: {wording.listed(some)}" for op, some in by_op.items())
        named = await source.reader.fetch(source.queries.compiled(("latest changes",), _named), {"number": number})
        one["records"] = [
            {"title": title, "url": pages.link(resource, id), "what": f"{WHAT[op]}, {wording.singular(resource)}"}
            for op, id, resource, title in named
        ]
    return list(made.values())


def _latest() -> Any:
    newest = select(col(Revision.number)).order_by(col(Revision.number).desc()).limit(REVISIONS).subquery()
    return (
        select(
            col(Revision.number),
            col(Revision.at),
            col(Revision.note),
            col(Change.op),
            col(Record.resource),
            func.count(),
        )
        .join(Change, col(Change.revision) == col(Revision.number))
        .join(Record, col(Record.id) == col(Change.record))
        .where(col(Revision.number).in_(select(newest.c.number)))
        .group_by(col(Revision.number), col(Revision.at), col(Revision.note), col(Change.op), col(Record.resource))
        .order_by(col(Revision.number).desc(), col(Change.op), col(Record.resource))
    )


def _named() -> Any:
    return (
        select(col(Change.op), col(Record.id), col(Record.resource), col(Record.title))
        .join(Record, col(Record.id) == col(Change.record))
        .where(
            col(Change.revision) == bindparam("number", type_=Integer()),
            col(Record.title).is_not(None),
        )
        .order_by(case((col(Record.resource) == COMMITMENTS.name, 0), else_=1), col(Change.position))
        .limit(CHANGES)
    )


def dataset(base: str, at: str, revision: int) -> dict[str, Any]:
    """The dataset in the words of schema.org."""
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": "Initiatives",
        "description": "Who promised what to whom, under which international policy initiative, by when, about which minerals, "
        "technologies and equipment, and which source says so: section and paragraph for every value.",
        "url": f"{base}/",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "isAccessibleForFree": True,
        "version": str(revision),
        "dateModified": at,
        "creator": {"@type": "Organization", "name": "Initiatives API"},
        "keywords": ["critical minerals", "policy", "commitments", "India", "United States", "provenance"],
        "softwareVersion": __version__,
        "distribution": [
            {
                "@type": "DataDownload",
                "name": f"{wording.heading(resource.name)} as {made.name.upper()}",
                "encodingFormat": made.media_type,
                "contentUrl": f"{base}/v1/{resource.name}?format={made.name}",
            }
            for resource in CATALOG
            for made in (FORMATS["csv"], FORMATS["json"])
        ],
    }


def _safe(value: Any) -> str:
    """JSON that can stand in a script element."""
    return orjson.dumps(value).decode().replace("<", "\\u003c").replace("&", "\\u0026")
