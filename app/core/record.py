"""What every record has, and the table of all records with their documents."""

from enum import StrEnum, auto
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, Table
from sqlmodel import Field as ColumnField
from sqlmodel import SQLModel

from app.core.db import Characters, choices
from app.core.values import PartialDate, Slug, Text, Word


class State(StrEnum):
    """Whether a record is there."""

    live = auto()
    merged = auto()
    deleted = auto()


class Record(SQLModel, table=True):
    """One row for every id that was ever public, with its JSON as it is served."""

    __tablename__ = "record"
    __table_args__ = (Index("ix_record_resource_title", "resource", "title_folded", "id"),)

    id: str = ColumnField(primary_key=True, sa_type=Characters)
    resource: str = ColumnField(sa_type=Characters)
    state: State = ColumnField(sa_type=choices(State))  # type: ignore[call-overload]
    merged_into: str | None = ColumnField(
        sa_type=Characters, sa_column_args=[ForeignKey("record.id", deferrable=True, initially="DEFERRED")]
    )
    folder: str | None = ColumnField(sa_type=Characters)
    title: str | None = ColumnField(sa_type=Characters)
    title_folded: str | None = ColumnField(sa_type=Characters)
    long_name: str | None = ColumnField(sa_type=Characters)
    acronym: str | None = ColumnField(sa_type=Characters)
    summary: str | None = ColumnField(sa_type=Characters)
    identifiers: dict[str, str] | None = ColumnField(sa_type=JSON)
    disputed: bool = ColumnField(default=False, sa_type=Boolean)
    document: str | None = ColumnField(sa_type=Characters)


class Name(SQLModel, table=True):
    """Other words for a record: its aliases, acronym and symbol, folded so that they can be looked up."""

    __tablename__ = "name"
    __table_args__ = (Index("ix_name_folded", "folded", "record"),)

    record: str = ColumnField(primary_key=True, foreign_key="record.id", sa_type=Characters)
    position: int = ColumnField(primary_key=True, sa_type=Integer)
    name: str = ColumnField(sa_type=Characters)
    folded: str = ColumnField(sa_type=Characters)
    is_alias: bool = ColumnField(sa_type=Boolean)


class Citation(BaseModel):
    """Where a source says what fields of a record show."""

    source: Annotated[Slug, Field(description="Id of the source.", examples=["trust-compact-article"])]
    section: Annotated[str | None, Field(description="Section of the source.", examples=["S11"])]
    section_title: Annotated[
        str | None, Field(description="Its heading.", examples=["Accelerate Co-Production and Procurement"])
    ]
    paragraph: Annotated[int | None, Field(description="Paragraph of the section, from 1.", examples=[2])]
    fields: Annotated[list[str], Field(description="Fields that this place backs.", examples=[["quantity"]])]


class Dispute(BaseModel):
    """A better or later source that contradicts or supersedes what a field shows."""

    field: Annotated[str | None, Field(description="The disputed field.", examples=["launched"])]
    value: Annotated[Any, Field(description="What the other source says; null where it says there is none.")]
    source: Annotated[Slug, Field(description="Id of the other source.")]
    statement: Annotated[Slug, Field(description="Id of its statement.")]


class Identified(BaseModel):
    """What every record has, statements included."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[Slug, Field(description="Permanent public id, unique in the whole database.", examples=["acquire-p-8i"])]
    resource: Annotated[str, Field(description="The resource that it belongs to.", examples=["commitments"])]
    url: Annotated[str, Field(description="Path of the record.", examples=["/v1/commitments/acquire-p-8i"])]


class RecordRead(Identified):
    """What every record but a statement has besides."""

    title: Annotated[Text, Field(description="Its name, or ours where the source gives none.", json_schema_extra={"x-provenance": "ours"})]
    long_name: Annotated[Text | None, Field(description="The name spelled out.", json_schema_extra={"x-provenance": "said"})]
    acronym: Annotated[Text | None, Field(description="The short form in use.", json_schema_extra={"x-provenance": "said"})]
    aliases: Annotated[list[Text], Field(description="Other names under which it is found.", json_schema_extra={"x-provenance": "ours"})]
    summary: Annotated[Text, Field(description="One or two sentences in our own words.", json_schema_extra={"x-provenance": "ours"})]
    identifiers: Annotated[
        dict[Word, Text], Field(description="Identifiers elsewhere, by scheme.", json_schema_extra={"x-provenance": "reference"})
    ]
    not_exhaustive: Annotated[
        list[str], Field(description="Fields whose source names examples only.", json_schema_extra={"x-provenance": "derived"})
    ]
    citations: Annotated[
        list[Citation], Field(description="Which source backs which field, and where.", json_schema_extra={"x-provenance": "derived"})
    ]
    disputed: Annotated[
        list[Dispute], Field(description="Where another source contradicts a field.", json_schema_extra={"x-provenance": "derived"})
    ]


LAST_KEYS = ("not_exhaustive", "citations", "disputed")
"""Common fields that stand at the end of every document."""

Since = PartialDate | None


def child_table(name: str, owner: type[SQLModel], *columns: Column[Any]) -> Table:
    """A table of what a record has several of, in order: `record`, `position` and the given columns.

    Its first given column is indexed, since lists are filtered by it.
    """
    made = Table(
        name,
        SQLModel.metadata,
        Column("record", Characters, ForeignKey(f"{owner.__tablename__}.id"), primary_key=True),
        Column("position", Integer, primary_key=True),
        *columns,
    )
    Index(None, columns[0], made.c.record)
    return made


def link_column(name: str, target: type[SQLModel] = Record, *, nullable: bool = False) -> Column[Any]:
    """A column that holds the id of another record; of any resource unless a table is named."""
    key = ForeignKey(f"{target.__tablename__}.id", deferrable=True, initially="DEFERRED")
    return Column(name, Characters, key, nullable=nullable)


def enum_column(name: str, values: type[StrEnum], *, nullable: bool = False) -> Column[Any]:
    """A column that holds one value of an enum."""
    return Column(name, choices(values, name), nullable=nullable)


def text_column(name: str, *, nullable: bool = True) -> Column[Any]:
    """A column that holds text or a partial date."""
    return Column(name, Characters, nullable=nullable)
