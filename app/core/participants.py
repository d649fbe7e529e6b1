"""Who takes part in what: the list that initiatives, programs, commitments and others share."""

from sqlalchemy import Column
from sqlmodel import SQLModel

from app.core.db import Characters, choices
from app.core.fields import derived, said
from app.core.filters import Kind, Links, one_of
from app.core.record import Record
from app.core.values import Basis, PartialDate, Role, Slug

INCLUDES = {Role.party.value: (Role.party.value, Role.launching_party.value)}
"""Roles that stand for narrower ones, too, when they are asked for."""


class Participant(SQLModel):
    """A place or an organization, and its part."""

    id: Slug = said("The place or organization.", example="india")
    role: Role = said("The part that it plays.", example="buyer")
    basis: Basis = derived("How directly that is read off the source.", example="stated")
    since: PartialDate | None = said("Since when.", example=None)


def participants(owner: type[SQLModel]) -> Links:
    """The list `participants` of a record, filtered by `participant` with `role` and `basis`."""
    roles = one_of(Role)
    role = Kind(lambda text: INCLUDES.get(text, roles.parse(text)), roles.schema, values=roles.values)
    return Links(
        owner,
        "participants",
        Record,
        Column("role", choices(Role), nullable=False),
        Column("basis", choices(Basis), nullable=False),
        Column("since", Characters),
        Column("since_first", Characters),
        Column("since_last", Characters),
        name="participant",
        example="india",
        description="Id of a place or organization that takes part; `role` and `basis` speak of the same part.",
        companions={"role": role, "basis": one_of(Basis)},
        also={
            "country": "participant",
            "actor": "participant",
            "party": "participant={value}&role=party",
            "buyer": "participant={value}&role=buyer",
            "supplier": "participant={value}&role=supplier",
        },
    )
