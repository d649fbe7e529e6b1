"""Statistics: figures that a source gives beside the promises."""

from sqlalchemy import Float
from sqlmodel import SQLModel

from app.core.db import choices
from app.core.declare import Composite, Resource
from app.core.fields import day, indexed, ours, said
from app.core.filters import NUMBER, Choice, Code, Dates, Links, Number, One
from app.core.record import Record, RecordRead, identity
from app.core.values import Decimal, PartialDate, QuantityRelation, Slug, Text, Word
from app.resources.mineral import Mineral
from app.resources.topic import Topic


class StatisticBase(SQLModel):
    """What a statistic has of its own."""

    subject: Slug | None = said("Whom or what it is about.", example="china", link=Record)
    partner: Slug | None = said("The other side, of a flow.", example="united-states", link=Record)
    metric: Word = ours("What is measured.", example="production_share")
    value: Decimal | None = said("The figure.", example=70, column=Float)
    unit: Text | None = said("Unit or currency of the figure.", example="percent")
    relation: QuantityRelation | None = said(
        "How the figure relates to the truth.", example="about", column=choices(QuantityRelation)
    )
    period: PartialDate | None = said("When it was so.", example="2023")


class Statistic(StatisticBase, table=True):
    """The table of statistics."""

    __tablename__ = "statistic"
    __table_args__ = indexed("subject", "partner", "metric", "unit", "value", "period_first")

    id: str = identity()
    period_first: str | None = day()
    period_last: str | None = day()


class StatisticRead(StatisticBase, RecordRead):
    """A figure, of what, when."""

    topics: list[Slug] = said("What it is about.", example=["pharmaceuticals"])
    minerals: list[Slug] = said("Minerals that it is about.", example=["rare-earth-elements"])


STATISTICS = Resource(
    name="statistics",
    table=Statistic,
    read=StatisticRead,
    description="Figures: shares, amounts and counts, with unit and period.",
    example="china-rare-earth-production-share",
    filters=(
        One(Statistic.subject, also=("country",)),
        One(Statistic.partner),
        Code(Statistic.metric, also=("indicator", "kind", "type")),
        Number(Statistic.value, NUMBER, unit=Statistic.unit, also=("amount",)),
        Code(Statistic.unit, also=("currency",)),
        Choice(Statistic.relation, QuantityRelation),
        Dates(Statistic.period, Statistic.period_first, Statistic.period_last, also=("year", "date")),
        Links(
            Statistic,
            "topics",
            Topic,
            name="topic",
            reverse="statistic",
            example="pharmaceuticals",
            also=("sector", "technology", "tag"),
        ),
        Links(Statistic, "minerals", Mineral, name="mineral", reverse="statistic", example="rare-earth-elements"),
    ),
    composites=(
        Composite(
            Statistic.value,
            {"unit": (Statistic.unit, None), "relation": (Statistic.relation, QuantityRelation.exact.value)},
            unit="unit",
        ),
    ),
    also={"figures": "/v1/statistics", "indicators": "/v1/statistics", "numbers": "/v1/statistics"},
)
