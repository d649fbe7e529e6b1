"""Examples of the OpenAPI document: true answers of the application to the questions that the document describes.

Where a dataset lacks a record that a declaration gives as its example, the first one that there is takes its place.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

import orjson
from starlette.types import ASGIApp, Message

from app.api.answers import Answers
from app.api.errors import KINDS, MEDIA_TYPE, Problem
from app.api.formats import FORMATS
from app.api.gate import Gate
from app.api.observing import Observer
from app.api.openapi import everywhere, example
from app.api.params import Reading
from app.api.schemas import Json, schema_name
from app.core.declare import ANY, Catalog, Relative, Resource
from app.core.filters import Parameter

REQUEST_ID = "2f6c1d0e9a8b7c6d"
"""Id of the requests that examples are answers to."""
SEEN = 100
"""Records of a resource among which values for its fields are sought."""
MOST_ITEMS = 2
"""Items of a list that the example of a field shows."""
LARGEST = 30_000
"""Bytes of an answer that is shown whole; a larger one is not shown."""
PATH = "id"


@dataclass(frozen=True)
class Request:
    """A request by which an example is got."""

    target: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What the application answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, where it is JSON."""
        return orjson.loads(self.body)


async def ask(app: ASGIApp, request: Request) -> Answer:
    """The application's answer to a request, without a network."""
    path, _, query = request.target.partition("?")
    headers = {"host": "localhost", "x-request-id": REQUEST_ID, **request.headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": None,
        "server": ("localhost", 80),
        "state": {},
    }
    sent: list[Message] = []
    began: list[bool] = []

    async def receive() -> Message:
        if began:
            await asyncio.Event().wait()  # The client stays, and says nothing more.
        began.append(True)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], told, b"".join(message.get("body", b"") for message in sent[1:]))


class Illustrator:
    """Puts examples into a document."""

    def __init__(self, document: Json, app: ASGIApp, answers: Answers, catalogs: Sequence[Catalog], origin: str):
        self.document, self.answers, self.catalogs, self.origin = document, answers, catalogs, origin
        self.app = Gate(app, Observer(None))
        self.components: Json = document["components"]
        self._ids: dict[str, str] = {}

    async def illustrate(self, problems: Mapping[str, Sequence[Request]]) -> None:
        """Everything; `problems` are requests that meet with the kind of problem of a name."""
        for catalog in self.catalogs:
            for resource in catalog:
                await self._resource(catalog, resource)
                await asyncio.sleep(0)
        self.components["responses"] |= {
            name: made
            | {"content": {MEDIA_TYPE: await self._with_problems(name, made["content"][MEDIA_TYPE], problems)}}
            for name, made in self.components["responses"].items()
        }
        for path, operations in self.document["paths"].items():
            await self._operation(path, operations["get"])
            await asyncio.sleep(0)

    async def _resource(self, catalog: Catalog, resource: Resource) -> None:
        seen = (await ask(self.app, Request(f"/v1/{resource.name}?limit={SEEN}"))).json["data"]
        shown = [record for record in seen if record["id"] == resource.example] or await self._one(resource) or seen[:1]
        for name in (name for name, one in FORMATS.items() if one.write is not None and one.is_text):
            answer = await ask(self.app, Request(f"/v1/{resource.name}?limit=1&format={name}"))
            if answer.status == 200:
                self.components["examples"][f"{resource.name}.{name}"]["value"] = answer.body.decode()
        for entry in catalog.filters(resource).values():
            for parameter in entry.parameters():
                if (known := self.components["parameters"].get(f"{resource.name}.{parameter.name}")) is not None:
                    await self._check(catalog, resource, parameter, known)
        if shown:
            self._ids[resource.name] = shown[0]["id"]
            self._fields(resource, [*shown, *seen])
            either = self.components["parameters"][f"{resource.name}.or"]["examples"]["one"]
            either["value"] = either["value"].replace(f"id.eq.{resource.example}", f"id.eq.{shown[0]['id']}")
            if (title := self.components["parameters"].get(f"{resource.name}.title")) is not None:
                title["examples"] = example([shown[0]["title"]])

    async def _one(self, resource: Resource) -> list[Any]:
        answer = await ask(self.app, Request(f"/v1/{resource.name}?id={resource.example}"))
        return list(answer.json["data"]) if answer.status == 200 else []

    async def _check(self, catalog: Catalog, resource: Resource, parameter: Parameter, known: Json) -> None:
        """Another example in place of one that names no record of this dataset; none where there is no record."""
        value = known["examples"]["one"]["value"]
        text = _text(value[0] if isinstance(value, list) else value)
        reading = Reading(catalog, resource, f"{parameter.name}={quote(text)}".encode())
        try:
            await self.answers.question(reading)
        except Problem as problem:
            other = list(problem.faults[0].allowed) or await self._records(parameter)
            del known["examples"]
            if other:
                known["examples"] = example([other[0]] if isinstance(value, list) else other[0])

    async def _records(self, parameter: Parameter) -> list[str]:
        """The first record that a link may lead to."""
        tables = parameter.ids or ()
        resource = next(
            (found[table] for found in (c.by_table for c in self.catalogs) for table in tables if table in found), None
        )
        path = resource.name if resource is not None else "records"
        return (
            [record["id"] for record in (await ask(self.app, Request(f"/v1/{path}?limit=1"))).json["data"]]
            if tables
            else []
        )

    def _fields(self, resource: Resource, records: Sequence[Mapping[str, Any]]) -> None:
        """Values of true records for the fields of a record's schema, and for those of its parts."""
        schemas = self.components["schemas"]
        properties = schemas[schema_name(resource)]["properties"]
        for name in resource.keys:
            values = [record[name] for record in records if record[name] not in (None, [], {})]
            if not values:
                continue
            first = values[0]
            properties[name]["examples"] = [first[:MOST_ITEMS] if isinstance(first, list) else first]
            part = properties[name].get("items", {}).get("$ref", "").rpartition("/")[2]
            items = [item for value in values if isinstance(value, list) for item in value if isinstance(item, dict)]
            for key, inner in schemas.get(part, {}).get("properties", {}).items():
                there = [item[key] for item in items if item.get(key) not in (None, [], {})]
                if there:
                    inner["examples"] = [there[0]]

    async def _with_problems(self, name: str, content: Json, problems: Mapping[str, Sequence[Request]]) -> Json:
        """Bodies that requests really get; of what cannot be brought about, one with the same words."""
        kinds = everywhere() if name == "Problem" else [k for k in KINDS.values() if name == f"Problem{k.status}"]
        examples: Json = {}
        for kind in kinds:
            requests = problems.get(kind.slug, ())
            for position, request in enumerate(requests):
                answer = await ask(self.app, request)
                if answer.status == kind.status:
                    shown = kind.slug if len(requests) == 1 else f"{kind.slug}-{position + 1}"
                    examples[shown] = {"summary": _summary(request), "value": answer.json}
            if not any(shown.startswith(kind.slug) for shown in examples):
                body = Problem(kind, f"{kind.title}.").body("/v1/records", REQUEST_ID)
                examples[kind.slug] = {"summary": kind.title, "value": orjson.loads(body)}
        return content | {"examples": examples}

    async def _operation(self, path: str, operation: Json) -> None:
        await self._path_parameter(path, operation)
        query = self._query(operation)
        for parameter in operation.get("parameters", ()):
            if "example" in parameter:
                parameter["examples"] = example(parameter.pop("example"))
        filled = self._filled(path, operation)
        if filled is None:
            return
        target = f"{filled}?{query}" if query else filled
        for status, response in operation["responses"].items():
            told = response.get("content", {}).get(MEDIA_TYPE)
            if told is not None and "examples" not in told:
                told |= await self._with_problems(f"Problem{status}", told, {})
        content = operation["responses"].get("200", {}).get("content", {})
        for media_type, made in content.items():
            binary = made.get("schema", {}).get("format") == "binary"
            if binary or made.get("examples", {}).get("answer", {}).get("$ref"):
                continue
            answer = await ask(self.app, Request(target, headers={"accept": media_type}))
            fits = answer.status == 200 and len(answer.body) <= LARGEST
            if fits and answer.headers["content-type"].startswith(media_type):
                value = answer.json if media_type == "application/json" else answer.body.decode()
                made["examples"] = {"answer": {"summary": f"GET {unquote(target)}", "value": value}}
                self._cursor(operation, value)
        operation["x-codeSamples"] = samples(self.origin, target)

    def _cursor(self, operation: Json, answer: Any) -> None:
        """The cursor of the second page of a list, where there is one."""
        following = answer.get("links", {}).get("next") if isinstance(answer, dict) else None
        for parameter in operation.get("parameters", ()):
            if parameter.get("name") == "cursor" and following:
                parameter["examples"] = example(unquote(following.rpartition("cursor=")[2]))

    async def _path_parameter(self, path: str, operation: Json) -> None:
        """The record that is the example of its resource, or for a list below it one that has such a list."""
        name, _, rest = path.removeprefix("/v1/").partition(f"/{{{PATH}}}")
        parameter = next((one for one in operation.get("parameters", ()) if one.get("in") == "path"), None)
        if parameter is None or name not in self._ids:
            return
        id = self._ids[name]
        for catalog in self.catalogs:
            if name in catalog.by_name and (relative := catalog.nested(catalog[name]).get(rest.removeprefix("/"))):
                id = await self._parent(catalog, catalog[name], relative) or id
        parameter.pop("example", None)
        parameter["examples"] = example(id)

    async def _parent(self, catalog: Catalog, resource: Resource, relative: Relative) -> str | None:
        """A record of the resource with records below it; the example of the resource where that has some."""
        assert relative.resource is not None
        link, child = relative.link, relative.resource.name
        if (ours := self._ids[resource.name]) and await self._any(f"/v1/{child}?{link.name}={ours}&limit=1"):
            return ours
        path = f"/v1/{child}?facet={link.name}&limit=1"
        counted = (await ask(self.app, Request(path))).json["meta"]["facets"][link.name]
        for id in (value["value"] for value in counted if value["value"] is not None):
            if link.ids != (ANY,) or await self._any(f"/v1/records?resource={resource.name}&id={id}"):
                return str(id)
        return None

    async def _any(self, target: str) -> bool:
        answer = await ask(self.app, Request(target))
        return answer.status == 200 and bool(answer.json["data"])

    def _parameters(self, operation: Json) -> Iterator[tuple[str, Json]]:
        """Every parameter with the name of its component, or its own."""
        for parameter in operation.get("parameters", ()):
            name = parameter.get("$ref", "").rpartition("/")[2]
            yield name or parameter["name"], self.components["parameters"][name] if name else parameter

    def _query(self, operation: Json) -> str:
        """The shortest question that shows something: what is required, the first record, the first group.

        Of an operation that needs nothing and has parameters of its own, the first of these narrows it.
        """
        asked, own = [], []
        for name, parameter in self._parameters(operation):
            if parameter["in"] != "query":
                continue
            if name == "limit":
                asked.append("limit=1")
            elif parameter.get("required") or name == "group_by":
                asked.append(_pair(name, parameter))
            elif parameter in operation["parameters"] and name != "format":
                own.append((name, parameter))
        return "&".join(asked or [_pair(*one) for one in own[:1]])

    def _filled(self, path: str, operation: Json) -> str | None:
        """The path with the examples of its parameters; null where one has none."""
        for _, parameter in self._parameters(operation):
            if parameter["in"] == "path":
                if "examples" not in parameter:
                    return None
                path = path.replace(
                    f"{{{parameter['name']}}}", quote(_text(parameter["examples"]["one"]["value"]), safe="")
                )
        return None if "{" in path else path


def _pair(name: str, parameter: Json) -> str:
    value = parameter["example"] if "example" in parameter else parameter["examples"]["one"]["value"]
    return f"{name}={quote(','.join(map(_text, value)) if isinstance(value, list) else _text(value))}"


def _text(value: Any) -> str:
    return ("false", "true")[value] if isinstance(value, bool) else str(value)


def _summary(request: Request) -> str:
    target = unquote(request.target)
    shown = target if len(target) <= 100 else f"{target[:60]}…"
    sent = "".join(
        f", {name}: {value if len(value) <= 60 else value[:30] + '…'}" for name, value in request.headers.items()
    )
    return f"{request.method} {shown}{sent}"


def samples(origin: str, target: str) -> list[Json]:
    """The same question in three languages, ready to be run."""
    url = origin + target
    python = (
        "import json\nfrom urllib.request import urlopen\n\n"
        f'with urlopen("{url}") as answer:\n    print(json.dumps(json.load(answer), indent=2))\n'
    )
    javascript = (
        f'const answer = await fetch("{url}");\nconst found = await answer.json();\n'
        "if (!answer.ok) throw new Error(found.detail);\nconsole.log(JSON.stringify(found, null, 2));\n"
    )
    return [
        {"lang": "Shell", "label": "curl", "source": f"curl --silent --location '{url}'\n"},
        {"lang": "Python", "label": "Python", "source": python},
        {"lang": "JavaScript", "label": "JavaScript", "source": javascript},
    ]
