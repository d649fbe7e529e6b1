"""Organizations: companies, newspapers, partnerships, groupings and alliances."""

from enum import StrEnum, auto

from sqlmodel import SQLModel

from app.core.db import choices
from app.core.declare import Resource
from app.core.fields import day, indexed, ours, said
from app.core.filters import Choice, Dates, Links, One
from app.core.participants import Participant, participants
from app.core.record import RecordRead, identity
from app.core.values import PartialDate, Slug
from app.resources.place import Place
from app.resources.topic import Topic


class OrganizationKind(StrEnum):
    """What an organization is."""

    company = auto()
    newspaper = auto()
    government_agency = auto()
    plurilateral_partnership = auto()
    finance_network = auto()
    grouping = auto()
    industry_alliance = auto()


class OrganizationBase(SQLModel):
    """What an organization has of its own."""

    kind: OrganizationKind = ours("What it is.", example="grouping", column=choices(OrganizationKind))
    place: Slug | None = said("Where it is at home.", example="india", link=Place)
    launched: PartialDate | None = said("When it was launched.", example="2023")


class Organization(OrganizationBase, table=True):
    """The table of organizations."""

    __tablename__ = "organization"
    __table_args__ = indexed("kind", "place", "launched_first")

    id: str = identity()
    launched_first: str | None = day()
    launched_last: str | None = day()


class OrganizationRead(OrganizationBase, RecordRead):
    """A company, partnership, grouping or alliance."""

    participants: list[Participant] = said("Who leads it and who is a member.", example=[])
    topics: list[Slug] = said("What it works on.", example=["aluminum-industry"])


ORGANIZATIONS = Resource(
    name="organizations",
    table=Organization,
    read=OrganizationRead,
    description="Companies, newspapers, partnerships, groupings and alliances, with who leads them and who is a member.",
    example="msp",
    filters=(
        Choice(Organization.kind, OrganizationKind, also=("type",)),
        One(Organization.place, reverse="organization"),
        Dates(Organization.launched, Organization.launched_first, Organization.launched_last),
        participants(Organization),
        Links(
            Organization,
            "topics",
            Topic,
            name="topic",
            reverse="organization",
            example="aluminum-industry",
            also=("sector", "technology", "industry", "tag"),
        ),
    ),
    also={
        "companies": "/v1/organizations?kind=company",
        "alliances": "/v1/organizations",
        "newspapers": "/v1/organizations?kind=newspaper",
    },
)
