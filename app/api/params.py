"""The query string: strictly decoded, checked against a resource's declaration, every fault named at once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from app.api import logic
from app.api.errors import Fault, near, question
from app.api.formats import FORMATS
from app.api.logic import Group, Wanted
from app.core.declare import Catalog, Resource
from app.core.filters import Parameter
from app.core.values import safe

MOST_VALUES = 200
MOST_SORTS = 3
MOST_LIMIT = 500
DEFAULT_LIMIT = 50

CONTROLS: Mapping[str, tuple[str, str]] = {
    "sort": ("Order: names of fields, `-` before one for descending; at most 3. What has no value comes last.", "-due,title"),
    "limit": (f"Records on a page, 1 to {MOST_LIMIT}; {DEFAULT_LIMIT} where it is not given. "
              "CSV, NDJSON and other downloads give the whole result without it.", "10"),
    "cursor": ("Where the page begins: take it from `links.next` or `links.prev`.", ""),
    "or": ("Conditions of which any may hold, nested with `and(...)`: `name.operator.value`, the operators being "
           "`eq` and the suffixes. A value with a comma or bracket stands in double quotes.",
           "(kind.eq.procurement,and(kind.eq.policy_review,participant.eq.india))"),
    "fields": ("Only these fields of each record; `id` is always there.", "title,kind"),
    "include": ("Linked records that come along under `included`.", "statements"),
    "facet": ("Fields whose values are counted over all that was found, under `meta.facets`.", "kind"),
    "format": ("Media type by name, where `Accept` is awkward.", "csv"),
}  # fmt: skip
"""Parameters that every list has: what they do, and an example."""

ELSEWHERE = {
    "search": "q",
    "query": "q",
    "page": "cursor",
    "offset": "cursor",
    "skip": "cursor",
    "after": "cursor",
    "starting_after": "cursor",
    "per_page": "limit",
    "page_size": "limit",
    "pagesize": "limit",
    "size": "limit",
    "count": "limit",
    "order_by": "sort",
    "order": "sort",
    "ordering": "sort",
    "sort_by": "sort",
    "orderby": "sort",
    "select": "fields",
    "columns": "fields",
    "expand": "include",
    "embed": "include",
    "group_by": "facet",
    "groupby": "facet",
    "facets": "facet",
    "output": "format",
}
"""What the parameters of every list are called in other APIs."""


@dataclass
class Ask:
    """A request for a list, understood."""

    catalog: Catalog
    resource: Resource
    wanted: list[Wanted] = field(default_factory=list)
    groups: tuple[Group, ...] = ()
    """What `or` asks for besides."""
    sort: tuple[tuple[str, bool], ...] = ()
    """Names with whether they are descending."""
    limit: int | None = None
    cursor: str | None = None
    fields: tuple[str, ...] | None = None
    include: tuple[str, ...] = ()
    facet: tuple[str, ...] = ()
    format: str | None = None


def decode(raw: bytes) -> tuple[list[tuple[str, str]], list[Fault]]:
    """Names and values of a query string, strictly: what is not UTF-8 or holds control characters is a fault."""
    pairs: list[tuple[str, str]] = []
    faults: list[Fault] = []
    for piece in raw.split(b"&") if raw else []:
        if not piece:
            continue
        name_bytes, _, value_bytes = piece.partition(b"=")
        try:
            name, value = (unquote_to_bytes(part.replace(b"+", b" ")).decode() for part in (name_bytes, value_bytes))
        except UnicodeDecodeError:
            shown = name_bytes.decode("ascii", "replace")
            faults.append(Fault(shown, "invalid_text", f"The value of {shown[:60]} is not UTF-8."))
            continue
        try:
            pairs.append((safe(name), safe(value)))
        except ValueError as error:
            faults.append(Fault(name, "invalid_text", f"{_named(name)} {error}.", value))
    return pairs, faults


def _named(name: str) -> str:
    return name[:60] if name.isprintable() else "A parameter"


class Reading:
    """Reads the query string of one request, collecting faults."""

    def __init__(self, catalog: Catalog, resource: Resource, raw: bytes, *, controls: Sequence[str] = tuple(CONTROLS)):
        self.catalog, self.resource = catalog, resource
        self.parameters = catalog.parameters(resource)
        self.controls = controls
        self.ask = Ask(catalog, resource)
        pairs, self.faults = decode(raw)
        given: dict[str, list[str]] = {}
        for name, value in pairs:
            given.setdefault(name, []).append(value)
        for name, values in given.items():
            if name in self.controls:
                self._control(name, values)
            elif (parameter := self.parameter(name)) is not None:
                if (wanted := self.wanted(parameter, values)) is not None:
                    self.ask.wanted.append(wanted)
            else:
                self.faults.append(self._unknown(name, values[0]))
        self._check_units(given)

    def _fault(self, name: str, reason: str, detail: str, value: str | None = None, **more: Any) -> None:
        self.faults.append(Fault(name, reason, detail, value, **more))

    def _unknown(self, name: str, value: str) -> Fault:
        known = [*self.parameters, *self.controls]
        meant = [
            word for word in _elsewhere(self.catalog, self.resource, name, value) if word.partition("=")[0] in known
        ]
        base, _, suffix = name.rpartition("__")
        if not meant and base in self.parameters:
            allowed = sorted(p for p in self.parameters if p.startswith(f"{base}__"))
            return Fault(
                name,
                "unknown_operator",
                f"{base} cannot be asked with __{suffix[:20]}."
                if suffix.isprintable()
                else f"{base} has no such suffix.",
                value,
                allowed=[base, *allowed],
                did_you_mean=near(name, allowed),
            )
        meant = meant or near(name, known)
        return Fault(
            name,
            "unknown_parameter",
            f"Unknown parameter {_named(name)}.{question(meant)}",
            value,
            allowed=[word for word in known if "__" not in word],
            did_you_mean=meant,
        )

    def parameter(self, name: str) -> Parameter | None:
        """The filter parameter of a name; of a linked record where the name has a dot."""
        return self.parameters.get(name) or self.catalog.path(self.resource, name)

    def wanted(self, parameter: Parameter, given: Sequence[str]) -> Wanted | None:
        """A filter with its parsed values; null where all of them are faults."""
        name = parameter.name
        if not parameter.several and len(given) > 1:
            self._fault(name, "duplicate_parameter", f"{name} takes one value and was given {len(given)}.", given[1])
            return None
        texts = [part for text in given for part in (text.split(",") if parameter.kind.splits else [text])]
        if not parameter.several and len(texts) > 1:
            self._fault(name, "duplicate_parameter", f"{name} takes one value and was given {len(texts)}.", given[0])
            return None
        if len(texts) > MOST_VALUES:
            self._fault(name, "too_many_values", f"{name} takes at most {MOST_VALUES} values, not {len(texts)}.")
            return None
        texts = list(dict.fromkeys(texts))
        values, kept = [], []
        for text in texts:
            if not text:
                self._fault(name, "empty_value", f"{name} needs a value.", text)
                continue
            try:
                values.append(parameter.kind.parse(text))
                kept.append(text)
            except ValueError as error:
                allowed = parameter.kind.values
                meant = near(text, allowed)
                shown = text[:60] if text.isprintable() else "it"
                self._fault(
                    name,
                    "invalid_value",
                    f"{name}: {shown} {error}.{question(meant)}",
                    text,
                    allowed=allowed,
                    did_you_mean=meant,
                )
        return Wanted(parameter, tuple(values), tuple(kept)) if values else None

    def _check_units(self, given: Mapping[str, list[str]]) -> None:
        """Numbers of different units are not compared: what needs a unit needs exactly one."""
        filters = self.catalog.filters(self.resource)
        needing = [
            (wanted.parameter.name, wanted.parameter.filter.unit or "")
            for wanted in [*self.ask.wanted, *(leaf for group in self.ask.groups for leaf in logic.leaves(group))]
            if wanted.parameter.filter.unit and wanted.parameter.operator in ("gt", "gte", "lt", "lte")
        ]
        needing += [
            (f"sort={name}", filters[name].unit or "")
            for name, _ in self.ask.sort
            if name in filters and filters[name].unit
        ]
        for name, unit in needing:
            asked = next((wanted for wanted in self.ask.wanted if wanted.parameter.name == unit), None)
            if asked is None or len(asked.values) != 1:
                self._fault(
                    name.partition("=")[0],
                    "unit_missing",
                    f"{name} compares numbers, so it needs exactly one {unit}: add {unit}=.",
                    did_you_mean=[f"{unit}="],
                )

    def _control(self, name: str, given: list[str]) -> None:
        text = ",".join(given) if name in ("sort", "fields", "include", "facet") else given[0]
        if len(given) > 1 and name not in ("fields", "include", "facet"):
            self._fault(name, "duplicate_parameter", f"{name} takes one value and was given {len(given)}.", given[1])
            return
        if not text:
            self._fault(name, "empty_value", f"{name} needs a value.", text)
            return
        getattr(self, f"_read_{name}")(text)

    def _read_or(self, text: str) -> None:
        try:
            self.ask.groups = (logic.read(text, self._leaf),)
        except logic.Unreadable as error:
            example = CONTROLS["or"][1]
            self._fault("or", error.reason, f"or: {error}. Write it like or={example}.", text, did_you_mean=[])

    def _leaf(self, name: str, operator: str, value: str) -> Wanted | None:
        """One condition inside `or`; null where it is a fault, which is noted."""
        full = name if operator == "eq" else f"{name}__{operator}"
        parameter = self.parameter(full)
        if parameter is None:
            self.faults.append(replace(self._unknown(full, value), parameter=f"or: {full}"[:80]))
            return None
        return self.wanted(parameter, [value])

    def _read_limit(self, text: str) -> None:
        if not re.fullmatch(r"[1-9][0-9]{0,2}", text, re.ASCII) or int(text) > MOST_LIMIT:
            self._fault("limit", "invalid_value", f"limit is a number from 1 to {MOST_LIMIT}.", text)
            return
        self.ask.limit = int(text)

    def _read_cursor(self, text: str) -> None:
        self.ask.cursor = text

    def _read_format(self, text: str) -> None:
        if text not in FORMATS:
            meant = near(text, FORMATS)
            self._fault(
                "format",
                "invalid_value",
                f"format: there is no such format.{question(meant)}",
                text,
                allowed=tuple(FORMATS),
                did_you_mean=meant,
            )
            return
        self.ask.format = text

    def _read_sort(self, text: str) -> None:
        keys = text.split(",")
        if len(keys) > MOST_SORTS:
            self._fault("sort", "too_many_values", f"sort takes at most {MOST_SORTS} fields.", text)
            return
        known = sorted(name for name, entry in self.catalog.filters(self.resource).items() if entry.sorts)
        read: list[tuple[str, bool]] = []
        for key in keys:
            name = key.removeprefix("-")
            if name not in known:
                self._unknown_word("sort", name, known)
            elif name in dict(read):
                self._fault("sort", "duplicate_parameter", f"sort names {name} twice.", text)
            else:
                read.append((name, key.startswith("-")))
        self.ask.sort = tuple(read)

    def _words(self, name: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
        words = list(dict.fromkeys(text.split(",")))
        for word in words:
            if word not in known:
                self._unknown_word(name, word, known)
        return tuple(word for word in known if word in words)

    def _unknown_word(self, name: str, word: str, known: Sequence[str]) -> None:
        meant = near(word, known)
        shown = word[:60] if word.isprintable() and word else "that"
        self._fault(
            name,
            "invalid_value",
            f"{name}: {self.resource.name} have no {shown} for that.{question(meant)}",
            word,
            allowed=known,
            did_you_mean=meant,
        )

    def _read_fields(self, text: str) -> None:
        self.ask.fields = self._words("fields", text, self.resource.keys)

    def _read_include(self, text: str) -> None:
        self.ask.include = self._words("include", text, list(self.catalog.relatives(self.resource)))

    def _read_facet(self, text: str) -> None:
        known = [name for name, entry in self.catalog.filters(self.resource).items() if entry.counted is not None]
        self.ask.facet = self._words("facet", text, known)


@lru_cache(maxsize=64)
def _words_of(catalog: Catalog, resource: Resource) -> Mapping[str, str]:
    words: dict[str, str] = {}
    for entry in catalog.filters(resource).values():
        for word, meant in entry.also.items():
            words.setdefault(word, meant)
    return words


def _elsewhere(catalog: Catalog, resource: Resource, name: str, value: str) -> Iterator[str]:
    """What a parameter of another API is called here; `{value}` stands for the value that was given."""
    meant = _words_of(catalog, resource).get(name.lower()) or ELSEWHERE.get(name.lower())
    if meant is not None:
        yield meant.replace("{value}", quote(value[:60], safe=""))


def canonical(ask: Ask) -> str:
    """The filters and controls of a request in one fixed order, as a query string."""
    pairs: list[tuple[str, str]] = [(w.parameter.name, ",".join(w.texts) if w.parameter.kind.splits else t)
                                    for w in ask.wanted for t in (w.texts[:1] if w.parameter.kind.splits else w.texts)]  # fmt: skip
    if ask.sort:
        pairs.append(("sort", ",".join(("-" if down else "") + name for name, down in ask.sort)))
    pairs += [("or", logic.write(group)) for group in ask.groups]
    for name in ("facet", "fields", "include"):
        if words := getattr(ask, name):
            pairs.append((name, ",".join(words)))
    if ask.format:
        pairs.append(("format", ask.format))
    return "&".join(f"{quote(name, safe='')}={quote(value, safe=',:-')}" for name, value in sorted(pairs))
