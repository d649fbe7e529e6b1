"""Checks a deployment: what is set, the database, the data in it and the machine below; says what to mend."""

import importlib.util
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum, auto
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import urlsplit

import orjson
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from app import __version__, seeding, startup
from app.api.gate import HOST
from app.core.db import database_url, engine, write_ahead_log_is_safe
from app.core.documents import documents
from app.core.record import Record
from app.resources import CATALOG
from app.settings import Settings, bundled

ENOUGH = 500 << 20
"""Bytes on a disk below which it is called nearly full."""
SAMPLE = 20
"""Records of each resource whose document is rendered anew."""
OLDEST_POSTGRESQL = 14
EXTRAS = {
    "pyarrow": ("Parquet exports", "pip install 'initiatives-api[parquet]'"),
    "opentelemetry.sdk": ("traces", "pip install 'initiatives-api[traces]'"),
}


class State(StrEnum):
    """How a check came out."""

    good = auto()
    note = auto()
    """Nothing is wrong; something could be had."""
    warning = auto()
    """It works, and will not always."""
    fault = auto()


@dataclass(frozen=True)
class Finding:
    """What a check found, and what to do about it."""

    state: State
    check: str
    words: str
    mend: str = ""


def examine(chosen: Settings) -> Iterator[Finding]:
    """Every finding about a deployment, the settings first."""
    yield Finding(State.good, "program", f"Initiatives API {__version__}")
    yield from _settings(chosen)
    yield from _extras()
    yield from _disks(chosen)
    try:
        made = engine(chosen.database_url)
    except ValueError as error:
        yield Finding(
            State.fault,
            "database",
            str(error),
            "Set DATABASE_URL to sqlite:///file or postgresql://user:password@host/name.",
        )
        return
    try:
        yield from _database(made, chosen)
    finally:
        made.dispose()
    for one in _listed(chosen.database_replica_urls):
        yield from _replica(one, chosen)


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _settings(chosen: Settings) -> Iterator[Finding]:
    public = chosen.public_url
    parts = urlsplit(public) if public else None
    if parts is None:
        yield Finding(
            State.note,
            "PUBLIC_URL",
            "unset: links are path-absolute",
            "For a public service set it, such as https://data.example.org.",
        )
    elif parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        yield Finding(
            State.fault,
            "PUBLIC_URL",
            f"{public} is no address",
            "It begins with https:// and ends with the host or a path.",
        )
    elif parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1"):
        yield Finding(State.warning, "PUBLIC_URL", f"{public} is not encrypted", "Put TLS in front and write https://.")
    else:
        yield Finding(State.good, "PUBLIC_URL", str(public))
    yield from _hosts(chosen, parts.hostname if parts else None)
    if chosen.rate_limit:
        yield from _rate(chosen.rate_limit)
    if chosen.drain_seconds == 0:
        yield Finding(
            State.warning,
            "DRAIN_SECONDS",
            "0: a load balancer is not told before the end",
            "Set it to more than what lies between two of its checks.",
        )


def _hosts(chosen: Settings, public: str | None) -> Iterator[Finding]:
    hosts = _listed(chosen.allowed_hosts)
    wrong = [host for host in hosts if not HOST.fullmatch(host.encode())]
    if wrong:
        yield Finding(
            State.fault,
            "ALLOWED_HOSTS",
            f"{', '.join(wrong)}: no name of a host",
            "Names without https:// and without a path, separated by commas.",
        )
    elif not hosts and public:
        yield Finding(
            State.warning, "ALLOWED_HOSTS", "unset: requests for any Host are answered", f"Set it to {public}."
        )
    elif public and public not in {host.lower().partition(":")[0] for host in hosts}:
        yield Finding(
            State.fault,
            "ALLOWED_HOSTS",
            f"lacks {public}, the host of PUBLIC_URL: its requests get 400",
            f"Add {public}.",
        )
    elif hosts:
        yield Finding(State.good, "ALLOWED_HOSTS", ", ".join(hosts))


def _rate(limit: str) -> Iterator[Finding]:
    from limits import parse

    try:
        yield Finding(State.good, "RATE_LIMIT", f"{parse(limit)} for each client and process")
    except ValueError:
        yield Finding(State.fault, "RATE_LIMIT", f"{limit} is no limit", "Write it as 100/minute.")


def _extras() -> Iterator[Finding]:
    for module, (what, how) in EXTRAS.items():
        try:
            there = importlib.util.find_spec(module) is not None
        except ModuleNotFoundError:
            there = False
        if there:
            yield Finding(State.good, "extras", f"{what}: {module} is installed")
        else:
            yield Finding(State.note, "extras", f"{what}: {module} is not installed", f"Should you want them: {how}")


def _disks(chosen: Settings) -> Iterator[Finding]:
    folders = {"exports": chosen.exports_path or Path(gettempdir())}
    url = make_url(chosen.database_url) if "://" in chosen.database_url else None
    if url is not None and url.get_backend_name() == "sqlite" and url.database:
        folders["database"] = Path(url.database).absolute().parent
    for what, folder in folders.items():
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            yield Finding(
                State.fault, "disk", f"{folder} for {what}: {error.strerror}", "Make the folder, or name another one."
            )
            continue
        words = f"{free >> 20:,} MB free in {folder} for {what}"
        if free < ENOUGH:
            yield Finding(State.warning, "disk", words, "Free some space: a commit on a full disk is refused.")
        else:
            yield Finding(State.good, "disk", words)


def _database(made: Engine, chosen: Settings) -> Iterator[Finding]:
    url = database_url(chosen.database_url)
    shown = url.render_as_string(hide_password=True)
    sqlite = url.get_backend_name() == "sqlite"
    if sqlite:
        yield from _sqlite_library()
        if not Path(str(url.database)).exists():
            # To connect would make the file.
            yield Finding(
                State.fault,
                "database",
                f"{shown} does not exist",
                "`initiatives seed` or `initiatives serve` makes it.",
            )
            return
    try:
        with made.connect() as connection:
            yield Finding(State.good, "database", f"{shown} answers")
            yield from _data(connection, chosen)
            yield from _sqlite(connection) if sqlite else _postgresql(connection, chosen)
    except DBAPIError as error:
        words = str(error.orig or error).strip().splitlines()[0]
        yield Finding(
            State.fault,
            "database",
            f"{shown}: {words}",
            "See whether the server runs, and whether host, user and password are right.",
        )


def _sqlite_library() -> Iterator[Finding]:
    version = sqlite3.sqlite_version
    if write_ahead_log_is_safe():
        yield Finding(State.good, "SQLite", f"{version}: with a write-ahead log, so that reads go on during a commit")
    else:
        yield Finding(
            State.note,
            "SQLite",
            f"{version} may lose a commit when it resets a write-ahead log: the rollback journal is used, and a long read delays commits",
            "A Python with SQLite 3.51.3, 3.50.7 or 3.44.6 is free of that.",
        )


def _sqlite(connection: Connection) -> Iterator[Finding]:
    found = connection.execute(text("PRAGMA quick_check(1)")).scalar()
    if found == "ok":
        yield Finding(State.good, "file", "its structure is whole")
    else:
        yield Finding(
            State.fault, "file", f"it is damaged: {found}", "Put a backup in its place, or delete it and seed anew."
        )
    if connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
        yield Finding(
            State.fault,
            "file",
            "rows point to what is not there",
            "Put a backup in its place, or delete it and seed anew.",
        )


def _postgresql(connection: Connection, chosen: Settings) -> Iterator[Finding]:
    version = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    words = str(connection.execute(text("SHOW server_version")).scalar_one())
    if version // 10000 < OLDEST_POSTGRESQL:
        yield Finding(
            State.warning, "PostgreSQL", f"{words} is no longer maintained", f"Use {OLDEST_POSTGRESQL} or newer."
        )
    else:
        yield Finding(State.good, "PostgreSQL", words)
    encoding = str(connection.execute(text("SHOW server_encoding")).scalar_one())
    if encoding != "UTF8":
        yield Finding(
            State.fault,
            "PostgreSQL",
            f"the database is encoded in {encoding}",
            "Make it anew: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0.",
        )
    loose = connection.execute(text(LOOSE)).scalars().all()
    if loose:
        yield Finding(
            State.fault,
            "collation",
            f"{', '.join(loose[:3])} ... are not compared by code point",
            "`initiatives migrate`; such columns were not made by it.",
        )
    else:
        yield Finding(State.good, "collation", "text is compared by code point")
    limit = int(connection.execute(text(LIMIT)).scalar_one())
    if 0 < limit < chosen.statement_timeout_ms:
        yield Finding(
            State.warning,
            "statement_timeout",
            f"the role's is {limit} ms: migrating and seeding may end in the middle, and nothing is changed then",
            "ALTER ROLE ... SET statement_timeout = 0: reads set their own.",
        )
    most = int(connection.execute(text("SHOW max_connections")).scalar_one())
    yield Finding(
        State.good,
        "connections",
        f"a process takes {chosen.pool_size + 1} for reading, the server allows {most}: {most // (chosen.pool_size + 1)} processes at most",
    )


LOOSE = """
    SELECT table_name || '.' || column_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name NOT LIKE 'search_index%' AND table_name <> 'alembic_version'
    AND data_type = 'character varying' AND collation_name IS DISTINCT FROM 'C' ORDER BY 1
"""
LIMIT = "SELECT setting FROM pg_settings WHERE name = 'statement_timeout'"


def _data(connection: Connection, chosen: Settings) -> Iterator[Finding]:
    found, known = startup.current(connection), startup.revisions()
    if found is None:
        yield Finding(
            State.fault, "schema", "the database is empty", "`initiatives seed` or `initiatives serve` fills it."
        )
        return
    if found not in known:
        yield Finding(
            State.fault, "schema", f"at {found}, this program knows up to {known[-1]}", "Install the newer program."
        )
        return
    if found != known[-1]:
        yield Finding(
            State.fault,
            "schema",
            f"at {found} instead of {known[-1]}",
            "`initiatives migrate`, or start `initiatives serve`.",
        )
        return
    yield Finding(State.good, "schema", f"at {found}, the newest")
    folder = chosen.seed_path or bundled("seed")
    if seeding.is_current(connection, folder, better_sources=chosen.better_sources):
        yield Finding(State.good, "seed", f"{folder} is loaded")
    else:
        yield Finding(
            State.warning,
            "seed",
            f"{folder} was changed, or another program loaded it",
            "`initiatives seed`, or start `initiatives serve`.",
        )
    yield from _documents(connection)


def _documents(connection: Connection) -> Iterator[Finding]:
    wrong, looked_at = [], 0
    for resource in CATALOG:
        stored: dict[str, str] = {}
        rows = select(col(Record.id), col(Record.document)).where(
            col(Record.resource) == resource.name, col(Record.document).is_not(None)
        )
        total = connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one()
        # Spread over all of them, the first and the last included.
        for place in range(0, total, max(1, total // SAMPLE)):
            id, document = connection.execute(rows.order_by(col(Record.id)).offset(place).limit(1)).one()
            stored[id] = str(document)
        fresh = {values["id"]: values for values in documents(connection, CATALOG, resource, list(stored))}
        wrong += [id for id, document in stored.items() if fresh.get(id) != orjson.loads(document)]
        looked_at += len(stored)
    if wrong:
        yield Finding(
            State.fault,
            "documents",
            f"{len(wrong)} of {looked_at} are not what their rows say, such as {wrong[0]}",
            "`initiatives seed` writes those of the seed anew; then look who writes past the program.",
        )
    else:
        yield Finding(State.good, "documents", f"{looked_at} of them are what their rows say")


def _replica(url: str, chosen: Settings) -> Iterator[Finding]:
    shown = "DATABASE_REPLICA_URLS"
    try:
        made = engine(url)
        shown = made.url.render_as_string(hide_password=True)
        with made.connect() as connection:
            if not connection.execute(text("SELECT pg_is_in_recovery()")).scalar():
                yield Finding(
                    State.warning, "replica", f"{shown} is no standby", "Name servers that follow the primary."
                )
            found = connection.execute(text("SELECT revision FROM dataset")).scalar()
            yield Finding(State.good, "replica", f"{shown} answers, revision {found}")
        made.dispose()
    except ValueError as error:
        yield Finding(State.fault, "replica", str(error), "Write it as DATABASE_URL.")
    except DBAPIError as error:
        words = str(error.orig or error).strip().splitlines()[0]
        yield Finding(State.warning, "replica", f"{shown}: {words}", "Its reads go to the primary until it answers.")


def report(findings: Iterator[Finding], say: Callable[[str], None]) -> bool:
    """Say each finding, and what to do about it; whether nothing is at fault."""
    signs = {State.good: "ok", State.note: "note", State.warning: "WARN", State.fault: "FAULT"}
    counts = dict.fromkeys(State, 0)
    for found in findings:
        counts[found.state] += 1
        say(f"{signs[found.state]:<6}{found.check}: {found.words}")
        if found.mend:
            say(f"      -> {found.mend}")
    say(f"{counts[State.fault]} at fault, {counts[State.warning]} to watch")
    return not counts[State.fault]
