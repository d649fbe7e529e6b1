"""Record pages: every fact with the statements behind it, what sources disagree on, and what links here."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.api.answers import Answers, Found, Moved, settled
from app.api.citing import About, bibtex
from app.api.errors import GONE, Fault, Problem, invalid, near
from app.api.logic import Wanted
from app.api.pages import url
from app.api.params import Reading
from app.api.routes import accept_revision, answers, dated, named_by, not_found, public, record
from app.core.declare import Resource
from app.core.documents import shown
from app.core.fields import Provenance
from app.core.filters import One
from app.core.provenance import ANSWERS, AnswerKind, SourceKind
from app.core.record import State
from app.resources import CATALOG
from app.resources.source import SOURCES
from app.resources.statement import STATEMENTS
from app.views.explorer import known, pages, wording
from app.views.explorer.known import Titles, Value
from app.views.graph import NETWORK

SECTION = 5
"""Records of a kind that link here and are shown before the link to all."""
WITHOUT = {
    Provenance.ours: ("Ours", "Worded or classified by us."),
    Provenance.reference: ("A reference dataset", "A fact of the world, not of a source here."),
    Provenance.derived: ("Worked out", "Follows from the other facts."),
    Provenance.said: ("", ""),
    None: ("", ""),
}
HEADLINE = ("title", "summary", "long_name")
"""Fields that stand above the table; those that have statements stand in it, too."""
RIVAL = (AnswerKind.contradicts, AnswerKind.supersedes, AnswerKind.refines, AnswerKind.fills_gap)


@dataclass
class Said:
    """A statement as a page shows it."""

    values: Mapping[str, Any]
    source: str
    publisher: str | None

    @property
    def url(self) -> str:
        """Its page."""
        return pages.page_of(self.values["url"])

    @property
    def source_url(self) -> str:
        """The page of its source."""
        return pages.link(SOURCES.name, self.values["source"])

    @property
    def place(self) -> str:
        """Where in the source it stands."""
        return wording.place(self.values)

    @property
    def as_stated(self) -> str | None:
        """The words as printed."""
        text: str | None = self.values["as_stated"]
        return text

    @property
    def sure(self) -> str:
        """How sure it is."""
        return wording.how_sure(self.values)

    @property
    def grade(self) -> str:
        """The same in one word."""
        return wording.grade(self.values)

    @property
    def note(self) -> str | None:
        """Our remark."""
        text: str | None = self.values["note"]
        return text.rstrip(".") if text else None


@dataclass
class Row:
    """One value of a field, and what stands behind it."""

    value: Value
    statements: list[Said] = field(default_factory=list)
    also: list[Said] = field(default_factory=list)
    without: str = ""
    why: str = ""
    reference: tuple[str, str] | None = None


@dataclass
class Fact:
    """A field with its values."""

    name: str
    label: str
    rows: list[Row]
    examples_only: bool = False


@dataclass
class Side:
    """What one or several sources say of a field, beside what others say."""

    kind: str
    role: str
    text: str
    statements: list[Said]


@dataclass
class Evidence:
    """The statements about a record."""

    own: list[Said]
    by_field: Mapping[str, list[Said]]
    """Those that each field shows."""
    others: Mapping[str, list[Said]]
    """Those that it does not."""


async def page(request: Request, resource: Resource) -> Response:
    """The page of a record. Raises a Problem as the API does."""
    if (moved := pages.tidied(request)) is not None:
        return moved
    return await settled(lambda: _answer(request, resource))


async def _answer(request: Request, resource: Resource) -> Response:
    found = await _found(request, resource)
    if isinstance(found, Response):
        return found
    query = request.scope["query_string"]
    reading = Reading(CATALOG, resource, query, controls=("format",))
    if faults := [*reading.faults, *map(_no_filter, reading.ask.wanted)]:
        raise invalid(faults)
    if reading.ask.format is not None:
        return _to(f"/v1{request.scope['path']}", query=query.decode("latin-1"))
    return await _page(request, resource, found)


async def _found(request: Request, resource: Resource) -> Found | Response:
    """The record of a path, or where it is now. Raises a Problem where there is none."""
    id = request.path_params["id"]
    found = await record(request, id)
    if found is not None and found.resource is not None:
        if found.resource != resource.name:
            return _to(pages.link(found.resource, id))
        if found.state == State.live:
            accept_revision(request, found.revision)
            return found
        if found.state == State.merged:
            return _to(pages.link(resource.name, str(found.merged_into)), 308)
        raise Problem(GONE, f"{id} was one of the {resource.name} and was deleted.")
    named = await named_by(request, [resource.singular], id)
    if len(named) == 1:
        return _to(pages.link(resource.name, named[0]))
    known_ids = (
        await answers(request).lookup.candidates([resource.singular], id) if not named and len(id) <= 200 else []
    )
    shown_id = id[:60] if id.isprintable() else "that"
    meant = [resource.url(one) for one in (named or near(id, known_ids))]
    raise not_found(f"There is no {shown_id} among the {resource.name}.", meant)


def _no_filter(wanted: Wanted) -> Fault:
    name = wanted.parameter.name
    return Fault(name, "unknown_parameter", f"A single record takes no {name}: filter the list.")


def _to(path: str, status: int = 307, query: str = "") -> Response:
    return RedirectResponse(url(quote(path), query), status, headers={"Cache-Control": "no-cache"})


async def _page(request: Request, resource: Resource, found: Found) -> Response:
    source = answers(request)
    document = orjson.loads(found.document or "{}")
    evidence = await _evidence(source, resource, document, found.revision)
    ids = {*known.linked(resource, document)}
    ids |= {said.values["object"] for said in evidence.own if said.values["object"]}
    ids |= {citation["source"] for citation in document.get("citations", ())}
    titles = await known.titles(source, ids, found.revision)
    at = await dated(request, found.revision)
    title = known.titled(document, titles)
    sections = [
        section
        for other, name in _ways(resource)
        if (section := await _section(source, document, other, name, found.revision))
    ]
    about = About(title, public(request, document["url"]), found.revision, at, _after(document))
    found_rivals = rivals(resource, document, titles, evidence)
    return pages.render(
        request,
        "record.html",
        revision=found.revision,
        digest=found.digest,
        key=pages.page_of(document["url"]),
        resource=resource,
        document={"summary": None, "long_name": None, **document},
        title=title,
        crumbs=_crumbs(resource, document, titles),
        facts=facts(resource, document, titles, evidence),
        empty=[
            wording.words(name)
            for name in _fields(resource)
            if not _has(document[name]) and resource.has_evidence and resource.provenance(name) is Provenance.said
        ],
        rivals=[rival for rival in found_rivals if rival["hard"]],
        additions=[rival for rival in found_rivals if not rival["hard"]],
        about=title,
        graph=resource.name in NETWORK.nodes,
        in_short=None if resource.has_evidence else (wording.grade(document), wording.how_sure(document)),
        events=[
            event
            | {
                "source_title": titles.get(event["source"], ("", event["source"]))[1],
                "source_url": pages.link(SOURCES.name, event["source"]),
            }
            for event in document.get(known.EVENTS, ())
        ],
        sections=sections,
        citation=_citation(about, pages.base(request) + pages.page_of(document["url"])),
        bibtex=bibtex(about),
        api_url=pages.base(request) + document["url"],
    )


def _after(document: Mapping[str, Any]) -> str:
    sources = dict.fromkeys(citation["source"] for citation in document.get("citations", ()))
    return f"After {', '.join(sources)}." if sources else ""


def _citation(about: About, address: str) -> str:
    return f"Initiatives API, “{about.title}”, revision {about.revision} of {wording.date(about.at[:10])}, {address} (CC BY 4.0)."


async def _evidence(source: Answers, resource: Resource, document: Mapping[str, Any], revision: int) -> Evidence:
    """The statements about a record, told apart by field and by whether the field shows them."""
    if not resource.has_evidence:
        return Evidence([], {}, {})
    id = document["id"]
    query = f"about={id}&limit=500&include=source".encode()
    page = await source.page(Reading(CATALOG, STATEMENTS, query), f"/v1/{STATEMENTS.name}")
    if page.revision != revision:
        raise Moved
    sources = {one["id"]: one for one in map(orjson.loads, (page.included or {}).get("source", ()))}
    keys = set(resource.keys)
    own = []
    for values in map(orjson.loads, page.documents):
        mine = values["subject"] == id and (values["field"] in keys or values["field"] is None)
        makes = values["subject"] != id and values["object"] != id
        if mine or makes:
            by = sources.get(values["source"], {})
            own.append(Said(values, by.get("title") or values["source"], by.get("publisher")))
    kinds = {said.values["source"]: SourceKind.unknown for said in own} | {
        name: one["kind"] for name, one in sources.items()
    }
    groups: dict[str, list[Said]] = defaultdict(list)
    for said in own:
        name = said.values["field"] if said.values["subject"] == id else _relation_field(resource)
        groups[name or ""].append(said)
    visible: dict[str, list[Said]] = {}
    others: dict[str, list[Said]] = {}
    for name, some in groups.items():
        rows = [SimpleNamespace(**said.values, cited=name or None) for said in some]
        top = {row.id for row in shown(rows, kinds)}
        visible[name] = [said for said in some if said.values["id"] in top]
        others[name] = [said for said in some if said.values["id"] not in top]
    return Evidence(own, visible, others)


def _relation_field(resource: Resource) -> str:
    """The field of a relation that the statement behind it fills."""
    return next((name for name in resource.composite_by_main if name in resource.links), "")


def _fields(resource: Resource) -> list[str]:
    """The fields that the table of facts shows, in order."""
    common = ("acronym", "aliases") if resource.has_evidence else ()
    return [*common, *known.shown_fields(resource), *(("identifiers",) if resource.has_evidence else ())]


def _has(value: Any) -> bool:
    return value is not None and value != [] and value != {}


def facts(resource: Resource, document: Mapping[str, Any], titles: Titles, evidence: Evidence) -> list[Fact]:
    """The rows of the table, but for what is empty."""
    made = []
    if whole := evidence.by_field.get(""):
        made.append(Fact("", "As a whole", [Row(Value(document.get("summary") or document["title"]), whole)]))
    headline = [name for name in HEADLINE if resource.has_evidence and evidence.by_field.get(name)]
    for name in [*headline, *_fields(resource)]:
        behind, others = evidence.by_field.get(name, []), evidence.others.get(name, [])
        if f"{name}{known.AS_OF}" in document and (events := document.get(known.EVENTS)):
            behind = [said for said in evidence.own if said.values["id"] == events[-1]["statement"]]
        rows = [
            _row(resource, document, name, value, behind, others, titles)
            for value in known.values(resource, document, name, titles)
        ]
        if rows:
            made.append(Fact(name, wording.heading(name), rows, name in document.get("not_exhaustive", ())))
    return made


def _row(
    resource: Resource,
    document: Mapping[str, Any],
    name: str,
    value: Value,
    behind: Sequence[Said],
    others: Sequence[Said],
    titles: Titles,
) -> Row:
    several = isinstance(document[name], list)
    mine = [said for said in behind if not several or _is_of(said, value)]
    ids = {said.values["id"] for said in mine}
    also = [
        said
        for said in others
        if any(answer["id"] in ids and answer["kind"] == AnswerKind.corroborates for answer in said.values["answers"])
    ]
    if mine:
        return Row(value, mine, also)
    kind = resource.provenance(name) if resource.has_evidence else None
    without, why = WITHOUT[kind]
    cited = next((one["source"] for one in document.get("citations", ()) if name in one["fields"]), None)
    reference = (pages.link(SOURCES.name, cited), titles[cited][1]) if cited is not None and cited in titles else None
    if several and behind:
        without, why = "Follows from the other values", ""
    return Row(value, without=without, why=why, reference=reference)


def _is_of(said: Said, value: Value) -> bool:
    """Whether a statement carries one value of a list."""
    if value.id is not None:
        return said.values["object"] == value.id and (value.role is None or said.values["value"] in (None, value.role))
    return wording.plain(said.values["value"]) == value.text


def rivals(resource: Resource, document: Mapping[str, Any], titles: Titles, evidence: Evidence) -> list[dict[str, Any]]:
    """Fields of which another source says something else, with all sides."""
    told: dict[str, dict[tuple[str, str], Side]] = defaultdict(dict)
    firsts: dict[str, list[Said]] = defaultdict(list)
    by_id = {said.values["id"]: said for said in evidence.own}
    disputed = {dispute["statement"]: dispute for dispute in document.get("disputed", ())}
    for said in evidence.own:
        for answer in said.values["answers"]:
            answered = by_id.get(answer["id"])
            if answer["kind"] not in RIVAL or answered is None:
                continue
            name = answered.values["field"] or said.values["field"] or ""
            dispute = disputed.get(said.values["id"])
            text = _disputed_text(dispute["value"], titles) if dispute else _said_text(said, titles)
            kind = answer["kind"]
            side = told[name].setdefault((kind, text), Side(kind, _role(kind, said.values["field"], name), text, []))
            if said not in side.statements:
                side.statements.append(said)
            if answered not in firsts[name]:
                firsts[name].append(answered)
    made = []
    shown_values = {name: known.values(resource, document, name, titles) for name in told if name in document}
    for name, sides in told.items():
        groups: dict[str, list[Said]] = defaultdict(list)
        for said in firsts[name]:
            groups[_shown_text(said, name, shown_values.get(name, []), titles)].append(said)
        first = [Side("shown", "What is shown", text, some) for text, some in groups.items()]
        hard = any(side.kind in ("contradicts", "supersedes") for side in sides.values())
        made.append(
            {"label": wording.heading(name) if name else "The record", "hard": hard, "sides": [*first, *sides.values()]}
        )
    return made


def _role(kind: str, field: str | None, name: str) -> str:
    words = {
        "contradicts": "Contradicted by",
        "supersedes": "Overtaken by",
        "refines": "More precise",
        "fills_gap": "Added by",
    }[kind]
    return words if field == name or not field else f"{words} ({wording.words(field)})"


def _disputed_text(value: Any, titles: Titles) -> str:
    """What the record says of a rival's value, in words."""
    if value is None:
        return "Says that there is none"
    if not isinstance(value, dict):
        return titles[value][1] if value in titles else wording.plain(value)
    if isinstance(value.get("value"), int | float):
        number = wording.measured(value["value"], value.get("unit"))
        return wording.RELATIONS[value["relation"]].format(number) if value.get("relation") else number
    first, *rest = [
        (key, part) for key, part in value.items() if part is not None and (key, part) != ("basis", "stated")
    ]
    title = titles[first[1]][1] if first[1] in titles else wording.plain(first[1])
    more = [
        wording.words(str(part)) if key in ("role", "basis", "kind") else f"{wording.words(key)} {wording.plain(part)}"
        for key, part in rest
    ]
    return f"{title} ({', '.join(more)})" if more else title


def _shown_text(said: Said, name: str, some: Sequence[Value], titles: Titles) -> str:
    """What the field shows of a statement, in words."""
    mine = [value for value in some if len(some) == 1 or _is_of(said, value)]
    if len(mine) != 1:
        return _said_text(said, titles)
    return f"{mine[0].text} ({mine[0].more})" if mine[0].more else mine[0].text


def _said_text(said: Said, titles: Titles) -> str:
    """The value of a statement in words."""
    values = said.values
    if values["object"] is not None:
        title = titles.get(values["object"], ("", values["object"]))[1]
        return f"{title} ({wording.words(values['value'])})" if values["value"] is not None else title
    if values["value"] is None:
        return "Says that there is none"
    value = values["value"]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return wording.measured(value, values["unit"])
    return wording.plain(value)


def _ways(resource: Resource) -> Iterable[tuple[Resource, str]]:
    """The lists that link to records of a resource: whose, and by which filter; the records' own kind of link first."""
    if not resource.has_evidence:
        return [(STATEMENTS, ANSWERS.name)]
    ways = [(other, link) for other, link in CATALOG.links_to(resource) if other is not STATEMENTS or link.reverse]
    ways.sort(
        key=lambda way: (
            not isinstance(way[1], One) or way[1].ids != (resource.singular,),
            way[1].ids != (resource.singular,),
        )
    )
    return [(other, link.name) for other, link in ways]


async def _section(
    source: Answers, document: Mapping[str, Any], other: Resource, name: str, revision: int
) -> dict[str, Any] | None:
    """The records of another resource that link here by a filter; null where there are none."""
    query = f"{name}={document['id']}"
    reading = Reading(CATALOG, other, f"{query}&limit={SECTION}".encode())
    page = await source.page(reading, f"/{other.name}")
    if page.revision != revision:
        raise Moved
    if not page.total:
        return None
    documents = [orjson.loads(one) for one in page.documents]
    titles = await known.titles(source, {id for one in documents for id in known.linked(other, one)}, revision)
    return {
        "name": other.name,
        "how": wording.words(name),
        "total": page.total,
        "url": f"/{other.name}?{query}",
        "rows": [known.row(other, one, titles, 4, {name}) for one in documents],
    }


def _crumbs(resource: Resource, document: Mapping[str, Any], titles: Titles) -> list[Value]:
    """The records above this one: parents come first in the catalog."""
    found = []
    order = list(CATALOG)
    for name, relative in CATALOG.relatives(resource).items():
        id = document.get(name)
        if (
            not relative.reverse
            and isinstance(relative.link, One)
            and relative.resource is not None
            and isinstance(id, str)
            and id in titles
            and order.index(relative.resource) <= order.index(resource)
        ):
            found.append(Value(titles[id][1], pages.link(titles[id][0], id)))
    return found[:2]
