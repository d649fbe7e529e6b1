"""Instruments: agreements and regulations."""

from enum import StrEnum, auto

from sqlmodel import SQLModel

from app.core.db import choices
from app.core.declare import Resource
from app.core.fields import day, indexed, ours, said
from app.core.filters import Choice, Dates, Links
from app.core.participants import Participant, participants
from app.core.record import RecordRead, identity
from app.core.values import PartialDate, Slug, Text
from app.resources.topic import Topic


class InstrumentKind(StrEnum):
    """What a legal instrument is."""

    agreement = auto()
    regulation = auto()


class InstrumentBase(SQLModel):
    """What an instrument has of its own."""

    kind: InstrumentKind = ours("What it is.", example="agreement", column=choices(InstrumentKind))
    objective: Text | None = said("What it is for.", example="easier purchase of defense goods")
    signed: PartialDate | None = said("When it was signed.", example=None)


class Instrument(InstrumentBase, table=True):
    """The table of instruments."""

    __tablename__ = "instrument"
    __table_args__ = indexed("kind", "signed_first")

    id: str = identity()
    signed_first: str | None = day()
    signed_last: str | None = day()


class InstrumentRead(InstrumentBase, RecordRead):
    """An agreement or regulation."""

    participants: list[Participant] = said("Who is party to it.", example=[])
    topics: list[Slug] = said("What it covers.", example=["aircraft"])


INSTRUMENTS = Resource(
    name="instruments",
    table=Instrument,
    read=InstrumentRead,
    description="Legal instruments: agreements and regulations.",
    example="rdp-agreement",
    filters=(
        Choice(Instrument.kind, InstrumentKind, also=("type",)),
        Dates(Instrument.signed, Instrument.signed_first, Instrument.signed_last),
        participants(Instrument),
        Links(
            Instrument,
            "topics",
            Topic,
            name="topic",
            reverse="instrument",
            example="aircraft",
            also=("sector", "technology", "tag"),
        ),
    ),
    also={"agreements": "/v1/instruments?kind=agreement", "laws": "/v1/instruments", "treaties": "/v1/instruments"},
)
