"""Revisions, and the one way in: `apply` writes a changeset whole or not at all."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
from typing import Any

from sqlalchemy import Connection, Integer, insert, select, update
from sqlmodel import Field, SQLModel

from app.core import index
from app.core.composing import Draft, Fault, compose
from app.core.db import Characters, choices
from app.core.declare import Catalog
from app.core.fields import table_of
from app.core.writing import Operation, Progress, Writer, insert_all


class Reason(StrEnum):
    """Why a changeset was made."""

    event = auto()
    source = auto()
    correction = auto()
    schema = auto()


class Dataset(SQLModel, table=True):
    """One row: the revision that is served. Whoever writes locks it first."""

    __tablename__ = "dataset"

    id: int = Field(default=1, primary_key=True, sa_type=Integer)
    revision: int = Field(sa_type=Integer)
    digest: str = Field(sa_type=Characters)
    """Checksum of all changes so far: equal where two databases hold the same."""
    at: str = Field(sa_type=Characters)
    seed: str | None = Field(default=None, sa_type=Characters)
    """Checksum of the seed folders that were loaded last."""


class Revision(SQLModel, table=True):
    """One row for each changeset that changed anything."""

    __tablename__ = "revision"

    number: int = Field(primary_key=True, sa_type=Integer)
    at: str = Field(sa_type=Characters)
    reason: Reason = Field(sa_type=choices(Reason))
    note: str | None = Field(sa_type=Characters)
    digest: str = Field(sa_type=Characters)


class Change(SQLModel, table=True):
    """What a revision did to one record; only ever added to."""

    __tablename__ = "change"

    revision: int = Field(primary_key=True, sa_type=Integer, foreign_key="revision.number")
    position: int = Field(primary_key=True, sa_type=Integer)
    op: Operation = Field(sa_type=choices(Operation))
    record: str = Field(sa_type=Characters, foreign_key="record.id", index=True)
    after: str | None = Field(sa_type=Characters)


@dataclass
class Changeset:
    """Drafts replace what there was of their records; `gone` are to be deleted."""

    at: datetime
    reason: Reason
    drafts: list[Draft]
    gone: Sequence[str] = ()
    note: str | None = None
    seeded: bool = False
    seed: str | None = None


class Refused(Exception):
    """A changeset has faults; nothing was written."""

    def __init__(self, faults: Sequence[Fault]):
        super().__init__("; ".join(f"{fault.record}: {fault.message}" for fault in faults[:5]))
        self.faults = faults


@dataclass(frozen=True)
class Outcome:
    """What `apply` did."""

    revision: int
    created: int = 0
    updated: int = 0
    deleted: int = 0


def apply(
    connection: Connection,
    catalog: Catalog,
    changeset: Changeset,
    progress: Progress = lambda step, done, total: None,
) -> Outcome:
    """Write a changeset inside the caller's transaction: rows, documents, changes and the next revision.

    Raises Refused with all faults. Where nothing differs, nothing is written and the revision stays. The caller
    rolls back on any error; writers wait for one another, so revisions become visible in order.
    """
    dataset = connection.execute(select(table_of(Dataset)).with_for_update()).mappings().one()
    writer = Writer(connection, catalog, changeset.drafts, changeset.gone, seeded=changeset.seeded)
    composed, faults = compose(catalog, changeset.drafts, writer.before, writer.before.values_of)
    faults += writer.faults()
    if faults:
        raise Refused(faults)
    savepoint = connection.begin_nested()
    writer.clear()
    writer.insert(composed, progress)
    changes = writer.render(progress)
    if not changes:
        savepoint.rollback()
        if changeset.seed is not None and changeset.seed != dataset["seed"]:
            connection.execute(update(Dataset).values(seed=changeset.seed))
        return Outcome(dataset["revision"])
    created = {id for op, id, _ in changes if op is Operation.create}
    index.keep(connection, catalog, [(id, after) for _, id, after in changes], new=created)
    digest = Digest(dataset["digest"])
    digest.add(changes)
    number = _raise_revision(
        connection, dict(dataset), digest, changeset.at, changeset.reason, changeset.note, changeset.seed
    )
    insert_all(
        connection,
        table_of(Change),
        [
            {"revision": number, "position": position, "op": op, "record": id, "after": after}
            for position, (op, id, after) in enumerate(changes)
        ],
    )
    counts = [
        sum(op is kind for op, _, _ in changes) for kind in (Operation.create, Operation.update, Operation.delete)
    ]
    return Outcome(number, *counts)


def load(
    connection: Connection,
    catalog: Catalog,
    chunks: Iterable[Sequence[Draft]],
    at: datetime,
    note: str | None = None,
    progress: Progress = lambda step, done, total: None,
) -> Outcome:
    """Take in many new records, some at a time, as one revision of the caller's transaction.

    For a first load: it leaves no change rows, and a record that is there already is refused. A chunk may link to
    records of its own and of earlier chunks. Raises Refused with the faults of the first chunk that has any.
    """
    dataset = connection.execute(select(table_of(Dataset)).with_for_update()).mappings().one()
    digest, created = Digest(dataset["digest"]), 0
    for drafts in chunks:
        writer = Writer(connection, catalog, drafts)
        composed, faults = compose(catalog, drafts, writer.before, writer.before.values_of)
        faults += writer.faults()
        faults += [
            Fault(draft.id, "id", f"{draft.id} is there already") for draft in drafts if draft.id in writer.before
        ]
        if faults:
            raise Refused(faults)
        writer.insert(composed, lambda step, done, total: None)
        changes = writer.render(lambda step, done, total: None)
        index.keep(connection, catalog, [(id, after) for _, id, after in changes], new={id for _, id, _ in changes})
        digest.add(changes)
        created += len(changes)
        progress("records", created, 0)
    return Outcome(_raise_revision(connection, dict(dataset), digest, at, Reason.source, note, None), created)


class Digest:
    """Checksum of all changes so far, in order."""

    def __init__(self, before: str):
        self._hash = hashlib.sha256(before.encode())

    def add(self, changes: Iterable[tuple[Operation, str, str | None]]) -> None:
        """Take some changes in."""
        for op, id, after in changes:
            self._hash.update(f"\n{op} {id} {after}".encode())

    def __str__(self) -> str:
        return self._hash.hexdigest()


def _raise_revision(
    connection: Connection,
    dataset: Mapping[str, Any],
    digest: Digest,
    at: datetime,
    reason: Reason,
    note: str | None,
    seed: str | None,
) -> int:
    number: int = dataset["revision"] + 1
    when = at.isoformat()
    connection.execute(insert(Revision).values(number=number, at=when, reason=reason, note=note, digest=str(digest)))
    connection.execute(
        update(Dataset).values(revision=number, digest=str(digest), at=when, seed=seed or dataset["seed"])
    )
    return number
