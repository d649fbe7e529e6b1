"""Effects: aims, benefits and risks that a source names."""

from enum import StrEnum, auto

from sqlmodel import SQLModel

from app.core.db import choices
from app.core.declare import Resource
from app.core.fields import indexed, ours, said
from app.core.filters import Choice, Links, Many, One
from app.core.record import Record, RecordRead, identity
from app.core.values import Activity, Slug
from app.resources.topic import Topic


class EffectKind(StrEnum):
    """Whether an effect is wanted, claimed or feared."""

    aim = auto()
    benefit = auto()
    risk = auto()


class EffectBase(SQLModel):
    """What an effect has of its own."""

    kind: EffectKind = ours("Whether it is wanted, claimed or feared.", example="benefit", column=choices(EffectKind))
    subject: Slug | None = said("What brings it about; null where the source names none.", example="trust", link=Record)
    object: Slug | None = said("Whom or what it concerns.", example="china", link=Record)


class Effect(EffectBase, table=True):
    """The table of effects."""

    __tablename__ = "effect"
    __table_args__ = indexed("kind", "subject", "object")

    id: str = identity()


class EffectRead(EffectBase, RecordRead):
    """An aim, a benefit or a risk."""

    activities: list[Activity] = said("By which means.", example=["mining"])
    topics: list[Slug] = said("What it is about.", example=["critical-minerals"])


EFFECTS = Resource(
    name="effects",
    table=Effect,
    read=EffectRead,
    description="Aims, benefits and risks, as the source puts them.",
    example="trust-benefit-less-dependence-on-china",
    filters=(
        Choice(Effect.kind, EffectKind, also=("type",)),
        One(Effect.subject),
        One(Effect.object, also=("country",)),
        Many(Effect, "activities", Activity, name="activity"),
        Links(
            Effect,
            "topics",
            Topic,
            name="topic",
            reverse="effect",
            example="critical-minerals",
            also=("sector", "technology", "tag"),
        ),
    ),
    also={
        "risks": "/v1/effects?kind=risk",
        "benefits": "/v1/effects?kind=benefit",
        "aims": "/v1/effects?kind=aim",
        "goals": "/v1/effects?kind=aim",
        "outcomes": "/v1/effects",
    },
)
