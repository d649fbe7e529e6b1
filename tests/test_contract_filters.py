"""The contract: filters, links, aliases. What each suffix finds stands in test_every_resource.py."""

import pytest


def found(client, url):
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    return [record["id"] for record in answer.json()["data"]]


def test_repeated_and_comma_separated_values_are_alternatives(client):
    both = found(client, "/v1/commitments?kind=procurement,policy_review")
    assert len(both) == 5
    assert found(client, "/v1/commitments?kind=procurement&kind=policy_review") == both
    assert found(client, "/v1/commitments?kind=procurement,policy_review&kind=procurement") == both


def test_different_filters_must_all_hold(client):
    assert found(client, "/v1/commitments?kind=policy_review&equipment=f-35") == ["review-f-35-supply"]


def test_id_takes_several_on_every_list(client):
    assert found(client, "/v1/minerals?id=gallium,indium,lithium&sort=-id") == ["lithium", "indium", "gallium"]
    assert found(client, "/v1/statements?id=trust-compact-article-f085") == ["trust-compact-article-f085"]
    assert found(client, "/v1/records?id=gallium,compact") == ["compact", "gallium"]


def test_comparisons_never_match_null_and_not_is_the_exact_complement(client):
    all_of_them = set(found(client, "/v1/commitments"))
    before, after = (set(found(client, f"/v1/commitments?due__{way}=2030")) for way in ("lte", "gt"))
    assert before | after == {"double-bilateral-trade"}
    assert set(found(client, "/v1/commitments?due__not=2030")) == all_of_them - {"double-bilateral-trade"}
    assert set(found(client, "/v1/commitments?quantity__not=6")) == all_of_them - {"acquire-p-8i"}


def test_not_on_a_link_means_none_of_them(client):
    with_it = set(found(client, "/v1/commitments?topic=defense"))
    without = set(found(client, "/v1/commitments?topic__not=defense"))
    assert with_it
    assert not with_it & without
    assert with_it | without == set(found(client, "/v1/commitments"))


def test_not_on_a_reverse_link_includes_records_that_nothing_links_to(client):
    found_there = set(found(client, "/v1/programs?commitment=us-support-for-ncmm"))
    assert found_there == {"ncmm"}
    assert (
        set(found(client, "/v1/programs?commitment__not=us-support-for-ncmm"))
        == set(found(client, "/v1/programs")) - found_there
    )


def test_partial_dates_lie_within_or_compare_by_first_and_last_day(client):
    only = ["double-bilateral-trade"]
    assert found(client, "/v1/commitments?due=2030") == only
    assert found(client, "/v1/commitments?due=2029/2031") == only
    assert found(client, "/v1/commitments?due=2030-06") == []
    assert (
        found(client, "/v1/commitments?due__gte=2030") == found(client, "/v1/commitments?due__gte=2030-01-01") == only
    )
    assert found(client, "/v1/commitments?due__gte=2030-01-02") == []
    assert found(client, "/v1/commitments?due__lte=2030-12-31") == only
    assert found(client, "/v1/commitments?due__lte=2030-12-30") == []
    assert found(client, "/v1/commitments?due__gt=2029") == only
    assert found(client, "/v1/commitments?due__gt=2030") == []
    assert found(client, "/v1/commitments?due__lt=2031") == only
    assert found(client, "/v1/commitments?due__lt=2030-12") == []


def test_text_is_compared_without_case_and_accents(client):
    assert found(client, "/v1/minerals?title=GÁLLIUM") == ["gallium"]
    assert found(client, "/v1/minerals?title__contains=LLI") == ["gallium"]
    assert found(client, "/v1/minerals?title__contains=%25") == []
    assert found(client, "/v1/minerals?title__contains=_") == []
    assert found(client, "/v1/minerals?title__contains=%5C") == []


ALIASES = [
    ("/v1/commitments?initiative=COMPACT&kind=procurement", "/v1/commitments?initiative=compact&kind=procurement"),
    ("/v1/programs?mineral=Li", "/v1/programs?mineral=lithium"),
    ("/v1/programs?mineral=li,Co", "/v1/programs?mineral=lithium,cobalt"),
    ("/v1/commitments?equipment=P8I", "/v1/commitments?equipment=p-8i-poseidon"),
    ("/v1/relations?object=MSP", "/v1/relations?object=msp"),
    ("/v1/statistics?mineral=REE", "/v1/statistics?mineral=rare-earth-elements"),
    ("/v1/commitments?initiative__not=Compact", "/v1/commitments?initiative__not=compact"),
    ("/v1/minerals?id=Ga", "/v1/minerals?id=gallium"),
]


@pytest.mark.parametrize(("alias", "plain"), ALIASES, ids=[alias for alias, _ in ALIASES])
def test_alias_acronym_and_symbol_resolve_in_filters(client, alias, plain):
    given, meant = client.get(alias), client.get(plain)
    assert given.content == meant.content
    assert meant.json()["meta"]["total"] > 0
    assert given.json()["links"]["self"] == plain


PATHS = [
    ("/v1/minerals/Li", "/v1/minerals/lithium"),
    ("/v1/minerals/rare%20earths", "/v1/minerals/rare-earth-elements"),
    ("/v1/initiatives/COMPACT", "/v1/initiatives/compact"),
    ("/v1/organizations/ASIA", "/v1/organizations/autonomous-systems-industry-alliance"),
    ("/v1/initiatives/TRUST/commitments?limit=2", "/v1/initiatives/trust/commitments?limit=2"),
    ("/v1/minerals/Li?fields=title", "/v1/minerals/lithium?fields=title"),
]


@pytest.mark.parametrize(("alias", "target"), PATHS, ids=[alias for alias, _ in PATHS])
def test_alias_in_a_path_is_307(client, alias, target):
    answer = client.get(alias)
    assert (answer.status_code, answer.headers["location"]) == (307, target)
    assert client.get(target).status_code == 200


def test_participant_role_and_basis_test_one_and_the_same_participation(client):
    assert found(client, "/v1/commitments?participant=india&role=buyer") == [
        "acquire-javelin",
        "acquire-p-8i",
        "acquire-stryker",
    ]
    assert found(client, "/v1/commitments?participant=united-states&role=buyer") == []
    assert found(client, "/v1/commitments?participant=united-states&role=supplier&basis=implied") == [
        "acquire-javelin",
        "acquire-p-8i",
        "acquire-stryker",
    ]
    # India's part is stated and the other's implied: no one part is both.
    assert found(client, "/v1/commitments?participant=united-states&role=supplier&basis=stated") == []
    assert found(client, "/v1/commitments?role=potential_recipient") == ["review-f-35-supply"]


def test_party_includes_launching_party_but_not_the_reverse(client):
    assert found(client, "/v1/initiatives?participant=india&role=party") == ["compact", "trust"]
    assert found(client, "/v1/initiatives?participant=india&role=launching_party") == ["trust"]


def test_topic_is_direct_and_within_adds_narrower_ones(client):
    direct = set(found(client, "/v1/initiatives?topic=pharmaceuticals"))
    within = set(found(client, "/v1/initiatives?topic__within=pharmaceuticals"))
    assert direct <= within
    assert "trust" in within
    assert found(client, "/v1/commitments?topic=emerging-technologies") == []
    assert "semiconductor-collaboration" in found(client, "/v1/commitments?topic__within=emerging-technologies")
    assert found(client, "/v1/topics?broader__within=emerging-technologies") == [
        "artificial-intelligence",
        "quantum-computing",
        "semiconductors",
    ]


def test_used_in_goes_through_components_and_basis_speaks_of_the_same_use(client):
    assert found(client, "/v1/minerals?used_in=fighter-jets") == ["cobalt", "lithium", "rare-earth-elements"]
    assert found(client, "/v1/minerals?used_in=fighter-jets&basis=group") == [
        "cobalt",
        "lithium",
        "rare-earth-elements",
    ]
    assert found(client, "/v1/minerals?used_in=fighter-jets&basis=stated") == []
    uses = {use["id"]: use for use in client.get("/v1/minerals/cobalt").json()["uses"]}
    assert uses["fighter-jets"] == {"id": "fighter-jets", "basis": "group", "via": "high-performance-magnets"}


def test_about_finds_statements_whose_subject_object_or_value_mentions_the_id(client):
    ids = found(client, "/v1/statements?about=msp&limit=500")
    fields = {"subject", "object"}
    docs = client.get("/v1/statements?limit=500").json()["data"]
    mentioned = {doc["id"] for doc in docs if "msp" in {doc[key] for key in fields}}
    assert mentioned <= set(ids)
    assert {doc["id"] for doc in docs if doc["subject"] == "msp"} < set(ids)


def test_subject_kind_and_object_on_relations_effects_and_statistics(client):
    assert found(client, "/v1/relations?subject=trust&kind=complements&object=icet") == ["trust-complements-icet"]
    assert "trust-benefit-india-in-msp" in found(client, "/v1/effects?object=msp&kind=benefit")
    assert found(client, "/v1/statistics?subject=china") == ["china-rare-earth-production-share"]


def test_status_on_filters_by_the_status_then_in_force(client):
    everything = found(client, "/v1/commitments")
    assert found(client, "/v1/commitments?status=announced&status_on=2025-12-01") == everything
    assert found(client, "/v1/commitments?status=fulfilled&status_on=2025-12-01") == []
    assert found(client, "/v1/commitments?status=announced&status_on=2025-02-16") == []


def test_disputed_filters(client):
    assert found(client, "/v1/records?disputed=true") == []
    assert (
        client.get("/v1/records?disputed=false").json()["meta"]["total"]
        == client.get("/v1/records").json()["meta"]["total"]
    )
