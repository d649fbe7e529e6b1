"""The index of the API, and the door for browsers."""

from typing import Any

import orjson
from fastapi import APIRouter
from sqlalchemy import func, select
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import __version__
from app.api import openapi, plain
from app.api.answers import Answers
from app.api.caching import validators
from app.api.errors import INVALID_QUERY, NOT_ACCEPTABLE, OUTDATED, invalid
from app.api.formats import JSON
from app.api.routes import accept_revision, acceptable, answers
from app.core.changes import Dataset
from app.core.fields import table_of
from app.core.record import Record, State
from app.resources import CATALOG
from app.views.explorer import home
from app.views.explorer.pages import wants_page

router = APIRouter()

LICENSES = {
    "code": {"name": "MIT", "url": "https://spdx.org/licenses/MIT.html"},
    "data": {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"},
}
ATTRIBUTION = "Initiatives API, wording and structure of the data under CC BY 4.0; facts belong to nobody."
STABILITY = (
    "Within /v1 fields, enum values, parameters and resources are only added; ids are permanent and never reused."
)


def counts() -> Any:
    """How many live records each resource has."""
    found = (
        select(col(Record.resource).label("resource"), func.count().label("number"))
        .where(col(Record.state) == State.live.value)
        .group_by(Record.resource)
        .subquery()
    )
    return select(
        col(Dataset.revision), col(Dataset.digest), col(Dataset.at), found.c.resource, found.c.number
    ).select_from(table_of(Dataset).outerjoin(found, col(Dataset.id) == 1))


async def counted(source: Answers) -> tuple[int, str, str, dict[str, int]]:
    """Revision, digest, instant of the last change, and the number of records by resource."""
    rows = await source.reader.fetch(source.queries.compiled(("counts",), counts), {})
    return rows[0][0], rows[0][1], rows[0][2], {row[3]: row[4] for row in rows if row[3] is not None}


def content(revision: int, at: str, numbers: dict[str, int]) -> dict[str, Any]:
    """The index as JSON."""
    return {
        "name": "Initiatives API",
        "version": __version__,
        "description": "Who promised what to whom, by when, about what, and which source says so.",
        "revision": revision,
        "updated_at": at,
        "resources": [
            {
                "name": resource.name,
                "description": resource.description,
                "count": numbers.get(resource.name, 0),
                "url": f"/v1/{resource.name}",
                "example": resource.url(resource.example),
            }
            for resource in CATALOG
        ],
        "records": "/v1/records",
        "docs": "/docs",
        "openapi": "/openapi.json",
        "license": LICENSES,
        "attribution": ATTRIBUTION,
        "stability": STABILITY,
    }


@router.api_route(
    "/v1",
    **openapi.operation(
        "get_index",
        "start",
        "What there is",
        "Resources with counts and addresses, the revision, licenses, and what stays as it is.",
        parameters=openapi.CONDITIONAL,
        responses={
            "200": openapi.ok("The index.", {"$ref": "#/components/schemas/Index"}, link=False),
            **openapi.UNCHANGED,
        },
        problems=(INVALID_QUERY, NOT_ACCEPTABLE, OUTDATED),
    ),
)
async def index(request: Request) -> Response:
    """Resources with counts and URLs."""
    acceptable(request, None, (JSON,))
    if faults := plain.read(request.scope["query_string"], ()).faults:
        raise invalid(faults)
    revision, digest, at, numbers = await counted(answers(request))
    accept_revision(request, revision)
    return Response(
        orjson.dumps(content(revision, at, numbers)),
        headers=validators(revision, digest, "/v1"),
        media_type="application/json",
    )


@router.get("/", include_in_schema=False)
async def door(request: Request) -> Response:
    """The explorer for a browser, the index for everyone else."""
    if wants_page(request):
        return await home.page(request)
    return RedirectResponse("/v1", 307, headers={"Vary": "Accept"})
