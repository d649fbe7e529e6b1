"""Reads from a SQLite file."""

import asyncio
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from sqlalchemy.engine import URL

from app.core.db import WAIT, Busy, Gauges, Query, Reader, Row, TooSlow, Unavailable

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

    With a priority that is not the lowest, Linux lets this thread finish its slice first, a millisecond or more.
    Elsewhere than on Linux a priority is that of the whole process.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)


def _away(error: sqlite3.OperationalError) -> Exception:
    """Unavailable, or the error itself where our SQL is to blame; a file without tables is not ready yet."""
    ours = error.sqlite_errorcode == sqlite3.SQLITE_ERROR and "no such table" not in str(error)
    return error if ours else Unavailable(str(error))
