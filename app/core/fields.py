"""How a field of a record is declared: what it means, and who answers for its value."""

from enum import StrEnum, auto
from functools import cache
from typing import Any

from sqlalchemy import ForeignKey, Index, Table
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel

from app.core.db import Characters


class Provenance(StrEnum):
    """Who answers for the value of a field."""

    said = auto()
    """A source says it: a value needs a statement."""
    ours = auto()
    """We worded or classified it; a statement may stand behind it."""
    reference = auto()
    """A fact of the world, from a reference dataset."""
    derived = auto()
    """Worked out from the rest."""


def _declared(
    provenance: Provenance, description: str, example: Any, column: Any, link: type[SQLModel] | str | None
) -> Any:
    options: dict[str, Any] = {}
    if link is not None:
        options["sa_column_args"] = [reference_to(link)]
    return Field(
        description=description,
        sa_type=column,
        schema_extra={"examples": [example], "json_schema_extra": {"x-provenance": provenance.value}},
        **options,
    )


def said(
    description: str,
    *,
    example: Any,
    column: type[TypeEngine[Any]] | TypeEngine[Any] = Characters,
    link: type[SQLModel] | str | None = None,
) -> Any:
    """A field that a source fills. `column` is its SQL type, `link` the table whose id it holds."""
    return _declared(Provenance.said, description, example, column, link)


def ours(
    description: str,
    *,
    example: Any,
    column: type[TypeEngine[Any]] | TypeEngine[Any] = Characters,
    link: type[SQLModel] | str | None = None,
) -> Any:
    """A field that we word or classify."""
    return _declared(Provenance.ours, description, example, column, link)


def reference(description: str, *, example: Any, column: type[TypeEngine[Any]] | TypeEngine[Any] = Characters) -> Any:
    """A field that a reference dataset fills."""
    return _declared(Provenance.reference, description, example, column, None)


def derived(description: str, *, example: Any, column: type[TypeEngine[Any]] | TypeEngine[Any] = Characters) -> Any:
    """A field that is worked out from the rest."""
    return _declared(Provenance.derived, description, example, column, None)


@cache
def provenance(model: type[SQLModel], field: str) -> Provenance | None:
    """Who answers for a field of a read model; null for id, resource and url."""
    extra = model.model_fields[field].json_schema_extra
    return Provenance(str(extra["x-provenance"])) if isinstance(extra, dict) and "x-provenance" in extra else None


def reference_to(table: type[SQLModel] | str) -> ForeignKey:
    """A foreign key to the id of a record; checked at commit, so that rows may come in any order.

    A table that links to itself gives its name, since its class is being made.
    """
    name = table if isinstance(table, str) else table.__tablename__
    return ForeignKey(f"{name}.id", deferrable=True, initially="DEFERRED")


def indexed(*columns: str) -> tuple[Index, ...]:
    """Indexes for `__table_args__`, each on a column and then the id by which lists are paged."""
    return tuple(Index(None, column, "id") for column in columns)


def day() -> Any:
    """A column that holds the first or last day of a partial date."""
    return Field(default=None, sa_type=Characters)


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a model, whose columns are `table_of(Model).c.name`."""
    return model.__table__  # type: ignore[attr-defined, no-any-return]
