"""Minerals, and what they are used in."""

from collections.abc import Callable, Sequence
from enum import StrEnum, auto
from typing import Any

from sqlalchemy import Column, Integer
from sqlmodel import SQLModel

from app.core.db import Characters, choices
from app.core.declare import Resource, Values
from app.core.fields import derived, indexed, ours, reference, reference_to, said
from app.core.filters import Choice, Code, Links, Many, Number, one_of
from app.core.record import RecordRead, identity
from app.core.values import Basis, Slug, Text, Whole
from app.resources.topic import Topic


class MineralKind(StrEnum):
    """What a mineral is."""

    element = auto()
    element_group = auto()
    compound = auto()
    ore = auto()


class MineralCategory(StrEnum):
    """What a mineral is wanted for."""

    battery = auto()
    rare_earth = auto()
    semiconductor = auto()
    magnet = auto()
    other = auto()


class MineralBase(SQLModel):
    """What a mineral has of its own."""

    kind: MineralKind = ours("What it is.", example="element", column=choices(MineralKind))
    symbol: Text | None = reference("Chemical symbol.", example="Ga")
    atomic_number: Whole | None = reference("Atomic number.", example=31, column=Integer)


class Mineral(MineralBase, table=True):
    """The table of minerals."""

    __tablename__ = "mineral"
    __table_args__ = indexed("kind")

    id: str = identity()


class Use(SQLModel):
    """Something that a mineral goes into."""

    id: Slug = said("The topic that it goes into.", example="semiconductors")
    basis: Basis = derived("How directly that is read off the source.", example="stated")
    via: Slug | None = derived("The component through which it does; null where it does so directly.", example=None)


class MineralRead(MineralBase, RecordRead):
    """An element, a group of elements, a compound or an ore."""

    categories: list[MineralCategory] = ours("What it is wanted for.", example=["semiconductor"])
    topics: list[Slug] = said("What it counts as.", example=["critical-minerals"])
    uses: list[Use] = said("What it goes into.", example=[])


def derive(values: Values, statements: Sequence[Any], other: Callable[[str], Values]) -> None:
    """Adds what the mineral reaches through a component: it is built into what the component is built into."""
    direct = values.get("uses") or []
    for use in list(direct):
        for product in other(use["id"]).get("component_of") or []:
            direct.append({"id": product, "basis": use["basis"], "via": use["id"]})
    values["uses"] = direct


MINERALS = Resource(
    name="minerals",
    table=Mineral,
    read=MineralRead,
    description="Minerals that initiatives are about, and what they are used in.",
    example="gallium",
    filters=(
        Choice(Mineral.kind, MineralKind, also=("type",)),
        Code(Mineral.symbol, also=("element",)),
        Number(Mineral.atomic_number),
        Many(Mineral, "categories", MineralCategory, name="category"),
        Links(
            Mineral,
            "topics",
            Topic,
            name="topic",
            reverse="mineral",
            example="critical-minerals",
            also=("sector", "tag"),
        ),
        Links(
            Mineral,
            "uses",
            Topic,
            Column("basis", choices(Basis), nullable=False),
            Column("via", Characters, reference_to(Topic), index=True),
            name="used_in",
            reverse="uses_mineral",
            description="Id of something that it goes into, directly or through a component; `basis` speaks of the same use.",
            example="semiconductors",
            companions={"basis": one_of(Basis)},
            also=("use", "uses", "technology", "application", "product"),
        ),
    ),
    named_by=(Mineral.symbol,),
    derive=derive,
    also={"elements": "/v1/minerals", "materials": "/v1/minerals", "metals": "/v1/minerals"},
)
