"""Whether the service lives, and whether it can answer."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.api import openapi
from app.api.errors import UNAVAILABLE, Problem
from app.api.routes import answers

router = APIRouter()

_OK = {
    "title": "Health",
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"type": "string", "const": "ok", "description": "That all is well."},
        "revision": {"type": "integer", "description": "Revision of the dataset, where the database was asked."},
    },
}


def _answer(description: str) -> dict[str, object]:
    return {"200": {"description": description, "content": {"application/json": {"schema": _OK}}}}


@router.api_route(
    "/healthz",
    **openapi.operation(
        "get_health",
        "service",
        "Is it alive",
        "200 as long as the process runs.",
        responses=_answer("It is."),  # type: ignore[arg-type]
    ),
)
async def alive(request: Request) -> Response:
    """The process runs."""
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Counts and durations for Prometheus."""
    text = request.app.state.observer.text()
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8", headers={"Cache-Control": "no-store"})


@router.api_route(
    "/readyz",
    **openapi.operation(
        "get_readiness",
        "service",
        "Can it answer",
        "200 where the database answers, 503 where it does not.",
        responses=_answer("It can."),  # type: ignore[arg-type]
    ),
)
async def ready(request: Request) -> Response:
    """The database answers, and the process is not about to end."""
    if request.scope["state"].get("draining"):
        raise Problem(UNAVAILABLE, "This process is about to end.", headers={"Retry-After": "1"})
    revision, _, _ = await answers(request).dataset()
    return JSONResponse({"status": "ok", "revision": revision}, headers={"Cache-Control": "no-store"})
