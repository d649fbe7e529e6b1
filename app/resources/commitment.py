"""Commitments: what was promised, with its status over time."""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum, auto
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Float, and_, func, select
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel

from app.core.db import Characters, choices
from app.core.declare import Composite, Resource, Values
from app.core.fields import day, derived, indexed, ours, reference_to, said
from app.core.filters import (
    DATE,
    NUMBER,
    Asked,
    Choice,
    Code,
    Dates,
    Links,
    Many,
    Number,
    One,
    Parameter,
    Several,
    compare,
    one_of,
)
from app.core.participants import Participant, participants
from app.core.provenance import Modality, Source, SourceKind, Statement
from app.core.record import RecordRead, identity
from app.core.values import (
    Activity,
    AmountScope,
    CurrencyCode,
    Decimal,
    PartialDate,
    QuantityRelation,
    Slug,
    Text,
    Whole,
    days,
)
from app.resources.equipment import Equipment
from app.resources.initiative import Initiative
from app.resources.instrument import Instrument
from app.resources.mineral import Mineral
from app.resources.pillar import Pillar
from app.resources.program import Program
from app.resources.topic import Topic


class CommitmentKind(StrEnum):
    """What is promised."""

    procurement = auto()
    co_production = auto()
    co_development = auto()
    joint_rnd = auto()
    supply_chain = auto()
    regulatory_reform = auto()
    policy_review = auto()
    negotiation = auto()
    target = auto()
    support = auto()
    information_sharing = auto()
    trade_facilitation = auto()
    launch = auto()
    cooperation = auto()


class Status(StrEnum):
    """How far a commitment has come."""

    announced = auto()
    under_review = auto()
    under_negotiation = auto()
    agreed = auto()
    approved = auto()
    contracted = auto()
    in_progress = auto()
    partly_met = auto()
    fulfilled = auto()
    stalled = auto()
    suspended = auto()
    superseded = auto()
    withdrawn = auto()
    missed = auto()
    cancelled = auto()
    unknown = auto()


class AsOfBasis(StrEnum):
    """Where the date of a status comes from."""

    stated = auto()
    source_date = auto()


class CommitmentBase(SQLModel):
    """What a commitment has of its own."""

    initiative: Slug | None = ours("The initiative that it was made under.", example="compact", link=Initiative)
    pillar: Slug | None = ours(
        "The pillar that it belongs to.", example="compact-co-production-and-procurement", link=Pillar
    )
    program: Slug | None = ours("The program that it is about.", example="ncmm", link=Program)
    kind: CommitmentKind = ours("What is promised.", example="procurement", column=choices(CommitmentKind))
    modality: Modality | None = derived(
        "In which mood its first statement puts it.", example="will", column=choices(Modality)
    )
    status: Status = derived("How far it has come: the latest event.", example="announced", column=choices(Status))
    status_as_of: PartialDate | None = derived("Date of that event.", example="2025-02-17")
    start: PartialDate | None = said("When it is to begin.", example="2025")
    due: PartialDate | None = said("By when it is to be met.", example="2030")
    amount: Whole | None = said(
        "Money promised, in whole units of the currency.", example=500_000_000_000, column=BigInteger
    )
    currency: CurrencyCode | None = said("Currency of the amount, ISO 4217.", example="USD")
    amount_scope: AmountScope | None = said(
        "What the amount stands for.", example="target", column=choices(AmountScope)
    )
    multiplier: Decimal | None = said("By how much something is to grow: 2 is a doubling.", example=2, column=Float)
    quantity: Decimal | None = said("How many.", example=6, column=Float)
    quantity_relation: QuantityRelation | None = said(
        "How the number relates to what is counted.", example="additional", column=choices(QuantityRelation)
    )
    objective: Text | None = said("What it is for.", example="easier technology transfers")


class Commitment(CommitmentBase, table=True):
    """The table of commitments."""

    __tablename__ = "commitment"
    __table_args__ = indexed(
        "initiative",
        "pillar",
        "program",
        "kind",
        "modality",
        "status",
        "currency",
        "amount",
        "due_first",
        "start_first",
    )

    id: str = identity()
    status_as_of_first: str | None = day()
    status_as_of_last: str | None = day()
    start_first: str | None = day()
    start_last: str | None = day()
    due_first: str | None = day()
    due_last: str | None = day()


class StatusEvent(SQLModel):
    """A status, since when, and who says so."""

    status: Status = derived("The status.", example="announced")
    as_of: PartialDate | None = derived("Since when.", example="2025-02-17")
    as_of_basis: AsOfBasis = derived(
        "Whether the source gives the date or it is the source's own.", example="source_date"
    )
    source: Slug = derived("Who says so.", example="trust-compact-article")
    statement: Slug = derived("The statement.", example="trust-compact-article-f165-equipment")


class CommitmentRead(CommitmentBase, RecordRead):
    """Who promised what to whom, by when, about what."""

    status_events: list[StatusEvent] = derived("Its statuses, oldest first.", example=[])
    activities: list[Activity] = said("What is to be done.", example=["co_production"])
    participants: list[Participant] = said("Who takes part, and as what.", example=[])
    equipment: list[Slug] = said("Equipment that it is about.", example=["p-8i-poseidon"])
    instruments: list[Slug] = said("Legal instruments that it is about.", example=["rdp-agreement"])
    topics: list[Slug] = said("What it is about.", example=["defense"])
    minerals: list[Slug] = said("Minerals that it is about.", example=["lithium"])


STATUS_EVENTS = Several(
    Commitment,
    "status_events",
    Column("status", choices(Status), nullable=False),
    (
        Column("as_of", Characters),
        Column("as_of_first", Characters),
        Column("as_of_last", Characters),
        Column("as_of_basis", choices(AsOfBasis), nullable=False),
        Column("source", Characters, reference_to(Source), nullable=False, index=True),
        Column("statement", Characters, reference_to(Statement), nullable=False, index=True),
    ),
    kind=one_of(Status),
    key="status",
    name="had_status",
    description="A status that it has or once had.",
    example="announced",
)


class StatusFilter(Choice):
    """The status now or, with `status_on`, the one in force on that day."""

    companion_words = {"status_on": "The day for which `status` is asked: the one then in force."}  # noqa: RUF012

    def parameters(self) -> Iterator[Parameter]:
        yield from super().parameters()
        yield Parameter("status_on", "status_on", self, DATE, several=False)

    def where(self, asked: Asked) -> ColumnElement[bool]:
        if "status_on" not in asked:
            return super().where(asked)
        event, later = aliased(STATUS_EVENTS.table), aliased(STATUS_EVENTS.table)
        ((_, on),) = asked["status_on"]
        last = select(func.max(later.c.position)).where(later.c.record == event.c.record, later.c.as_of_first <= on)
        in_force = select(event.c.record).where(event.c.position == last.scalar_subquery())
        for operator, slots in asked.items():
            if operator != "status_on":
                in_force = in_force.where(compare(event.c.status, operator, slots))
        return and_(STATUS_EVENTS.own_id.in_(in_force))


def derive(values: Values, statements: Sequence[Any], other: Callable[[str], Values]) -> None:
    """The initiative is the pillar's; mood and status follow from the statements."""
    if values.get("pillar") and not values.get("initiative"):
        values["initiative"] = other(values["pillar"]).get("initiative")
    if not statements:
        raise ValueError("needs a statement: a line that says where it is promised")
    first = statements[0]
    values["modality"] = first.modality
    events: list[Values] = []
    for statement in statements:
        event = _event(statement, other) if statement.field == "status" else None
        if event and all((event["status"], event["as_of"]) != (known["status"], known["as_of"]) for known in events):
            events.append(event)
    source = other(first.source)
    dated = any(statement.field == "status" and statement.source == first.source for statement in statements)
    if not events or (source["kind"] == SourceKind.seed_article and not dated):
        events.insert(0, _announced(first, source))
    events.sort(key=lambda event: days(event["as_of"]) if event["as_of"] else ("", ""))
    values["status_events"] = events
    values["status"], values["status_as_of"] = events[-1]["status"], events[-1]["as_of"]


def _announced(statement: Any, source: Values) -> Values:
    return {
        "status": Status.announced.value,
        "as_of": source.get("updated") or source.get("published"),
        "as_of_basis": AsOfBasis.source_date.value,
        "source": statement.source,
        "statement": statement.id,
    }


def _event(statement: Any, other: Callable[[str], Values]) -> Values:
    event = _announced(statement, other(statement.source))
    as_of = (statement.parts or {}).get("as_of")
    return event | {
        "status": statement.value,
        **({"as_of": as_of, "as_of_basis": AsOfBasis.stated.value} if as_of else {}),
    }


COMMITMENTS = Resource(
    name="commitments",
    table=Commitment,
    read=CommitmentRead,
    description="What was promised: procurements, reviews, targets, joint work, with parties, dates, money and status.",
    example="acquire-p-8i",
    filters=(
        One(Commitment.initiative, reverse="commitment"),
        One(Commitment.pillar, reverse="commitment"),
        One(Commitment.program, reverse="commitment"),
        Choice(Commitment.kind, CommitmentKind, also=("type", "category")),
        Choice(Commitment.modality, Modality),
        StatusFilter(Commitment.status, Status, also=("state",)),
        Dates(Commitment.status_as_of, Commitment.status_as_of_first, Commitment.status_as_of_last),
        STATUS_EVENTS,
        Dates(Commitment.start, Commitment.start_first, Commitment.start_last, also=("begin",)),
        Dates(
            Commitment.due, Commitment.due_first, Commitment.due_last, also={"deadline": "due__lte", "by": "due__lte"}
        ),
        Number(Commitment.amount, unit=Commitment.currency, also=("money",)),
        Code(Commitment.currency),
        Choice(Commitment.amount_scope, AmountScope),
        Number(Commitment.multiplier, NUMBER),
        Number(Commitment.quantity, NUMBER, also=("number",)),
        Choice(Commitment.quantity_relation, QuantityRelation),
        Many(Commitment, "activities", Activity, name="activity"),
        participants(Commitment),
        Links(Commitment, "equipment", Equipment, name="equipment", reverse="commitment", example="f-35"),
        Links(
            Commitment,
            "instruments",
            Instrument,
            name="instrument",
            reverse="commitment",
            example="rdp-agreement",
            also=("agreement", "law"),
        ),
        Links(
            Commitment,
            "topics",
            Topic,
            name="topic",
            reverse="commitment",
            example="semiconductors",
            also=("sector", "technology", "industry", "tag"),
        ),
        Links(Commitment, "minerals", Mineral, name="mineral", reverse="commitment", example="lithium"),
    ),
    composites=(
        Composite(
            Commitment.amount,
            {
                "currency": (Commitment.currency, None),
                "scope": (Commitment.amount_scope, AmountScope.unspecified.value),
            },
            unit="currency",
        ),
        Composite(Commitment.quantity, {"relation": (Commitment.quantity_relation, QuantityRelation.exact.value)}),
    ),
    derive=derive,
    also={
        "procurements": "/v1/commitments?kind=procurement",
        "promises": "/v1/commitments",
        "targets": "/v1/commitments?kind=target",
        "reviews": "/v1/commitments?kind=policy_review",
        "pledges": "/v1/commitments",
    },
)
