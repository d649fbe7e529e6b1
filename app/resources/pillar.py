"""Pillars: the parts that an initiative is made of."""

from sqlalchemy import Integer
from sqlmodel import SQLModel

from app.core.declare import Resource
from app.core.fields import indexed, ours, said
from app.core.filters import Links, Number, One
from app.core.record import RecordRead, identity
from app.core.values import Slug, Whole
from app.resources.initiative import Initiative
from app.resources.topic import Topic


class PillarBase(SQLModel):
    """What a pillar has of its own."""

    initiative: Slug = ours("The initiative that it is part of.", example="compact", link=Initiative)
    position: Whole = ours("Its place among the pillars, from 1.", example=2, column=Integer)


class Pillar(PillarBase, table=True):
    """The table of pillars."""

    __tablename__ = "pillar"
    __table_args__ = indexed("initiative")

    id: str = identity()


class PillarRead(PillarBase, RecordRead):
    """A part of an initiative."""

    topics: list[Slug] = said("What it is about.", example=["defense"])


PILLARS = Resource(
    name="pillars",
    table=Pillar,
    read=PillarRead,
    description="The parts that an initiative is made of, in order.",
    example="compact-co-production-and-procurement",
    filters=(
        One(Pillar.initiative, reverse="pillar"),
        Number(Pillar.position),
        Links(
            Pillar,
            "topics",
            Topic,
            name="topic",
            reverse="pillar",
            example="defense",
            also=("sector", "technology", "tag"),
        ),
    ),
    sort="initiative,position",
    also={"chapters": "/v1/pillars"},
)
