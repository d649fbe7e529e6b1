"""Both databases give the same status, body and headers for the same request, over everything that is declared.

`PARITY_REQUESTS` says how many random combinations are tried, `PARITY_SEED` which.
"""

import os
import random
import re
from collections import Counter
from itertools import islice

import pytest

from app.api.formats import FORMATS
from app.core.filters import Number
from tests.oracle import EVERY, Oracle
from tests.test_search import QUERIES

RESOURCES = [pytest.param(*pair, id=pair[1].name) for pair in EVERY]
NUMBER = int(os.environ.get("PARITY_REQUESTS", "300"))
SEED = int(os.environ.get("PARITY_SEED", "2"))
PER_TEST = 50
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


def some(random, known, most):
    known = list(known)
    return random.sample(known, k=min(len(known), random.randint(1, most)))


def leaf(name, value):
    """A condition as it stands inside `or=(...)`."""
    field, _, operator = name.partition("__")
    quoted = value.replace("\\", r"\\").replace('"', r"\"")
    return f'{field}.{operator or "eq"}."{quoted}"'


def either(random, pool):
    """Conditions of which one is enough, now and then with several that must all hold."""
    parts = [leaf(*case.query[0]) for case in random.sample(pool, k=min(len(pool), random.randint(2, 4)))]
    return f"({parts[0]},and({','.join(parts[1:])}))" if random.random() < 0.3 else f"({','.join(parts)})"


def filters(random, oracle, pool, most):
    """Some filters; mostly such as one and the same record passes, so that they find something together."""
    doc, anything = random.choice(oracle.docs), random.random() < 0.1
    shuffled = random.sample(pool, k=len(pool))
    passed = (case for case in shuffled if anything or (case.test and case.test(doc)))
    query = {}
    for case in islice(passed, random.randint(0, most)):
        query |= dict(case.query)
    return query


def conditions(random, oracle, pool):
    """Some filters, a search, alternatives, and now and then a mistake."""
    query = filters(random, oracle, pool, 3)
    if random.random() < 0.2:
        query["or"] = either(random, pool)
    if random.random() < 0.15 and "q" in oracle.catalog.filters(oracle.resource):
        query["q"] = random.choice(QUERIES)
    if random.random() < 0.1:
        name = random.choice(list(WRONG))
        query[name] = WRONG[name]
    return query


def order(random, oracle):
    picked = some(random, oracle.sorts(), 2)
    return oracle.sort_query(",".join(random.choice(("", "-")) + name for name in picked))


def aggregate(random, oracle, pool):
    """A random table of counts and sums."""
    query = conditions(random, oracle, pool)
    query["group_by"] = ",".join(some(random, oracle.facets(), 2))
    filters = oracle.catalog.filters(oracle.resource)
    numbers = [name for name, entry in filters.items() if isinstance(entry, Number)]
    if numbers and random.random() < 0.5:
        query["metrics"] = f"count,{random.choice(('sum', 'min', 'max', 'avg'))}({random.choice(numbers)})"
    return f"/v1/{oracle.resource.name}/aggregate", list(query.items())


def combination(random, oracles):
    """A random list, plain or below a record, in some order and shape, or a random table of its numbers."""
    oracle, pool = random.choice(oracles)
    if random.random() < 0.1:
        return aggregate(random, oracle, pool)
    query = conditions(random, oracle, pool)
    if random.random() < 0.5:
        query |= order(random, oracle)
    if random.random() < 0.3:
        query["facet"] = ",".join(some(random, oracle.facets(), 3))
    if random.random() < 0.2 and (known := oracle.catalog.relatives(oracle.resource)):
        query["include"] = ",".join(some(random, known, 3))
    if random.random() < 0.2:
        query["fields"] = ",".join(some(random, oracle.resource.keys, 5))
    if random.random() < 0.2:
        query["format"] = random.choice(list(FORMATS))
        if random.random() < 0.8:
            query = {name: value for name, value in query.items() if name not in ("facet", "include")}
    query["limit"] = query.get("limit", str(random.choice((1, 2, 7, 50))))
    path = f"/v1/{oracle.resource.name}"
    if random.random() < 0.15 and (nested := list(oracle.catalog.nested(oracle.resource))):
        path = f"{path}/{random.choice(oracle.docs)['id']}/{random.choice(nested)}"
        query = {name: query[name] for name in ("limit", "format") if name in query}
    return path, list(query.items())


@pytest.fixture(scope="module")
def oracles(both):
    made = [Oracle(both[0], *pair) for pair in EVERY]
    return [
        (one, [case for entry in one.catalog.filters(one.resource).values() for case in one.cases(entry)])
        for one in made
    ]


@pytest.mark.parametrize("part", range(-(-NUMBER // PER_TEST)))
def test_random_combinations(both, oracles, part):
    chance, told, number = random.Random(f"{SEED} {part}"), Counter(), min(PER_TEST, NUMBER - part * PER_TEST)
    for _ in range(number):
        url, query = combination(chance, oracles)
        answer = same(both, url, query)
        told[answer.status_code] += 1
        if answer.status_code == 200 and answer.headers["content-type"] == "application/json":
            page = answer.json()
            told["something found" if page["data"] else "nothing found"] += 1
            if following := page["links"].get("next"):
                same(both, following)
    assert told[200] >= 0.7 * number
    assert told["something found"] > told["nothing found"]
