"""The explorer over HTTP, as it is without JavaScript: every kind of page of every resource, on both databases."""

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from threading import Thread
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
import pytest
from sqlalchemy import text as sql

from app.resources import CATALOG
from tests.conftest import served

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
LISTS = [*(resource.name for resource in CATALOG), "records"]
PICTURES = [
    "/graph",
    "/graph?around=gallium",
    "/timeline",
    "/timeline?initiative=compact",
    "/charts/commitments?by=kind",
]
VOID = {"meta", "link", "input", "br", "img", "path", "circle", "rect", "line"}
PAYLOAD = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


class Html(HTMLParser):
    """A page as a list of elements with their attributes and text."""

    def __init__(self, text: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self.open: list[tuple[str, dict[str, str], list[str]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        element = (tag, {name: value or "" for name, value in attrs}, [])
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        for _, _, text in self.open:
            text.append(data)

    def all(self, tag: str, **wanted: str) -> list[tuple[dict[str, str], str]]:
        return [
            (attributes, " ".join("".join(text).split()))
            for name, attributes, text in self.elements
            if name == tag
            and all(value in attributes.get(key.rstrip("_"), "").split() for key, value in wanted.items())
        ]

    def texts(self, tag: str, **wanted: str) -> list[str]:
        return [text for _, text in self.all(tag, **wanted)]


def get(client: httpx.Client, path: str, status: int = 200) -> Html:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:300]}"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Html(answer.text)
    check_policy(answer, page)
    assert len(page.all("h1")) == 1
    return page


def check_policy(answer: httpx.Response, page: Html) -> None:
    """Nothing in the page that the policy would stop, and nothing from elsewhere."""
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag, attributes, _ in page.elements:
        assert tag != "style"
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        if tag == "script":
            assert attributes.get("type") == "application/ld+json" or attributes["src"].startswith("/static/")
        if tag in ("img", "link") and attributes.get("rel") not in ("canonical",):
            assert (attributes.get("href") or attributes.get("src") or "/").startswith("/")


def rows(page: Html) -> list[str]:
    """The addresses of the records in a list, in order."""
    elements = [(tag, attributes) for tag, attributes, _ in page.elements]
    return [
        elements[i + 1][1]["href"] for i, (tag, _) in enumerate(elements) if tag == "h3" and elements[i + 1][0] == "a"
    ]


def total(page: Html) -> int:
    return int(page.texts("h2", id="found")[0].split()[0].replace(",", ""))


def facets(page: Html) -> list[tuple[str, int]]:
    """The address behind each value of each facet, with the count that stands beside it."""
    found, address = [], ""
    for tag, attributes, words in page.elements:
        if tag == "a":
            address = attributes["href"]
        if tag == "span" and attributes.get("class") == "n" and "".join(words).strip().isdigit():
            found.append((address, int("".join(words))))
    return found


@pytest.mark.parametrize("name", LISTS)
def test_list_shows_what_the_api_gives(client, name):
    page = get(client, f"/{name}")
    body = client.get(f"/v1/{name}").json()
    assert total(page) == body["meta"]["total"]
    assert rows(page) == [record["url"].removeprefix("/v1") for record in body["data"]]


@pytest.mark.parametrize("name", LISTS)
def test_every_facet_leads_to_as_many_records_as_it_says_and_to_those_of_the_api(client, name):
    found = facets(get(client, f"/{name}"))
    assert found or name in ("places", "equipment", "sources")
    for address, count in found[:60]:
        page = get(client, address)
        assert total(page) == count, address
        assert rows(page) == [
            record["url"].removeprefix("/v1") for record in client.get(f"/v1{address}").json()["data"]
        ]
        assert any(attributes["href"] == f"/{name}" for attributes, _ in page.all("a") if "href" in attributes)


@pytest.mark.parametrize("name", LISTS[:-1])
def test_every_record_has_a_page_with_its_facts_and_their_places(client, name):
    for record in client.get(f"/v1/{name}?limit=150").json()["data"]:
        page = get(client, record["url"].removeprefix("/v1"))
        shown = " ".join(page.texts("main"))
        for citation in record.get("citations", ()):
            if citation["section"]:
                assert f"{citation['section']} “" in shown, record["id"]
        if "title" in record:
            assert page.texts("h1") == [" ".join(record["title"].split())]


@pytest.mark.parametrize("name", LISTS)
def test_every_sort_and_every_typed_field_works_as_a_form(client, name):
    page = get(client, f"/{name}")
    values = [attributes["value"] for attributes, _ in page.all("option")]
    assert len(values) > 1
    for value in values[1:]:
        got = get(client, f"/{name}?sort={quote(value)}")
        assert rows(got) == [
            one["url"].removeprefix("/v1") for one in client.get(f"/v1/{name}?sort={value}").json()["data"]
        ]


def test_compact_procurements_by_links_alone(client):
    page = get(client, "/commitments")
    for words in ("US-India COMPACT", "Procurement"):
        (address,) = [attributes["href"] for attributes, text in page.all("a") if re.fullmatch(f"{words} [0-9]+", text)]
        page = get(client, address)
    assert address == "/commitments?initiative=compact&kind=procurement"
    assert rows(page) == ["/commitments/acquire-javelin", "/commitments/acquire-p-8i", "/commitments/acquire-stryker"]
    assert "http://127.0.0.1:8000/v1/commitments?initiative=compact&kind=procurement" in page.texts("code")


def test_chips_remove_one_filter_each(client):
    page = get(client, "/commitments?initiative=compact&kind=procurement,policy_review&q=india")
    chips = {text: attributes["href"] for attributes, text in page.all("a") if text.startswith("Remove the filter")}
    assert chips == {
        "Remove the filter Initiative US-India COMPACT ×": "/commitments?kind=procurement,policy_review&q=india",
        "Remove the filter Kind Procurement ×": "/commitments?initiative=compact&kind=policy_review&q=india",
        "Remove the filter Kind Policy review ×": "/commitments?initiative=compact&kind=procurement&q=india",
        "Remove the filter Search “india” ×": "/commitments?initiative=compact&kind=procurement,policy_review",
    }


def test_empty_list_says_what_to_loosen(client):
    page = get(client, "/commitments?initiative=trust&kind=procurement")
    assert total(page) == 0
    loosened = {text: attributes["href"] for attributes, text in page.all("a") if text.startswith("Without")}
    assert loosened == {
        "Without initiative India-US TRUST initiative": "/commitments?kind=procurement",
        "Without kind Procurement": "/commitments?initiative=trust",
    }
    assert "Without kind Procurement: 11 commitments" in page.texts("li")


def test_pages_are_walked_by_links(client):
    address, seen = "/statements", []
    while address:
        page = get(client, address)
        seen += rows(page)
        address = next((attributes["href"] for attributes, _ in page.all("a", rel="next")), None)
    assert len(seen) == len(set(seen)) == client.get("/v1/statements?limit=1").json()["meta"]["total"]
    assert len(seen) > 100


@pytest.mark.parametrize("name", LISTS)
def test_downloads_give_files(client, name):
    page = get(client, f"/{name}")
    found = {text: attributes["href"] for attributes, text in page.all("a") if "download" in attributes}
    assert {"CSV", "NDJSON"} <= found.keys()
    for address in found.values():
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert answer.content


@pytest.mark.parametrize(
    ("given", "tidy"),
    [
        ("/commitments?kind=procurement&initiative=&q=", "/commitments?kind=procurement"),
        ("/commitments?utm_source=x&utm_medium=y&fbclid=1&gclid=2", "/commitments"),
        ("/commitments?kind=procurement&facet=kind&limit=5", "/commitments?kind=procurement"),
        ("/minerals/gallium?utm_campaign=a", "/minerals/gallium"),
        ("/?fbclid=1", "/"),
        ("/search?q=", "/search"),
        ("/commitments?format=csv", "/v1/commitments?format=csv"),
        ("/minerals/gallium?format=bibtex", "/v1/minerals/gallium?format=bibtex"),
        ("/records/gallium", "/minerals/gallium"),
        ("/minerals/Ga", "/minerals/gallium"),
        ("/topics/gallium", "/minerals/gallium"),
    ],
)
def test_redirects(client, given, tidy):
    answer = client.get(given, headers=BROWSER)
    assert answer.status_code == 307
    assert answer.headers["location"] == tidy


@pytest.mark.parametrize("given", ["/v1/commitments?kind=&utm_source=x", "/v1/commitments?initiative="])
def test_api_stays_strict(client, given):
    assert client.get(given, headers=BROWSER).status_code == 422


def test_faults_are_pages_with_links_that_mend_them(client):
    page = get(client, "/commitments?knd=procurement", 422)
    assert ("/commitments?kind=procurement", "Use kind") in [
        (attributes["href"], text) for attributes, text in page.all("a")
    ]
    page = get(client, "/commitments?kind=procurment,target&initiative=compact", 422)
    mended = [attributes["href"] for attributes, text in page.all("a") if text == "Use procurement"]
    assert mended == ["/commitments?kind=procurement,target&initiative=compact"]
    page = get(client, "/minerals/galium", 404)
    assert ("/minerals/gallium", "Use /minerals/gallium") in [(one.get("href"), text) for one, text in page.all("a")]
    page = get(client, "/procurements", 404)
    assert "/commitments?kind=procurement" in [one.get("href") for one, _ in page.all("a")]
    get(client, "/minerals/gallium?knd=1", 422)
    get(client, "/minerals/gallium?kind=element", 422)
    get(client, "/charts/commitments?by=knd", 422)
    get(client, "/graph?around=galium", 422)
    for path in ("/commitments?knd=procurement", "/minerals/galium", "/nowhere"):
        assert client.get(path).headers["content-type"] == "application/problem+json"


def test_front_door(client):
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"], answer.headers["vary"]) == (307, "/v1", "Accept")
    page = get(client, "/")
    hrefs = [attributes.get("href") for attributes, _ in page.all("a")]
    assert {"/initiatives/trust", "/initiatives/compact", "/commitments?initiative=compact&kind=procurement"} <= set(
        hrefs
    )
    for address in {href for href in hrefs if href and href.startswith("/") and href != "/docs"}:
        assert client.get(address, headers=BROWSER, follow_redirects=True).status_code == 200, address


def test_dataset_is_described_for_search_engines(client):
    page = get(client, "/")
    (data,) = page.texts("script", type="application/ld+json")
    made = json.loads(data)
    assert made["@type"] == "Dataset"
    assert made["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert len(made["distribution"]) == 2 * len(list(CATALOG))


def test_files_for_machines(client):
    assert "Disallow: /v1/" in client.get("/robots.txt").text
    tree = ElementTree.fromstring(client.get("/sitemap.xml").text)
    locations = [
        one.text.removeprefix("http://127.0.0.1:8000")
        for one in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    ]
    assert "/minerals/gallium" in locations
    assert len(locations) == len(set(locations))
    for path in locations[:: max(1, len(locations) // 25)]:
        get(client, path)
    llms = client.get("/llms.txt").text
    assert llms.startswith("# Initiatives API\n")
    for address in re.findall(r"\]\(http://127\.0\.0\.1:8000([^)]*)\)", llms):
        assert client.get(address).status_code == 200, address


@pytest.mark.parametrize("path", ["/", "/commitments", "/minerals/gallium", "/search?q=gallium", *PICTURES])
def test_pages_are_kept_by_revision(client, path):
    first = client.get(path, headers=BROWSER)
    assert first.headers["cache-control"] == client.get("/v1/commitments").headers["cache-control"]
    assert first.headers["dataset-revision"] == "1"
    again = client.get(path, headers={**BROWSER, "If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/commitments",
        "/statements",
        "/commitments/acquire-p-8i",
        "/programs/ncmm",
        "/search?q=semiconductors",
        *PICTURES,
    ],
)
def test_both_databases_give_the_same_page(both, path):
    sqlite, postgresql = (client.get(path, headers=BROWSER) for client in both)
    assert sqlite.text == postgresql.text


@pytest.mark.parametrize("path", ["/", *(f"/{name}" for name in LISTS)])
def test_pages_are_light(client, path):
    """HTML, CSS and JavaScript together, compressed: at most 40 kB."""
    size, addresses = 0, [path]
    addresses += [attributes["href"] for attributes, _ in get(client, path).all("link", rel="stylesheet")]
    addresses += [attributes["src"] for attributes, _ in get(client, path).all("script") if "src" in attributes]
    assert len(addresses) == 3
    for address in addresses:
        with client.stream("GET", address, headers={**BROWSER, "Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            size += sum(len(piece) for piece in answer.iter_raw())
    assert size < 40_000


def test_own_files_are_kept_for_good(client):
    page = get(client, "/")
    for address in [
        *(one["href"] for one, _ in page.all("link", rel="icon")),
        *(one["src"] for one, _ in page.all("script") if "src" in one),
    ]:
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert client.get("/static/explorer.0000000000.css").status_code == 404
    assert client.get("/static/..%2f..%2fpages.py").status_code == 404


@pytest.mark.parametrize("path", PICTURES)
def test_pictures_have_words_a_table_and_files(client, path):
    page = get(client, path)
    assert next(one["aria-label"] for one, _ in page.all("svg", role="group"))
    assert page.all("tbody")
    for address in [one["href"] for one, text in page.all("a") if text == "SVG"]:
        answer = client.get(address)
        assert answer.headers["content-type"] == "image/svg+xml"
        assert ElementTree.fromstring(answer.text).tag.endswith("svg")
    for address in [one["href"] for one, text in page.all("a") if text == "PNG"]:
        assert client.get(address).content.startswith(b"\x89PNG")


def test_without_the_extra_the_pages_say_so(client, monkeypatch):
    monkeypatch.setattr("app.views.explorer.pictures.find_spec", lambda name: None)
    assert client.get("/card.png", headers=BROWSER).status_code == 404
    page = get(client, "/timeline?kind=target")
    assert "pip install initiatives-api[pictures]" in " ".join(page.texts("code"))
    assert "PNG" not in page.texts("a")


def test_chart_counts_as_the_facet_does(client):
    page = get(client, "/charts/commitments?by=kind&initiative=compact")
    counts = {
        one["value"]: one["count"]
        for one in client.get("/v1/commitments?initiative=compact&facet=kind").json()["meta"]["facets"]["kind"]
    }
    assert [int(text) for text in page.texts("td")] == list(counts.values())


def test_what_is_typed_is_never_markup(client):
    for path in (f"/search?q={quote(PAYLOAD)}", f"/commitments?q={quote(PAYLOAD)}", f"/commitments?title__contains={quote(PAYLOAD)}",
                 f"/commitments?kind={quote(PAYLOAD)}", f"/commitments?{quote(PAYLOAD)}=1", f"/{quote(PAYLOAD, safe='')}",
                 f"/minerals/{quote(PAYLOAD, safe='')}", f"/charts/commitments?by={quote(PAYLOAD)}", f"/graph?around={quote(PAYLOAD)}"):  # fmt: skip
        answer = client.get(path, headers=BROWSER)
        assert answer.status_code in (200, 404, 422), path
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text
        check_policy(answer, Html(answer.text))


def test_what_is_stored_is_never_markup(own_database):
    hostile = {"title": PAYLOAD, "summary": PAYLOAD, "aliases": [PAYLOAD]}
    for id in ("gallium", "semiconductors", "acquire-p-8i", "trust"):
        rewrite(own_database, id, own_database.document(id) | hostile)
    with served(own_database) as client:
        for path in (
            "/",
            "/minerals",
            "/minerals/gallium",
            "/topics/semiconductors",
            "/commitments",
            "/initiatives/trust",
            "/statements",
            *PICTURES,
        ):
            answer = client.get(path, headers=BROWSER)
            assert answer.status_code == 200
            assert "<script>alert" not in answer.text
            assert "<img" not in answer.text
            check_policy(answer, Html(answer.text))


def rewrite(database, id, document):
    """Put another document in the place of a record's."""
    with database.engine.begin() as connection:
        change = sql("UPDATE record SET document = :document, title = :title WHERE id = :id")
        connection.execute(change, {"document": json.dumps(document), "title": document.get("title"), "id": id})


@contextmanager
def public(database) -> Iterator[tuple[httpx.Client, str]]:
    """The program on a port of this machine, knowing its public address."""
    import uvicorn

    from app.main import create_app
    from app.settings import Settings

    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = create_app(Settings(database_url=database.url, better_sources=False, public_url=address))
        server = uvicorn.Server(uvicorn.Config(app, lifespan="on", ws="none", log_config=None))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
                yield client, address
        finally:
            server.should_exit = True
            thread.join()


def test_samples_run_as_printed(seeded):
    with public(seeded("sqlite")) as (client, address):
        for path in (
            "/commitments?initiative=compact&kind=procurement",
            "/statements?source=trust-compact-article&field=amount",
        ):
            page = get(client, path)
            samples = dict(zip(page.texts("h3")[-3:], _codes(client, path)[-3:], strict=True))
            ids = [record["id"] for record in client.get(f"/v1{path}").json()["data"]]
            assert ids
            assert list(samples) == ["curl", "Python", "JavaScript"]
            assert address in samples["curl"]
            ran = {"Python": _run([sys.executable, "-c", samples["Python"]])}
            if shutil.which("curl"):
                assert [one["id"] for one in json.loads(_run(["sh", "-c", samples["curl"]]))["data"]] == ids
            if node := shutil.which("node"):
                ran["JavaScript"] = _run([node, "--input-type=module", "-e", samples["JavaScript"]])
            for language, output in ran.items():
                assert [line.split()[0] for line in output.splitlines()] == ids, language
        assert f'<meta property="og:image" content="{address}/card.png">' in client.get("/", headers=BROWSER).text


def _codes(client: httpx.Client, path: str) -> list[str]:
    """The samples as they are written, line ends and all."""
    page = Html(client.get(path, headers=BROWSER).text)
    return ["".join(text) for tag, _, text in page.elements if tag == "code"]


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
