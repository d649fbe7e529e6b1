"""Pages: walks forward and back, under change, and cursors that belong elsewhere."""

import base64

import pytest

from app.core.changes import Changeset, Draft, Reason, apply
from app.resources import CATALOG
from tests.conftest import served
from tests.databases import AT
from tests.oracle import EVERY, Oracle

RESOURCES = [pytest.param(*pair, id=pair[1].name) for pair in EVERY]


def pages(client, url, rel="next"):
    """The pages from a URL on, by a link."""
    while url:
        answer = client.get(url)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        yield body
        url = body["links"][rel]


def ids(body):
    return [record["id"] for record in body["data"]]


@pytest.mark.parametrize(("catalog", "resource"), RESOURCES)
def test_walk_gives_every_record_once_forward_and_back(client, catalog, resource):
    oracle = Oracle(client, catalog, resource)
    size = max(2, len(oracle.docs) // 5)
    names = oracle.sorts()
    for name in names[:: max(1, len(names) // 4)]:
        sort = f"-{name}" if len(name) % 2 else name
        query = "&".join(f"{key}={value}" for key, value in oracle.sort_query(sort).items())
        there = [ids(page) for page in pages(client, f"/v1/{resource.name}?{query}&limit={size}&fields=id")]
        whole = [id for page in there for id in page]
        everything = client.get(f"/v1/{resource.name}?{query}&fields=id&format=ndjson").text.splitlines()
        assert whole == [line.split('"')[3] for line in everything], sort
        assert all(len(page) == size for page in there[:-1])
        *_, last = pages(client, f"/v1/{resource.name}?{query}&limit={size}&fields=id")
        back = (
            [ids(last), *(ids(page) for page in pages(client, last["links"]["prev"], "prev"))]
            if last["links"]["prev"]
            else [ids(last)]
        )
        assert [id for page in reversed(back) for id in page] == whole, sort


def test_first_page_has_no_prev_and_last_no_next(client):
    found = list(pages(client, "/v1/commitments?limit=10"))
    assert [bool(page["links"]["prev"]) for page in found] == [False, True, True]
    assert [bool(page["links"]["next"]) for page in found] == [True, True, False]
    assert [page["meta"]["total"] for page in found] == [22, 22, 22]
    back = client.get(found[1]["links"]["prev"]).json()
    assert (ids(back), back["links"]["prev"]) == (ids(found[0]), None)


def test_exact_page_size_has_no_empty_page_after_it(client):
    (page,) = pages(client, "/v1/commitments?limit=22")
    assert len(page["data"]) == 22
    assert [len(page["data"]) for page in pages(client, "/v1/commitments?limit=11")] == [11, 11]


def test_link_self_gives_the_same_page(client):
    second = client.get(client.get("/v1/commitments?limit=5&sort=-title").json()["links"]["next"]).json()
    assert client.get(second["links"]["self"]).json() == second


def test_limit_may_change_from_page_to_page(client):
    first = client.get("/v1/commitments?limit=3").json()
    rest = client.get(first["links"]["next"].replace("limit=3", "limit=500")).json()
    assert ids(first) + ids(rest) == ids(client.get("/v1/commitments?limit=500").json())


@pytest.mark.parametrize(
    "more", ["fields=title", "facet=kind", "include=initiative", "format=json", "format=ndjson", "format=csv"]
)
def test_cursor_is_good_for_any_shape_of_the_same_list(client, more):
    following = client.get("/v1/commitments?limit=3").json()["links"]["next"]
    assert client.get(f"{following}&{more}").status_code == 200


def test_downloads_can_begin_at_a_cursor(client):
    first = client.get("/v1/commitments?limit=3").json()
    lines = client.get(first["links"]["next"].replace("limit=3", "format=ndjson&fields=id")).text.splitlines()
    assert len(lines) == 19


def next_cursor(client, url):
    return client.get(url).json()["links"]["next"].partition("cursor=")[2]


FOREIGN = {
    "garbage": lambda cursor: "garbage",
    "half": lambda cursor: cursor[: len(cursor) // 2],
    "longer": lambda cursor: f"{cursor}A",
    "padded": lambda cursor: f"{cursor}==",
    "bit flipped": lambda cursor: cursor[:-1] + chr(ord(cursor[-1]) ^ 1),
    "64 KB": lambda cursor: cursor * 64,
    "not base64": lambda cursor: "!" + cursor,
    "empty array": lambda cursor: base64.urlsafe_b64encode(b"x" * 9 + b"[]").decode().rstrip("="),
    "nested": lambda cursor: base64.urlsafe_b64encode(b"x" * 9 + b"[" * 500).decode().rstrip("="),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_damaged_cursor_is_422(client, name):
    cursor = FOREIGN[name](next_cursor(client, "/v1/commitments?limit=3"))
    answer = client.get("/v1/commitments", params={"cursor": cursor, "limit": "3"})
    assert answer.status_code == 422
    assert [(one["parameter"], one["reason"]) for one in answer.json()["errors"]] == [("cursor", "bad_cursor")]


@pytest.mark.parametrize(
    "url",
    [
        "/v1/programs?limit=3",
        "/v1/commitments?limit=3&sort=-title",
        "/v1/commitments?limit=3&sort=title",
        "/v1/commitments?limit=3&kind=procurement",
        "/v1/commitments?limit=3&initiative=trust",
        "/v1/records?limit=3",
        "/v1/initiatives/trust/commitments?limit=3",
    ],
)
def test_cursor_of_another_list_filter_or_sort_is_422(client, url):
    answer = client.get(f"{url}&cursor={next_cursor(client, '/v1/commitments?limit=3')}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["reason"] == "bad_cursor"


def test_cursor_outlives_aliases_and_the_order_of_parameters(client):
    cursor = next_cursor(client, "/v1/commitments?initiative=compact&kind=procurement,policy_review&limit=2")
    answer = client.get(
        f"/v1/commitments?limit=2&kind=procurement&kind=policy_review&initiative=COMPACT&cursor={cursor}"
    )
    assert answer.status_code == 200


def region(id, title):
    return Draft(CATALOG["places"], id, {"title": title, "kind": "region"})


def put(database, *drafts, gone=()):
    with database.engine.begin() as connection:
        apply(connection, CATALOG, Changeset(AT, Reason.event, list(drafts), gone))


@pytest.mark.parametrize("rel", ["next", "prev"])
def test_walk_while_rows_come_and_go_sees_what_was_there_throughout_once(own_database, rel):
    """Before each page rows are put in on both sides of it, and one that was put in goes again."""
    with served(own_database) as client:
        for sort in ("id", "-id", "-kind,title"):
            put(own_database, *(region(f"m{number:02}", f"Middle {number % 7}") for number in range(12)))
            walk(client, own_database, f"/v1/places?sort={sort}&limit=3", rel)


def walk(client, database, url, rel):
    stayed, written = ids(client.get("/v1/places?limit=500").json()), []
    if rel == "prev":
        *_, last = pages(client, url)
        url = last["links"]["prev"]
        stayed = [id for id in stayed if id not in ids(last)]
    seen = []
    for number, page in enumerate(pages(client, url, rel)):
        seen += ids(page)
        assert number < 100, "the walk does not end"
        if set(stayed) <= set(seen):
            break
        gone = (f"a{number - 1:02}",) if number else ()
        new = [
            region(f"{where}{number:02}{end}", f"{title} {number}")
            for where, end, title in (("a", "", "Alpha"), ("m", "x", "Middle"), ("z", "", "Zulu"))
        ]
        put(database, *new, gone=gone)
        written = [*(id for id in written if id not in gone), *(one.id for one in new)]
    assert sorted(id for id in seen if id in stayed) == sorted(stayed)
    assert len(seen) == len(set(seen))
    put(database, gone=tuple(written))
