"""The catalogue of hostile inputs: each row that applies to a reading API, by its number.

| rows | do not apply, because |
|---|---|
| 14, 15 | there is no `offset`: it is an unknown parameter, asked under 16 |
| 20 | cursors outlive revisions and never expire |
| 21, 22 | there is no feed yet |
| 36-39 | search has tests of its own (test_search.py) |
| 30, 40 | see 30: conditions are nested at most four deep; no regular expressions are offered |
| 42 | a range is two parameters, and an empty one finds nothing |
| 43-56, 59-61, 63-67 | bodies: none is read, every method but GET, HEAD and OPTIONS is refused first (57, 58, 62 ask so) |
| 68-70 | writes; that tables defuse formulas is in test_formats.py |
| 71-74, 77-81, 84 | writes and preconditions |
| 82, 83 | there are no keys |
| 94 | time limits of the server, no timing in tests |
| 95 | rate limits, once there are any |
| 96 | there are no snapshots |
| 97-103 | imports and webhooks |
"""

import json
import re
import socket

import pytest

from tests.test_errors import problem

LIST = "/v1/commitments"
QUERY, NOWHERE = (422, "invalid-query"), (404, "not-found")


def cases(*rows):
    return [pytest.param(*row[1:], id=f"{row[0]} {str(row[1])[:40]}") for row in rows]


def wire(client, data):
    """The beginning of the answer to bytes sent as they are."""
    host, port = client.base_url.host, client.base_url.port
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(data)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return received


def status(received):
    """Status of the first answer; null where the connection was closed without one."""
    return int(received.split(b" ", 2)[1]) if received else None


def request(target, *headers, method="GET"):
    return "\r\n".join([f"{method} {target} HTTP/1.1", *headers, "Connection: close", "", ""]).encode("latin-1")


PATHS = cases(
    (1, "9223372036854775808"),
    (2, "2147483648"),
    (3, "1" * 5000),
    (4, "1_000"),
    (4, "+1"),
    (4, "%201%20"),
    (4, "1.0"),
    (4, "acquire-p-8i%20"),
    (4, "%20acquire-p-8i"),
    (5, "%D9%A1"),
    (5, "1e3"),
    (5, "0x1"),
    (5, "-1"),
    (6, "%00"),
    (6, "a%00b"),
    (7, "..%2f..%2fetc%2fpasswd"),
    (7, "%252e%252e"),
    (8, "%ff%fe"),
)


@pytest.mark.parametrize("id", PATHS)
@pytest.mark.parametrize("list", [LIST, "/v1/minerals", "/v1/records"])
def test_id_in_a_path(client, list, id):
    body = problem(client.get(f"{list}/{id}"), *NOWHERE)
    assert all(len(one["detail"]) <= 400 for one in body["errors"])


@pytest.mark.parametrize(
    "target",
    cases(
        (9, "//v1/commitments"),
        (9, "/v1//commitments"),
        (9, "/v1/commitments//acquire-p-8i"),
        (9, "/v1/commitments;x=1"),
        (10, "/v1/commitments/"),
        (11, "//evil.com/%2e%2e"),
        (11, "/\\evil.com"),
        (11, "/v1/commitments/..%2f..%2f"),
    ),
)
def test_odd_path_is_never_redirected(client, target):
    received = wire(client, request(target, "Host: evil.example"))
    assert status(received) == 404
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"location:" not in head.lower()
    assert b"evil.example" not in received
    assert json.loads(body)["type"] == "/problems/not-found"


LIMITS = cases(
    *(
        (12, value)
        for value in (
            "0",
            "-1",
            "501",
            "1e9",
            "NaN",
            "",
            "1_0",
            "+1",
            "%201",
            "01",
            "1.0",
            "%D9%A1",
            "9223372036854775808",
        )
    )
)


@pytest.mark.parametrize("value", LIMITS)
def test_limit(client, value):
    body = problem(client.get(f"{LIST}?limit={value}"), *QUERY)
    assert [one["parameter"] for one in body["errors"]] == ["limit"]
    assert body["errors"][0]["reason"] == ("invalid_value" if value else "empty_value")


FAULTS = cases(
    (13, "limit=5&limit=100", "limit", "duplicate_parameter"),
    (14, "offset=9223372036854775808", "offset", "unknown_parameter"),
    (16, "limti=5", "limti", "unknown_parameter"),
    (16, "Kind=procurement", "Kind", "unknown_parameter"),
    (17, "cursor=garbage", "cursor", "bad_cursor"),
    (17, "cursor=%00", "cursor", "invalid_text"),
    (19, f"cursor={'A' * 7000}", "cursor", "bad_cursor"),
    (23, "sort=name;DROP TABLE item--", "sort", "invalid_value"),
    (24, "sort=(select password from keys)", "sort", "invalid_value"),
    (25, "sort=" + ",".join(["id"] * 500), "sort", "too_many_values"),
    (26, "sort=title_folded", "sort", "invalid_value"),
    (26, "sort=due_first", "sort", "invalid_value"),
    (28, "__class__=1", "__class__", "unknown_parameter"),
    (28, "kind__class__=1", "kind__class__", "unknown_parameter"),
    (28, "filter[__class__]=1", "filter[__class__]", "unknown_parameter"),
    (28, "item.name=1", "item.name", "unknown_parameter"),
    (28, 'name"=1', 'name"', "unknown_parameter"),
    (28, "name]=1", "name]", "unknown_parameter"),
    (28, "=1", "", "unknown_parameter"),
    (29, "id=" + ",".join(f"x{number}" for number in range(1000)), "id", "too_many_values"),
    (30, "or=" + "(or" * 30 + "(kind.eq.procurement)" + ")" * 30, "or", "too_complex"),
    (31, "title=%00", "title", "invalid_text"),
    (31, "kind=%00", "kind", "invalid_text"),
    (31, "%00=1", "\\x00", "invalid_text"),
    (32, "title=%ff%fe", "title", "invalid_text"),
    (32, "title=%ED%A0%80", "title", "invalid_text"),
    (32, "title=%C0%AF", "title", "invalid_text"),
    (33, "title=" + "x" * 201, "title", "invalid_value"),
    (33, "title__contains=" + "%25" * 2000, "title__contains", "invalid_value"),
    (41, "due__gte=0000-01-01", "due__gte", "invalid_value"),
    (41, "due__gte=10000-01-01", "due__gte", "invalid_value"),
    (41, "due__gte=2023-02-30", "due__gte", "invalid_value"),
    (41, "due__gte=infinity", "due__gte", "invalid_value"),
    (44, "due__gte=2024-12-31T23:59:60Z", "due__gte", "invalid_value"),
    (45, "due__gte=2024-01-01T00:00:00+02:00", "due__gte", "invalid_value"),
    (48, "quantity=NaN", "quantity", "invalid_value"),
    (48, "quantity=Infinity", "quantity", "invalid_value"),
    (48, "quantity=1e999", "quantity", "invalid_value"),
    (50, "quantity=nan", "quantity", "invalid_value"),
    (51, "quantity=" + "9" * 4000, "quantity", "invalid_value"),
    (51, "amount=9007199254740993", "amount", "invalid_value"),
    (66, "title=a%E2%80%AEb", "title", "invalid_text"),
    (66, "title=a%E2%80%8Bb", "title", "invalid_text"),
)


@pytest.mark.parametrize(("query", "parameter", "reason"), FAULTS)
def test_query(client, query, parameter, reason):
    answer = client.get(f"{LIST}?{query}")
    body = problem(answer, *QUERY)
    assert (parameter, reason) in [(one["parameter"], one["reason"]) for one in body["errors"]]
    assert len(answer.content) < 20_000


def test_26_private_column_reads_like_an_unknown_one(client):
    private, unknown = (
        client.get(f"{LIST}?sort={name}").json()["errors"][0] for name in ("title_folded", "title_foldet")
    )
    assert private["detail"].replace("title_folded", "") == unknown["detail"].replace("title_foldet", "")


@pytest.mark.parametrize(
    "query",
    cases(
        (27, "title=' OR 1=1--"),
        (27, 'title=" OR ""="'),
        (27, "title__contains='; DROP TABLE record; --"),
        (34, "title__contains=%25_%5C"),
        (34, "title__contains=%5C"),
        (42, "due__gte=2024-01-01&due__lte=2020-01-01"),
    ),
)
def test_literal_text_finds_nothing(client, query):
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 200
    assert answer.json()["meta"]["total"] == 0


def test_18_cursor_of_another_endpoint(client):
    cursor = client.get("/v1/topics?limit=2").json()["links"]["next"].partition("cursor=")[2]
    body = problem(client.get(f"{LIST}?limit=2&cursor={cursor}"), *QUERY)
    assert body["errors"][0]["reason"] == "bad_cursor"


def test_29_too_many_parameters_or_too_long_a_url(client):
    many = client.get(LIST + "?" + "&".join(f"x{number}=1" for number in range(500)))
    assert problem(many, *QUERY)
    assert (
        status(wire(client, request(LIST + "?id=" + ",".join(f"id-{number}" for number in range(5000)), "Host: a")))
        == 414
    )
    assert status(
        wire(client, request(LIST + "?id=" + ",".join(f"id-{number}" for number in range(10_000)), "Host: a"))
    ) in (400, 414, 431)


def test_52_large_whole_numbers_are_exact(client):
    assert client.get("/v1/programs?amount=343000000000&currency=INR").json()["meta"]["total"] == 1
    assert client.get("/v1/programs?amount=343000000001&currency=INR").json()["meta"]["total"] == 0


@pytest.mark.parametrize("size", [pytest.param(1_100_000, id="57")])
def test_body_is_refused_unread(client, size):
    received = wire(client, request(LIST, "Host: x", f"Content-Length: {size}"))
    assert status(received) == 413
    assert status(wire(client, request(LIST, "Host: x", "Content-Length: 10000000", method="POST"))) == 405


def test_57_chunked_body_on_a_read_is_ignored_or_refused(client):
    chunked = request(LIST, "Host: x", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n"
    assert status(wire(client, chunked)) in (200, 400, 413)


def test_62_encoded_body_is_never_unpacked(client):
    answer = client.request("GET", LIST, headers={"Content-Encoding": "gzip"}, content=b"\x1f\x8b" + b"\0" * 1000)
    assert answer.status_code in (200, 413, 415)


@pytest.mark.parametrize(
    "given", cases((75, "garbage"), (75, '"'), (75, "W/"), (75, ",,,"), (72, ",".join(['"x"'] * 1000)))
)
def test_if_none_match_garbage_is_200(client, given):
    assert client.get(LIST, headers={"If-None-Match": given}).status_code == 200


def test_76_if_modified_since_garbage_is_ignored(client):
    assert client.get(LIST, headers={"If-Modified-Since": "Thu, 99 Foo 9999"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "code", "slug"),
    cases(
        *((85, method, 405, "method-not-allowed") for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE")),
        (85, "PROPFIND", 501, "not-implemented"),
    ),
)
def test_method(client, method, code, slug):
    answer = client.request(method, LIST)
    problem(answer, code, slug)
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_85_unheard_of_method(client):
    assert status(wire(client, request(LIST, "Host: a", method="FOO"))) in (400, 501)


def test_85_method_override_is_ignored(client):
    answer = client.get(LIST, headers={"X-HTTP-Method-Override": "DELETE"})
    assert answer.status_code == 200
    assert client.post(LIST, headers={"X-HTTP-Method-Override": "GET"}).status_code == 405


def test_86_head_and_options(client):
    assert client.head(LIST).status_code == 200
    assert client.options(LIST).status_code == 204


@pytest.mark.parametrize(
    "accept", cases((87, "application/xml"), (87, "application/json;q=0"), (87, "*/*;q=0"), (87, "a/b," * 2500))
)
def test_accept(client, accept):
    problem(client.get(LIST, headers={"Accept": accept}), 406, "not-acceptable")


@pytest.mark.parametrize(
    "given",
    cases((88, "bytes=" + ",".join("0-1" for _ in range(1000))), (88, "bytes=-0"), (88, "bytes=-99999999999999999999")),
)
def test_range(client, given):
    asset = re.search(r'src="([^"]+)"', client.get("/docs").text)[1]
    for url in (LIST, f"{LIST}?format=csv", asset):
        assert client.get(url, headers={"Range": given}).status_code in (200, 206, 400, 416)


@pytest.mark.parametrize(
    "headers",
    cases(
        (89, {"X-Forwarded-For": "127.0.0.1"}),
        (89, {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}),
        (89, {"X-Original-URL": "/v1/nothing", "X-Rewrite-URL": "/v1/nothing"}),
    ),
)
def test_headers_of_proxies_change_nothing(client, headers):
    plain, spoofed = client.get(LIST), client.get(LIST, headers=headers)
    assert (spoofed.status_code, spoofed.content) == (200, plain.content)
    assert "evil" not in str(spoofed.headers)


@pytest.mark.parametrize(
    "headers",
    cases(
        (90, ()),
        (90, ("Host: a", "Host: b")),
        (90, ("Host: a/../b?x",)),
        (90, ("Host: ",)),
        (90, ("Host: a b",)),
        (90, ("Host: user@a",)),
        (91, ("Host: a", "Content-Length: 5", "Content-Length: 6")),
        (91, ("Host: a", "Content-Length: -1")),
        (91, ("Host: a", "Content-Length: 5", "Transfer-Encoding: chunked")),
    ),
)
def test_malformed_request_is_400(client, headers):
    received = wire(
        client, request(LIST, *headers) + (b"0\r\n\r\n" if "Transfer-Encoding: chunked" in headers else b"")
    )
    assert status(received) == 400
    assert b"Traceback" not in received


@pytest.mark.parametrize(
    "target",
    cases(
        (92, "@evil.com/x"),
        (92, "http://evil.com/x"),
        (92, "http://evil.com/v1/nothing"),
        (92, "*"),
        (92, "evil.com:443"),
    ),
)
def test_target_in_another_form(client, target):
    received = wire(client, request(target, "Host: a"))
    assert status(received) in (400, 404)
    assert b"evil.com" not in received.partition(b"\r\n\r\n")[0]


def test_93_long_headers_many_headers_and_long_urls(client):
    assert status(wire(client, request(LIST, "Host: a", "X-Long: " + "x" * 20_000))) == 431
    assert status(wire(client, request(LIST, "Host: a", *(f"X-{number}: 1" for number in range(300))))) == 431
    assert status(wire(client, request(f"{LIST}?title=" + "x" * 10_000, "Host: a"))) == 414


@pytest.mark.parametrize(
    "headers",
    [("Host: a", "X-Long: " + "x" * 70_000), ("Host: a", *(f"X-{number}: 1" for number in range(5000)))],
    ids=["93 70 KB", "93 5,000"],
)
def test_enormous_headers_never_reach_an_answer(client, headers):
    assert status(wire(client, request(LIST, *headers))) in (None, 400, 431)


def test_93_enormous_url_never_reaches_an_answer(client):
    assert status(wire(client, request(f"{LIST}?title=" + "x" * 70_000, "Host: a"))) in (None, 400, 414)


@pytest.mark.parametrize("origin", cases((104, "null"), (104, "https://evil.example")))
def test_cors_is_for_everyone_without_credentials(client, origin):
    answer = client.get(LIST, headers={"Origin": origin, "Cookie": "a=b"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    allowed = client.options(LIST, headers={"Origin": origin, "Access-Control-Request-Method": "DELETE"})
    assert "DELETE" not in allowed.headers["access-control-allow-methods"]
