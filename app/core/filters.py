"""The words in which the fields of a resource are declared: what is filtered, sorted, counted and listed.

A filter knows SQL columns, never HTTP: it says which parameters it takes and makes a condition of them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    Index,
    Integer,
    String,
    Table,
    and_,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel, col

from app.core import index, search
from app.core.db import Characters, choices
from app.core.fields import reference_to
from app.core.record import Record
from app.core.values import LARGEST_INTEGER, clean, days, fold

Slots = Sequence[tuple[ColumnElement[Any], ...]]
"""For each value that was asked for, the bound parameters that stand for it."""


@dataclass(frozen=True)
class Operator:
    """A suffix of a parameter: what it means, and whether it takes several values."""

    words: str
    several: bool = False


OPERATORS = {
    "": Operator("any of the values", several=True),
    "not": Operator("none of the values; finds what has no value, too", several=True),
    "gt": Operator("after or above"),
    "gte": Operator("from, inclusive"),
    "lt": Operator("before or below"),
    "lte": Operator("up to, inclusive"),
    "isnull": Operator("`true`: has no value, `false`: has one"),
    "contains": Operator("has this text in it, whatever its case and accents"),
    "within": Operator("any of the values or anything narrower", several=True),
}


@dataclass(frozen=True)
class Kind:
    """How one value of a parameter is read: `parse` raises ValueError with what is wrong."""

    parse: Callable[[str], Any]
    schema: Mapping[str, Any]
    sql: TypeEngine[Any] = field(default_factory=String)
    splits: bool = True
    """Whether a comma separates values; never in free text."""
    values: tuple[str, ...] = ()
    """All values, where they can be listed."""


def one_of(values: type[StrEnum]) -> Kind:
    """A value of an enum."""
    names = tuple(member.value for member in values)

    def parse(text: str) -> str:
        if text not in names:
            raise ValueError("is not one of the allowed values")
        return text

    return Kind(parse, {"type": "string", "enum": list(names)}, values=names)


def _matching(pattern: str, complaint: str, read: Callable[[str], Any]) -> Callable[[str], Any]:
    compiled = re.compile(pattern, re.ASCII)

    def parse(text: str) -> Any:
        if not compiled.fullmatch(text):
            raise ValueError(complaint)
        value = read(text)
        if isinstance(value, int | float) and abs(value) > LARGEST_INTEGER:
            raise ValueError(f"is beyond {LARGEST_INTEGER}")
        return value

    return parse


def _short(text: str) -> str:
    cleaned = clean(text)
    if not cleaned:
        raise ValueError("is empty")
    if len(cleaned) > 200:
        raise ValueError("is longer than 200 characters")
    return cleaned


IDENTIFIER = Kind(_short, {"type": "string", "maxLength": 200})
TEXT = Kind(lambda text: fold(_short(text)), {"type": "string", "minLength": 1, "maxLength": 200}, splits=False)
CODE = Kind(_short, {"type": "string", "minLength": 1, "maxLength": 200})
WHOLE = Kind(
    _matching(r"-?(0|[1-9][0-9]{0,17})", "is not a whole number such as 500000000", int),
    {"type": "integer"},
    BigInteger(),
)
NUMBER = Kind(
    _matching(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,9})?", "is not a number such as 21.9", float),
    {"type": "number"},
    Float(),
)
DATE = Kind(days, {"type": "string", "pattern": r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?(/[0-9-]{4,10})?$"})
FLAG = Kind(
    lambda text: _matching("true|false", "is neither true nor false", lambda word: word == "true")(text),
    {"type": "boolean"},
    Boolean(),
    splits=False,
)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a query string, as it is typed."""

    name: str
    operator: str
    filter: "Filter"
    kind: Kind
    several: bool
    ids: tuple[str, ...] | None = None
    """Tables whose ids the values are: an alias does as well, and an id that does not exist is an error."""
    column: Column[Any] | None = None
    """Column whose values are the only ones allowed: anything else is an error."""


Asked = Mapping[str, Slots]
"""What is asked of one filter: operator to its values; a companion stands under its own name."""


class Filter:
    """A parameter with its suffixes. Subclass it, in the file of the resource, for what no word here says."""

    operators: tuple[str, ...] = ("", "not", "isnull")
    companions: Mapping[str, "Column[Any]"] = {}
    """Further parameters that speak of the same linked row: name to column."""
    companion_words: Mapping[str, str] = {}
    """What such a parameter asks, where it is more than to be the same row."""
    listed: "Several | None" = None
    """The list field behind the filter, if any."""
    sorts: tuple[Any, ...] = ()
    """Columns to sort by, where the filter's name is also a sort."""
    counted: Any = None
    """Column whose values are counted, where the filter's name is also a facet."""
    of_record: bool = False
    """Whether it needs the table of all records."""
    unit: str | None = None
    """Name of the parameter without which numbers of this filter cannot be compared."""

    def __init__(
        self,
        name: str,
        kind: Kind,
        description: str,
        example: str,
        *,
        also: Mapping[str, str] | Sequence[str] = (),
    ):
        self.name = name
        self.kind = kind
        self.description = description
        self.example = example
        self.also = dict(also) if isinstance(also, Mapping) else dict.fromkeys(also, name)
        """What people type instead, and what they should."""

    def parameters(self) -> Iterator[Parameter]:
        """Every parameter that belongs to the filter."""
        for operator in self.operators:
            kind = FLAG if operator == "isnull" else TEXT if operator == "contains" else self.kind
            yield Parameter(
                name=f"{self.name}__{operator}" if operator else self.name,
                operator=operator,
                filter=self,
                kind=kind,
                several=OPERATORS[operator].several and kind is not FLAG,
                ids=self.ids if operator not in ("isnull", "contains") else None,
                column=self.known if operator in ("", "not") else None,
            )

    ids: tuple[str, ...] | None = None
    known: Any = None

    def bind(self, operator: str, value: Any) -> tuple[Any, ...]:
        """The values that a parsed value stands for in SQL."""
        return value if isinstance(value, tuple) else (value,)

    def where(self, asked: Asked) -> ColumnElement[bool]:
        """The condition for everything asked of this filter."""
        return and_(true(), *(self.test(operator, slots) for operator, slots in asked.items()))

    def test(self, operator: str, slots: Slots) -> ColumnElement[bool]:
        """The condition for one operator."""
        raise NotImplementedError


def compare(column: Any, operator: str, slots: Slots) -> ColumnElement[bool]:
    """The usual meaning of an operator on one column."""
    firsts = [slot[0] for slot in slots]
    match operator:
        case "":
            return _any(column, firsts)
        case "not":
            return or_(column.is_(None), not_(_any(column, firsts)))
        case "gt":
            return _bool(column > firsts[0])
        case "gte":
            return _bool(column >= firsts[0])
        case "lt":
            return _bool(column < firsts[0])
        case "lte":
            return _bool(column <= firsts[0])
        case "isnull":
            return _bool(column.is_(None))
        case "notnull":
            return _bool(column.is_not(None))
    raise ValueError(operator)


def _bool(condition: Any) -> ColumnElement[bool]:
    return condition  # type: ignore[no-any-return]


def _any(column: Any, slots: Sequence[Any]) -> ColumnElement[bool]:
    return _bool(column == slots[0] if len(slots) == 1 else column.in_(slots))


class OnColumn(Filter):
    """A filter on one column of the resource's own table, described as its field is."""

    def __init__(self, column: Any, kind: Kind, *, also: Mapping[str, str] | Sequence[str] = (), sort: bool = True):
        description, example = described(column)
        super().__init__(column.key, kind, description, example, also=also)
        self.column = column
        self.sorts = (column,) if sort else ()

    def test(self, operator: str, slots: Slots) -> ColumnElement[bool]:
        return compare(self.column, operator, slots)


def described(column: Any) -> tuple[str, str]:
    """The description and the example of the field that a column stands for."""
    info = column.class_.model_fields.get(column.key)
    examples = info.examples if info is not None else None
    return (info.description or "" if info is not None else ""), str(examples[0]) if examples else ""


class Choice(OnColumn):
    """One value of an enum."""

    def __init__(self, column: Any, values: type[StrEnum], *, also: Mapping[str, str] | Sequence[str] = ()):
        super().__init__(column, one_of(values), also=also)
        self.counted = column


class Code(OnColumn):
    """A short word such as a currency; a word that no record has is an error."""

    def __init__(self, column: Any, *, also: Mapping[str, str] | Sequence[str] = ()):
        super().__init__(column, CODE, also=also)
        self.counted = column
        self.known = column


class Number(OnColumn):
    """A number, with comparisons. `unit` names the parameter that says what it is a number of."""

    operators = ("", "not", "gt", "gte", "lt", "lte", "isnull")

    def __init__(
        self,
        column: Any,
        kind: Kind = WHOLE,
        *,
        unit: Any = None,
        also: Mapping[str, str] | Sequence[str] = (),
    ):
        super().__init__(column, kind, also=also)
        self.unit = unit.key if unit is not None else None


class Dates(OnColumn):
    """A partial date kept with its first and last day."""

    operators = ("", "not", "gt", "gte", "lt", "lte", "isnull")

    def __init__(self, column: Any, first: Any, last: Any, *, also: Mapping[str, str] | Sequence[str] = ()):
        super().__init__(column, DATE, also=also)
        self.first, self.last = first, last
        self.sorts = (first, last)
        self.also |= {
            f"{self.name}_{word}": f"{self.name}__{way}" for word, way in (("before", "lte"), ("after", "gte"))
        }

    def bind(self, operator: str, value: Any) -> tuple[Any, ...]:
        if operator in ("", "not"):
            return tuple(value)
        return (value[1],) if operator in ("gt", "lte") else (value[0],)

    def test(self, operator: str, slots: Slots) -> ColumnElement[bool]:
        match operator:
            case "":
                return or_(*(and_(self.first >= first, self.last <= last) for first, last in slots))
            case "not":
                return or_(self.first.is_(None), not_(self.test("", slots)))
            case "gt" | "gte":
                return compare(self.first, operator, slots)
            case "lt" | "lte":
                return compare(self.last, operator, slots)
        return compare(self.first, operator, slots)


class Folded(Filter):
    """Free text, compared without case and accents by means of a folded column."""

    operators = ("", "not", "contains")
    of_record = True

    def __init__(
        self, folded: Any, name: str, description: str, example: str, *, also: Mapping[str, str] | Sequence[str] = ()
    ):
        super().__init__(name, TEXT, description, example, also=also)
        self.folded = folded
        self.sorts = (folded,)

    def bind(self, operator: str, value: Any) -> tuple[Any, ...]:
        if operator != "contains":
            return (value,)
        return ("%" + re.sub(r"([%_\\])", r"\\\1", value) + "%",)

    def test(self, operator: str, slots: Slots) -> ColumnElement[bool]:
        if operator == "contains":
            return _bool(self.folded.like(slots[0][0], escape="\\"))
        return compare(self.folded, operator, slots)


class Flag(Filter):
    """Yes or no, of the table of all records."""

    operators = ("",)
    of_record = True

    def __init__(self, column: Any, name: str, description: str):
        super().__init__(name, FLAG, description, "true")
        self.column = column
        self.counted = column

    def test(self, operator: str, slots: Slots) -> ColumnElement[bool]:
        return compare(self.column, operator, slots)


def target_of(column: Any) -> str:
    """Name of the table whose ids a column holds."""
    (key,) = column.foreign_keys
    return str(key.target_fullname).partition(".")[0]


class Linked(Filter):
    """A filter by the id of another record, and the words that `include` and nested lists need.

    `reverse` is the filter on the linked resource that asks the other way round.
    """

    column: Any
    """Column that holds the linked id."""
    owner: Any
    """Column that holds the id of the record that links."""
    reverse: str | None = None

    def linked_to(self, table: Table, key: Any, slots: Slots) -> ColumnElement[bool]:
        """Condition on ids `key` of the linked table: those that the records asked for link to."""
        linked = select(self.column).where(_any(self.owner, [slot[0] for slot in slots]), self.column.is_not(None))
        return _bool(key.in_(linked))


class One(Linked):
    """A link to one record, held in a column of the resource's own table."""

    def __init__(self, column: Any, *, reverse: str | None = None, also: Mapping[str, str] | Sequence[str] = ()):
        description, example = described(column)
        super().__init__(column.key, IDENTIFIER, description, example, also=also)
        self.column = column
        self.owner = column.class_.id
        self.reverse = reverse
        self.counted = column
        self.sorts = (column,)
        self.ids = (target_of(column.property.columns[0]),)

        self.operators = link_operators(self.ids[0])

    def test(self, operator: str, slots: Slots) -> ColumnElement[bool]:
        if operator == "within":
            return within(self.column, slots)
        return compare(self.column, operator, slots)


def link_operators(table: str) -> tuple[str, ...]:
    """The suffixes of a link to a table; `within` where its records name a broader one of their own kind."""
    return ("", "not", "isnull", "within") if broader_of(table) is not None else ("", "not", "isnull")


def broader_of(table: str) -> Column[Any] | None:
    """The column in which the records of a table name a broader one."""
    return SQLModel.metadata.tables[table].c.get("broader")


def within(column: Any, slots: Slots) -> ColumnElement[bool]:
    """Whether a link leads to one of the given ids or to anything narrower."""
    mapped = getattr(column, "property", None)
    broader = broader_of(target_of(column if mapped is None else mapped.columns[0]))
    assert broader is not None
    ids = broader.table.c.id
    narrower = select(ids).where(_any(ids, [slot[0] for slot in slots])).cte(recursive=True)
    narrower = narrower.union(select(ids).where(broader == narrower.c.id))
    return _bool(column.in_(select(narrower.c.id)))


class Several(Filter):
    """A field that holds several values in order, kept in a table of its own.

    With `attributes` an item is an object of them all, without it is the bare value. Columns that end in
    `_first` or `_last` are there for comparing only.
    """

    def __init__(
        self,
        owner: type[SQLModel],
        field: str,
        value: Column[Any],
        attributes: Sequence[Column[Any]] = (),
        *,
        kind: Kind,
        name: str | None = None,
        key: str = "id",
        companions: Mapping[str, Kind] | None = None,
        also: Mapping[str, str] | Sequence[str] = (),
        description: str,
        example: str,
    ):
        super().__init__(name or field, kind, description, example, also=also)
        self.field = field
        self.listed = self
        self.table = Table(
            f"{owner.__tablename__}_{field}",
            SQLModel.metadata,
            Column("record", Characters, reference_to(owner), primary_key=True),
            Column("position", Integer, primary_key=True),
            value,
            *attributes,
        )
        Index(None, value, self.table.c.record)
        self.owner = self.table.c.record
        self.column = self.counted = value
        self.own_id: Any = owner.id  # type: ignore[attr-defined]
        self.key = key
        self.attributes = [column for column in attributes if not column.name.endswith(("_first", "_last"))]
        self.companion_kinds = dict(companions or {})
        self.companions = {name: self.table.c[name] for name in self.companion_kinds}

    def parameters(self) -> Iterator[Parameter]:
        yield from super().parameters()
        for name, kind in self.companion_kinds.items():
            yield Parameter(name, name, self, kind, several=True)

    def where(self, asked: Asked) -> ColumnElement[bool]:
        """`name`, its suffix `within` and the companions test one and the same item."""
        same = [self.test(key, slots) for key, slots in asked.items() if key in self._of_one_item()]
        apart = [self.test(key, slots) for key, slots in asked.items() if key not in self._of_one_item()]
        if same:
            apart.append(_bool(self.own_id.in_(select(self.owner).where(*same))))
        return and_(true(), *apart)

    def _of_one_item(self) -> Iterable[str]:
        return ("", "within", *self.companions)

    def test(self, operator: str, slots: Slots) -> ColumnElement[bool]:
        match operator:
            case "not":
                return _bool(self.own_id.not_in(select(self.owner).where(self.test("", slots))))
            case "isnull":
                return _bool(self.own_id.not_in(select(self.owner)))
            case "notnull":
                return _bool(self.own_id.in_(select(self.owner)))
            case "within":
                return within(self.column, slots)
        return _any(self.companions.get(operator, self.column), [part for slot in slots for part in slot])

    def items(self, rows: Iterable[Mapping[str, Any]]) -> list[Any]:
        """What the field shows for the rows of one record."""
        if not self.attributes:
            return [row[self.column.name] for row in rows]
        return [
            {self.key: row[self.column.name], **{column.name: row[column.name] for column in self.attributes}}
            for row in rows
        ]

    def rows(self, record: str, items: Sequence[Any]) -> list[dict[str, Any]]:
        """The rows that hold the items of one record."""
        made = []
        for position, item in enumerate(items):
            row = item if isinstance(item, Mapping) else {self.key: item}
            columns = {column.name: row.get(column.name) for column in self.table.c[3:]}
            for name in columns:
                if name.endswith(("_first", "_last")):
                    date = row.get(name.rpartition("_")[0])
                    columns[name] = days(date)[name.endswith("_last")] if date else None
            made.append({"record": record, "position": position, self.column.name: row[self.key], **columns})
        return made


class Many(Several):
    """A list of values of an enum."""

    def __init__(
        self, owner: type[SQLModel], field: str, values: type[StrEnum], *, name: str, also: Sequence[str] = ()
    ):
        super().__init__(
            owner,
            field,
            Column("value", choices(values), nullable=False),
            kind=one_of(values),
            name=name,
            also=also,
            description=f"One of its {field}.",
            example=next(iter(values)).value,
        )


class Links(Several, Linked):
    """A list of links; `attributes` say more about each, and those that are `companions` are parameters, too."""

    def __init__(
        self,
        owner: type[SQLModel],
        field: str,
        target: type[SQLModel],
        *attributes: Column[Any],
        name: str,
        example: str,
        description: str | None = None,
        reverse: str | None = None,
        companions: Mapping[str, Kind] | None = None,
        also: Mapping[str, str] | Sequence[str] = (),
    ):
        value = Column("target", Characters, reference_to(target), nullable=False)
        super().__init__(
            owner,
            field,
            value,
            attributes,
            kind=IDENTIFIER,
            name=name,
            companions=companions,
            also=also,
            description=description or f"Id of one of its {field.replace('_', ' ')}.",
            example=example,
        )
        self.reverse = reverse
        self.ids = (str(target.__tablename__),)
        self.operators = link_operators(self.ids[0])


class Reverse(Filter):
    """A link asked the other way round: which records do the given ones link to."""

    operators = ("", "not")

    def __init__(self, link: Linked, name: str, of: str, table: Any, example: str):
        super().__init__(name, IDENTIFIER, f"Id of one of the {of} that link to it.", example)
        self.link, self.key = link, table.id
        self.ids = (of,)
        self.of = of

    def test(self, operator: str, slots: Slots) -> ColumnElement[bool]:
        found = self.link.linked_to(self.key.class_.__table__, self.key, slots)
        return not_(found) if operator == "not" else found


class Through(Filter):
    """A filter of the linked record: `pillar.title__contains=supply`."""

    def __init__(self, link: "One | Links", table: Any, inner: Filter):
        super().__init__(f"{link.name}.{inner.name}", inner.kind, inner.description, inner.example)
        self.link, self.table, self.inner = link, table, inner
        self.unit = f"{link.name}.{inner.unit}" if inner.unit else None

    def parameters(self) -> Iterator[Parameter]:
        for parameter in self.inner.parameters():
            yield replace(parameter, name=f"{self.link.name}.{parameter.name}", filter=self)

    def bind(self, operator: str, value: Any) -> tuple[Any, ...]:
        return self.inner.bind(operator, value)

    def where(self, asked: Asked) -> ColumnElement[bool]:
        """All that is asked holds of one linked record, but for `not`: no linked record has any of the values."""
        same = {operator: slots for operator, slots in asked.items() if operator != "not"}
        conditions = [self._linked(self.inner.where(same))] if same else []
        if "not" in asked:
            conditions.append(not_(self._linked(self.inner.where({"": asked["not"]}))))
        return and_(true(), *conditions)

    def _linked(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        found = select(self.table.id).where(condition)
        if self.inner.of_record:
            found = found.join(Record, col(Record.id) == self.table.id)
        listed = self.link.listed
        if listed is not None:
            return _bool(listed.own_id.in_(select(listed.owner).where(listed.column.in_(found))))
        return and_(self.link.column.is_not(None), self.link.column.in_(found))


class Identity(Filter):
    """The record's own id."""

    operators = ("", "not")

    def __init__(self, column: Any, table: str, example: str):
        super().__init__("id", IDENTIFIER, "Id of the record.", example)
        self.column = column
        self.ids = (table,)
        self.sorts = (column,)

    def test(self, operator: str, slots: Slots) -> ColumnElement[bool]:
        return compare(self.column, operator, slots)


QUESTION = Kind(search.parse, {"type": "string", "minLength": 1, "maxLength": search.LONGEST}, splits=False)


class Words(Filter):
    """Full-text search. Lists that ask it, and no `sort`, are in the order of `search.RANKS` and then of ids."""

    operators = ("",)

    def __init__(self, column: Any, kind: str | None, example: str):
        super().__init__(
            "q",
            QUESTION,
            'What to look for: words that must all occur, "phrases" in quotes, -without before what must not occur, '
            "`or` between alternatives. Case, accents and British or American spelling make no difference, F-35 is "
            "F35. First come records that it names, then those that have all of it in names and title; `sort` makes "
            "it a filter only.",
            example,
        )
        self.column = column
        self.kind_of_record = kind

    def parameters(self) -> Iterator[Parameter]:
        yield Parameter(self.name, "", self, self.kind, several=False)

    def bind(self, operator: str, value: Any) -> tuple[Any, ...]:
        asked = (value.fts5(self.kind_of_record), value.tsquery(self.kind_of_record))
        return (*asked, "many") if value.is_broad else asked

    def test(self, operator: str, slots: Slots) -> ColumnElement[bool]:
        return _bool(index.among(self.column, slots[0]))


def common(table: Any, name: str, example: str, *, titled: bool) -> tuple[Filter, ...]:
    """What every resource is filtered by; statements have no title and are not disputed themselves."""
    identity = Identity(table.id, name, example)
    if not titled:
        return (identity,)
    return (
        identity,
        Folded(Record.title_folded, "title", "Its title.", "Gallium", also={"name": "title__contains"}),
        Flag(Record.disputed, "disputed", "Whether another source contradicts or supersedes one of its fields."),
        Words(table.id, None if table is Record else name, example),
    )
