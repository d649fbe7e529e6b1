"""Errors: one shape for every status, every fault of a request at once, and nothing of our insides."""

import re

import pytest

from app.api.errors import KINDS

KEYS = ["type", "title", "status", "detail", "instance", "request_id", "errors"]
FAULT_KEYS = ["in", "parameter", "value", "reason", "detail", "allowed", "did_you_mean", "see"]
INSIDES = re.compile(
    r"Traceback|SELECT |\bFROM \w|sqlite|postgres|asyncpg|psycopg|\.py\b|site-packages|sqlalchemy|pydantic"
)


def problem(answer, status, slug):
    """The problem of an answer, after checking everything that all problems have in common."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert list(body) == KEYS
    assert (body["status"], body["type"], body["title"]) == (status, f"/problems/{slug}", KINDS[slug].title)
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["detail"]
    assert not INSIDES.search(answer.text)
    for fault in body["errors"]:
        assert list(fault) == FAULT_KEYS
        assert fault["detail"]
        assert fault["reason"]
        assert len(fault["value"] or "") <= 200
    return body


STATUSES = [
    ("GET", "/v1/commitments?knd=1", {}, 422, "invalid-query"),
    ("GET", "/v1/nothing", {}, 404, "not-found"),
    ("GET", "/v1/commitments/nothing", {}, 404, "not-found"),
    ("GET", "/v1/commitments/acquire-p-8i/nothing", {}, 404, "not-found"),
    ("GET", "/nothing", {}, 404, "not-found"),
    ("GET", "/v1/commitments", {"Accept": "application/xml"}, 406, "not-acceptable"),
    ("GET", "/v1/commitments/acquire-p-8i", {"Accept": "text/csv"}, 406, "not-acceptable"),
    ("GET", "/v1/commitments", {"Dataset-Revision": "999999"}, 412, "outdated"),
    ("GET", "/v1/commitments", {"Dataset-Revision": "x"}, 422, "invalid-query"),
    ("POST", "/v1/commitments", {}, 405, "method-not-allowed"),
    ("DELETE", "/v1/commitments/acquire-p-8i", {}, 405, "method-not-allowed"),
    ("PROPFIND", "/v1/commitments", {}, 501, "not-implemented"),
    ("GET", "/v1/commitments?title=" + "x" * 9000, {}, 414, "uri-too-long"),
    ("GET", "/v1/commitments", {"X-Long": "x" * 20_000}, 431, "headers-too-large"),
    ("GET", "/v1/commitments", {"Host": "a b"}, 400, "bad-request"),
]


@pytest.mark.parametrize(
    ("method", "url", "headers", "status", "slug"),
    STATUSES,
    ids=[f"{m} {s} {u[:40]} {'-'.join(h)}" for m, u, h, s, _ in STATUSES],
)
def test_problem_has_the_same_shape_for_every_status(client, method, url, headers, status, slug):
    body = problem(client.request(method, url, headers=headers), status, slug)
    assert body["instance"] == url.partition("?")[0]


def test_405_allows_what_works(client):
    assert client.post("/v1/commitments").headers["allow"] == "GET, HEAD, OPTIONS"


def test_all_faults_of_a_request_are_told_at_once(client):
    url = "/v1/commitments?knd=1&kind=procurment&initiative=compct&limit=0&sort=x&fields=y&include=z&facet=w&due=2030-13&amount=1_0&format=xml"
    body = problem(client.get(url), 422, "invalid-query")
    assert sorted(fault["parameter"] for fault in body["errors"]) == sorted(
        ["knd", "kind", "initiative", "limit", "sort", "fields", "include", "facet", "due", "amount", "format"]
    )


def test_several_bad_values_of_one_parameter_are_told_at_once(client):
    body = problem(client.get("/v1/commitments?kind=a,procurement,b"), 422, "invalid-query")
    assert [fault["value"] for fault in body["errors"]] == ["a", "b"]


REASONS = [
    ("knd=1", "knd", "unknown_parameter"),
    ("kind__gt=procurement", "kind__gt", "unknown_operator"),
    ("kind=nothing", "kind", "invalid_value"),
    ("initiative=nothing", "initiative", "unknown_id"),
    ("currency=XXX", "currency", "unknown_value"),
    ("kind=", "kind", "empty_value"),
    ("kind=procurement,", "kind", "empty_value"),
    ("limit=1&limit=2", "limit", "duplicate_parameter"),
    ("due__gte=2025&due__gte=2026", "due__gte", "duplicate_parameter"),
    ("due__gte=2025,2026", "due__gte", "duplicate_parameter"),
    ("disputed=true&disputed=false", "disputed", "duplicate_parameter"),
    ("sort=title&sort=kind", "sort", "duplicate_parameter"),
    ("sort=title,-title", "sort", "duplicate_parameter"),
    ("sort=title,kind,due,start", "sort", "too_many_values"),
    ("limit=501", "limit", "invalid_value"),
    ("limit=1_0", "limit", "invalid_value"),
    ("limit=%2B1", "limit", "invalid_value"),
    ("quantity=1_0", "quantity", "invalid_value"),
    ("quantity=%2B1", "quantity", "invalid_value"),
    ("due=2030-02-30", "due", "invalid_value"),
    ("due=2030-06-01T00:00:00Z", "due", "invalid_value"),
    ("due__isnull=yes", "due__isnull", "invalid_value"),
    ("amount__gt=5", "amount__gt", "unit_missing"),
    ("amount__gt=5&currency=USD,INR", "amount__gt", "unknown_value"),
    ("sort=-amount", "sort", "unit_missing"),
    ("format=xml", "format", "invalid_value"),
    ("cursor=nothing", "cursor", "bad_cursor"),
    ("title=a%00b", "title", "invalid_text"),
    ("title=%ff", "title", "invalid_text"),
    ("format=csv&facet=kind", "facet", "invalid_value"),
    ("format=csv&include=statements", "include", "invalid_value"),
]


@pytest.mark.parametrize(("query", "parameter", "reason"), REASONS, ids=[query for query, *_ in REASONS])
def test_fault_has_its_reason(client, query, parameter, reason):
    body = problem(client.get(f"/v1/commitments?{query}"), 422, "invalid-query")
    assert (parameter, reason) in [
        (fault["parameter"], fault["reason"]) for fault in body["errors"]
    ] or reason == "unknown_value"


def test_amounts_are_not_compared_without_exactly_one_currency(client):
    for query in ("amount__gte=1", "sort=amount", "amount__lt=5&currency__not=INR"):
        (fault,) = problem(client.get(f"/v1/programs?{query}"), 422, "invalid-query")["errors"]
        assert (fault["reason"], fault["did_you_mean"]) == ("unit_missing", ["currency="])
    (fault,) = problem(client.get("/v1/statistics?value__gte=1"), 422, "invalid-query")["errors"]
    assert (fault["reason"], fault["did_you_mean"]) == ("unit_missing", ["unit="])
    assert client.get("/v1/programs?amount__gte=1&currency=INR").json()["meta"]["total"] == 1


def test_enum_and_id_faults_list_what_is_allowed(client):
    (fault,) = client.get("/v1/places?kind=planet").json()["errors"]
    assert fault["allowed"] == ["country", "region", "supranational"]
    (fault,) = client.get("/v1/commitments?initiative=nothing").json()["errors"]
    assert (fault["allowed"], fault["see"]) == (["compact", "icet", "trust"], "/v1/initiatives")
    (fault,) = client.get("/v1/commitments?sort=nothing").json()["errors"]
    assert {"due", "title", "kind"} <= set(fault["allowed"])


def test_200_values_are_the_most(client):
    ids = ["acquire-p-8i", *(["acquire-javelin"] * 199)]
    assert client.get("/v1/commitments", params={"id": ",".join(ids)}).json()["meta"]["total"] == 2
    body = problem(client.get("/v1/commitments", params={"id": ",".join([*ids, "acquire-p-8i"])}), 422, "invalid-query")
    assert body["errors"][0]["reason"] == "too_many_values"


def test_text_is_never_split_at_commas(client):
    assert client.get("/v1/commitments", params={"title": "a,b"}).json()["meta"]["total"] == 0
    assert client.get("/v1/commitments", params={"title__contains": ","}).status_code == 200


def test_details_take_no_filters_and_say_so(client):
    body = problem(client.get("/v1/commitments/acquire-p-8i?kind=procurement&limit=1"), 422, "invalid-query")
    assert [fault["parameter"] for fault in body["errors"]] == ["limit", "kind"] or [
        fault["parameter"] for fault in body["errors"]
    ] == ["kind", "limit"]
    assert all(fault["reason"] == "unknown_parameter" for fault in body["errors"])


@pytest.mark.parametrize("slug", KINDS)
def test_every_kind_of_problem_has_a_page(client, slug):
    page = client.get(f"/problems/{slug}")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert KINDS[slug].title in page.text
    assert str(KINDS[slug].status) in page.text


def test_unknown_kind_of_problem_is_404(client):
    problem(client.get("/problems/nothing"), 404, "not-found")


def test_request_id_of_the_client_comes_back(client):
    answer = client.get("/v1/nothing", headers={"X-Request-ID": "mine-1"})
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "mine-1"


def test_problem_is_the_same_for_head(client):
    answer = client.head("/v1/commitments?knd=1")
    assert (answer.status_code, answer.content) == (422, b"")
    assert answer.headers["content-type"] == "application/problem+json"
