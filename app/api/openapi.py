"""The OpenAPI document: operations, parameters and schemas, all read off the declarations."""

from collections.abc import Iterator, Mapping, Sequence
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
from app.api.formats import FORMATS
from app.api.params import CONTROLS, DEFAULT_LIMIT, MOST_LIMIT, MOST_VALUES
from app.core.declare import Catalog, Relative, Resource
from app.core.filters import OPERATORS, Filter

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
    common = (*problems, UNAVAILABLE)
    extra: Json = {
        "parameters": list(parameters),
        "responses": {**responses, **{code: ref("responses", name) for code, name in _by_status(common)}},
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


def _by_status(problems: Sequence[Kind]) -> Iterator[tuple[str, str]]:
    for problem in problems:
        yield str(problem.status), f"Problem{problem.status}"


def ref(kind: str, name: str) -> Json:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def camel(name: str) -> str:
    """The name of a schema: `commitments` -> `Commitments`."""
    return "".join(part.title() for part in name.split("_"))


def ok(description: str, schema: Json, *, formats: Sequence[str] = ("json",)) -> Json:
    """A 200 with its headers; other formats than JSON are text."""
    content: Json = {}
    for name in formats:
        made = FORMATS[name]
        content[made.media_type] = {"schema": schema if made.write is None else {"type": "string"}}
    headers = {name: ref("headers", name.replace("-", "")) for name in HEADERS}
    return {"description": description, "headers": headers, "content": content}


HEADERS = {
    "ETag": ("Strong tag of exactly these bytes; send it back as `If-None-Match`.", '"1-5d41402abc4b2a76-identity"'),
    "Dataset-Revision": ("Revision of the dataset that was read.", "1"),
    "Cache-Control": ("How long and by whom it may be kept.", "public, no-cache, stale-if-error=86400"),
    "Link": ("`self`, `next` and `prev`, as in `links`.", '</v1/places>; rel="self"'),
    "X-Request-ID": ("Id of the request, as in the logs.", "0c1f7f0d2c4e4d0e9a8b7c6d5e4f3a2b"),
}

CONDITIONAL = [ref("parameters", "IfNoneMatch"), ref("parameters", "DatasetRevision")]
LIST_PROBLEMS = (INVALID_QUERY, NOT_ACCEPTABLE, OUTDATED)
RECORD_PROBLEMS = (NOT_FOUND, GONE, INVALID_QUERY, NOT_ACCEPTABLE, OUTDATED)
MOVED = {
    "307": {"description": "The path has an alias: the record's own address is in `Location`.", "headers": {"Location": ref("headers", "Location")}},
    "308": {"description": "The record was merged into the one in `Location`.", "headers": {"Location": ref("headers", "Location")}},
}  # fmt: skip
UNCHANGED = {"304": {"description": "Nothing has changed since the answer with this `ETag`."}}


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
        f"alternatives. In the order `{resource.sort}` unless `sort` says otherwise.",
        parameters=_list_parameters(catalog, resource),
        responses={
            "200": ok("A page, or the whole result in another format.", ref("schemas", f"{camel(resource.name)}Page"), formats=tuple(FORMATS)),
            **UNCHANGED,
        },
        problems=LIST_PROBLEMS,
    )  # fmt: skip


def detail_operation(catalog: Catalog, resource: Resource) -> Operation:
    """A single record of a resource."""
    return operation(
        f"get_{resource.singular}",
        resource.name,
        f"One of the {resource.name}",
        f"{resource.read.__doc__} By its id; an alias, acronym or symbol leads there.",
        parameters=[
            _id_parameter(resource),
            ref("parameters", f"{resource.name}.fields"),
            ref("parameters", f"{resource.name}.include"),
            *CONDITIONAL,
        ],
        responses={"200": ok("The record.", ref("schemas", resource.read.__name__)), **UNCHANGED, **MOVED},
        problems=RECORD_PROBLEMS,
    )


def nested_operation(catalog: Catalog, resource: Resource, relative: Relative) -> Operation:
    """The records of another resource that name a record."""
    child = relative.resource
    assert child is not None
    names = [name for name in catalog.filters(child) if name != relative.link.name]
    return operation(
        f"list_{relative.name}_of_{resource.singular}",
        resource.name,
        f"{child.name.capitalize()} of one of the {resource.name}",
        f"The same as `/v1/{child.name}?{relative.link.name}={{id}}`, with all parameters of that list.",
        parameters=[_id_parameter(resource), *_list_parameters(catalog, child, names)],
        responses={
            "200": ok("A page, or the whole result in another format.", ref("schemas", f"{camel(child.name)}Page"), formats=tuple(FORMATS)),
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
        "example": resource.example,
    }


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
    for name in CONTROLS:
        shared = name not in WORDS
        made.append(ref("parameters", name if shared else f"{resource.name}.{name}"))
    return [*made, *CONDITIONAL]


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
            made[f"{resource.name}.{name}"] = _words_parameter(name, known, resource)
    made["limit"] = _control("limit", {"type": "integer", "minimum": 1, "maximum": MOST_LIMIT, "default": DEFAULT_LIMIT}, 10)
    made["or"] = _control("or", {"type": "string", "maxLength": 4000}, None)
    made["cursor"] = _control("cursor", {"type": "string", "maxLength": 4000}, None)
    made["format"] = _control("format", {"type": "string", "enum": list(FORMATS)}, "json")
    made["IfNoneMatch"] = _header("If-None-Match", "Tags of answers that the client has; 304 where one is still good.", {"type": "string"})
    made["DatasetRevision"] = _header(
        "Dataset-Revision", "The least revision that the client accepts.", {"type": "integer", "minimum": 0}
    )
    return made


def _filter_parameter(entry: Filter, parameter: Any) -> Json:
    value = dict(parameter.kind.schema)
    name = parameter.name
    suffixed = [p for p in entry.parameters() if p.operator in OPERATORS and p.operator and parameter.operator == ""]
    description = entry.description if parameter.operator == "" else f"Of the same {entry.name} that is asked for."
    if name == "status_on":
        description = "The day on which `status` was in force."
    if entry.ids is not None and parameter.operator == "":
        description += " Aliases do as well; what does not exist is an error."
    if entry.unit:
        description += f" Comparisons, and sorting by it, need exactly one `{entry.unit}`."
    rows = "".join(f"\n- `{p.name}`: {OPERATORS[p.operator].words}" for p in suffixed)
    made: Json = {"name": name, "in": "query", "required": False, "description": description + (f"\n{rows}" if rows else "")}
    example = _example(entry, parameter)
    if parameter.several:
        made |= {"schema": {"type": "array", "items": value, "maxItems": MOST_VALUES}, "style": "form", "explode": not parameter.kind.splits}
        return made | ({"example": [example]} if example is not None else {})
    return made | {"schema": value} | ({"example": example} if example is not None else {})


def _example(entry: Filter, parameter: Any) -> Any:
    if parameter.operator:
        if parameter.kind.values:
            return parameter.kind.values[0]
        return "2025-12-01"
    text = entry.example
    if text in ("", "None"):
        return None
    kind = parameter.kind.schema.get("type")
    return int(text) if kind == "integer" else float(text) if kind == "number" else text == "true" if kind == "boolean" else text


WORDS = ("sort", "fields", "include", "facet")
"""Parameters that take names of each resource's own."""


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
    schema |= {"maxItems": 3} if name == "sort" else {}
    example = {"sort": ["-id"], "fields": ["url"], "include": ["statements"]}.get(name, list(known[:1]))
    if name in ("sort",):
        schema["uniqueItems"] = True
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": CONTROLS[name][0],
        "schema": schema,
        "style": "form",
        "explode": False,
        "example": [word for word in example if word in known] or list(known[:1]),
    }


def _control(name: str, schema: Json, example: Any) -> Json:
    made = {"name": name, "in": "query", "required": False, "description": CONTROLS[name][0], "schema": schema}
    return made | ({"example": example} if example is not None else {})


def _header(name: str, description: str, schema: Json) -> Json:
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


def schemas(catalog: Catalog) -> Json:
    """Every record type, its page, and what they share."""
    made: Json = {}
    for resource in catalog:
        schema = resource.read.model_json_schema(ref_template="#/components/schemas/{model}", mode="validation")
        for name, shared in schema.pop("$defs", {}).items():
            made[name] = _tidy(shared)
        schema["properties"] = {key: schema["properties"][key] for key in resource.keys}
        schema["required"] = list(resource.keys)
        schema["properties"]["resource"] |= {"const": resource.name, "examples": [resource.name]}
        schema["properties"]["id"]["examples"] = [resource.example]
        schema["properties"]["url"]["examples"] = [resource.url(resource.example)]
        made[resource.read.__name__] = _tidy(schema)
        made[f"{camel(resource.name)}Page"] = _page(ref("schemas", resource.read.__name__), resource.name)
    return dict(sorted((made | SHARED).items()))


def _tidy(schema: Json) -> Json:
    """Without the titles that repeat a field's name."""
    for field in schema.get("properties", {}).values():
        field.pop("title", None)
    return schema


def _page(item: Json, name: str) -> Json:
    return {
        "type": "object",
        "description": f"A page of {name}.",
        "required": ["data", "meta", "links"],
        "properties": {
            "data": {"type": "array", "items": item},
            "meta": ref("schemas", "Meta"),
            "links": ref("schemas", "PageLinks"),
            "included": {
                "type": "object",
                "description": "Linked records by the names in `include`; at most 100 of each.",
                "additionalProperties": {"type": "array", "items": {"type": "object"}},
            },
            "included_more": {
                "type": "object",
                "description": "Where there were more: the URL of all.",
                "additionalProperties": {"type": "string"},
            },
        },
    }


_LINK = {"type": ["string", "null"]}
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
                "type": "object",
                "required": ["groups", "revision"],
                "properties": {
                    "groups": {"type": "integer", "description": "How many groups there are."},
                    "revision": {"type": "integer", "description": "Revision of the dataset that was read."},
                },
            },
            "links": {"type": "object", "required": ["self"], "properties": {"self": {"type": "string"}}},
        },
    },
    "PageLinks": {
        "type": "object",
        "required": ["self", "next", "prev"],
        "properties": {"self": {"type": "string"}, "next": _LINK, "prev": _LINK},
    },
    "Problem": {
        "type": "object",
        "description": "An error, after RFC 9457.",
        "required": ["type", "title", "status", "detail", "instance", "request_id", "errors"],
        "properties": {
            "type": {"type": "string", "description": "Path of the page that explains this kind of problem.", "enum": [k.type for k in KINDS.values()]},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What was wrong, in words."},
            "instance": {"type": "string", "description": "Path that was asked for."},
            "request_id": {"type": "string"},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/ProblemItem"}},
        },
    },
    "ProblemItem": {
        "type": "object",
        "description": "One fault of the request.",
        "required": ["in", "parameter", "value", "reason", "detail", "allowed", "did_you_mean", "see"],
        "properties": {
            "in": {"type": "string", "enum": ["query", "path", "header"]},
            "parameter": {"type": ["string", "null"]},
            "value": {"type": ["string", "null"], "description": "What was sent, at most 200 characters of it."},
            "reason": {"type": "string", "description": "A word for programs, such as `unknown_parameter`."},
            "detail": {"type": "string"},
            "allowed": {"type": "array", "items": {"type": "string"}},
            "did_you_mean": {"type": "array", "items": {"type": "string"}},
            "see": {"type": "string", "description": "Where to read on."},
        },
    },
}  # fmt: skip


def responses() -> Json:
    """Every kind of error, by status."""
    made: Json = {}
    for kind in KINDS.values():
        name = f"Problem{kind.status}"
        example = {
            "type": kind.type,
            "title": kind.title,
            "status": kind.status,
            "detail": kind.explanation,
            "instance": "/v1/commitments",
            "request_id": "0c1f7f0d2c4e4d0e9a8b7c6d5e4f3a2b",
            "errors": [],
        }
        if name in made:
            made[name]["content"][PROBLEM]["examples"][kind.slug] = {"value": example}
            made[name]["description"] += f" Or: {kind.title}."
            continue
        made[name] = {
            "description": f"{kind.title}.",
            "content": {PROBLEM: {"schema": ref("schemas", "Problem"), "examples": {kind.slug: {"value": example}}}},
        }
    return made


def headers() -> Json:
    """Headers of answers."""
    made = {
        name.replace("-", ""): {"description": description, "schema": {"type": "string"}, "example": example}
        for name, (description, example) in HEADERS.items()
    }
    made["Location"] = {"description": "Where it is.", "schema": {"type": "string"}, "example": "/v1/minerals/lithium"}
    return made


def components(*catalogs: Catalog, more: Mapping[str, Json]) -> Json:
    """Everything that operations refer to; `more` are schemas of hand-written endpoints."""
    made: Json = {"schemas": dict(more), "parameters": {}, "responses": responses(), "headers": headers()}
    for catalog in catalogs:
        made["schemas"] |= schemas(catalog)
        made["parameters"] |= parameters(catalog)
    return made
