"""The questions that the API is for, with their answers: those of the issue and those of the records page."""

import pytest

PROCUREMENTS = ["acquire-javelin", "acquire-p-8i", "acquire-stryker"]

QUESTIONS = {
    "all COMPACT procurements": ("/v1/commitments?initiative=compact&kind=procurement", PROCUREMENTS),
    "minerals used in semiconductors": ("/v1/minerals?used_in=semiconductors", ["gallium", "indium"]),
    "minerals used in fighter jets, through a component": (
        "/v1/minerals?used_in=fighter-jets",
        ["cobalt", "lithium", "rare-earth-elements"],
    ),
    "commitments due by 2030": ("/v1/commitments?due__lte=2030", ["double-bilateral-trade"]),
    "programs funded in INR": ("/v1/programs?currency=INR", ["ncmm"]),
    "COMPACT policy reviews": (
        "/v1/commitments?initiative=compact&kind=policy_review",
        ["review-f-35-supply", "revisit-export-controls-and-itar"],
    ),
    "commitments in which India is the buyer": ("/v1/commitments?participant=india&role=buyer", PROCUREMENTS),
    "minerals that the Strategic Mineral Recovery Initiative targets": (
        "/v1/minerals?program=strategic-mineral-recovery-initiative",
        ["cobalt", "lithium", "rare-earth-elements"],
    ),
    "what TRUST builds on": (
        "/v1/relations?subject=trust&kind=builds_on",
        ["trust-builds-on-msfn", "trust-builds-on-msp"],
    ),
    "parties of TRUST": ("/v1/initiatives?participant=united-states&role=party&id=trust", ["trust"]),
    "pillars of COMPACT in order": (
        "/v1/pillars?initiative=compact&sort=position",
        [
            "compact-defense-technology-collaboration",
            "compact-co-production-and-procurement",
            "compact-strategic-partnerships",
            "compact-economic-and-industrial-benefits",
        ],
    ),
    "risks": ("/v1/effects?kind=risk", ["china-risk-global-supply-chains"]),
}


@pytest.mark.parametrize(("url", "expected"), QUESTIONS.values(), ids=QUESTIONS.keys())
def test_question_has_its_answer(client, url, expected):
    page = client.get(url).json()
    assert [record["id"] for record in page["data"]] == expected
    assert page["meta"]["total"] == len(expected)


def test_procurements_show_quantities_and_citations(client):
    records = {
        one["id"]: one for one in client.get("/v1/commitments?initiative=compact&kind=procurement").json()["data"]
    }
    assert (records["acquire-p-8i"]["quantity"], records["acquire-p-8i"]["quantity_relation"]) == (6, "additional")
    for id in ("acquire-javelin", "acquire-stryker"):
        assert (records[id]["quantity"], records[id]["quantity_relation"]) == (None, None)
    for record in records.values():
        assert {"trust-compact-article"} == {citation["source"] for citation in record["citations"]}


def test_what_compact_complements_is_not_exhaustive(client):
    found = client.get("/v1/relations?subject=compact&kind=complements").json()["data"]
    assert [relation["object"] for relation in found] == ["i2u2", "quad"]
    assert all(relation["not_exhaustive"] == ["object"] for relation in found)


def test_amount_of_the_program_funded_in_rupees(client):
    (ncmm,) = client.get("/v1/programs?currency=INR").json()["data"]
    assert (ncmm["amount"], ncmm["currency"]) == (343_000_000_000, "INR")


def test_where_34300_crore_comes_from(client):
    (statement,) = client.get("/v1/statements?subject=ncmm&field=amount").json()["data"]
    place = ("source", "section", "section_title", "paragraph")
    assert [statement[key] for key in place] == ["trust-compact-article", "S6", "National Programs", 1]
    assert (statement["value"], statement["unit"]) == (343_000_000_000, "INR")
    assert statement["as_stated"] == "₹34,300 crore"


def test_minerals_of_the_recovery_initiative_are_examples(client):
    program = client.get("/v1/programs/strategic-mineral-recovery-initiative").json()
    assert program["minerals"] == ["lithium", "cobalt", "rare-earth-elements"]
    assert "minerals" in program["not_exhaustive"]


def test_parties_of_trust_include_launching_parties(client):
    trust = client.get("/v1/initiatives/trust").json()
    assert [(one["id"], one["role"]) for one in trust["participants"]] == [
        ("india", "launching_party"),
        ("united-states", "launching_party"),
    ]
    for party in ("india", "united-states"):
        found = client.get(f"/v1/initiatives?participant={party}&role=party").json()["data"]
        assert "trust" in [one["id"] for one in found]


def test_what_no_source_says_is_null(client):
    assert client.get("/v1/initiatives/trust").json()["launched"] is None
    assert client.get("/v1/commitments/acquire-javelin").json()["quantity"] is None
    assert client.get("/v1/sources/trust-compact-article").json()["publisher"] is None


def test_china_takes_part_in_nothing(client):
    for name in ("initiatives", "programs", "commitments", "organizations", "instruments"):
        assert client.get(f"/v1/{name}?participant=china").json()["meta"]["total"] == 0


HINTS = [
    ("/v1/commitments?knd=procurement", 422, "kind", "/v1/commitments?kind=procurement"),
    ("/v1/commitments?kind=procurment", 422, "procurement", "/v1/commitments?kind=procurement"),
    ("/v1/commitments?initiative=compct", 422, "compact", "/v1/commitments?initiative=compact"),
    ("/v1/commitments?type=procurement", 422, "kind", "/v1/commitments?kind=procurement"),
    ("/v1/commitments?country=india", 422, "participant", "/v1/commitments?participant=india"),
    ("/v1/commitments?page=2", 422, "cursor", None),
    ("/v1/procurements", 404, "/v1/commitments?kind=procurement", "/v1/commitments?kind=procurement"),
]


@pytest.mark.parametrize(("url", "status", "hint", "corrected"), HINTS, ids=[url for url, *_ in HINTS])
def test_mistake_gets_the_right_hint(client, url, status, hint, corrected):
    answer = client.get(url)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    (error,) = answer.json()["errors"]
    assert error["did_you_mean"] == [hint]
    assert f"Did you mean {hint}?" in answer.json()["detail"]
    assert corrected is None or client.get(corrected).json()["meta"]["total"] > 0
