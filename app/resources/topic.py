"""Topics: sectors, industries, technologies, materials, components, products and policy areas."""

from enum import StrEnum, auto

from sqlmodel import SQLModel

from app.core.db import choices
from app.core.declare import Resource
from app.core.fields import indexed, ours, said
from app.core.filters import Choice, Links, One
from app.core.record import RecordRead, identity
from app.core.values import Slug


class TopicKind(StrEnum):
    """What a topic is."""

    sector = auto()
    industry = auto()
    technology = auto()
    material = auto()
    component = auto()
    product = auto()
    policy_area = auto()


class TopicBase(SQLModel):
    """What a topic has of its own."""

    kind: TopicKind = ours("What it is.", example="technology", column=choices(TopicKind))
    broader: Slug | None = ours("The topic that it is part of.", example="emerging-technologies", link="topic")


class Topic(TopicBase, table=True):
    """The table of topics."""

    __tablename__ = "topic"
    __table_args__ = indexed("kind", "broader")

    id: str = identity()


class TopicRead(TopicBase, RecordRead):
    """What a promise is about."""

    component_of: list[Slug] = said("Products that it is built into.", example=["electric-vehicles"])


TOPICS = Resource(
    name="topics",
    table=Topic,
    read=TopicRead,
    description="Sectors, industries, technologies, materials, components, products and policy areas.",
    example="semiconductors",
    filters=(
        Choice(Topic.kind, TopicKind, also=("type",)),
        One(Topic.broader, reverse="narrower", also=("parent",)),
        Links(
            Topic,
            "component_of",
            Topic,
            name="component_of",
            reverse="component",
            description="Id of a product that it is built into.",
            example="electric-vehicles",
        ),
    ),
    also={
        "technologies": "/v1/topics?kind=technology",
        "sectors": "/v1/topics?kind=sector",
        "industries": "/v1/topics?kind=industry",
        "products": "/v1/topics?kind=product",
        "tags": "/v1/topics",
        "categories": "/v1/topics",
    },
)
