"""Addresses of the explorer: a page for each list and each record, the search, and files for machines."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.declare import Resource
from app.resources import CATALOG
from app.views import records
from app.views.explorer import files, listing, pictures, record, search
from app.views.records import EVERYTHING, RECORDS

Endpoint = Callable[[Request], Awaitable[Response]]


def _list(resource: Resource) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await listing.page(request, EVERYTHING if resource is RECORDS else CATALOG, resource)

    return endpoint


def _record(resource: Resource) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await record.page(request, resource)

    return endpoint


async def _find(request: Request) -> Response:
    """The page of a record whose resource is not known."""
    answer = await records.find(request)
    answer.headers["location"] = answer.headers["location"].removeprefix("/v1")
    return answer


router = APIRouter(include_in_schema=False)
for made in (*CATALOG, RECORDS):
    router.add_api_route(f"/{made.name}", _list(made))
    router.add_api_route(f"/{made.name}/{{id}}", _find if made is RECORDS else _record(made))
router.add_api_route("/search", search.page)
router.include_router(files.router)
router.include_router(pictures.router)
