"""The condition of a request: its shape, its values, and how to build it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_, true

from app.api.logic import Group, Wanted
from app.core.filters import Filter, Slots


@dataclass(frozen=True)
class Where:
    """Filters that must all hold, with inner conditions of which all or any must.

    Two conditions of one shape have the same SQL, whatever their values.
    """

    asked: Mapping[Filter, Mapping[str, Sequence[tuple[Any, ...]]]]
    """For each filter and operator, what each value is in SQL."""
    inner: tuple["Where", ...] = ()
    either: bool = False
    """Whether one of the inner conditions is enough."""
    place: str = ""
    """What tells the values of this condition from those of others in the same statement."""

    @classmethod
    def of(cls, wanted: Iterable[Wanted], groups: Iterable[Group] = (), place: str = "") -> "Where":
        """The condition that all parameters and all groups hold."""
        asked: dict[Filter, dict[str, list[tuple[Any, ...]]]] = {}
        for one in wanted:
            entry, operator, values = one.parameter.filter, one.parameter.operator, one.values
            if operator == "isnull":
                asked.setdefault(entry, {})["isnull" if values[0] else "notnull"] = []
            else:
                asked.setdefault(entry, {})[operator] = [entry.bind(operator, value) for value in values]
        return cls(asked, tuple(cls._group(group, f"{place}{i}_") for i, group in enumerate(groups)), place=place)

    @classmethod
    def _group(cls, group: Group, place: str) -> "Where":
        leaves = [part for part in group.parts if isinstance(part, Wanted)]
        groups = [part for part in group.parts if isinstance(part, Group)]
        if not group.either:
            return cls.of(leaves, groups, place)
        alone = [cls.of([leaf], (), f"{place}{len(groups) + i}_") for i, leaf in enumerate(leaves)]
        within = [cls._group(one, f"{place}{i}_") for i, one in enumerate(groups)]
        return cls({}, (*alone, *within), either=True, place=place)

    @property
    def shape(self) -> tuple[Any, ...]:
        """What its SQL depends on."""
        own = sorted(
            (entry.name, operator, tuple(map(len, bound)))
            for entry, operators in self.asked.items()
            for operator, bound in operators.items()
        )
        return (tuple(own), self.either, tuple(one.shape for one in self.inner))

    @property
    def values(self) -> dict[str, Any]:
        """Every value by the name of its bound parameter."""
        named = {
            self._slot(entry, operator, i, j): value
            for entry, operators in self.asked.items()
            for operator, bound in operators.items()
            for i, parts in enumerate(bound)
            for j, value in enumerate(parts)
        }
        for one in self.inner:
            named |= one.values
        return named

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells this condition from any other, values included."""
        return (self.shape, tuple(sorted(self.values.items())))

    @property
    def of_record(self) -> bool:
        """Whether it needs the table of all records."""
        return any(entry.of_record for entry in self.asked) or any(one.of_record for one in self.inner)

    def without(self, entry: Filter) -> "Where":
        """The condition with one filter lifted."""
        kept = {other: operators for other, operators in self.asked.items() if other is not entry}
        return Where(kept, self.inner, self.either, self.place)

    def build(self) -> ColumnElement[bool]:
        """The condition, with a bound parameter for each value."""
        own = [entry.where(self._slots(entry, operators)) for entry, operators in self.asked.items()]
        inner = [one.build() for one in self.inner]
        return or_(*inner) if self.either else and_(true(), *own, *inner)

    def _slots(self, entry: Filter, operators: Mapping[str, Sequence[tuple[Any, ...]]]) -> dict[str, Slots]:
        kinds = {parameter.operator: parameter.kind for parameter in entry.parameters()}
        return {
            operator: [
                tuple(
                    bindparam(self._slot(entry, operator, i, j), type_=kinds[operator].sql) for j in range(len(parts))
                )
                for i, parts in enumerate(bound)
            ]
            for operator, bound in operators.items()
        }

    def _slot(self, entry: Filter, operator: str, i: int, j: int) -> str:
        return f"p{self.place}{entry.name.replace('.', '_of_')}__{operator}_{i}_{j}"
