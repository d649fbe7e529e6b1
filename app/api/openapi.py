"""The OpenAPI document: operations, parameters and schemas, all read off the declarations.

Its examples are put in by `examples.py`, which asks the application itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

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
from app.core.declare import Catalog, Relative, Resource
from app.core.filters import DATE, OPERATORS, Filter, One, Parameter, Reverse

Json = dict[str, Any]
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


def ref(kind: str, name: str) -> Json:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def camel(name: str) -> str:
    """The name of a schema: `commitments` -> `Commitments`."""
    return "".join(part.title() for part in name.split("_"))


def schema_name(resource: Resource) -> str:
    """The name of the schema of a record: `Commitment`."""
    return resource.read.__name__.removesuffix("Read")


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
    "Cache-Control": ("How long and by whom it may be kept.", "public, no-cache, stale-if-error=86400"),
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


def schemas(catalog: Catalog) -> Json:
    """Every record type, its page, and what they share."""
    made: Json = {}
    for resource in catalog:
        made |= _record_schemas(resource)
        made[f"{camel(resource.name)}Page"] = _page(ref("schemas", schema_name(resource)), resource.name)
    return dict(sorted((made | SHARED).items()))


def _record_schemas(resource: Resource) -> Json:
    """A record type and the types of its parts. Fields may be added to it, so that unknown ones are not forbidden."""
    schema = resource.read.model_json_schema(ref_template="#/components/schemas/{model}", mode="validation")
    made = {name: _tidy(shared) for name, shared in schema.pop("$defs", {}).items()}
    described = {name: info.description for name, info in resource.read.model_fields.items()}
    properties = {key: {"description": described[key], **schema["properties"][key]} for key in resource.keys}
    properties["id"]["examples"] = [resource.example]
    if resource.whole:
        properties["resource"] |= {"const": resource.name, "examples": [resource.name]}
        properties["url"]["examples"] = [resource.url(resource.example)]
    if "identifiers" in properties:
        properties["identifiers"] |= {"title": "Identifiers"}
    properties["included"] = _INCLUDED | {
        "description": f"On a single record: {_INCLUDED['description'][0].lower()}{_INCLUDED['description'][1:]}"
    }
    properties["included_more"] = _INCLUDED_MORE
    del schema["additionalProperties"]
    words = "Every key is always there, with `null` or `[]` where there is nothing, unless `fields` asks for some only."
    schema |= {"properties": properties, "required": ["id"], "description": f"{resource.read.__doc__}\n\n{words}"}
    return made | {schema_name(resource): _tidy(schema)}


def _tidy(schema: Json) -> Json:
    """Without titles, which repeat the names."""
    schema.pop("title", None)
    for field in schema.get("properties", {}).values():
        field.pop("title", None)
    return schema


_INCLUDED: Json = {
    "title": "Included",
    "type": "object",
    "description": "Linked records by the names in `include`; at most 100 of each.",
    "additionalProperties": {"type": "array", "items": {"type": "object"}},
    "examples": [{}],
}
_INCLUDED_MORE: Json = {
    "title": "IncludedMore",
    "type": "object",
    "description": "For a name of which there are more: the URL of all.",
    "additionalProperties": {"type": "string"},
    "examples": [{}],
}


def _page(item: Json, name: str) -> Json:
    return {
        "type": "object",
        "description": f"A page of {name}.",
        "required": ["data", "meta", "links"],
        "properties": {
            "data": {"type": "array", "description": "The records of this page.", "items": item},
            "meta": ref("schemas", "Meta"),
            "links": ref("schemas", "PageLinks"),
            "included": _INCLUDED,
            "included_more": _INCLUDED_MORE,
        },
    }


def _link(description: str) -> Json:
    return {"type": ["string", "null"], "description": description}


SELF: Json = {
    "title": "SelfLink",
    "type": "object",
    "description": "Where this answer is.",
    "required": ["self"],
    "properties": {"self": {"type": "string", "description": "This question in its one order."}},
}
"""The links of an answer that has no pages."""
SHARED: Json = {
    "Meta": {
        "type": "object",
        "required": ["total", "total_is_exact", "limit", "revision", "facets"],
        "properties": {
            "total": {"type": "integer", "description": "How many records were found in all."},
            "total_is_exact": {"type": "boolean", "description": "Whether that number is exact."},
            "limit": {"type": "integer", "description": "Records on a page."},
            "revision": {"type": "integer", "description": "Revision of the dataset that was read."},
            "facets": {
                "type": "object",
                "description": "Counts by value for each name in `facet`, that field's own filters lifted.",
                "additionalProperties": {"type": "array", "items": {"$ref": "#/components/schemas/FacetValue"}},
            },
        },
    },
    "FacetValue": {
        "type": "object",
        "required": ["value", "label", "count", "selected", "url"],
        "properties": {
            "value": {"type": ["string", "boolean", "null"], "description": "The value; null for records without one."},
            "label": {"type": "string", "description": "The value for people: a linked record's title."},
            "count": {"type": "integer", "description": "Records that have it."},
            "selected": {"type": "boolean", "description": "Whether the query asks for it."},
            "url": {"type": "string", "description": "This list with the value added, or taken away."},
        },
    },
    "Aggregate": {
        "type": "object",
        "required": ["data", "meta", "links"],
        "properties": {
            "data": {
                "type": "array",
                "description": "A group: the value of each field in `group_by`, `count`, each metric, and `left_out`.",
                "items": {
                    "title": "Group",
                    "type": "object",
                    "required": ["count"],
                    "properties": {
                        "count": {"type": "integer", "description": "Records in the group."},
                        "left_out": {
                            "type": "object",
                            "description": "For each metric, the records of the group that have no number.",
                            "additionalProperties": {"type": "integer"},
                        },
                    },
                },
            },
            "meta": {
                "title": "GroupsMeta",
                "type": "object",
                "description": "How much there is, as of which revision.",
                "required": ["groups", "revision"],
                "properties": {
                    "groups": {"type": "integer", "description": "How many groups there are."},
                    "revision": {"type": "integer", "description": "Revision of the dataset that was read."},
                },
            },
            "links": SELF,
        },
    },
    "PageLinks": {
        "type": "object",
        "required": ["self", "next", "prev"],
        "properties": {
            "self": {"type": "string", "description": "This page, its parameters in one order, ids for aliases."},
            "next": _link("The page after it; null on the last."),
            "prev": _link("The page before it; null on the first."),
        },
    },
    "Problem": {
        "type": "object",
        "description": "An error, after RFC 9457.",
        "required": ["type", "title", "status", "detail", "instance", "request_id", "errors"],
        "properties": {
            "type": {"type": "string", "description": "Path of the page that explains this kind of problem.", "enum": [k.type for k in KINDS.values()]},
            "title": {"type": "string", "description": "The kind of problem, in words."},
            "status": {"type": "integer", "description": "The HTTP status once more."},
            "detail": {"type": "string", "description": "What was wrong, in words."},
            "instance": {"type": "string", "description": "Path that was asked for."},
            "request_id": {"type": "string", "description": "To be named when asking whoever runs the server."},
            "errors": {
                "type": "array",
                "description": "Every fault of the request, not only the first.",
                "items": {"$ref": "#/components/schemas/ProblemItem"},
            },
        },
    },
    "ProblemItem": {
        "type": "object",
        "description": "One fault of the request.",
        "required": ["in", "parameter", "value", "reason", "detail", "allowed", "did_you_mean", "see"],
        "properties": {
            "in": {"type": "string", "enum": ["query", "path", "header"], "description": "Where the fault is."},
            "parameter": {"type": ["string", "null"], "description": "The parameter or header, if it is one."},
            "value": {"type": ["string", "null"], "description": "What was sent, at most 200 characters of it."},
            "reason": {"type": "string", "description": "A word for programs, such as `unknown_parameter`."},
            "detail": {"type": "string", "description": "The fault in words."},
            "allowed": {"type": "array", "items": {"type": "string"}, "description": "What would do, where it can be listed."},
            "did_you_mean": {"type": "array", "items": {"type": "string"}, "description": "What was probably meant."},
            "see": {"type": "string", "description": "Where to read on."},
        },
    },
}  # fmt: skip


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
    _name_enums(made["parameters"], made["schemas"])
    made["schemas"] = dict(sorted(made["schemas"].items()))
    return made


ON_THE_SPOT = ("description", "default", "examples")
"""What is said of a schema where it is used."""


def with_named_schemas(document: Json) -> Json:
    """The document with each schema that has a title moved to the components, once, under that name.

    A generated client calls it so then, rather than `GetGraphResponse200EdgesItem`.
    """
    named: Json = {}

    def moved(value: Any) -> Any:
        if isinstance(value, list):
            return [moved(one) for one in value]
        if not isinstance(value, dict):
            return value
        made = {key: one if key in ("example", "examples") else moved(one) for key, one in value.items()}
        if not isinstance(made.get("title"), str) or "type" not in made:
            return made
        name = made.pop("title")
        schema = {key: one for key, one in made.items() if key not in ("default", "examples")}
        assert {**named.setdefault(name, schema), "description": ""} == {**schema, "description": ""}, name
        here = {key: made[key] for key in ON_THE_SPOT if key in made and made[key] != named[name].get(key)}
        return ref("schemas", name) | here

    made: Json = {key: moved(document[key]) for key in ("paths", "components")}
    made["components"]["schemas"] = dict(sorted((made["components"]["schemas"] | named).items()))
    return document | made


def _name_enums(parameters: Json, schemas: Json) -> None:
    """Give every list of values a name, that of a field where one has the same: a generated client has it once then."""
    known = {tuple(schema["enum"]): name for name, schema in schemas.items() if "enum" in schema}
    for key, parameter in parameters.items():
        within = parameter if "enum" in parameter["schema"] else parameter["schema"]
        place = "schema" if within is parameter else "items"
        if "enum" not in within.get(place, {}):
            continue
        values = within[place]
        name = known.get(tuple(values["enum"]))
        if name is None:
            name = camel(key.replace(".", "_"))
            schemas[name] = {**values, "description": f"What `{parameter['name']}` takes."}
        within[place] = ref("schemas", name)
