"""The contract over time: merged, deleted and new records, and clients that poll."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.core.changes import Changeset, Draft, Reason, apply
from app.resources import CATALOG
from tests.conftest import served
from tests.databases import AT, Database


@contextmanager
def changing(database: Database) -> Iterator[sa.Connection]:
    """A transaction in which a test writes by hand what no changeset says yet."""
    with database.engine.begin() as connection:
        yield connection


def write(database: Database, *drafts: Draft, gone: tuple[str, ...] = ()) -> int:
    """A new revision through the one way in."""
    with database.engine.begin() as connection:
        return apply(connection, CATALOG, Changeset(AT, Reason.event, list(drafts), gone)).revision


def place(id: str, title: str = "Somewhere") -> Draft:
    return Draft(CATALOG["places"], id, {"title": title, "kind": "region"})


def merge(database: Database, id: str, into: str) -> None:
    with changing(database) as connection:
        connection.execute(
            sa.text("UPDATE record SET state = 'merged', merged_into = :into, document = NULL WHERE id = :id"),
            {"id": id, "into": into},
        )
        connection.execute(sa.text("DELETE FROM place WHERE id = :id"), {"id": id})


def test_merged_record_is_308_to_the_other(own_database):
    write(own_database, place("here"), place("there"))
    merge(own_database, "here", "there")
    with served(own_database) as client:
        for path in ("/v1/places/here", "/v1/places/here?fields=title", "/v1/places/here/programs"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["location"]) == (308, path.replace("here", "there"))
        assert client.get("/v1/records/here", follow_redirects=True).json()["id"] == "there"
        assert "here" not in [one["id"] for one in client.get("/v1/places").json()["data"]]


def test_deleted_record_is_410_until_the_same_record_comes_back(own_database):
    write(own_database, place("atlantis"))
    with served(own_database) as client:
        assert client.get("/v1/places/atlantis").status_code == 200
        write(own_database, gone=("atlantis",))
        for path in ("/v1/places/atlantis", "/v1/records/atlantis", "/v1/places/atlantis/programs"):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["type"]) == (410, "/problems/gone")
        assert client.get("/v1/places?id=atlantis").status_code == 422
        assert client.get("/v1/places").json()["meta"]["total"] == 4
        write(own_database, place("atlantis"))
        assert client.get("/v1/places/atlantis").status_code == 200


def test_ambiguous_alias_is_an_error_with_the_candidates(own_database):
    named = [
        Draft(CATALOG["places"], f"{word}-springs", {"title": word, "kind": "region", "aliases": ["Springs"]})
        for word in ("cold", "hot")
    ]
    write(own_database, *named)
    both = ["cold-springs", "hot-springs"]
    with served(own_database) as client:
        (fault,) = client.get("/v1/programs?place=springs").json()["errors"]
        assert (fault["reason"], fault["allowed"], fault["did_you_mean"]) == ("ambiguous", both, both)
        answer = client.get("/v1/places/Springs")
        assert answer.status_code == 404
        assert answer.json()["errors"][0]["did_you_mean"] == [f"/v1/places/{id}" for id in both]


def test_id_beats_alias(own_database):
    write(own_database, Draft(CATALOG["places"], "bharat", {"title": "Bharat", "kind": "region", "aliases": ["india"]}))
    with served(own_database) as client:
        assert client.get("/v1/places/india").json()["id"] == "india"
        assert client.get("/v1/commitments?participant=india&role=buyer").json()["meta"]["total"] == 3


def test_alias_is_known_as_soon_as_its_record_is_written(own_database):
    with served(own_database) as client:
        assert client.get("/v1/places?id=Lost%20City").status_code == 422
        write(
            own_database,
            Draft(CATALOG["places"], "atlantis", {"title": "Atlantis", "kind": "region", "aliases": ["Lost City"]}),
        )
        assert client.get("/v1/places?id=Lost%20City").json()["meta"]["total"] == 1
        write(own_database, gone=("atlantis",))
        assert client.get("/v1/places?id=Lost%20City").status_code == 422


@pytest.mark.parametrize(
    "url",
    [
        "/v1",
        "/v1/places",
        "/v1/places/india",
        "/v1/places?format=csv",
        "/v1/records?facet=resource",
        "/v1/places/Nowhere",
    ],
)
def test_a_polling_client_gets_304_until_a_change_and_then_200_once(own_database, url):
    with served(own_database) as client:
        if client.get(url).status_code == 404:
            write(
                own_database,
                Draft(CATALOG["places"], "nowhere", {"title": "Nowhere", "kind": "region", "aliases": ["Nowhere"]}),
            )
            assert client.get(url).status_code == 307
            return
        answer = client.get(url)
        tag = answer.headers["etag"]
        for _ in range(3):
            assert client.get(url, headers={"If-None-Match": tag}).status_code == 304
        revision = write(own_database, place("nowhere"))
        answer = client.get(url, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.headers["dataset-revision"]) == (200, str(revision))
        assert answer.headers["etag"] != tag
        for _ in range(3):
            assert client.get(url, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_a_polling_client_sees_a_change_of_the_seed_once(own_database, seed_copy: Path):
    file = seed_copy / "trust-compact-article" / "places.yaml"
    with served(own_database) as client:
        tag = client.get("/v1/places").headers["etag"]
        own_database.prepare(seed_copy)
        assert client.get("/v1/places", headers={"If-None-Match": tag}).status_code == 304
        file.write_text(
            file.read_text(encoding="utf-8") + "\n- {id: atlantis, title: Atlantis, kind: region}\n", encoding="utf-8"
        )
        own_database.prepare(seed_copy)
        answer = client.get("/v1/places", headers={"If-None-Match": tag})
        assert answer.status_code == 200
        assert "atlantis" in [one["id"] for one in answer.json()["data"]]
        own_database.prepare(seed_copy)
        assert client.get("/v1/places", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_a_revision_that_has_arrived_is_no_longer_too_new(own_database):
    with served(own_database) as client:
        ahead = {"Dataset-Revision": str(own_database.revision + 1)}
        assert client.get("/v1/places", headers=ahead).status_code == 412
        write(own_database, place("nowhere"))
        assert client.get("/v1/places", headers=ahead).status_code == 200


def test_total_and_facets_follow_a_change(own_database):
    with served(own_database) as client:
        url = "/v1/places?facet=kind&limit=1"
        before = client.get(url).json()["meta"]
        write(own_database, place("nowhere"))
        after = client.get(url).json()["meta"]
        assert after["total"] == before["total"] + 1
        count = {
            name: {one["value"]: one["count"] for one in meta["facets"]["kind"]}
            for name, meta in (("before", before), ("after", after))
        }
        assert count["after"]["region"] == count["before"]["region"] + 1
