"""Nothing changes but by a changeset: whole or not at all, numbered, recorded, and seen in every document it touches."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from threading import Barrier

import orjson
import pytest
from sqlalchemy.exc import IntegrityError

from app.core.changes import Changeset, Reason, Refused, apply
from app.core.composing import Draft
from app.core.provenance import StatementRow
from app.resources import CATALOG
from app.seeding import read
from tests.databases import AT
from tests.seeds import ARTICLE, Edit, add_second

QUANTITY = f"{ARTICLE}-f165-quantity"
PAPER = Draft(CATALOG["sources"], "paper", {"title": "A paper", "kind": "newspaper", "reliability": "B"})


def said(id, record, field, **more):
    """A statement of the paper about a field of a record."""
    unsaid = (
        "value",
        "unit",
        "object",
        "as_stated",
        "parts",
        "section",
        "section_title",
        "paragraph",
        "locator",
        "note",
    )
    usual = dict.fromkeys((*unsaid, "is_exhaustive")) | {
        "subject": record,
        "record": record,
        "field": field,
        "cited": field,
        "source": "paper",
        "position": 0,
        "modality": "asserted",
        "basis": "stated",
        "certainty": "stated",
        "rank": "normal",
        "verification": "unverified",
    }
    return StatementRow(id=id, **usual | more)


def topic(id, title="Tidal power"):
    return Draft(CATALOG["topics"], id, {"title": title, "kind": "technology"})


def aim(id="an-aim", answers=()):
    """An effect that the paper names, in a statement that may answer others."""
    statement = said(f"paper-{id}", id, "subject", object="trust")
    return Draft(CATALOG["effects"], id, {"title": "An aim", "kind": "aim"}, [statement], {statement.id: list(answers)})


def change(database, *drafts, gone=(), **more):
    with database.engine.begin() as connection:
        return apply(connection, CATALOG, Changeset(at=AT, reason=Reason.event, drafts=list(drafts), gone=gone, **more))


def refusal(database, *drafts, gone=()):
    """What is wrong with a changeset, that nothing of it stays, and that the caller need not even look."""
    before = database.contents()
    with pytest.raises(Refused) as refused:
        change(database, *drafts, gone=gone)
    assert database.contents() == before
    return [(fault.record, fault.field) for fault in refused.value.faults]


def changes(database, since=0):
    sql = "SELECT revision, position, op, record, after FROM change WHERE revision > :since ORDER BY revision, position"
    return database.rows(sql, since=since)


@pytest.fixture
def article_drafts(article_seed):
    """The article's drafts by id, as the loader makes them."""
    return {draft.id: draft for draft in read(article_seed).drafts}


def test_the_first_revision_creates_every_record(database):
    assert database.revision == 1
    created = changes(database)
    assert {(revision, op) for revision, _, op, *_ in created} == {(1, "create")}
    assert [position for _, position, *_ in created] == list(range(len(created)))
    assert {record: after for *_, record, after in created} == dict(database.rows("SELECT id, document FROM record"))
    assert database.rows("SELECT number, at, reason, note FROM revision") == [
        (1, AT.isoformat(), "source", f"reference-codes, reference-elements, {ARTICLE}")
    ]


def several_revisions(database, seed):
    """A history with every kind of change."""
    add_second(seed)
    database.prepare(seed)
    Edit(f"{ARTICLE}/places.yaml", "No standard gives it a code.", "It has no code.").apply(seed)
    database.prepare(seed)
    change(database, topic("tidal-power"))
    change(database, topic("tidal-power", "Power of the tides"))
    change(database, gone=["tidal-power"])
    change(database, topic("tidal-power"))


def test_revisions_rise_by_one_and_the_past_stays(own_database, seed_copy):
    first = changes(own_database)
    several_revisions(own_database, seed_copy)
    assert [number for (number,) in own_database.rows("SELECT number FROM revision ORDER BY number")] == list(
        range(1, 8)
    )
    assert own_database.revision == 7
    after = changes(own_database)
    assert after[: len(first)] == first
    assert [(op, record) for _, _, op, record, _ in after[-4:]] == [
        ("create", "tidal-power"),
        ("update", "tidal-power"),
        ("delete", "tidal-power"),
        ("create", "tidal-power"),
    ]
    for number in range(1, 8):
        positions = [position for revision, position, *_ in after if revision == number]
        assert positions == list(range(len(positions)))


def test_the_history_leads_to_what_is_served(own_database, seed_copy):
    several_revisions(own_database, seed_copy)
    played = {}
    for _, _, op, record, after in changes(own_database):
        assert (op == "delete") is (after is None)
        assert (op == "create") is (played.get(record) is None)
        played[record] = after
    assert played == dict(own_database.rows("SELECT id, document FROM record"))
    assert {id: orjson.loads(after) for id, after in played.items() if after} == own_database.documents()


def test_every_digest_follows_from_the_one_before(own_database, seed_copy):
    several_revisions(own_database, seed_copy)
    digests = dict(own_database.rows("SELECT number, digest FROM revision"))
    everything = changes(own_database)
    assert own_database.rows("SELECT digest FROM dataset") == [(digests[7],)]
    assert len(set(digests.values())) == 7
    for number in range(2, 8):
        digest = hashlib.sha256(digests[number - 1].encode())
        for revision, _, op, record, after in everything:
            if revision == number:
                digest.update(f"\n{op} {record} {after}".encode())
        assert digests[number] == digest.hexdigest()


def test_nothing_new_is_no_revision(own_database, article_drafts):
    before = own_database.contents()
    assert change(own_database, *article_drafts.values(), seeded=True).revision == 1
    assert own_database.contents() == before


def test_a_record_comes_goes_and_comes_back(own_database):
    assert change(own_database, topic("tidal-power")).created == 1
    document = own_database.document("tidal-power")
    assert change(own_database, gone=["tidal-power"]).deleted == 1
    state = "SELECT resource, state, title, document FROM record WHERE id = 'tidal-power'"
    assert own_database.rows(state) == [("topics", "deleted", None, None)]
    assert own_database.rows("SELECT count(*) FROM topic WHERE id = 'tidal-power'") == [(0,)]
    assert change(own_database, gone=["tidal-power"]).revision == 3
    assert change(own_database, topic("tidal-power")).created == 1
    assert own_database.document("tidal-power") == document


def test_an_id_stays_that_of_its_resource_even_when_it_is_gone(own_database):
    change(own_database, topic("tidal-power"))
    change(own_database, gone=["tidal-power"])
    place = Draft(CATALOG["places"], "tidal-power", {"title": "Tidal power", "kind": "region"})
    assert refusal(own_database, place) == [("tidal-power", "id")]


def test_what_was_never_there_cannot_be_deleted(own_database):
    assert refusal(own_database, gone=["no-such-record"]) == [("no-such-record", None)]


def test_what_others_link_to_cannot_be_deleted(own_database):
    assert refusal(own_database, gone=["compact-strategic-partnerships"]) != []


def test_a_draft_must_not_take_the_statement_of_another_record(own_database):
    thief = aim()
    thief.statements[0].id, thief.answers = f"{ARTICLE}-f085", {}
    assert ("an-aim", "id") in refusal(own_database, PAPER, thief)


def test_a_said_field_needs_a_statement(own_database):
    draft = topic("tidal-power")
    draft.own["component_of"] = ["energy-storage"]
    assert refusal(own_database, draft) == [("tidal-power", "component_of")]


def test_seeding_leaves_alone_what_did_not_come_from_folders(own_database, seed_copy):
    change(own_database, topic("tidal-power"))
    own_database.prepare(add_second(seed_copy))
    assert own_database.document("tidal-power")["title"] == "Tidal power"


def rival(drafts, kind="contradicts", value=5):
    """The article's draft of the aircraft, with another quantity from a paper."""
    draft = deepcopy(drafts["acquire-p-8i"])
    parts = {"quantity": value, "quantity_relation": "additional"}
    statement = said("paper-quantity", draft.id, "quantity", value=value, parts=parts, position=len(draft.statements))
    draft.statements.append(statement)
    draft.answers[statement.id] = [{"id": QUANTITY, "kind": kind}]
    return draft


def test_a_rival_stands_beside_what_the_article_says(own_database, article_drafts):
    before = own_database.documents()
    change(own_database, PAPER, rival(article_drafts))
    after = own_database.documents()
    disputed = {
        "field": "quantity",
        "value": {"quantity": 5, "quantity_relation": "additional"},
        "source": "paper",
        "statement": "paper-quantity",
    }
    assert after["acquire-p-8i"] == before["acquire-p-8i"] | {"disputed": [disputed]}
    assert after["paper-quantity"]["answers"] == [{"id": QUANTITY, "kind": "contradicts"}]
    assert {id: after[id] for id in before if id != "acquire-p-8i"} == {
        id: record for id, record in before.items() if id != "acquire-p-8i"
    }
    assert own_database.rows("SELECT id FROM record WHERE disputed") == [("acquire-p-8i",)]

    change(own_database, article_drafts["acquire-p-8i"], seeded=True)
    assert own_database.document("acquire-p-8i") == before["acquire-p-8i"]
    assert own_database.rows("SELECT id FROM record WHERE disputed") == []
    assert own_database.rows("SELECT state FROM record WHERE id = 'paper-quantity'") == [("deleted",)]


@pytest.mark.parametrize(
    ("kind", "disputes"),
    [("contradicts", True), ("supersedes", True), ("refines", False), ("corroborates", False), ("fills_gap", False)],
)
def test_what_agrees_disputes_nothing(own_database, article_drafts, kind, disputes):
    change(own_database, PAPER, rival(article_drafts, kind))
    assert bool(own_database.document("acquire-p-8i")["disputed"]) is disputes


def test_an_answer_from_elsewhere_is_seen_in_the_answered_record(own_database):
    before = own_database.document("acquire-p-8i")
    change(own_database, PAPER, aim(answers=[{"id": QUANTITY, "kind": "contradicts"}]))
    touched = {record: op for _, _, op, record, _ in changes(own_database, since=1)}
    created = dict.fromkeys(["paper", "an-aim", "paper-an-aim"], "create")
    assert touched == created | {"acquire-p-8i": "update"}
    assert [dispute["statement"] for dispute in own_database.document("acquire-p-8i")["disputed"]] == ["paper-an-aim"]
    assert own_database.document("acquire-p-8i") | {"disputed": []} == before


@pytest.mark.parametrize("how", ["no longer answers", "is deleted", "answers another"])
def test_an_answer_that_is_taken_back_is_no_longer_seen(own_database, how):
    before = own_database.document("acquire-p-8i")
    change(own_database, PAPER, aim(answers=[{"id": QUANTITY, "kind": "contradicts"}]))
    if how == "is deleted":
        change(own_database, gone=["an-aim"])
    else:
        other = [{"id": f"{ARTICLE}-f085", "kind": "contradicts"}] if how == "answers another" else []
        change(own_database, aim(answers=other))
    assert own_database.document("acquire-p-8i") == before
    assert bool(own_database.document("ncmm")["disputed"]) is (how == "answers another")


def test_a_field_that_the_article_leaves_open_shows_the_best_ranked_other_source(own_database, article_drafts):
    draft = deepcopy(article_drafts["trust"])
    wire = replace(PAPER, id="wire", own=PAPER.own | {"title": "A wire"})
    for source, value, rank in (("paper", "2025-02-13", "normal"), ("wire", "2025-02-14", "preferred")):
        more = {"source": source, "rank": rank, "position": len(draft.statements)}
        draft.statements.append(said(f"{source}-launched", "trust", "launched", value=value, **more))
    change(own_database, PAPER, wire, draft)
    trust = own_database.document("trust")
    assert trust["launched"] == "2025-02-14"
    assert [c["source"] for c in trust["citations"] if "launched" in c["fields"]] == ["wire"]
    assert own_database.rows("SELECT launched_first, launched_last FROM initiative WHERE id = 'trust'") == [
        ("2025-02-14", "2025-02-14")
    ]


def test_writers_at_once_get_revisions_one_after_the_other(own_database):
    together = Barrier(4)

    def write(number):
        together.wait()
        return change(own_database, topic(f"topic-{number}")).revision

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(write, range(4))) == [2, 3, 4, 5]
    assert own_database.revision == 5
    assert len(changes(own_database, since=1)) == 4


def test_the_database_never_lets_a_link_dangle(own_database):
    """Even where a deletion is not refused, it does not get through."""
    before = own_database.contents()
    with pytest.raises((Refused, IntegrityError)):
        change(own_database, gone=["india"])
    assert own_database.contents() == before
