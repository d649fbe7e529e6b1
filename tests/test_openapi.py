"""The OpenAPI document: valid, complete, true, and the same until the contract changes."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import orjson
import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.api.errors import KINDS
from app.api.schemas import schema_name
from app.core.filters import OPERATORS
from app.resources import CATALOG
from tests.conftest import served
from tests.databases import Maker
from tests.seeds import article

SNAPSHOT = Path(__file__).parent / "openapi.json"
UPDATE = "UPDATE_OPENAPI_SNAPSHOT"
Json = dict[str, Any]


@pytest.fixture(scope="session")
def document(clients: Callable[[str], httpx.Client]) -> Json:
    answer = clients("sqlite").get("/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, item in document["paths"].items():
        yield path, item["get"]


def resolved(document: Json, value: Json) -> Json:
    """What a reference refers to."""
    while "$ref" in value:
        found: Any = document
        for key in value["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        value = found
    return value


def parameters(document: Json, operation: Json) -> list[Json]:
    return [resolved(document, one) for one in operation.get("parameters", ())]


def shown(parameter: Json) -> Any:
    return next(iter(parameter["examples"].values()))["value"]


def text(value: Any) -> str:
    return (
        ",".join(map(text, value))
        if isinstance(value, list)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )


def without_examples(value: Any) -> Any:
    """A document as a contract: what is asked and answered, not for example what."""
    if isinstance(value, dict):
        return {
            key: without_examples(one)
            for key, one in value.items()
            if key not in ("example", "examples", "x-codeSamples")
        }
    return [without_examples(one) for one in value] if isinstance(value, list) else value


def lines(value: Any, depth: int = 0, end: str = "") -> Iterator[str]:
    """JSON with a line for each parameter, response and field: what is deeper stays on one line."""
    indent = " " * depth
    if isinstance(value, dict | list) and value and (depth < 3 or len(orjson.dumps(value)) > 300) and depth < 7:
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        yield opening
        items = list(value.items()) if isinstance(value, dict) else [(None, one) for one in value]
        for position, (key, one) in enumerate(items):
            first, *rest = lines(one, depth + 1, "," if position + 1 < len(items) else "")
            yield f"{indent} {f'{orjson.dumps(key).decode()}: ' if key is not None else ''}{first}"
            yield from rest
        yield f"{indent}{closing}{end}"
    else:
        yield orjson.dumps(value).decode() + end


def test_it_is_valid_openapi_3_1(document: Json) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_every_reference_leads_somewhere(document: Json) -> None:
    for name in set(re.findall(r'"\$ref":"(#/[^"]+)"', orjson.dumps(document).decode())):
        assert resolved(document, {"$ref": name})


def test_every_component_is_used(document: Json) -> None:
    used = set(re.findall(r'"\$ref":"#/components/([^"]+)"', orjson.dumps(document).decode()))
    made = {f"{kind}/{name}" for kind, named in document["components"].items() for name in named}
    assert made - used == set()


def test_the_contract_is_the_one_of_the_snapshot(document: Json) -> None:
    """A change that is meant is written down by `UPDATE_OPENAPI_SNAPSHOT=1 pytest tests/test_openapi.py`, and shows in the diff."""
    made = "\n".join(lines(without_examples(document))) + "\n"
    if os.environ.get(UPDATE):
        SNAPSHOT.write_text(made, encoding="utf-8")
    assert orjson.loads(made) == without_examples(document)
    assert SNAPSHOT.read_text(encoding="utf-8") == made, (
        f"the contract changed: where that is meant, run pytest once with {UPDATE}=1"
    )


def test_both_databases_give_the_same_bytes(both: tuple[httpx.Client, httpx.Client]) -> None:
    for name in ("openapi.json", "openapi.yaml"):
        first, second = (client.get(f"/{name}") for client in both)
        assert first.content == second.content
        assert first.headers["etag"] == second.headers["etag"]


def test_yaml_says_the_same_as_json(clients: Callable[[str], httpx.Client], document: Json) -> None:
    answer = clients("sqlite").get("/openapi.yaml")
    assert answer.headers["content-type"].startswith("application/yaml")
    assert yaml.load(answer.text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) == document


def test_a_client_that_has_it_gets_304(client: httpx.Client) -> None:
    tag = client.get("/openapi.json").headers["etag"]
    assert client.get("/openapi.json", headers={"If-None-Match": tag}).status_code == 304


def test_every_operation_is_explained(document: Json) -> None:
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    known = [tag["name"] for tag in document["tags"]]
    for path, operation in operations(document):
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"]), path
        assert operation["summary"] and operation["description"], path
        assert len(operation["tags"]) == 1 and operation["tags"][0] in known, path
        statuses = set(operation["responses"])
        assert "default" in statuses and statuses & {"200", "307"}, path
        if not path.startswith("/v1"):
            continue
        assert "503" in statuses, path
        assert any(status.startswith("4") for status in statuses), path
        assert ("404" in statuses) == ("{" in path), path


def test_tags_are_described_and_in_reading_order(document: Json) -> None:
    names = [tag["name"] for tag in document["tags"]]
    assert names[0] == "start"
    assert names[1 : len(CATALOG.resources) + 1] == [resource.name for resource in CATALOG]
    assert names[-1] == "service"
    for tag in document["tags"]:
        assert len(tag["description"]) > 15, tag


def test_every_parameter_is_described_with_an_example(document: Json) -> None:
    for path, operation in operations(document):
        for parameter in parameters(document, operation):
            assert parameter["description"], (path, parameter["name"])
            # The cursor of a list with one page only cannot be shown.
            assert parameter.get("examples") or parameter["name"] == "cursor", (path, parameter["name"])


def test_every_suffix_stands_in_the_row_of_its_field(document: Json) -> None:
    for resource in CATALOG:
        for entry in CATALOG.filters(resource).values():
            row = document["components"]["parameters"][f"{resource.name}.{entry.name}"]
            for parameter in entry.parameters():
                if parameter.operator and parameter.operator in OPERATORS:
                    assert f"`{parameter.name}`: " in row["description"]


def test_every_field_of_every_record_is_described_with_an_example(document: Json) -> None:
    schemas = document["components"]["schemas"]
    for resource in CATALOG:
        schema = schemas[schema_name(resource)]
        assert schema["description"]
        assert [*resource.keys, "included", "included_more"] == list(schema["properties"])
        parts = {
            resolved(document, field["items"])["title"]
            if "title" in resolved(document, field["items"])
            else field["items"]["$ref"]
            for field in schema["properties"].values()
            if "$ref" in field.get("items", {})
        }
        inner = [resolved(document, {"$ref": part}) for part in parts]
        for properties in [schema["properties"], *(part["properties"] for part in inner if "properties" in part)]:
            for name, field in properties.items():
                assert field.get("description"), (resource.name, name)
                assert field.get("examples"), (resource.name, name)


def test_every_schema_of_an_answer_is_described(document: Json) -> None:
    for name, schema in document["components"]["schemas"].items():
        if "enum" in schema:
            assert schema.get("description"), name
        for field, inner in schema.get("properties", {}).items():
            assert "$ref" in inner or inner.get("description"), (name, field)


def test_every_answer_has_an_example(document: Json) -> None:
    for path, operation in operations(document):
        for status, response in operation["responses"].items():
            for media_type, content in resolved(document, response).get("content", {}).items():
                is_file = content["schema"].get("format") == "binary" or (
                    path == "/v1/exports/{name}" and status in ("200", "206")
                )
                if is_file or not path.startswith("/v1"):
                    continue
                assert content["examples"], (path, status, media_type)
                for one in content["examples"].values():
                    assert resolved(document, one)["value"] not in ("", None), (path, status, media_type)


GOES_WITH = {"depth": "around"}
"""Parameters that are an error without another one."""


def requests(document: Json) -> Iterator[tuple[str, dict[str, str]]]:
    """Every example of a parameter once, beside what the operation cannot do without; and each operation alone."""
    seen = set()
    for path, operation in operations(document):
        known = parameters(document, operation)
        for parameter in known:
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", quote(text(shown(parameter)), safe=""))
        always = [
            f"{one['name']}={quote(text(shown(one)))}" for one in known if one["in"] == "query" and one.get("required")
        ]
        yield f"{path}?{'&'.join(always)}", {}
        for referred, parameter in zip(operation.get("parameters", ()), known, strict=True):
            # A parameter that several operations refer to is the same for all of them.
            shared = referred.get("$ref")
            if "examples" not in parameter or parameter["in"] == "path" or parameter.get("required") or shared in seen:
                continue
            seen |= {shared} - {None}
            value = text(shown(parameter))
            if parameter["in"] == "header":
                yield f"{path}?{'&'.join(always)}", {parameter["name"]: value}
            else:
                also = [
                    f"{name}={quote(text(shown(one)))}"
                    for one in known
                    if (name := one["name"]) == GOES_WITH.get(parameter["name"])
                ]
                query = "&".join([*always, *also, f"{parameter['name']}={quote(value)}"])
                yield f"{path}?{query}", {}


def test_every_example_of_a_parameter_works(clients: Callable[[str], httpx.Client], document: Json) -> None:
    client = clients("sqlite")

    asked = list(requests(document))
    assert len(asked) > 400
    answered = [(target, headers, client.get(target, headers=headers).status_code) for target, headers in asked]
    assert [one for one in answered if one[-1] not in (200, 307)] == []


def test_examples_of_answers_are_what_the_server_answers(
    clients: Callable[[str], httpx.Client], document: Json
) -> None:
    client = clients("sqlite")
    checked = 0
    for _, operation in operations(document):
        for media_type, content in operation["responses"].get("200", {}).get("content", {}).items():
            for one in content.get("examples", {}).values():
                if "$ref" in one:
                    continue
                target = one["summary"].removeprefix("GET ")
                answer = client.get(target, headers={"accept": media_type})
                made = answer.json() if media_type == "application/json" else answer.text
                if (
                    media_type == "application/json"
                    and "revision" not in str(one["value"])
                    and "status" in one["value"]
                ):
                    continue
                assert made == one["value"], target
                checked += 1
    assert checked > 100


EVERYWHERE = {
    "access-control-allow-origin",
    "access-control-expose-headers",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "referrer-policy",
    "server",
    "transfer-encoding",
    "x-content-type-options",
}
"""Headers that say nothing of one answer, and those of HTTP itself."""


def test_every_header_is_documented(clients: Callable[[str], httpx.Client], document: Json) -> None:
    client = clients("sqlite")
    for path, operation in operations(document):
        if "x-codeSamples" not in operation:
            continue
        url = re.search(r"http://[^\']+", operation["x-codeSamples"][0]["source"]).group()  # type: ignore[union-attr]
        target = url.removeprefix("http://127.0.0.1:8000")
        first = client.get(target)
        asked = [{"if-none-match": "*"}, {"accept": "text/csv"}, {"accept": "image/png"}, {"dataset-revision": "999"}]
        for answer in [
            first,
            client.get(f"{target.partition('?')[0]}?nonsense=1"),
            *(client.get(target, headers=one) for one in asked),
        ]:
            known = operation["responses"].get(str(answer.status_code), operation["responses"]["default"])
            named = {name.lower() for name in resolved(document, known).get("headers", {})}
            assert set(answer.headers) - EVERYWHERE <= named, (
                path,
                answer.status_code,
                set(answer.headers) - EVERYWHERE - named,
            )


def test_problems_are_true_answers(clients: Callable[[str], httpx.Client], document: Json) -> None:
    client = clients("sqlite")
    seen = set()
    for response in document["components"]["responses"].values():
        for one in response["content"]["application/problem+json"]["examples"].values():
            value = one["value"]
            seen.add(value["type"])
            assert value["request_id"]
            if one["summary"].startswith("GET /v1/") and "…" not in one["summary"]:
                target, *headers = one["summary"].removeprefix("GET ").split(", ")
                sent = dict(header.split(": ") for header in headers)
                if "host" not in sent and "content-length" not in sent:
                    answer = client.get(target, headers=sent)
                    assert answer.json() | {"request_id": ""} == value | {"request_id": ""}
    assert seen == {kind.type for kind in KINDS.values()}


def test_a_mistyped_parameter_is_shown_with_its_hint(document: Json) -> None:
    examples = document["components"]["responses"]["Problem422"]["content"]["application/problem+json"]["examples"]
    first = next(iter(examples.values()))["value"]["errors"][0]
    assert (first["parameter"], first["did_you_mean"]) == ("knd", ["kind"])


def test_code_samples_ask_what_the_example_shows(clients: Callable[[str], httpx.Client], document: Json) -> None:
    client = clients("sqlite")
    for path, operation in operations(document):
        languages = [sample["lang"] for sample in operation["x-codeSamples"]]
        assert languages == ["Shell", "Python", "JavaScript"], path
        urls = {re.search(r"http://[^\"']+", sample["source"]).group() for sample in operation["x-codeSamples"]}  # type: ignore[union-attr]
        assert len(urls) == 1, path
        split = urlsplit(urls.pop())
        assert client.get(f"{split.path}?{split.query}").status_code in (200, 307), path


def test_a_python_sample_runs_as_printed(
    clients: Callable[[str], httpx.Client], document: Json, capsys: pytest.CaptureFixture[str]
) -> None:
    base = str(clients("sqlite").base_url).rstrip("/")
    sample = document["paths"]["/v1/commitments"]["get"]["x-codeSamples"][1]["source"]
    exec(compile(sample.replace("http://127.0.0.1:8000", base), "sample", "exec"), {})
    assert '"data"' in capsys.readouterr().out


def test_links_of_the_introduction_work(clients: Callable[[str], httpx.Client], document: Json) -> None:
    client = clients("sqlite")
    links = re.findall(r"\]\((/[^)]*)\)", document["info"]["description"])
    assert len(links) > 15
    for link in links:
        assert client.get(link).status_code in (200, 307), link


def test_what_it_names_besides(document: Json) -> None:
    info = document["info"]
    assert info["license"]["identifier"] == "MIT AND CC-BY-4.0"
    assert info["contact"] and info["summary"]
    assert [server["url"] for server in document["servers"]] == ["/"]


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/problems", *(kind.type for kind in KINDS.values())])
def test_pages_have_nothing_from_elsewhere(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.search(r'(?:src|href)="(?!/)', answer.text)
    assert not re.search(r'<script(?! (?:type="module" )?src=)|<style| style=| on[a-z]+=', answer.text)
    for file in re.findall(r'(?:src|href)="(/assets/[^"]+)"', answer.text):
        assert client.get(file).status_code == 200


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_every_kind_of_problem_has_a_page(client: httpx.Client, kind: Any) -> None:
    answer = client.get(kind.type)
    assert kind.title in answer.text.replace("&#x27;", "'")
    assert "For example" in answer.text


def test_an_unknown_kind_of_problem_is_told_so(client: httpx.Client) -> None:
    answer = client.get("/problems/invalid-qery")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["did_you_mean"] == ["/problems/invalid-query"]


def test_another_dataset_gets_its_own_examples(maker: Maker, tmp_path: Path) -> None:
    with maker.database("sqlite") as database:
        seed = article(tmp_path / "seed")
        given = [one.example for one in CATALOG if one.name not in ("sources", "statements", "relations")]
        for file in seed.rglob("*.yaml"):
            written = file.read_text(encoding="utf-8")
            for id in given:
                written = re.sub(rf"(?<![\w-]){id}(?![\w-])", f"other-{id}", written)
            file.write_text(written, encoding="utf-8")
        database.prepare(seed)
        with served(database) as client:
            document = client.get("/openapi.json").json()
            OpenAPIV31SpecValidator(document).validate()
            ids = {record["id"] for record in client.get("/v1/records?limit=500").json()["data"]}
            for resource in CATALOG:
                (parameter, *_) = document["paths"][f"/v1/{resource.name}/{{id}}"]["get"]["parameters"]
                if client.get(f"/v1/{resource.name}").json()["data"] and resource.has_evidence:
                    assert shown(parameter) in ids
            answered = [
                (target, client.get(target, headers=headers).status_code) for target, headers in requests(document)
            ]
            # Of hand-written operations the examples are written by hand, too.
            answered = [one for one in answered if not one[0].startswith(("/v1/paths", "/v1/graph"))]
            assert [one for one in answered if one[-1] not in (200, 307)] == []


def test_without_a_database_the_contract_is_still_told(maker: Maker) -> None:
    with maker.database("sqlite") as database, served(database) as client:
        answer = client.get("/openapi.json")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        OpenAPIV31SpecValidator(answer.json()).validate()
