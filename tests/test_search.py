"""Search finds and orders the same on both databases, whatever is typed, and keeps in step with the records."""

import csv
import io
import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from app.core import index, search
from app.core.changes import Changeset, Reason, apply
from app.resources import CATALOG
from tests.conftest import served

QUERIES = """
MSP|msp|Msp|Li|li|Ga|f35|F-35|f 35|"f 35"|ASIA|quad|QUAD|ITAR|rare earth|"rare earth"|rare-earth|rareearth|REE|P8I|P-8I
p 8 i|i2u2|I2U2|MSFN|MSPFN|defense|defence|aluminium|aluminum|programme|program|co-production|coproduction
india|India procurement|india or china|india -china|india -"united states"|"united states"|"states united"|trust or compact
lithium cobalt|lithium or cobalt|lithium or "rare earth" -battery|supply chains|"supply chains"|china's|2030|500 billion
a AND|india AND trade|OR|a or|or a|NEAR(|a & b|x:|a-b|zzzzz|semiconductors -trust|"critical minerals" -trust -compact
naïve|ünited ståtes|INDIA'S|INDUS-X|export controls and itar|Q861|policy review|policy_review|the|of the|f|35|%25 of
""".replace("\n", "|").strip("|").split("|")  # fmt: skip
"""What people type, at least sixty of it."""

FAULTY = ('"', "(((", "*", "^", "'", "%_\\", "-x", "-", "a or -b", "- -", "!!", "x" * 201, " ", "—")
"""What says nothing that could be found."""


def found(client, q, path="/v1/search", **more):
    answer = client.get(path, params={"q": q, "limit": "500", **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(body):
    return [record["id"] for record in body["data"]]


def walk(client, path, **query):
    """Ids of all pages forwards, and of all pages backwards from the last."""
    url, forwards, backwards = str(client.build_request("GET", path, params=query).url.raw_path, "ascii"), [], []
    while url:
        body = client.get(url).json()
        forwards += ids(body)
        assert len(forwards) < 2000
        last, url = url, body["links"]["next"]
    url = last
    while url:
        body = client.get(url).json()
        backwards = ids(body) + backwards
        assert len(backwards) < 2000
        url = body["links"]["prev"]
    return forwards, backwards


def test_queries_are_many_and_most_find_something(client):
    assert len(set(QUERIES)) >= 60
    assert sum(found(client, q)["meta"]["total"] > 0 for q in QUERIES) > 50


@pytest.mark.parametrize("q", QUERIES)
def test_both_databases_give_the_same_bytes(both, q):
    for path in ("/v1/search", "/v1/records", "/v1/commitments"):
        sqlite, postgresql = (one.get(path, params={"q": q, "limit": "500"}) for one in both)
        assert sqlite.status_code == 200, sqlite.text
        assert sqlite.content == postgresql.content
        assert sqlite.json()["meta"]["total"] == len(sqlite.json()["data"])


@pytest.mark.parametrize(
    ("q", "first"),
    {
        "MSP": "msp",
        "Li": "lithium",
        "f35": "f-35",
        "F-35": "f-35",
        "f 35": "f-35",
        "ASIA": "autonomous-systems-industry-alliance",
        "quad": "quad",
        "ITAR": "itar",
        "rare earth": "rare-earth-elements",
        "rareearth": "rare-earth-elements",
        "P8I": "p-8i-poseidon",
        "i2u2": "i2u2",
        "MSPFN": "msfn",
        "trust": "trust",
        "defence": "defense",
    }.items(),
)
def test_a_record_that_is_named_comes_first(client, q, first):
    hit = found(client, q)["data"][0]
    assert hit["id"] == first
    assert hit["matched"][0]["kind"] in ("id", "acronym", "alias", "symbol")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("defense", "defence"),
        ("program", "programme"),
        ("aluminum", "aluminium"),
        ("F-35", "f35"),
        ("F-35", '"f 35"'),
        ("p8i", "P-8I"),
        ("co-production", "coproduction"),
        ("ITAR", "itar"),
        ("ünïted", "united"),
        ("“rare earth”", '"rare earth"'),
        ("a AND", "a"),
        ("india AND trade", "india trade"),
        ("(india) [trade]", "india trade"),
        ("india,trade", "india trade"),
        ("india or", "india"),
    ],
)
def test_two_spellings_find_the_same(client, one, other):
    assert ids(found(client, one)) == ids(found(client, other)) != []


@pytest.mark.parametrize("q", FAULTY)
def test_what_says_nothing_is_a_fault_that_says_so(client, q):
    for path in ("/v1/search", "/v1/commitments"):
        answer = client.get(path, params={"q": q})
        assert answer.status_code == 422
        (fault,) = answer.json()["errors"]
        assert fault["parameter"] == "q" and fault["reason"] in ("invalid_value", "empty_value")


@pytest.mark.parametrize(
    "raw", ["q=%00", "q=%ff%fe", "q=%ED%A0%80", "q=a&q=b", "q=", "", "q=a&sort=title", "q=a&qq=b", "limit=3"]
)
def test_a_malformed_request_is_422(client, raw):
    answer = client.get(f"/v1/search?{raw}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "q", [" ".join("abcdefghij" * 10)[:200], "(" * 5000, "a" * 20000, "or " * 66, '"a" ' * 50, "a or " * 39 + "b"]
)
def test_long_and_odd_questions_are_answered_or_refused(client, q):
    assert client.get("/v1/search", params={"q": q}).status_code in (200, 414, 422)


def test_words_phrases_without_and_or(client):
    separate, phrase = set(ids(found(client, "critical supply"))), set(ids(found(client, '"critical supply"')))
    assert phrase <= separate != phrase
    assert set(ids(found(client, '"rare earth"'))) <= set(ids(found(client, "earth rare")))
    assert found(client, '"earth rare"')["meta"]["total"] == 0
    india, china = set(ids(found(client, "india"))), set(ids(found(client, "china")))
    assert set(ids(found(client, "india china"))) == india & china != set()
    assert set(ids(found(client, "india or china"))) == india | china
    assert set(ids(found(client, "india -china"))) == india - china != india
    assert set(ids(found(client, "china or india -china"))) == india | china


def words(value):
    """Words of plain English, told apart the simplest way."""
    return "".join(c if c.isalpha() else " " for c in value.casefold()).split()


def strings(value):
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(one)


@pytest.mark.parametrize(
    "word", ["gallium", "semiconductors", "minerals", "javelin", "partnership", "recycling", "space"]
)
def test_a_word_finds_every_record_that_has_it(client, word):
    """The index against a plain look into the summaries, titles and links of all records."""
    expected = set()
    for resource in CATALOG:
        if resource.has_evidence:
            for record in found(client, word, f"/v1/{resource.name}")["data"]:
                assert word in {w for value in strings(record) for w in words(value)}
            for record in client.get(f"/v1/{resource.name}", params={"limit": "500"}).json()["data"]:
                looked = [record[name] for name in ("id", "title", "long_name", "summary", "aliases")]
                looked += [record.get(name) for name in ("topics", "minerals", "equipment", "objective", "initiative")]
                looked += [[item["id"] for item in record.get(name, [])] for name in ("participants", "uses")]
                if word in {w for value in strings(looked) for w in words(value)}:
                    expected.add(record["id"])
    everywhere = set(ids(found(client, word)))
    assert expected and expected <= everywhere
    assert everywhere == {
        one for resource in CATALOG if resource.has_evidence for one in ids(found(client, word, f"/v1/{resource.name}"))
    }


def test_statements_are_evidence_and_not_searched(client):
    assert client.get("/v1/statements", params={"q": "india"}).status_code == 422
    assert "statements" not in {hit["resource"] for hit in found(client, "india")["data"]}


@pytest.mark.parametrize("q", ["india", "rare earth", "defense", "msp", "critical minerals", "china or india"])
def test_order_is_named_then_titled_then_the_rest_then_id(client, q):
    asked = search.parse(q)

    def rank(hit):
        names = [why for why in hit["matched"] if why["kind"] in ("id", "acronym", "alias", "symbol")]
        if any(search.key(why["value"]) == asked.key for why in names):
            return 0
        heads = " | ".join(why["value"] for why in hit["matched"] if why["kind"] != "text")
        fits = [all(search.spans(_only(phrase), heads) for phrase in one.must) for one in asked.alternatives]
        return 1 if any(fits) else 2

    hits = found(client, q)["data"]
    assert [(rank(hit), hit["id"]) for hit in hits] == sorted((rank(hit), hit["id"]) for hit in hits)
    assert len({rank(hit) for hit in hits}) > 1


def _only(phrase):
    return search.Search((search.Alternative((phrase,), ()),))


@pytest.mark.parametrize("path", ["/v1/search", "/v1/commitments", "/v1/records"])
@pytest.mark.parametrize("limit", ["1", "2", "7"])
def test_cursors_walk_through_all_ranks_and_back(client, path, limit):
    every = ids(found(client, "india", path))
    forwards, backwards = walk(client, path, q="india", limit=limit)
    assert forwards == every == backwards


@pytest.mark.parametrize("limit", ["1", "3"])
def test_cursors_walk_with_other_filters_and_with_sort(client, limit):
    for more in (
        {"initiative": "compact"},
        {"sort": "-title"},
        {"kind": "procurement", "sort": "title"},
        {"or": "(q.eq.javelin,q.eq.stryker)"},
    ):
        every = ids(found(client, "india", "/v1/commitments", **more))
        forwards, backwards = walk(client, "/v1/commitments", q="india", limit=limit, **more)
        assert forwards == every == backwards != []


def test_a_cursor_belongs_to_its_question(client):
    cursor = found(client, "india", limit="2")["links"]["next"].partition("cursor=")[2]
    for query in (
        f"q=china&limit=2&cursor={cursor}",
        f"q=india&resource=commitments&limit=2&cursor={cursor}",
        "q=india&cursor=x",
    ):
        answer = client.get(f"/v1/search?{query}")
        assert answer.status_code == 422 and answer.json()["errors"][0]["reason"] == "bad_cursor"
    assert client.get(f"/v1/search?q=india&limit=2&cursor={cursor}").status_code == 200
    assert client.get(f"/v1/commitments?q=india&limit=2&cursor={cursor}").status_code == 422


def test_sort_makes_it_a_filter(client):
    ranked, sorted_by_id = (
        ids(found(client, "quad", "/v1/records")),
        ids(found(client, "quad", "/v1/records", sort="id")),
    )
    assert ranked != sorted_by_id == sorted(ranked)


def test_it_combines_with_filters_totals_and_facets(client):
    every = {record["id"]: record for record in client.get("/v1/commitments?limit=500").json()["data"]}
    all_of_it = ids(found(client, "india", "/v1/commitments"))
    body = found(client, "india", "/v1/commitments", kind="procurement", facet="kind,initiative")
    assert sorted(ids(body)) == sorted(id for id in all_of_it if every[id]["kind"] == "procurement") != []
    assert body["meta"]["total"] == len(body["data"])
    counted = {value["value"]: value["count"] for value in body["meta"]["facets"]["kind"]}
    kinds = [every[id]["kind"] for id in all_of_it]
    assert counted == {kind: kinds.count(kind) for kind in kinds}
    toggled = next(value for value in body["meta"]["facets"]["kind"] if value["value"] == "policy_review")
    assert "q=india" in toggled["url"]
    assert set(ids(client.get(toggled["url"]).json())) >= set(ids(body))
    nested = found(client, "india", "/v1/initiatives/compact/commitments")
    assert set(ids(nested)) == {id for id in all_of_it if every[id]["initiative"] == "compact"}
    by_resource = found(client, "india", facet="resource")["meta"]["facets"]["resource"]
    assert sum(value["count"] for value in by_resource) == found(client, "india")["meta"]["total"]
    assert ids(found(client, "india", resource="commitments")) == all_of_it


def test_it_reaches_through_links_and_stands_inside_or(client):
    every = client.get("/v1/commitments?limit=500").json()["data"]
    compact = ids(found(client, "military partnership", "/v1/initiatives"))
    assert compact == ["compact"]
    through = client.get("/v1/commitments", params={"initiative.q": "military partnership", "limit": "500"}).json()
    assert set(ids(through)) == {record["id"] for record in every if record["initiative"] == "compact"}
    either = client.get("/v1/commitments", params={"or": "(q.eq.javelin,q.eq.stryker)"}).json()
    assert set(ids(either)) == set(ids(found(client, "javelin or stryker", "/v1/commitments")))


def test_downloads_hold_all_of_it_in_the_same_order(client):
    every = ids(found(client, "india", "/v1/records"))
    lines = client.get("/v1/records", params={"q": "india", "format": "ndjson"}).text.splitlines()
    assert len(lines) == len(every)
    table = csv.DictReader(io.StringIO(client.get("/v1/records", params={"q": "india", "format": "csv"}).text))
    assert [row["id"] for row in table] == every


def test_the_address_of_a_question_is_canonical(client):
    body = client.get("/v1/commitments?limit=2&kind=procurement&q=India+%22p-8i%22").json()
    assert body["links"]["self"] == "/v1/commitments?kind=procurement&q=India%20%22p-8i%22&limit=2"
    assert client.get(body["links"]["self"]).json() == body


def test_hints_lead_to_q(client):
    for word in ("search", "query"):
        fault = client.get("/v1/commitments", params={word: "x"}).json()["errors"][0]
        assert fault["did_you_mean"] == ["q"]


def test_it_is_documented(client):
    document = client.get("/openapi.json").json()
    for path in ("/v1/commitments", "/v1/records", "/v1/search"):
        listed = document["paths"][path]["get"]["parameters"]
        assert "q" in {one["$ref"].rpartition(".")[2] if "$ref" in one else one["name"] for one in listed}
    assert document["components"]["parameters"]["minerals.q"]["schema"]["maxLength"] == 200
    assert "/v1/suggest" in document["paths"]


def test_answers_have_the_usual_headers(client):
    for path in ("/v1/search?q=india", "/v1/suggest?prefix=in"):
        answer = client.get(path)
        assert answer.headers["dataset-revision"] == "1" and 'rel="self"' in answer.headers["link"]
        again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
        assert client.get(path, headers={"Accept": "text/csv"}).status_code == 406
        assert client.get(path, headers={"Dataset-Revision": "99"}).status_code == 412
        assert client.head(path).status_code == 200


@pytest.mark.parametrize("q", ["india", '"rare earth"', "f35", "china's", "policy review", "lithium or cobalt"])
def test_a_hit_shows_why(client, q):
    asked = search.parse(q)
    for hit in found(client, q)["data"]:
        assert list(hit) == ["resource", "id", "title", "url", "extract", "highlights", "matched"]
        assert hit["matched"]
        assert len(hit["extract"]) <= 260
        for start, end in hit["highlights"]:
            assert search.spans(asked, hit["extract"][start:end]) == [(0, end - start)]
        record = client.get(hit["url"]).json()
        for why in hit["matched"]:
            value = record[why["field"]]
            assert any(one.startswith(why["value"]) for one in strings(value))
        assert hit["title"] == record["title"]


@pytest.mark.parametrize(
    ("prefix", "first"),
    {
        "li": "lithium",
        "ms": "msfn",
        "MSP": "msp",
        "rare ea": "rare-earth-elements",
        "f3": "f-35",
        "p-8": "p-8i-poseidon",
        "p8": "p-8i-poseidon",
        "defenc": "defense",
        "aluminiu": "aluminum-industry",
        "six mo": "acquire-p-8i",
        "more p-8": "acquire-p-8i",
        "ünited st": "united-states",
    }.items(),
)
def test_suggestions(both, client, prefix, first):
    sqlite, postgresql = (one.get("/v1/suggest", params={"prefix": prefix}) for one in both)
    assert sqlite.content == postgresql.content
    body = client.get("/v1/suggest", params={"prefix": prefix}).json()
    assert ids(body)[0] == first
    assert len(ids(body)) == len(set(ids(body))) <= 10


def test_suggestions_for_single_letters_are_full_and_alike(both):
    for letter in "abcdefghijklmnopqrstuvwxyz0123456789":
        sqlite, postgresql = (one.get("/v1/suggest", params={"prefix": letter}) for one in both)
        assert sqlite.content == postgresql.content
    assert len(both[0].get("/v1/suggest?prefix=t").json()["data"]) == 10


@pytest.mark.parametrize(
    "raw",
    ["", "prefix=", "prefix=%22", "prefix=a&prefix=b", "prefix=%ff", "q=a", "prefix=a&limit=3", f"prefix={'a' * 201}"],
)
def test_a_malformed_prefix_is_422(client, raw):
    assert client.get(f"/v1/suggest?{raw}").status_code == 422


def test_a_change_keeps_the_index_in_step(own_database):
    with served(own_database) as client:
        assert ids(found(client, "javelin", "/v1/equipment")) == ["javelin"]
        before = found(client, "javelin")["meta"]["total"]
    with own_database.engine.begin() as connection:
        gone = Changeset(datetime(2025, 4, 1, tzinfo=UTC), Reason.correction, drafts=[], gone=["acquire-javelin"])
        apply(connection, CATALOG, gone)
    with served(own_database) as client:
        assert "acquire-javelin" not in ids(found(client, "javelin"))
        assert found(client, "javelin")["meta"]["total"] == before - 1
        assert "acquire-javelin" not in ids(client.get("/v1/suggest?prefix=javelin+miss").json())


INDEXED = {
    "sqlite": "SELECT record, tokens FROM search_place JOIN search_index ON search_index.rowid = place ORDER BY place",
    "postgresql": "SELECT record, CAST(tokens AS TEXT) FROM search_index ORDER BY record",
}


def test_the_index_equals_a_fresh_one(own_database):
    """What `apply` keeps in step is what a rebuilt index has."""

    def contents():
        begun = sorted(own_database.rows("SELECT rank, key, record FROM search_start"))
        return own_database.rows(INDEXED[own_database.backend]), begun

    with own_database.engine.begin() as connection:
        gone = Changeset(datetime(2025, 4, 1, tzinfo=UTC), Reason.correction, drafts=[], gone=["acquire-javelin"])
        apply(connection, CATALOG, gone)
    kept = contents()
    assert len(kept[0]) > 100
    with own_database.engine.begin() as connection:
        assert index.rebuild(connection, CATALOG) == len(kept[0])
    assert contents() == kept


def test_the_index_holds_every_record_but_statements(database):
    records = database.rows("SELECT id FROM record WHERE state = 'live' AND resource <> 'statements'")
    indexed = [record for record, _ in database.rows(INDEXED[database.backend])]
    assert indexed == sorted(id for (id,) in records)


@given(st.lists(st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=8, unique=True), max_size=8))
@settings(deadline=None, max_examples=60)
def test_places_are_in_the_order_of_ids_however_they_come(groups):
    """New ids between old ones, in a space so small that neighbors have to move apart."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "HIGHEST", 4096)
        patch.setattr(index, "ROOM", 4)
        engine = create_engine("sqlite://")
        with engine.begin() as connection:
            for statement in index.CREATE["sqlite"]:
                connection.execute(text(statement))
            known = set()
            for group in groups:
                new = sorted(set(group) - known)
                known |= set(new)
                index._give_places(connection, new)
                index._write_places(connection, {id: [id] for id in new}, [], [])
                rows = connection.execute(text(INDEXED["sqlite"])).all()
                assert [tuple(row) for row in rows] == [(id, id) for id in sorted(known)]
        engine.dispose()


def test_a_thousand_ids_that_come_one_by_one_find_room():
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        for statement in index.CREATE["sqlite"]:
            connection.execute(text(statement))
        for i in range(500):
            for id in (f"m-{i:04}", f"m-{9999 - i:04}"):
                index._give_places(connection, [id])
                index._write_places(connection, {id: [id]}, [], [])
        rows = connection.execute(text(INDEXED["sqlite"])).all()
        assert [id for id, _ in rows] == sorted(tokens for _, tokens in rows) and len(rows) == 1000
    engine.dispose()


def test_many_are_found_as_few_are(clients, seeded, backend, monkeypatch):
    """Where much is found it is looked for in another way, and the answers are the same bytes."""
    few = clients(backend)
    monkeypatch.setattr("app.api.answers.MANY", 0)
    with served(seeded(backend)) as many:
        for q in QUERIES:
            for more in ({"limit": "3"}, {"kind": "procurement"}, {"sort": "-title", "facet": "kind"}):
                query = {"q": q, **more}
                assert (
                    many.get("/v1/commitments", params=query).content
                    == few.get("/v1/commitments", params=query).content
                )
            assert walk(many, "/v1/search", q=q, limit="40") == walk(few, "/v1/search", q=q, limit="40")


# --- the parser and the two databases against each other, and against a few lines of Python

WORDS = st.sampled_from(
    ["a", "b", "c", "ab", "f35", "F-35", "35", "defence", "defense", "or", "AND", "é", "ß", "½", "x²", "ℌ", "क्रो", "İ"]
)
TEXTS = st.lists(
    st.one_of(WORDS, st.sampled_from([".", ",", "-", "'", "(", "|", "~a", "=a", "@a", "#a"])), max_size=9
).map(" ".join)
QUESTIONS = st.lists(
    st.tuples(st.sampled_from(["", "", "", "-", '"', '-"']), WORDS, st.sampled_from(["", " ", '"', ","])).map("".join),
    min_size=1,
    max_size=6,
).map(" ".join)
CORPUS = st.lists(st.tuples(TEXTS, TEXTS, st.lists(WORDS, max_size=2)), min_size=1, max_size=4)
UNHURRIED = settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@given(st.text(max_size=220))
@example('"')
@example("((((")
@example("a or or -b")
@example("\u0300")
@example("ﷺ" * 199)
@settings(deadline=None, max_examples=400)
def test_whatever_is_typed_is_a_question_or_says_what_it_lacks(typed):
    try:
        asked = search.parse(typed)
    except ValueError as error:
        lacking = str(error).split()[0]
        asked = None
    if asked is None:
        assert lacking in ("is", "has", "says")
        return
    assert all(one.must for one in asked.alternatives)
    again = " or ".join(
        " ".join([*(f'"{" ".join(p)}"' for p in one.must), *(f'-"{" ".join(p)}"' for p in one.without)])
        for one in asked.alternatives
    )
    if len(again) <= search.LONGEST:
        assert search.parse(again).alternatives == asked.alternatives


@given(st.text(max_size=60))
@example("½")
@example("ΑΒΓ ß İ ǆ ﬃ x²")
def test_tokens_are_folded_in_place_and_fold_to_themselves(typed):
    for token in search.tokens(typed):
        assert 0 <= token.start < token.end <= len(typed)
        assert token.text and [one.text for one in search.tokens(token.text)] == [token.text]
        assert not set(token.text) & set("@#=~|-\"' ")


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=60))
def test_the_short_way_for_ascii_is_the_long_way(typed):
    assert search.tokens(typed) == search._tokens(typed)


def tokens_of(head, rest, names):
    searched = [(search.Text("alias", "aliases", name), [t.text for t in search.tokens(name)]) for name in names]
    searched += [
        (search.Text(kind, kind, value), [t.text for t in search.tokens(value)])
        for kind, value in (("title", head), ("text", rest))
    ]
    return search.row(CATALOG["minerals"], searched)


def expected(asked, head, rest, names):
    """The rank of a record, worked out anew; null where it is not found."""

    def has(values, phrase):
        for value in values:
            tokens = [token.text for token in search.tokens(value)]
            if any(tuple(tokens[i : i + len(phrase)]) == phrase for i in range(len(tokens))):
                return True
        return False

    def holds(values):
        return any(
            all(has(values, phrase) for phrase in one.must)
            and not any(has([*names, head, rest], phrase) for phrase in one.without)
            for one in asked.alternatives
        )

    if asked.key and asked.key in {search.key(name) for name in names}:
        return 0
    return 1 if holds([*names, head]) else 2 if holds([*names, head, rest]) else None


@contextmanager
def fts5(rows):
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(index.CREATE["sqlite"][0])
        connection.executemany(
            "INSERT INTO search_index (rowid, tokens) VALUES (?, ?)",
            [(i, " ".join(row)) for i, row in enumerate(rows, 1)],
        )
        yield lambda asked, kind: {
            i - 1
            for (i,) in connection.execute(
                "SELECT rowid FROM search_index WHERE search_index MATCH ?", (asked.fts5(kind),)
            )
        }
    finally:
        connection.close()


@given(CORPUS, QUESTIONS)
@example([("a", "b", ["c"])], '"a b"')
@example([("a", "b", ["c"])], '"c a"')
@example([("b a", "b", ["a", "b"]), ("a b", "c", [])], '"a b" -c or "b a"')
@example([("F-35", "", []), ("f", "35", []), ("", "f 35", ["F35"])], "f35")
@UNHURRIED
def test_both_databases_agree_with_a_plain_reading(seeded, corpus, question):
    try:
        asked = search.parse(question)
    except ValueError:
        return
    rows = [tokens_of(*record) for record in corpus]
    ranks = [expected(asked, *record) for record in corpus]
    asking = [
        (search.Search(asked.alternatives, rank), kind) for rank in (None, *search.RANKS) for kind in (None, "mineral")
    ]
    sql = """
        SELECT asked, has FROM unnest(CAST(:asking AS TSQUERY[])) WITH ORDINALITY AS a (query, asked),
        unnest(CAST(:rows AS TSVECTOR[])) WITH ORDINALITY AS b (tokens, has) WHERE tokens @@ query
        """
    with fts5(rows) as match, seeded("postgresql").engine.connect() as connection:
        values = {"asking": [one.tsquery(kind) for one, kind in asking], "rows": list(map(search.tsvector, rows))}
        on_postgresql = {tuple(row) for row in connection.execute(text(sql), values)}
        for place, (one, kind) in enumerate(asking, 1):
            wanted = {i for i, has in enumerate(ranks) if has is not None and one.rank in (None, has)}
            assert match(one, kind) == wanted
            assert {has - 1 for asked_at, has in on_postgresql if asked_at == place} == wanted
        assert match(asked, "topic") == set()


def test_long_records_are_cut_alike():
    """A word beyond what a tsvector counts, or one said a thousand times, is left out on both."""
    others = " ".join("abcdefghij"[i % 10] * (i % 90 + 1) for i in range(20_000))
    row = tokens_of("title", f"{'same ' * 1000}{others}", [])
    assert len(row) == search.MOST_TOKENS and row.count("same") == search.MOST_REPEATS
    assert max(int(place.rpartition(":")[2]) for place in search.tsvector(row).split(" ")) < 16384
    with fts5([row]) as match:
        assert match(search.parse("same"), None) == {0}
