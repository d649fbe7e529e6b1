"""The OpenAPI document: operations, parameters and answers, all read off the declarations.

Its schemas are those of `schemas.py`. Its examples are put in by `examples.py`, which asks the application itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.api.caching import cache_control
from app.api.errors import (
    GONE,
    INVALID_QUERY,
    KINDS,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    OUTDATED,
    UNAVAILABLE,
    Kind,
)
from app.api.errors import (
    MEDIA_TYPE as PROBLEM,
)
from app.api.formats import FORMATS, Format
from app.api.params import CONTROLS, DEFAULT_LIMIT, MOST_LIMIT, MOST_SORTS, MOST_VALUES
from app.api.schemas import Json, camel, name_enums, ref, schema_name, schemas
from app.core.declare import Catalog, Relative, Resource
from app.core.filters import DATE, OPERATORS, Filter, One, Parameter, Reverse

Operation = dict[str, Any]
"""Arguments of `add_api_route`."""


def operation(
    id: str,
    tag: str,
    summary: str,
    description: str,
    *,
    parameters: Sequence[Json] = (),
    responses: Mapping[str, Json],
    problems: Sequence[Kind] = (),
) -> Operation:
    """One GET operation, with everything that it may answer."""
    expected = {
        str(problem.status): ref("responses", f"Problem{problem.status}") for problem in (*problems, UNAVAILABLE)
    }
    extra: Json = {
        "parameters": list(parameters),
        "responses": {**responses, **dict(sorted(expected.items())), "default": ref("responses", "Problem")},
    }
    return {
        "methods": ["GET"],
        "operation_id": id,
        "tags": [tag],
        "summary": summary,
        "description": description,
        "openapi_extra": extra,
        "response_model": None,
    }


def ok(
    description: str,
    schema: Json,
    *,
    formats: Sequence[str] = ("json",),
    link: bool = True,
    listed: Resource | None = None,
    ways: Json | None = None,
) -> Json:
    """A 200 with its headers, `Link` where it has one; the formats of a list show one example of the records `listed`.

    `ways` are the operations that the answer leads to.
    """
    content: Json = {}
    for name in formats:
        made = FORMATS[name]
        content[made.media_type] = {"schema": schema if made.write is None else _file(made)}
        if listed is not None and made.write is not None and made.is_text:
            content[made.media_type]["examples"] = {"answer": ref("examples", f"{listed.name}.{name}")}
    names = [
        *VALIDATORS,
        *(["Link"] if link else []),
        *(["Content-Disposition"] if len(formats) > 1 else []),
        "X-Request-ID",
    ]
    answer: Json = {"description": description, "headers": header_refs(names), "content": content}
    return answer | ({"links": ways} if ways else {})


def _file(made: Format) -> Json:
    return {"type": "string"} if made.is_text else {"type": "string", "format": "binary"}


def header_refs(names: Iterable[str]) -> Json:
    """References to the descriptions of headers."""
    return {name: ref("headers", name.replace("-", "")) for name in names}


VALIDATORS = ("ETag", "Dataset-Revision", "Cache-Control", "Vary")
HEADERS = {
    "ETag": ("Strong tag of exactly these bytes; send it back as `If-None-Match`.", '"1-5d41402abc4b2a76-identity"'),
    "Dataset-Revision": ("Revision of the dataset that was read.", "1"),
    "Cache-Control": ("How long and by whom it may be kept.", cache_control()),
    "Vary": ("Request headers that the answer depends on.", "Accept, Accept-Encoding"),
    "Link": (
        "`self`, `next` and `prev`, as in `links`; `cite-as`, the permanent address of the whole result.",
        '</v1/records>; rel="self"',
    ),
    "Content-Disposition": ("Name for the file, of any format but JSON.", 'inline; filename="records.csv"'),
    "X-Request-ID": ("Id of the request, as in the logs: that which was sent in, else a new one.", "2f6c1d0e9a8b7c6d"),
    "Location": ("Where it is.", "/v1/records/gallium"),
    "Retry-After": ("Seconds to wait before asking again.", "1"),
    "Accept-Ranges": ("That a part may be asked for with `Range`.", "bytes"),
    "Last-Modified": ("When that revision was made.", "Sat, 01 Mar 2025 12:00:00 GMT"),
    "Allow": ("Methods that are answered.", "GET, HEAD, OPTIONS"),
}
"""Every header that an answer explains itself with: what it says, and an example."""

CONDITIONAL = [ref("parameters", "IfNoneMatch"), ref("parameters", "DatasetRevision")]
LIST_PROBLEMS = (INVALID_QUERY, NOT_ACCEPTABLE, OUTDATED)
RECORD_PROBLEMS = (NOT_FOUND, GONE, INVALID_QUERY, NOT_ACCEPTABLE, OUTDATED)
_THERE = header_refs(("Location", "Cache-Control", "X-Request-ID"))
MOVED = {
    "307": {"description": "The path has an alias: the record's own address is in `Location`.", "headers": _THERE},
    "308": {"description": "The record was merged into the one in `Location`, for good.", "headers": _THERE},
}
UNCHANGED = {
    "304": {
        "description": "Nothing has changed since the answer with one of these tags.",
        "headers": header_refs((*VALIDATORS, "Link", "X-Request-ID")),
    }
}


def path_item(made: Operation) -> Json:
    """An operation as it stands in the document."""
    item = {"tags": made["tags"], "summary": made["summary"], "description": made["description"]}
    return {"get": {**item, "operationId": made["operation_id"], **made["openapi_extra"]}}


def paths(catalog: Catalog) -> Json:
    """The addresses of every resource."""
    made: Json = {}
    for resource in catalog:
        path = f"/v1/{resource.name}"
        made[path] = path_item(list_operation(catalog, resource))
        made[f"{path}/{{id}}"] = path_item(detail_operation(catalog, resource))
        for relative in catalog.nested(resource).values():
            made[f"{path}/{{id}}/{relative.name}"] = path_item(nested_operation(catalog, resource, relative))
    return made


def list_operation(catalog: Catalog, resource: Resource) -> Operation:
    """The list of a resource."""
    return operation(
        f"list_{resource.name}",
        resource.name,
        f"List {resource.name}",
        f"{resource.description}\n\nParameters of different names must all hold, values of one parameter are "
        f"alternatives. Ordered by `{resource.sort}` unless `sort` says otherwise.",
        parameters=_list_parameters(catalog, resource),
        responses={
            "200": ok("A page, or the whole result in another format.", ref("schemas", f"{camel(resource.name)}Page"), formats=tuple(FORMATS), listed=resource, ways=ways_from_list(catalog, resource)),
            **UNCHANGED,
        },
        problems=LIST_PROBLEMS,
    )  # fmt: skip


ANYWHERE = "find_record"
"""Operation that leads to a record of any resource by its id."""


def _detail_id(resource: Resource) -> str:
    return f"get_{resource.singular}"


def _nested_id(resource: Resource, relative: Relative) -> str:
    return f"list_{relative.name}_of_{resource.singular}"


def way(operation: str, description: str, id: str) -> Json:
    """A link of the document: an operation that takes the id found at a JSON pointer of the answer."""
    return {"operationId": operation, "description": description, "parameters": {"id": f"$response.body#{id}"}}


def ways_from_list(catalog: Catalog, resource: Resource) -> Json:
    """From a list to its first record, and to the lists below that."""
    first = _detail_id(resource) if resource.whole else ANYWHERE
    below = catalog.nested(resource) if resource.whole else {}
    return {"record": way(first, "The first of them.", "/data/0/id")} | {
        name: way(_nested_id(resource, relative), f"The {name} of the first of them.", "/data/0/id")
        for name, relative in below.items()
    }


def _ways_from_record(catalog: Catalog, resource: Resource) -> Json:
    """From a record to the lists below it, and to the records of which it always names one."""
    named = {
        entry.name: catalog.by_table.get(entry.ids[0])
        for entry in resource.filters
        if isinstance(entry, One) and entry.ids and not entry.column.property.columns[0].nullable
    }
    return {
        name: way(_detail_id(target) if target else ANYWHERE, f"Its {name}.", f"/{name}")
        for name, target in named.items()
    } | {
        name: way(_nested_id(resource, relative), f"The {name} that name it.", "/id")
        for name, relative in catalog.nested(resource).items()
    }


OF_RECORD = ("json", "bibtex")
"""Formats of a single record."""
OF_RECORD_SCHEMA: Json = {
    "title": "RecordFormat",
    "type": "string",
    "description": "What `format` of a record takes.",
    "enum": list(OF_RECORD),
}


def detail_operation(catalog: Catalog, resource: Resource) -> Operation:
    """A single record of a resource."""
    return operation(
        _detail_id(resource),
        resource.name,
        f"One of the {resource.name}",
        f"{resource.read.__doc__}\n\nBy its id; an alias, acronym or symbol leads there by 307.",
        parameters=[
            _id_parameter(resource),
            ref("parameters", f"{resource.name}.fields"),
            ref("parameters", f"{resource.name}.include"),
            _control("format", OF_RECORD_SCHEMA, OF_RECORD[-1]),
            *CONDITIONAL,
        ],
        responses={
            "200": ok(
                "The record.",
                ref("schemas", schema_name(resource)),
                formats=OF_RECORD,
                ways=_ways_from_record(catalog, resource),
            ),
            **UNCHANGED,
            **MOVED,
        },
        problems=RECORD_PROBLEMS,
    )


def nested_operation(catalog: Catalog, resource: Resource, relative: Relative) -> Operation:
    """The records of another resource that name a record."""
    child = relative.resource
    assert child is not None
    names = [name for name in catalog.filters(child) if name != relative.link.name]
    return operation(
        _nested_id(resource, relative),
        resource.name,
        f"{child.name.capitalize()} of one of the {resource.name}",
        f"The same as `/v1/{child.name}?{relative.link.name}={{id}}`, with all parameters of that list.",
        parameters=[_id_parameter(resource), *_list_parameters(catalog, child, names)],
        responses={
            "200": ok("A page, or the whole result in another format.", ref("schemas", f"{camel(child.name)}Page"), formats=tuple(FORMATS), listed=child, ways=ways_from_list(catalog, child)),
            **UNCHANGED,
            **MOVED,
        },
        problems=RECORD_PROBLEMS,
    )  # fmt: skip


def _id_parameter(resource: Resource) -> Json:
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "description": f"Id, alias, acronym or symbol of one of the {resource.name}.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        "examples": example(resource.example),
    }


def example(value: Any) -> Json:
    """One example of a parameter. In the plural: a form that is filled in from `example` would send them all at once."""
    return {"one": {"value": value}}


def filter_parameters(catalog: Catalog, resource: Resource, names: Sequence[str]) -> list[Json]:
    """The filters of a resource by name, with their companions."""
    made = []
    for name in names:
        entry = catalog.filters(resource)[name]
        made.append(ref("parameters", f"{resource.name}.{name}"))
        made += [ref("parameters", f"{resource.name}.{other}") for other in _companions(entry)]
    return made


def _list_parameters(catalog: Catalog, resource: Resource, names: Sequence[str] | None = None) -> list[Json]:
    made = filter_parameters(catalog, resource, list(catalog.filters(resource)) if names is None else names)
    made += [
        cursor()
        if name == "cursor"
        else ref("parameters", name if name in SHARED_CONTROLS else f"{resource.name}.{name}")
        for name in CONTROLS
        if name != "include" or catalog.relatives(resource)
    ]
    return [*made, *CONDITIONAL]


def cursor() -> Json:
    """The parameter of a list that says where a page begins. Each list has its own, since it is good for that only."""
    return _control("cursor", {"type": "string", "minLength": 1, "maxLength": 4000}, None)


def needed(catalog: Catalog, resource: Resource, name: str) -> Json:
    """A filter of a resource where nothing is answered without it."""
    entry = catalog.filters(resource)[name]
    return _filter_parameter(entry, catalog.parameters(resource)[name]) | {"required": True}


def _companions(entry: Filter) -> list[str]:
    return [p.name for p in entry.parameters() if p.operator and p.operator not in OPERATORS]


def parameters(catalog: Catalog) -> Json:
    """Every parameter, once: one row for a field, its suffixes explained in its description."""
    made: Json = {}
    for resource in catalog:
        for entry in catalog.filters(resource).values():
            for parameter in entry.parameters():
                if parameter.operator == "" or parameter.operator not in OPERATORS:
                    made[f"{resource.name}.{parameter.name}"] = _filter_parameter(entry, parameter)
        for name, known in _words(catalog, resource).items():
            if known:
                made[f"{resource.name}.{name}"] = _words_parameter(name, known, resource)
        made[f"{resource.name}.or"] = _control(
            "or", {"type": "string", "minLength": 1, "maxLength": 4000}, _either(catalog, resource)
        )
    made["limit"] = _control(
        "limit", {"type": "integer", "minimum": 1, "maximum": MOST_LIMIT, "default": DEFAULT_LIMIT}, 10
    )
    made["format"] = _control("format", {"type": "string", "enum": list(FORMATS)}, "csv")
    made["format"]["description"] += "".join(f"\n- `{name}`: {one.words}" for name, one in FORMATS.items())
    made["IfNoneMatch"] = _header(
        "If-None-Match",
        "Tags of answers that the client has, or `*`; 304 where one is still good.",
        {"type": "string"},
        '"1-5d41402abc4b2a76-identity"',
    )
    made["DatasetRevision"] = _header(
        "Dataset-Revision",
        "The least revision that the client accepts: one that it has seen. 412 where the data here is older.",
        {"type": "integer", "minimum": 0, "maximum": 10**15 - 1},
        1,
    )
    return made


def _either(catalog: Catalog, resource: Resource) -> str:
    """An example of `or`: the id of a record, or the first value of a word that has a list of them."""
    chosen = (entry for entry in catalog.filters(resource).values() if entry.kind.values and "" in entry.operators)
    return (
        f"(id.eq.{resource.example}{''.join(f',{entry.name}.eq.{entry.kind.values[0]}' for entry in list(chosen)[:1])})"
    )


def _filter_parameter(entry: Filter, parameter: Parameter) -> Json:
    value = dict(parameter.kind.schema)
    made: Json = {"name": parameter.name, "in": "query", "required": False, "description": _explained(entry, parameter)}
    shown = _example(entry, parameter)
    if parameter.several:
        items = {"type": "array", "items": value, "minItems": 1, "maxItems": MOST_VALUES}
        made |= {"schema": items, "style": "form", "explode": not parameter.kind.splits}
    else:
        made |= {"schema": value}
    return made | {"examples": example([shown] if parameter.several else shown)}


def _explained(entry: Filter, parameter: Parameter) -> str:
    """What a parameter asks, and the same field with its suffixes, one a line."""
    if parameter.operator:
        return entry.companion_words.get(parameter.operator, f"Of the same `{entry.name}` that is asked for.")
    said = [entry.description or f"Its {entry.name.replace('_', ' ')}."]
    if entry.ids is not None:
        said.append("An alias does as well; what does not exist is an error.")
    if entry.unit:
        said.append(f"Comparisons, and sorting by it, need exactly one `{entry.unit}`.")
    words = DATE_WORDS if parameter.kind is DATE else LINK_WORDS if entry.listed or isinstance(entry, Reverse) else {}
    if "" in words:
        said.append(words[""])
    suffixed = [p for p in entry.parameters() if p.operator and p.operator in OPERATORS]
    rows = "".join(f"\n- `{p.name}`: {words.get(p.operator, OPERATORS[p.operator].words)}" for p in suffixed)
    return " ".join(said) + (f"\n\nAlso:\n{rows}" if rows else "")


DATE_WORDS = {
    "": "Finds what lies within the year, month, day or interval that is given.",
    "not": "does not lie within it; finds what has no date, too",
    "gt": "begins after it has ended",
    "gte": "begins when it begins, or later",
    "lt": "ends before it begins",
    "lte": "ends when it ends, or earlier",
}
LINK_WORDS = {"not": "has none of these", "isnull": "`true`: has none at all, `false`: has some"}


def _example(entry: Filter, parameter: Parameter) -> Any:
    if parameter.operator:
        return parameter.kind.values[0] if parameter.kind.values else "2025-12-01"
    text = entry.example
    if parameter.kind is DATE and text in ("", "None"):
        return "2025"
    kind = parameter.kind.schema.get("type")
    return (
        int(text)
        if kind == "integer"
        else float(text)
        if kind == "number"
        else text == "true"
        if kind == "boolean"
        else text
    )


WORDS = ("sort", "fields", "include", "facet")
"""Parameters that take names of each resource's own."""
SHARED_CONTROLS = ("limit", "format")
"""Parameters that are the same for every resource."""


def _words(catalog: Catalog, resource: Resource) -> dict[str, list[str]]:
    filters = catalog.filters(resource)
    sorts = sorted(name for name, entry in filters.items() if entry.sorts)
    return {
        "sort": [*sorts, *(f"-{name}" for name in sorts)],
        "fields": list(resource.keys),
        "include": list(catalog.relatives(resource)),
        "facet": [name for name, entry in filters.items() if entry.counted is not None],
    }


def _words_parameter(name: str, known: Sequence[str], resource: Resource) -> Json:
    schema: Json = {"type": "array", "items": {"type": "string", "enum": list(known)}, "minItems": 1}
    schema |= {"maxItems": MOST_SORTS, "uniqueItems": True} if name == "sort" else {}
    wished = {"sort": ["-title", "id"], "fields": ["title", *resource.own_fields[:1]], "include": ["statements"]}
    shown = [word for word in wished.get(name, ()) if word in known]
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": CONTROLS[name][0],
        "schema": schema,
        "style": "form",
        "explode": False,
        "examples": example(shown or list(known[:1])),
    }


def _control(name: str, schema: Json, shown: Any) -> Json:
    made = {"name": name, "in": "query", "required": False, "description": CONTROLS[name][0], "schema": schema}
    return made | ({"examples": example(shown)} if shown is not None else {})


def _header(name: str, description: str, schema: Json, shown: Any) -> Json:
    made = {"name": name, "in": "header", "required": False, "description": description, "schema": schema}
    return made | {"examples": example(shown)}


NAMED = tuple(kind.status for kind in (NOT_FOUND, NOT_ACCEPTABLE, GONE, OUTDATED, INVALID_QUERY, UNAVAILABLE))
"""Statuses that operations name where they may meet them."""
RETRYING = (OUTDATED.status, UNAVAILABLE.status)
"""Statuses that say when to ask again."""


def responses() -> Json:
    """Every kind of error by status, and `Problem` for those that any request may meet. Examples come later."""
    made: Json = {}
    for status in NAMED:
        kinds = [kind for kind in KINDS.values() if kind.status == status]
        retrying = ("Retry-After",) if status in RETRYING else ()
        made[f"Problem{status}"] = _response(kinds, retrying)
    made["Problem"] = _response(everywhere(), ("Retry-After", "Allow"))
    made["Problem"]["description"] = "What any request may meet:\n" + "".join(
        f"\n- {kind.status}: {kind.title}." for kind in everywhere()
    )
    return made


def everywhere() -> list[Kind]:
    """Problems that no operation names, since they say nothing of it."""
    return sorted((kind for kind in KINDS.values() if kind.status not in NAMED), key=lambda kind: kind.status)


def _response(kinds: Sequence[Kind], more: Sequence[str]) -> Json:
    return {
        "description": " Or: ".join(f"{kind.title}." for kind in kinds),
        "headers": header_refs((*more, "Cache-Control", "Vary", "X-Request-ID")),
        "content": {PROBLEM: {"schema": ref("schemas", "Problem"), "examples": {}}},
    }


def headers() -> Json:
    """Headers of answers."""
    return {
        name.replace("-", ""): {"description": description, "schema": {"type": "string"}, "example": shown}
        for name, (description, shown) in HEADERS.items()
    }


def components(*catalogs: Catalog, more: Mapping[str, Json]) -> Json:
    """Everything that operations refer to; `more` are schemas of hand-written endpoints."""
    made: Json = {
        "schemas": dict(more),
        "parameters": {},
        "responses": responses(),
        "headers": headers(),
        "examples": {},
    }
    for catalog in catalogs:
        made["schemas"] |= schemas(catalog)
        made["parameters"] |= parameters(catalog)
        for resource in catalog:
            names = (name for name, one in FORMATS.items() if one.write is not None and one.is_text)
            made["examples"] |= {
                f"{resource.name}.{name}": {"summary": f"One of the {resource.name}."} for name in names
            }
    name_enums(made["parameters"], made["schemas"])
    made["schemas"] = dict(sorted(made["schemas"].items()))
    return made
