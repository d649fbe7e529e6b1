"""The whole dataset as files: their index, and the files themselves."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from app.api import openapi, plain, schemas
from app.api.caching import validators
from app.api.citing import LICENSE
from app.api.errors import INVALID_QUERY, MEDIA_TYPE, NOT_FOUND, OUTDATED, RANGE, Problem
from app.api.formats import EXTRA
from app.api.routes import accept_revision, answers, link_header, not_found, public
from app.views.exports.building import Built, Exports
from app.views.exports.files import KINDS


@asynccontextmanager
async def closing(app: Any) -> AsyncIterator[None]:
    """Leaves no temporary files behind when the application ends."""
    yield
    if hasattr(app.state, "exports"):
        await app.state.exports.close()


router = APIRouter(lifespan=closing)

TAG = "bulk"

INDEX: dict[str, Any] = {
    "title": "Exports",
    "type": "object",
    "required": ["data", "meta", "links"],
    "properties": {
        "data": {
            "type": "array",
            "description": "The files.",
            "items": {
                "title": "Export",
                "type": "object",
                "required": ["name", "title", "description", "media_type", "url", "bytes", "sha256"],
                "properties": {
                    "name": {"type": "string", "description": "Name of the file."},
                    "title": {"type": "string", "description": "What it is, in a few words."},
                    "description": {"type": "string", "description": "What is in it."},
                    "media_type": {"type": "string", "description": "Its media type."},
                    "url": {"type": "string", "description": "Path of the file."},
                    "bytes": {"type": "integer", "description": "Size of the file."},
                    "sha256": {"type": "string", "description": "Checksum of the file."},
                },
            },
        },
        "meta": {
            "title": "ExportsMeta",
            "type": "object",
            "description": "What the files are of.",
            "required": ["total", "revision", "date", "license"],
            "properties": {
                "total": {"type": "integer", "description": "How many files there are."},
                "revision": {"type": "integer", "description": "Revision of the dataset that the files are of."},
                "date": {"type": "string", "description": "Day of that revision."},
                "license": {"type": "object", "description": "License of the data."},
            },
        },
        "links": schemas.SELF,
    },
}


def exports(request: Request) -> Exports:
    """The files of the application that answers."""
    state = request.app.state
    if not hasattr(state, "exports"):
        base = (state.settings.public_url or "").rstrip("/")
        state.exports = Exports(answers(request), state.settings.exports_path, base)
    found: Exports = state.exports
    return found


async def _current(request: Request) -> Built:
    built = await exports(request).current()
    accept_revision(request, built.revision)
    return built


@router.api_route(
    "/v1/exports",
    **openapi.operation(
        "list_exports",
        TAG,
        "Whole-dataset files",
        "Every record of the current revision as files for mirrors, notebooks and triple stores, built once for a "
        "revision, each with its size and SHA-256. While they are being built: 503 with `Retry-After`.",
        parameters=openapi.CONDITIONAL,
        responses={"200": openapi.ok("The files.", INDEX), **openapi.UNCHANGED},
        problems=(INVALID_QUERY, OUTDATED),
    ),
)
async def index(request: Request) -> Response:
    """The files with sizes and checksums."""
    plain.nothing(request.scope["query_string"])
    built = await _current(request)
    body = {
        "data": [
            {
                "name": file.name,
                "title": KINDS[file.name].title,
                "description": KINDS[file.name].words,
                "media_type": KINDS[file.name].media_type,
                "url": f"/v1/exports/{file.name}",
                "bytes": file.bytes,
                "sha256": file.sha256,
            }
            for file in built.files
        ],
        "meta": {"total": len(built.files), "revision": built.revision, "date": built.at[:10], "license": LICENSE},
        "links": {"self": "/v1/exports"},
    }
    content = orjson.dumps(body)
    headers = validators(built.revision, built.digest, f"/v1/exports {[file.sha256 for file in built.files]}")
    headers["Link"] = link_header({"self": "/v1/exports", "cite-as": public(request, "/v1/exports")})
    return Response(content, headers=headers, media_type="application/json")


_HEADERS = openapi.header_refs((*openapi.VALIDATORS, "Link", "Content-Disposition", "Accept-Ranges", "Last-Modified"))
_CONTENT = {
    kind.media_type: {
        "schema": {"type": "object"} if "json" in kind.media_type else {"type": "string", "format": "binary"}
    }
    for kind in KINDS.values()
}


@router.api_route(
    "/v1/exports/{name}",
    **openapi.operation(
        "get_export",
        TAG,
        "One whole-dataset file",
        "Sent as it lies on the disk: with `Range` in parts, with a strong `ETag` to go on after a break (`If-Range`).",
        parameters=[
            {
                "name": "name",
                "in": "path",
                "required": True,
                "description": "Name of the file.",
                "schema": {"type": "string", "enum": list(KINDS)},
                "example": "dataset.jsonld",
            },
            *openapi.CONDITIONAL,
        ],
        responses={
            "200": {"description": "The file.", "headers": _HEADERS, "content": _CONTENT},
            "206": {
                "headers": _HEADERS,
                "description": "The part that `Range` asks for.",
                "content": {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in _CONTENT},
            },
            "416": {
                "description": f"{RANGE.title}.",
                "content": {MEDIA_TYPE: {"schema": schemas.ref("schemas", "Problem")}},
            },
            **openapi.UNCHANGED,
        },
        problems=(NOT_FOUND, INVALID_QUERY, OUTDATED),
    ),
)
async def file(request: Request) -> Response:
    """A file, or a part of it."""
    name = request.path_params["name"]
    if name not in KINDS:
        raise not_found("There is no such file.", [f"/v1/exports/{known}" for known in KINDS if known[:3] == name[:3]])
    plain.nothing(request.scope["query_string"])
    built = await _current(request)
    made = next((one for one in built.files if one.name == name), None)
    if made is None:
        extra = f"whoever runs this server adds it with `pip install initiatives-api[{EXTRA}]`"
        raise not_found(f"{name} is not built here: {extra}.", ["/v1/exports"])
    headers = validators(built.revision, built.digest, made.sha256)
    headers["Link"] = link_header({"cite-as": public(request, f"/v1/exports/{name}")})
    _settle_range(request, headers["ETag"], made.bytes)
    return FileResponse(
        built.folder / name, headers=headers, media_type=KINDS[name].media_type, filename=f"initiatives-{name}"
    )


def _settle_range(request: Request, tag: str, size: int) -> None:
    """Leave a `Range` only where it is a single part of these bytes: everything else gets the whole file.

    Raises a Problem where the part lies behind the end.
    """
    given, unless = request.headers.get("range"), request.headers.get("if-range")
    if given is None:
        return
    match = re.fullmatch(r"bytes=(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))", given.strip(), re.ASCII)
    good = match is not None and (unless is None or unless.strip() == f'{tag[:-1]}-identity"')
    if match is not None and good:
        first, last, suffix = match.groups()
        backward = first is not None and last is not None and int(last) < int(first)
        beyond = (first is not None and int(first) >= size) or (suffix is not None and int(suffix) == 0)
        if beyond and not backward:
            detail = f"The file has {size:,} bytes."
            raise Problem(RANGE, detail, headers={"Content-Range": f"bytes */{size}"})
        good = not backward
    dropped = (b"if-range",) if good else (b"if-range", b"range")
    request.scope["headers"] = [pair for pair in request.scope["headers"] if pair[0].lower() not in dropped]
