"""A shared cache in front, as a CDN has one, gives nobody the answer to another's request.

The cache here does what HTTP allows (RFC 9111): it keeps by address and the request headers that `Vary` names, asks
with the tags of all that it has of an address, hands out what is fresh without asking, answers conditions and HEAD
itself, and hands out what it kept where the origin fails and `stale-if-error` lets it.
`SHARED_CACHE_REQUESTS` says how many requests are tried on each database.
"""

import os
import random
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
import pytest

from app.api.caching import matches
from tests.conftest import served
from tests.test_fresh_answers import IDS, PATHS, TURN, Writer

NUMBER = int(os.environ.get("SHARED_CACHE_REQUESTS", "1500"))
BY_DEFAULT = {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501}
"""Statuses that a cache may keep though nothing says so."""


@dataclass(frozen=True)
class Kept:
    """An answer and the request headers that it is for."""

    asked: dict[str, str | None]
    answer: httpx.Response

    @property
    def tag(self):
        return self.answer.headers.get("etag")

    @property
    def fresh(self):
        control = self.answer.headers.get("cache-control")
        return control is None or ("no-cache" not in control and re.search(r"max-age=[1-9]", control))


@dataclass
class SharedCache:
    """Stands before an origin and keeps what it may."""

    origin: httpx.Client
    kept: dict[str, list[Kept]] = field(default_factory=dict)
    spared: int = 0

    def found(self, url, headers):
        """What is kept for just this request."""
        matching = (
            one
            for one in self.kept.get(url, ())
            if all(headers.get(name) == value for name, value in one.asked.items())
        )
        return next(matching, None)

    def ask(self, method, url, headers):
        """Status, headers and decoded body for a request."""
        kept = self.found(url, headers)
        if kept is not None and kept.fresh:
            self.spared += 1
            return conditional(kept.answer, method, headers)
        known = self.kept.get(url, ())
        tags = [one.tag for one in known if one.tag]
        unconditional = {name: value for name, value in headers.items() if name != "if-none-match"}
        answer = self.origin.get(url, headers={**unconditional, **({"if-none-match": ", ".join(tags)} if tags else {})})
        if answer.status_code == 304:
            self.spared += 1
            (answer,) = {one.tag: one.answer for one in known if one.tag == answer.headers["etag"]}.values()
        self.keep(url, headers, answer)
        return conditional(answer, method, headers)

    def keep(self, url, headers, answer):
        control, vary = answer.headers.get("cache-control"), answer.headers.get("vary", "")
        if "*" in vary or (answer.status_code not in BY_DEFAULT if control is None else "no-store" in control):
            return
        asked = {name: headers.get(name) for name in vary.lower().replace(",", " ").split()}
        others = [one for one in self.kept.get(url, ()) if one.asked != asked]
        self.kept[url] = [Kept(asked, answer), *others]


def conditional(answer, method, headers):
    """What a cache makes of a whole answer for one who asked conditionally, or for the head alone."""
    given, tag = headers.get("if-none-match"), answer.headers.get("etag")
    if answer.status_code == 200 and given and tag and matches(given.encode(), tag.encode()):
        return 304, tag, None, None, b""
    return told(answer, b"" if method == "HEAD" else answer.content)


def told(answer, body):
    if answer.status_code == 304:
        return 304, answer.headers["etag"], None, None, b""
    body = re.sub(rb'"request_id":"[^"]*"', b"", body)
    return (
        answer.status_code, answer.headers.get("etag"), answer.headers.get("content-type"),
        answer.headers.get("content-encoding"), body,
    )  # fmt: skip


URLS = [
    "/v1",
    "/v1/commitments",
    "/v1/commitments?limit=3",
    "/v1/commitments?limit=3&format=csv",
    "/v1/commitments?format=ndjson",
    "/v1/commitments?fields=title",
    "/v1/commitments?facet=kind&limit=1",
    "/v1/commitments/acquire-p-8i",
    "/v1/minerals?format=bibtex",
    "/v1/commitments?kind=nothing",
    "/v1/commitments/nothing",
    "/v1/minerals/Li",
    "/v1/records/gallium",
    "/v1/nothing",
    "/v1/minerals/",
    "/v1/search?q=india",
    "/v1/graph?around=trust",
    "/v1/exports",
    "/v1/exports/dataset.sqlite",
    "/v1/initiatives/trust/pillars",
    "/",
    "/docs",
    "/openapi.json",
    "/openapi.yaml",
    "/problems/gone",
    "/healthz",
    "/readyz",
    "/commitments",
    "/commitments/acquire-p-8i",
    "/nothing",
]
ACCEPT = [None, "*/*", "application/json", "text/csv", "application/x-ndjson", "text/html,*/*;q=0.8", "application/xml"]
ENCODING = [None, "identity", "gzip", "br", "zstd", "gzip;q=0.5, br;q=1", "gzip, deflate, br, zstd"]
ORIGIN = [None, "https://a.example", "null"]


def requests(chance, number, revision, seen):
    for _ in range(number):
        url = chance.choice(URLS)
        headers = {
            "accept": chance.choice(ACCEPT),
            "accept-encoding": chance.choice(ENCODING),
            "origin": chance.choice(ORIGIN),
            "if-none-match": chance.choice([None, None, None, "*", '"x"', *sorted(seen.get(url, ()))]),
            "dataset-revision": chance.choice([*[None] * 6, "0", revision, str(int(revision) + 1), "x"]),
        }
        method = chance.choice(("GET", "GET", "GET", "HEAD"))
        yield method, url, {name: value for name, value in headers.items() if value is not None}


@pytest.fixture
def origin(client):
    with httpx.Client(base_url=client.base_url, trust_env=False, timeout=60) as made:
        made.headers.clear()
        yield made


def test_nobody_gets_the_answer_to_anothers_request(origin):
    cache, seen, without_origin = SharedCache(origin), {}, 0
    revision = origin.get("/v1").headers["dataset-revision"]
    for method, url, headers in requests(random.Random(7), NUMBER, revision, seen):
        direct = origin.request(method, url, headers=headers)
        expected = told(direct, direct.content)
        if "dataset-revision" not in headers and (kept := cache.found(url, headers)):
            without_origin += 1
            assert conditional(kept.answer, method, headers) == expected, (method, url, headers)
        assert cache.ask(method, url, headers) == expected, (method, url, headers)
        if tag := direct.headers.get("etag"):
            seen.setdefault(url, set()).add(tag)
    assert cache.spared > NUMBER / 5
    assert without_origin > NUMBER / 10


CHANGING = [
    *PATHS,
    "/v1",
    "/v1/places",
    "/v1/places?format=csv",
    "/v1/places?format=ndjson",
    "/v1/search?q=as+of+revision",
    f"/v1/places/{IDS[0]}/statements",
    f"/v1/records/{IDS[1]}",
    "/v1/places/nothing",
    f"/places/{IDS[2]}",
]
"""What the writer changes with each revision, in several shapes."""


def revision_of(answer):
    """The revision that an answer's tag names; null for answers without one."""
    named = re.match(r'"(\d+)-', answer[1] or "")
    return int(named[1]) if named else None


def ask_twice(cache, origin, writer, turns, given, seed):
    """Ask through the cache and past it while somebody writes; how often both were of one revision, and which were seen.

    `given` is what every request was answered in every revision: the same, whoever answered.
    """
    chance, tags, together, seen = random.Random(seed), {}, 0, set()
    for number in range(150):
        if number % 5 == 0:
            turns.put(TURN, timeout=30)
        url = chance.choice(CHANGING)
        headers = {
            "accept-encoding": chance.choice(["identity", "gzip"]),
            "if-none-match": chance.choice([None, None, tags.get(url)]),
        }
        headers = {name: value for name, value in headers.items() if value is not None}
        least = writer.committed
        through = cache.ask("GET", url, headers)
        direct = origin.get(url, headers=headers)
        answers = (through, told(direct, direct.content))
        for answer in answers:
            revision = revision_of(answer)
            assert revision is None or revision >= least, f"{url} is of revision {revision}, {least} was committed"
            assert given.setdefault((revision, url, *headers.items()), answer) == answer
            tags[url] = answer[1] or tags.get(url)
        together += revision_of(answers[0]) == revision_of(answers[1])
        seen.add(revision_of(through))
    return together, seen


def test_what_a_cache_hands_out_is_of_its_revision_while_somebody_writes(own_database):
    writer = Writer(own_database)
    with (
        served(own_database) as client,
        httpx.Client(base_url=client.base_url, trust_env=False, timeout=60) as origin,
        ThreadPoolExecutor(3) as threads,
        writer.at_work() as turns,
    ):
        origin.headers.clear()
        cache, given = SharedCache(origin), {}
        found = list(threads.map(lambda seed: ask_twice(cache, origin, writer, turns, given, seed), range(3)))
    assert cache.spared > 0
    assert sum(together for together, _ in found) > 100
    assert len(set().union(*(seen for _, seen in found))) > 20
