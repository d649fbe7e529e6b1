"""The search page."""

from typing import Any

import orjson
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from app.api.params import Reading
from app.api.routes import accept_revision, answers
from app.resources import CATALOG
from app.views import search
from app.views.explorer import known, pages
from app.views.records import EVERYTHING, RECORDS


async def page(request: Request) -> Response:
    """What is found for a few words. Raises a Problem as the API does."""
    if (moved := pages.tidied(request)) is not None:
        return moved
    query = request.scope["query_string"]
    reading = Reading(EVERYTHING, RECORDS, query, controls=("cursor",))
    source = answers(request)
    asked = next((wanted for wanted in reading.ask.wanted if wanted.parameter.name == "q"), None)
    if asked is None and not reading.faults:
        revision, digest, _ = await source.dataset()
        return pages.render(
            request,
            "search.html",
            revision=revision,
            digest=digest,
            key="/search",
            q="",
            total=0,
            rows=[],
            links={},
            api="",
        )
    found = await source.page(reading, "/search")
    accept_revision(request, found.revision)
    assert asked is not None
    rows: list[dict[str, Any]] = []
    for document in map(orjson.loads, found.documents):
        own = CATALOG[document["resource"]]
        titles = await known.titles(source, known.linked(own, document), found.revision)
        hit = search.hit(asked.values[0], document)
        rows.append(
            known.row(own, document, titles, 3)
            | ({"summary": _marked(hit["extract"], hit["highlights"])} if hit["extract"] != hit["title"] else {})
        )
    here = found.links["self"] or "/search"
    return pages.render(
        request,
        "search.html",
        revision=found.revision,
        digest=found.digest,
        key=here,
        q=asked.texts[0],
        total=found.total,
        rows=rows,
        links=found.links,
        api=f"/v1{here}",
    )


def _marked(text: str, places: list[list[int]]) -> Markup:
    """A text with some of its places marked."""
    made, at = Markup(""), 0
    for start, end in places:
        made += escape(text[at:start]) + Markup("<mark>") + escape(text[start:end]) + Markup("</mark>")
        at = end
    return made + escape(text[at:])
