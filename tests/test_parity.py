"""Both databases give the same status, body and headers for the same request, over everything that is declared.

`PARITY_REQUESTS` says how many random combinations are tried, `PARITY_SEED` which.
"""

import os
import random
import re

import pytest

from tests.oracle import EVERY, Oracle

RESOURCES = [pytest.param(*pair, id=pair[1].name) for pair in EVERY]
NUMBER = int(os.environ.get("PARITY_REQUESTS", "300"))
SEED = int(os.environ.get("PARITY_SEED", "2"))
PER_TEST = 50
FORMATS = ("json", "csv", "ndjson")
COMPARED = ("etag", "link", "dataset-revision", "cache-control", "vary", "content-type", "location", "allow")
WRONG = {
    "knd": "x",
    "kind": "nothing",
    "limit": "0",
    "due": "2030-13",
    "sort": "nothing",
    "id": "nothing",
    "title": "\x00",
    "cursor": "x",
}


def told(answer):
    """What must be equal: all but the id of the request."""
    body = re.sub(rb'"request_id":"[^"]*"', b"", answer.content)
    return answer.status_code, {name: answer.headers.get(name) for name in COMPARED}, body


def same(both, url, params=()):
    sqlite, postgresql = (client.get(url, params=list(params) or None) for client in both)
    assert sqlite.status_code < 500, (url, params)
    assert told(sqlite) == told(postgresql), (url, params)
    return sqlite


@pytest.mark.parametrize(("catalog", "resource"), RESOURCES)
def test_filters(both, catalog, resource):
    oracle = Oracle(both[0], catalog, resource)
    for entry in catalog.filters(resource).values():
        for case in oracle.cases(entry):
            same(both, f"/v1/{resource.name}", [*case.query, ("fields", "id")])


@pytest.mark.parametrize(("catalog", "resource"), RESOURCES)
def test_sorts(both, catalog, resource):
    oracle = Oracle(both[0], catalog, resource)
    for name in oracle.sorts():
        for sort in (name, f"-{name}"):
            page = same(both, f"/v1/{resource.name}", [*oracle.sort_query(sort).items(), ("limit", "3")])
            if following := page.json()["links"]["next"]:
                back = same(both, following).json()["links"]["prev"]
                same(both, back)


@pytest.mark.parametrize(("catalog", "resource"), RESOURCES)
def test_facets_formats_includes_and_details(both, catalog, resource):
    path = f"/v1/{resource.name}"
    oracle = Oracle(both[0], catalog, resource)
    for name in oracle.facets():
        same(both, path, [("facet", name), ("limit", "1")])
    for name in FORMATS:
        same(both, path, [("format", name)])
    for name in catalog.relatives(resource):
        same(both, path, [("include", name)])
    for name in resource.keys:
        same(both, path, [("fields", name)])
    for doc in oracle.docs[:40]:
        same(both, doc["url"])
    for relative in catalog.nested(resource):
        same(both, f"{path}/{resource.example}/{relative}")


@pytest.mark.parametrize(
    "url",
    [
        "/v1",
        "/openapi.json",
        "/openapi.yaml",
        "/docs",
        "/problems/gone",
        "/v1/records/Li",
        "/v1/minerals/Li",
        "/v1/minerals/galium",
        "/v1/nothing",
        "/v1/commitments/%00",
        "/v1/commitments?currency=eur",
    ],
)
def test_pages_and_errors(both, url):
    same(both, url)


def combination(random, oracles):
    """A random list: some filters, a sort, a shape, now and then a mistake."""
    oracle, pool = random.choice(oracles)
    query = {}
    for case in random.sample(pool, k=min(len(pool), random.randint(0, 3))):
        query |= dict(case.query)
    names = oracle.sorts()
    if random.random() < 0.5:
        picked = random.sample(names, k=min(len(names), random.randint(1, 2)))
        query |= oracle.sort_query(",".join(random.choice(("", "-")) + name for name in picked))
    if random.random() < 0.3:
        query["facet"] = random.choice(oracle.facets())
    if random.random() < 0.2 and (known := list(oracle.catalog.relatives(oracle.resource))):
        query["include"] = random.choice(known)
    if random.random() < 0.2:
        query["format"] = random.choice(FORMATS)
    if random.random() < 0.1:
        name = random.choice(list(WRONG))
        query[name] = WRONG[name]
    query["limit"] = query.get("limit", str(random.choice((1, 2, 7, 50))))
    return f"/v1/{oracle.resource.name}", list(query.items())


@pytest.fixture(scope="module")
def oracles(both):
    made = [Oracle(both[0], *pair) for pair in EVERY]
    return [
        (one, [case for entry in one.catalog.filters(one.resource).values() for case in one.cases(entry)])
        for one in made
    ]


@pytest.mark.parametrize("part", range(-(-NUMBER // PER_TEST)))
def test_random_combinations(both, oracles, part):
    chance = random.Random(f"{SEED} {part}")
    for _ in range(min(PER_TEST, NUMBER - part * PER_TEST)):
        url, query = combination(chance, oracles)
        answer = same(both, url, query)
        if (
            answer.status_code == 200
            and answer.headers["content-type"] == "application/json"
            and (following := answer.json()["links"]["next"])
        ):
            same(both, following)
