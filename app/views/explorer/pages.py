"""What every page of the explorer has: templates, headers, and the rules of its addresses."""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_from_bytes, unquote, unquote_plus

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.api.caching import validators
from app.api.errors import Problem
from app.api.pages import url
from app.core.composing import RESERVED
from app.resources import CATALOG
from app.views.explorer import wording

HERE = Path(__file__).parent
STATIC = HERE / "static"

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
"""No script or style inside a page, and nothing from elsewhere."""

PAGES = {*CATALOG.by_name, "records", "search"}
"""What has pages, by the first word of an address."""

TRACKING = re.compile(rb"utm_[a-z_]+|fbclid|gclid")
SHOWING = {b"facet", b"fields", b"include", b"limit"}
"""Parameters of the API that change nothing that a page shows."""


@cache
def files() -> Mapping[str, tuple[str, bytes]]:
    """Our own files by the name under which they are served, which changes with the content; with media type."""
    types = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
    made = {}
    for path in sorted(STATIC.iterdir()):
        content = path.read_bytes()
        mark = hashlib.blake2b(content, digest_size=5).hexdigest()
        made[f"{path.stem}.{mark}{path.suffix}"] = (types[path.suffix], content)
    return made


@cache
def static(name: str) -> str:
    """The address of one of our own files."""
    stem, suffix = name.rsplit(".", 1)
    (found,) = (served for served in files() if re.fullmatch(rf"{stem}\.[0-9a-f]{{10}}\.{suffix}", served))
    return f"/static/{found}"


@cache
def environment() -> Environment:
    """The templates; everything that they are given is escaped."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {"static": static, "resources": [resource for resource in CATALOG if resource.has_evidence]}
    made.globals |= {
        name: getattr(wording, name) for name in ("heading", "words", "plain", "date", "counted", "singular", "listed")
    }
    made.filters["code"] = wording.code
    return made


@cache
def fingerprint() -> str:
    """Changes whenever a template or a file of ours does."""
    made = hashlib.blake2b(digest_size=6)
    for path in sorted((HERE / "templates").iterdir()):
        made.update(path.read_bytes())
    for name in files():
        made.update(name.encode())
    return made.hexdigest()


def base(request: Request) -> str:
    """The address that the service is known by, without the last slash."""
    return str(request.app.state.settings.address)


def render(
    request: Request,
    template: str,
    *,
    revision: int | None = None,
    digest: str = "",
    key: str = "",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> Response:
    """A page; one that depends on the dataset alone gives its revision and is kept like an answer of the API."""
    public = request.app.state.settings.public_url
    given = {"path": key or request.scope["path"], "public": (public or "").rstrip("/"), "revision": revision, **values}
    body = environment().get_template(template).render(given)
    sent = {**SECURITY, "Vary": "Accept", "Cache-Control": "no-store", **(headers or {})}
    if revision is not None and status == 200:
        sent |= validators(revision, digest, f"page {fingerprint()} {public} {key or request.scope['path']}")
    return Response(body, status, sent, "text/html; charset=utf-8")


def tidied(request: Request) -> Response | None:
    """Where a page's address leads without empty fields, tracking and what changes nothing; null where it has none."""
    kept, moved = [], False
    for piece in request.scope["query_string"].split(b"&"):
        name, _, value = piece.partition(b"=")
        if not value or TRACKING.fullmatch(name) or name in SHOWING:
            moved = moved or bool(piece)
        else:
            kept.append(piece)
    if not moved:
        return None
    query = quote_from_bytes(b"&".join(kept), safe="/:?#[]@!$&'()*+,;=%-._~")
    path = quote(request.scope["path"])
    return RedirectResponse(f"{path}?{query}" if query else path, 307, headers={"Cache-Control": "no-cache"})


def page_of(address: str) -> str:
    """The page that shows what an address of the API gives; the address itself where there is none."""
    pieces = address.partition("?")[0].split("/")
    shown = len(pieces) <= 4 and pieces[:2] == ["", "v1"] and (len(pieces) < 3 or pieces[2] in PAGES)
    return (address.removeprefix("/v1") or "/") if shown and pieces[-1] not in RESERVED else address


NOT_GIVEN = "Not given"


def facet_words(count: Mapping[str, Any]) -> str:
    """What a value of a facet is called."""
    if count["value"] is None:
        return NOT_GIVEN
    if count["label"] == str(count["value"]).replace("_", " "):
        return wording.plain(count["value"])
    return str(count["label"])


def link(resource: str, id: str) -> str:
    """The page of a record."""
    return f"/{resource}/{id}"


def pairs(address: str, without: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Names and values of an address of ours, but for some."""
    query = address.partition("?")[2]
    split = (piece.partition("=") for piece in query.split("&") if piece)
    return [(unquote(name), unquote_plus(value)) for name, _, value in split if unquote(name) not in without]


def wants_page(request: Request) -> bool:
    """Whether a person is likely to be looking."""
    return "text/html" in request.headers.get("accept", "")


def is_for_people(request: Request) -> bool:
    """Whether an address is one of the explorer's rather than of the API or the docs, and a browser asks."""
    ours = (
        re.match(
            r"/(v1|docs|redoc|assets|openapi\.|problems|healthz|readyz|metrics)(/|$|\.|j|y)", request.scope["path"]
        )
        is None
    )
    return ours and wants_page(request)


def problem(request: Request, problem: Problem) -> Response:
    """A problem as a page, with the same hints as the API gives, as links."""
    faults = [
        {
            "detail": fault.detail,
            "allowed": list(fault.allowed)[:24],
            "more": max(0, len(fault.allowed) - 24),
            "links": _mended(request, fault.parameter, fault.value, list(fault.did_you_mean)),
        }
        for fault in problem.faults
    ]
    path = request.scope["path"]
    name = path.removeprefix("/").partition("/")[0]
    return render(
        request,
        "error.html",
        status=problem.kind.status,
        headers={"Cache-Control": "no-store", **problem.headers},
        problem=problem,
        faults=faults,
        whole=f"/{name}" if name in CATALOG.by_name else None,
        name=name,
    )


def _mended(request: Request, parameter: str | None, value: str | None, meant: list[str]) -> list[tuple[str, str]]:
    """For each word that was probably meant, the address with that word in it."""
    if parameter is None:
        return [(page_of(address), page_of(address)) for address in meant if address.startswith("/")]
    path, query = request.scope["path"], request.scope["query_string"].decode("latin-1")
    found = []
    for word in meant:
        pieces = []
        for piece in query.split("&"):
            name, _, text = piece.partition("=")
            if unquote_plus(name) != parameter:
                pieces.append(piece)
            elif "=" in word:
                pieces.append(word if not word.endswith("=") else "")
            elif value is not None and value in unquote_plus(text).split(",") and parameter in _names(path):
                given = [word if one == value else one for one in unquote_plus(text).split(",")]
                pieces.append(f"{name}={quote(','.join(given), safe=',:-')}")
            else:
                pieces.append(f"{quote(word)}={text}")
        if not word.endswith("="):
            found.append((url(path, "&".join(filter(None, pieces))), word))
    return found


def _names(path: str) -> set[str]:
    resource = CATALOG.by_name.get(path.removeprefix("/").partition("/")[0])
    return {*(CATALOG.parameters(resource) if resource else ()), "sort", "or"}
