"""Every declared filter, sort, facet and format of every resource does what the contract says, and is documented."""

import csv
import io
from itertools import pairwise

import jsonschema_rs
import pytest

from tests.oracle import EVERY, Oracle, everything

RESOURCES = [pytest.param(*pair, id=pair[1].name) for pair in EVERY]
FILTERS = [
    pytest.param(catalog, resource, entry, id=f"{resource.name}-{entry.name}")
    for catalog, resource in EVERY
    for entry in catalog.filters(resource).values()
]
SORTS = [
    pytest.param(catalog, resource, entry.name, id=f"{resource.name}-{entry.name}")
    for catalog, resource in EVERY
    for entry in catalog.filters(resource).values()
    if entry.sorts
]
FACETS = [
    pytest.param(catalog, resource, entry.name, id=f"{resource.name}-{entry.name}")
    for catalog, resource in EVERY
    for entry in catalog.filters(resource).values()
    if entry.counted is not None
]
VOLATILE = {"date", "x-request-id", "content-length", "transfer-encoding"}


def ids(answer):
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["meta"]["total"] == len(body["data"])
    return [record["id"] for record in body["data"]]


@pytest.fixture(scope="module")
def document(client):
    return client.get("/openapi.json").json()


def operation(document, name):
    """Parameters of a list as documented, references followed, by name."""
    listed = document["paths"][f"/v1/{name}"]["get"]["parameters"]
    made = [
        document["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in listed
    ]
    return {one["name"]: one for one in made}


def words(document, parameter):
    """The words that a parameter takes, its reference followed."""
    items = parameter["schema"]["items"]
    return (
        document["components"]["schemas"][items["$ref"].rpartition("/")[2]]["enum"]
        if "$ref" in items
        else items["enum"]
    )


def example(parameter):
    value = next(iter(parameter["examples"].values()))["value"]
    one = value[0] if isinstance(value, list) else value
    return str(one).lower() if isinstance(one, bool) else str(one).removesuffix(".0")


@pytest.mark.parametrize(("catalog", "resource", "entry"), FILTERS)
def test_filter_finds_what_the_whole_list_says(client, catalog, resource, entry):
    oracle = Oracle(client, catalog, resource)
    for case in oracle.cases(entry):
        answer = client.get(f"/v1/{resource.name}", params=[*case.query, ("fields", "id"), ("limit", "500")])
        if case.test is None:
            assert resource.example in ids(answer)
        else:
            assert sorted(ids(answer)) == sorted(doc["id"] for doc in oracle.docs if case.test(doc)), case


@pytest.mark.parametrize(("catalog", "resource", "entry"), FILTERS)
def test_filter_is_documented_and_takes_its_example(client, document, catalog, resource, entry):
    documented = operation(document, resource.name)
    assert documented[entry.name]["description"]
    for parameter in entry.parameters():
        name = parameter.name if parameter.name in documented else entry.name
        assert name == parameter.name or f"`{parameter.name}`" in documented[entry.name]["description"]
        value = "true" if parameter.operator == "isnull" else example(documented[name])
        query = {parameter.name: value}
        if entry.unit and parameter.operator in ("gt", "gte", "lt", "lte"):
            query[entry.unit] = example(documented[entry.unit])
        answer = client.get(f"/v1/{resource.name}", params=query)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(("catalog", "resource"), RESOURCES)
def test_controls_are_documented_and_take_their_example(client, document, catalog, resource):
    documented = operation(document, resource.name)
    for name in ("sort", "fields", "facet", "include", "limit", "format"):
        if name in documented:
            answer = client.get(f"/v1/{resource.name}", params={name: example(documented[name])})
            assert answer.status_code == 200, answer.text
    assert set(words(document, documented["sort"])) == {
        s + n for n in Oracle(client, catalog, resource).sorts() for s in ("", "-")
    }
    assert words(document, documented["facet"]) == Oracle(client, catalog, resource).facets()


@pytest.mark.parametrize(("catalog", "resource", "name"), SORTS)
def test_sort_puts_nulls_last_and_breaks_ties_by_id(client, catalog, resource, name):
    oracle = Oracle(client, catalog, resource)
    for sort in (name, f"-{name}"):
        query = oracle.sort_query(sort)
        docs = [doc for doc in oracle.docs if all(doc[key] == word for key, word in query.items() if key != "sort")]
        found = ids(client.get(f"/v1/{resource.name}", params=query | {"limit": "500"}))
        assert found == oracle.ordered(docs, sort)


@pytest.mark.parametrize(("catalog", "resource"), RESOURCES)
def test_sort_by_several_fields(client, catalog, resource):
    oracle = Oracle(client, catalog, resource)
    names = oracle.sorts()
    for first, second in pairwise(names):
        for sort in (
            f"{first},-{second}",
            f"-{first},{second},title" if "title" in names and "title" not in (first, second) else first,
        ):
            query = oracle.sort_query(sort)
            docs = [doc for doc in oracle.docs if all(doc[key] == word for key, word in query.items() if key != "sort")]
            assert ids(client.get(f"/v1/{resource.name}", params=query | {"limit": "500"})) == oracle.ordered(
                docs, sort
            ), sort


@pytest.mark.parametrize(("catalog", "resource"), RESOURCES)
def test_default_sort_is_the_documented_one(client, catalog, resource):
    oracle = Oracle(client, catalog, resource)
    assert [doc["id"] for doc in oracle.docs] == oracle.ordered(oracle.docs, resource.sort)


@pytest.mark.parametrize(("catalog", "resource", "name"), FACETS)
def test_facet_counts_equal_a_count_over_the_list(client, catalog, resource, name):
    oracle = Oracle(client, catalog, resource)
    body = client.get(f"/v1/{resource.name}", params={"facet": name, "limit": "1"}).json()
    values = body["meta"]["facets"][name]
    assert {value["value"]: value["count"] for value in values} == oracle.counts(name, oracle.docs)
    assert [value["count"] for value in values] == sorted((value["count"] for value in values), reverse=True)
    for value in values:
        assert value["selected"] is False
        assert client.get(value["url"]).json()["meta"]["total"] == value["count"]


@pytest.mark.parametrize(("catalog", "resource", "name"), FACETS)
def test_facet_of_a_filtered_list_lifts_its_own_filter_and_toggles(client, catalog, resource, name):
    path = f"/v1/{resource.name}"
    free = client.get(path, params={"facet": name, "limit": "1"}).json()["meta"]["facets"][name]
    for value in [value for value in free if value["value"] is not None][:2]:
        chosen = client.get(value["url"]).json()
        again = {one["value"]: one for one in chosen["meta"]["facets"][name]}
        assert {one["value"]: one["count"] for one in free} == {key: one["count"] for key, one in again.items()}
        assert [key for key, one in again.items() if one["selected"]] == [value["value"]]
        assert again[value["value"]]["url"] == f"{path}?facet={name}&limit=1"


@pytest.mark.parametrize(("catalog", "resource", "name"), FACETS)
def test_facet_counts_within_other_filters(client, catalog, resource, name):
    oracle = Oracle(client, catalog, resource)
    other = next(entry for entry in catalog.filters(resource).values() if entry.name not in (name, "id"))
    for case in list(oracle.cases(other))[:2]:
        answer = client.get(f"/v1/{resource.name}", params=[*case.query, ("facet", name)])
        assert answer.status_code == 200, answer.text
        found = {value["value"]: value["count"] for value in answer.json()["meta"]["facets"][name]}
        assert found == oracle.counts(name, [doc for doc in oracle.docs if case.test(doc)]), case


def cell(value):
    """The text of a value in a table: lists joined by `;`, inside them by `,`, parts of an object by `:`."""

    def inner(one):
        if isinstance(one, list):
            return ",".join(inner(other) for other in one)
        if isinstance(one, dict):
            return ":".join(inner(other) for other in one.values() if other not in (None, [], {}))
        return "" if one is None else str(one)

    if isinstance(value, bool):
        return str(value).lower()
    text = ";".join(inner(one) for one in value) if isinstance(value, list) else inner(value)
    return f"'{text}" if text.startswith(tuple("=+-@\t\r")) and not isinstance(value, int | float) else text


@pytest.mark.parametrize(("catalog", "resource"), RESOURCES)
def test_formats_agree(client, catalog, resource):
    docs = everything(client, resource.name)
    page = client.get(f"/v1/{resource.name}", params={"limit": "500"}).json()
    assert page["data"] == docs
    rows = list(csv.reader(io.StringIO(client.get(f"/v1/{resource.name}?format=csv").text)))
    assert rows[0] == list(resource.keys)
    assert rows[1:] == [[cell(doc[key]) for key in resource.keys] for doc in docs]


@pytest.mark.parametrize(("catalog", "resource"), RESOURCES)
def test_detail_equals_list_item(client, catalog, resource):
    for doc in everything(client, resource.name):
        answer = client.get(doc["url"])
        assert answer.status_code == 200
        if resource.whole:
            assert answer.json() == doc
            assert list(answer.json()) == list(doc)
        else:
            assert doc.items() <= answer.json().items()
        assert doc["url"] == f"/v1/{doc['resource']}/{doc['id']}"


@pytest.mark.parametrize(("catalog", "resource"), RESOURCES)
def test_records_fit_their_documented_schema(client, document, catalog, resource):
    schemas = document["components"]["schemas"]
    name = schemas[
        document["paths"][f"/v1/{resource.name}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"][
            "$ref"
        ].rpartition("/")[2]
    ]["properties"]["data"]["items"]["$ref"]
    schema = schemas[name.rpartition("/")[2]]
    validator = jsonschema_rs.validator_for({"$ref": name, "components": document["components"]})
    for doc in everything(client, resource.name):
        assert list(doc) == list(resource.keys) == list(schema["properties"])[: len(doc)]
        assert all(schema["properties"][key].get("description") or "$ref" in schema["properties"][key] for key in doc)
        validator.validate(doc)
        resource.read.model_validate(doc)


@pytest.mark.parametrize(("catalog", "resource"), RESOURCES)
def test_head_equals_get_without_body(client, catalog, resource):
    for url in (f"/v1/{resource.name}", f"/v1/{resource.name}?format=csv", everything(client, resource.name)[0]["url"]):
        get, head = client.get(url), client.head(url)
        assert (head.status_code, head.content) == (200, b"")
        assert {k: v for k, v in head.headers.items() if k not in VOLATILE} == {
            k: v for k, v in get.headers.items() if k not in VOLATILE
        }


@pytest.mark.parametrize(("catalog", "resource"), RESOURCES)
def test_example_of_the_declaration_is_there(client, catalog, resource):
    assert resource.example in [doc["id"] for doc in everything(client, resource.name)]
