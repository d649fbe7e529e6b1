"""Places: countries and regions."""

from enum import StrEnum, auto

from sqlmodel import SQLModel

from app.core.db import choices
from app.core.declare import Resource
from app.core.fields import indexed, ours
from app.core.filters import Choice
from app.core.record import RecordRead, identity


class PlaceKind(StrEnum):
    """What a place is."""

    country = auto()
    region = auto()
    supranational = auto()


class PlaceBase(SQLModel):
    """What a place has of its own."""

    kind: PlaceKind = ours("What it is.", example="country", column=choices(PlaceKind))


class Place(PlaceBase, table=True):
    """The table of places."""

    __tablename__ = "place"
    __table_args__ = indexed("kind")

    id: str = identity()


class PlaceRead(PlaceBase, RecordRead):
    """A country or region."""


PLACES = Resource(
    name="places",
    table=Place,
    read=PlaceRead,
    description="Countries and regions, with their ISO codes.",
    example="india",
    filters=(Choice(Place.kind, PlaceKind, also=("type",)),),
    also={"countries": "/v1/places?kind=country", "regions": "/v1/places?kind=region"},
)
