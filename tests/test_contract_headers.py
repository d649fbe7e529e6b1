"""The contract: headers, methods, conditional requests, compression."""

import gzip
import re

import brotli
import pytest
import zstandard

from tests.conftest import served

URLS = [
    "/v1",
    "/v1/commitments",
    "/v1/commitments/acquire-p-8i",
    "/v1/commitments?format=csv",
    "/v1/initiatives/trust/pillars",
    "/v1/records",
]
LONG = "/v1/commitments"
ENCODINGS = {
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "identity": bytes,
}


def raw(client, url, encoding, **headers):
    """An answer as it comes over the wire."""
    with client.stream("GET", url, headers={"Accept-Encoding": encoding, **headers}) as answer:
        return answer, b"".join(answer.iter_raw())


@pytest.mark.parametrize("url", URLS)
def test_etag_is_strong_and_names_revision_and_encoding(client, url):
    answer, _ = raw(client, url, "identity")
    assert re.fullmatch(r'"\d+-[0-9a-f]+-identity"', answer.headers["etag"])
    assert answer.headers["etag"].startswith(f'"{answer.headers["dataset-revision"]}-')


@pytest.mark.parametrize("url", URLS)
def test_answers_say_how_they_may_be_kept(client, url):
    headers = client.get(url).headers
    assert "public" in headers["cache-control"]
    assert {"Accept", "Accept-Encoding"} <= {name.strip() for name in headers["vary"].split(",")}
    assert headers["dataset-revision"] == str(client.get("/v1").json()["revision"])
    assert headers["x-request-id"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("url", URLS)
def test_if_none_match_is_304_without_body_and_with_its_headers(client, url):
    first = client.get(url)
    tag = first.headers["etag"]
    again = client.get(url, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "cache-control", "vary", "dataset-revision", "access-control-allow-origin", "x-request-id"):
        assert name in again.headers
    assert "content-type" not in again.headers
    assert "content-length" not in again.headers
    assert again.headers.get("link") == first.headers.get("link")


CONDITIONS = [
    ("{tag}", 304),
    ("W/{tag}", 304),
    ('"other", {tag}', 304),
    ('"other",W/"more" , {tag},"last"', 304),
    ("*", 304),
    ('"other"', 200),
    ("garbage", 200),
    ("", 200),
    ('"unclosed', 200),
]


@pytest.mark.parametrize(("given", "status"), CONDITIONS, ids=[given or "empty" for given, _ in CONDITIONS])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_if_none_match_takes_lists_weak_tags_and_a_star(client, method, given, status):
    tag = client.get(LONG).headers["etag"]
    answer = client.request(method, LONG, headers={"If-None-Match": given.format(tag=tag)})
    assert answer.status_code == status


def test_tags_of_other_answers_do_not_match(client):
    tags = [client.get(url).headers["etag"] for url in URLS]
    assert len(set(tags)) == len(URLS)
    assert client.get(LONG, headers={"If-None-Match": tags[0]}).status_code == 200


def test_if_none_match_never_hides_an_error(client):
    for url, status in (("/v1/commitments?knd=1", 422), ("/v1/commitments/nothing", 404)):
        assert client.get(url, headers={"If-None-Match": "*"}).status_code == status


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "url", [LONG, "/v1/commitments?format=csv", "/v1/commitments?format=ndjson", "/v1/commitments?knd=1"]
)
def test_compression_gives_the_same_bytes(client, url, encoding):
    _, plain = raw(client, url, "identity")
    answer, body = raw(client, url, encoding)
    if encoding != "identity":
        assert answer.headers["content-encoding"] == encoding
        assert "Accept-Encoding" in answer.headers["vary"]
    without_id = re.compile(rb'"request_id":"[^"]*"')
    assert without_id.sub(b"", ENCODINGS[encoding](body)) == without_id.sub(b"", plain)


def test_every_encoding_has_its_own_tag(client):
    tags = {}
    for encoding in ENCODINGS:
        answer, _ = raw(client, LONG, encoding)
        tags[encoding] = answer.headers["etag"]
        assert tags[encoding].endswith(f'-{encoding}"')
    for encoding, tag in tags.items():
        assert raw(client, LONG, encoding, **{"If-None-Match": tag})[0].status_code == 304
        others = ", ".join(other for name, other in tags.items() if name != encoding)
        assert raw(client, LONG, encoding, **{"If-None-Match": others})[0].status_code == 200


def test_link_header_repeats_the_links(client):
    first = client.get("/v1/commitments?limit=5")
    second = client.get(first.json()["links"]["next"])
    links = second.json()["links"]
    assert {rel: second.links[rel]["url"] for rel in links} == links


def test_dataset_revision_sent_in_is_the_least_that_is_accepted(client):
    revision = int(client.get("/v1").headers["dataset-revision"])
    for url in ("/v1/commitments", "/v1/commitments/acquire-p-8i", "/v1/commitments?format=csv", "/v1/records"):
        for least, status in ((0, 200), (revision, 200), (revision + 1, 412)):
            answer = client.get(url, headers={"Dataset-Revision": str(least)})
            assert answer.status_code == status, (url, least)
    assert answer.json()["type"] == "/problems/outdated"
    assert answer.headers["retry-after"]


@pytest.mark.parametrize("given", ["-1", "x", "1.5", "", "9" * 40])
def test_dataset_revision_that_is_no_number_is_422(client, given):
    assert client.get("/v1/commitments", headers={"Dataset-Revision": given}).status_code == 422


def test_request_id_is_taken_over_when_it_is_tame(client):
    assert client.get("/v1", headers={"X-Request-ID": "abc-1.2_3"}).headers["x-request-id"] == "abc-1.2_3"
    for wild in ("a b", "x" * 65, "<script>", "a;b"):
        assert client.get("/v1", headers={"X-Request-ID": wild}).headers["x-request-id"] != wild
    ids = {client.get("/v1").headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize("url", [*URLS, "/v1/commitments?knd=1", "/v1/nothing"])
def test_cors_is_open_for_reads_and_exposes_our_headers(client, url):
    answer = client.get(url, headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    exposed = {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert {"etag", "link", "dataset-revision", "x-request-id"} <= exposed


@pytest.mark.parametrize("url", URLS)
def test_options_answers_with_what_is_allowed(client, url):
    plain = client.options(url)
    assert (plain.status_code, plain.content) == (204, b"")
    assert plain.headers["allow"] == "GET, HEAD, OPTIONS"
    preflight = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "If-None-Match",
    }
    answer = client.options(url, headers=preflight)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "GET" in answer.headers["access-control-allow-methods"]
    assert {"if-none-match", "dataset-revision"} <= {
        name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")
    }


def names(header):
    return {name.strip().lower() for name in header.split(",")}


def test_a_page_from_elsewhere_may_fetch_a_file_in_parts(client):
    url = client.get("/v1/exports").json()["data"][0]["url"]
    preflight = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "range, if-range",
    }
    asked = client.options(url, headers=preflight)
    assert {"range", "if-range"} <= names(asked.headers["access-control-allow-headers"])
    whole = client.get(url, headers={"Origin": "https://a.example"})
    part = client.get(
        url, headers={"Origin": "https://a.example", "Range": "bytes=0-9", "If-Range": whole.headers["etag"]}
    )
    assert (part.status_code, part.content) == (206, whole.content[:10])
    assert {"content-range", "accept-ranges", "etag"} <= names(part.headers["access-control-expose-headers"])
    assert part.headers["content-range"] == f"bytes 0-9/{len(whole.content)}"


@pytest.mark.parametrize(
    "url", [*URLS, "/docs", "/openapi.json", "/openapi.yaml", "/healthz", "/readyz", "/problems/invalid-query", "/"]
)
def test_head_works_everywhere(client, url):
    get, head = client.get(url), client.head(url)
    assert (head.status_code, head.content) == (get.status_code, b"")
    for name in ("content-type", "etag", "location", "vary", "cache-control"):
        assert head.headers.get(name) == get.headers.get(name)


@pytest.mark.parametrize(
    "url",
    [*URLS, "/", "/v1/minerals/Li", "/v1/records/gallium", "/v1/commitments/", "/v1/nothing", "/docs", "/openapi.json"],
)
def test_host_never_ends_up_in_an_answer(client, url):
    answer = client.get(
        url, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    )
    assert "evil" not in answer.text
    assert not any("evil" in value for value in answer.headers.values())
    assert client.base_url.netloc.decode() not in answer.text


def test_docs_page_loads_nothing_from_elsewhere(client):
    for url in ("/docs", "/redoc"):
        page = client.get(url).text
        linked = re.findall(r'(?:src|href|spec-url)="([^"]+)"', page)
        assert linked
        for address in linked:
            assert address.startswith("/")
            assert client.get(address).status_code in (200, 307)


def test_caches_in_between_hand_out_what_they_have_while_they_ask_where_the_operator_says_so(database):
    with served(database, stale_while_revalidate_seconds=30) as client:
        for path in ("/v1/minerals", "/v1/minerals/gallium", "/v1/minerals?format=csv"):
            answer = client.get(path)
            told = answer.headers["cache-control"]
            assert told == "public, max-age=0, stale-while-revalidate=30, stale-if-error=86400", path
            unchanged = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
            assert (unchanged.status_code, unchanged.headers["cache-control"]) == (304, told)
        assert "stale-while-revalidate" not in client.get("/docs").headers["cache-control"]
