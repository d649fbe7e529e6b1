"""List pages: a resource's records, narrowed by links and forms, at the same parameters as in the API."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.api import logic
from app.api.answers import Answers, Page, Question, settled
from app.api.formats import FORMATS, JSON, Format
from app.api.logic import Wanted
from app.api.pages import url
from app.api.params import CONTROLS, DEFAULT_LIMIT, Ask, Reading, canonical
from app.api.routes import accept_revision, answers
from app.api.where import Where
from app.core.declare import Catalog, Resource
from app.core.filters import DATE, FLAG, TEXT, Dates, Filter, Folded, Identity, Number
from app.resources import CATALOG
from app.views.explorer import known, pages, wording

SHOWN = 8
"""Values of a facet that stand there before the rest."""
OPERATORS = {
    "": "",
    "not": "not",
    "gt": "after",
    "gte": "from",
    "lt": "before",
    "lte": "up to",
    "contains": "contains",
    "within": "within",
}


@dataclass(frozen=True)
class Chip:
    """An active filter, and the address without it."""

    label: str
    text: str
    url: str
    count: int | None = None
    """How many records there are without it, where nothing was found with it."""


@dataclass(frozen=True)
class Field:
    """A filter that is typed rather than picked."""

    name: str
    label: str
    inputs: Sequence[tuple[str, str, str]]
    """Parameter, what stands before it, and its value."""
    hint: str


SEARCH = "q"
"""The parameter that a list is searched by."""


async def page(request: Request, catalog: Catalog, resource: Resource) -> Response:
    """The list page of a resource. Raises a Problem as the API does."""
    if (moved := pages.tidied(request)) is not None:
        return moved
    query = request.scope["query_string"]
    controls = tuple(name for name in CONTROLS if name not in ("fields", "include", "facet", "limit"))
    reading = Reading(catalog, resource, query, controls=controls)
    if reading.ask.format is not None and not reading.faults:
        return RedirectResponse(
            f"/v1/{resource.name}?{query.decode('latin-1')}", 307, headers={"Cache-Control": "no-cache"}
        )
    source = answers(request)
    if catalog is not source.catalog:
        source = Answers(catalog, source.reader)
    return await settled(lambda: _page(request, source, reading))


async def _page(request: Request, source: Answers, reading: Reading) -> Response:
    resource, path = reading.resource, f"/{reading.resource.name}"
    found = await source.page(reading, path)
    accept_revision(request, found.revision)
    question = await source.question(reading)
    documents = [orjson.loads(document) for document in found.documents]
    facets = [
        await _facet(source, question, path, entry, found)
        for entry in source.catalog.filters(resource).values()
        if entry.counted is not None
    ]
    ids = {id for document in documents for id in known.linked(_of(resource, document), document)}
    ids |= {value for wanted in question.ask.wanted if wanted.parameter.ids for value in wanted.values}
    titles = await known.titles(source, ids, found.revision)
    chips = await _chips(source, question, path, titles, found)
    here = found.links["self"] or path
    fixed = {
        wanted.parameter.name
        for wanted in question.ask.wanted
        if len(wanted.values) == 1 and not wanted.parameter.operator and wanted.parameter.filter.listed is None
    }
    typed = fields(source.catalog, question.ask)
    api = f"/v1{here}"
    return pages.render(
        request,
        "list.html",
        revision=found.revision,
        digest=found.digest,
        key=here,
        resource=resource,
        description=resource.description,
        total=found.total,
        limit=DEFAULT_LIMIT,
        rows=[known.row(_of(resource, document), document, titles, without=fixed) for document in documents],
        facets=[facet for facet in facets if facet is not None],
        chips=chips,
        links=found.links,
        api=api,
        api_url=pages.base(request) + api,
        samples=samples(pages.base(request) + api, resource),
        downloads=downloads(api),
        search=_given(question.ask, SEARCH),
        sorts=sorts(source.catalog, question.ask),
        fields=typed,
        kept=pages.pairs(here, ("cursor",)),
        title=_title(resource, chips),
        typed={name for one in typed for name, _, _ in one.inputs},
        typing=any(text for one in typed for _, _, text in one.inputs),
    )


def _of(resource: Resource, document: dict[str, Any]) -> Resource:
    """The resource of a record in a list of any."""
    return CATALOG.by_name.get(document["resource"], resource)


def _title(resource: Resource, chips: Sequence[Chip]) -> str:
    """What the page shows, for the window's title and for sharing."""
    asked = ", ".join(f"{chip.label.lower()} {chip.text}" for chip in chips)
    return wording.heading(resource.name) + (f": {asked}" if asked else "")


async def _facet(source: Answers, question: Question, path: str, entry: Filter, found: Page) -> dict[str, Any] | None:
    """A facet as it is shown; null where it tells nothing apart."""
    counts = await source.facet(question, path, entry.name, found.revision)
    counts = [
        count | {"label": pages.facet_words(count)}
        for count in counts
        if count["value"] is not None or count["selected"] or len(counts) > 1
    ]
    chosen = any(count["selected"] for count in counts)
    if not chosen and not any(
        count["count"] != found.total or (count["value"] is not None and len(counts) > 1) for count in counts
    ):
        return None
    if not chosen and all(count["value"] in (None, False) for count in counts):
        return None
    most = max((count["count"] for count in counts), default=0)
    for count in counts:
        count["share"] = round(100 * count["count"] / most) if most else 0
    counts.sort(key=lambda count: count["value"] is None)
    first = [count for i, count in enumerate(counts) if i < SHOWN or count["selected"]]
    return {
        "name": entry.name,
        "label": wording.heading(entry.name),
        "first": first,
        "rest": [count for count in counts if count not in first],
        "chosen": chosen,
        "chart": url(f"/charts{path}", canonical(question.ask), by=entry.name) if source.catalog is CATALOG else None,
    }


async def _chips(source: Answers, question: Question, path: str, titles: known.Titles, found: Page) -> list[Chip]:
    chips: list[Chip] = []
    ask = question.ask
    for wanted in ask.wanted:
        label, texts = (
            "Search" if wanted.parameter.name == SEARCH else wording.heading(wanted.parameter.filter.name),
            wanted.texts,
        )
        if wanted.parameter.operator not in OPERATORS and wanted.parameter.operator != "isnull":
            label = wording.heading(wanted.parameter.name)
        for i, text in enumerate(texts):
            left = (*texts[:i], *texts[i + 1 :])
            others = [one for one in ask.wanted if one is not wanted]
            if left:
                others.append(replace(wanted, texts=left, values=(*wanted.values[:i], *wanted.values[i + 1 :])))
            chips.append(
                await _chip(source, replace(ask, wanted=others), path, label, _chip_text(wanted, text, titles), found)
            )
    if ask.groups:
        text = ", ".join(logic.write(group) for group in ask.groups)
        chips.append(await _chip(source, replace(ask, groups=()), path, "Any of", text, found))
    return chips


async def _chip(source: Answers, without: Ask, path: str, label: str, text: str, found: Page) -> Chip:
    count = None
    if found.total == 0:
        count = await source.total(without.resource, Where.of(without.wanted, without.groups), found.revision)
    return Chip(label, text, url(path, canonical(without)), count)


def _chip_text(wanted: Wanted, text: str, titles: known.Titles) -> str:
    operator = wanted.parameter.operator
    if operator == "isnull":
        return "not given" if text == "true" else "given"
    if wanted.parameter.kind in (TEXT, FLAG) or wanted.parameter.name == SEARCH:
        value = {"true": "yes", "false": "no"}.get(text, text) if wanted.parameter.kind is FLAG else f"“{text}”"
    else:
        value = titles[text][1] if text in titles else wording.plain(text)
    return " ".join(word for word in (OPERATORS.get(operator, ""), value) if word)


def _given(ask: Ask, name: str) -> str:
    """What was typed for a parameter that takes text."""
    return next((wanted.texts[0] for wanted in ask.wanted if wanted.parameter.name == name), "")


def sorts(catalog: Catalog, ask: Ask) -> list[tuple[str, str, bool]]:
    """The orders to choose from: how each is written, in words, and whether it is the one in use."""
    now = ",".join(("-" if down else "") + name for name, down in ask.sort)
    units = {
        wanted.parameter.name for wanted in ask.wanted if len(wanted.values) == 1 and not wanted.parameter.operator
    }
    made = [
        (
            "",
            f"default ({wording.listed([wording.words(name) for name in ask.resource.sort.split(',')], 'then')})",
            not now,
        )
    ]
    for name, entry in catalog.filters(ask.resource).items():
        if entry.sorts and (entry.unit is None or entry.unit in units):
            up, down = _directions(entry)
            made += [
                (name, f"{wording.words(name)}, {up}", now == name),
                (f"-{name}", f"{wording.words(name)}, {down}", now == f"-{name}"),
            ]
    if now and not any(chosen for _, _, chosen in made):
        made.append((now, now, True))
    return made


def _directions(entry: Filter) -> tuple[str, str]:
    if isinstance(entry, Dates):
        return "earliest first", "latest first"
    if isinstance(entry, Number):
        return "smallest first", "largest first"
    return "a to z", "z to a"


def fields(catalog: Catalog, ask: Ask) -> list[Field]:
    """The filters without a facet: dates and numbers from and to, words, ids of what links here."""
    made = []
    for name, entry in catalog.filters(ask.resource).items():
        if entry.counted is not None or isinstance(entry, Identity) or name == SEARCH:
            continue
        if isinstance(entry, Dates | Number):
            ways: list[tuple[str, str]] = [(f"{name}__gte", "from"), (f"{name}__lte", "to")]
            hint = (
                "such as 2030 or 2030-06"
                if entry.kind is DATE
                else f"needs one {wording.words(entry.unit)}"
                if entry.unit
                else ""
            )
        elif isinstance(entry, Folded):
            ways, hint = [(f"{name}__contains", "contains")], ""
        else:
            ways, hint = [(name, "id or name")], f"such as {entry.example}"
        made.append(Field(name, wording.heading(name), [(way, word, _given(ask, way)) for way, word in ways], hint))
    return made


def downloads(api: str) -> list[tuple[Format, str]]:
    """The formats that can be had here, each with its address."""
    query = api.partition("?")[2]
    path = api.partition("?")[0]
    kept = "&".join(piece for piece in query.split("&") if piece and not piece.startswith("cursor="))
    return [
        (made, url(path, kept, format=made.name)) for made in FORMATS.values() if made is not JSON and not made.missing
    ]


def samples(address: str, resource: Resource) -> list[tuple[str, str]]:
    """Programs that get exactly this view, by language."""
    field = "title" if resource.has_evidence else "field"
    python = (
        "import json\nimport urllib.request\n\n"
        f"url = {json.dumps(address)}\n"
        "with urllib.request.urlopen(url) as answer:\n"
        "    page = json.load(answer)\n"
        'for record in page["data"]:\n'
        f'    print(record["id"], record["{field}"], sep="\\t")\n'
    )
    script = (
        f"const answer = await fetch({json.dumps(address)});\n"
        "const page = await answer.json();\n"
        f"for (const record of page.data) console.log(record.id, record.{field});\n"
    )
    shell = "'" + address.replace("'", "%27") + "'"
    return [("curl", f"curl {shell}\n"), ("Python", python), ("JavaScript", script)]
