"""Errors as people meet them: problem+json that says what was wrong, what is allowed and what was probably meant."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: it has a page of its own."""

    slug: str
    status: int
    title: str
    explanation: str

    @property
    def type(self) -> str:
        """The path that identifies the kind."""
        return f"/problems/{self.slug}"


INVALID_QUERY = Kind(
    "invalid-query",
    422,
    "The query cannot be used as written",
    "A parameter is unknown, or a value is not allowed. `errors` lists every fault of the request with what is allowed "
    "and, where there is a near match, `did_you_mean`. Nothing is guessed: correct the URL and ask again.",
)
NOT_FOUND = Kind(
    "not-found",
    404,
    "There is nothing here",
    "No record or resource has this address. `did_you_mean` names the nearest address where there is one.",
)
GONE = Kind("gone", 410, "This record was deleted", "The record was there once. Its id is not used for anything else.")
METHOD_NOT_ALLOWED = Kind(
    "method-not-allowed",
    405,
    "This method is not allowed here",
    "The API is read only: GET, HEAD and OPTIONS work everywhere.",
)
NOT_ACCEPTABLE = Kind(
    "not-acceptable",
    406,
    "No such format",
    "None of the media types in `Accept` can be given. Ask for one that `errors` lists, or use `format=`.",
)
UNAVAILABLE = Kind(
    "unavailable",
    503,
    "The database cannot be reached just now",
    "Ask again after the seconds in `Retry-After`.",
)
TOO_SLOW = Kind(
    "too-slow",
    503,
    "The database gave up on this question",
    "It took longer than the time limit. Ask for less: fewer values, a narrower filter, a smaller limit.",
)
OUTDATED = Kind(
    "outdated",
    412,
    "The data here is older than you accept",
    "The `Dataset-Revision` that was sent in is the least that the client accepts, and it has not arrived here yet.",
)
BAD_REQUEST = Kind(
    "bad-request", 400, "The request is malformed", "It does not follow HTTP, or names no host we serve."
)
TIMEOUT = Kind("timeout", 408, "The request took too long to arrive", "Its head has 10 seconds, its body 30.")
TOO_LONG = Kind("uri-too-long", 414, "The address is too long", "Addresses are limited to 8,192 bytes.")
TOO_LARGE = Kind("payload-too-large", 413, "The body is too large", "The API is read only and takes no body.")
RANGE = Kind(
    "range-not-satisfiable",
    416,
    "The file has no such part",
    "`Range` begins after the last byte of the file. `Content-Range` says how many it has.",
)
HEADERS_TOO_LARGE = Kind(
    "headers-too-large", 431, "The headers are too large", "Headers are limited to 16 KiB and 100 fields."
)
NOT_IMPLEMENTED = Kind("not-implemented", 501, "No such method", "The method is none that HTTP knows.")
TOO_MANY_REQUESTS = Kind("too-many-requests", 429, "Too many requests", "Ask again after the seconds in `Retry-After`.")
INTERNAL = Kind(
    "internal", 500, "Something went wrong on our side", "It was logged under the `request_id`; please report it."
)

KINDS = {
    kind.slug: kind
    for kind in (
        INVALID_QUERY,
        NOT_FOUND,
        GONE,
        METHOD_NOT_ALLOWED,
        NOT_ACCEPTABLE,
        OUTDATED,
        UNAVAILABLE,
        TOO_SLOW,
        BAD_REQUEST,
        TIMEOUT,
        TOO_LONG,
        TOO_LARGE,
        RANGE,
        HEADERS_TOO_LARGE,
        TOO_MANY_REQUESTS,
        NOT_IMPLEMENTED,
        INTERNAL,
    )
}


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a request."""

    parameter: str | None
    reason: str
    detail: str
    value: str | None = None
    place: str = "query"
    allowed: Sequence[str] = ()
    did_you_mean: Sequence[str] = ()
    see: str = "/docs"

    def shown(self) -> dict[str, Any]:
        """As it stands in `errors`."""
        return {
            "in": self.place,
            "parameter": echo(self.parameter),
            "value": echo(self.value),
            "reason": self.reason,
            "detail": self.detail,
            "allowed": list(self.allowed),
            "did_you_mean": list(self.did_you_mean),
            "see": self.see,
        }


@dataclass
class Problem(Exception):
    """Raised anywhere below a request; becomes its answer."""

    kind: Kind
    detail: str
    faults: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, instance: str, request_id: str) -> bytes:
        """The problem document."""
        return orjson.dumps(
            {
                "type": self.kind.type,
                "title": self.kind.title,
                "status": self.kind.status,
                "detail": self.detail,
                "instance": echo(instance),
                "request_id": request_id,
                "errors": [fault.shown() for fault in self.faults],
            }
        )

    def response(self, request: Request) -> Response:
        """The answer to a request."""
        body = self.body(request.scope["path"], request.scope.get("state", {}).get("request_id", ""))
        headers = {"Cache-Control": "no-store", **self.headers}
        return Response(body, self.kind.status, headers, MEDIA_TYPE)


def invalid(faults: Sequence[Fault]) -> Problem:
    """The answer to a query with faults."""
    return Problem(INVALID_QUERY, " ".join(fault.detail for fault in faults[:5]), faults)


def echo(text: str | None) -> str | None:
    """What a client sent, as it may come back: at most 200 characters, nothing that is not printable."""
    if text is None:
        return None
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in text[:200])
    return shown[:200] + ("…" if len(text) > 200 else "") if len(shown) < 200 else shown[:200]


def near(word: str, known: Iterable[str]) -> list[str]:
    """The known words that were probably meant; none rather than a wrong one."""
    candidates = list(known)
    found = difflib.get_close_matches(word[:100].lower(), candidates, n=3, cutoff=0.75)
    squeezed = {c.replace("_", "").replace("-", ""): c for c in candidates}
    same = squeezed.get(word.lower().replace("_", "").replace("-", "").replace(" ", ""))
    return [same] if same else found


def question(words: Sequence[str]) -> str:
    """` Did you mean ...?`, or nothing."""
    return f" Did you mean {' or '.join(words)}?" if words else ""
