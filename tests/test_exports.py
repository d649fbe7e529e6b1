"""Tables that other programs read, how results are cited, and the files of the whole dataset."""

import csv
import datetime
import hashlib
import io
import json
import re
import sqlite3
import sys
import tempfile
import tomllib
import tracemalloc
import zipfile
from pathlib import Path

import duckdb
import frictionless
import openpyxl
import pandas
import pyarrow.parquet
import pytest
import rdflib

from app.api import formats, tables
from app.resources import CATALOG
from app.views.exports.files import KINDS
from tests.conftest import served
from tests.databases import AT
from tests.seeds import TESTS, Edit

LISTS = [*CATALOG.by_name, "records"]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def records(client, path):
    """All records of a list, page by page."""
    found, url = [], f"{path}{'&' if '?' in path else '?'}limit=500"
    while url:
        page = client.get(url).json()
        found += page["data"]
        url = page["links"]["next"]
    return found


def flat(value):
    """What stands in one cell of a table for a value of the JSON."""
    if isinstance(value, list):
        return ";".join(",".join(map(flat, item)) if isinstance(item, list) else flat_item(item) for item in value)
    return flat_item(value)


def flat_item(value):
    if isinstance(value, dict):
        return ":".join(
            ",".join(map(str, one)) if isinstance(one, list) else flat_item(one)
            for one in value.values()
            if one not in (None, [], {})
        )
    return "" if value is None else str(value)


def sheet(book, position=0):
    names, *rows = book.worksheets[position].iter_rows(values_only=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


@pytest.mark.parametrize("name", LISTS)
def test_spreadsheets_equal_the_json(client, name):
    expected = records(client, f"/v1/{name}")
    answer = client.get(f"/v1/{name}?format=xlsx")
    assert answer.headers["content-type"] == XLSX
    assert f'filename="{name}.xlsx"' in answer.headers["content-disposition"]
    rows = sheet(openpyxl.load_workbook(io.BytesIO(answer.content)))
    assert len(rows) == len(expected) > 0
    for row, record in zip(rows, expected, strict=True):
        for key, value in record.items():
            if isinstance(value, bool | int | float):
                assert row[key] == value and type(row[key]) is not str, key
            else:
                assert (row[key] or "") == flat(value), key
    frame = pandas.read_excel(io.BytesIO(answer.content), keep_default_na=False)
    assert list(frame.columns) == list(expected[0]) and list(frame["id"]) == [record["id"] for record in expected]


@pytest.mark.parametrize("name", LISTS)
def test_csv_equals_the_json(client, name):
    expected = records(client, f"/v1/{name}")
    rows = list(csv.DictReader(io.StringIO(client.get(f"/v1/{name}?format=csv").text, newline="")))
    for row, record in zip(rows, expected, strict=True):
        for key, value in record.items():
            if isinstance(value, bool):
                assert row[key] == str(value).lower()
            else:
                assert row[key].removeprefix("'") == flat(value), key


@pytest.mark.parametrize("name", LISTS)
def test_parquet_equals_the_json(client, name, tmp_path):
    expected = records(client, f"/v1/{name}")
    answer = client.get(f"/v1/{name}?format=parquet")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    path = tmp_path / "list.parquet"
    path.write_bytes(answer.content)
    read = pyarrow.parquet.read_table(path, schema=None).to_pylist(maps_as_pydicts="strict")
    for row in read:
        for key in ("value",):
            if name == "statements" and row[key] is not None:
                row[key] = json.loads(row[key])
        for rival in row.get("disputed", ()):
            rival["value"] = None if rival["value"] is None else json.loads(rival["value"])
    assert read == expected
    with duckdb.connect() as database:
        names = [column for (column, *_) in database.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()]
        assert names == list(expected[0])
        ids = database.execute(f"SELECT id FROM '{path}'").fetchall()
        assert [id for (id,) in ids] == [record["id"] for record in expected]
    assert list(pandas.read_parquet(path)["id"]) == [record["id"] for record in expected]


def test_duckdb_and_pandas_compute_with_the_numbers(client, tmp_path):
    path = tmp_path / "programs.parquet"
    path.write_bytes(client.get("/v1/programs?format=parquet").content)
    with duckdb.connect() as database:
        ((total,),) = database.execute(f"SELECT sum(amount) FROM '{path}' WHERE currency = 'INR'").fetchall()
        asked = f"SELECT title FROM '{path}' WHERE list_contains(minerals, 'lithium')"
        assert len(database.execute(asked).fetchall()) >= 1
        (tmp_path / "programs.csv").write_bytes(client.get("/v1/programs?format=csv").content)
        asked = f"SELECT sum(amount) FROM '{tmp_path}/programs.csv' WHERE currency = 'INR'"
        assert database.execute(asked).fetchone() == (total,)
    assert total == 343_000_000_000
    frame = pandas.read_excel(io.BytesIO(client.get("/v1/programs?format=xlsx").content))
    assert frame[frame["currency"] == "INR"]["amount"].sum() == total


def test_a_selection_is_downloaded_like_a_list(client):
    url = "/v1/commitments?initiative=COMPACT&kind=procurement&sort=-title&fields=title,quantity"
    expected = client.get(url).json()["data"]
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{url}&format=xlsx").content))
    assert sheet(book) == expected
    table = pyarrow.parquet.read_table(io.BytesIO(client.get(f"{url}&format=parquet").content))
    assert table.to_pylist() == expected
    assert table.num_rows == 3
    empty = client.get("/v1/commitments?initiative=icet&format=parquet")
    assert pyarrow.parquet.read_table(io.BytesIO(empty.content)).num_rows == 0
    book = openpyxl.load_workbook(io.BytesIO(client.get("/v1/commitments?initiative=icet&format=xlsx").content))
    assert sheet(book) == []


def test_a_file_says_what_it_is(client):
    answer = client.get("/v1/commitments?initiative=compact&format=xlsx")
    about = dict(openpyxl.load_workbook(io.BytesIO(answer.content))["about"].iter_rows(values_only=True))
    assert about == {
        "title": "Commitments where initiative = compact",
        "query": "/v1/commitments?initiative=compact",
        "revision": answer.headers["dataset-revision"],
        "date": str(AT.date()),
        "license": "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/",
        "publisher": "Initiatives API",
    }
    answer = client.get("/v1/commitments?initiative=compact&format=parquet")
    told = pyarrow.parquet.read_schema(io.BytesIO(answer.content)).metadata
    assert {key.decode(): value.decode() for key, value in told.items()} == about


@pytest.mark.parametrize("text", ["=cmd|'/c calc'!A1", "+1", "-1+2", "@SUM(A1)", "_x0041_ & <b>"])
def test_spreadsheets_hold_no_formulas(own_database, text):
    own_database.rows(
        "UPDATE record SET document = replace(document, :old, :new) WHERE id = 'cmm' RETURNING id",
        old='"acronym":"CMM"',
        new=f'"acronym":{json.dumps(text)}',
    )
    with served(own_database) as client:
        content = client.get("/v1/programs?id=cmm&format=xlsx&fields=acronym").content
        ((_, cell),) = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(min_row=2)
        raw = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
        assert cell.data_type != "f" and "<f>" not in raw
        assert cell.quotePrefix is (not text.startswith("_"))
        if text.startswith("_"):
            assert "_x005F_x0041_ &amp; &lt;b&gt;" in raw
        else:
            assert cell.value == text
        content = client.get("/v1/programs?id=cmm&format=parquet&fields=acronym").content
        assert pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist() == [{"id": "cmm", "acronym": text}]


def test_a_full_sheet_is_followed_by_another(database, monkeypatch):
    monkeypatch.setattr(tables.Xlsx, "MOST_ROWS", 10)
    monkeypatch.setattr(tables.Xlsx, "MOST_CHARACTERS", 60)
    with served(database, cache_bytes=0) as client:
        book = openpyxl.load_workbook(io.BytesIO(client.get("/v1/commitments?format=xlsx").content))
        assert book.sheetnames == ["commitments", "commitments 2", "commitments 3", "about"]
        rows = [row for position in range(3) for row in sheet(book, position)]
        assert [row["id"] for row in rows] == [record["id"] for record in records(client, "/v1/commitments")]
        longest = max((str(value) for row in rows for value in row.values()), key=len)
        assert len(longest) == 60 and longest.endswith(tables.Xlsx.CUT)


def test_parquet_says_what_is_missing(database, monkeypatch):
    extras = tomllib.loads((TESTS.parent / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert any(one.startswith("pyarrow") for one in extras[formats.EXTRA])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with served(database, cache_bytes=0) as client:
        answer = client.get("/v1/places?format=parquet")
        (fault,) = answer.json()["errors"]
        assert (answer.status_code, fault["reason"]) == (422, "not_installed")
        assert f"initiatives-api[{formats.EXTRA}]" in fault["detail"]
        answer = client.get("/v1/places", headers={"Accept": "application/vnd.apache.parquet"})
        assert answer.status_code == 406 and f"[{formats.EXTRA}]" in answer.json()["detail"]
        assert client.get("/v1/places?format=xlsx").status_code == 200
        names = [one["name"] for one in client.get("/v1/exports").json()["data"]]
        assert names == [name for name in KINDS if name != "parquet.zip"]
        answer = client.get("/v1/exports/parquet.zip")
        assert answer.status_code == 404 and f"[{formats.EXTRA}]" in answer.json()["detail"]


def test_formats_are_negotiated(client):
    for accept, expected in (
        (XLSX, XLSX),
        (f"text/csv;q=0.5, {XLSX}", XLSX),
        ("application/x-bibtex", "application/x-bibtex"),
    ):
        assert client.get("/v1/places", headers={"Accept": accept}).headers["content-type"] == expected
    assert client.get("/v1/places/india", headers={"Accept": XLSX}).status_code == 406
    assert client.get("/v1/places/india", headers={"Accept": f"{XLSX}, */*;q=0.1"}).status_code == 200


@pytest.mark.parametrize("format", ["xlsx", "parquet", "csv"])
def test_memory_stays_flat(client, format):
    """The writer of a format holds as much for many records as for few; see also benchmarks/exports.py."""
    resource, write = CATALOG["places"], formats.FORMATS[format].write
    document = json.dumps(client.get("/v1/places/india").json())

    def held(rows):
        writer = write(resource, resource.keys)
        sent = len(writer.head())
        tracemalloc.start()
        for _ in range(rows // 500):
            sent += len(writer.some([document] * 500))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return sent + len(writer.tail()), peak

    held(500)
    (_, few), (_, many) = held(5_000), held(20_000)
    assert many < few + 3_000_000


def test_the_start_is_sent_before_the_end_is_read(large_database):
    with served(large_database, cache_bytes=0) as client:
        for format in ("xlsx", "csv"):
            headers = {"Accept-Encoding": "identity"}
            with client.stream("GET", f"/v1/places?format={format}", headers=headers) as answer:
                pieces = list(answer.iter_raw())
            assert len(pieces) > 4 and len(pieces[0]) < len(b"".join(pieces)) / 2, format
        assert len(sheet(openpyxl.load_workbook(io.BytesIO(client.get("/v1/places?format=xlsx").content)))) == 5004


LINK = re.compile(r'<([^>]+)>; rel="([a-z-]+)"')


def links(answer):
    return {rel: target for target, rel in LINK.findall(answer.headers["link"])}


@pytest.mark.parametrize(
    ("url", "cited"),
    [
        ("/v1/commitments?initiative=COMPACT&kind=procurement", "/v1/commitments?initiative=compact&kind=procurement"),
        ("/v1/commitments?kind=procurement&limit=1&fields=title&facet=kind", "/v1/commitments?kind=procurement"),
        ("/v1/commitments?kind=target&format=csv&sort=-due", "/v1/commitments?kind=target&sort=-due"),
        ("/v1/initiatives/compact/commitments?kind=procurement", "/v1/commitments?initiative=compact&kind=procurement"),
        ("/v1/initiatives/compact/commitments?format=csv", "/v1/commitments?initiative=compact"),
        ("/v1/records?disputed=false", "/v1/records?disputed=false"),
        ("/v1/minerals/gallium?fields=title", "/v1/minerals/gallium"),
        ("/v1/graph?around=TRUST&format=graphml", "/v1/graph?around=trust"),
        ("/v1/paths?from=Ga&to=TRUST", "/v1/paths?from=gallium&to=trust"),
        ("/v1/exports", "/v1/exports"),
    ],
)
def test_every_query_has_a_permanent_address(client, url, cited):
    answer = client.get(url)
    assert answer.status_code == 200
    assert links(answer)["cite-as"] == cited
    again = client.get(cited)
    assert links(again)["cite-as"] == cited
    assert "host" not in answer.headers["link"] and "127.0.0.1" not in answer.headers["link"]


def test_a_page_cites_the_whole_list(client):
    first = client.get("/v1/statements?limit=10").json()
    assert links(client.get(first["links"]["next"]))["cite-as"] == "/v1/statements"


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib's own reader uses it
def test_the_public_address_makes_citations_absolute(database):
    with served(database, public_url="https://data.example.org/", cache_bytes=0) as client:
        cited = links(client.get("/v1/places?kind=country"))["cite-as"]
        assert cited == "https://data.example.org/v1/places?kind=country"
        assert links(client.get("/v1/places/india"))["cite-as"] == "https://data.example.org/v1/places/india"
        assert "url     = {https://data.example.org/v1/places}" in client.get("/v1/places?format=bibtex").text
        loaded = rdflib.Graph().parse(data=client.get("/v1/exports/dataset.jsonld").text, format="json-ld")
        assert rdflib.URIRef("https://data.example.org/v1/records/gallium") in set(loaded.subjects())


ENTRY = re.compile(r"@misc\{([a-z0-9-]+),\n((?:  [a-z]+ *= \{.*\},\n)+)\}\n")


def entry(text):
    """The key and the fields of a BibTeX file with one entry."""
    matched = ENTRY.fullmatch(text)
    assert matched, text
    lines = (line.strip().rstrip(",").partition(" = ") for line in matched[2].splitlines())
    return matched[1], {name.strip(): value[1:-1] for name, _, value in lines}


def test_bibtex_describes_the_result(client):
    answer = client.get("/v1/commitments?kind=procurement&initiative=COMPACT&format=bibtex")
    assert answer.headers["content-type"] == "application/x-bibtex"
    key, fields = entry(answer.text)
    assert key.startswith("commitments-r1-")
    assert fields == {
        "title": "{Commitments where initiative = compact, kind = procurement}",
        "author": "{Initiatives API}",
        "year": "2025",
        "month": "3",
        "date": "2025-03-01",
        "version": "1",
        "url": "/v1/commitments?initiative=compact&kind=procurement",
        "note": "Revision 1 of the dataset, licensed under CC BY 4.0. 3 records.",
    }
    assert entry(client.get("/v1/commitments?initiative=compact&kind=procurement&format=bibtex").text)[0] == key
    _, fields = entry(client.get("/v1/places?title__contains=%25_%7B%26&format=bibtex").text)
    assert fields["title"] == r"{Places where title\_\_contains = \%\_\{\&}"


def test_bibtex_describes_a_record(client):
    _, fields = entry(client.get("/v1/minerals/gallium?format=bibtex").text)
    assert (fields["title"], fields["url"]) == ("{Gallium}", "/v1/minerals/gallium")
    assert fields["note"].endswith("After trust-compact-article, reference-elements.")
    (fault,) = client.get("/v1/minerals/gallium?format=csv").json()["errors"]
    assert (fault["reason"], fault["allowed"]) == ("invalid_value", ["json", "bibtex"])


@pytest.fixture(scope="module")
def folder(client, tmp_path_factory):
    """All files of the dataset, as they are downloaded."""
    made = tmp_path_factory.mktemp("exports")
    for one in client.get("/v1/exports").json()["data"]:
        (made / one["name"]).write_bytes(client.get(one["url"]).content)
    return made


def totals(client):
    return {one["name"]: one["count"] for one in client.get("/v1").json()["resources"]}


def test_the_index_tells_sizes_and_checksums(client, folder):
    answer = client.get("/v1/exports").json()
    assert [one["name"] for one in answer["data"]] == list(KINDS)
    assert answer["meta"]["revision"] == 1 and answer["meta"]["date"] == "2025-03-01"
    for one in answer["data"]:
        content = (folder / one["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (one["bytes"], one["sha256"])
        assert client.get(one["url"]).headers["content-type"] == one["media_type"]


def test_both_databases_give_the_same_files(both):
    first, second = (client.get("/v1/exports").json() for client in both)
    assert first == second


def test_the_data_package_is_valid(client, folder):
    report = frictionless.validate(str(folder / "datapackage.zip"))
    assert report.valid, report.flatten(["type", "message"])
    package = frictionless.Package(str(folder / "datapackage.zip"))
    expected = totals(client)
    assert {one.name for one in package.resources} == {*expected, *(f"{name}-ndjson" for name in expected)}
    rows = {one.name: len(one.read_rows()) for one in package.resources if not one.name.endswith("-ndjson")}
    assert rows == expected
    with zipfile.ZipFile(folder / "datapackage.zip") as archive:
        for name in expected:
            assert archive.read(f"ndjson/{name}.ndjson") == client.get(f"/v1/{name}?format=ndjson").content
            assert archive.read(f"csv/{name}.csv") == client.get(f"/v1/{name}?format=csv").content


def test_a_changed_data_package_is_found_out(folder, tmp_path):
    with zipfile.ZipFile(folder / "datapackage.zip") as archive:
        archive.extractall(tmp_path)
    table = tmp_path / "csv" / "commitments.csv"
    table.write_bytes(table.read_bytes().replace(b",compact,", b",compass,"))
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    found = {error.type for task in report.tasks for error in task.errors}
    assert {"hash-count", "foreign-key"} <= found


def test_the_parquet_files_hold_every_record(client, folder, tmp_path):
    with zipfile.ZipFile(folder / "parquet.zip") as archive:
        archive.extractall(tmp_path)
    with duckdb.connect() as database:
        for name, count in totals(client).items():
            assert database.execute(f"SELECT count(DISTINCT id) FROM '{tmp_path}/{name}.parquet'").fetchone() == (
                count,
            )


def test_the_database_file_can_be_queried(client, folder):
    with sqlite3.connect(folder / "dataset.sqlite") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        for name, count in totals(client).items():
            assert database.execute(f"SELECT count(*) FROM {name}").fetchone() == (count,)
        asked = (
            "SELECT c.title FROM commitments c JOIN commitments_participants p ON p.record = c.id "
            "WHERE c.initiative = 'compact' AND c.kind = 'procurement' AND p.id = 'india' AND p.role = 'buyer'"
        )
        assert len(database.execute(asked).fetchall()) == 3
        assert dict(database.execute("SELECT name, value FROM about").fetchall())["revision"] == "1"
        assert database.execute("SELECT quantity, topics FROM commitments WHERE id = 'acquire-p-8i'").fetchone() == (
            6,
            None,
        )
    database.close()


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
def test_the_linked_data_describes_dataset_and_records(client, folder):
    graph = rdflib.Graph().parse(folder / "dataset.jsonld", format="json-ld", publicID="https://data.example.org/")
    dcat, schema, dct = (
        rdflib.Namespace(one)
        for one in ("http://www.w3.org/ns/dcat#", "https://schema.org/", "http://purl.org/dc/terms/")
    )
    (dataset,) = graph.subjects(rdflib.RDF.type, dcat.Dataset)
    assert (dataset, rdflib.RDF.type, schema.Dataset) in graph
    assert str(graph.value(dataset, dct.license)) == "https://creativecommons.org/licenses/by/4.0/"
    assert graph.value(dataset, dct.modified).value == datetime.date(2025, 3, 1)
    index = {one["url"]: one for one in client.get("/v1/exports").json()["data"] if one["name"] != "dataset.jsonld"}
    files = {
        str(one).removeprefix("https://data.example.org"): one for one in graph.objects(dataset, dcat.distribution)
    }
    assert set(files) == set(index)
    for url, one in files.items():
        assert int(graph.value(one, dcat.byteSize)) == index[url]["bytes"]
        assert str(graph.value(one, schema.sha256)) == index[url]["sha256"]
    known = {str(one).rpartition("/")[2] for one in graph.subjects(schema.url) if "/v1/records/" in str(one)}
    assert len(known) == sum(totals(client).values())
    assert rdflib.URIRef("https://data.example.org/v1/records/compact") in set(
        graph.objects(
            rdflib.URIRef("https://data.example.org/v1/records/acquire-p-8i"),
            rdflib.URIRef("urn:initiatives-api:initiative"),
        )
    )
    assert client.get("/v1/records/acquire-p-8i").headers["location"] == "/v1/commitments/acquire-p-8i"


FILE = "/v1/exports/dataset.sqlite"


def test_a_file_is_sent_in_parts(client, folder):
    content = (folder / "dataset.sqlite").read_bytes()
    whole = client.get(FILE)
    assert (whole.status_code, whole.headers["accept-ranges"], whole.content == content) == (200, "bytes", True)
    tag = whole.headers["etag"]
    for asked, part in (
        ("0-9", content[:10]),
        ("100-", content[100:]),
        ("-7", content[-7:]),
        (f"5-{10**9}", content[5:]),
    ):
        answer = client.get(FILE, headers={"Range": f"bytes={asked}"})
        assert (answer.status_code, answer.content == part) == (206, True)
        assert answer.headers["content-range"].endswith(f"/{len(content)}")
    going_on = client.get(FILE, headers={"Range": "bytes=10-19", "If-Range": tag})
    assert (going_on.status_code, going_on.content) == (206, content[10:20])
    changed = client.get(FILE, headers={"Range": "bytes=10-19", "If-Range": '"1-other-identity"'})
    assert (changed.status_code, changed.content == content) == (200, True)
    assert client.get(FILE, headers={"If-None-Match": tag}).status_code == 304
    head = client.head(FILE)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(content)), b"")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (f"bytes={10**12}-", 416),
        ("bytes=-0", 416),
        ("bytes=9-5", 200),
        ("bytes=" + ",".join("0-1" for _ in range(1000)), 200),
        ("lines=1-2", 200),
        ("bytes=", 200),
        ("bytes=" + "9" * 3000 + "-", 200),
    ],
)
def test_odd_ranges_get_the_whole_file_or_a_problem(client, asked, status):
    answer = client.get(FILE, headers={"Range": asked})
    assert answer.status_code == status
    if status == 416:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["content-range"].startswith("bytes */")


def test_unknown_files_and_parameters_are_problems(client):
    for name in ("..%2f..%2fetc%2fpasswd", "%2e%2e", "dataset.sqlite%00", "files.json", "dataset"):
        answer = client.get(f"/v1/exports/{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), name
    for url in ("/v1/exports?limit=1", f"{FILE}?format=csv"):
        (fault,) = client.get(url).json()["errors"]
        assert fault["reason"] == "unknown_parameter"
    assert client.get("/v1/exports", headers={"Dataset-Revision": "99"}).status_code == 412


def test_a_new_revision_has_new_files(own_database, seed_copy, tmp_path):
    kept = tmp_path / "kept"
    (kept / "something-else").mkdir(parents=True)
    (kept / "1-mine").mkdir()
    with served(own_database, exports_path=kept, cache_bytes=0) as client:
        first = client.get("/v1/exports").json()
        Edit("trust-compact-article/places.yaml", "title: India\n", "title: Bharat\n").apply(seed_copy)
        for revision, title in ((2, "Bharat"), (3, "Hind")):
            own_database.prepare(seed_copy)
            answer = client.get("/v1/exports").json()
            assert answer["meta"]["revision"] == revision
            assert {one["sha256"] for one in answer["data"]}.isdisjoint(one["sha256"] for one in first["data"])
            with zipfile.ZipFile(io.BytesIO(client.get("/v1/exports/datapackage.zip").content)) as archive:
                assert title in archive.read("csv/places.csv").decode()
            if revision == 2:
                Edit("trust-compact-article/places.yaml", "title: Bharat\n", "title: Hind\n").apply(seed_copy)
    left = sorted(path.name for path in kept.iterdir())
    assert [name.partition("-")[0] for name in left] == ["1", "2", "3", "something"]
    written = {path: path.stat().st_mtime_ns for path in Path(kept).rglob("*.zip")}
    with served(own_database, exports_path=kept) as client:
        assert client.get("/v1/exports").json() == answer
    assert {path: path.stat().st_mtime_ns for path in Path(kept).rglob("*.zip")} == written


def test_the_same_download_has_the_same_bytes_on_both_databases(both):
    for url in ("/v1/commitments?format=xlsx", "/v1/minerals?format=parquet", "/v1/places?format=bibtex"):
        first, second = (client.get(url) for client in both)
        assert first.status_code == 200 and first.content == second.content
        assert first.headers["etag"] == second.headers["etag"]


def test_nothing_is_left_behind(database, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with served(database, cache_bytes=0) as client:
        assert client.get("/v1/exports").status_code == 200
        (folder,) = tmp_path.iterdir()
        assert sorted(path.name for path in next(folder.iterdir()).iterdir()) == sorted([*KINDS, "files.json"])
    assert list(tmp_path.iterdir()) == []
