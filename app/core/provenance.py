"""Tables of sources and statements: who says what of which field, where, and how sure that is."""

from enum import StrEnum, auto
from typing import Annotated, Any

from pydantic import Field as Described
from sqlalchemy import Boolean, Column, Index, Integer
from sqlmodel import Field, SQLModel

from app.core.db import Characters, Json, choices
from app.core.fields import indexed, ours, reference_to
from app.core.filters import Links
from app.core.record import Record, identity
from app.core.values import Basis, PartialDate, Slug, Text


class SourceKind(StrEnum):
    """What kind of publication a source is."""

    seed_article = auto()
    official_primary = auto()
    official_mirror = auto()
    wire = auto()
    newspaper = auto()
    think_tank = auto()
    reference_dataset = auto()
    unknown = auto()


class Reliability(StrEnum):
    """How far a source is trusted, from A (completely) to E (not), F where it cannot be judged."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


class Modality(StrEnum):
    """In which mood a source says something."""

    asserted = auto()
    done = auto()
    will = auto()
    will_review = auto()
    will_negotiate = auto()
    plans = auto()
    aims = auto()
    could = auto()
    listed = auto()
    claimed = auto()
    opinion = auto()


class Certainty(StrEnum):
    """How firmly a source speaks."""

    stated = auto()
    approximate = auto()
    hedged = auto()


class Rank(StrEnum):
    """Which of several statements is to be preferred."""

    preferred = auto()
    normal = auto()
    deprecated = auto()


class Verification(StrEnum):
    """What checking against other sources has shown."""

    unverified = auto()
    corroborated = auto()
    imprecise = auto()
    contradicted = auto()
    superseded = auto()
    unverifiable = auto()
    not_applicable = auto()


class AnswerKind(StrEnum):
    """What one statement does to another."""

    contradicts = auto()
    refines = auto()
    supersedes = auto()
    corroborates = auto()
    fills_gap = auto()


class SourceBase(SQLModel):
    """What we record about a publication."""

    kind: SourceKind = ours("What kind of publication it is.", example="seed_article", column=choices(SourceKind))
    publisher: Text | None = ours("Who published it; null where it does not say.", example=None)
    web_url: Text | None = ours("Its address on the web.", example=None)
    published: PartialDate | None = ours("Day of publication.", example=None)
    updated: PartialDate | None = ours("Day of its last revision.", example="2025-02-17")
    reliability: Reliability = ours("Admiralty grade, A to F.", example="C", column=choices(Reliability))
    sha256: Annotated[str, Described(pattern="^[0-9a-f]{64}$")] | None = ours(
        "Checksum of the text that was read.", example=None
    )


class Source(SourceBase, table=True):
    """The table of sources."""

    __tablename__ = "source"
    __table_args__ = indexed("kind", "reliability")

    id: str = identity()
    published_first: str | None = Field(sa_type=Characters)
    published_last: str | None = Field(sa_type=Characters)
    updated_first: str | None = Field(sa_type=Characters)
    updated_last: str | None = Field(sa_type=Characters)


class StatementBase(SQLModel):
    """One source says one thing about one field of one record."""

    subject: Slug = ours("Record that owns the field or link.", example="acquire-p-8i", link=Record)
    field: Text | None = ours(
        "The field, or the kind of a relation; null where the record as a whole is meant.", example="quantity"
    )
    value: Any | None = ours("The value, null where the statement is a link.", example=6, column=Json)
    unit: Text | None = ours("Currency or unit of a number.", example="INR")
    object: Slug | None = ours("The linked record.", example="p-8i-poseidon", link=Record)
    as_stated: Text | None = ours("The figure, name or term as printed.", example="six additional")
    basis: Basis = ours("How directly it is read off the source.", example="stated", column=choices(Basis))
    source: Slug = ours("Who says so.", example="trust-compact-article", link=Source)
    section: Text | None = ours("Section of the source.", example="S11")
    section_title: Text | None = ours("Heading of the section.", example="Accelerate Co-Production and Procurement")
    paragraph: int | None = ours("Paragraph of the section, from 1.", example=2, column=Integer)
    locator: Text | None = ours("A finer place than the paragraph.", example=None)
    modality: Modality | None = ours(
        "In which mood it is said; null for what a source says of itself.", example="will", column=choices(Modality)
    )
    certainty: Certainty = ours("How firmly it is said.", example="stated", column=choices(Certainty))
    rank: Rank = ours("Preference among several statements.", example="normal", column=choices(Rank))
    verification: Verification = ours("What checking has shown.", example="unverified", column=choices(Verification))
    is_exhaustive: bool | None = ours(
        "False where the source gives examples only; null where it does not matter.", example=None, column=Boolean
    )


class StatementRow(StatementBase):
    """A statement with all that its row holds: what drafts are made of. It costs a sixth of a `Statement` to make."""

    id: str = identity()
    record: str = Field(sa_type=Characters, sa_column_args=[reference_to(Record)])
    """The record whose document cites it: the subject, or the relation that it makes."""
    cited: str | None = Field(sa_type=Characters)
    """The field of that record that it backs."""
    position: int = Field(sa_type=Integer)
    """Its place among the statements about that record, in the order of the source."""
    parts: dict[str, Any] | None = Field(sa_type=Json)
    """The whole value of a field of several columns, by column."""
    note: str | None = Field(sa_type=Characters)


class Statement(StatementRow, table=True):
    """The table of statements."""

    __tablename__ = "statement"
    __table_args__ = (
        *indexed("subject", "object", "source", "field", "verification"),
        Index(None, "record", "position"),
    )


class Answer(SQLModel):
    """How a statement answers another one."""

    id: Slug = ours("The statement that is answered.", example="trust-compact-article-f036")
    kind: AnswerKind = ours("What it does to it.", example="contradicts")


ANSWERS = Links(
    Statement,
    "answers",
    Statement,
    Column("kind", choices(AnswerKind), nullable=False),
    name="answers",
    example="trust-compact-article-f036",
    description="Id of a statement that it answers.",
)
