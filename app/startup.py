"""Brings a database up to date: migrates and seeds it, in one transaction and one instance at a time."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select, text

from app.core.changes import Outcome
from app.seeding import is_current, seed
from app.settings import bundled as bundled

LOCK = 0x1717_A717
"""PostgreSQL advisory lock of whoever migrates or seeds."""

Say = Callable[[str], None]
Progress = Callable[[str, int, int], None]


class NewerSchema(Exception):
    """The database was migrated by a newer program than this one."""


def revisions() -> list[str]:
    """The numbers of all migrations, oldest first, read off their file names."""
    return sorted(path.name.partition("_")[0] for path in (bundled("migrations") / "versions").glob("[0-9]*_*.py"))


def current(connection: Connection) -> str | None:
    """The number of the migration that a database is at; null for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(select(text("version_num")).select_from(text("alembic_version"))).scalar()


def migrate(connection: Connection, target: str = "head") -> None:
    """Bring the schema to a migration, up or down, on the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(bundled("migrations")))
    config.attributes["connection"] = connection
    at = current(connection)
    going_down = target == "base" or (at is not None and target in revisions() and target < at)
    (command.downgrade if going_down else command.upgrade)(config, target)


def lock(connection: Connection) -> None:
    """Wait until no other instance migrates or seeds; SQLite locked with the transaction's start."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


def prepare(
    engine: Engine,
    seeds: Path | None = None,
    *,
    say: Say = lambda words: None,
    progress: Progress = lambda step, done, total: None,
    at: datetime | None = None,
    better_sources: bool = True,
) -> Outcome | None:
    """Migrate, and load the seed folders where they differ from what was loaded last.

    Without `better_sources`, what such folders once brought is taken out again.

    Raises NewerSchema, seeding.Rejected, and what SQLAlchemy raises where the database is away.
    """
    with engine.begin() as connection:
        lock(connection)
        found, known = current(connection), revisions()
        if found is not None and found not in known:
            raise NewerSchema(
                f"The database is at migration {found}, this program knows up to {known[-1]}: install the newer program."
            )
        if found != known[-1]:
            say(f"Migrating the schema from {found or 'nothing'} to {known[-1]}")
            migrate(connection)
        folder = seeds or bundled("seed")
        if is_current(connection, folder, better_sources=better_sources):
            return None
        say(f"Seeding from {folder.name}/")
        return seed(connection, folder, at, progress, better_sources=better_sources)
