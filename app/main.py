"""The application: routers, middleware, error handlers and the database that it answers from."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette_compress import CompressMiddleware, add_compress_type

from app import __version__
from app.api import aggregate
from app.api.answers import Answers, Moved
from app.api.caching import Cache
from app.api.copies import Copies
from app.api.errors import INTERNAL, MEDIA_TYPE, TOO_SLOW, UNAVAILABLE, Problem
from app.api.formats import FORMATS, GRAPHML
from app.api.gate import Gate
from app.api.observing import Observer
from app.api.rates import RateLimit
from app.api.routes import Failed, ResourceRoutes, nowhere
from app.core.db import Busy, Reader, TooSlow, Unavailable
from app.core.readers import reader
from app.resources import CATALOG
from app.settings import Settings, settings
from app.views import LISTS, VIEWS
from app.views.explorer import pages

for made in (*FORMATS.values(), GRAPHML):
    if made.is_text:
        add_compress_type(made.media_type)
add_compress_type(MEDIA_TYPE)


AWAY: Mapping[type[Exception], str] = {
    Busy: "Every connection to the database is taken.",
    Moved: "The dataset changes faster than it can be read.",
    Unavailable: "The database cannot be reached just now.",
}
"""What a client is told where it is to come again."""


def create_app(given: Settings | None = None) -> ASGIApp:
    """The application for some settings; those of the environment unless given."""
    chosen = given or settings()
    source = reader(
        chosen.database_url,
        timeout=chosen.statement_timeout_ms / 1000,
        connections=chosen.pool_size,
        replicas=[one.strip() for one in chosen.database_replica_urls.split(",") if one.strip()],
        lag=chosen.replica_lag_seconds,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with suppress(OSError):  # Readiness says so; the database is tried again at each request.
            await source.open()
        yield
        app.state.copies.close()
        await source.close()

    app = FastAPI(
        title="Initiatives API",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        telemetry={"metrics": False, "logs": False},  # those are the observer's
        middleware=[Middleware(ResourceRoutes, CATALOG, aggregate.endpoints(CATALOG), FAILED)],
        exception_handlers=dict([*FAILED.items(), (HTTPException, _http), (Exception, _internal)]),
    )
    app.state.answers = Answers(CATALOG, source)
    app.state.settings = chosen
    app.state.copies = Copies(chosen.exports_path and chosen.exports_path / "lists")
    for view in VIEWS:
        app.include_router(view)
    return in_front(app, source, chosen)


def in_front(app: FastAPI, source: Reader, chosen: Settings) -> ASGIApp:
    """The application behind compression, the cache and the gate, none of which it needs to know."""
    joined = {name for resource in CATALOG for name, one in CATALOG.parameters(resource).items() if one.kind.splits}
    never = {name for resource in CATALOG for name, one in CATALOG.parameters(resource).items() if not one.several}
    cached = Cache(
        Compression(app, minimum_size=500),
        source,
        chosen.cache_bytes,
        joined - never,
        stale_seconds=chosen.stale_while_revalidate_seconds,
    )
    observer = Observer(sys.stdout if chosen.log_requests else None)
    observer.gauges += [cached.gauges, source.gauges]
    app.state.observer = observer
    limited = RateLimit(cached, chosen.rate_limit) if chosen.rate_limit else cached
    return Gate(limited, observer, [host for host in chosen.allowed_hosts.split(",") if host])


class Compression(CompressMiddleware):
    """Compresses for those who ask for it; others need not wait until it has looked at the answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and any(name == b"accept-encoding" for name, _ in scope["headers"])
        await (super().__call__ if asked else self.app)(scope, receive, send)


async def _problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return pages.problem(request, problem) if pages.is_for_people(request) else problem.response(request)


async def _http(request: Request, error: Exception) -> Response:
    return await _problem(request, nowhere(CATALOG, request.scope["path"], LISTS))


async def _unavailable(request: Request, error: Exception) -> Response:
    away = Problem(UNAVAILABLE, AWAY.get(type(error), AWAY[Unavailable]), headers={"Retry-After": "1"})
    return await _problem(request, away)


async def _too_slow(request: Request, error: Exception) -> Response:
    slow = Problem(TOO_SLOW, "The database gave up at the time limit.", headers={"Retry-After": "1"})
    return await _problem(request, slow)


async def _internal(request: Request, error: Exception) -> Response:
    return await _problem(request, Problem(INTERNAL, "The fault was logged under this request id."))


FAILED: Mapping[type[Exception], Failed] = {
    Problem: _problem,
    Unavailable: _unavailable,
    Moved: _unavailable,
    TooSlow: _too_slow,
}
"""Who answers where an endpoint fails in a way that is foreseen."""
