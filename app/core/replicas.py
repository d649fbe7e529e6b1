"""Reads from streaming replicas of a PostgreSQL database, with the primary in reserve.

A request is answered by one server from its first statement to its last, so that all it says is of one revision.
How far a replica is behind is told by the dataset's revision on it and on the primary: that needs no privilege, and
notices a replica that is cut off as well as one that is slow.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import asyncpg

from app.core.db import Busy, Gauges, Query, Reader, Recovering, Row, Unavailable
from app.core.postgresql import PostgresReader


@dataclass(slots=True)
class Asked:
    """One request: the least revision that it accepts, and the server that answers it."""

    least: int = 0
    reader: PostgresReader | None = None


ASKED: ContextVar[Asked] = ContextVar("asked")
"""The request that is being answered."""


class Standby:
    """A replica and what is known of it."""

    def __init__(self, reader: PostgresReader):
        self.reader = reader
        self.revision: int | None = None
        """What it was seen to have; null where it does not answer."""
        self.behind_since: float | None = None
        """When it was first seen to lack what the primary has."""

    def lag(self, now: float) -> float:
        """Seconds since the primary got something that it lacks."""
        return 0.0 if self.behind_since is None else now - self.behind_since


class ReplicatedReader(Reader):
    """Asks one replica as long as it answers and keeps up, then the next one, and the primary last."""

    EVERY = 0.5
    """Seconds between two looks at all servers."""

    def __init__(self, primary: PostgresReader, replicas: Sequence[PostgresReader], *, lag: float):
        self.dialect = primary.dialect
        self.primary, self.most_lag = primary, lag
        # A process keeps to one replica: what it answers then never goes back in time. Processes begin at different ones.
        start = os.getpid() % len(replicas)
        self.standbys = [Standby(one) for one in (*replicas[start:], *replicas[:start])]
        self.fallbacks = 0
        self._newest = 0
        self._looking: asyncio.Task[None] | None = None

    async def open(self) -> None:
        for one in (self.primary, *(standby.reader for standby in self.standbys)):
            with contextlib.suppress(OSError):
                await one.open()
        await self.look()
        self._looking = asyncio.create_task(self._look_again())

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
        for one in (self.primary, *(standby.reader for standby in self.standbys)):
            await one.close()

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(self.EVERY)
            await self.look()

    async def look(self) -> None:
        """See what every server has."""
        with contextlib.suppress(Exception):
            self._newest = await self.primary.version()
        await asyncio.gather(*map(self._look_at, self.standbys))

    async def _look_at(self, standby: Standby) -> None:
        try:
            standby.revision = await standby.reader.version()
        except Exception:
            standby.revision = None
            return
        if standby.revision >= self._newest:
            standby.behind_since = None
        elif standby.behind_since is None:
            standby.behind_since = time.monotonic()

    def gauges(self) -> Gauges:
        now = time.monotonic()
        names = {standby.reader.name: standby for standby in self.standbys}
        return {
            **self.primary.gauges(),
            "replica_up": ("Whether a replica answers.", {n: float(s.revision is not None) for n, s in names.items()}),
            "replica_revision": ("Revision that a replica has.", {n: s.revision or 0 for n, s in names.items()}),
            "replica_lag_seconds": (
                "Seconds since the primary got a revision that a replica lacks.",
                {n: s.lag(now) for n, s in names.items()},
            ),
            "replica_fallbacks": ("Requests that the primary answered in place of a replica.", self.fallbacks),
        }

    async def fetch(self, query: Query, values: Mapping[str, Any]) -> Sequence[Row]:
        asked, chosen = await self._chosen()
        while chosen is not self.primary:
            try:
                return await chosen.fetch(query, values)
            except Busy:
                # The primary would not stand what the replica does not.
                raise
            except (Recovering, asyncpg.UndefinedColumnError):
                # It was asked at a bad moment, or a migration is on its way to it.
                chosen = self._primary(asked)
            except Unavailable:
                chosen = await self._other_than(asked, chosen)
        return await chosen.fetch(query, values)

    async def version(self) -> Any:
        asked, chosen = await self._chosen()
        while chosen is not self.primary:
            try:
                return await chosen.version()
            except Unavailable:
                chosen = await self._other_than(asked, chosen)
        return await chosen.version()

    async def _chosen(self) -> tuple[Asked, PostgresReader]:
        asked = ASKED.get(None) or Asked()
        if asked.reader is None:
            asked.reader = await self._choose(asked)
        return asked, asked.reader

    async def _choose(self, asked: Asked) -> PostgresReader:
        now = time.monotonic()
        for standby in self.standbys:
            if standby.revision is None or standby.lag(now) > self.most_lag:
                continue
            if standby.revision < asked.least:
                # It may have got it since.
                await self._look_at(standby)
                if standby.revision is None or standby.revision < asked.least:
                    continue
            return standby.reader
        return self._primary(asked)

    async def _other_than(self, asked: Asked, lost: PostgresReader) -> PostgresReader:
        for standby in self.standbys:
            if standby.reader is lost:
                standby.revision = None
        asked.reader = await self._choose(asked)
        return asked.reader

    def _primary(self, asked: Asked) -> PostgresReader:
        self.fallbacks += 1
        asked.reader = self.primary
        return self.primary
