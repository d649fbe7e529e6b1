"""Programs: missions, funding programs, sub-initiatives and platforms."""

from collections.abc import Callable, Sequence
from enum import StrEnum, auto
from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import SQLModel

from app.core.db import choices
from app.core.declare import Composite, Resource, Values
from app.core.fields import day, indexed, ours, said
from app.core.filters import Choice, Code, Dates, Links, Many, Number, One
from app.core.participants import Participant, participants
from app.core.record import RecordRead, identity
from app.core.values import Activity, AmountScope, CurrencyCode, Duration, PartialDate, Slug, Text, Whole
from app.resources.initiative import Initiative
from app.resources.mineral import Mineral
from app.resources.pillar import Pillar
from app.resources.place import Place
from app.resources.topic import Topic


class ProgramKind(StrEnum):
    """What a program is."""

    national_mission = auto()
    funding_program = auto()
    sub_initiative = auto()
    innovation_platform = auto()


class ProgramBase(SQLModel):
    """What a program has of its own."""

    kind: ProgramKind = ours("What it is.", example="national_mission", column=choices(ProgramKind))
    initiative: Slug | None = ours("The initiative that it is part of.", example="trust", link=Initiative)
    pillar: Slug | None = ours("The pillar that it is part of.", example="trust-national-programs", link=Pillar)
    place: Slug | None = said("Whose program it is.", example="india", link=Place)
    amount: Whole | None = said("Its size, in whole units of the currency.", example=343_000_000_000, column=BigInteger)
    currency: CurrencyCode | None = said("Currency of the amount, ISO 4217.", example="INR")
    amount_scope: AmountScope | None = said(
        "What the amount stands for.", example="unspecified", column=choices(AmountScope)
    )
    duration: Duration | None = said("How long it runs, ISO 8601.", example="P7Y")
    period: PartialDate | None = said("From when to when it runs.", example=None)
    objective: Text | None = said("What it is for.", example="a resilient mineral value chain")


class Program(ProgramBase, table=True):
    """The table of programs."""

    __tablename__ = "program"
    __table_args__ = indexed("kind", "initiative", "pillar", "place", "amount", "currency", "period_first")

    id: str = identity()
    period_first: str | None = day()
    period_last: str | None = day()


class ProgramRead(ProgramBase, RecordRead):
    """A mission, funding program, sub-initiative or platform."""

    activities: list[Activity] = said("What it does.", example=["acquisition"])
    minerals: list[Slug] = said("Minerals that it is about.", example=["lithium"])
    source_industries: list[Slug] = said("Industries whose output or waste it draws on.", example=["coal-mining"])
    topics: list[Slug] = said("What it is about.", example=["space"])
    participants: list[Participant] = said("Who takes part.", example=[])


def derive(values: Values, statements: Sequence[Any], other: Callable[[str], Values]) -> None:
    """The initiative is that of the pillar."""
    if values.get("pillar") and not values.get("initiative"):
        values["initiative"] = other(values["pillar"]).get("initiative")


PROGRAMS = Resource(
    name="programs",
    table=Program,
    read=ProgramRead,
    description="National missions, funding programs, sub-initiatives and platforms, with their money.",
    example="ncmm",
    filters=(
        Choice(Program.kind, ProgramKind, also=("type",)),
        One(Program.initiative, reverse="program"),
        One(Program.pillar, reverse="program"),
        One(Program.place, reverse="program", also=("country",)),
        Number(Program.amount, unit=Program.currency, also=("budget", "funding")),
        Code(Program.currency),
        Choice(Program.amount_scope, AmountScope),
        Dates(Program.period, Program.period_first, Program.period_last),
        Many(Program, "activities", Activity, name="activity"),
        Links(Program, "minerals", Mineral, name="mineral", reverse="program", example="lithium"),
        Links(
            Program,
            "source_industries",
            Topic,
            name="source_industry",
            reverse="source_of_program",
            example="coal-mining",
            also=("industry",),
        ),
        Links(
            Program,
            "topics",
            Topic,
            name="topic",
            reverse="program",
            example="space",
            also=("sector", "technology", "tag"),
        ),
        participants(Program),
    ),
    composites=(
        Composite(
            Program.amount,
            {"currency": (Program.currency, None), "scope": (Program.amount_scope, AmountScope.unspecified.value)},
            unit="currency",
        ),
    ),
    derive=derive,
    also={"missions": "/v1/programs", "programmes": "/v1/programs", "funds": "/v1/programs?kind=funding_program"},
)
