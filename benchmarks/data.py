"""Databases of one size: in the project's schema, and as the flat rows that other servers read."""

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from app.core.db import engine
from benchmarks.generate import fill
from tests.databases import Maker, stop_server

FLAT = """
    SELECT commitment.id, title, summary, initiative, pillar, program, kind, modality, status, start, due, amount,
           currency, quantity
    FROM commitment JOIN record ON record.id = commitment.id ORDER BY commitment.id
"""
INDEXED = ("initiative", "pillar", "kind", "status", "due")


def ours(folder: Path, rows: int) -> Path:
    """A SQLite file with the seed and so many invented commitments; made where it is not there yet."""
    path = folder / f"{rows}.db"
    if not path.exists():
        half = path.with_suffix(".half")
        half.unlink(missing_ok=True)
        rate = fill(engine(f"sqlite:///{half}"), rows)
        print(f"{rows:,} commitments taken in, {rate:,.0f} records a second")
        half.rename(path)
    return path


def flat(folder: Path, rows: int) -> Path:
    """The commitments alone, in one table with the same indexes and a full-text index of title and summary."""
    path = folder / f"flat-{rows}.db"
    if not path.exists():
        half = path.with_suffix(".half")
        half.unlink(missing_ok=True)
        with sqlite3.connect(half) as database:
            database.execute("PRAGMA synchronous = OFF")
            database.execute("ATTACH ? AS ours", [str(ours(folder, rows))])
            database.execute(
                "CREATE TABLE commitment (id TEXT PRIMARY KEY, title TEXT, summary TEXT, initiative TEXT, pillar TEXT, "
                "program TEXT, kind TEXT, modality TEXT, status TEXT, start TEXT, due TEXT, amount INTEGER, "
                "currency TEXT, quantity INTEGER)"
            )
            database.execute(f"INSERT INTO commitment {FLAT.replace('FROM commitment', 'FROM ours.commitment')}")
            for column in INDEXED:
                database.execute(f"CREATE INDEX by_{column} ON commitment ({column}, id)")
            database.execute("CREATE VIRTUAL TABLE commitment_fts USING fts5 (title, summary, content=commitment)")
            database.execute("INSERT INTO commitment_fts (commitment_fts) VALUES ('rebuild')")
            database.execute("ANALYZE main")
        half.rename(path)
    return path


def table(folder: Path, rows: int) -> Path:
    """The same as CSV."""
    path = folder / f"flat-{rows}.csv"
    if not path.exists():
        with sqlite3.connect(flat(folder, rows)) as database, path.open("w", newline="") as file:
            found = database.execute("SELECT * FROM commitment")
            writer = csv.writer(file)
            writer.writerow([name for name, *_ in found.description])
            writer.writerows(found)
    return path


@contextmanager
def postgresql(folder: Path, rows: int) -> Iterator[str]:
    """URL of a database with the same on PostgreSQL: TEST_DATABASE_URL's server, or one of our own."""
    with ExitStack() as stack:
        stack.callback(stop_server, folder)
        maker = stack.enter_context(closing(Maker(folder, folder, "benchmarks")))
        made = stack.enter_context(maker.database("postgresql"))
        fill(made.engine, rows)
        with made.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
        yield made.url
