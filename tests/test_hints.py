"""Every hint, typed: whatever people bring from elsewhere leads to a parameter or an address that works."""

from urllib.parse import quote

import pytest

from app.api.params import CONTROLS, ELSEWHERE
from app.resources import CATALOG
from tests.oracle import EVERY, everything

WORDS = [
    pytest.param(catalog, resource, word, meant, id=f"{resource.name}-{word}")
    for catalog, resource in EVERY
    for word, meant in {
        # Where two filters know a word, the one declared first has it.
        word: meant
        for entry in reversed(catalog.filters(resource).values())
        for word, meant in entry.also.items()
    }.items()
]
NAMES = [pytest.param(word, url, id=word) for word, url in CATALOG.mistaken.items()]
LISTS = [pytest.param(*pair, id=pair[1].name) for pair in EVERY]


def example(client, resource, entry):
    """A value that a filter takes: its example, or one that is there."""
    there = [doc[entry.name] for doc in everything(client, resource.name) if doc.get(entry.name) is not None]
    return entry.example if entry.example not in ("", "None") else str(there[0]) if there else "2025"


@pytest.mark.parametrize(("catalog", "resource", "word", "meant"), WORDS)
def test_word_of_a_filter_leads_to_what_is_declared(client, catalog, resource, word, meant):
    assert word not in catalog.parameters(resource), "a parameter can be no hint for itself"
    name = meant.partition("=")[0]
    parameter = catalog.parameters(resource)[name]
    value = example(client, resource, parameter.filter)
    answer = client.get(f"/v1/{resource.name}", params={word: value})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["parameter"], error["reason"]) == (word, "unknown_parameter")
    hint = meant.replace("{value}", quote(value, safe=""))
    assert error["did_you_mean"] == [hint]
    query = hint if "=" in hint else f"{hint}={quote(value, safe='')}"
    if parameter.filter.unit and "__" in name:
        query += f"&{parameter.filter.unit}={catalog.filters(resource)[parameter.filter.unit].example}"
    assert client.get(f"/v1/{resource.name}?{query}").status_code == 200


@pytest.mark.parametrize(("catalog", "resource"), LISTS)
def test_words_of_other_apis_lead_to_parameters_of_every_list(client, catalog, resource):
    own = {word: meant for entry in catalog.filters(resource).values() for word, meant in entry.also.items()}
    known = (*CONTROLS, *catalog.parameters(resource))
    for word in ELSEWHERE.keys() - catalog.parameters(resource).keys():
        (error,) = client.get(f"/v1/{resource.name}", params={word: "10"}).json()["errors"]
        assert error["reason"] == "unknown_parameter"
        hint = own.get(word, ELSEWHERE[word])
        assert error["did_you_mean"] == [hint] or hint not in known, word


def test_hinted_controls_work(client):
    values = {
        "limit": "1",
        "sort": "-title",
        "fields": "title",
        "include": "statements",
        "facet": "kind",
        "format": "csv",
        "q": "india",
    }
    for meant in set(ELSEWHERE.values()) & set(CONTROLS) - {"cursor"}:
        assert client.get("/v1/commitments", params={meant: values[meant]}).status_code == 200, meant
    assert client.get(client.get("/v1/commitments?limit=1").json()["links"]["next"]).status_code == 200


@pytest.mark.parametrize(("word", "url"), NAMES)
def test_word_for_a_resource_leads_to_a_list_with_records(client, word, url):
    answer = client.get(f"/v1/{word}")
    assert answer.status_code == 404
    (error,) = answer.json()["errors"]
    assert error["did_you_mean"] == [url]
    assert url in answer.json()["detail"]
    found = client.get(url)
    assert found.status_code == 200
    assert found.json()["meta"]["total"] > 0


def test_words_of_the_contract_are_all_known(client):
    """Every mistake of the list, word by word."""
    words = {
        "type": "kind", "country": "participant", "party": "participant=india&role=party",
        "buyer": "participant=india&role=buyer", "sector": "topic", "technology": "topic", "tag": "topic",
        "deadline": "due__lte", "due_before": "due__lte", "page": "cursor", "offset": "cursor",
        "per_page": "limit", "page_size": "limit", "order_by": "sort", "select": "fields", "expand": "include",
        "embed": "include", "group_by": "facet", "search": "q",
    }  # fmt: skip
    for word, meant in words.items():
        (error,) = client.get("/v1/commitments", params={word: "india"}).json()["errors"]
        assert error["did_you_mean"] == [meant], word
    names = {
        "procurements": "/v1/commitments?kind=procurement", "countries": "places", "technologies": "topics",
        "sectors": "topics", "figures": "statistics", "indicators": "statistics", "claims": "statements",
        "risks": "effects", "benefits": "effects", "goals": "effects", "agreements": "instruments",
        "laws": "instruments", "companies": "organizations",
    }  # fmt: skip
    for word, meant in names.items():
        (error,) = client.get(f"/v1/{word}").json()["errors"]
        (hint,) = error["did_you_mean"]
        assert hint.startswith(meant if meant.startswith("/") else f"/v1/{meant}")


@pytest.mark.parametrize(("catalog", "resource"), LISTS)
def test_singular_leads_to_the_plural(client, catalog, resource):
    if resource.singular != resource.name:
        (error,) = client.get(f"/v1/{resource.singular}").json()["errors"]
        assert error["did_you_mean"] == [f"/v1/{resource.name}"]


@pytest.mark.parametrize(("catalog", "resource"), LISTS)
def test_trailing_slash_gets_a_hint(client, catalog, resource):
    answer = client.get(f"/v1/{resource.name}/")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["did_you_mean"] == [f"/v1/{resource.name}"]


@pytest.mark.parametrize(("catalog", "resource"), LISTS)
def test_mistyped_id_in_a_path_gets_a_hint_that_works(client, catalog, resource):
    id = resource.example[:-2] + resource.example[-1] if len(resource.example) > 6 else f"{resource.example}x"
    answer = client.get(f"/v1/{resource.name}/{id}")
    assert answer.status_code == 404
    hints = answer.json()["errors"][0]["did_you_mean"]
    assert f"/v1/{resource.name}/{resource.example}" in hints
    assert all(client.get(hint).status_code in (200, 307) for hint in hints)


@pytest.mark.parametrize("word", ["zzz", "xyzzy", "q9", "foo"])
def test_no_hint_is_better_than_a_wrong_one(client, word):
    for url in (f"/v1/commitments?{word}=1", f"/v1/commitments?kind={word}", f"/v1/{word}", f"/v1/commitments/{word}"):
        (error,) = client.get(url).json()["errors"]
        assert error["did_you_mean"] == []
        assert "Did you mean" not in error["detail"]


def test_id_of_another_resource_leads_there(client):
    (error,) = client.get("/v1/commitments/gallium").json()["errors"]
    assert error["did_you_mean"] == ["/v1/minerals/gallium"]
