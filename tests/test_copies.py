"""Whole lists as files: what is sent from the disk is what was streamed, and nothing but whole lists is kept."""

import sys
import tempfile

import httpx
import pytest

from app.api import copies, lines
from tests.conftest import served
from tests.seeds import Edit
from tests.test_contract_headers import ENCODINGS

LIST = "/v1/commitments?format=csv"
FORMATS = ["csv", "ndjson", "xlsx", "parquet"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Where the files are; lists of this size would have none."""
    monkeypatch.setattr(copies, "SMALL", 1000)
    return tmp_path / "files"


@pytest.fixture
def heavy_database(large_database):
    """More in one list than a connection holds that nobody reads from."""
    large_database.rows(
        "UPDATE record SET document = replace(document, :old, :new) WHERE resource = 'places' RETURNING id",
        old='"title":"',
        new=f'"title":"{"long " * 1000}',
    )
    return large_database


def files(place):
    """All that is there, by name."""
    return sorted(path.name for path in place.rglob("*") if path.is_file())


def raw(client, url, **headers):
    """Headers that do not differ by request, and the bytes as they were sent."""
    with client.stream("GET", url, headers={"Accept-Encoding": "identity", **headers}) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.status_code == 200
    told = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    return told, body


def streamed(client, url):
    """The bytes of an answer that was made on the way."""
    told, body = raw(client, url)
    assert told["transfer-encoding"] == "chunked"
    return body


def sent(client, url):
    """The bytes of an answer that was sent from the disk."""
    told, body = raw(client, url)
    assert int(told["content-length"]) == len(body)
    return body


@pytest.mark.parametrize("format", FORMATS)
def test_the_second_download_is_a_file_with_the_same_bytes_and_headers(database, place, format):
    url = f"/v1/commitments?format={format}"
    with served(database, cache_bytes=0, exports_path=place) as client:
        told, body = raw(client, url)
        assert told.pop("transfer-encoding") == "chunked"
        again, copy = raw(client, url)
        assert copy == body and again.pop("content-length") == str(len(body))
        assert again == told
        assert files(place) == [f"commitments.{format}"]
        part, whole = raw(client, url, Range="bytes=0-9")
        assert whole == body and part.keys() == {*told, "content-length"}


def test_a_file_is_compressed_to_the_same_bytes_as_its_list(heavy_database, place, monkeypatch):
    url = "/v1/places?format=csv"
    with served(heavy_database, cache_bytes=0, exports_path=place) as client:

        def asked():
            return {encoding: raw(client, url, **{"Accept-Encoding": encoding})[1] for encoding in ENCODINGS}

        with monkeypatch.context() as patched:
            patched.setattr(copies, "SMALL", sys.maxsize)
            before = asked()
            assert files(place) == []
        assert streamed(client, url) == before["identity"]
        assert files(place) == ["places.csv"]
        after = asked()
    assert {encoding: decompress(after[encoding]) for encoding, decompress in ENCODINGS.items()} == dict.fromkeys(
        ENCODINGS, before["identity"]
    )
    assert after == before


def test_conditions_and_head_are_answered_alike_before_and_after(database, place, monkeypatch):
    monkeypatch.setattr(copies, "PIECE", 1000)

    def asked(client):
        head = client.head(LIST, headers={"Accept-Encoding": "identity"})
        same = client.get(LIST, headers={"Accept-Encoding": "identity", "If-None-Match": head.headers["etag"]})
        assert (head.status_code, head.content, same.status_code, same.content) == (200, b"", 304, b"")
        assert client.get(LIST, headers={"Dataset-Revision": "99"}).status_code == 412
        return head.headers["etag"], same.headers["etag"]

    with served(database, cache_bytes=0, exports_path=place) as client:
        before = asked(client)
    assert list((place / "lists").iterdir()) == []
    with served(database, cache_bytes=0, exports_path=place) as client:
        told, _ = raw(client, LIST)
        assert files(place) == ["commitments.csv"]
        assert asked(client) == before == (told["etag"],) * 2


@pytest.mark.parametrize(
    "url",
    [
        f"{LIST}&kind=procurement",
        f"{LIST}&q=india",
        f"{LIST}&or=(kind.eq.procurement,kind.eq.target)",
        f"{LIST}&sort=-title",
        f"{LIST}&limit=5",
        f"{LIST}&fields=title,kind,summary",
        "/v1/initiatives/trust/commitments?format=csv",
        "/v1/records?format=csv&resource=places",
    ],
)
def test_what_is_not_a_whole_list_has_no_file(database, place, url):
    with served(database, cache_bytes=0, exports_path=place) as client:
        whole = streamed(client, LIST)
        assert streamed(client, url) == streamed(client, url) != whole
        assert sent(client, LIST) == whole
        assert files(place) == ["commitments.csv"]


SPARSE = ",".join(f"land-{i}" for i in range(1, 5000, 37))
PARTS = {
    "most": "/v1/places?kind=country&format=csv",
    "few, far from each other": f"/v1/places?id={SPARSE},india&format=csv",
    "none": "/v1/places?id__not=india&title=nowhere&format=csv",
    "some": "/v1/places?sort=id&kind=country&limit=500&format=csv",
}
MADE = {
    "in another order": "/v1/places?kind=country&sort=-id&format=csv",
    "ordered by a search": "/v1/places?q=country&format=csv",
    "of some fields": "/v1/places?kind=country&fields=title&format=csv",
    "not a table": "/v1/places?kind=country&format=ndjson",
}


@pytest.mark.parametrize("size", [50, 1 << 15])
def test_a_part_of_a_list_is_put_together_from_its_lines(heavy_database, place, monkeypatch, size):
    monkeypatch.setattr(lines, "PIECE", size)
    monkeypatch.setattr(lines, "PROBE", size)
    # Texts with all that a table quotes.
    heavy_database.rows(
        "UPDATE record SET document = replace(document, :old, :new) WHERE id LIKE 'land-%3' RETURNING id",
        old='"title":"long',
        new='"title":"=\\n\\",\\nland-4,',
    )
    with served(heavy_database, cache_bytes=0, exports_path=place) as client:
        before = {name: raw(client, url) for name, url in (PARTS | MADE).items()}
        whole = streamed(client, "/v1/places?format=csv")
        assert {name: raw(client, url) for name, url in (PARTS | MADE).items()} == before
        assert before["most"][1].count(b"\r\n") > 5000 and before["none"][1].count(b"\r\n") == 1
        # What is in the file, and nowhere else, tells what is made of it.
        (file,) = place.rglob("places.csv")
        file.write_bytes(whole.replace(b"country", b"COUNTRY"))
        after = {name: raw(client, url)[1] for name, url in (PARTS | MADE).items()}
    for name in PARTS:
        assert after[name] == before[name][1].replace(b"country", b"COUNTRY")
    for name in MADE:
        assert after[name] == before[name][1]


def test_a_list_in_another_order_than_its_file_is_made(database, place):
    by_id = "/v1/pillars?sort=id&format=csv"
    with served(database, cache_bytes=0, exports_path=place) as client:
        before = streamed(client, by_id)
        whole = streamed(client, "/v1/pillars?format=csv")
        assert files(place) == ["pillars.csv"]
        assert streamed(client, by_id) == before != whole


def test_a_part_from_lines_is_compressed_to_the_same_bytes(heavy_database, place):
    url = PARTS["most"]

    def asked():
        return {encoding: raw(client, url, **{"Accept-Encoding": encoding}) for encoding in ENCODINGS}

    with served(heavy_database, cache_bytes=0, exports_path=place) as client:
        before = asked()
        streamed(client, "/v1/places?format=csv")
        assert asked() == before


def test_a_file_that_lacks_a_line_breaks_the_download_off(heavy_database, place):
    with served(heavy_database, cache_bytes=0, exports_path=place) as client:
        whole = streamed(client, "/v1/places?format=csv")
        (file,) = place.rglob("places.csv")
        file.write_bytes(whole[: whole.index(b"\r\nland-4999,") + 2])
        with pytest.raises(httpx.RemoteProtocolError):
            raw(client, PARTS["most"])
        assert raw(client, "/v1/places/land-4999")


def test_a_new_revision_has_a_new_file_and_old_ones_go(own_database, seed_copy, place):
    with served(own_database, cache_bytes=0, exports_path=place) as client:
        old = "India"
        for title in ("Bharat", "Hind", "Aryavarta"):
            before = raw(client, "/v1/places?format=ndjson")[1]
            assert sent(client, "/v1/places?format=ndjson") == before
            Edit("trust-compact-article/places.yaml", f"title: {old}\n", f"title: {title}\n").apply(seed_copy)
            own_database.prepare(seed_copy)
            after = streamed(client, "/v1/places?format=ndjson")
            assert f'"title":"{title}"'.encode() in after and after != before
            assert sent(client, "/v1/places?format=ndjson") == after
            old = title
    assert sorted(path.name.partition("-")[0] for path in (place / "lists").iterdir()) == ["3", "4"]


def test_a_download_that_breaks_off_leaves_nothing(heavy_database, place):
    url, headers = "/v1/places?format=csv", {"Accept-Encoding": "identity"}
    with (
        served(heavy_database, cache_bytes=0, exports_path=place) as client,
        client.stream("GET", url, headers=headers) as answer,
    ):
        pieces = answer.iter_raw()  # whose end is the connection's
        next(pieces)
        assert files(place) == ["places.csv"]
    assert list((place / "lists").iterdir()) == []


def test_one_of_several_downloads_at_once_makes_the_file(heavy_database, place):
    url, headers = "/v1/places?format=csv", {"Accept-Encoding": "identity"}
    with served(heavy_database, cache_bytes=0, exports_path=place) as client:
        with client.stream("GET", url, headers=headers) as slow:
            pieces = slow.iter_raw()
            start = next(pieces)
            body = streamed(client, url)
            assert streamed(client, url) == body
            assert start + b"".join(pieces) == body
        assert sent(client, url) == body


def test_processes_share_their_files(database, place):
    with (
        served(database, cache_bytes=0, exports_path=place) as one,
        served(database, cache_bytes=0, exports_path=place) as other,
        served(database, cache_bytes=0, exports_path=place, public_url="https://data.example.org") as elsewhere,
    ):
        body = streamed(one, "/v1/commitments?format=xlsx")
        assert sent(other, "/v1/commitments?format=xlsx") == body
        # A spreadsheet says where it is from.
        assert streamed(elsewhere, "/v1/commitments?format=xlsx") != body
    with served(database, cache_bytes=0, exports_path=place) as later:
        assert sent(later, "/v1/commitments?format=xlsx") == body


def test_a_place_that_cannot_be_written_harms_no_download(database, place):
    place.write_text("not a folder")
    with served(database, cache_bytes=0, exports_path=place) as client:
        assert streamed(client, LIST) == streamed(client, LIST)
    assert place.read_text() == "not a folder"


def test_a_full_disk_harms_no_download(database, place, monkeypatch):
    monkeypatch.setattr(copies, "SPARE", sys.maxsize)
    with served(database, cache_bytes=0, exports_path=place) as client:
        assert streamed(client, LIST) == streamed(client, LIST)
    assert list((place / "lists").iterdir()) == []


def test_small_lists_need_no_file(database, tmp_path):
    with served(database, cache_bytes=0, exports_path=tmp_path) as client:
        assert streamed(client, LIST) == streamed(client, LIST)
    assert files(tmp_path) == []


def test_nothing_is_left_behind(database, place, monkeypatch):
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    with served(database, cache_bytes=0) as client:
        body = streamed(client, LIST)
        assert files(place) == ["commitments.csv"]
        assert sent(client, LIST) == body
    assert list(place.iterdir()) == []
