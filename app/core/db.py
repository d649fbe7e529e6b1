"""The two databases: types of columns, engines for writing, and what every reader has in common."""

import sqlite3
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Dialect, Engine, Enum, Executable, String, Text, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

Row = Sequence[Any]


class Characters(String):
    """Text compared by code point on every database."""

    cache_ok = True


class Choices(Enum):
    """An enum kept as text, checked by the database, compared by code point."""

    cache_ok = True


@compiles(Characters, "postgresql")
@compiles(Choices, "postgresql")
def _by_code_point(kind: String, compiler: Any, **_: Any) -> str:
    return 'VARCHAR COLLATE "C"'


class Json(TypeDecorator[Any]):
    """A JSON value kept as its text, so that both databases hold the same bytes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


def choices(values: type[StrEnum]) -> Choices:
    """Column type for one value of an enum."""
    return Choices(
        values,
        name=values.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        values_callable=lambda members: [member.value for member in members],
    )


class Unavailable(Exception):
    """The database cannot be reached, or has no connection free in time."""


class Busy(Unavailable):
    """The database is there, and every connection to it is taken."""


class Recovering(Unavailable):
    """A replica gave up a query, since it stood in the way of what arrives from the primary."""


WAIT = 0.4
"""Seconds to wait for a free connection before saying that there is none."""


class TooSlow(Exception):
    """The database gave up on a statement at the time limit."""


class Query:
    """A statement compiled once for one dialect; `heavy` where it is known, or once it was seen, to take long."""

    __slots__ = ("defaults", "heavy", "names", "sql")

    def __init__(self, statement: Executable, dialect: Dialect, *, heavy: bool = False):
        compiled = statement.compile(  # type: ignore[attr-defined]
            dialect=dialect, compile_kwargs={"render_postcompile": True}
        )
        self.sql = str(compiled)
        self.names: tuple[str, ...] = tuple(compiled.positiontup or ())
        self.defaults: dict[str, Any] = dict(compiled.params)
        self.heavy = heavy

    def arguments(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values in the order in which the SQL takes them; constants of the statement need not be given."""
        defaults = self.defaults
        return tuple(values[name] if name in values else defaults[name] for name in self.names)


def database_url(text: str) -> URL:
    """The URL with our driver; ValueError where it names no database that we know."""
    try:
        url = make_url(text)
    except Exception:
        raise ValueError("DATABASE_URL is not a URL such as sqlite:///file or postgresql://...") from None
    backend = url.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        if not url.database or url.database == ":memory:":
            raise ValueError("DATABASE_URL must name a SQLite file, such as sqlite:///initiatives.db")
        return url
    raise ValueError(f"DATABASE_URL begins with {backend}; sqlite and postgresql are known")


def write_ahead_log_is_safe(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether this SQLite library is free of the bug in which resetting the log loses a commit."""
    return version >= (3, 51, 3) or (version[:2] in ((3, 50), (3, 44)) and version[2] >= {50: 7, 44: 6}[version[1]])


def engine(text: str) -> Engine:
    """An engine for migrating and writing; every transaction on SQLite takes the write lock at once."""
    url = database_url(text)
    if url.get_backend_name() != "sqlite":
        return create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args={"connect_timeout": 5})
    made = create_engine(url, hide_parameters=True, connect_args={"timeout": 60})

    @event.listens_for(made, "connect")
    def set_up(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        # A transaction that spills its cache locks readers out long before it commits.
        connection.execute("PRAGMA cache_spill = OFF")
        connection.execute(f"PRAGMA journal_mode = {'WAL' if write_ahead_log_is_safe() else 'DELETE'}")

    @event.listens_for(made, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return made


Gauges = dict[str, tuple[str, "float | dict[str, float]"]]
"""Numbers of the moment: by name, what they are and how much, or how much for each server."""


class Reader:
    """Reads from one database, one statement at a time; a statement sees the database at one moment."""

    dialect: Dialect

    def gauges(self) -> Gauges:
        """How the connections are doing, for metrics."""
        return {}

    async def open(self) -> None:
        """Make connections ready; a database that is away is noticed when it is first asked."""

    async def close(self) -> None:
        """Let go of every connection."""

    async def fetch(self, query: Query, values: Mapping[str, Any]) -> Sequence[Row]:
        """All rows of a query. Raises Unavailable and TooSlow."""
        raise NotImplementedError

    async def version(self) -> Any:
        """Something that is another after each commit, by whomever. Raises Unavailable."""
        raise NotImplementedError
