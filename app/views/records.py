"""All records together, and the way to one whose resource is not known."""

from enum import StrEnum

from fastapi import APIRouter
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.api import openapi
from app.api.errors import GONE, INVALID_QUERY, NOT_FOUND, Problem, near
from app.api.params import Reading
from app.api.routes import answers, listing, named_by, not_found, record
from app.core.declare import ANY, Catalog, Resource
from app.core.filters import Choice
from app.core.record import Record, RecordRead, State
from app.resources import CATALOG

ResourceName = StrEnum("ResourceName", {made.name: made.name for made in CATALOG if made.has_evidence})  # type: ignore[misc]

RECORDS = Resource(
    name="records",
    table=Record,
    read=RecordRead,
    description="Every record but statements, with the fields that all have.",
    example="compact",
    filters=(Choice(Record.resource, ResourceName, also=("kind", "type")),),
    only=col(Record.title_folded).is_not(None),
)

EVERYTHING = Catalog((RECORDS,))

router = APIRouter()


@router.api_route("/v1/records", **openapi.list_operation(EVERYTHING, RECORDS))
async def records(request: Request) -> Response:
    """Every entity; statements are evidence and have their own list."""
    return await listing(request, Reading(EVERYTHING, RECORDS, request.scope["query_string"]))


@router.api_route(
    "/v1/records/{id}",
    **openapi.operation(
        openapi.ANYWHERE,
        "records",
        "Where a record is",
        "Leads to the record's own address, whatever its resource; an alias does as well as the id.",
        parameters=[
            {
                "name": "id",
                "in": "path",
                "required": True,
                "description": "Id, alias, acronym or symbol.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 200},
                "example": "gallium",
            }
        ],
        responses={"307": openapi.MOVED["307"]},
        problems=(NOT_FOUND, GONE, INVALID_QUERY),
    ),
)
async def find(request: Request) -> Response:
    """Leads to the record's own address."""
    id = request.path_params["id"]
    found = await record(request, id)
    if found is not None and found.resource is not None:
        if found.state == State.deleted:
            raise Problem(GONE, f"{id} was one of the {found.resource} and was deleted.")
        return _to(f"/v1/{found.resource}/{id}")
    named = await named_by(request, [ANY], id)
    if len(named) == 1:
        return _to(f"/v1/records/{named[0]}")
    known = await answers(request).lookup.candidates([ANY], id) if len(id) <= 200 else []
    raise not_found("There is no such record.", [f"/v1/records/{one}" for one in (named or near(id, known))])


def _to(path: str) -> Response:
    return RedirectResponse(path, 307, headers={"Cache-Control": "no-cache"})
