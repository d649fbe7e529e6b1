"""One PostgreSQL server for the run, and seeded, empty and served databases on it and on SQLite."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.databases import BACKENDS, Database, Maker, stop_server
from tests.seeds import article

SHARED = "INITIATIVES_TEST_FOLDER"
"""Environment variable that tells the workers of one run their common folder."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's common folder.

    It lies outside of pytest's own, which nobody but the owner may enter: run by root, the PostgreSQL server belongs
    to another user. What the server's package keeps besides goes there, too, wherever XDG_RUNTIME_DIR points.
    """
    if not hasattr(config, "workerinput"):
        shared = Path(mkdtemp(prefix="initiatives-test-"))
        (shared / "runtime").mkdir(mode=0o700)
        os.environ[SHARED], os.environ["XDG_RUNTIME_DIR"] = str(shared), str(shared / "runtime")
        # Whoever ends the run early, as `timeout` and CI do, must not leave the server behind.
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_unconfigure(config: pytest.Config) -> None:
    """When all workers are done, stop the server if one was started, and remove the common folder."""
    if not hasattr(config, "workerinput") and SHARED in os.environ:
        shared = Path(os.environ.pop(SHARED))
        stop_server(shared)
        rmtree(shared)


@pytest.fixture(scope="session")
def maker(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Maker]:
    """Makes databases."""
    made = Maker(tmp_path_factory.mktemp("databases"), Path(os.environ[SHARED]), worker_id)
    yield made
    made.close()


@pytest.fixture(scope="session")
def article_seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The article's seed folders, not to be edited."""
    return article(tmp_path_factory.mktemp("seed"))


@pytest.fixture
def seed_copy(tmp_path: Path) -> Path:
    """The article's seed folders, to be edited."""
    return article(tmp_path / "seed")


@pytest.fixture(scope="session")
def template(maker: Maker, article_seed: Path) -> Iterator[Callable[[str], Database]]:
    """A seeded database of a backend that nobody is connected to, made when it is first asked for."""
    with ExitStack() as stack:

        @cache
        def made(backend: str) -> Database:
            database = stack.enter_context(maker.database(backend))
            database.prepare(article_seed)
            database.engine.dispose()
            return database

        yield made


@pytest.fixture(scope="session")
def seeded(maker: Maker, template: Callable[[str], Database]) -> Iterator[Callable[[str], Database]]:
    """The seeded database of a backend, for reading only."""
    with ExitStack() as stack:
        yield cache(lambda backend: stack.enter_context(maker.database(backend, template(backend))))


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each of the databases that the program runs on."""
    return str(request.param)


@pytest.fixture(scope="session")
def database(backend: str, seeded: Callable[[str], Database]) -> Database:
    """A database with the article's data, for reading only."""
    return seeded(backend)


@pytest.fixture
def own_database(backend: str, maker: Maker, template: Callable[[str], Database]) -> Iterator[Database]:
    """A database with the article's data that a test may change."""
    with maker.database(backend, template(backend)) as made:
        yield made


@pytest.fixture
def large_database(own_database: Database) -> Database:
    """The same with 5,000 places more."""
    own_database.rows(
        "INSERT INTO record (id, resource, state, seeded, title, title_folded, disputed, document) "
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
        "SELECT 'land-' || i, 'places', 'live', seeded, title, title_folded, disputed, "
        "replace(document, 'india', 'land-' || i) FROM n, record WHERE id = 'india' RETURNING id"
    )
    own_database.rows(
        "INSERT INTO place (id, kind) SELECT id, 'country' FROM record WHERE id LIKE 'land-%' RETURNING id"
    )
    return own_database


@pytest.fixture
def fresh_database(backend: str, maker: Maker) -> Iterator[Database]:
    """A database with nothing in it."""
    with maker.database(backend) as made:
        yield made


@contextmanager
def served(database: Database, **settings: Any) -> Iterator[httpx.Client]:
    """A client of the program, which answers from a database on a port of this machine."""
    import uvicorn

    from app.main import create_app
    from app.serving import Protocol
    from app.settings import Settings

    app = create_app(Settings(**{"database_url": database.url, "better_sources": False, **settings}))
    server = uvicorn.Server(uvicorn.Config(app, http=Protocol, lifespan="on", ws="none", log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            # The socket listens already: the first request waits until the server takes it up.
            port = listener.getsockname()[1]
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def clients(seeded: Callable[[str], Database]) -> Iterator[Callable[[str], httpx.Client]]:
    """The client of a backend's seeded database."""
    with ExitStack() as stack:
        yield cache(lambda backend: stack.enter_context(served(seeded(backend))))


@pytest.fixture(scope="session")
def client(backend: str, clients: Callable[[str], httpx.Client]) -> httpx.Client:
    """A client of the article's data, on each of the databases in turn."""
    return clients(backend)


@pytest.fixture(scope="session")
def both(clients: Callable[[str], httpx.Client]) -> tuple[httpx.Client, httpx.Client]:
    """Clients of the same data on SQLite and on PostgreSQL."""
    sqlite, postgresql = map(clients, BACKENDS)
    return sqlite, postgresql
