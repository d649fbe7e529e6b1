"""A resource: one record type, declared once; and the catalog of all of them, with the links between."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from sqlmodel import SQLModel

from app.core.fields import Provenance, provenance, table_of
from app.core.filters import Filter, Linked, Links, One, Parameter, Reverse, Several, Through, common
from app.core.record import COMMON, EVIDENCE, Identified, Record, RecordRead

ANY = Record.__tablename__
"""Name of the table whose ids are those of all records."""

Values = dict[str, Any]
"""What a record shows, by public name; partial while it is being put together."""
Derive = Callable[[Values, Sequence[Any], Callable[[str], Values]], None]
"""Fills in derived fields from the values, the statements, and the values of other records by id."""


@dataclass(frozen=True, eq=False)
class Composite:
    """Columns that mean something only together: one field, one statement.

    `parts` maps the word of a seed file to the column and to what it is where it is unwritten.
    """

    main: Any
    parts: Mapping[str, tuple[Any, Any]]
    unit: str | None = None
    """The part that a statement shows as its unit."""


@dataclass(frozen=True, eq=False)
class Resource:
    """One record type."""

    name: str
    """Plural: the path, the seed file, the key of a foreign record's list."""
    table: Any
    read: type[Identified]
    description: str
    example: str
    """Id of a record that shows what the resource is."""
    filters: tuple[Filter, ...]
    composites: tuple[Composite, ...] = ()
    sort: str = "id"
    """Default order of its lists, written as in a URL."""
    named_by: tuple[Any, ...] = ()
    """Columns whose values are names of the record, like its aliases."""
    derive: Derive | None = None
    only: Any = None
    """Condition that its records meet, where its table holds others, too."""
    also: Mapping[str, str] = field(default_factory=dict)
    """What people take for a resource's name, and the URL that they want."""

    @property
    def singular(self) -> str:
        """Its name for one record; also the name of its table."""
        return str(self.table.__tablename__)

    @cached_property
    def has_evidence(self) -> bool:
        """Whether its records are entities with titles, citations and disputes; statements are not."""
        return issubclass(self.read, RecordRead)

    @property
    def whole(self) -> bool:
        """Whether its keys are all that a stored document has."""
        return self.table is not Record

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of a document, in order."""
        names = [name for name in self.read.model_fields if name not in EVIDENCE]
        return (*names, *(EVIDENCE if self.has_evidence else ()))

    @cached_property
    def lists(self) -> dict[str, Several]:
        """The fields that hold several values."""
        return {entry.listed.field: entry.listed for entry in self.filters if entry.listed is not None}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The fields that stand in its own table."""
        own = table_of(self.table).c
        return tuple(name for name in self.keys if name in own and name != "id")

    @cached_property
    def own_fields(self) -> tuple[str, ...]:
        """The fields that only this resource has."""
        shared = ("id", "resource", "url", *COMMON, *EVIDENCE)
        return tuple(name for name in self.keys if name not in shared)

    def provenance(self, name: str) -> Provenance | None:
        """Who answers for a field."""
        return provenance(self.read, name)

    @cached_property
    def composite_by_main(self) -> dict[str, Composite]:
        """Composite fields by their public name."""
        return {composite.main.key: composite for composite in self.composites}

    @cached_property
    def parts(self) -> dict[str, str]:
        """Fields that are part of a composite, with the composite's name."""
        return {
            column.key: composite.main.key for composite in self.composites for column, _ in composite.parts.values()
        }

    @cached_property
    def links(self) -> frozenset[str]:
        """The fields, in its own table, that hold the id of another record."""
        own = table_of(self.table).c
        return frozenset(name for name in self.columns if own[name].foreign_keys)

    def typed(self, name: str, value: Any) -> Any:
        """A value of a field, read from text and given back as JSON would have it; ValueError with what is wrong."""
        return _typed(self.read, name, value)

    def url(self, id: str) -> str:
        """Path of a record."""
        return f"/v1/{self.name}/{id}"


@dataclass(frozen=True)
class Relative:
    """A way from the records of one resource to linked ones: an `include`, and where to-one a nested list."""

    name: str
    resource: Resource | None
    """Resource of the linked records; null where they may be of any."""
    link: Linked
    reverse: bool


class Catalog:
    """All resources, parents first, and what follows from their links."""

    def __init__(self, resources: Sequence[Resource]):
        self.resources = tuple(resources)
        self.by_name = {resource.name: resource for resource in resources}
        self.by_table = {resource.singular: resource for resource in resources}
        self._filters: dict[str, dict[str, Filter]] = {}
        self._parameters: dict[str, dict[str, Parameter]] = {}
        self._paths: dict[tuple[str, str], Parameter | None] = {}
        self._throughs: dict[tuple[str, str, str], Through] = {}

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)

    def __getitem__(self, name: str) -> Resource:
        return self.by_name[name]

    def links(self, resource: Resource) -> list[Linked]:
        """The links that a resource declares."""
        return [entry for entry in resource.filters if isinstance(entry, Linked) and isinstance(entry, One | Links)]

    def links_to(self, resource: Resource) -> list[tuple[Resource, Linked]]:
        """The links that others, or its own records, have to a resource; those to any record among them."""
        return [
            (other, link)
            for other in self.resources
            for link in self.links(other)
            if link.ids is not None and link.ids[0] in (resource.singular, ANY)
        ]

    def filters(self, resource: Resource) -> dict[str, Filter]:
        """Everything that lists of a resource can be filtered by."""
        if resource.name not in self._filters:
            first = common(resource.table, resource.singular, resource.example, titled=resource.has_evidence)
            entries: list[Filter] = [*first, *resource.filters]
            for other, link in self.links_to(resource):
                if link.reverse is not None and link.ids != (ANY,):
                    entries.append(Reverse(link, link.reverse, other.singular, resource.table, other.example))
            named: dict[str, Filter] = {}
            for entry in entries:
                if entry.name in named:
                    raise ValueError(f"{resource.name} has two filters named {entry.name}")
                named[entry.name] = entry
            self._filters[resource.name] = named
        return self._filters[resource.name]

    def parameters(self, resource: Resource) -> dict[str, Parameter]:
        """Every filter parameter of a resource, by the name that is typed."""
        if resource.name not in self._parameters:
            self._parameters[resource.name] = {
                parameter.name: parameter
                for entry in self.filters(resource).values()
                for parameter in entry.parameters()
            }
        return self._parameters[resource.name]

    def path(self, resource: Resource, name: str) -> Parameter | None:
        """The parameter `link.name`, a filter of the linked record; null where there is none."""
        link_name, _, rest = name.partition(".")
        link = self.filters(resource).get(link_name) if rest else None
        if not isinstance(link, One | Links) or link.ids is None or link.ids[0] not in self.by_table:
            return None
        if (key := (resource.name, name)) not in self._paths:
            other = self.by_table[link.ids[0]]
            inner = self.parameters(other).get(rest)
            self._paths[key] = inner and replace(
                inner, name=name, filter=self._through(resource, link, other, inner.filter)
            )
        return self._paths[key]

    def _through(self, resource: Resource, link: One | Links, other: Resource, inner: Filter) -> Through:
        key = (resource.name, link.name, inner.name)
        if key not in self._throughs:
            self._throughs[key] = Through(link, other.table, inner)
        return self._throughs[key]

    def relatives(self, resource: Resource) -> dict[str, Relative]:
        """What `include` can bring along, by name: links by field, links to it by the other's plural name."""
        found: dict[str, Relative] = {}
        for link in self.links(resource):
            assert link.ids is not None
            name = link.listed.field if link.listed else link.name
            found[name] = Relative(name, self.by_table.get(link.ids[0]), link, reverse=False)
        for exact in (True, False):
            for other, link in self.links_to(resource):
                is_exact = link.ids == (resource.singular,)
                if is_exact is exact and (link.reverse if exact else isinstance(link, One)):
                    found.setdefault(other.name, Relative(other.name, other, link, reverse=True))
        return found

    def nested(self, resource: Resource) -> dict[str, Relative]:
        """The lists that stand below a record's path: of records that name it by a to-one link."""
        return {
            name: relative
            for name, relative in self.relatives(resource).items()
            if relative.reverse and isinstance(relative.link, One)
        }

    @cached_property
    def mistaken(self) -> dict[str, str]:
        """Names that people take for a resource, and the URL that they want."""
        return {word: url for resource in self.resources for word, url in resource.also.items()}


@cache
def adapter(model: type[SQLModel], name: str) -> TypeAdapter[Any]:
    """What reads one field of a model."""
    info = model.model_fields[name]
    kind: Any = info.annotation
    return TypeAdapter(Annotated[kind, *info.metadata] if info.metadata else kind)


def _typed(model: type[SQLModel], name: str, value: Any) -> Any:
    kind = adapter(model, name)
    try:
        return kind.dump_python(kind.validate_python(value), mode="json")
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(first["msg"].removeprefix("Value error, ")) from None


def dates_of(table: type[SQLModel]) -> tuple[str, ...]:
    """The partial dates of a table: the columns that have a first and a last day beside them."""
    names = table_of(table).c
    return tuple(name for name in names.keys() if f"{name}_first" in names)
