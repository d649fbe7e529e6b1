"""The schemas of the OpenAPI document: record types, pages, what they share, and a name for each."""

from typing import Any

from app.api.errors import KINDS
from app.core.declare import Catalog, Resource

Json = dict[str, Any]


def ref(kind: str, name: str) -> Json:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def camel(name: str) -> str:
    """The name of a schema: `commitments` -> `Commitments`."""
    return "".join(part.title() for part in name.split("_"))


def schema_name(resource: Resource) -> str:
    """The name of the schema of a record: `Commitment`."""
    return resource.read.__name__.removesuffix("Read")


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


def name_enums(parameters: Json, schemas: Json) -> None:
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
