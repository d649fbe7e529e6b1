"""Reads from a PostgreSQL server."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import asyncpg
from sqlalchemy import column, select, table
from sqlalchemy.engine import URL

from app.core.db import WAIT, Busy, Gauges, Query, Reader, Recovering, Row, TooSlow, Unavailable

WAIT_TO_CONNECT = 1.0
"""Seconds to wait for a connection that has to be made first."""
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
