"""The OpenAPI document and the pages that show it, all from this server."""

from pathlib import Path
from typing import Any

import fastapi_offline
import orjson
import yaml
from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from app import __version__
from app.api import aggregate, openapi
from app.api.errors import KINDS
from app.api.routes import answers, not_found
from app.resources import CATALOG
from app.views.records import EVERYTHING

router = APIRouter(include_in_schema=False)

ASSETS = Path(fastapi_offline.__file__).parent / "static"
FILES = {"swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js", "favicon.png"}

INTRODUCTION = (Path(__file__).parent / "introduction.md").read_text(encoding="utf-8")

START = """window.ui = SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#docs", deepLinking: true, displayRequestDuration: true,
  defaultModelsExpandDepth: 0, docExpansion: "none", filter: true, tryItOutEnabled: true,
  presets: [SwaggerUIBundle.presets.apis], layout: "BaseLayout",
});
"""
"""Starts Swagger UI; a file of its own, so that no script stands inside the page."""


def page(title: str, head: str, body: str) -> HTMLResponse:
    """A page of ours around a viewer."""
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="/assets/favicon.png">{head}</head><body>{body}</body></html>',
        headers={"Cache-Control": "public, max-age=300"},
    )


@router.get("/docs")
async def swagger(request: Request) -> Response:
    """The document in Swagger UI."""
    return page(
        "Initiatives API",
        '<link rel="stylesheet" href="/assets/swagger-ui.css">',
        '<div id="docs"></div><script src="/assets/swagger-ui-bundle.js"></script><script src="/assets/start.js"></script>',
    )


@router.get("/redoc")
async def redoc(request: Request) -> Response:
    """The document in ReDoc."""
    return page(
        "Initiatives API",
        "",
        '<redoc spec-url="/openapi.json"></redoc><script src="/assets/redoc.standalone.js"></script>',
    )


@router.get("/assets/{name}")
async def asset(request: Request) -> Response:
    """A file of the viewers, from their package."""
    name = request.path_params["name"]
    kept = {"Cache-Control": "public, max-age=86400"}
    if name == "start.js":
        return Response(START, media_type="text/javascript", headers=kept)
    if name not in FILES:
        raise not_found("There is no such file.", [])
    return FileResponse(ASSETS / name, headers=kept)


@router.get("/openapi.json")
async def as_json(request: Request) -> Response:
    """The document."""
    return Response(orjson.dumps(await document(request), option=orjson.OPT_INDENT_2), media_type="application/json")


@router.get("/openapi.yaml")
async def as_yaml(request: Request) -> Response:
    """The document as YAML."""
    text = yaml.safe_dump(await document(request), sort_keys=False, allow_unicode=True, width=120)
    return Response(text, media_type="application/yaml")


@router.get("/problems/{slug}")
async def problem(request: Request) -> Response:
    """What a kind of problem means."""
    kind = KINDS.get(request.path_params["slug"])
    if kind is None:
        raise not_found("There is no such kind of problem.", [other.type for other in KINDS.values()])
    return page(kind.title, "", f"<main><h1>{kind.title}</h1><p>Status {kind.status}</p><p>{kind.explanation}</p></main>")


async def document(request: Request) -> dict[str, Any]:
    """The OpenAPI document of this application, with examples out of its database."""
    made = get_openapi(
        title="Initiatives API",
        version=__version__,
        summary="Who promised what to whom, by when, about what, and which source says so.",
        description=INTRODUCTION,
        routes=request.app.routes,
        contact={"name": "Initiatives API", "url": "https://github.com/initiatives-api"},
        license_info={"name": "MIT", "identifier": "MIT"},
        servers=[{"url": request.app.state.settings.public_url or "/", "description": "This server."}],
        tags=[*tags()],
    )
    aggregates = {f"/v1/{one.name}/aggregate": openapi.path_item(aggregate.operation(CATALOG, one)) for one in CATALOG}
    made["paths"] = {**openapi.paths(CATALOG), **aggregates, **made["paths"]}
    made["components"] = openapi.components(CATALOG, EVERYTHING, more={"Index": INDEX})
    assert answers
    return made


def tags() -> list[dict[str, str]]:
    """Sections of the page, in the order in which one reads them."""
    return [
        {"name": "start", "description": "Where to begin."},
        *({"name": resource.name, "description": resource.description} for resource in CATALOG),
        {"name": "records", "description": "Every record, whatever its resource."},
        {"name": "service", "description": "For those who run it."},
    ]


INDEX = {
    "type": "object",
    "required": ["name", "version", "description", "revision", "updated_at", "resources", "records", "docs", "openapi", "license", "attribution", "stability"],
    "properties": {
        "name": {"type": "string"},
        "version": {"type": "string"},
        "description": {"type": "string"},
        "revision": {"type": "integer"},
        "updated_at": {"type": "string", "format": "date-time"},
        "resources": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "description", "count", "url", "example"],
                "properties": {
                    "name": {"type": "string"},
                    "description": {"type": "string"},
                    "count": {"type": "integer"},
                    "url": {"type": "string"},
                    "example": {"type": "string"},
                },
            },
        },
        "records": {"type": "string"},
        "docs": {"type": "string"},
        "openapi": {"type": "string"},
        "license": {"type": "object"},
        "attribution": {"type": "string"},
        "stability": {"type": "string"},
    },
}  # fmt: skip
