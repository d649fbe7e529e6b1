"""The two databases: engines for writing, readers for reading, and what each of them needs set up."""

import asyncio
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any
from urllib.parse import quote

import asyncpg
import orjson
from sqlalchemy import Dialect, Engine, Enum, Executable, String, Text, column, create_engine, event, select, table
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
WAIT_TO_CONNECT = 1.0
"""The same for a connection that has to be made first."""


class TooSlow(Exception):
    """The database gave up on a statement at the time limit."""


class Query:
    """A statement compiled once for one dialect; `heavy` once it was seen to take long."""

    __slots__ = ("defaults", "heavy", "names", "sql")

    def __init__(self, statement: Executable, dialect: Dialect):
        compiled = statement.compile(  # type: ignore[attr-defined]
            dialect=dialect, compile_kwargs={"render_postcompile": True}
        )
        self.sql = str(compiled)
        self.names: tuple[str, ...] = tuple(compiled.positiontup or ())
        self.defaults: dict[str, Any] = dict(compiled.params)
        self.heavy = False

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


HEADER_AT, HEADER_BYTES = 18, 22
"""Where the part of a file begins that tells commits apart, and its bytes: first the kind of journal, then counters."""
ROLLBACK_JOURNAL = b"\x01"
"""The kind of journal of a file that commits are written into; 2 with a write-ahead log."""


class SqliteReader(Reader):
    """A file next door: quick queries run on the event loop, longer ones move to a few threads."""

    BUDGET = 20
    """Thousands of steps that a query may take on the event loop before it is stopped and run in a thread.

    Steps, not seconds: whether a query is heavy must not depend on what else the machine does. 20,000 take
    about a millisecond.
    """

    def __init__(self, url: URL, *, timeout: float, connections: int):
        dialect: Any = url.get_dialect()
        self.dialect = dialect(paramstyle="qmark")
        self._path = str(url.database)
        self._timeout = timeout
        self._here: sqlite3.Connection | None = None
        self._idle: list[sqlite3.Connection] = []
        self._connections, self._in_use = connections, 0
        self._file: tuple[int, int] | None = None
        self._descriptor = -1
        self._header: bytes | None = None
        """The file's header when `_version` was its version: nobody was writing then."""
        self._version: Any = None
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="read", initializer=_step_back)
        self._free = asyncio.Semaphore(connections)

    def gauges(self) -> Gauges:
        return {
            "pool_size": ("Connections that may be used at once for queries that take long.", self._connections),
            "pool_in_use": ("Connections in use.", self._in_use),
        }

    def _same_file(self) -> None:
        """Let go of connections to a file that is no longer the one of this name, such as before a backup was put back."""
        try:
            found = os.stat(self._path)  # noqa: PTH116 - looked at by every request: a Path takes twice as long
            if (found.st_dev, found.st_ino) != self._file:
                self._forget()
                # Opened before any connection is, and closed with them: closing it would end their locks.
                self._descriptor = os.open(self._path, os.O_RDONLY)
                opened = os.fstat(self._descriptor)
                self._file = (opened.st_dev, opened.st_ino)
        except OSError as error:
            self._forget()
            raise Unavailable(type(error).__name__) from error

    def _forget(self) -> None:
        for connection in [*self._idle, self._here]:
            if connection:
                connection.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._idle, self._here, self._file, self._descriptor, self._header = [], None, None, -1, None

    def _connect(self, *, wait: float) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(self._path)}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=wait,
            cached_statements=512,
        )
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA mmap_size = 268435456")
        return connection

    async def fetch(self, query: Query, values: Mapping[str, Any]) -> Sequence[Row]:
        arguments = query.arguments(values)
        self._same_file()
        if not query.heavy:
            try:
                if self._here is None:
                    self._here = self._connect(wait=0)
                steps = iter(range(self.BUDGET))
                self._here.set_progress_handler(lambda: next(steps, None) is None, 1000)
                return self._here.execute(query.sql, arguments).fetchall()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                    query.heavy = True
                elif error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    self._here = None
                    raise _away(error) from error
        try:
            await asyncio.wait_for(self._free.acquire(), WAIT)
        except TimeoutError:
            raise Busy("no connection is free") from None
        self._in_use += 1
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._fetch_in_thread, query.sql, arguments)
        # The thread goes on where the one who asks goes away: the place is free when the thread is.
        work.add_done_callback(self._done)
        return await asyncio.shield(work)

    def _done(self, work: "asyncio.Future[Sequence[Row]]") -> None:
        self._in_use -= 1
        self._free.release()
        if not work.cancelled():
            work.exception()

    async def version(self) -> Any:
        self._same_file()
        if self._header is not None and self._read_header() == self._header:
            return self._version
        try:
            if self._here is None:
                self._here = self._connect(wait=0)
            self._here.set_progress_handler(None, 0)
            self._here.execute("BEGIN")
            try:
                self._version = self._here.execute("PRAGMA data_version").fetchone()[0], id(self._here)
                # Inside a transaction, when nobody is writing: a header that a writer leaves behind who is killed
                # before it commits is never taken for one that counts.
                self._header = self._read_header()
            finally:
                self._here.execute("ROLLBACK")
            return self._version
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                # Somebody commits at this moment: equal to nothing that was seen before, so that whoever asks looks.
                return object()
            self._here = None
            raise Unavailable(str(error)) from error

    def _read_header(self) -> bytes | None:
        """The part of the file's header that each commit changes; null where commits go to a log beside the file.

        That is a tenth of the time that `PRAGMA data_version` takes, which locks and unlocks the file.
        """
        header = os.pread(self._descriptor, HEADER_BYTES, HEADER_AT) if hasattr(os, "pread") else b""
        return header if header[:1] == ROLLBACK_JOURNAL else None

    def _fetch_in_thread(self, sql: str, arguments: tuple[Any, ...]) -> Sequence[Row]:
        file = self._file
        try:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._connect(wait=self._timeout)
            deadline = time.monotonic() + self._timeout
            connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
            rows = connection.execute(sql, arguments).fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                self._give_back(connection, file)
                raise TooSlow from None
            raise _away(error) from error
        self._give_back(connection, file)
        return rows

    def _give_back(self, connection: sqlite3.Connection, file: tuple[int, int] | None) -> None:
        if file == self._file:
            self._idle.append(connection)
        else:
            connection.close()

    async def close(self) -> None:
        self._threads.shutdown(wait=True)
        self._forget()


def _step_back() -> None:
    """Let the thread that answers quick requests go first where both share a core.

    Elsewhere than on Linux a priority is that of the whole process.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _away(error: sqlite3.OperationalError) -> Exception:
    """Unavailable, or the error itself where our SQL is to blame; a file without tables is not ready yet."""
    ours = error.sqlite_errorcode == sqlite3.SQLITE_ERROR and "no such table" not in str(error)
    return error if ours else Unavailable(str(error))


LOST = (asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, OSError)
"""What a connection raises whose server went away."""


class PostgresReader(Reader):
    """A server elsewhere: every query is awaited, on a connection of a bounded pool."""

    PAUSE = 0.5
    """Seconds between attempts to reach a server that was away; in between, requests fail at once."""

    def __init__(self, url: URL, *, timeout: float, connections: int):
        self.dialect = url.set(drivername="postgresql+asyncpg").get_dialect()()
        self.name = f"{url.host or url.query.get('host', 'localhost')}:{url.port or url.query.get('port', 5432)}"
        self._url = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._timeout = timeout
        self._connections = connections
        self._pool: asyncpg.Pool[Any] | None = None
        self._opening = asyncio.Lock()
        self._revision = Query(select(column("revision")).select_from(table("dataset")), self.dialect)
        self._watch: asyncpg.Connection[Any] | None = None
        self._next: asyncio.Future[Any] | None = None
        self._checking: asyncio.Future[None] | None = None
        self._away = self._trying = False
        self._again = 0.0
        self._server_settings = {
            "application_name": "initiatives",
            "statement_timeout": str(int(timeout * 1000)),
            "default_transaction_read_only": "on",
            "timezone": "UTC",
            "jit": "off",
        }

    def gauges(self) -> Gauges:
        size, idle = (self._pool.get_size(), self._pool.get_idle_size()) if self._pool else (0, 0)
        return {
            "pool_size": ("Connections that may be open at once.", self._connections),
            "pool_open": ("Connections that are open.", size),
            "pool_in_use": ("Connections in use.", size - idle),
            "database_away": ("Whether the server did not answer when it was last asked.", float(self._away)),
        }

    async def open(self) -> None:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=self._connections,
                    max_queries=10**9,
                    timeout=5,
                    max_inactive_connection_lifetime=300,
                    reset=_nothing_to_reset,
                    server_settings=self._server_settings,
                )

    async def version(self) -> Any:
        """The revision, read once for all who asked before the reading began."""
        waiting = self._next
        if waiting is None:
            waiting = self._next = asyncio.get_running_loop().create_future()
            if self._checking is None:
                self._checking = asyncio.ensure_future(self._check())
        return await asyncio.shield(waiting)

    async def _check(self) -> None:
        while (waiting := self._next) is not None:
            self._next = None
            try:
                rows = await self._guarded(self._fetch_watching, self._revision, {})
                answer: Any = rows[0][0]
            except Exception as error:
                if not waiting.done():
                    waiting.set_exception(error)
                waiting.exception()
                continue
            if not waiting.done():
                waiting.set_result(answer)
        self._checking = None

    async def close(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.terminate()
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    async def fetch(self, query: Query, values: Mapping[str, Any]) -> Sequence[Row]:
        return await self._guarded(self._fetch, query, values)

    async def _guarded(
        self, ask: Callable[[str, tuple[Any, ...]], Awaitable[Sequence[Row]]], query: Query, values: Mapping[str, Any]
    ) -> Sequence[Row]:
        """Ask, unless the server was away a moment ago: then one request in a while finds out whether it is back."""
        if self._away and (self._trying or time.monotonic() < self._again):
            raise Unavailable("the server was away a moment ago")
        trying = self._trying = self._away
        try:
            rows = await ask(query.sql, query.arguments(values))
            self._away = False
            return rows
        except asyncpg.QueryCanceledError:
            raise TooSlow from None
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError) as error:
            raise Recovering(type(error).__name__) from error
        except (asyncpg.TooManyConnectionsError, asyncpg.UndefinedTableError) as error:
            raise Unavailable(type(error).__name__) from error
        except (*LOST, asyncpg.CannotConnectNowError) as error:
            self._away, self._again = True, time.monotonic() + self.PAUSE
            raise Unavailable(type(error).__name__) from error
        finally:
            if trying:
                self._trying = False

    async def _fetch(self, sql: str, arguments: tuple[Any, ...]) -> Sequence[Row]:
        if self._pool is None:
            await self.open()
        assert self._pool is not None
        for attempt in (1, 2):
            full = self._pool.get_size() >= self._connections
            try:
                connection = await self._pool.acquire(timeout=WAIT if full else WAIT_TO_CONNECT)
            except TimeoutError:
                if not full:
                    raise ConnectionError("the server does not answer") from None
                raise Busy("no connection is free") from None
            try:
                # The server ends a statement at its time limit; one that does not is lost, however it hangs.
                rows: list[Row] = await connection.fetch(sql, *arguments, timeout=self._timeout + 1)
                return rows
            except TimeoutError:
                connection.terminate()
                raise
            except LOST:
                # The server ended an idle connection: another one may be good.
                if attempt == 2:
                    raise
            finally:
                await self._pool.release(connection)
        raise AssertionError("unreachable")

    async def _fetch_watching(self, sql: str, arguments: tuple[Any, ...]) -> Sequence[Row]:
        """The same on a connection apart, so that kept answers do not wait behind queries that take long."""
        for attempt in (1, 2):
            if (watch := self._watch) is None or watch.is_closed():
                watch = self._watch = await asyncpg.connect(
                    self._url, timeout=WAIT_TO_CONNECT, server_settings=self._server_settings
                )
            try:
                rows: list[Row] = await watch.fetch(sql, *arguments, timeout=WAIT_TO_CONNECT)
                return rows
            except LOST as error:
                watch.terminate()
                if attempt == 2 or isinstance(error, TimeoutError):
                    raise
        raise AssertionError("unreachable")


async def _nothing_to_reset(connection: "asyncpg.Connection[Any]") -> None:
    """Statements that only read leave nothing behind on their connection."""


def reader(text: str, *, timeout: float, connections: int) -> Reader:
    """The reader for a database URL; `timeout` in seconds for a statement."""
    url = database_url(text)
    kind = SqliteReader if url.get_backend_name() == "sqlite" else PostgresReader
    return kind(url, timeout=timeout, connections=connections)
