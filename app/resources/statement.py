"""Statements: one source says one thing about one field of one record."""

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

from app.core.declare import ANY, Resource
from app.core.fields import ours
from app.core.filters import IDENTIFIER, Choice, Code, Filter, Number, One, Slots, _any
from app.core.provenance import (
    ANSWERS,
    Answer,
    Certainty,
    Modality,
    Rank,
    Statement,
    StatementBase,
    Verification,
)
from app.core.record import Identified
from app.core.values import Basis, Text


class StatementRead(StatementBase, Identified):
    """Who says what, where, and how sure that is."""

    answers: list[Answer] = ours("Statements of other sources that it answers.", example=[])
    note: Text | None = ours("Our remark on the reading.", example=None)


class About(Filter):
    """Statements that mention a record: as subject, as object, or as the relation that they make."""

    operators = ("",)

    def __init__(self) -> None:
        super().__init__(
            "about",
            IDENTIFIER,
            "Id of a record that the statement is about, as its subject, its object or the relation that it makes.",
            "msp",
            also=("record", "mentions"),
        )
        self.ids = (ANY,)

    def test(self, operator: str, slots: Slots) -> ColumnElement[bool]:
        asked = [slot[0] for slot in slots]
        columns: list[InstrumentedAttribute[str]] = [Statement.subject, Statement.object, Statement.record]  # type: ignore[list-item]
        return or_(*(_any(column, asked) for column in columns))


STATEMENTS = Resource(
    name="statements",
    table=Statement,
    read=StatementRead,
    description="Who says so: each value and link of a record, with source, section, paragraph and how sure it is.",
    example="trust-compact-article-f165-quantity",
    filters=(
        One(Statement.subject),
        Code(Statement.field),
        One(Statement.object),
        About(),
        One(Statement.source, reverse="statement"),
        Code(Statement.section),
        Number(Statement.paragraph),
        Code(Statement.unit),
        Choice(Statement.basis, Basis),
        Choice(Statement.modality, Modality),
        Choice(Statement.certainty, Certainty),
        Choice(Statement.rank, Rank),
        Choice(Statement.verification, Verification, also=("status",)),
        ANSWERS,
    ),
    also={"claims": "/v1/statements", "facts": "/v1/statements", "evidence": "/v1/statements"},
)
