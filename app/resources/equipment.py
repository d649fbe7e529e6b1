"""Equipment: military hardware that promises are about."""

from enum import StrEnum, auto

from sqlmodel import SQLModel

from app.core.db import choices
from app.core.declare import Resource
from app.core.fields import indexed, reference, said
from app.core.filters import Choice
from app.core.record import RecordRead, identity
from app.core.values import Text


class EquipmentCategory(StrEnum):
    """What a piece of equipment is."""

    anti_tank_missile = auto()
    armored_vehicle = auto()
    maritime_patrol_aircraft = auto()
    fighter_aircraft = auto()


class EquipmentBase(SQLModel):
    """What a piece of equipment has of its own."""

    category: EquipmentCategory | None = said(
        "What it is.", example="maritime_patrol_aircraft", column=choices(EquipmentCategory)
    )
    use: Text | None = said("What it is used for.", example="maritime reconnaissance")
    designation: Text | None = reference("Military designation.", example="FGM-148")


class Equipment(EquipmentBase, table=True):
    """The table of equipment."""

    __tablename__ = "equipment"
    __table_args__ = indexed("category")

    id: str = identity()


class EquipmentRead(EquipmentBase, RecordRead):
    """A missile, vehicle or aircraft."""


EQUIPMENT = Resource(
    name="equipment",
    table=Equipment,
    read=EquipmentRead,
    description="Missiles, vehicles and aircraft that promises are about.",
    example="p-8i-poseidon",
    filters=(Choice(Equipment.category, EquipmentCategory, also=("kind", "type")),),
    named_by=(Equipment.designation,),
    also={"weapons": "/v1/equipment", "aircraft": "/v1/equipment", "platforms": "/v1/equipment"},
)
