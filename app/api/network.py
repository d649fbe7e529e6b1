"""The records of a catalog as a graph: links of every kind as edges, each with the statements behind it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, NamedTuple

import orjson
from sqlalchemy import String, bindparam, cast, literal_column, null, select, true, union_all
from sqlmodel import col

from app.api.answers import Answers, Moved
from app.api.errors import Fault, invalid
from app.core.changes import Dataset
from app.core.declare import ANY, Catalog, Resource
from app.core.documents import shown
from app.core.fields import table_of
from app.core.filters import Linked
from app.core.provenance import Source, Statement
from app.core.record import Record, State
from app.core.values import strongest

MOST_NODES = 2_000
"""Nodes of one answer."""
MOST_EDGES = 10_000
"""Edges of one answer, and edges read at one step of a search."""
MOST_VISITED = 20_000
"""Nodes that a search for chains looks at."""
MOST_CHAINS = 20
"""Chains of one answer."""
MOST_WEIGHED = 2_000
"""Chains among which the best are chosen."""
SIZES = (1, 20, 500)
"""Ids in one statement: few sizes, so that few statements are compiled."""


class Node(NamedTuple):
    """A record."""

    id: str
    resource: str
    title: str | None


class Cited(NamedTuple):
    """A statement, and where it stands."""

    id: str
    source: str
    section: str | None
    section_title: str | None
    paragraph: int | None
    basis: str
    rank: str
    cited: str
    object: str
    value: None = None


@dataclass(frozen=True)
class Edge:
    """A link from one record to another, and what stands behind it."""

    source: str
    target: str
    link: str
    """The field that holds it, or the kind of a relation."""
    provenance: str
    """Whether a source says it, we read it off the source's structure, or it follows from other links."""
    basis: str | None
    role: str | None
    via: str | None
    record: str
    """The record whose statements are about it: its source, or the relation."""
    cited: str
    """The field of that record."""
    order: tuple[int, int]
    statements: tuple[Cited, ...] = ()


@dataclass(frozen=True)
class Part:
    """One declared kind of link, as it is read from its table."""

    resource: Resource
    link: Linked | None
    """Null for records that are edges themselves."""
    name: str
    targets: frozenset[str] | None
    """Resources that it leads to; null for any."""


@dataclass
class Graph:
    """Nodes and edges as of one revision."""

    revision: int
    digest: str
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


@dataclass
class Chains:
    """The shortest ways between two records, as of one revision."""

    graph: Graph
    length: int | None = None
    """Edges of each; null where there is none."""
    total: int = 0
    chains: list[list[str]] = field(default_factory=list)

    @property
    def revision(self) -> int:
        """The revision that was read."""
        return self.graph.revision


class Network:
    """What is a node and what is an edge: every resource but `evidence` is a node; records of `relations` are edges."""

    def __init__(self, catalog: Catalog, evidence: Sequence[Resource], relations: Resource):
        self.catalog, self.relations = catalog, relations
        left_out = {resource.name for resource in (*evidence, relations)}
        self.nodes = tuple(resource.name for resource in catalog if resource.name not in left_out)
        self.parts = tuple(self._parts())
        self.kinds = tuple(value for entry in relations.filters if entry.name == "kind" for value in entry.kind.values)
        fields = dict.fromkeys(part.name for part in self.parts if part.link is not None)
        self.links = (*fields, *(kind for kind in self.kinds if kind not in fields))

    def _parts(self) -> Iterator[Part]:
        for resource in self.catalog:
            if resource.name in self.nodes:
                for link in self.catalog.links(resource):
                    targets = self._targets(link)
                    if targets is None or targets:
                        yield Part(resource, link, link.listed.field if link.listed else link.name, targets)
        yield Part(self.relations, None, self.relations.name, None)

    def _targets(self, link: Linked) -> frozenset[str] | None:
        assert link.ids is not None
        if ANY in link.ids:
            return None
        return frozenset(
            name for name in (self.catalog.by_table[table].name for table in link.ids) if name in self.nodes
        )


class Walk:
    """Reads parts of the graph from a database, restricted to some resources and links."""

    def __init__(self, network: Network, answers: Answers, resources: Sequence[str] = (), links: Sequence[str] = ()):
        self.network, self.answers = network, answers
        self.resources = frozenset(resources or network.nodes)
        self.links = frozenset(links)
        self.parts = [position for position, part in enumerate(network.parts) if self._goes(part)]
        self.revision: int | None = None
        self.digest = ""

    def _goes(self, part: Part) -> bool:
        if part.link is None:
            return not self.links or bool(self.links & set(self.network.kinds))
        named = not self.links or part.name in self.links
        leads = part.targets is None or bool(part.targets & self.resources)
        return named and leads and part.resource.name in self.resources

    async def whole(self) -> Graph:
        """Every node and edge; with links given, only the nodes that have one."""
        if self.links:
            edges = await self._edges(None, "out")
            nodes = await self.named(dict.fromkeys(id for edge in edges for id in (edge.source, edge.target)))
        else:
            nodes = await self._all_nodes()
            edges = [edge for some in _sized(list(nodes)) for edge in await self._edges(some, "out")]
        return await self._graph(nodes, edges)

    async def around(self, centers: Sequence[str], depth: int) -> Graph:
        """The nodes within so many steps, and all edges between them."""
        nodes = await self.named(centers, all_resources=True)
        ring = list(nodes)
        for _ in range(depth):
            edges = [edge for some in _sized(ring) for edge in await self._edges(some, "both")]
            reached = {id for edge in edges for id in (edge.source, edge.target)} - nodes.keys()
            fresh = await self.named(sorted(reached))
            nodes |= fresh
            ring = sorted(fresh)
            if len(nodes) > MOST_NODES:
                raise _too_many(f"More than {MOST_NODES:,} records lie within that depth", "depth")
            if not ring:
                break
        edges = [edge for some in _sized(sorted(nodes)) for edge in await self._edges(some, "out")]
        return await self._graph(nodes, edges)

    async def chains(self, start: str, goal: str, max_depth: int) -> Chains:
        """All shortest chains from one record to another, those with the firmest links first."""
        ends = await self.named([start, goal], all_resources=True)
        if start == goal:
            return Chains(await self._graph(ends, []), 0, 1, [[start]])
        sides = (_Side(start), _Side(goal))
        visited: dict[str, Node] = dict(ends)
        while sum(side.depth for side in sides) < max_depth and all(side.ring for side in sides):
            side, other = sorted(sides, key=lambda one: len(one.ring))
            edges = [edge for some in _sized(sorted(side.ring)) for edge in await self._edges(some, "both")]
            reached = {id for edge in edges for id in (edge.source, edge.target)} - visited.keys()
            visited |= await self.named(sorted(reached))
            side.step(edge for edge in edges if edge.via is None and edge.source in visited and edge.target in visited)
            if meeting := side.ring & other.ring:
                return await self._chains(sides, meeting, visited)
            if len(visited) > MOST_VISITED:
                raise _too_many(f"More than {MOST_VISITED:,} records lie between them", "max_depth")
        return Chains(await self._graph(ends, []))

    async def _chains(self, sides: "tuple[_Side, _Side]", meeting: set[str], visited: Mapping[str, Node]) -> Chains:
        onward = _onward(sides, meeting)
        counts: dict[str, int] = {sides[1].start: 1}
        layer = [sides[0].start]
        order = [layer]
        while layer != [sides[1].start]:
            layer = sorted({after for id in layer for after in onward[id]})
            order.append(layer)
        for ids in reversed(order[:-1]):
            counts |= {id: sum(counts[after] for after in onward[id]) for id in ids}
        edges = [
            edge
            for side in sides
            for edge in side.edges
            if edge.target in onward[edge.source] or edge.source in onward[edge.target]
        ]
        if len(edges) > MOST_EDGES:
            raise _too_many(f"More than {MOST_EDGES:,} links lie on the shortest chains", "max_depth")
        graph = await self._graph({id: visited[id] for ids in order for id in ids}, edges)
        strength: dict[frozenset[str], tuple[bool, int]] = {}
        for edge in graph.edges:
            pair = frozenset((edge.source, edge.target))
            strength[pair] = min(strength.get(pair, (True, 9)), (not edge.statements, _BASES.get(edge.basis or "", 8)))
        weighed: list[tuple[Any, list[str]]] = []
        for chain in _spelled([sides[0].start], onward, sides[1].start):
            steps = [strength[frozenset(pair)] for pair in pairwise(chain)]
            weighed.append(((sum(uncited for uncited, _ in steps), max(basis for _, basis in steps), chain), chain))
            if len(weighed) == MOST_WEIGHED:
                break
        best = [chain for _, chain in sorted(weighed)[:MOST_CHAINS]]
        return Chains(graph, len(order) - 1, counts[sides[0].start], best)

    async def _graph(self, nodes: Mapping[str, Node], edges: Iterable[Edge]) -> Graph:
        """Nodes, and the edges between them with their statements, each in a fixed order."""
        between = {_key(edge): edge for edge in edges if edge.source in nodes and edge.target in nodes}
        if len(between) > MOST_EDGES:
            raise _too_many(f"More than {MOST_EDGES:,} links lie between those records", "resource")
        backed = await self._backed(list(between.values()))
        if self.revision is None:
            self.revision, self.digest, _ = await self.answers.dataset()
        return Graph(
            self.revision,
            self.digest,
            [nodes[id] for id in sorted(nodes)],
            sorted(backed, key=lambda edge: (edge.source, edge.order, edge.target, edge.role or "")),
        )

    async def _backed(self, edges: Sequence[Edge]) -> list[Edge]:
        """The edges with the statements that they rest on; a derived edge rests on those that it follows from."""
        owners = {edge.record for edge in edges} | {edge.via for edge in edges if edge.via}
        found: dict[tuple[str, str, str], list[tuple[Cited, dict[str, Any]]]] = defaultdict(list)
        for some in _sized(sorted(owners)):
            for place, cited, parts in await self._statements(some):
                found[place].append((cited, parts))
        backed = []
        for edge in edges:
            places = [(edge.record, edge.cited, edge.target)]
            if edge.via:
                places = [(edge.record, edge.cited, edge.via)]
                places += [place for place in found if place[0] == edge.via and place[2] == edge.target]
            behind = [
                cited
                for place in places
                for cited, parts in found.get(place, ())
                if parts.get("role", edge.role) == edge.role
            ]
            basis = edge.basis or (strongest(*(cited.basis for cited in behind)) if behind else None)
            backed.append(replace(edge, basis=basis, statements=tuple(behind)))
        return backed

    async def _statements(self, owners: Sequence[str]) -> list[tuple[tuple[str, str, str], Cited, dict[str, Any]]]:
        rows = await self._fetch(("graph statements", len(owners)), lambda: _statements(len(owners)), owners)
        fields: dict[tuple[str, str], list[tuple[Cited, dict[str, Any]]]] = defaultdict(list)
        kinds: dict[str, str] = {}
        for record, parts, kind, *columns in rows:
            statement = Cited(*columns)
            kinds[statement.source] = kind
            fields[record, statement.cited].append((statement, orjson.loads(parts) if parts else {}))
        visible = {one.id for some in fields.values() for one in shown([statement for statement, _ in some], kinds)}
        return [
            ((record, cited, statement.object), statement, parts)
            for (record, cited), some in fields.items()
            for statement, parts in some
            if statement.id in visible
        ]

    async def named(self, ids: Iterable[str], *, all_resources: bool = False) -> dict[str, Node]:
        """Those of some records that are nodes here."""
        nodes: dict[str, Node] = {}
        allowed = frozenset(self.network.nodes) if all_resources else self.resources
        for some in _sized(list(ids)):
            rows = await self._fetch(("graph nodes", len(some)), lambda some=some: _nodes(len(some)), some)
            nodes |= {row[0]: Node(*row) for row in rows if row[1] in allowed}
        return nodes

    async def _all_nodes(self) -> dict[str, Node]:
        names = sorted(self.resources)
        rows = await self._fetch(("graph all", *names), lambda: _all_nodes(names), ())
        if len(rows) > MOST_NODES:
            raise _too_many(f"The whole graph has more than {MOST_NODES:,} records", "around")
        return {row[0]: Node(*row) for row in rows}

    async def _edges(self, ids: Sequence[str] | None, way: str) -> list[Edge]:
        """The edges that leave some records, or touch them, or all."""
        size = len(ids) if ids is not None else 0
        shape = ("graph edges", size, way, *self.parts)
        if not self.parts:
            return []
        parts = [(position, self.network.parts[position]) for position in self.parts]
        rows = await self._fetch(shape, lambda: _edges(self.network, parts, size, way), ids or ())
        if len(rows) > MOST_EDGES:
            raise _too_many(f"More than {MOST_EDGES:,} links start there", "link")
        return [edge for edge in (self._edge(*row) for row in rows) if not self.links or edge.link in self.links]

    def _edge(
        self, part: int, place: int, record: str, source: str, target: str, kind: str, basis: str, role: str, via: str
    ) -> Edge:
        declared = self.network.parts[part]
        cited = "object" if declared.link is None else declared.name
        provenance = "derived" if via else str(declared.resource.provenance(cited) or "ours")
        link = kind if declared.link is None else declared.name
        return Edge(source, target, link, provenance, basis, role, via, record, cited, (part, place))

    async def _fetch(self, shape: tuple[Any, ...], build: Any, ids: Sequence[str]) -> list[tuple[Any, ...]]:
        """Rows without revision and digest. Raises Moved where the revision is another than before."""
        query = self.answers.queries.compiled(shape, build)
        rows = await self.answers.reader.fetch(query, {f"id_{i}": id for i, id in enumerate(ids)})
        revision, digest = rows[0][0], rows[0][1]
        if self.revision not in (None, revision):
            raise Moved
        self.revision, self.digest = revision, digest
        return [tuple(row[2:]) for row in rows if row[2] is not None]


class _Side:
    """One of the two ends from which chains are sought."""

    def __init__(self, start: str):
        self.start = start
        self.depth = 0
        self.ring = {start}
        self.before: dict[str, set[str]] = {start: set()}
        self.edges: list[Edge] = []

    def step(self, edges: Iterable[Edge]) -> None:
        """Go one step further, along edges that touch the ring."""
        fresh: dict[str, set[str]] = defaultdict(set)
        for edge in edges:
            for here, there in ((edge.source, edge.target), (edge.target, edge.source)):
                if here in self.ring and there not in self.before:
                    fresh[there].add(here)
                    self.edges.append(edge)
        self.before |= fresh
        self.ring = set(fresh)
        self.depth += 1


def _onward(sides: tuple[_Side, _Side], meeting: set[str]) -> dict[str, set[str]]:
    """For each record on a shortest chain: those that may come next."""
    onward: dict[str, set[str]] = defaultdict(set)
    for side, forward in zip(sides, (True, False), strict=True):
        ring = set(meeting)
        while ring:
            for id in ring:
                for before in side.before[id]:
                    if forward:
                        onward[before].add(id)
                    else:
                        onward[id].add(before)
            ring = {before for id in ring for before in side.before[id]}
    return onward


def _spelled(chain: list[str], onward: Mapping[str, set[str]], goal: str) -> Iterator[list[str]]:
    if chain[-1] == goal:
        yield chain
        return
    for after in sorted(onward[chain[-1]]):
        yield from _spelled([*chain, after], onward, goal)


_BASES = {"stated": 0, "implied": 1, "group": 2, "inferred": 3, "external": 4}


def _key(edge: Edge) -> tuple[Any, ...]:
    return (edge.source, edge.target, edge.link, edge.role, edge.via, edge.record)


def _too_many(what: str, parameter: str) -> Exception:
    detail = f"{what}: narrow it with around and depth, resource= or link=."
    return invalid([Fault(parameter, "too_large", detail, see="/docs")])


def _sized(ids: Sequence[str]) -> Iterator[list[str]]:
    """The ids in pieces of few sizes; the last is filled up by repeating."""
    for start in range(0, len(ids), SIZES[-1]):
        some = list(ids[start : start + SIZES[-1]])
        size = next(size for size in SIZES if size >= len(some))
        yield some + [some[-1]] * (size - len(some))


def _slots(count: int) -> list[Any]:
    return [bindparam(f"id_{i}", type_=String()) for i in range(count)]


def _dated(found: Any) -> Any:
    """Rows with the revision that they are of; one row of nulls where there are none."""
    joined = table_of(Dataset).outerjoin(found, true())
    return select(col(Dataset.revision), col(Dataset.digest), *found.c).select_from(joined)


def _nodes(count: int) -> Any:
    records = table_of(Record).c
    live = records.state == State.live.value
    return _dated(
        select(records.id, records.resource, records.title).where(records.id.in_(_slots(count)), live).subquery()
    )


def _all_nodes(names: Sequence[str]) -> Any:
    records = table_of(Record).c
    found = select(records.id, records.resource, records.title).where(
        records.resource.in_(names), records.state == State.live.value
    )
    return _dated(found.order_by(records.id).limit(MOST_NODES + 1).subquery())


def _statements(count: int) -> Any:
    rows = table_of(Statement).c
    found = (
        select(rows.record, cast(rows.parts, String).label("parts"), col(Source.kind))
        .add_columns(rows.id, rows.source, rows.section, rows.section_title, rows.paragraph, rows.basis, rows.rank)
        .add_columns(rows.cited, rows.object)
        .join(Source, col(Source.id) == rows.source)
        .where(rows.record.in_(_slots(count)), rows.object.is_not(None), rows.cited.is_not(None))
        .order_by(rows.record, rows.position)
    )
    return _dated(found.subquery())


def _edges(network: Network, parts: Sequence[tuple[int, Part]], count: int, way: str) -> Any:
    records = table_of(Record).c
    wanted = None
    if count:
        wanted = select(records.id).where(records.id.in_(_slots(count))).cte("wanted")
    selects = [
        _edge(network, position, part, wanted, end)
        for position, part in parts
        for end in (("source", "target") if way == "both" else ("source",))
    ]
    return _dated(union_all(*selects).limit(MOST_EDGES + 1).subquery())


def _edge(network: Network, position: int, part: Part, wanted: Any, end: str) -> Any:
    """Part, place, record, source, target, kind, basis, role and via of the edges of one kind."""
    nothing: Any = cast(null(), String)
    place: Any = literal_column("0")
    kind: Any = nothing
    basis: Any = nothing
    role: Any = nothing
    via: Any = nothing
    if part.link is None:
        table = table_of(part.resource.table)
        record, source, target, kind = table.c.id, table.c.subject, table.c.object, table.c.kind
    elif (several := part.link.listed) is not None:
        table = several.table
        record = source = several.owner
        target, place = several.column, table.c.position
        attributes = {column.name: column for column in several.attributes}
        basis, role, via = (attributes.get(name, nothing) for name in ("basis", "role", "via"))
    else:
        table = table_of(part.resource.table)
        record, source, target = table.c.id, table.c.id, table.c[part.link.name]
    text = [
        cast(column, String).label(name)
        for name, column in (("kind", kind), ("basis", basis), ("role", role), ("via", via))
    ]
    found = select(
        literal_column(str(position)).label("part"), place.label("place"), record.label("record"),
        source.label("source"), target.label("target"), *text,
    ).where(target.is_not(None))  # fmt: skip
    if wanted is None:
        return found
    return found.join(wanted, wanted.c.id == (source if end == "source" else target))
