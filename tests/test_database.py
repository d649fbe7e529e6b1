"""Both databases check what they hold, migrate up and down, hold the same bytes, and stay whole whatever happens."""

import subprocess
import sys
from collections import Counter

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Boolean, Float, Integer, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from app.core.db import Choices
from app.core.documents import documents
from app.resources import CATALOG
from app.startup import NewerSchema, migrate, revisions
from tests.databases import AT, BACKENDS, OWN_WAYS
from tests.seeds import TESTS, add_second, article

TABLES = SQLModel.metadata.tables
CHECKED = [
    pytest.param(table.name, column.name, id=f"{table.name}.{column.name}")
    for table in TABLES.values()
    for column in table.c
    if isinstance(column.type, Choices)
]
LINKS = [
    pytest.param(table.name, column.name, key.column.table.name, id=f"{table.name}.{column.name}")
    for table in TABLES.values()
    for column in table.c
    for key in column.foreign_keys
]


def plausible(connection, table):
    """A row for a table that breaks no rule but that of what its links point to."""
    row = {}
    for column in table.c:
        if column.nullable:
            row[column.name] = None
        elif isinstance(column.type, Choices):
            row[column.name] = column.type.enums[0]
        elif isinstance(column.type, Boolean):
            row[column.name] = False
        elif isinstance(column.type, Integer | Float):
            row[column.name] = 90_000
        else:
            row[column.name] = "a-new-one"
    for column in table.c:
        if (column.foreign_keys and column.name != "id") and not column.nullable:
            (key,) = column.foreign_keys
            row[column.name] = connection.execute(
                text(f"SELECT min({key.column.name}) FROM {key.column.table.name}")
            ).scalar()
    if "id" in row and table.c.id.foreign_keys:
        free = f"SELECT min(id) FROM record WHERE id NOT IN (SELECT id FROM {table.name})"
        row["id"] = connection.execute(text(free)).scalar()
    return row


def insert(connection, table, row):
    """Past our own types, so that only the database can refuse."""
    names = ", ".join(f'"{name}"' for name in row)
    slots = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table.name} ({names}) VALUES ({slots})"), row)


def refused(database, work):
    """The words in which the database refuses a transaction."""
    with pytest.raises(IntegrityError) as refusal, database.engine.begin() as connection:
        work(connection)
    return str(refusal.value.orig).lower()


@pytest.mark.parametrize(("table", "column"), CHECKED)
def test_the_database_checks_enums(database, table, column):
    made = TABLES[table]

    def with_value(connection, value):
        insert(connection, made, plausible(connection, made) | {column: value})

    for value in ("bogus", "", made.c[column].type.enums[0].swapcase()):
        assert "check" in refused(database, lambda connection, value=value: with_value(connection, value))
    for value in made.c[column].type.enums:
        with database.engine.connect() as connection, connection.begin() as transaction:
            with_value(connection, value)
            transaction.rollback()


@pytest.mark.parametrize(("table", "column", "target"), LINKS)
def test_the_database_checks_links(database, table, column, target):
    made = TABLES[table]
    nowhere = 4_000_000 if isinstance(made.c[column].type, Integer) else "nowhere"

    def dangling(connection):
        insert(connection, made, plausible(connection, made) | {column: nowhere})

    assert "foreign key" in refused(database, dangling)
    with database.engine.connect() as connection, connection.begin() as transaction:
        good = connection.execute(text(f"SELECT min(id) FROM {target}")).scalar() if target == "record" else None
        row = plausible(connection, made)
        insert(connection, made, row | ({column: good} if good and row[column] is None else {}))
        if database.backend == "postgresql":
            connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        else:
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        transaction.rollback()


SCHEMA = {
    "sqlite": "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name",
    "postgresql": """
        SELECT 'column', table_name, column_name, ordinal_position::text || ' ' || data_type || ' ' || is_nullable
            || ' ' || coalesce(collation_name, '') || ' ' || coalesce(column_default, '')
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        ORDER BY 1, 2, 3, 4""",
}


def test_the_migrations_make_what_is_declared(database):
    with database.engine.begin() as connection:
        options = {
            "compare_type": True,
            "include_name": lambda name, *_: not (name or "").removeprefix("ix_").startswith(OWN_WAYS),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []


def test_every_index_and_constraint_is_declared(database):
    declared = {index.name for table in TABLES.values() for index in table.indexes}
    found = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'ix%'",
        "postgresql": "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'ix%'",
    }
    names = {name for (name,) in database.rows(found[database.backend])}
    assert {name for name in names if not name.removeprefix("ix_").startswith(OWN_WAYS)} == declared


@pytest.mark.parametrize(("table", "column", "target"), LINKS)
def test_links_are_followed_backwards_by_an_index(database, table, column, target):
    """Without one, each row of the target that goes away has the whole table read."""
    with database.engine.connect() as connection:
        found = inspect(connection)
        indexes = [index["column_names"] for index in found.get_indexes(table)]
        indexes.append(found.get_pk_constraint(table)["constrained_columns"])
    assert column in {columns[0] for columns in indexes}


@pytest.mark.parametrize("revision", revisions()[:-1])
def test_down_and_up_again(own_database, article_seed, revision):
    schema, before = own_database.rows(SCHEMA[own_database.backend]), own_database.contents()
    with own_database.engine.begin() as connection:
        migrate(connection, revision)
    assert own_database.rows(SCHEMA[own_database.backend]) != schema
    assert own_database.prepare(article_seed) is None
    assert own_database.rows(SCHEMA[own_database.backend]) == schema
    assert own_database.contents() == before


def test_down_to_nothing_and_up_again(own_database, article_seed):
    schema, before = own_database.rows(SCHEMA[own_database.backend]), own_database.contents()
    assert len(schema) > 100
    with own_database.engine.begin() as connection:
        migrate(connection, "base")
    assert own_database.tables() == ["alembic_version"]
    assert own_database.prepare(article_seed).revision == 1
    assert own_database.rows(SCHEMA[own_database.backend]) == schema
    assert own_database.contents() == before


def test_documents_equal_a_fresh_rendering(database):
    stored = database.documents()
    with database.engine.begin() as connection:
        for resource in CATALOG:
            ids = [id for id, record in stored.items() if record["resource"] == resource.name]
            fresh = {values["id"]: values for values in documents(connection, CATALOG, resource, ids)}
            assert fresh == {id: stored[id] for id in ids}
            assert [list(values) for values in fresh.values()] == [list(stored[id]) for id in fresh]


def test_both_databases_hold_the_same(seeded):
    sqlite, postgresql = (seeded(backend).contents() for backend in BACKENDS)
    assert sqlite == postgresql
    assert len(sqlite["change"]) == len(sqlite["record"]) > 400


def test_both_databases_hold_the_same_after_changes(maker, template, tmp_path):
    held = []
    for backend in BACKENDS:
        with maker.database(backend, template(backend)) as database:
            for name in ("first", "second"):
                folder = tmp_path / backend / name
                database.prepare(add_second(article(folder)) if name == "first" else article(folder))
            held.append(database.contents())
    assert held[0] == held[1]
    assert held[0]["dataset"][0][1] == 3


class Killed(Exception):
    """Raised in the middle of the work."""


@pytest.mark.parametrize("when", [("rows", 1), ("rows", 20), ("documents", 1), ("documents", 400)])
def test_nothing_is_left_of_work_that_failed(fresh_database, article_seed, when):
    def progress(step, done, total):
        if (step, done) == when:
            raise Killed

    with pytest.raises(Killed):
        fresh_database.prepare(article_seed, progress=progress)
    assert fresh_database.tables() == []
    assert fresh_database.prepare(article_seed).revision == 1


def test_nothing_is_left_of_a_change_that_failed(own_database, seed_copy):
    before = own_database.contents()
    add_second(seed_copy)

    def progress(step, done, total):
        if (step, done) == ("documents", total):
            raise Killed

    with pytest.raises(Killed):
        own_database.prepare(seed_copy, progress=progress)
    assert own_database.contents() == before
    assert own_database.prepare(seed_copy).revision == 2


PREPARE = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from app.core.db import engine
from app.startup import prepare
url, seeds, at, kill = sys.argv[1:]
def progress(step, done, total):
    if f"{step} {done}" == kill:
        os.kill(os.getpid(), signal.SIGKILL)
made = engine(url)
print(prepare(made, Path(seeds), at=datetime.fromisoformat(at), progress=progress))
made.dispose()
"""


def preparing(database, seeds, kill=""):
    """A process that makes a database ready, or is killed at a step."""
    command = [sys.executable, "-W", "error", "-c", PREPARE, database.url, str(seeds), AT.isoformat(), kill]
    return subprocess.Popen(command, cwd=TESTS.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("kill", ["rows 20", "documents 400"])
def test_nothing_is_left_of_a_process_that_was_killed(fresh_database, article_seed, kill):
    process = preparing(fresh_database, article_seed, kill)
    process.communicate(timeout=120)
    assert process.returncode == -9
    assert fresh_database.tables() == []
    assert fresh_database.prepare(article_seed).revision == 1


def test_eight_processes_prepare_an_empty_database_at_once(fresh_database, article_seed, database):
    processes = [preparing(fresh_database, article_seed) for _ in range(8)]
    said = [process.communicate(timeout=240) for process in processes]
    assert [(process.returncode, errors) for process, (_, errors) in zip(processes, said, strict=True)] == [(0, "")] * 8
    outcomes = Counter(words.strip() for words, _ in said)
    assert sorted(outcomes.values()) == [1, 7]
    assert outcomes["None"] == 7
    assert fresh_database.contents() == database.contents()


def test_a_newer_schema_is_left_alone(own_database, article_seed):
    with own_database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = own_database.contents()
    with pytest.raises(NewerSchema):
        own_database.prepare(article_seed)
    assert own_database.contents() == before
