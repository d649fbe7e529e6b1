"""The graph of all records: its nodes and edges, and the shortest chains between two of them."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeVar
from xml.sax.saxutils import escape, quoteattr

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import openapi, plain, schemas
from app.api.answers import Moved, settled
from app.api.caching import validators
from app.api.errors import INVALID_QUERY, NOT_ACCEPTABLE, OUTDATED, Fault, invalid
from app.api.formats import GRAPHML, JSON
from app.api.network import MOST_CHAINS, MOST_EDGES, MOST_NODES, Chains, Cited, Edge, Graph, Network, Node, Walk
from app.api.pages import url
from app.api.plain import Asked, Plain
from app.api.routes import accept_revision, acceptable, answers, link_header, public
from app.resources import CATALOG
from app.resources.relation import RELATIONS
from app.resources.source import SOURCES
from app.resources.statement import STATEMENTS

router = APIRouter()

NETWORK = Network(CATALOG, evidence=(SOURCES, STATEMENTS), relations=RELATIONS)
DEEPEST = 5
LONGEST = 10

RESOURCE = Plain(
    "resource", "Only records of these resources.", "minerals", plain.words(NETWORK.nodes, "NodeResource"), several=True
)
LINK = Plain(
    "link",
    "Only these links: names of fields, or kinds of relations.",
    "uses",
    plain.words(NETWORK.links, "LinkName"),
    several=True,
)
OF_GRAPH = (
    Plain("around", "Only what lies around these records; ids or aliases.", "trust", several=True, is_record=True),
    Plain("depth", "How many steps around them.", 2, plain.number(1, DEEPEST), default=1),
    RESOURCE,
    LINK,
    Plain(
        "format",
        "Media type by name, where `Accept` is awkward.",
        "json",
        plain.words((JSON.name, GRAPHML.name), "GraphFormat"),
    ),
)
OF_PATHS = (
    Plain("from", "Where the chains begin; id or alias.", "gallium", required=True, is_record=True),
    Plain("to", "Where they end; id or alias.", "trust", required=True, is_record=True),
    Plain("max_depth", "Longest chain that is sought, in steps.", 4, plain.number(1, LONGEST), default=6),
    RESOURCE,
    LINK,
)


Found = TypeVar("Found", Graph, Chains)


async def _found(
    request: Request, declared: Sequence[Plain], read: Callable[[Walk, Asked], Awaitable[Found]]
) -> tuple[Asked, Found]:
    """What was asked, and the answer, all of one revision: asked again where a writer came between."""
    given = plain.read(request.scope["query_string"], declared)
    source = answers(request)

    async def attempt() -> tuple[Asked, Found]:
        asked = await plain.resolved(given, declared, source.lookup)
        walk = Walk(NETWORK, source, asked.values.get("resource", ()), asked.values.get("link", ()))
        found = await read(walk, asked)
        if not source.lookup.of_revision(found.revision):
            raise Moved
        accept_revision(request, found.revision)
        return asked, found

    return await settled(attempt)


def _check_nodes(names: Sequence[tuple[str, str]], nodes: Sequence[Node]) -> None:
    """Evidence and relations are no nodes: nothing leads there."""
    known = {node.id for node in nodes}
    faults = [
        Fault(
            name, "not_a_node", f"{name}: {id} is evidence or an edge, not a node of the graph.", id, see="/v1/records"
        )
        for name, id in names
        if id not in known
    ]
    if faults:
        raise invalid(faults)


_TEXT = {"type": ["string", "null"]}
NODE = {
    "title": "Node",
    "type": "object",
    "required": ["id", "resource", "title", "url"],
    "properties": {
        "id": {"type": "string", "description": "Id of the record."},
        "resource": {"type": "string", "description": "The resource that it belongs to."},
        "title": _TEXT | {"description": "Its title."},
        "url": {"type": "string", "description": "Path of the record."},
    },
}
CITED = {
    "title": "CitedStatement",
    "type": "object",
    "required": ["id", "source", "section", "section_title", "paragraph"],
    "properties": {
        "id": {"type": "string", "description": "Id of the statement."},
        "source": {"type": "string", "description": "Id of the source that says it."},
        "section": _TEXT | {"description": "The section where it stands."},
        "section_title": _TEXT | {"description": "The heading of that section."},
        "paragraph": {"type": ["integer", "null"], "description": "The paragraph there, from 1."},
    },
}


def _edge_schema(title: str, statement: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": title,
        "type": "object",
        "required": ["source", "target", "link", "provenance", "basis", "role", "via", "statements"],
        "properties": {
            "source": {"type": "string", "description": "The record that has the link."},
            "target": {"type": "string", "description": "The record that it leads to."},
            "link": {"type": "string", "description": "Name of the field, or kind of the relation."},
            "provenance": {
                "title": "Provenance",
                "type": "string",
                "enum": ["said", "ours", "derived"],
                "description": "A source says it; we read it off the structure of the source; it follows from other links.",
            },
            "basis": _TEXT | {"description": "How directly it is read off the source."},
            "role": _TEXT | {"description": "The part that a participant plays."},
            "via": _TEXT | {"description": "The record through which a derived link goes."},
            "statements": {"type": "array", "description": "The statements behind it.", "items": statement},
        },
    }


_META = {
    "title": "NetworkMeta",
    "type": "object",
    "description": "What was asked, the revision, and how much there is.",
}
GRAPH = {
    "title": "Graph",
    "type": "object",
    "required": ["nodes", "edges", "meta", "links"],
    "properties": {
        "nodes": {"type": "array", "description": "The records.", "items": NODE},
        "edges": {
            "type": "array",
            "description": "The links between them.",
            "items": _edge_schema("Edge", {"type": "string"}),
        },
        "meta": _META,
        "links": schemas.SELF,
    },
}
CHAIN = {
    "title": "Chain",
    "type": "object",
    "required": ["nodes", "steps", "text"],
    "properties": {
        "nodes": {"type": "array", "description": "The records that it passes, in order.", "items": NODE},
        "steps": {
            "type": "array",
            "description": "From each of them to the next.",
            "items": {
                "title": "Step",
                "type": "object",
                "required": ["from", "to", "edges"],
                "properties": {
                    "from": {"type": "string", "description": "Id of the record where it begins."},
                    "to": {"type": "string", "description": "Id of the record that it leads to."},
                    "edges": {
                        "type": "array",
                        "description": "The links between the two.",
                        "items": _edge_schema("CitedEdge", CITED),
                    },
                },
            },
        },
        "text": {"type": "string", "description": "The chain in one line; arrows show which way a link points."},
    },
}
PATHS = {
    "title": "Paths",
    "type": "object",
    "required": ["data", "meta", "links"],
    "properties": {
        "data": {"type": "array", "description": "The chains, firmest first.", "items": CHAIN},
        "meta": _META,
        "links": schemas.SELF,
    },
}


def _operation(
    id: str, summary: str, words: str, declared: Sequence[Plain], schema: dict[str, Any], *, graphml: bool = False
) -> openapi.Operation:
    answer = openapi.ok("The answer.", schema)
    if graphml:
        answer["content"][GRAPHML.media_type] = {"schema": {"type": "string"}}
    return openapi.operation(
        id,
        "graph",
        summary,
        words,
        parameters=[*(one.openapi() for one in declared), *openapi.CONDITIONAL],
        responses={"200": answer, **openapi.UNCHANGED},
        problems=(INVALID_QUERY, NOT_ACCEPTABLE, OUTDATED),
    )


@router.api_route(
    "/v1/graph",
    **_operation(
        "get_graph",
        "Records and links as a graph",
        "Every record is a node, every link and every relation an edge with the statements behind it. Whole, or what lies "
        f"around some records. At most {MOST_NODES:,} nodes and {MOST_EDGES:,} edges; `format=graphml` for network tools.",
        OF_GRAPH,
        GRAPH,
        graphml=True,
    ),
)
async def graph(request: Request) -> Response:
    """Nodes and edges."""

    async def read(walk: Walk, asked: Asked) -> Graph:
        centers = asked.values.get("around", ())
        if not centers:
            return await walk.whole()
        found = await walk.around(centers, asked.one("depth"))
        _check_nodes([("around", id) for id in centers], found.nodes)
        return found

    given = plain.read(request.scope["query_string"], OF_GRAPH)
    if given.texts.get("depth") and not given.values.get("around"):
        raise invalid(
            [*given.faults, Fault("depth", "missing_parameter", "depth goes with around.", given.texts["depth"])]
        )
    asked, found = await _found(request, OF_GRAPH, read)
    made = acceptable(request, asked.one("format"), (JSON, GRAPHML))
    where = url("/v1/graph", asked.query)
    headers = validators(found.revision, found.digest, f"{made.name} {where}")
    cited = url("/v1/graph", "&".join(pair for pair in asked.query.split("&") if not pair.startswith("format=")))
    headers["Link"] = link_header({"self": where, "cite-as": public(request, cited)})
    if made is GRAPHML:
        headers["Content-Disposition"] = 'inline; filename="graph.graphml"'
        return Response(graphml(found, public(request, cited)), headers=headers, media_type=GRAPHML.content_type)
    body = {
        "nodes": [_node(node) for node in found.nodes],
        "edges": [_edge(edge) for edge in found.edges],
        "meta": {
            "nodes": len(found.nodes),
            "edges": len(found.edges),
            "revision": found.revision,
            "around": list(asked.values.get("around", ())),
            "depth": asked.one("depth") if asked.values.get("around") else None,
            "resource": list(asked.values.get("resource", ())),
            "link": list(asked.values.get("link", ())),
        },
        "links": {"self": where},
    }
    return Response(orjson.dumps(body), headers=headers, media_type=JSON.content_type)


@router.api_route(
    "/v1/paths",
    **_operation(
        "get_paths",
        "How two records hang together",
        "The shortest chains of links between two records, whichever way the links point, each step with its statements: "
        f"source, section and paragraph. All are of one length; the {MOST_CHAINS} with the firmest links are shown, "
        "`meta.total` says how many there are. Links that only follow from others are not used.",
        OF_PATHS,
        PATHS,
    ),
)
async def paths(request: Request) -> Response:
    """The shortest chains between two records."""

    async def read(walk: Walk, asked: Asked) -> Chains:
        start, goal = asked.one("from"), asked.one("to")
        ends = await walk.named([start, goal], all_resources=True)
        _check_nodes([("from", start), ("to", goal)], list(ends.values()))
        return await walk.chains(start, goal, asked.one("max_depth"))

    asked, found = await _found(request, OF_PATHS, read)
    acceptable(request, None, (JSON,))
    nodes = {node.id: node for node in found.graph.nodes}
    where = url("/v1/paths", asked.query)
    headers = validators(found.graph.revision, found.graph.digest, where)
    headers["Link"] = link_header({"self": where, "cite-as": public(request, where)})
    body = {
        "data": [_chain([nodes[id] for id in chain], found.graph.edges) for chain in found.chains],
        "meta": {
            "from": asked.one("from"),
            "to": asked.one("to"),
            "max_depth": asked.one("max_depth"),
            "length": found.length,
            "total": found.total,
            "shown": len(found.chains),
            "revision": found.graph.revision,
        },
        "links": {"self": where},
    }
    return Response(orjson.dumps(body), headers=headers, media_type=JSON.content_type)


def _node(node: Node) -> dict[str, Any]:
    return {"id": node.id, "resource": node.resource, "title": node.title, "url": CATALOG[node.resource].url(node.id)}


def _edge(edge: Edge, *, cited: bool = False) -> dict[str, Any]:
    return {
        "source": edge.source,
        "target": edge.target,
        "link": edge.link,
        "provenance": edge.provenance,
        "basis": edge.basis,
        "role": edge.role,
        "via": edge.via,
        "statements": [_cited(one) if cited else one.id for one in edge.statements],
    }


def _cited(one: Cited) -> dict[str, Any]:
    return {
        "id": one.id,
        "source": one.source,
        "section": one.section,
        "section_title": one.section_title,
        "paragraph": one.paragraph,
    }


def _chain(nodes: Sequence[Node], edges: Sequence[Edge]) -> dict[str, Any]:
    steps = []
    words = [nodes[0].title or nodes[0].id]
    for here, there in pairwise(nodes):
        along = [edge for edge in edges if {edge.source, edge.target} == {here.id, there.id} and edge.via is None]
        steps.append({"from": here.id, "to": there.id, "edges": [_edge(edge, cited=True) for edge in along]})
        forward = along[0].source == here.id
        words.append(f"{'—' if forward else '←'} {along[0].link} {'→' if forward else '—'} {there.title or there.id}")
    return {"nodes": [_node(node) for node in nodes], "steps": steps, "text": " ".join(words)}


ATTRIBUTES = {
    "node": ("resource", "title", "url"),
    "edge": ("link", "provenance", "basis", "role", "via", "statements"),
}
"""What GraphML says of nodes and edges; all of it is text."""


def graphml(found: Graph, cited: str) -> str:
    """The graph for network tools; statements are joined by blanks."""
    return "\n".join(_graphml(found, cited))


def _graphml(found: Graph, cited: str) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    for kind, names in ATTRIBUTES.items():
        for name in names:
            yield f'<key id="{kind}-{name}" for="{kind}" attr.name="{name}" attr.type="string"/>'
    yield '<key id="graph-cite" for="graph" attr.name="cite_as" attr.type="string"/>'
    yield '<key id="graph-revision" for="graph" attr.name="revision" attr.type="long"/>'
    yield '<graph id="initiatives" edgedefault="directed">'
    yield f'<data key="graph-cite">{escape(cited)}</data><data key="graph-revision">{found.revision}</data>'
    for node in found.nodes:
        yield f"<node id={quoteattr(node.id)}>{_data('node', _node(node))}</node>"
    for position, edge in enumerate(found.edges):
        ends = f"source={quoteattr(edge.source)} target={quoteattr(edge.target)}"
        yield f'<edge id="e{position}" {ends}>{_data("edge", _edge(edge))}</edge>'
    yield "</graph></graphml>\n"


def _data(kind: str, values: dict[str, Any]) -> str:
    shown = ((name, values[name]) for name in ATTRIBUTES[kind] if values[name])
    return "".join(
        f'<data key="{kind}-{name}">{escape(" ".join(value) if isinstance(value, list) else value)}</data>'
        for name, value in shown
    )
