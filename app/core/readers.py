"""The reader for a database URL."""

from collections.abc import Sequence

from app.core.db import Reader, database_url
from app.core.postgresql import PostgresReader
from app.core.replicas import ReplicatedReader
from app.core.sqlite import SqliteReader


def reader(text: str, *, timeout: float, connections: int, replicas: Sequence[str] = (), lag: float = 0) -> Reader:
    """The reader for a database URL and those of its replicas.

    Seconds for `timeout`, of a statement, and for `lag`, of a replica that is still read from. Raises ValueError.
    """
    urls = [database_url(one) for one in (text, *replicas)]
    if len(urls) == 1 and urls[0].get_backend_name() == "sqlite":
        return SqliteReader(urls[0], timeout=timeout, connections=connections)
    if any(url.get_backend_name() != "postgresql" for url in urls):
        raise ValueError("DATABASE_REPLICA_URLS goes with PostgreSQL alone, for the database and for every replica")
    primary, *standbys = (PostgresReader(url, timeout=timeout, connections=connections) for url in urls)
    return ReplicatedReader(primary, standbys, lag=lag) if standbys else primary
