"""Every request that the declarations make possible, and in plain Python what each of them should find.

Knows the meaning of every kind of filter from the contract, not from its SQL: a filter of a new kind is taught here.
"""

import unicodedata
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
import orjson

from app.core.declare import Catalog, Resource
from app.core.filters import (
    Choice,
    Code,
    Dates,
    Filter,
    Flag,
    Folded,
    Identity,
    Linked,
    Number,
    One,
    Reverse,
    Several,
    Words,
)
from app.resources import CATALOG
from app.views.records import EVERYTHING, RECORDS

Doc = dict[str, Any]
Test = Callable[[Doc], bool]
MOST_SAMPLES = 3

EVERY: tuple[tuple[Catalog, Resource], ...] = (*((CATALOG, made) for made in CATALOG), (EVERYTHING, RECORDS))
"""Every list there is, with the catalog that it is declared in."""


@dataclass(frozen=True)
class Case:
    """A query of one filter, and which records it finds; null where tests of its own say that."""

    query: tuple[tuple[str, str], ...]
    test: Test | None

    def __repr__(self) -> str:
        return "&".join("=".join(pair) for pair in self.query)


def everything(client: httpx.Client, name: str) -> list[Doc]:
    """All records of a resource, each as one line of the NDJSON download."""
    return _everything(str(client.base_url), name)


@cache
def _everything(base: str, name: str) -> list[Doc]:
    answer = httpx.get(f"{base.rstrip('/')}/v1/{name}", params={"format": "ndjson"}, timeout=60)
    assert answer.status_code == 200
    return [orjson.loads(line) for line in answer.content.splitlines()]


def folded(text: str) -> str:
    """Without case, accents and doubled blanks."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def span(text: str) -> tuple[str, str]:
    """First and last day of a partial date or an interval of two."""
    first, _, last = text.partition("/")
    last = last or first
    year, month = int(last[:4]), int(last[5:7] or 12)
    return (first + "-01-01")[:10], last if len(last) == 10 else f"{year:04}-{month:02}-{monthrange(year, month)[1]:02}"


def items(doc: Doc, several: Several) -> list[Any]:
    """The values of a list field, without what is said about each."""
    return [item[several.key] if isinstance(item, dict) else item for item in doc[several.field]]


class Oracle:
    """Answers for one resource, out of the whole download."""

    def __init__(self, client: httpx.Client, catalog: Catalog, resource: Resource):
        self.client, self.catalog, self.resource = client, catalog, resource
        self.docs = everything(client, resource.name)

    def cases(self, entry: Filter) -> Iterator[Case]:
        """Queries for everything that one filter can be asked, over its example and values that are there."""
        if isinstance(entry, Words):
            yield Case(((entry.name, entry.example),), None)
            return
        samples = self._samples(entry)
        for parameter in entry.parameters():
            name, operator = parameter.name, parameter.operator
            if operator == "isnull":
                for flag in ("true", "false"):
                    yield Case(((name, flag),), self._test(entry, operator, [flag]))
            elif operator in entry.companions:
                for word in self._companion_samples(entry, operator):
                    yield Case(((name, word),), self._same_item(entry, None, operator, word))
                    for value in samples:
                        yield Case(((entry.name, value), (name, word)), self._same_item(entry, value, operator, word))
            elif operator == "status_on":
                yield from self._status_on()
            else:
                unit = self._unit(entry) if operator in ("gt", "gte", "lt", "lte") else None
                for values in [[sample] for sample in samples] + ([samples[-2:]] if parameter.several else []):
                    more = unit and self._of_unit(entry, unit)
                    test = self._test(entry, operator, values)
                    query = ((name, ",".join(values)),)
                    if not parameter.kind.splits and len(values) > 1:
                        query = tuple((name, value) for value in values)
                    if more:
                        yield Case((*query, more[0]), lambda doc, a=test, b=more[1]: a(doc) and b(doc))
                    else:
                        yield Case(query, test)

    def _samples(self, entry: Filter) -> list[str]:
        if isinstance(entry, Reverse):
            other = self.catalog.by_table[entry.of]
            found = [doc["id"] for doc in everything(self.client, other.name)]
        elif isinstance(entry, Several):
            found = [str(item) for doc in self.docs for item in items(doc, entry)]
        elif isinstance(entry, Flag):
            return ["true", "false"]
        elif entry.name in self.resource.keys:
            found = [str(doc[entry.name]) for doc in self.docs if doc[entry.name] is not None]
        else:
            found = []
        distinct = list(dict.fromkeys(found))
        chosen = [entry.example, *distinct[:1], *distinct[-MOST_SAMPLES:]]
        if isinstance(entry, Dates):
            chosen += [text[:4] for text in chosen] + ["2025-02", "2020/2030"]
        if isinstance(entry, Number):
            chosen += ["0", "-1"]
        if isinstance(entry, Folded):
            chosen += ["INDIA", "no such title", "100%", "a_b"]
        if entry.kind.values:
            chosen += entry.kind.values[:MOST_SAMPLES]
        return list(dict.fromkeys(text for text in chosen if text not in ("", "None")))

    def _companion_samples(self, entry: Filter, name: str) -> list[str]:
        assert isinstance(entry, Several)
        there = [item[name] for doc in self.docs for item in doc[entry.field]]
        kinds = {parameter.operator: parameter.kind for parameter in entry.parameters()}
        return list(dict.fromkeys([*kinds[name].values[:2], *there]))

    def _unit(self, entry: Filter) -> Filter | None:
        return self.catalog.filters(self.resource)[entry.unit] if entry.unit else None

    def _of_unit(self, entry: Filter, unit: Filter) -> tuple[tuple[str, str], Test]:
        values = [doc[unit.name] for doc in self.docs if doc[unit.name] is not None and doc[entry.name] is not None]
        word = values[0]
        return (unit.name, word), lambda doc: doc[unit.name] == word

    def _test(self, entry: Filter, operator: str, values: list[str]) -> Test:
        if operator == "not":
            found = self._test(entry, "", values)
            return lambda doc: not found(doc)
        if operator == "within":
            return self._test(entry, "", sorted(self._narrower(entry, values)))
        if operator == "isnull":
            return lambda doc: (self._value(entry, doc) in (None, [])) is (values[0] == "true")
        if operator == "contains":
            assert isinstance(entry, Folded)
            return lambda doc: folded(values[0]) in folded(doc[entry.name])
        match entry:
            case Several():
                return lambda doc: any(str(item) in values for item in items(doc, entry))
            case Reverse():
                there = self._linked(entry, values)
                return lambda doc: doc["id"] in there
            case Dates():
                return self._date_test(entry.name, operator, values)
            case Number():
                return self._number_test(entry.name, operator, values)
            case Folded():
                return lambda doc: folded(doc[entry.name]) in [folded(value) for value in values]
            case Flag():
                return lambda doc: str(bool(doc[entry.name])).lower() in values
            case Choice() | Code() | One() | Identity():
                return lambda doc: doc[entry.name] in values
        if entry.name == "about":
            ids = set(values)
            made = {doc["id"] for doc in everything(self.client, "relations") if doc["id"] in ids}
            of = {
                (doc["subject"], doc["kind"], doc["object"])
                for doc in everything(self.client, "relations")
                if doc["id"] in made
            }
            return lambda doc: (
                bool({doc["subject"], doc["object"]} & ids) or (doc["subject"], doc["field"], doc["object"]) in of
            )
        raise NotImplementedError(f"teach tests/oracle.py what {type(entry).__name__} {entry.name} finds")

    def _value(self, entry: Filter, doc: Doc) -> Any:
        return items(doc, entry) if isinstance(entry, Several) else doc[entry.name]

    def _date_test(self, name: str, operator: str, values: list[str]) -> Test:
        spans = [span(value) for value in values]
        first, last = spans[0]

        def test(doc: Doc) -> bool:
            if doc[name] is None:
                return False
            begins, ends = span(doc[name])
            match operator:
                case "gt":
                    return begins > last
                case "gte":
                    return begins >= first
                case "lt":
                    return ends < first
                case "lte":
                    return ends <= last
            return any(a <= begins and ends <= b for a, b in spans)

        return test

    def _number_test(self, name: str, operator: str, values: list[str]) -> Test:
        bounds = [float(value) for value in values]
        compare: dict[str, Callable[[float], bool]] = {
            "": lambda number: number in bounds,
            "gt": lambda number: number > bounds[0],
            "gte": lambda number: number >= bounds[0],
            "lt": lambda number: number < bounds[0],
            "lte": lambda number: number <= bounds[0],
        }
        return lambda doc: doc[name] is not None and compare[operator](doc[name])

    def _narrower(self, entry: Filter, values: list[str]) -> set[str]:
        assert entry.ids is not None
        broader = {
            doc["id"]: doc["broader"] for doc in everything(self.client, self.catalog.by_table[entry.ids[0]].name)
        }
        found = set(values)
        while more := {id for id, above in broader.items() if above in found} - found:
            found |= more
        return found

    def _linked(self, entry: Reverse, values: list[str]) -> set[str]:
        link: Linked = entry.link
        there: set[str] = set()
        for doc in everything(self.client, self.catalog.by_table[entry.of].name):
            if doc["id"] in values:
                there |= set(items(doc, link.listed) if link.listed else [doc[link.name]])
        return there

    def _same_item(self, entry: Filter, value: str | None, name: str, word: str) -> Test:
        """One and the same item has the value and the word; a party may be a launching party."""
        assert isinstance(entry, Several)
        words = (word, "launching_party") if (name, word) == ("role", "party") else (word,)
        return lambda doc: any(
            item[name] in words and (value is None or item[entry.key] == value) for item in doc[entry.field]
        )

    def _status_on(self) -> Iterator[Case]:
        for day in ("2025-12-01", "2025-02-17", "2025-02-16", "2025"):
            yield Case((("status_on", day),), lambda doc, on=span(day)[1]: self._in_force(doc, on) is not None)
            for status in ("announced", "fulfilled"):
                query = (("status", status), ("status_on", day))
                yield Case(query, lambda doc, on=span(day)[1], status=status: self._in_force(doc, on) == status)

    def _in_force(self, doc: Doc, on: str) -> str | None:
        begun = [event["status"] for event in doc["status_events"] if event["as_of"] and span(event["as_of"])[0] <= on]
        return begun[-1] if begun else None

    def key(self, doc: Doc, name: str) -> Any:
        """What a list is sorted by; null where there is nothing."""
        entry, value = self.catalog.filters(self.resource)[name], doc[name]
        if value is None:
            return None
        return folded(value) if isinstance(entry, Folded) else span(value) if isinstance(entry, Dates) else value

    def ordered(self, docs: list[Doc], sort: str) -> list[str]:
        """Ids in the order of a sort: what has no value last, ties by id."""
        docs = sorted(docs, key=lambda doc: doc["id"])
        for name in reversed(sort.split(",")):
            down, plain = name.startswith("-"), name.removeprefix("-")
            keys = {doc["id"]: self.key(doc, plain) for doc in docs}
            some = [doc for doc in docs if keys[doc["id"]] is not None]
            none = [doc for doc in docs if keys[doc["id"]] is None]
            # `reverse` keeps equals in their order, so ids go up on the way down, too.
            docs = sorted(some, key=lambda doc, keys=keys: keys[doc["id"]], reverse=down) + none
        return [doc["id"] for doc in docs]

    def sorts(self) -> list[str]:
        """Everything that the resource can be sorted by."""
        return [name for name, entry in self.catalog.filters(self.resource).items() if entry.sorts]

    def sort_query(self, sort: str) -> dict[str, str]:
        """The query of a sort, with the unit without which amounts are not compared."""
        query = {"sort": sort}
        for name in sort.split(","):
            entry = self.catalog.filters(self.resource)[name.removeprefix("-")]
            if unit := self._unit(entry):
                (key, word), _ = self._of_unit(entry, unit)
                query[key] = word
        return query

    def facets(self) -> list[str]:
        """Everything that can be counted."""
        return [name for name, entry in self.catalog.filters(self.resource).items() if entry.counted is not None]

    def counts(self, name: str, docs: list[Doc]) -> dict[Any, int]:
        """How many records have each value; each record once for each, or under null."""
        entry = self.catalog.filters(self.resource)[name]
        counted: dict[Any, int] = {}
        for doc in docs:
            value = bool(doc[name]) if isinstance(entry, Flag) else self._value(entry, doc)
            for one in set(value or [None]) if isinstance(value, list) else [value]:
                counted[one] = counted.get(one, 0) + 1
        return counted
