"""Relations: links between records that no field of theirs holds."""

from enum import StrEnum, auto

from sqlmodel import SQLModel

from app.core.db import choices
from app.core.declare import Composite, Resource
from app.core.fields import day, indexed, ours, said
from app.core.filters import Choice, Dates, One
from app.core.record import Record, RecordRead, identity
from app.core.values import PartialDate, Slug


class RelationKind(StrEnum):
    """How two records are related."""

    builds_on = auto()
    aligns_with = auto()
    complements = auto()
    supports = auto()
    succeeds = auto()
    part_of = auto()
    invests_in = auto()
    related_to = auto()


class RelationBase(SQLModel):
    """What a relation has of its own."""

    subject: Slug = ours("The record that is related.", example="trust", link=Record)
    kind: RelationKind = ours("How.", example="builds_on", column=choices(RelationKind))
    object: Slug = said("To which record.", example="msp", link=Record)
    since: PartialDate | None = said("Since when.", example=None)


class Relation(RelationBase, table=True):
    """The table of relations."""

    __tablename__ = "relation"
    __table_args__ = indexed("subject", "kind", "object")

    id: str = identity()
    since_first: str | None = day()
    since_last: str | None = day()


class RelationRead(RelationBase, RecordRead):
    """One record builds on, complements or otherwise relates to another."""


RELATIONS = Resource(
    name="relations",
    table=Relation,
    read=RelationRead,
    description="What builds on, complements, aligns with or succeeds what.",
    example="trust-builds-on-msp",
    filters=(
        One(Relation.subject, also=("from",)),
        Choice(Relation.kind, RelationKind, also=("type",)),
        One(Relation.object, also=("to",)),
        Dates(Relation.since, Relation.since_first, Relation.since_last),
    ),
    composites=(Composite(Relation.object, {"since": (Relation.since, None)}),),
    also={"links": "/v1/relations", "relationships": "/v1/relations", "edges": "/v1/relations"},
)
