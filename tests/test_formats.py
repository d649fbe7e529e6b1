"""Formats: tables, lines and pages of the same records, and how a client asks for them."""

import csv
import io
import json
from warnings import catch_warnings, simplefilter

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.api.formats import FORMATS
from app.api.writers import Csv
from app.resources import CATALOG
from tests.conftest import served
from tests.test_every_resource import cell

LISTS = "/v1/commitments"


def table(answer):
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_csv_reads_into_pandas(client):
    import pandas

    with catch_warnings():
        simplefilter("ignore")
        frame = pandas.read_csv(f"{client.base_url}/v1/commitments?format=csv".replace("//v1", "/v1"))
    assert len(frame) == 22
    assert list(frame.columns) == list(client.get("/v1/commitments/acquire-p-8i").json())
    assert frame.set_index("id").loc["acquire-p-8i", "quantity"] == 6


def test_csv_joins_lists_with_semicolons(client):
    (row,) = table(client.get(LISTS, params={"id": "revisit-export-controls-and-itar", "format": "csv"}))
    record = client.get("/v1/commitments/revisit-export-controls-and-itar").json()
    assert row["topics"].split(";") == record["topics"]
    assert row["participants"].split(";") == [
        f"{one['id']}:{one['role']}:{one['basis']}" for one in record["participants"]
    ]
    assert (row["quantity"], row["minerals"]) == ("", "")


def test_csv_is_utf8_with_crlf_and_a_file_name(client):
    answer = client.get(f"{LISTS}?format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="commitments.csv"' in answer.headers["content-disposition"]
    assert answer.content.count(b"\r\n") >= 23
    rupees = client.get("/v1/statements?subject=ncmm&field=amount&format=csv&fields=as_stated").content
    assert "₹34,300 crore" in rupees.decode("utf-8")


def test_csv_defuses_formulas_and_json_keeps_them(own_database):
    formulas = dict(zip(("cmm", "icet", "msp", "quad"), ("=cmd|'/c calc'!A1", "+1", "-1+2", "@SUM(A1)"), strict=True))
    change = sa.text("UPDATE record SET document = replace(document, :old, :new) WHERE id = :id")
    titles = {id: json.dumps(own_database.document(id)["title"], ensure_ascii=False) for id in formulas}
    with own_database.engine.begin() as connection:
        for id, text in formulas.items():
            connection.execute(change, {"id": id, "old": f'"title":{titles[id]}', "new": f'"title":{json.dumps(text)}'})
    with served(own_database) as client:
        url = f"/v1/records?id={','.join(formulas)}&fields=title"
        assert {row["id"]: row["title"] for row in table(client.get(f"{url}&format=csv"))} == {
            id: f"'{text}" for id, text in formulas.items()
        }
        assert {one["id"]: one["title"] for one in client.get(url).json()["data"]} == formulas


TEXT = st.text(st.sampled_from("ab ,;:'\"\r\n\t=+-@é"), max_size=6)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
)
ITEMS = SCALARS | st.lists(TEXT, max_size=2) | st.dictionaries(TEXT, SCALARS | st.lists(TEXT, max_size=2), max_size=3)
COLUMNS = st.sampled_from([st.none(), SCALARS, TEXT, st.none() | TEXT, ITEMS, st.lists(ITEMS, max_size=2)])


@given(st.lists(COLUMNS, min_size=1, max_size=3).flatmap(lambda some: st.lists(st.tuples(*some), max_size=5)))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_csv_is_written_as_the_csv_module_writes_it(rows):
    keys = ["id", *(f"field_{i}" for i in range(len(rows[0]) if rows else 1))]
    documents = [json.dumps(dict(zip(keys, (f"id-{i}", *row), strict=True))) for i, row in enumerate(rows)]
    expected = io.StringIO(newline="")
    csv.writer(expected).writerows([keys, *([f"id-{i}", *map(cell, row)] for i, row in enumerate(rows))])
    writer = Csv(CATALOG["places"], keys)
    assert (writer.head() + writer.some(documents) + writer.tail()).decode() == expected.getvalue()


def test_numbers_in_csv_stay_numbers(client):
    (row,) = table(client.get("/v1/programs?id=ncmm&format=csv&fields=amount"))
    assert row == {"id": "ncmm", "amount": "343000000000"}


def test_downloads_are_whole_unless_limit_or_cursor_is_given(client):
    total = client.get("/v1/statements?limit=1").json()["meta"]["total"]
    assert total > 50
    for name, lines in (("csv", total + 1), ("ndjson", total)):
        assert len(client.get(f"/v1/statements?format={name}&fields=id").text.splitlines()) == lines
        short = client.get(f"/v1/statements?format={name}&fields=id&limit=7").text.splitlines()
        assert len(short) == 7 + lines - total
    cursor = client.get("/v1/statements?limit=100").json()["links"]["next"]
    rest = client.get(cursor.replace("limit=100", "format=ndjson"))
    assert rest.status_code == 200
    assert len(rest.text.splitlines()) == total - 100


def test_ndjson_is_one_record_a_line(client):
    answer = client.get(f"{LISTS}?format=ndjson&kind=procurement")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in answer.text.splitlines()] == client.get(f"{LISTS}?kind=procurement").json()[
        "data"
    ]


def test_an_empty_result_is_an_empty_file(client):
    assert client.get(f"{LISTS}?format=ndjson&title=nothing").content == b""
    assert client.get(f"{LISTS}?format=csv&title=nothing&fields=title").content == b"id,title\r\n"


ACCEPT = [
    (None, "json"),
    ("*/*", "json"),
    ("application/json", "json"),
    ("application/*", "json"),
    ("text/csv", "csv"),
    ("text/*", "csv"),
    ("application/x-ndjson", "ndjson"),
    ("text/csv, application/json;q=0.5", "csv"),
    ("application/json;q=0.5, text/csv", "csv"),
    ("text/csv;q=0.1, application/x-ndjson;q=0.2", "ndjson"),
    ("application/xml, text/csv;q=0.1", "csv"),
    ("text/html, application/xhtml+xml, */*;q=0.8", "json"),
    ("TEXT/CSV", "csv"),
    ("text/csv;charset=utf-8", "csv"),
    ("application/json;q=0, */*", "csv"),
]


@pytest.mark.parametrize(("accept", "name"), ACCEPT, ids=[str(accept) for accept, _ in ACCEPT])
def test_accept_chooses_the_format(client, accept, name):
    answer = client.get(f"{LISTS}?limit=1", headers={"Accept": accept} if accept else {})
    found = answer.headers["content-type"].partition(";")[0]
    if accept == "application/json;q=0, */*":
        assert found != "application/json"
    else:
        assert found == FORMATS[name].media_type
    assert "Accept" in answer.headers["vary"]


@pytest.mark.parametrize("accept", ["application/xml", "text/csv;q=0", "*/*;q=0", "image/png", "nonsense"])
def test_unacceptable_accept_is_406(client, accept):
    answer = client.get(LISTS, headers={"Accept": accept})
    assert answer.status_code == 406
    assert "text/csv" in answer.json()["errors"][0]["allowed"]


def test_format_wins_over_accept(client):
    answer = client.get(f"{LISTS}?format=csv", headers={"Accept": "application/xml"})
    assert answer.headers["content-type"].startswith("text/csv")


def test_unknown_format_is_422_with_what_there_is(client):
    answer = client.get(f"{LISTS}?format=csvv")
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["did_you_mean"], fault["allowed"]) == (["csv"], list(FORMATS))


def test_every_format_and_selection_has_its_own_tag(client):
    urls = [
        f"{LISTS}?format={name}{more}"
        for name in ("json", "ndjson", "csv")
        for more in ("", "&fields=kind", "&limit=2")
    ]
    assert len({client.get(url).headers["etag"] for url in urls}) == len(urls)


def test_what_is_kept_never_answers_another_question(client):
    """Defaults of pages are none of downloads, and `format` wins over `Accept`, whatever was asked before."""
    for _ in range(2):
        assert len(client.get("/v1/statements?format=ndjson&fields=id&limit=50").text.splitlines()) == 50
        assert len(client.get("/v1/statements?format=ndjson&fields=id").text.splitlines()) > 50
        assert client.get("/v1/places", headers={"Accept": "text/csv"}).headers["content-type"].startswith("text/csv")
        assert (
            client.get("/v1/places?format=json", headers={"Accept": "text/csv"}).headers["content-type"]
            == "application/json"
        )
        assert client.get("/v1/places?limit=50").status_code == 200
        assert client.get("/v1/places?limit=50&limit=50").status_code == 422
        assert client.get("/v1/places/india").status_code == 200
        assert client.get("/v1/places/india?limit=50").status_code == 422
