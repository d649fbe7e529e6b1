"""The catalogue of hostile inputs, docs/hostile-inputs.md: what reading needs, each case by the number of its row there.

Rows about search, files, paging, connections and seeding are tested beside those; the catalogue names each test.
"""

import ast
import json
import re
import socket
from pathlib import Path

import pytest

from app.api.rates import client_of
from tests.conftest import served
from tests.test_errors import problem

TESTS = Path(__file__).parent
CATALOGUE = TESTS.parent / "docs/hostile-inputs.md"

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
    (43, "due=0", "due", "invalid_value"),
    (43, "due=1700006400", "due", "invalid_value"),
    (44, "due__gte=2024-12-31T23:59:60Z", "due__gte", "invalid_value"),
    (45, "due__gte=2024-01-01T00:00:00+02:00", "due__gte", "invalid_value"),
    (48, "quantity=NaN", "quantity", "invalid_value"),
    (48, "quantity=Infinity", "quantity", "invalid_value"),
    (48, "quantity=1e999", "quantity", "invalid_value"),
    (50, "quantity=nan", "quantity", "invalid_value"),
    (51, "quantity=" + "9" * 4000, "quantity", "invalid_value"),
    (51, "amount=9007199254740993", "amount", "invalid_value"),
    (65, "title=" + "e" + "%CC%81" * 201, "title", "invalid_value"),
    (66, "title=a%E2%80%AEb", "title", "invalid_text"),
    (66, "title=a%E2%80%8Bb", "title", "invalid_text"),
    (67, "title=a%0D%0Ab", "title", "invalid_text"),
    (83, "api_key=secret", "api_key", "unknown_parameter"),
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
        (40, "title__contains=(a%2B)%2B$"),
        (40, "title__contains=("),
        (42, "due__gte=2024-01-01&due__lte=2020-01-01"),
    ),
)
def test_literal_text_finds_nothing(client, query):
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 200
    assert answer.json()["meta"]["total"] == 0


def test_15_offset_leads_to_cursor(client):
    (fault,) = problem(client.get(f"{LIST}?offset=10000000"), *QUERY)["errors"]
    assert (fault["reason"], fault["did_you_mean"]) == ("unknown_parameter", ["cursor"])


def resolved(document, parameter):
    return (
        document["components"]["parameters"][parameter["$ref"].rpartition("/")[2]] if "$ref" in parameter else parameter
    )


def example(parameters, name):
    (found,) = (one for one in parameters if (one["in"], one["name"]) == ("path", name))
    return found.get("example") or next(iter(found["examples"].values()))["value"]


@pytest.mark.parametrize(
    ("value", "reason"),
    cases(
        (12, "", "empty_value"),
        (31, "%00", "invalid_text"),
        (32, "%ff%fe", "invalid_text"),
        (32, "%ED%A0%80", "invalid_text"),
        (66, "%E2%80%AE", "invalid_text"),
    ),
)
def test_every_parameter_of_every_operation(client, value, reason):
    asked = 0
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        known = [resolved(document, one) for one in operations["get"].get("parameters", ())]
        names = [one["name"] for one in known if one["in"] == "query"]
        if names:
            filled = re.sub(r"\{(\w+)\}", lambda found, known=known: example(known, found[1]), path)
            answer = client.get(f"{filled}?" + "&".join(f"{name}={value}" for name in names))
            assert answer.status_code == 422, (path, answer.text[:500])
            faults = {(fault["parameter"], fault["reason"]) for fault in answer.json()["errors"]}
            missing = {(name, reason) for name in names} - faults
            assert not missing, path
            asked += len(names)
    assert asked > 1000


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


def test_66_composed_and_decomposed_letters_are_alike(client):
    composed, decomposed = (
        client.get(LIST, params={"title__contains": text, "limit": "1"}).json()["meta"]["total"]
        for text in ("\u00edndi\u00e1", "i\u0301ndia\u0301")
    )
    assert composed == decomposed > 0


def test_67_blanks_do_not_matter(client):
    title = client.get(f"{LIST}/acquire-p-8i").json()["title"]
    for text in (title, f"  {title} ", title.replace(" ", "  "), title.replace(" ", "\t\n")):
        assert client.get(LIST, params={"title": text}).json()["meta"]["total"] == 1


JSON = "application/json"
BODIES = cases(
    (46, b'{"title":"\\ud800"}', JSON),
    (47, b'{"title":"a\\u0000b"}', JSON),
    (48, b'{"quantity":NaN}', JSON),
    (48, b'{"quantity":1e999}', JSON),
    (53, b'{"title":"\xff\xfe"}', JSON),
    (54, '{"title":"a"}'.encode("utf-16"), JSON),
    (54, b'\xef\xbb\xbf{"title":"a"}', JSON),
    (55, b'{"title":"a","title":"b"}', JSON),
    (56, b"[" * 60_000, JSON),
    (59, b"", JSON),
    (59, b"null", JSON),
    (59, b"{}{}", JSON),
    (60, b"title=a", "text/plain"),
    (60, b"<title>a</title>", "application/xml"),
    (60, b"--x", "multipart/form-data; boundary=x"),
    (61, b"{}", "application/json; charset=utf-16"),
)


@pytest.mark.parametrize(("body", "content_type"), BODIES)
def test_no_body_is_read(client, body, content_type):
    headers = {"Content-Type": content_type}
    plain = client.get(LIST)
    given = client.request("GET", LIST, headers=headers, content=body)
    assert (given.status_code, given.content) == (200, plain.content)
    problem(client.post(LIST, headers=headers, content=body), 405, "method-not-allowed")


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
    "credentials",
    cases(
        (82, ("Bearer nothing",)),
        (82, ("nothing at all",)),
        (82, ("",)),
        (83, ("Basic YTpi", "Bearer a")),
        (83, ("Bearer " + "x" * 8000,)),
        (83, ("Bearer \u00fc",)),
    ),
)
def test_credentials_change_nothing(client, credentials):
    lines = [f"Authorization: {one}" for one in credentials]
    head, _, body = wire(client, request(LIST, "Host: a", *lines)).partition(b"\r\n\r\n")
    assert status(head) == 200
    assert b"www-authenticate" not in head.lower()
    assert body == client.get(LIST, headers={"Accept-Encoding": "identity"}).content


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


def test_95_one_request_too_many(database):
    with served(database, rate_limit="3/hour") as client:
        answers = [client.get(LIST) for _ in range(3)]
        assert [answer.headers["ratelimit"].partition(";t=")[0] for answer in answers] == [
            f'"default";r={left}' for left in (2, 1, 0)
        ]
        refused = client.get(LIST)
        problem(refused, 429, "too-many-requests")
        assert (client.head(LIST).status_code, client.head(LIST).content) == (429, b"")
        assert 1 <= int(refused.headers["retry-after"]) <= 3600
        assert refused.headers["ratelimit-policy"] == '"default";q=3;w=3600'
        assert client.get("/healthz").status_code == 200


def test_95_what_is_unchanged_is_free(database):
    with served(database, rate_limit="2/hour") as client:
        tag = client.get(LIST).headers["etag"]
        assert {client.get(LIST, headers={"If-None-Match": tag}).status_code for _ in range(5)} == {304}
        assert [client.get(LIST).status_code for _ in range(2)] == [200, 429]


def test_95_addresses_of_one_subscriber_are_one_client():
    def client(address):
        return client_of({"client": (address, 1)})

    assert len({client(f"2001:db8::{number:x}") for number in range(10_000)}) == 1
    assert client("2001:db8:0:1::1") != client("2001:db8::1")
    assert client("::ffff:192.0.2.1") != client("::ffff:192.0.2.2")
    assert client("192.0.2.1") != client("192.0.2.2")


def rows():
    """Number and cells of each row of the catalogue."""
    for line in CATALOGUE.read_text(encoding="utf-8").splitlines():
        number, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        if number.isdigit():
            yield int(number), cells


def test_the_catalogue_has_every_row_once():
    assert [number for number, _ in rows()] == list(range(1, 105))


@pytest.mark.parametrize(("number", "cells"), list(rows()), ids=[str(number) for number, _ in rows()])
def test_a_row_of_the_catalogue_names_its_tests_or_says_why_not(number, cells):
    _, answer, proofs = cells
    named = re.findall(r"`(\w+\.py)::(\w+)`", proofs)
    assert len(named) == proofs.count("`") / 2
    assert named or answer.startswith("does not apply: ")
    for file, test in named:
        tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
        assert test in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
