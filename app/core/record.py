"""What every record has, and the table of all records with their documents."""

from enum import StrEnum, auto
from typing import Annotated, Any

from pydantic import BaseModel
from pydantic import Field as Described
from sqlalchemy import Boolean, Index, Integer
from sqlmodel import Field, SQLModel

from app.core.db import Characters, Json, choices
from app.core.fields import derived, ours, reference, reference_to, said
from app.core.values import Slug, Text, Word


class State(StrEnum):
    """Whether a record is there."""

    live = auto()
    merged = auto()
    deleted = auto()


class NameKind(StrEnum):
    """What a word for a record is."""

    alias = auto()
    acronym = auto()
    symbol = auto()


class Record(SQLModel, table=True):
    """One row for every id that was ever public, with its JSON as it is served."""

    __tablename__ = "record"
    __table_args__ = (
        Index(None, "resource", "id"),
        Index(None, "resource", "title_folded", "id"),
        Index(None, "disputed", "id"),
    )

    id: str = Field(primary_key=True, sa_type=Characters)
    resource: str = Field(
        sa_type=Characters,
        description="The resource that it belongs to.",
        schema_extra={"examples": ["commitments"]},
    )
    state: State = Field(default=State.live, sa_type=choices(State))
    merged_into: str | None = Field(
        default=None, sa_type=Characters, index=True, sa_column_args=[reference_to("record")]
    )
    seeded: bool = Field(default=False, sa_type=Boolean)
    title: str | None = Field(default=None, sa_type=Characters)
    title_folded: str | None = Field(default=None, sa_type=Characters)
    long_name: str | None = Field(default=None, sa_type=Characters)
    acronym: str | None = Field(default=None, sa_type=Characters)
    summary: str | None = Field(default=None, sa_type=Characters)
    identifiers: dict[str, str] | None = Field(default=None, sa_type=Json)
    reference: str | None = Field(default=None, sa_type=Characters, index=True, sa_column_args=[reference_to("record")])
    """The dataset that its reference fields were taken from."""
    disputed: bool = Field(default=False, sa_type=Boolean)
    document: str | None = Field(default=None, sa_type=Characters)


class Name(SQLModel, table=True):
    """Other words for a record, folded so that they can be looked up."""

    __tablename__ = "name"
    __table_args__ = (Index(None, "folded", "record"),)

    record: str = Field(primary_key=True, sa_type=Characters, sa_column_args=[reference_to(Record)])
    position: int = Field(primary_key=True, sa_type=Integer)
    kind: NameKind = Field(sa_type=choices(NameKind))
    name: str = Field(sa_type=Characters)
    folded: str = Field(sa_type=Characters)


def identity() -> Any:
    """The `id` of a record's own row."""
    return Field(primary_key=True, sa_type=Characters, sa_column_args=[reference_to(Record)])


class Citation(BaseModel):
    """Where a source says what fields of a record show."""

    source: Annotated[Slug, Described(description="Id of the source.", examples=["trust-compact-article"])]
    section: Annotated[
        str | None, Described(description="Section of the source; null for a dataset.", examples=["S11"])
    ]
    section_title: Annotated[
        str | None, Described(description="Its heading.", examples=["Accelerate Co-Production and Procurement"])
    ]
    paragraph: Annotated[int | None, Described(description="Paragraph of the section, from 1.", examples=[2])]
    fields: Annotated[list[str], Described(description="Fields that this place backs.", examples=[["quantity"]])]


class Dispute(BaseModel):
    """Another source that contradicts or supersedes what a field shows."""

    field: Annotated[str | None, Described(description="The disputed field.", examples=["launched"])]
    value: Annotated[
        Any,
        Described(description="What the other source says; null where it says there is none.", examples=["2025-02-13"]),
    ]
    source: Annotated[Slug, Described(description="Id of the other source.", examples=["greater-kashmir-2025-02-14"])]
    statement: Annotated[
        Slug, Described(description="Id of its statement.", examples=["greater-kashmir-2025-02-14-s27"])
    ]


class Identified(SQLModel):
    """What every record has, statements included."""

    model_config = {"extra": "forbid"}

    id: Annotated[
        Slug, Described(description="Permanent public id, unique in the whole database.", examples=["acquire-p-8i"])
    ]
    resource: Annotated[str, Described(description="The resource that it belongs to.", examples=["commitments"])]
    url: Annotated[str, Described(description="Path of the record.", examples=["/v1/commitments/acquire-p-8i"])]


class RecordRead(Identified):
    """What every record but a statement has besides."""

    title: Text = ours("Its name, or ours where no source names it.", example="Six more P-8I aircraft for India")
    long_name: Text | None = said("The acronym spelled out.", example="Transforming Relationship Utilizing ...")
    acronym: Text | None = said("The short form in use.", example="TRUST")
    aliases: list[Text] = ours("Other names under which it is found.", example=["rare earths"])
    summary: Text | None = ours("One or two sentences in our own words.", example="India is to get six more P-8I.")
    identifiers: dict[Word, Text] = reference("Identifiers elsewhere, by scheme.", example={"wikidata": "Q861"})
    not_exhaustive: list[str] = derived("Fields whose source gives examples only.", example=["topics"])
    citations: list[Citation] = derived("Which source backs which field, and where.", example=[])
    disputed: list[Dispute] = derived("Where another source contradicts a field.", example=[])


COMMON = ("title", "long_name", "acronym", "aliases", "summary", "identifiers")
"""Fields that every record but a statement has, kept in the table of all records."""

EVIDENCE = ("not_exhaustive", "citations", "disputed")
"""Fields that every record but a statement has at its end."""
