"""Initiatives: what governments announce under one name."""

from collections.abc import Callable, Sequence
from enum import StrEnum, auto
from typing import Any

from sqlmodel import SQLModel

from app.core.db import choices
from app.core.declare import Resource, Values
from app.core.fields import day, derived, indexed, ours, said
from app.core.filters import Choice, Dates, Links, Many
from app.core.participants import Participant, participants
from app.core.record import RecordRead, identity
from app.core.values import Activity, Duration, PartialDate, Slug, Text
from app.resources.topic import Topic


class InitiativeKind(StrEnum):
    """What an initiative is."""

    bilateral_initiative = auto()
    strategic_framework = auto()
    national_initiative = auto()
    multilateral_initiative = auto()


class InitiativeLevel(StrEnum):
    """Whether a source is about an initiative or only names it."""

    primary = auto()
    referenced = auto()


class InitiativeBase(SQLModel):
    """What an initiative has of its own."""

    kind: InitiativeKind = ours("What it is.", example="strategic_framework", column=choices(InitiativeKind))
    kind_as_stated: Text | None = derived("The source's word for it.", example="strategic framework")
    level: InitiativeLevel = ours(
        "Whether the source is about it or only names it.", example="primary", column=choices(InitiativeLevel)
    )
    announced: PartialDate | None = said("When it was announced.", example="2022")
    launched: PartialDate | None = said("When it was launched.", example=None)
    duration: Duration | None = said("How long it runs, ISO 8601.", example="P10Y")
    horizon: PartialDate | None = said("By when it is to have worked.", example="2030")


class Initiative(InitiativeBase, table=True):
    """The table of initiatives."""

    __tablename__ = "initiative"
    __table_args__ = indexed("kind", "level", "announced_first", "launched_first", "horizon_first")

    id: str = identity()
    announced_first: str | None = day()
    announced_last: str | None = day()
    launched_first: str | None = day()
    launched_last: str | None = day()
    horizon_first: str | None = day()
    horizon_last: str | None = day()


class InitiativeRead(InitiativeBase, RecordRead):
    """What governments announced under one name."""

    activities: list[Activity] = said("What it promotes.", example=["research"])
    participants: list[Participant] = said("Who launched it and who is party to it.", example=[])
    topics: list[Slug] = said("What it is about.", example=["critical-minerals"])


def derive(values: Values, statements: Sequence[Any], other: Callable[[str], Values]) -> None:
    """The word that the first statement of its kind was printed with."""
    words = (statement.as_stated for statement in statements if statement.field == "kind" and statement.as_stated)
    values["kind_as_stated"] = next(words, None)


INITIATIVES = Resource(
    name="initiatives",
    table=Initiative,
    read=InitiativeRead,
    description="What governments announced under one name, such as TRUST and COMPACT.",
    example="compact",
    filters=(
        Choice(Initiative.kind, InitiativeKind, also=("type",)),
        Choice(Initiative.level, InitiativeLevel),
        Dates(Initiative.announced, Initiative.announced_first, Initiative.announced_last),
        Dates(Initiative.launched, Initiative.launched_first, Initiative.launched_last, also=("start",)),
        Dates(Initiative.horizon, Initiative.horizon_first, Initiative.horizon_last, also={"deadline": "horizon__lte"}),
        Many(Initiative, "activities", Activity, name="activity"),
        participants(Initiative),
        Links(
            Initiative,
            "topics",
            Topic,
            name="topic",
            reverse="initiative",
            example="critical-minerals",
            also=("sector", "technology", "tag"),
        ),
    ),
    derive=derive,
    also={"frameworks": "/v1/initiatives", "partnerships": "/v1/initiatives"},
)
