"""Engine for writing, snapshots for reading, and what each of the two databases needs set up."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from sqlalchemy import Dialect, Engine, Enum, Executable, String, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.compiler import compiles
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

Row = tuple[Any, ...]
Fetch = Callable[["Query"], Awaitable[list[Row]]]

LOCK_KEY = 0x1717_A717
"""Advisory lock under which one instance at a time migrates and seeds."""


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


def choices(values: type[StrEnum], name: str | None = None) -> Choices:
    """Column type for one of the values of an enum."""
    return Choices(
        values,
        name=name or values.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        values_callable=lambda members: [member.value for member in members],
    )


class Unavailable(Exception):
    """The database cannot be reached or has no connection free."""


class TooSlow(Exception):
    """The database gave up on a statement at the time limit."""


class Query:
    """A Core statement compiled once for a dialect: its SQL, and the values to run it with."""

    __slots__ = ("sql", "values")

    def __init__(self, sql: str, values: Mapping[str, Any]):
        self.sql, self.values = sql, values

    @classmethod
    def of(cls, statement: Executable, dialect: Dialect) -> "Query":
        """Compile a statement whose values are already bound."""
        compiled = statement.compile(  # type: ignore[attr-defined]
            dialect=dialect, compile_kwargs={"render_postcompile": True}
        )
        return cls(str(compiled), dict(compiled.params))

    def __call__(self, **values: Any) -> "Query":
        """The same SQL with other values."""
        return Query(self.sql, {**self.values, **values})


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
    """Whether this SQLite library is free of the bug in which a reset of the log loses a commit."""
    return version >= (3, 51, 3) or version[:2] in ((3, 50), (3, 44)) and version[2] >= {50: 7, 44: 6}[version[1]]


def engine(text: str) -> Engine:
    """A synchronous engine for migrating and writing; every transaction on SQLite takes the lock at once."""
    url = database_url(text)
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 5})
    made = create_engine(url, connect_args={"timeout": 60})

    @event.listens_for(made, "connect")
    def set_up(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_mode = {'WAL' if write_ahead_log_is_safe() else 'DELETE'}")

    @event.listens_for(made, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return made


class Reader:
    """Reads from one database; every read happens inside a snapshot of one moment."""

    dialect: Dialect

    async def open(self) -> None:
        """Connect; raises Unavailable where nothing answers."""

    async def close(self) -> None:
        """Let go of every connection."""

    @asynccontextmanager
    async def snapshot(self, *, heavy: bool = False) -> AsyncIterator[Fetch]:
        """A function that runs queries, all of which see the database at one moment.

        `heavy` keeps queries that may take longer than a millisecond off the event loop.
        """
        raise NotImplementedError
        yield


class SqliteReader(Reader):
    """A file next door: quick queries run on the event loop, heavy ones in a few threads."""

    def __init__(self, url: URL, *, timeout_ms: int, pool_size: int):
        self.dialect = _dialect(url, paramstyle="named")
        self._path = str(url.database)
        self._timeout = timeout_ms / 1000
        self._idle: list[sqlite3.Connection] = []
        self._threads = ThreadPoolExecutor(pool_size, thread_name_prefix="heavy-read")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=0.25, cached_statements=512
        )
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA mmap_size = 268435456")
        return connection

    @asynccontextmanager
    async def snapshot(self, *, heavy: bool = False) -> AsyncIterator[Fetch]:
        connection = self._idle.pop() if self._idle else self._connect()
        deadline = time.monotonic() + self._timeout
        connection.set_progress_handler(lambda: time.monotonic() > deadline, 20_000)

        def run(query: Query) -> list[Row]:
            return connection.execute(query.sql, query.values).fetchall()

        async def fetch(query: Query) -> list[Row]:
            if heavy:
                return await asyncio.get_running_loop().run_in_executor(self._threads, run, query)
            return run(query)

        try:
            connection.execute("BEGIN")
            yield fetch
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            connection.close()
            if "interrupted" in str(error):
                raise TooSlow from None
            raise Unavailable(str(error)) from error
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    async def close(self) -> None:
        self._threads.shutdown(wait=False)
        while self._idle:
            self._idle.pop().close()


class PostgresReader(Reader):
    """A server elsewhere: every query is awaited."""

    def __init__(self, url: URL, *, timeout_ms: int, pool_size: int):
        self.dialect = _dialect(url)
        self._pool = AsyncConnectionPool(
            url.set(drivername="postgresql").render_as_string(hide_password=False),
            min_size=1,
            max_size=pool_size,
            timeout=0.4,
            open=False,
            check=AsyncConnectionPool.check_connection,
            kwargs={
                "autocommit": True,
                "connect_timeout": 5,
                "options": f"-c statement_timeout={timeout_ms} -c default_transaction_read_only=on -c timezone=UTC",
            },
        )

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def snapshot(self, *, heavy: bool = False) -> AsyncIterator[Fetch]:
        try:
            async with self._pool.connection() as connection:
                await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")

                async def fetch(query: Query) -> list[Row]:
                    cursor = await connection.execute(query.sql, query.values)  # type: ignore[call-overload]
                    rows: list[Row] = await cursor.fetchall()
                    return rows

                try:
                    yield fetch
                finally:
                    await connection.execute("ROLLBACK")
        except psycopg.errors.QueryCanceled:
            raise TooSlow from None
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise Unavailable(type(error).__name__) from error


def reader(text: str, *, timeout_ms: int, pool_size: int) -> Reader:
    """The reader for a database URL."""
    url = database_url(text)
    kind = SqliteReader if url.get_backend_name() == "sqlite" else PostgresReader
    return kind(url, timeout_ms=timeout_ms, pool_size=pool_size)


def _dialect(url: URL, **options: Any) -> Dialect:
    kind = url.get_dialect()
    return kind(**options)


def in_batches(items: Sequence[str], size: int = 500) -> list[Sequence[str]]:
    """The items in pieces small enough for one statement."""
    return [items[start : start + size] for start in range(0, len(items), size)]
