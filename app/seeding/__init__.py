"""Reads seed folders into drafts, says everything that is wrong with them, and applies them as one changeset.

The format is described in docs/seed-format.md.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, select
from sqlmodel import col

from app import __version__
from app.core.changes import Changeset, Dataset, Outcome, Reason, Refused, apply
from app.core.composing import Draft, Fault, compose
from app.core.record import Record
from app.resources import CATALOG
from app.seeding.drafting import Drafting
from app.seeding.reading import Problem, Reading, folders

__all__ = ["Problem", "Rejected", "Seed", "checksum", "folders", "is_current", "read", "seed"]


class Rejected(Exception):
    """Seed folders have problems; nothing was changed."""

    def __init__(self, problems: list[Problem]):
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass
class Seed:
    """Seed folders as read: drafts for `apply`, and how every row of an article's ledger is accounted for."""

    drafts: list[Draft]
    rows: dict[str, dict[str, str]]
    """By source and row: `statement`, `silent` or `not_data`."""
    checksum: str
    told: Callable[[Fault], Problem]
    """What is wrong with a draft, at the line that it came from."""


def checksum(root: Path, *, better_sources: bool = True) -> str:
    """Checksum of everything that would be loaded from the seed folders below `root`, and of the program that would."""
    digest = hashlib.sha256(__version__.encode())
    for folder in folders(root, better_sources=better_sources):
        for path in sorted(folder.rglob("*.yaml")):
            digest.update(f"\n{path.relative_to(root)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def read(root: Path, *, better_sources: bool = True) -> Seed:
    """The folders below `root` as one set of drafts, without a database. Raises Rejected with every problem."""
    reading = Reading(root, folders(root, better_sources=better_sources))
    reading.read()
    drafting = Drafting(reading)
    drafts = drafting.drafts()
    if not reading.problems:
        _, faults = compose(CATALOG, drafts, {}, lambda id: {})
        reading.problems += map(drafting.told, faults)
    if reading.problems:
        distinct = dict.fromkeys(reading.problems)
        raise Rejected(sorted(distinct, key=lambda problem: (problem.file, problem.line)))
    return Seed(drafts, reading.rows, checksum(root, better_sources=better_sources), drafting.told)


def seed(
    connection: Connection,
    root: Path,
    at: datetime | None = None,
    progress: Callable[[str, int, int], None] = lambda step, done, total: None,
    *,
    better_sources: bool = True,
) -> Outcome:
    """Make the seeded records those of the folders, in one changeset; records that left the folders are deleted."""
    found = read(root, better_sources=better_sources)
    here = {draft.id for draft in found.drafts}
    seeded = connection.execute(
        select(col(Record.id)).where(
            col(Record.seeded), col(Record.document).is_not(None), col(Record.resource) != "statements"
        )
    )
    changeset = Changeset(
        at=at or datetime.now(UTC),
        reason=Reason.source,
        drafts=found.drafts,
        gone=sorted(id for (id,) in seeded if id not in here),
        note=", ".join(sorted(path.name for path in folders(root, better_sources=better_sources))),
        seeded=True,
        seed=found.checksum,
    )
    try:
        return apply(connection, CATALOG, changeset, progress)
    except Refused as refused:
        raise Rejected([found.told(fault) for fault in refused.faults]) from None


def is_current(connection: Connection, root: Path, *, better_sources: bool = True) -> bool:
    """Whether the folders were loaded as they are now."""
    loaded = connection.execute(select(col(Dataset.seed))).scalar_one()
    return bool(loaded == checksum(root, better_sources=better_sources))
