"""The seed holds all that the article says, each fact in its home and cited, and nothing that it does not say."""

import re
from collections import Counter, defaultdict

import pytest

from app.core.fields import Provenance
from app.resources import CATALOG
from app.seeding import read
from tests.seeds import ARTICLE, SEED, Edit, add_second

IDS = {
    "sources": "trust-compact-article reference-codes reference-elements",
    "places": "india united-states china indo-pacific",
    "initiatives": "trust compact icet",
    "pillars": """
        trust-critical-minerals-supply-chains trust-pharmaceuticals trust-technology-transfer-and-innovation
        trust-national-programs
        compact-defense-technology-collaboration compact-co-production-and-procurement compact-strategic-partnerships
        compact-economic-and-industrial-benefits""",
    "programs": "ncmm cmm strategic-mineral-recovery-initiative indus-innovation",
    "organizations": """
        msp msfn quad i2u2 autonomous-systems-industry-alliance hindalco jsw indian-express financial-express""",
    "instruments": "itar rdp-agreement",
    "minerals": "lithium cobalt rare-earth-elements gallium indium",
    "equipment": "javelin stryker p-8i-poseidon f-35",
    "topics": """
        critical-minerals advanced-materials pharmaceuticals defense energy space active-pharmaceutical-ingredients
        emerging-technologies artificial-intelligence semiconductors quantum-computing biotechnology missile-defense
        space-systems undersea-warfare technology-transfer export-controls high-tech-commerce
        defense-industrial-cooperation high-tech-industries aluminum-industry coal-mining oil-and-gas steel-industry
        high-performance-magnets lithium-ion-batteries missiles fighter-jets radars electric-vehicles energy-storage
        ai-hardware mri-machines medical-imaging aircraft unmanned-systems autonomous-underwater-systems""",
    "commitments": """
        smri-recover-and-process minerals-technology-collaboration api-supply-chain-diversification
        reduce-technology-transfer-barriers address-export-controls enhance-high-tech-commerce
        ai-infrastructure-development semiconductor-collaboration defense-technology-co-production
        launch-indus-innovation us-support-for-ncmm
        revisit-export-controls-and-itar joint-defense-rd negotiate-rdp-agreement acquire-javelin acquire-stryker
        acquire-p-8i review-f-35-supply robust-supply-chains improve-intelligence-sharing
        co-develop-autonomous-underwater-systems double-bilateral-trade""",
    "statistics": """
        china-rare-earth-production-share pharma-share-of-india-us-exports-2023 india-us-exports-base-2023
        msp-member-count us-jobs-from-indian-investment""",
    "effects": """
        trust-aim-less-dependence-on-china trust-aim-counter-chinese-mineral-dominance api-aim-fewer-drug-shortages
        compact-aim-trade compact-aim-security compact-aim-economic-ties compact-aim-defense-ties
        compact-aim-technology-transfers compact-aim-operational-readiness smri-benefit-less-reliance-on-china
        trust-benefit-less-dependence-on-china trust-benefit-indian-manufacturing trust-benefit-jobs
        trust-benefit-exports trust-benefit-india-in-emerging-technologies trust-benefit-india-in-msp
        diversification-benefit-national-security rdp-benefit-less-bureaucracy rdp-benefit-trade-efficiency
        f-35-benefit-indian-air-defense export-control-review-benefit-smoother-exchanges
        compact-benefit-indo-pacific-security china-risk-global-supply-chains""",
    "relations": """
        trust-builds-on-msp trust-builds-on-msfn trust-aligns-with-ncmm trust-complements-cmm trust-complements-icet
        compact-complements-quad compact-complements-i2u2 hindalco-invests-in-united-states
        jsw-invests-in-united-states""",
}
"""Every record by resource, pillars and commitments in the order of the article."""

PLACES = {
    "S0": "5",
    "S0.p1": "1",
    "S0.p2": "6-18",
    "S0.p3": "2",
    "S0.p4": "3",
    "S0.p6": "4",
    "S1.p1": "19-22",
    "S2.p1": "23-26",
    "S2.p2": "27-33",
    "S2.p3": "34-41 198",
    "S3.p1": "42-52",
    "S3.p2": "53-60",
    "S4.p1": "61-68 200",
    "S5.p1": "69-74",
    "S5.p2": "75-80",
    "S6.p1": "81-88",
    "S6.p2": "89-96",
    "S7.p1": "97-99 201",
    "S7.p2": "100-103",
    "S7.p3": "104-106 202",
    "S7.p4": "107-112",
    "S7.p5": "113-114",
    "S7.p6": "115-116",
    "S8.p1": "117-120",
    "S8.p2": "121-125",
    "S8.p3": "126-127 203",
    "S8.p4": "128-131",
    "S9.p1": "132-139",
    "S10.p1": "140-146 205-206",
    "S10.p2": "147-151 199 204",
    "S11.p1": "152-160",
    "S11.p2": "161-170",
    "S12.p1": "171-175",
    "S12.p2": "176-180",
    "S13.p1": "181-185",
    "S13.p2": "186-190",
    "S14.p1": "191",
    "S14.p2": "192",
    "S14.p3": "193",
    "S14.p4": "194",
    "S15.p1": "195",
    "S15.p2": "196",
    "S16.p1": "197",
}
"""The rows of the article's ledger by section and paragraph."""

ASIDE = {"F003", "F004", "F135", "F191", "F192", "F193", "F194", "F197"}
"""Rows that are no data."""


def rows_of(numbers):
    for part in numbers.split():
        first, _, last = part.partition("-")
        yield from (f"F{number:03}" for number in range(int(first), int(last or first) + 1))


PLACE_OF = {row: place for place, numbers in PLACES.items() for row in rows_of(numbers)}


@pytest.fixture(scope="module")
def documents(database):
    return database.documents()


@pytest.fixture(scope="module")
def statements(documents):
    return [record for record in documents.values() if record["resource"] == "statements"]


@pytest.fixture(scope="module")
def entities(documents):
    return [record for record in documents.values() if record["resource"] != "statements"]


@pytest.fixture(scope="module")
def participations(entities):
    return [(record, item) for record in entities for item in record.get("participants", ())]


def row_of(statement):
    return re.fullmatch(rf"{ARTICLE}-(f[0-9]{{3}})(-[a-z0-9-]+)?", statement["id"])[1].upper()


def test_every_row_of_the_ledger_is_accounted_for(article_seed):
    rows = read(article_seed).rows[ARTICLE]
    assert sorted(rows) == sorted(PLACE_OF) == [f"F{number:03}" for number in range(1, 207)]
    assert {row for row, how in rows.items() if how == "not_data"} == ASIDE
    assert {row for row, how in rows.items() if how == "silent"} == {"F005"}
    assert Counter(rows.values()) == {"statement": 197, "not_data": 8, "silent": 1}


def test_every_row_that_is_data_makes_a_statement_at_its_place(statements):
    places = defaultdict(set)
    for statement in statements:
        paragraph = statement["paragraph"]
        places[row_of(statement)].add(statement["section"] + (f".p{paragraph}" if paragraph else ""))
    assert places == {row: {place} for row, place in PLACE_OF.items() if row not in {*ASIDE, "F005"}}


def test_every_record_is_there(entities):
    found = defaultdict(set)
    for record in entities:
        found[record["resource"]].add(record["id"])
    assert found == {resource: set(ids.split()) for resource, ids in IDS.items()}


@pytest.mark.parametrize("initiative", ["trust", "compact"])
def test_eleven_commitments_and_four_pillars_each(documents, initiative):
    ids = IDS["commitments"].split()
    half = ids[:11] if initiative == "trust" else ids[11:]
    made = [record for record in documents.values() if record["resource"] == "commitments"]
    assert {record["id"] for record in made if record["initiative"] == initiative} == set(half)
    pillars = [id for id in IDS["pillars"].split() if documents[id]["initiative"] == initiative]
    assert [documents[id]["position"] for id in pillars] == [1, 2, 3, 4]
    assert all(documents[documents[id]["pillar"]]["initiative"] == initiative for id in half)


def fields_with(record, *provenances):
    """The fields of a record that have a value and that these answer for; parts of a composite go by its name."""
    resource = CATALOG[record["resource"]]
    return {
        resource.parts.get(name, name)
        for name in resource.keys
        if resource.provenance(name) in provenances and record[name] not in (None, [], {})
    }


def cited(record):
    return {name for citation in record["citations"] for name in citation["fields"]}


def test_what_a_source_says_is_cited_and_nothing_else(entities, statements):
    said_of = {(statement["subject"], statement["field"]) for statement in statements}
    for record in entities:
        said = fields_with(record, Provenance.said)
        assert said <= cited(record), record["id"]
        stated = {name for name in fields_with(record, Provenance.ours) if (record["id"], name) in said_of}
        assert cited(record) == said | stated | fields_with(record, Provenance.reference), record["id"]


def test_every_value_of_a_list_has_its_statement(documents, statements):
    told = {(s["subject"], s["field"], s["object"] or s["value"]) for s in statements}
    for record in documents.values():
        for name in fields_with(record, Provenance.said) if record["resource"] != "statements" else ():
            for item in record[name] if isinstance(record[name], list) else ():
                if isinstance(item, str) or not item.get("via"):
                    assert (record["id"], name, item if isinstance(item, str) else item["id"]) in told


def test_reference_facts_cite_a_reference_dataset(documents, entities):
    for record in entities:
        for citation in record["citations"]:
            source = documents[citation["source"]]
            of_reference = set(citation["fields"]) <= fields_with(record, Provenance.reference)
            assert (source["kind"] == "reference_dataset") is (bool(citation["fields"]) and of_reference)
            assert (citation["section"] is None) is (source["kind"] == "reference_dataset")


def test_statements_cite_a_section_of_the_article(statements):
    titles = {(statement["section"], statement["section_title"]) for statement in statements}
    assert ("S6", "National Programs") in titles
    assert ("S11", "Accelerate Co-Production and Procurement") in titles
    assert len(titles) == len({section for section, _ in titles}) == 15
    assert {statement["source"] for statement in statements} == {ARTICLE}


@pytest.mark.parametrize(
    ("id", "subject", "field", "value", "object"),
    [
        ("f085", "ncmm", "amount", 343_000_000_000, None),
        ("f165-quantity", "acquire-p-8i", "quantity", 6, None),
        ("f064-india", "api-supply-chain-diversification", "participants", "beneficiary", "india"),
        ("f016-compact", "compact", "horizon", "2030", None),
        ("f016-compact-aim-trade", "compact-aim-trade", "subject", None, "compact"),
        ("f043-activities", "smri-recover-and-process", "activities", "recovery", None),
        ("f037", "trust", "builds_on", None, "msp"),
        ("f186-invests-in", "hindalco", "invests_in", None, "united-states"),
        ("f116", "diversification-benefit-national-security", None, None, None),
    ],
)
def test_statement_ids_follow_from_the_row(documents, id, subject, field, value, object):
    statement = documents[f"{ARTICLE}-{id}"]
    shown = {"subject": subject, "field": field, "value": value, "object": object}
    assert {name: statement[name] for name in shown} == shown


def test_the_record_of_the_example(documents):
    found = {name: value for name, value in documents["acquire-p-8i"].items() if name != "summary"}
    place = {"section": "S11", "section_title": "Accelerate Co-Production and Procurement", "paragraph": 2}
    assert list(found.items()) == list(
        {
            "id": "acquire-p-8i",
            "resource": "commitments",
            "url": "/v1/commitments/acquire-p-8i",
            "title": "Six more P-8I aircraft for India",
            "long_name": None,
            "acronym": None,
            "aliases": [],
            "identifiers": {},
            "initiative": "compact",
            "pillar": "compact-co-production-and-procurement",
            "program": None,
            "kind": "procurement",
            "modality": "will",
            "status": "announced",
            "status_as_of": "2025-02-17",
            "start": None,
            "due": None,
            "amount": None,
            "currency": None,
            "amount_scope": None,
            "multiplier": None,
            "quantity": 6,
            "quantity_relation": "additional",
            "objective": None,
            "status_events": [
                {
                    "status": "announced",
                    "as_of": "2025-02-17",
                    "as_of_basis": "source_date",
                    "source": ARTICLE,
                    "statement": f"{ARTICLE}-f165-equipment",
                }
            ],
            "activities": [],
            "participants": [
                {"id": "india", "role": "buyer", "basis": "stated", "since": None},
                {"id": "united-states", "role": "supplier", "basis": "implied", "since": None},
            ],
            "equipment": ["p-8i-poseidon"],
            "instruments": [],
            "topics": [],
            "minerals": [],
            "not_exhaustive": [],
            "citations": [{"source": ARTICLE, **place, "fields": ["equipment", "participants", "quantity"]}],
            "disputed": [],
        }.items()
    )


def test_the_statement_of_the_example(documents):
    id = f"{ARTICLE}-f165-quantity"
    assert list(documents[id].items()) == list(
        {
            "id": id,
            "resource": "statements",
            "url": f"/v1/statements/{id}",
            "subject": "acquire-p-8i",
            "field": "quantity",
            "value": 6,
            "unit": None,
            "object": None,
            "as_stated": "six additional",
            "basis": "stated",
            "source": ARTICLE,
            "section": "S11",
            "section_title": "Accelerate Co-Production and Procurement",
            "paragraph": 2,
            "locator": None,
            "modality": "will",
            "certainty": "stated",
            "rank": "normal",
            "verification": "unverified",
            "is_exhaustive": None,
            "answers": [],
            "note": None,
        }.items()
    )


def test_china_takes_part_in_nothing(participations):
    assert {item["id"] for _, item in participations} == {
        "india",
        "united-states",
        "autonomous-systems-industry-alliance",
    }


def test_a_review_is_not_a_purchase(entities, documents):
    bought = [record["id"] for record in entities if record.get("kind") == "procurement"]
    assert sorted(bought) == ["acquire-javelin", "acquire-p-8i", "acquire-stryker"]
    review = documents["review-f-35-supply"]
    assert (review["kind"], review["modality"], review["equipment"]) == ("policy_review", "will_review", ["f-35"])
    roles = {item["id"]: item["role"] for item in review["participants"]}
    assert roles == {"united-states": "reviewer", "india": "potential_recipient"}


@pytest.mark.parametrize(
    ("id", "fields"),
    [
        ("trust", "announced launched duration horizon"),
        ("compact", "announced launched"),
        ("icet", "launched"),
        ("acquire-javelin", "quantity quantity_relation amount currency start due"),
        ("acquire-stryker", "quantity quantity_relation amount currency start due"),
        ("review-f-35-supply", "quantity amount"),
        ("negotiate-rdp-agreement", "due"),
        ("robust-supply-chains", "amount currency amount_scope start due multiplier program"),
        (ARTICLE, "publisher web_url published"),
        ("ncmm", "period initiative pillar"),
        ("cmm", "period duration objective"),
        ("china-rare-earth-production-share", "partner period"),
        ("msp-member-count", "partner period"),
        ("diversification-benefit-national-security", "subject object"),
        ("msp", "launched place"),
        ("quad", "launched long_name"),
        ("javelin", "use"),
        ("rdp-agreement", "signed"),
    ],
)
def test_what_no_source_says_is_null(documents, id, fields):
    assert [documents[id][name] for name in fields.split()] == [None] * len(fields.split())


def test_quad_and_i2u2_have_no_members(documents):
    assert documents["quad"]["participants"] == documents["i2u2"]["participants"] == []


@pytest.mark.parametrize(
    ("id", "shown"),
    [
        ("ncmm", {"amount": 343_000_000_000, "currency": "INR", "amount_scope": "unspecified", "duration": "P7Y"}),
        ("cmm", {"amount": 675_000_000, "currency": "USD", "amount_scope": "unspecified", "place": "united-states"}),
        (
            "double-bilateral-trade",
            {"amount": 500_000_000_000, "currency": "USD", "amount_scope": "target", "due": "2030", "multiplier": 2},
        ),
        ("china-rare-earth-production-share", {"value": 70, "unit": "percent", "relation": "about"}),
        ("pharma-share-of-india-us-exports-2023", {"value": 21.9, "unit": "percent", "period": "2023"}),
        ("india-us-exports-base-2023", {"value": 20_000_000_000, "unit": "USD", "period": "2023"}),
        ("msp-member-count", {"value": 14, "relation": "exact", "subject": "msp"}),
        ("us-jobs-from-indian-investment", {"value": 3000, "unit": "jobs", "relation": "more_than"}),
        ("compact", {"duration": "P10Y", "horizon": "2030", "kind_as_stated": "strategic framework"}),
        ("trust", {"kind": "bilateral_initiative", "kind_as_stated": "bilateral agreement", "acronym": "TRUST"}),
        ("icet", {"announced": "2022", "level": "referenced"}),
        ("negotiate-rdp-agreement", {"start": "2025", "modality": "will_negotiate"}),
        ("gallium", {"symbol": "Ga", "atomic_number": 31}),
        ("artificial-intelligence", {"broader": "emerging-technologies", "acronym": "AI"}),
        ("active-pharmaceutical-ingredients", {"broader": "pharmaceuticals", "acronym": "API"}),
    ],
)
def test_figures_and_dates(documents, id, shown):
    assert {name: documents[id][name] for name in shown} == shown


def test_money_has_a_currency(entities):
    for record in entities:
        if "amount" in record:
            assert (record["amount"] is None) is (record["currency"] is None) is (record["amount_scope"] is None)
        if "quantity" in record:
            assert (record["quantity"] is None) is (record["quantity_relation"] is None)


@pytest.mark.parametrize(
    ("mineral", "uses"),
    [
        ("gallium", {("semiconductors", "stated", None), ("ai-hardware", "stated", None)}),
        ("indium", {("semiconductors", "stated", None), ("ai-hardware", "stated", None)}),
        (
            "cobalt",
            {
                ("high-performance-magnets", "group", None),
                ("lithium-ion-batteries", "group", None),
                ("missiles", "group", "high-performance-magnets"),
                ("fighter-jets", "group", "high-performance-magnets"),
                ("radars", "group", "high-performance-magnets"),
                ("electric-vehicles", "group", "lithium-ion-batteries"),
                ("energy-storage", "group", "lithium-ion-batteries"),
            },
        ),
    ],
)
def test_uses_of_minerals(documents, mineral, uses):
    assert {(use["id"], use["basis"], use["via"]) for use in documents[mineral]["uses"]} == uses


def test_uses_through_a_component_are_told_from_direct_ones(documents):
    cobalt = {(use["id"], use["via"]) for use in documents["cobalt"]["uses"]}
    assert {(use["id"], use["via"]) for use in documents["lithium"]["uses"]} == cobalt
    rare = {(use["id"], use["basis"], use["via"]) for use in documents["rare-earth-elements"]["uses"]}
    assert {("mri-machines", "stated", None), ("medical-imaging", "stated", None)} <= rare
    assert len(rare) == len(cobalt) + 2


def test_open_lists_are_marked(entities):
    marked = {record["id"]: record["not_exhaustive"] for record in entities if record["not_exhaustive"]}
    assert marked == {
        "trust": ["topics"],
        "smri-recover-and-process": ["minerals"],
        "strategic-mineral-recovery-initiative": ["minerals", "source_industries"],
        "ncmm": ["activities"],
        "revisit-export-controls-and-itar": ["topics"],
        "joint-defense-rd": ["topics"],
        "rdp-agreement": ["topics"],
        "trust-benefit-indian-manufacturing": ["topics"],
        "trust-benefit-india-in-emerging-technologies": ["topics"],
        "artificial-intelligence": ["broader"],
        "semiconductors": ["broader"],
        "quantum-computing": ["broader"],
        "compact-complements-quad": ["object"],
        "compact-complements-i2u2": ["object"],
    }


def test_nothing_is_disputed_by_the_article_alone(entities):
    assert all(record["disputed"] == [] for record in entities)


def test_words_as_printed_are_names_and_figures_never_sentences(statements):
    for statement in statements:
        words = statement["as_stated"] or ""
        assert len(words) <= 50, words
        assert len(words.split()) <= 6, words
        assert not words.endswith("."), words


def test_every_record_is_described(entities):
    for record in entities:
        assert record["title"]
        assert record["resource"] == "relations" or record["summary"].endswith("."), record["id"]


def test_documents_have_the_keys_of_their_resource_in_order(documents):
    for record in documents.values():
        assert tuple(record) == CATALOG[record["resource"]].keys
        CATALOG[record["resource"]].read.model_validate(record)


def test_the_program_carries_these_folders():
    assert {path.name for path in SEED.iterdir()} >= {"LICENSE", ARTICLE, "reference-codes", "reference-elements"}


def test_loading_again_makes_no_new_revision(own_database, seed_copy):
    before = own_database.contents()
    assert own_database.prepare(seed_copy) is None
    assert own_database.contents() == before


def test_loading_the_same_in_other_words_of_yaml_makes_no_new_revision(own_database, seed_copy):
    before = own_database.contents()
    Edit(f"{ARTICLE}/commitments.yaml", "", "\n# A remark.\n").apply(seed_copy)
    outcome = own_database.prepare(seed_copy)
    assert (outcome.revision, outcome.created, outcome.updated, outcome.deleted) == (1, 0, 0, 0)
    after = own_database.contents()
    assert after.pop("dataset") != before.pop("dataset")
    assert after == before
    assert own_database.prepare(seed_copy) is None


def test_a_new_summary_is_one_change(own_database, seed_copy):
    Edit(f"{ARTICLE}/places.yaml", "No standard gives it a code.", "It has no code.").apply(seed_copy)
    outcome = own_database.prepare(seed_copy)
    assert (outcome.revision, outcome.created, outcome.updated, outcome.deleted) == (2, 0, 1, 0)
    changes = own_database.rows("SELECT op, record, after FROM change WHERE revision = 2")
    document = own_database.rows("SELECT document FROM record WHERE id = 'indo-pacific'")[0][0]
    assert changes == [("update", "indo-pacific", document)]
    assert "It has no code." in document


COBALT_TOPIC = "      F099: {topics: critical-minerals}\n"


def test_a_statement_that_left_the_folder_is_deleted_and_its_record_updated(own_database, seed_copy):
    Edit(f"{ARTICLE}/minerals.yaml", f"    S7.p1:\n{COBALT_TOPIC}", "").apply(seed_copy)
    assert own_database.prepare(seed_copy).revision == 2
    changes = own_database.rows("SELECT op, record FROM change WHERE revision = 2 ORDER BY position")
    assert changes == [("update", "cobalt"), ("delete", f"{ARTICLE}-f099")]
    assert own_database.document("cobalt")["topics"] == []


AIR_DEFENSE = re.compile(r"\n- id: f-35-benefit-indian-air-defense\n(?:  .*\n)+")


def test_a_record_that_left_the_folder_is_deleted_and_comes_back(own_database, seed_copy):
    id, statement = "f-35-benefit-indian-air-defense", f"{ARTICLE}-f170"
    path = seed_copy / ARTICLE / "effects.yaml"
    whole = path.read_text(encoding="utf-8")
    before = own_database.documents()

    path.write_text(AIR_DEFENSE.sub("", whole), encoding="utf-8")
    outcome = own_database.prepare(seed_copy)
    assert (outcome.revision, outcome.created, outcome.updated, outcome.deleted) == (2, 0, 0, 2)
    gone = own_database.rows("SELECT state, document FROM record WHERE id IN (:a, :b)", a=id, b=statement)
    assert gone == [("deleted", None)] * 2
    assert own_database.rows("SELECT count(*) FROM effect WHERE id = :id", id=id) == [(0,)]
    assert own_database.rows("SELECT count(*) FROM statement WHERE id = :id", id=statement) == [(0,)]
    changes = own_database.rows("SELECT op, record, after FROM change WHERE revision = 2 ORDER BY position")
    assert changes == [("delete", id, None), ("delete", statement, None)]
    assert own_database.documents() == {key: value for key, value in before.items() if key not in (id, statement)}

    path.write_text(whole, encoding="utf-8")
    outcome = own_database.prepare(seed_copy)
    assert (outcome.revision, outcome.created, outcome.updated, outcome.deleted) == (3, 2, 0, 0)
    assert own_database.documents() == before
    changes = own_database.rows("SELECT op, record FROM change WHERE revision = 3 ORDER BY position")
    assert changes == [("create", id), ("create", statement)]


def test_a_second_source_loads_beside_the_article(own_database, seed_copy):
    before = own_database.documents()
    outcome = own_database.prepare(add_second(seed_copy))
    after = own_database.documents()
    assert (outcome.revision, outcome.updated, outcome.deleted) == (2, 0, 0)
    assert outcome.created == len(after) - len(before) > 60
    assert {id: after[id] for id in before} == before
    own = [record for id, record in after.items() if id not in before]
    assert Counter(r["resource"] for r in own)["pillars"] == 3
    assert after["vessmark-nickel-fund"]["currency"] == "EUR"
    assert after["raise-nickel-trade"]["currency"] == "JPY"
    assert after["raise-nickel-trade"]["multiplier"] == 1.5
    assert (after["lantern"]["launched"], after["lantern"]["horizon"]) == ("2025-09-12", "2035")
    assert after["report-to-parliaments"]["pillar"] is None
    assert after["nickel"]["uses"][-1]["via"] == "lithium-ion-batteries"


def test_a_status_that_the_source_gives_stands_above_the_day_of_the_source(own_database, seed_copy):
    own_database.prepare(add_second(seed_copy))
    heron = own_database.document("acquire-sea-heron")
    assert (heron["status"], heron["status_as_of"]) == ("approved", "2025-09")


def test_a_second_source_can_be_taken_out_again(own_database, seed_copy, article_seed):
    before = own_database.documents()
    own_database.prepare(add_second(seed_copy))
    outcome = own_database.prepare(article_seed)
    assert (outcome.created, outcome.updated) == (0, 0)
    assert outcome.deleted > 60
    assert own_database.documents() == before
