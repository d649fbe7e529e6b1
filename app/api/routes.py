"""Addresses of every resource of a catalog: list, detail, and the lists below a record."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import IO, Any

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.answers import Answers, Found, Moved, Page, settled
from app.api.caching import validators
from app.api.citing import About, permanent, titled
from app.api.copies import Copying, Streamed, evenly, read
from app.api.errors import GONE, NOT_ACCEPTABLE, NOT_FOUND, OUTDATED, Fault, Problem, invalid, near, question
from app.api.formats import BIBTEX, CSV, FORMATS, JSON, Format, NotAcceptable, negotiate
from app.api.lines import CsvLines
from app.api.logic import Wanted
from app.api.observing import tell_trace
from app.api.pages import envelope, url
from app.api.params import Reading, canonical
from app.api.query import Shown
from app.api.writers import Writer, shaped
from app.core.declare import Catalog, Relative, Resource
from app.core.record import State
from app.core.values import clean

Endpoint = Callable[[Request], Awaitable[Response]]


def answers(request: Request) -> Answers:
    """The database that the application answers from."""
    found: Answers = request.app.state.answers
    return found


Failed = Callable[[Request, Any], Coroutine[Any, Any, Response]]
"""Answers a request in place of an endpoint that failed."""


class ResourceRoutes:
    """All addresses of a catalog's resources, looked up in a table instead of tried one after the other.

    Stands before the routes of an application, which gets what has no place here: its own layers take as long as
    finding a record.
    """

    def __init__(
        self,
        app: ASGIApp,
        catalog: Catalog,
        special: Mapping[tuple[str, str], Endpoint],
        failed: Mapping[type[Exception], Failed],
    ):
        self.app, self.failed, self.kinds = app, failed, tuple(failed)
        self.lists = {resource.name: _list(catalog, resource) for resource in catalog}
        self.details = {resource.name: _detail(catalog, resource) for resource in catalog}
        self.nested = {
            (resource.name, relative.name): _nested(catalog, resource, relative)
            for resource in catalog
            for relative in catalog.nested(resource).values()
        }
        self.special = special
        """Endpoints that stand where an id could, by resource and word."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._endpoint(scope)
        if endpoint is None:
            await self.app(scope, receive, send)
            return
        tell_trace(scope)
        request = Request(scope, receive, send)
        try:
            response = await endpoint(request)
        except self.kinds as error:
            answer = next(answer for kind, answer in self.failed.items() if isinstance(error, kind))
            response = await answer(request, error)
        await response(scope, receive, send)

    def _endpoint(self, scope: Scope) -> Endpoint | None:
        """What answers at a path; tells the scope which route that is."""
        parts = scope["path"].split("/") if scope["type"] == "http" else []
        if len(parts) not in (3, 4, 5) or parts[1] != "v1" or "" in parts[2:]:
            return None
        if len(parts) == 3:
            endpoint, route = self.lists.get(parts[2]), f"/v1/{parts[2]}"
        elif special := len(parts) == 4 and self.special.get((parts[2], parts[3])):
            endpoint, route = special, scope["path"]
        elif len(parts) == 4:
            endpoint, route = self.details.get(parts[2]), f"/v1/{parts[2]}/{{id}}"
        else:
            endpoint, route = self.nested.get((parts[2], parts[4])), f"/v1/{parts[2]}/{{id}}/{parts[4]}"
        if endpoint is not None:
            scope.setdefault("state", {})["route"] = route
            scope["path_params"] = {"id": parts[3]} if len(parts) > 3 else {}
        return endpoint


def _list(catalog: Catalog, resource: Resource) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await listing(request, Reading(catalog, resource, request.scope["query_string"]))

    return endpoint


def _nested(catalog: Catalog, resource: Resource, relative: Relative) -> Endpoint:
    assert relative.resource is not None
    child, name = relative.resource, relative.link.name

    async def endpoint(request: Request) -> Response:
        found = await _found(request, catalog, resource)
        if isinstance(found, Response):
            return found
        reading = Reading(catalog, child, request.scope["query_string"])
        id = request.path_params["id"]
        if any(wanted.parameter.name == name for wanted in reading.ask.wanted):
            reading.faults.append(Fault(name, "duplicate_parameter", f"{name} is already given by the path."))
        reading.ask.wanted.append(Wanted(catalog.parameters(child)[name], (id,), (id,)))
        return await listing(request, reading, below=(name, f"/v1/{resource.name}/{id}/{relative.name}"))

    return endpoint


def _detail(catalog: Catalog, resource: Resource) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        found = await _found(request, catalog, resource)
        if isinstance(found, Response):
            return found
        reading = Reading(catalog, resource, request.scope["query_string"], controls=("fields", "format", "include"))
        faults = [*reading.faults, *(_no_filter(wanted) for wanted in reading.ask.wanted)]
        if faults:
            raise invalid(faults)
        made = acceptable(request, reading.ask.format, (JSON, BIBTEX))
        ask, document = reading.ask, found.document or ""
        if made is BIBTEX:
            return await _cited_record(request, resource, found)
        body = document.encode()
        if ask.fields is not None:
            body = shaped(document, _keys(resource, ask.fields))
        if ask.include:
            page = Page([document], 1, 1, found.revision, found.digest, {})
            await answers(request).include(page, ask)
            brought = {name: [orjson.loads(one) for one in some] for name, some in (page.included or {}).items()}
            body = orjson.dumps(orjson.loads(body) | {"included": brought, "included_more": page.included_more})
        headers = validators(found.revision, found.digest, f"{request.scope['path']}?{canonical(ask)}")
        headers["Link"] = link_header({"cite-as": public(request, request.scope["path"])})
        return Response(body, headers=headers, media_type=JSON.content_type)

    return endpoint


async def _cited_record(request: Request, resource: Resource, found: Found) -> Response:
    """A record as an entry of a bibliography, with the sources that stand behind it."""
    values = orjson.loads(found.document or "{}")
    sources = dict.fromkeys(citation["source"] for citation in values.get("citations", ()))
    at = await dated(request, found.revision)
    note = f"After {', '.join(sources)}." if sources else ""
    where = public(request, values["url"])
    about = About(
        values.get("title") or f"{resource.singular.capitalize()} {values['id']}", where, found.revision, at, note
    )
    headers = validators(found.revision, found.digest, f"{BIBTEX.name} {values['url']}")
    headers["Link"] = link_header({"cite-as": where})
    body = BIBTEX.write(resource, (), about).head() if BIBTEX.write else b""
    return Response(body, headers=headers, media_type=BIBTEX.content_type)


def public(request: Request, path: str) -> str:
    """A path as it is cited: absolute where the public address is known."""
    return f"{(request.app.state.settings.public_url or '').rstrip('/')}{path}"


async def dated(request: Request, revision: int) -> str:
    """The instant of a revision. Raises Moved where it is no longer the current one."""
    current, _, at = await answers(request).dataset()
    if current != revision:
        raise Moved
    return at


def _no_filter(wanted: Wanted) -> Fault:
    name = wanted.parameter.name
    return Fault(
        name,
        "unknown_parameter",
        f"A single record takes no {name}: filter the list.",
        allowed=("fields", "format", "include"),
    )


async def listing(request: Request, reading: Reading, *, below: tuple[str, str] | None = None) -> Response:
    """A list in the format that was asked for; `below` is the filter that a nested list's path stands for, and the path."""
    made = acceptable(request, reading.ask.format, tuple(FORMATS.values()))
    path = below[1] if below else f"/v1/{reading.ask.resource.name}"
    if made.write is None:
        return await _page(request, reading, path, below)
    for name in ("include", "facet"):
        if getattr(reading.ask, name):
            reading.faults.append(Fault(name, "invalid_value", f"{name} goes with JSON only.", see="/docs"))
    return await settled(lambda: _download(request, reading, path, made))


async def _page(request: Request, reading: Reading, path: str, below: tuple[str, str] | None) -> Response:
    page = await answers(request).page(reading, path)
    ask = reading.ask
    cited = permanent(url(f"/v1/{ask.resource.name}", (page.links["self"] or "").partition("?")[2]))
    if below:
        page.links = {rel: _without(link, below[0]) for rel, link in page.links.items()}
        for value in (one for values in page.facets.values() for one in values):
            value["url"] = _without(value["url"], below[0])
    documents = page.documents
    if ask.fields is not None or not ask.resource.whole:
        keys = _keys(ask.resource, ask.fields)
        documents = [shaped(document, keys).decode() for document in documents]
    body = envelope(
        documents,
        total=page.total,
        limit=page.limit,
        revision=page.revision,
        facets=page.facets,
        links=page.links,
        included=page.included,
        included_more=page.included_more,
    )
    accept_revision(request, page.revision)
    request.scope["state"]["rows"] = len(documents)
    headers = validators(page.revision, page.digest, f"json {page.links['self']}")
    headers["Link"] = link_header({**page.links, "cite-as": public(request, cited)})
    return Response(body, headers=headers, media_type=JSON.content_type)


def _without(link: str | None, name: str) -> str | None:
    if link is None:
        return None
    path, _, query = link.partition("?")
    return url(path, "&".join(pair for pair in query.split("&") if not pair.startswith(f"{name}=")))


def link_header(links: Mapping[str, str | None]) -> str:
    """Links of a page as the header `Link`."""
    return ", ".join(f'<{link}>; rel="{rel}"' for rel, link in links.items() if link)


async def _download(request: Request, reading: Reading, path: str, made: Format) -> Response:
    ask = reading.ask
    question = await answers(request).question(reading)
    revision, digest, at = await answers(request).dataset()
    accept_revision(request, revision)
    cited = permanent(url(f"/v1/{ask.resource.name}", question.query))
    key = url(path, canonical(ask), limit=ask.limit, cursor=ask.cursor)
    name = f"{ask.resource.name}.{made.extension}"
    headers = validators(revision, digest, f"{made.name} {key}")
    headers["Content-Disposition"] = f'inline; filename="{name}"'
    headers["Link"] = link_header({"cite-as": public(request, cited)})
    about = About(titled(ask.resource.name, cited), public(request, cited), revision, at)
    assert made.write is not None
    if made is BIBTEX:
        number = await answers(request).total(ask.resource, question.where, revision)
        writer = made.write(ask.resource, (), replace(about, note=_counted(number)))
        return Response(writer.head(), headers=headers, media_type=made.content_type)
    is_whole = cited == f"/v1/{ask.resource.name}" and (ask.limit, ask.cursor, ask.fields) == (None, None, None)
    copies, edition = request.app.state.copies, (revision, digest, public(request, ""))
    if is_whole and (file := copies.find(edition, name)):
        return _from_disk(request, file, made, headers)
    writer = made.write(ask.resource, _keys(ask.resource, ask.fields), about)
    shown: Shown = "document"
    if is_whole:
        writer = Copying(writer, copies, edition, name)
    elif made is CSV and ask.fields is None and question.is_by_id and (file := copies.find(edition, name)):
        writer, shown = CsvLines(writer, file), "id"
    chunks = answers(request).chunks(question, shown)
    try:
        found, _, first = await anext(chunks)
        if found != revision:
            raise Moved
    except BaseException:
        writer.close()
        raise
    pieces = _written(writer, first, chunks)
    sent = evenly(pieces) if is_whole and made.is_text else pieces
    return Streamed(sent, writer.close, headers=headers, media_type=made.content_type)


def _from_disk(request: Request, file: IO[bytes], made: Format, headers: dict[str, str]) -> Response:
    if not made.is_text or request.headers.get("accept-encoding") in (None, "", "identity"):
        # What may be compressed on the way has no size: knowing it, zstd gives other bytes than for a stream.
        headers["Content-Length"] = str(os.fstat(file.fileno()).st_size)
    return Streamed(read(file), file.close, headers=headers, media_type=made.content_type)


async def _written(
    writer: Writer, first: list[str], chunks: AsyncIterator[tuple[int, str, list[str]]]
) -> AsyncGenerator[bytes]:
    """A file as it is written: of the records that were read first, then of the rest."""
    yield await asyncio.to_thread(lambda: writer.head() + writer.some(first))
    async for _, _, documents in chunks:
        yield await asyncio.to_thread(writer.some, documents)
    yield await asyncio.to_thread(writer.tail)


def _counted(number: int) -> str:
    return "One record." if number == 1 else f"{number:,} records."


def _keys(resource: Resource, fields: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(key for key in resource.keys if fields is None or key == "id" or key in fields)


def acceptable(request: Request, name: str | None, allowed: Sequence[Format]) -> Format:
    """The format of an answer, by name or by `Accept`. Raises a Problem where it is none of those allowed."""
    if name is not None:
        given = next((one for one in allowed if one.name == name), None)
        names = tuple(one.name for one in allowed)
        if given is None:
            raise invalid(
                [Fault("format", "invalid_value", f"This address is given as {', '.join(names)}.", name, allowed=names)]
            )
        if given.missing:
            raise invalid([Fault("format", "not_installed", given.missing, name, allowed=names)])
        return given
    try:
        made = negotiate(request.headers.get("accept"), allowed)
    except ValueError as error:
        raise Problem(NOT_ACCEPTABLE, f"{error}.") from None
    except NotAcceptable:
        made = None
    if made is not None and made.missing:
        raise Problem(NOT_ACCEPTABLE, made.missing, [Fault("Accept", "not_installed", made.missing, place="header")])
    if made is None:
        types = tuple(one.media_type for one in allowed)
        detail = f"This address gives {', '.join(types)}."
        raise Problem(
            NOT_ACCEPTABLE, detail, [Fault("Accept", "not_acceptable", detail, place="header", allowed=types)]
        )
    return made


def accept_revision(request: Request, revision: int) -> None:
    """A client that has seen a revision never gets an older one."""
    least = request.headers.get("dataset-revision")
    if least is None:
        return
    if not least.isdigit() or len(least) > 15:
        raise invalid(
            [Fault("Dataset-Revision", "invalid_value", "Dataset-Revision is a whole number.", least, place="header")]
        )
    if int(least) > revision:
        raise Problem(OUTDATED, f"The newest revision here is {revision}.", headers={"Retry-After": "1"})


async def _found(request: Request, catalog: Catalog, resource: Resource) -> Found | Response:
    """The record of a path, or where it is now. Raises a Problem where there is none."""
    id = request.path_params["id"]
    rest = request.scope["path"].removeprefix(f"/v1/{resource.name}/{id}")
    found = await record(request, id)
    if found is not None and found.resource == resource.name:
        accept_revision(request, found.revision)
        if found.state == State.live:
            return found
        if found.state == State.merged:
            return _moved(request, f"/v1/{resource.name}/{found.merged_into}{rest}", 308)
        raise Problem(GONE, f"{id} was one of the {resource.name} and was deleted.")
    if found is not None and found.resource is not None:
        meant = f"/v1/{found.resource}/{id}"
        raise not_found(f"{id} is not one of the {resource.name}.", [meant])
    named = await named_by(request, [resource.singular], id)
    if len(named) == 1:
        return _moved(request, f"/v1/{resource.name}/{named[0]}{rest}", 307)
    if named:
        raise not_found(f"{id} may be any of {', '.join(named)}.", [f"/v1/{resource.name}/{one}" for one in named])
    similar = near(id, await answers(request).lookup.candidates([resource.singular], id)) if len(id) <= 200 else []
    shown = f"There is no {id[:60]} among the {resource.name}." if id.isprintable() else "There is no such record."
    raise not_found(shown, [f"/v1/{resource.name}/{one}" for one in similar])


async def record(request: Request, id: str) -> Found | None:
    """What an id stands for; null for a text that no id can be."""
    if not id.isascii() or not id.isprintable() or len(id) > 200:
        return None
    return await answers(request).record(id)


async def named_by(request: Request, tables: Sequence[str], text: str) -> tuple[str, ...]:
    """The ids of which a text is an alias."""
    try:
        word = clean(text)
    except ValueError:
        return ()
    if not word or len(word) > 200 or word != text:
        return ()
    return (await answers(request).lookup.name(tables, word)).ids


def _moved(request: Request, path: str, status: int) -> Response:
    query = request.scope["query_string"].decode("latin-1")
    return RedirectResponse(f"{path}?{query}" if query else path, status, headers={"Cache-Control": "no-cache"})


def not_found(detail: str, meant: Sequence[str]) -> Problem:
    """A 404 with the addresses that were probably meant."""
    fault = Fault(None, "not_found", detail, place="path", did_you_mean=meant, see="/v1")
    return Problem(NOT_FOUND, detail + question(meant), [fault])


def nowhere(catalog: Catalog, path: str, others: Sequence[str] = ()) -> Problem:
    """The 404 of a path that no route has, with the one that was probably meant.

    `others` are the names of lists that are no resource's.
    """
    lists = [*catalog.by_name, *others]
    tidy = path.rstrip("/")
    pieces = tidy.removeprefix("/").split("/")
    name = pieces[1] if len(pieces) > 1 and pieces[0] == "v1" else pieces[0]
    rest = "/".join(pieces[2:] if pieces[0] == "v1" else pieces[1:])
    meant: list[str] = []
    if tidy != path and (name in lists or tidy == "/v1"):
        meant = [tidy if not path.startswith("//") else f"/{tidy.lstrip('/')}"]
    elif name in catalog.mistaken:
        meant = [catalog.mistaken[name]]
    elif similar := near(name, [*lists, *catalog.mistaken]):
        meant = [catalog.mistaken.get(similar[0], f"/v1/{similar[0]}")]
    elif name in catalog.by_table:
        meant = [f"/v1/{catalog.by_table[name].name}"]
    if name in lists and pieces[0] != "v1":
        meant = [f"/v1/{name}{'/' + rest if rest else ''}"]
    return not_found("There is nothing at this address.", meant)
