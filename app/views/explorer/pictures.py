"""Pages with a picture each, the pictures alone as SVG and PNG, and the tables of their data."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote_plus

import orjson
from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from app.api import plain
from app.api.answers import settled
from app.api.caching import validators
from app.api.errors import Fault, invalid, near, question
from app.api.network import Walk
from app.api.pages import url
from app.api.params import CONTROLS, Reading, canonical
from app.api.routes import answers, not_found
from app.core.declare import dates_of
from app.resources import CATALOG
from app.resources.commitment import COMMITMENTS
from app.resources.initiative import INITIATIVES
from app.resources.mineral import MINERALS
from app.resources.pillar import PILLARS
from app.resources.topic import TOPICS
from app.views.explorer import drawing, known, pages, wording
from app.views.graph import NETWORK, OF_GRAPH

SHOWN = tuple(made.name for made in (INITIATIVES, PILLARS, COMMITMENTS, TOPICS, MINERALS))
"""Resources of the graph where none are chosen."""
EXTRA = "pictures"
"""The extra that brings what makes PNG of SVG."""
CARD = (1200, 630)


@dataclass(frozen=True)
class Picture:
    """A picture, and the same in words and as a table."""

    path: str
    query: str
    title: str
    words: str
    """The text alternative."""
    draw: Callable[[bool], Markup]
    columns: tuple[str, ...]
    rows: list[list[known.Value]]
    revision: int
    digest: str
    more: dict[str, Any]
    template: str = "picture.html"

    def url(self, suffix: str = "") -> str:
        """The address of the page, or of the picture alone."""
        return url(f"{self.path}{suffix}", self.query)


Maker = Callable[[Request], Awaitable[Picture]]
router = APIRouter(include_in_schema=False)


def png_missing() -> str | None:
    """What to do before there is PNG; null where there is."""
    if find_spec("vl_convert") is not None:
        return None
    return f"PNG needs an extra here: whoever runs this server adds it with `pip install initiatives-api[{EXTRA}]`."


async def answer(request: Request, make: Maker, suffix: str) -> Response:
    """The page of a picture, or the picture alone."""
    if (moved := pages.tidied(request)) is not None:
        return moved
    made = await settled(lambda: make(request))
    return await (_alone(made, suffix) if suffix else _page(request, made))


async def _page(request: Request, made: Picture) -> Response:
    return pages.render(
        request,
        made.template,
        revision=made.revision,
        digest=made.digest,
        key=made.url(),
        picture=made,
        svg=made.draw(False),
        png=png_missing(),
        **made.more,
    )


async def _alone(made: Picture, suffix: str) -> Response:
    headers = validators(made.revision, made.digest, f"{pages.fingerprint()} {made.url(suffix)}")
    headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    svg = str(made.draw(True))
    if suffix == ".svg":
        return Response(svg, media_type="image/svg+xml", headers=headers)
    return Response(await asyncio.to_thread(png, svg), media_type="image/png", headers=headers)


def png(svg: str, scale: float = 2) -> bytes:
    """A picture as PNG. Raises a Problem where the library is missing."""
    if missing := png_missing():
        raise not_found(missing, [])
    import vl_convert

    return bytes(vl_convert.svg_to_png(svg, scale=scale))


async def graph(request: Request) -> Picture:
    """The graph of records, at the parameters of the API's."""
    raw = request.scope["query_string"]
    given = plain.read(raw, OF_GRAPH[:-1])
    source = answers(request)
    asked = await plain.resolved(given, OF_GRAPH[:-1], source.lookup)
    chosen = tuple(asked.values.get("resource", ())) or (NETWORK.nodes if asked.values.get("around") else SHOWN)
    walk = Walk(NETWORK, source, chosen, asked.values.get("link", ()))
    around: tuple[str, ...] = asked.values.get("around", ())
    found = await (walk.around(around, asked.one("depth") or 1) if around else walk.whole())
    titles = {node.id: node.title or node.id for node in found.nodes}
    nodes = [
        drawing.Node(node.id, node.resource, titles[node.id], pages.link(node.resource, node.id))
        for node in found.nodes
    ]
    edges = [drawing.Edge(edge.source, edge.target, edge.link, edge.basis) for edge in found.edges if edge.via is None]
    used = {node.resource for node in nodes}
    columns = [made.name for made in CATALOG if made.name in used]
    linked = {id for edge in edges for id in (edge.source, edge.target)}
    if not around:
        nodes = [node for node in nodes if node.id in linked]
    center = wording.listed([titles.get(id, id) for id in around]) if around else ""
    title = f"What {center} is linked to" if center else "How it all hangs together"
    counts = [wording.counted(sum(node.resource == name for node in nodes), name) for name in columns]
    words = f"A graph of {wording.listed(counts) or 'nothing'} with {len(edges)} links, in columns from left to right; what follows from two other links is in the table only."
    links = {node.id: node.url for node in nodes}
    rows = [
        [
            known.Value(titles[edge.source], links.get(edge.source)),
            known.Value(wording.words(edge.link)),
            known.Value(titles[edge.target], links.get(edge.target)),
            known.Value(wording.plain(edge.basis) if edge.basis else "Ours"),
        ]
        for edge in edges
    ]
    return Picture(
        "/graph",
        asked.query,
        title,
        words,
        lambda alone: drawing.graph(nodes, edges, columns, words, alone=alone),
        ("From", "Link", "To", "How it is known"),
        rows,
        found.revision,
        found.digest,
        {"kinds": [(name, name in chosen) for name in NETWORK.nodes], "around": list(around), "api": url("/v1/graph", asked.query or f"resource={','.join(chosen)}")},
        "graph.html",
    )  # fmt: skip


def _query(raw: bytes, *without: bytes) -> str:
    kept = [piece for piece in raw.split(b"&") if piece and piece.partition(b"=")[0] not in without]
    return b"&".join(kept).decode("latin-1")


async def timeline(request: Request) -> Picture:
    """What is dated of the commitments of a list: its own dates and its statuses."""
    controls = [name for name in CONTROLS if name in ("sort", "or")]
    reading = Reading(CATALOG, COMMITMENTS, request.scope["query_string"], controls=controls)
    reading.ask.limit = 500
    source = answers(request)
    found = await source.page(reading, "/timeline")
    ask = (await source.question(reading)).ask
    ask.limit = None
    query = canonical(ask)
    names = [name for name in dates_of(COMMITMENTS.table) if not name.endswith(known.AS_OF)]
    lines = []
    for document in map(orjson.loads, found.documents):
        marks = [drawing.Mark(name, wording.heading(name), document[name]) for name in names if document[name]]
        marks += [
            drawing.Mark("status", wording.heading(event["status"]), event["as_of"])
            for event in document[known.EVENTS]
            if event["as_of"]
        ]
        if marks:
            marks.sort(key=lambda mark: mark.days)
            lines.append(drawing.Line(document["title"], pages.page_of(document["url"]), marks))
    lines.sort(
        key=lambda line: (
            [mark.kind != "status" for mark in line.marks].count(True) == 0,
            line.marks[-1].days,
            line.title,
        )
    )
    words = f"{wording.counted(len(lines), COMMITMENTS.name)} on a scale of years: dates by which or from which something is to be, and each status with its day."
    rows = [
        [known.Value(line.title, line.url), known.Value(mark.words), known.Value(wording.date(mark.date))]
        for line in lines
        for mark in line.marks
    ]
    return Picture(
        "/timeline",
        query,
        "What was promised, and what came of it",
        words,
        lambda alone: drawing.timeline(lines, words, alone=alone),
        ("Commitment", "What", "When"),
        rows,
        found.revision,
        found.digest,
        {"legend": [*((name if name == "due" else "date", wording.heading(name)) for name in names), ("status", "Status")],
         "api": url(f"/v1/{COMMITMENTS.name}", query), "list": url(f"/{COMMITMENTS.name}", query), "about": ""},
    )  # fmt: skip


async def chart(request: Request) -> Picture:
    """How many records of a list have each value of a field."""
    name = request.path_params["name"]
    if name not in CATALOG.by_name:
        raise not_found("There is no such list.", [f"/charts/{one}" for one in near(name, CATALOG.by_name)])
    resource, raw = CATALOG[name], request.scope["query_string"]
    by = next(
        (
            unquote_plus(text)
            for key, _, text in (piece.partition("=") for piece in raw.decode("latin-1").split("&"))
            if key == "by"
        ),
        "",
    )
    countable = {one.name: one for one in CATALOG.filters(resource).values() if one.counted is not None}
    reading = Reading(CATALOG, resource, _query(raw, b"by").encode("latin-1"), controls=("or", "sort"))
    if by not in countable:
        meant = near(by, countable)
        shown = by[:60] if by.isprintable() and by else "that"
        detail = f"by: {name} cannot be counted by {shown}.{question(meant)}"
        reading.faults.append(
            Fault("by", "invalid_value", detail, by or None, allowed=tuple(countable), did_you_mean=meant)
        )
    if reading.faults:
        raise invalid(reading.faults)
    source = answers(request)
    asked = await source.question(reading)
    revision, digest, _ = await source.dataset()
    counts = await source.facet(asked, f"/{name}", by, revision)
    some = [drawing.Bar(pages.facet_words(count), count["count"], count["url"]) for count in counts]
    some.sort(key=lambda bar: bar.label == pages.NOT_GIVEN)
    most = some[:40]
    query = canonical(asked.ask)
    title = f"{wording.heading(name)} by {wording.words(by)}"
    first = f", most often {most[0].label} ({most[0].count})" if most else ""
    words = f"Bars for {len(most)} values{first}."
    return Picture(
        f"/charts/{name}",
        "&".join(filter(None, (query, f"by={by}"))),
        title,
        words,
        lambda alone: drawing.bars(most, f"{title}. {words}", alone=alone),
        (wording.heading(by), wording.heading(name)),
        [[known.Value(bar.label, bar.url), known.Value(f"{bar.count:,}")] for bar in some],
        revision,
        digest,
        {"legend": [], "api": url(f"/v1/{name}", query, facet=by), "list": url(f"/{name}", query),
         "about": "A record with several values counts once for each." if countable[by].listed is not None else ""},
    )  # fmt: skip


def _endpoint(make: Maker, suffix: str) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await answer(request, make, suffix)

    return endpoint


for path, make in (("/graph", graph), ("/timeline", timeline), ("/charts/{name}", chart)):
    for suffix in (".svg", ".png", ""):
        router.add_api_route(f"{path}{suffix}", _endpoint(make, suffix))


@router.get("/card.png")
async def card(request: Request) -> Response:
    """What stands for the site where a link to it is shared."""
    width, height = CARD
    svg = pages.environment().get_template("card.svg").render(width=width, height=height)
    kept = {"Cache-Control": "public, max-age=86400"}
    return Response(await asyncio.to_thread(png, svg, 1), media_type="image/png", headers=kept)
