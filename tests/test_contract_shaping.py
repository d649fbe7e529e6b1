"""The contract: index, envelope, sort, fields, include, facets, nested lists, records."""

import pytest

from app.core.filters import One
from app.resources import CATALOG
from tests.oracle import everything

NESTED = [
    pytest.param(resource, relative, id=f"{resource.name}-{relative.name}")
    for resource in CATALOG
    for relative in CATALOG.nested(resource).values()
]
INCLUDES = [
    pytest.param(resource, relative, id=f"{resource.name}-{relative.name}")
    for resource in CATALOG
    for relative in CATALOG.relatives(resource).values()
]


def get(client, url):
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_index_lists_resources_with_counts_and_urls(client):
    index = get(client, "/v1")
    assert {"revision", "license", "attribution", "stability", "resources"} <= index.keys()
    assert (index["license"]["code"]["name"], index["license"]["data"]["name"]) == ("MIT", "CC BY 4.0")
    assert [one["name"] for one in index["resources"]] == [resource.name for resource in CATALOG]
    for one in index["resources"]:
        assert get(client, one["url"])["meta"]["total"] == one["count"] > 0
        assert get(client, one["example"])["resource"] == one["name"]


def test_root_sends_programs_to_the_index(client):
    answer = client.get("/", follow_redirects=True, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert str(answer.url).endswith("/v1")
    page = client.get("/", follow_redirects=True, headers={"Accept": "text/html,application/xhtml+xml"})
    assert page.headers["content-type"].startswith("text/html")


def test_list_has_data_meta_and_links(client):
    body = get(client, "/v1/commitments?kind=procurement&initiative=compact")
    assert list(body) == ["data", "meta", "links"]
    meta = {key: body["meta"][key] for key in ("total", "total_is_exact", "limit", "facets")}
    assert meta == {"total": 3, "total_is_exact": True, "limit": 50, "facets": {}}
    assert body["meta"]["revision"] == get(client, "/v1")["revision"]
    assert body["links"] == {"self": "/v1/commitments?initiative=compact&kind=procurement", "next": None, "prev": None}


def test_record_is_bare_on_its_own_url_and_the_same_in_a_list(client):
    record = get(client, "/v1/commitments/acquire-p-8i")
    (item,) = get(client, "/v1/commitments?id=acquire-p-8i")["data"]
    assert record == item
    assert list(record)[:6] == ["id", "resource", "url", "title", "long_name", "acronym"]
    assert list(record)[-3:] == ["not_exhaustive", "citations", "disputed"]


def test_keys_are_never_omitted(client):
    for resource in CATALOG:
        assert {tuple(doc) for doc in everything(client, resource.name)} == {resource.keys}


def test_sort_takes_three_keys_nulls_last_both_ways(client):
    for sort in ("due", "-due"):
        ids = [one["id"] for one in get(client, f"/v1/commitments?sort={sort}")["data"]]
        assert ids[0] == "double-bilateral-trade"
        assert ids[1:] == sorted(ids[1:])
    assert client.get("/v1/commitments?sort=kind,-due,title").status_code == 200
    assert client.get("/v1/commitments?sort=kind,-due,title,id").status_code == 422


def test_fields_keeps_the_id_and_the_order_of_the_record(client):
    (item,) = get(client, "/v1/commitments?id=acquire-p-8i&fields=title,kind")["data"]
    assert list(item) == ["id", "title", "kind"]
    assert list(get(client, "/v1/commitments/acquire-p-8i?fields=kind,title")) == ["id", "title", "kind"]
    assert list(get(client, "/v1/commitments/acquire-p-8i?fields=kind&fields=title")) == ["id", "title", "kind"]


def linked(doc, relative):
    value = doc[relative.name]
    values = value if isinstance(value, list) else [value]
    return {one["id"] if isinstance(one, dict) else one for one in values} - {None}


@pytest.mark.parametrize(("resource", "relative"), INCLUDES)
def test_include_brings_linked_records_whole(client, resource, relative):
    body = get(client, f"/v1/{resource.name}?include={relative.name}&limit=20")
    ids = {doc["id"] for doc in body["data"]}
    if relative.reverse:
        listed = relative.link.listed
        meant = set()
        for doc in everything(client, relative.resource.name):
            value = doc[listed.field] if listed else [doc[relative.link.name]]
            if ids & {one["id"] if isinstance(one, dict) else one for one in value}:
                meant.add(doc["id"])
    else:
        meant = {id for doc in body["data"] for id in linked(doc, relative)}
    included = body["included"][relative.name]
    assert len(included) == min(len(meant), 100)
    assert {one["id"] for one in included} <= meant
    assert (relative.name in body["included_more"]) is (len(meant) > 100)
    for one in included[:3]:
        assert get(client, one["url"]) == one
    if more := body["included_more"].get(relative.name):
        assert get(client, more)["meta"]["total"] == len(meant)


@pytest.mark.parametrize(("resource", "relative"), INCLUDES)
def test_include_on_a_record_equals_include_on_a_list_of_it(client, resource, relative):
    record = get(client, f"/v1/{resource.name}/{resource.example}?include={relative.name}")
    page = get(client, f"/v1/{resource.name}?id={resource.example}&include={relative.name}")
    assert record["included"] == page["included"]
    assert list(record["included"]) == [relative.name]


def test_include_of_several_with_fields(client):
    body = get(client, "/v1/commitments?id=acquire-p-8i&include=initiative,statements&fields=title")
    assert list(body["data"][0]) == ["id", "title"]
    assert [one["id"] for one in body["included"]["initiative"]] == ["compact"]
    assert {one["subject"] for one in body["included"]["statements"]} == {"acquire-p-8i"}


@pytest.mark.parametrize(("resource", "relative"), NESTED)
def test_nested_list_is_the_list_filtered_by_its_parent(client, resource, relative):
    assert isinstance(relative.link, One)
    parent = resource.example
    flat = get(client, f"/v1/{relative.name}?{relative.link.name}={parent}&limit=2")
    path = f"/v1/{resource.name}/{parent}/{relative.name}"
    nested = get(client, f"{path}?limit=2")
    assert (nested["data"], nested["meta"]["total"]) == (flat["data"], flat["meta"]["total"])
    assert nested["links"]["self"] == f"{path}?limit=2"
    if nested["links"]["next"]:
        assert nested["links"]["next"].startswith(f"{path}?")
        assert get(client, nested["links"]["next"])["data"] == get(client, flat["links"]["next"])["data"]


def test_nested_list_of_the_article(client):
    assert get(client, "/v1/initiatives/compact/commitments")["meta"]["total"] == 11
    body = get(client, "/v1/initiatives/compact/commitments?kind=procurement&facet=kind&sort=-title")
    assert body["meta"]["total"] == 3
    for value in body["meta"]["facets"]["kind"]:
        assert value["url"].startswith("/v1/initiatives/compact/commitments")
        assert client.get(value["url"]).status_code == 200
    assert client.get("/v1/initiatives/nothing/commitments").status_code == 404
    assert client.get("/v1/initiatives/compact/commitments?initiative=trust").status_code == 422
    assert client.get("/v1/initiatives/compact/commitments?format=csv").text.count("\r\n") == 12


def test_facets_have_value_label_count_selected_and_url(client):
    facets = get(client, "/v1/commitments?initiative=compact&kind=procurement&facet=kind,initiative")["meta"]["facets"]
    assert set(facets) == {"kind", "initiative"}
    kinds = {value["value"]: value for value in facets["kind"]}
    assert list(kinds["procurement"]) == ["value", "label", "count", "selected", "url"]
    assert (kinds["procurement"]["count"], kinds["procurement"]["selected"]) == (3, True)
    assert kinds["policy_review"]["count"] == 2
    assert {value["value"]: value["label"] for value in facets["initiative"]} == {
        "compact": get(client, "/v1/initiatives/compact")["title"]
    }


def test_facets_show_null_and_count_a_record_once_for_each_value(client):
    values = {
        one["value"]: one["count"] for one in get(client, "/v1/commitments?facet=topic")["meta"]["facets"]["topic"]
    }
    docs = everything(client, "commitments")
    assert values[None] == sum(not doc["topics"] for doc in docs)
    assert values["semiconductors"] == sum("semiconductors" in doc["topics"] for doc in docs)


def test_records_lists_all_entities_with_common_fields_and_no_statements(client):
    total = sum(one["count"] for one in get(client, "/v1")["resources"] if one["name"] != "statements")
    assert get(client, "/v1/records")["meta"]["total"] == total
    (record,) = get(client, "/v1/records?id=ncmm")["data"]
    whole = get(client, "/v1/programs/ncmm")
    assert record == {key: whole[key] for key in record}
    assert "amount" not in record
    assert get(client, "/v1/records?resource=minerals,places")["meta"]["total"] == 9
    assert client.get("/v1/records?resource=statements").status_code == 422


@pytest.mark.parametrize("id", ["gallium", "compact", "trust-builds-on-msp", "trust-compact-article-f085"])
def test_records_id_is_307_to_the_records_own_url(client, id):
    answer = client.get(f"/v1/records/{id}")
    assert answer.status_code == 307
    assert get(client, answer.headers["location"])["id"] == id


def test_records_id_takes_aliases_and_404s_with_a_hint(client):
    assert client.get("/v1/records/Li", follow_redirects=True).json()["id"] == "lithium"
    answer = client.get("/v1/records/galium")
    assert answer.status_code == 404
    assert "/v1/records/gallium" in answer.json()["errors"][0]["did_you_mean"]


def test_links_are_path_absolute(client):
    body = get(client, "/v1/commitments?limit=1&facet=kind&include=statements")
    urls = [link for link in body["links"].values() if link] + [one["url"] for one in body["meta"]["facets"]["kind"]]
    urls += [one["url"] for one in body["data"]] + list(body["included_more"].values())
    assert all(url.startswith("/v1/") for url in urls)
