"""The graph: what is a node and what is an edge, the shortest chains, and the statements behind each step."""

import io
import json
from collections import Counter

import networkx
import pytest

from app.api import network
from tests.conftest import served

ONE = {
    "initiative": "initiative", "pillar": "pillar", "program": "program", "place": "place", "broader": "broader",
    "subject": "subject", "object": "object", "partner": "partner",
}  # fmt: skip
MANY = {
    "topics", "minerals", "equipment", "instruments", "participants", "uses", "source_industries", "component_of",
}  # fmt: skip
EVIDENCE = {"sources", "statements"}


def lines(client, name):
    return [json.loads(line) for line in client.get(f"/v1/{name}?format=ndjson").text.splitlines()]


def resources(client):
    return [one["name"] for one in client.get("/v1").json()["resources"]]


def edges_of(record):
    """The edges of a record, read off its JSON by the names of its fields: another way than the program's."""
    for name in ONE:
        if record.get(name) is not None:
            yield (record["id"], record[name], name, None, None)
    for name in MANY:
        for item in record.get(name) or []:
            whole = item if isinstance(item, dict) else {"id": item}
            yield (record["id"], whole["id"], name, whole.get("role"), whole.get("via"))


def key(edge):
    return (edge["source"], edge["target"], edge["link"], edge["role"], edge["via"])


def test_every_record_but_evidence_is_a_node_and_every_link_an_edge(client):
    graph = client.get("/v1/graph").json()
    nodes = {node["id"]: node for node in graph["nodes"]}
    expected, edges = {}, Counter()
    for name in resources(client):
        for record in lines(client, name):
            if name == "relations":
                edges[record["subject"], record["object"], record["kind"], None, None] += 1
            elif name not in EVIDENCE:
                expected[record["id"]] = record
                edges.update(edges_of(record))
    assert nodes == {
        id: {"id": id, "resource": record["resource"], "title": record["title"], "url": record["url"]}
        for id, record in expected.items()
    }
    assert Counter(map(key, graph["edges"])) == edges
    assert graph["meta"]["nodes"] == len(nodes) and graph["meta"]["edges"] == edges.total()


def test_every_edge_that_a_source_says_has_the_statements_that_say_it(client):
    statements = {one["id"]: one for one in lines(client, "statements")}
    links = {(one["subject"], one["field"], one["object"]) for one in statements.values() if one["object"]}
    seen = 0
    for edge in client.get("/v1/graph").json()["edges"]:
        behind = [statements[id] for id in edge["statements"]]
        if edge["via"]:
            assert edge["provenance"] == "derived"
            pairs = {(one["subject"], one["object"]) for one in behind}
            assert pairs == {(edge["source"], edge["via"]), (edge["via"], edge["target"])}, edge
            continue
        for one in behind:
            assert (one["subject"], one["field"], one["object"]) == (edge["source"], edge["link"], edge["target"])
            seen += 1
        if edge["provenance"] == "said":
            assert behind, edge
        assert bool(behind) is ((edge["source"], edge["link"], edge["target"]) in links)
    assert seen == sum(
        one["object"] is not None and one["subject"] != "trust-compact-article" for one in statements.values()
    )


def test_roles_are_told_apart_with_their_statements(client):
    graph = client.get("/v1/graph?around=acquire-javelin&link=participants").json()
    found = {edge["target"]: (edge["role"], edge["basis"], edge["statements"]) for edge in graph["edges"]}
    assert found == {
        "india": ("buyer", "stated", ["trust-compact-article-f161-india"]),
        "united-states": ("supplier", "implied", ["trust-compact-article-f161-united-states"]),
    }


def test_around_goes_as_far_as_asked(client):
    whole = client.get("/v1/graph").json()
    undirected = networkx.Graph((edge["source"], edge["target"]) for edge in whole["edges"])
    for depth in (1, 2):
        graph = client.get(f"/v1/graph?around=indium&depth={depth}").json()
        near = networkx.ego_graph(undirected, "indium", radius=depth)
        assert {node["id"] for node in graph["nodes"]} == set(near)
        assert len(graph["edges"]) == sum(edge["source"] in near and edge["target"] in near for edge in whole["edges"])
        assert len(graph["nodes"]) < len(whole["nodes"])
    assert client.get("/v1/graph?around=In").json() == client.get("/v1/graph?around=indium&depth=1").json() | {
        "links": {"self": "/v1/graph?around=indium"}
    }


def test_filters_keep_resources_and_links(client):
    graph = client.get("/v1/graph?resource=minerals,topics").json()
    assert {node["resource"] for node in graph["nodes"]} == {"minerals", "topics"}
    assert {edge["link"] for edge in graph["edges"]} == {"broader", "component_of", "topics", "uses"}
    graph = client.get("/v1/graph?link=builds_on,complements").json()
    assert {edge["link"] for edge in graph["edges"]} <= {"builds_on", "complements"}
    ends = {end for edge in graph["edges"] for end in (edge["source"], edge["target"])}
    assert {node["id"] for node in graph["nodes"]} == ends and ends


def test_graphml_loads_with_the_right_counts(client):
    graph = client.get("/v1/graph").json()
    answer = client.get("/v1/graph?format=graphml")
    assert answer.headers["content-type"] == "application/graphml+xml"
    assert answer.content == client.get("/v1/graph", headers={"Accept": "application/graphml+xml"}).content
    loaded = networkx.read_graphml(io.BytesIO(answer.content))
    assert (loaded.number_of_nodes(), loaded.number_of_edges()) == (len(graph["nodes"]), len(graph["edges"]))
    assert loaded.is_directed()
    assert {id: data["title"] for id, data in loaded.nodes(data=True)} == {n["id"]: n["title"] for n in graph["nodes"]}
    assert Counter((s, t, d["link"]) for s, t, d in loaded.edges(data=True)) == Counter(
        (e["source"], e["target"], e["link"]) for e in graph["edges"]
    )
    assert loaded.graph["revision"] == graph["meta"]["revision"]


def test_gallium_leads_to_trust_by_way_of_semiconductors_with_citations(client):
    found = client.get("/v1/paths?from=gallium&to=trust").json()
    assert found["meta"] | {"revision": 1} == {
        "from": "gallium", "to": "trust", "max_depth": 6, "length": 2, "total": 2, "shown": 2, "revision": 1,
    }  # fmt: skip
    first = found["data"][0]
    assert [node["id"] for node in first["nodes"]] == ["gallium", "semiconductors", "trust"]
    assert first["text"] == "Gallium — uses → Semiconductors ← topics — India-US TRUST initiative"
    cited = [
        (one["id"], one["source"], one["section"], one["paragraph"])
        for step in first["steps"]
        for edge in step["edges"]
        for one in edge["statements"]
    ]
    assert cited == [
        ("trust-compact-article-f107", "trust-compact-article", "S7", 4),
        ("trust-compact-article-f032-trust", "trust-compact-article", "S2", 2),
    ]
    assert client.get(f"/v1/statements/{cited[0][0]}").json()["object"] == "semiconductors"


@pytest.mark.parametrize(
    ("start", "goal"),
    [("gallium", "trust"), ("mri-machines", "compact"), ("hindalco", "f-35"), ("quad", "lithium"), ("cmm", "jsw")],
)
def test_chains_are_all_the_shortest_ones(client, start, goal):
    edges = [edge for edge in client.get("/v1/graph").json()["edges"] if not edge["via"]]
    undirected = networkx.Graph((edge["source"], edge["target"]) for edge in edges)
    expected = {tuple(path) for path in networkx.all_shortest_paths(undirected, start, goal)}
    found = client.get(f"/v1/paths?from={start}&to={goal}").json()
    chains = {tuple(node["id"] for node in chain["nodes"]) for chain in found["data"]}
    assert found["meta"]["total"] == len(expected) and len(chains) == found["meta"]["shown"]
    assert found["meta"]["length"] == len(next(iter(expected))) - 1
    assert chains == expected if len(expected) <= network.MOST_CHAINS else chains < expected
    for chain in found["data"]:
        assert all(step["edges"] for step in chain["steps"])
    back = client.get(f"/v1/paths?from={goal}&to={start}").json()
    assert back["meta"]["total"] == len(expected)


def test_aliases_name_the_ends(client):
    plain = client.get("/v1/paths?from=gallium&to=trust")
    alias = client.get("/v1/paths", params={"from": "Ga", "to": "TRUST"})
    assert alias.content == plain.content
    assert plain.json()["links"]["self"] == "/v1/paths?from=gallium&to=trust"


def test_no_chain_is_an_empty_answer_and_a_record_leads_to_itself(client):
    none = client.get("/v1/paths?from=gallium&to=trust&max_depth=1").json()
    assert (none["data"], none["meta"]["length"], none["meta"]["total"]) == ([], None, 0)
    same = client.get("/v1/paths?from=gallium&to=gallium").json()
    assert (same["meta"]["length"], same["data"][0]["steps"]) == (0, [])
    apart = client.get("/v1/paths?from=gallium&to=trust&link=builds_on").json()
    assert apart["data"] == []


@pytest.mark.parametrize(
    ("url", "parameter", "reason", "meant"),
    [
        ("/v1/graph?around=galium", "around", "unknown_id", ["gallium"]),
        ("/v1/graph?around=trust-compact-article-f085", "around", "not_a_node", []),
        ("/v1/graph?around=trust-compact-article", "around", "not_a_node", []),
        ("/v1/graph?around=trust&depth=6", "depth", "invalid_value", []),
        ("/v1/graph?around=trust&depth=%2B1", "depth", "invalid_value", []),
        ("/v1/graph?depth=2", "depth", "missing_parameter", []),
        ("/v1/graph?link=buildson", "link", "invalid_value", ["builds_on"]),
        ("/v1/graph?resource=statements", "resource", "invalid_value", []),
        ("/v1/graph?arround=trust", "arround", "unknown_parameter", ["around"]),
        ("/v1/graph?format=csv", "format", "invalid_value", []),
        ("/v1/graph?around=", "around", "empty_value", []),
        ("/v1/graph?around=%FF", "around", "invalid_text", []),
        ("/v1/paths?from=gallium", "to", "missing_parameter", []),
        ("/v1/paths?from=gallium&from=lithium&to=trust", "from", "duplicate_parameter", []),
        ("/v1/paths?from=gallium&to=trust-builds-on-msp", "to", "not_a_node", []),
        ("/v1/paths?from=gallium&to=trust&max_depth=11", "max_depth", "invalid_value", []),
    ],
)
def test_faults_teach(client, url, parameter, reason, meant):
    answer = client.get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    (fault,) = answer.json()["errors"]
    assert (fault["parameter"], fault["reason"]) == (parameter, reason)
    assert fault["did_you_mean"][: len(meant)] == meant


def test_all_faults_are_told_at_once(client):
    answer = client.get("/v1/paths?from=galium&to=trst&depth=1")
    assert [fault["parameter"] for fault in answer.json()["errors"]] == ["depth", "from", "to"]


def test_what_is_too_large_is_an_error(database, monkeypatch):
    monkeypatch.setattr(network, "MOST_NODES", 20)
    with served(database, cache_bytes=0) as client:
        for url, parameter in (("/v1/graph", "around"), ("/v1/graph?around=india&depth=2", "depth")):
            (fault,) = client.get(url).json()["errors"]
            assert (fault["parameter"], fault["reason"]) == (parameter, "too_large")
        assert client.get("/v1/graph?around=gallium").status_code == 200
        monkeypatch.setattr(network, "MOST_EDGES", 5)
        assert client.get("/v1/graph?around=india").json()["errors"][0]["reason"] == "too_large"
        monkeypatch.setattr(network, "MOST_VISITED", 3)
        (fault,) = client.get("/v1/paths?from=gallium&to=hindalco").json()["errors"]
        assert fault["reason"] == "too_large"


def test_parallel_edges_stay_apart(own_database):
    own_database.rows(
        "UPDATE commitment_participants SET target = 'india' WHERE record = 'acquire-javelin' RETURNING record"
    )
    with served(own_database) as client:
        loaded = networkx.read_graphml(io.BytesIO(client.get("/v1/graph?format=graphml").content))
        graph = client.get("/v1/graph").json()
        assert loaded.is_multigraph() and loaded.number_of_edges() == len(graph["edges"])
        assert {data["role"] for data in loaded["acquire-javelin"]["india"].values()} == {"buyer", "supplier"}
        (chain,) = client.get("/v1/paths?from=acquire-javelin&to=india").json()["data"]
        (step,) = chain["steps"]
        assert [(edge["role"], len(edge["statements"])) for edge in step["edges"]] == [("buyer", 1), ("supplier", 0)]


def test_other_formats_are_not_acceptable(client):
    assert client.get("/v1/graph", headers={"Accept": "text/csv"}).status_code == 406
    assert client.get("/v1/paths?from=gallium&to=trust", headers={"Accept": "text/csv"}).status_code == 406


def test_both_databases_give_the_same_graph(both):
    for url in (
        "/v1/graph",
        "/v1/graph?format=graphml",
        "/v1/graph?around=trust&depth=2",
        "/v1/graph?link=participants,uses",
        "/v1/paths?from=hindalco&to=f-35",
        "/v1/paths?from=quad&to=lithium",
    ):
        sqlite, postgresql = (client.get(url) for client in both)
        assert sqlite.status_code == 200
        assert sqlite.content == postgresql.content
        assert sqlite.headers["etag"] == postgresql.headers["etag"]
        unchanged = both[0].get(url, headers={"If-None-Match": sqlite.headers["etag"]})
        assert unchanged.status_code == 304
