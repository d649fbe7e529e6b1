"""Query strings of hand-written endpoints: each parameter declared once, read as strictly as those of lists."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from app.api.errors import Fault, invalid, near, question
from app.api.logic import Wanted
from app.api.lookup import Lookup
from app.api.params import MOST_VALUES, decode
from app.core.declare import ANY
from app.core.filters import IDENTIFIER, Filter, Kind, Parameter


def words(known: Iterable[str], title: str) -> Kind:
    """One of some words; `title` is the name of their list in the OpenAPI document."""
    names = tuple(known)

    def parse(text: str) -> str:
        if text not in names:
            raise ValueError("is not one of the allowed values")
        return text

    return Kind(parse, {"title": title, "type": "string", "enum": list(names)}, values=names)


def number(least: int, most: int) -> Kind:
    """A whole number within bounds."""

    def parse(text: str) -> int:
        if not (
            text.isascii()
            and text.isdigit()
            and len(text) <= 9
            and str(int(text)) == text
            and least <= int(text) <= most
        ):
            raise ValueError(f"is not a number from {least} to {most}")
        return int(text)

    return Kind(parse, {"type": "integer", "minimum": least, "maximum": most})


@dataclass(frozen=True)
class Plain:
    """A parameter that is no filter of a resource."""

    name: str
    description: str
    example: Any
    kind: Kind = IDENTIFIER
    several: bool = False
    required: bool = False
    default: Any = None
    is_record: bool = False
    """Whether its values are ids of records; aliases do as well."""

    def openapi(self) -> dict[str, Any]:
        """Its description for the OpenAPI document."""
        value = dict(self.kind.schema) | ({"default": self.default} if self.default is not None else {})
        if "title" in value:
            value["description"] = f"What `{self.name}` takes."
        made = {"name": self.name, "in": "query", "required": self.required, "description": self.description}
        if self.several:
            listed = {"type": "array", "items": value, "maxItems": MOST_VALUES}
            return made | {"schema": listed, "style": "form", "explode": False, "example": [self.example]}
        return made | {"schema": value, "example": self.example}

    def parameter(self) -> Parameter:
        """As the lookup of ids and aliases takes it."""
        filter = Filter(self.name, self.kind, self.description, str(self.example))
        return Parameter(self.name, "", filter, self.kind, self.several, ids=(ANY,))


@dataclass
class Asked:
    """What was given for each parameter; `texts` is the canonical form, ids in place of aliases."""

    values: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def one(self, name: str) -> Any:
        """The value of a parameter that takes one."""
        return self.values[name][0] if self.values.get(name) else None

    @property
    def query(self) -> str:
        """Everything that was given, in one fixed order."""
        return "&".join(f"{name}={quote(text, safe=',:-')}" for name, text in sorted(self.texts.items()))


def read(raw: bytes, declared: Sequence[Plain]) -> Asked:
    """The values of a query string, and everything that is wrong with it."""
    pairs, faults = decode(raw)
    asked = Asked(faults=faults)
    known = {plain.name: plain for plain in declared}
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    for name, texts in given.items():
        if name not in known:
            meant = near(name, known)
            shown = name[:60] if name.isprintable() else "here"
            detail = f"Unknown parameter {shown}.{question(meant)}"
            asked.faults.append(
                Fault(name, "unknown_parameter", detail, texts[0], allowed=tuple(known), did_you_mean=meant)
            )
            continue
        _take(asked, known[name], texts)
    for plain in declared:
        if plain.required and plain.name not in given:
            detail = f"{plain.name} is needed: {plain.description}"
            asked.faults.append(Fault(plain.name, "missing_parameter", detail))
        if plain.default is not None and plain.name not in given:
            asked.values[plain.name] = (plain.default,)
    return asked


def _take(asked: Asked, plain: Plain, given: Sequence[str]) -> None:
    name = plain.name
    texts = [part for text in given for part in text.split(",")] if plain.several else list(given)
    if not plain.several and len(texts) > 1:
        detail = f"{name} takes one value and was given {len(texts)}."
        asked.faults.append(Fault(name, "duplicate_parameter", detail, texts[1]))
        return
    if len(texts) > MOST_VALUES:
        asked.faults.append(
            Fault(name, "too_many_values", f"{name} takes at most {MOST_VALUES} values, not {len(texts)}.")
        )
        return
    texts = list(dict.fromkeys(texts))
    values = []
    for text in texts:
        if not text:
            asked.faults.append(Fault(name, "empty_value", f"{name} needs a value.", text))
            continue
        try:
            values.append(plain.kind.parse(text))
        except ValueError as error:
            meant, shown = near(text, plain.kind.values), text[:60] if text.isprintable() else "it"
            detail = f"{name}: {shown} {error}.{question(meant)}"
            asked.faults.append(
                Fault(name, "invalid_value", detail, text, allowed=plain.kind.values, did_you_mean=meant)
            )
    if values:
        asked.values[name] = tuple(values)
        asked.texts[name] = ",".join(map(str, values))


async def resolved(asked: Asked, declared: Sequence[Plain], lookup: Lookup) -> Asked:
    """The same with ids for aliases. Raises a Problem that names every fault."""
    found, faults, texts = dict(asked.values), list(asked.faults), dict(asked.texts)
    for plain in declared:
        if plain.is_record and asked.values.get(plain.name):
            values = asked.values[plain.name]
            wanted, wrong = await lookup.resolve(Wanted(plain.parameter(), values, values))
            found[plain.name], texts[plain.name] = wanted.values, ",".join(wanted.values)
            faults += wrong
    if faults:
        raise invalid(faults)
    return Asked(found, [], texts)


def nothing(raw: bytes) -> None:
    """Raises a Problem where an address that takes no parameters was given one."""
    asked = read(raw, ())
    if asked.faults:
        raise invalid(asked.faults)
