"""The OpenAPI document, the pages that show it, and a page for each kind of problem, all from this server."""

import asyncio
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import fastapi_offline
import orjson
import yaml
from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app import __version__
from app.api import aggregate, openapi, schemas
from app.api.answers import Answers
from app.api.caching import validators
from app.api.errors import (
    BAD_REQUEST,
    HEADERS_TOO_LARGE,
    INVALID_QUERY,
    KINDS,
    METHOD_NOT_ALLOWED,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    NOT_IMPLEMENTED,
    OUTDATED,
    TOO_LARGE,
    TOO_LONG,
    Kind,
    near,
)
from app.api.examples import Illustrator
from app.api.examples import Request as Asked
from app.api.routes import not_found
from app.core.db import Unavailable
from app.resources import CATALOG
from app.views.records import EVERYTHING

router = APIRouter(include_in_schema=False)

VIEWERS = Path(fastapi_offline.__file__).parent / "static"
OURS = Path(__file__).parent / "static"
FILES = {
    "swagger-ui-bundle.js": VIEWERS,
    "swagger-ui.css": VIEWERS,
    "redoc.standalone.js": VIEWERS,
    "docs.js": OURS,
    "redoc.js": OURS,
    "docs.css": OURS,
    "icon.svg": OURS.parent / "explorer" / "static",
}
"""Files that pages load, by name, with their folder."""
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
ELSEWHERE = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
"""A picture that ReDoc would fetch from another server."""

INTRODUCTION = (Path(__file__).parent / "introduction.md").read_text(encoding="utf-8")
TITLE = "Initiatives API"

POLICY = "default-src 'none'; script-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
OWN_POLICY = f"{POLICY}; style-src 'self'"
VIEWER_POLICY = f"{POLICY}; style-src 'self' 'unsafe-inline'; font-src 'self' data:; worker-src 'self' blob:"
"""The viewers make styles while they run."""

PROBLEMS = {
    INVALID_QUERY.slug: (
        Asked("/v1/commitments?knd=procurement"),
        Asked("/v1/commitments?kind=procurment"),
        Asked("/v1/commitments?initiative=compct"),
        Asked("/v1/commitments?country=india&page=2"),
        Asked("/v1/commitments?amount__gte=1000000"),
    ),
    NOT_FOUND.slug: (Asked("/v1/commitments/acquire-p8i"), Asked("/v1/procurements")),
    NOT_ACCEPTABLE.slug: (Asked("/v1/commitments", headers={"accept": "image/png"}),),
    OUTDATED.slug: (Asked("/v1/commitments", headers={"dataset-revision": "999999"}),),
    METHOD_NOT_ALLOWED.slug: (Asked("/v1/commitments", "POST"),),
    NOT_IMPLEMENTED.slug: (Asked("/v1/commitments", "BREW"),),
    BAD_REQUEST.slug: (Asked("/v1", headers={"host": "no host"}),),
    TOO_LARGE.slug: (Asked("/v1", headers={"content-length": "1000000"}),),
    TOO_LONG.slug: (Asked(f"/v1/commitments?id={'a' * 9000}"),),
    HEADERS_TOO_LARGE.slug: (Asked("/v1", headers={"accept-language": "a" * 20000}),),
}
"""Requests that meet with a kind of problem."""
SECTIONS = (
    ("start", "Where to begin: what there is, and what is asked most."),
    *((resource.name, resource.description) for resource in CATALOG),
    ("records", "Every record, whatever its resource."),
)
LAST = (("service", "For those who run it."),)
"""Sections of the page, in the order in which one reads them: those of other views stand in between."""


def page(title: str, head: str, body: str, policy: str, html: str = "", status: int = 200) -> HTMLResponse:
    """A page of ours."""
    bar = (
        f'<header class="bar"><strong><a href="/">{TITLE}</a></strong><nav><a href="/docs">Docs</a> · '
        '<a href="/redoc">Reference</a> · <a href="/problems">Problems</a> · <a href="/openapi.json">openapi.json</a> · '
        '<a href="/openapi.yaml">openapi.yaml</a></nav></header>'
    )
    return HTMLResponse(
        f'<!doctype html><html lang="en"{html}><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="/assets/icon.svg">{head}<link rel="stylesheet" href="/assets/docs.css"></head>'
        f"<body>{bar}{body}</body></html>\n",
        status,
        headers={"Cache-Control": "public, max-age=300", "Content-Security-Policy": policy},
    )


@router.get("/docs")
async def swagger(request: Request) -> Response:
    """The document in Swagger UI, where questions can be asked."""
    return page(
        f"{TITLE}: docs",
        '<link rel="stylesheet" href="/assets/swagger-ui.css">',
        '<div id="docs"></div><script src="/assets/swagger-ui-bundle.js"></script><script type="module" src="/assets/docs.js"></script>',
        VIEWER_POLICY,
    )


@router.get("/redoc")
async def redoc(request: Request) -> Response:
    """The document in ReDoc, to be read."""
    return page(
        f"{TITLE}: reference",
        "",
        '<div id="redoc"></div><script src="/assets/redoc.standalone.js"></script><script src="/assets/redoc.js"></script>',
        VIEWER_POLICY,
    )


@router.get("/assets/{name}")
async def asset(request: Request) -> Response:
    """A file of the viewers or of ours."""
    name = request.path_params["name"]
    if name not in FILES:
        raise not_found("There is no such file.", [f"/assets/{one}" for one in near(name, FILES)])
    return Response(
        _file(name), headers={"Cache-Control": "public, max-age=86400"}, media_type=TYPES[Path(name).suffix]
    )


@cache
def _file(name: str) -> bytes:
    return (FILES[name] / name).read_bytes().replace(ELSEWHERE, b"/assets/icon.svg")


@router.get("/openapi.json")
async def as_json(request: Request) -> Response:
    """The document."""
    made = await documents(request).current()
    return Response(made.json, headers=made.headers("json"), media_type="application/json")


@router.get("/openapi.yaml")
async def as_yaml(request: Request) -> Response:
    """The document as YAML."""
    made = await documents(request).current()
    return Response(await asyncio.to_thread(made.yaml), headers=made.headers("yaml"), media_type="application/yaml")


class Document:
    """The OpenAPI document as of one revision; without examples where there is no database to ask."""

    def __init__(self, content: dict[str, Any], revision: int | None, digest: str):
        self.content, self.revision, self.digest = content, revision, digest
        self.json = orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)
        self._yaml: str | None = None

    def yaml(self) -> str:
        """It in YAML; made when it is first asked for."""
        if self._yaml is None:
            dumped = yaml.dump(orjson.loads(self.json), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
            self._yaml = str(dumped)
        return self._yaml

    def headers(self, format: str) -> dict[str, str]:
        """Validators of one of its formats."""
        if self.revision is None:
            return {"Cache-Control": "no-store"}
        server = self.content["servers"][0]["url"]
        return validators(self.revision, self.digest, f"/openapi.{format} {server}")


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes what occurs twice twice, as people expect it."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class Documents:
    """The documents of one application: made once for a revision, by one of those who ask at the same time."""

    def __init__(self, app: FastAPI):
        self.app = app
        self._made: Document | None = None
        self._making = asyncio.Lock()

    async def current(self) -> Document:
        """The document of the current revision."""
        source: Answers = self.app.state.answers
        async with self._making:
            try:
                revision, digest, _ = await source.dataset()
                if self._made is None or self._made.digest != digest:
                    content = contents(self.app)
                    await Illustrator(content, self.app, source, (CATALOG, EVERYTHING), origin(self.app)).illustrate(
                        PROBLEMS
                    )
                    self._made = Document(content, revision, digest)
                return self._made
            except Unavailable:
                return self._made or Document(contents(self.app), None, "")


def documents(request: Request) -> Documents:
    """Those of the application that was asked."""
    state = request.app.state
    if not hasattr(state, "documents"):
        state.documents = Documents(request.app)
    found: Documents = state.documents
    return found


def origin(app: FastAPI) -> str:
    """The address that code samples ask."""
    return str(app.state.settings.address)


def contents(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an application, its examples still the declared ones."""
    made = get_openapi(
        title=TITLE,
        version=__version__,
        openapi_version="3.1.0",
        summary="Who promised what to whom, by when, about what, and which source says so.",
        description=INTRODUCTION.replace("{address}", origin(app)),
        routes=app.routes,
        contact={"name": TITLE, "url": f"{origin(app)}/docs"},
        license_info={"name": "MIT (code), CC BY 4.0 (data)", "identifier": "MIT AND CC-BY-4.0"},
        servers=[{"url": str(app.state.settings.public_url or "/"), "description": "This server."}],
    )
    # Copies, since what examples are put into is shared by routes.
    counted = {f"/v1/{one.name}/aggregate": openapi.path_item(aggregate.operation(CATALOG, one)) for one in CATALOG}
    ours = {
        "paths": {**openapi.paths(CATALOG), **counted, **made["paths"]},
        "components": openapi.components(CATALOG, EVERYTHING, more={"Index": INDEX}),
    }
    made = schemas.with_named_schemas(made | orjson.loads(orjson.dumps(ours)))
    made["tags"] = sections(made)
    for operations in made["paths"].values():
        _say_what_is_known(operations["get"]["responses"])
    tags = [tag["name"] for tag in made["tags"]]

    def place(item: tuple[str, Any]) -> tuple[int, int, bool]:
        path, operations = item
        return tags.index(operations["get"]["tags"][0]), path.count("/"), not path.endswith("}")

    made["paths"] = dict(sorted(made["paths"].items(), key=place))
    return made


def _say_what_is_known(responses: dict[str, Any]) -> None:
    """Without the 200 with any JSON that FastAPI adds where an operation names none; with headers of every answer."""
    for response in responses.values():
        if "$ref" not in response:
            response["headers"] = openapi.header_refs(("Cache-Control", "X-Request-ID")) | response.get("headers", {})
    content = responses.get("200", {}).get("content", {})
    if content.get("application/json", {}).get("schema") == {}:
        del content["application/json"]
        if not content:
            del responses["200"]


def sections(document: dict[str, Any]) -> list[dict[str, str]]:
    """Every tag with its description, in reading order."""
    known = dict((*SECTIONS, *LAST))
    used = dict.fromkeys(operation["get"]["tags"][0] for operation in document["paths"].values())
    between = [tag for tag in used if tag not in known]
    names = [name for name, _ in SECTIONS if name in used] + between + [name for name, _ in LAST if name in used]
    words = {**known, **TAGS}
    return [{"name": name, "description": words.get(name, f"{name.capitalize()}.")} for name in names]


TAGS = {
    "questions": "Questions in plain words, each with the address that answers it.",
    "bulk": "The whole dataset as files, made once for each revision.",
    "graph": "Records and links as a network: what is around a record, and how two are connected.",
    "changes": "What changed, revision by revision, and what there was at an earlier one.",
    "search": "Words anywhere in the records.",
}
"""Sections of hand-written endpoints."""


@router.get("/problems")
async def kinds(request: Request) -> Response:
    """Every kind of problem."""
    rows = "".join(_row(kind) for kind in sorted(KINDS.values(), key=lambda kind: kind.status))
    body = (
        "<main><h1>Kinds of problems</h1><p>Every error is answered as <code>application/problem+json</code> "
        "(RFC 9457). Its <code>type</code> is the address of one of these pages, <code>detail</code> says what was "
        "wrong, and <code>errors</code> lists every fault of the request with what would have done.</p>"
        f'<ul class="kinds">{rows}</ul></main>'
    )
    return page("Kinds of problems", "", body, OWN_POLICY, ' class="ours"')


def _row(kind: Kind) -> str:
    return f'<li><span>{kind.status}</span><a href="{kind.type}">{escape(kind.title)}</a></li>'


@router.get("/problems/{slug}")
async def problem(request: Request) -> Response:
    """What a kind of problem means, with an example of one."""
    slug = request.path_params["slug"]
    kind = KINDS.get(slug)
    if kind is None:
        raise not_found(
            "There is no such kind of problem.", [f"/problems/{one}" for one in near(slug, KINDS)] or ["/problems"]
        )
    made = (await documents(request).current()).content["components"]["responses"]
    known = made.get(f"Problem{kind.status}", made["Problem"])["content"]["application/problem+json"]["examples"]
    shown = [example for name, example in known.items() if name.startswith(kind.slug)][:1]
    paragraphs = "".join(f"<p>{_coded(text)}</p>" for text in kind.explanation.split("\n"))
    body = (
        f'<main><span class="status">{kind.status} {kind.slug}</span><h1>{escape(kind.title)}</h1>{paragraphs}'
        f"{''.join(_shown(example, kind) for example in shown)}"
        '<p><a href="/problems">All kinds of problems</a></p></main>'
    )
    return page(kind.title, "", body, OWN_POLICY, ' class="ours"')


def _coded(text: str) -> str:
    """Text with its `words` set as code."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if position % 2 else piece for position, piece in enumerate(pieces))


def _shown(example: dict[str, Any], kind: Kind) -> str:
    asked = "" if example["summary"] == kind.title else f"<pre><code>{escape(example['summary'])}</code></pre>"
    body = orjson.dumps(example["value"], option=orjson.OPT_INDENT_2).decode()
    return f"<h2>For example</h2>{asked}<pre><code>{escape(body)}</code></pre>"


def _property(kind: str, description: str, shown: Any, **more: Any) -> dict[str, Any]:
    return {"type": kind, "description": description, "examples": [shown], **more}


LICENSE = {
    "title": "License",
    "type": "object",
    "required": ["name", "url"],
    "properties": {
        "name": _property("string", "Name of the license.", "CC BY 4.0"),
        "url": _property("string", "Its text.", "https://creativecommons.org/licenses/by/4.0/"),
    },
}
INDEX = {
    "type": "object",
    "description": "What there is.",
    "required": ["name", "version", "description", "revision", "updated_at", "resources", "records", "docs", "openapi", "license", "attribution", "stability"],
    "properties": {
        "name": _property("string", "Name of the service.", TITLE),
        "version": _property("string", "Version of the program.", __version__),
        "description": _property("string", "What it is, in one sentence.", "Who promised what to whom."),
        "revision": _property("integer", "Revision of the dataset: one more after each change.", 1),
        "updated_at": _property("string", "Instant of that change, UTC.", "2025-03-01T12:00:00+00:00", format="date-time"),
        "resources": {
            "type": "array",
            "description": "Every resource, in reading order.",
            "items": {
                "title": "IndexEntry",
                "type": "object",
                "required": ["name", "description", "count", "url", "example"],
                "properties": {
                    "name": _property("string", "Name, as in addresses.", "commitments"),
                    "description": _property("string", "What its records are.", "What was promised."),
                    "count": _property("integer", "How many records it has.", 22),
                    "url": _property("string", "Path of its list.", "/v1/commitments"),
                    "example": _property("string", "Path of a record that shows what it is.", "/v1/commitments/acquire-p-8i"),
                },
            },
        },
        "records": _property("string", "Path of the list of all records.", "/v1/records"),
        "docs": _property("string", "Path of the docs page.", "/docs"),
        "openapi": _property("string", "Path of the OpenAPI document.", "/openapi.json"),
        "license": {
            "title": "Licenses",
            "type": "object",
            "description": "Licenses of the code and of the data.",
            "required": ["code", "data"],
            "properties": {"code": LICENSE, "data": LICENSE},
        },
        "attribution": _property("string", "How to name the source.", "Initiatives API, CC BY 4.0"),
        "stability": _property("string", "What stays as it is.", "Within /v1 things are only added."),
    },
}  # fmt: skip
