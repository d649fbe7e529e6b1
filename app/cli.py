"""The `initiatives` command: serves the API, loads and checks seed folders, migrates, explains a query.

What a command needs is imported inside it, so that `initiatives --help` answers at once.
"""

import errno
import os
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, Self

import typer

from app import __version__

if TYPE_CHECKING:
    from rich.progress import Progress
    from sqlalchemy import Engine

    from app.core.changes import Outcome
    from app.settings import Settings

app = typer.Typer(
    help="Who promised what to whom, by when, about what, and which source says so.",
    epilog="Settings are environment variables, DATABASE_URL first of all: sqlite:///file or postgresql://...",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Folder = Annotated[
    Path | None,
    typer.Argument(
        exists=True,
        file_okay=False,
        metavar="PATH",
        show_default=False,
        help="Folder of seed folders; unwritten, SEED_PATH or the one that comes with the program.",
    ),
]

FULL = ". Nothing was changed: see whether the disk is full or a quota is used up, and start again."
TO_TRY = "/v1/commitments?initiative=compact&kind=procurement"


@app.callback()
def command(
    version: Annotated[bool, typer.Option("--version", is_eager=True, help="Print the version and stop.")] = False,
) -> None:
    """Options that come before any command."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all of this machine.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any that is free.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer.")] = 1,
) -> None:
    """Make the database ready and serve the API."""
    from app import startup

    chosen = _settings()
    listener = _bind(host, port)
    with _plainly(chosen.database_url), _database(chosen) as engine, _Telling() as telling:
        telling.say(f"Initiatives API {__version__} on {_shown(chosen.database_url)}")
        outcome = startup.prepare(
            engine,
            chosen.seed_path,
            say=telling.say,
            progress=telling.progress,
            better_sources=chosen.better_sources,
        )
        telling.say("The data is up to date" if outcome is None else _told(outcome))
    _run(listener, host, workers)


@app.command()
def seed(path: Folder = None) -> None:
    """Load the seed folders now; records that left them are deleted."""
    from app import seeding, startup
    from app.settings import bundled

    chosen = _settings()
    folder = path or chosen.seed_path or bundled("seed")
    better = chosen.better_sources
    with _plainly(chosen.database_url), _database(chosen) as engine, _Telling() as telling:
        outcome = startup.prepare(engine, folder, say=telling.say, progress=telling.progress, better_sources=better)
        if outcome is None:
            # The folders were loaded before, yet a record may have been changed since by other means.
            with engine.begin() as connection:
                startup.lock(connection)
                outcome = seeding.seed(connection, folder, progress=telling.progress, better_sources=better)
        telling.say(_told(outcome))


@app.command()
def check(path: Folder = None) -> None:
    """Say everything that is wrong with the seed folders, without a database."""
    from app import seeding
    from app.settings import bundled

    folder = path or _settings().seed_path or bundled("seed")
    try:
        found = seeding.read(folder)
    except seeding.Rejected as rejected:
        for problem in rejected.problems:
            typer.echo(str(problem))
        _fail(f"{folder}: {_count(len(rejected.problems), 'problem')}")
    statements = sum(len(draft.statements) for draft in found.drafts)
    typer.echo(f"{folder}: {_count(len(found.drafts), 'record')}, {_count(statements, 'statement')}, no problem")
    by_resource = Counter(draft.resource.name for draft in found.drafts)
    typer.echo("  " + ", ".join(f"{name} {number}" for name, number in sorted(by_resource.items())))
    for source, rows in sorted(found.rows.items()):
        ways = Counter(rows.values())
        if rows:
            how = ", ".join(f"{way} {ways[way]}" for way in ("statement", "silent", "not_data") if ways[way])
            typer.echo(f"  {source}: {_count(len(rows), 'row')} accounted for: {how}")


@app.command()
def migrate(
    to: Annotated[
        str, typer.Option(metavar="REV", help="Number of a migration, head, or base for none: going down loses data.")
    ] = "head",
) -> None:
    """Bring the schema of the database to a migration, up or down."""
    from app import startup

    known = startup.revisions()
    if to not in ("head", "base", *known):
        raise typer.BadParameter(f"{to} is none of {', '.join(known)}, head, base", param_hint="--to")
    chosen = _settings()
    target = {"head": known[-1], "base": None}.get(to, to)
    with _plainly(chosen.database_url), _database(chosen) as engine, engine.begin() as connection:
        startup.lock(connection)
        found = startup.current(connection)
        if found is not None and found not in known:
            raise startup.NewerSchema(
                f"The database is at migration {found}, this program knows up to {known[-1]}: install the newer program."
            )
        if found != target:
            startup.migrate(connection, to)
    if found == target:
        typer.echo(f"The schema of {_shown(chosen.database_url)} is at {to if target is None else target} already")
    else:
        typer.echo(f"Migrated {_shown(chosen.database_url)} from {found or 'nothing'} to {target or 'nothing'}")


@app.command()
def explain(
    url: Annotated[str, typer.Argument(metavar="URL", help='Such as "/v1/commitments?initiative=compact".')],
) -> None:
    """Print what a list is asked by: its parameters, the SQL and the plan of the database."""
    from app import startup
    from app.core.db import Unavailable
    from app.views.explain import explain as explanation

    chosen = _settings()
    with _plainly(chosen.database_url), _database(chosen) as engine, engine.connect() as connection:
        if startup.current(connection) is None:
            _fail(f"{_shown(chosen.database_url)} is empty: `initiatives seed` fills it.")
    try:
        typer.echo(explanation(url, chosen.database_url))
    except ValueError as error:
        _fail(str(error))
    except Unavailable as error:
        _fail(f"{_shown(chosen.database_url)}: {error}")


@app.command()
def doctor() -> None:
    """Check this deployment and say what to mend; ends with 1 where something is at fault."""
    from app.doctor import examine, report

    if not report(examine(_settings()), typer.echo):
        raise typer.Exit(1)


class _Telling:
    """Says what is being done: with a moving bar on a terminal, in plain lines elsewhere."""

    def __init__(self) -> None:
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        if sys.stdout.isatty():
            from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

            columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
            self._bar = Progress(*columns, transient=True)
            self._bar.add_task("working", total=None)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def say(self, words: str) -> None:
        """A line that stays."""
        if self._bar:
            self._bar.console.print(words, markup=False, highlight=False, soft_wrap=True)
        else:
            typer.echo(words)

    def progress(self, step: str, done: int, total: int) -> None:
        """How far a step is; off a terminal, a line when it is through."""
        if self._bar:
            self._bar.update(self._bar.task_ids[0], description=step, completed=done, total=total)
        elif done == total:
            typer.echo(f"  {step}: done")


def _settings() -> "Settings":
    from pydantic import ValidationError

    from app.settings import settings

    try:
        return settings()
    except ValidationError as error:
        faults = (f"{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}" for fault in error.errors())
        _fail("; ".join(faults))


@contextmanager
def _database(chosen: "Settings") -> "Iterator[Engine]":
    from app.core.db import engine

    try:
        made = engine(chosen.database_url)
    except ValueError as error:
        _fail(str(error))
    try:
        yield made
    finally:
        made.dispose()


@contextmanager
def _plainly(url: str) -> Iterator[None]:
    """Turns what may go wrong with a database or a seed into words on standard error, and stops."""
    from sqlalchemy.exc import DBAPIError

    from app.seeding import Rejected
    from app.startup import NewerSchema

    try:
        yield
    except Rejected as rejected:
        for problem in rejected.problems:
            typer.echo(str(problem), err=True)
        _fail(f"The seed has {_count(len(rejected.problems), 'problem')}; nothing was changed.")
    except NewerSchema as newer:
        _fail(str(newer))
    except DBAPIError as error:
        words = str(error.orig or error).strip().splitlines()[0]
        full = words in ("database or disk is full", "disk I/O error") or "No space left" in words
        _fail(f"{_shown(url)}: {words}{FULL if full else ''}")


def _bind(host: str, port: int) -> socket.socket:
    """A socket that holds the port, so that a port in use is noticed before anything is done."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError as error:
        _fail(_not_listening(host, port, error))
    made.set_inheritable(True)
    return made


def _run(listener: socket.socket, host: str, workers: int) -> None:
    from uvicorn.config import STARTUP_FAILURE

    from app import serving
    from app.settings import settings

    port = listener.getsockname()[1]
    site = f"http://{_reachable(host)}:{port}"
    # What runs in this process, and in others that it starts, names this address in examples.
    os.environ.setdefault("LOCAL_URL", site)
    settings.cache_clear()
    serving.allow_many_connections()
    config = serving.config(workers)
    if workers == 1:
        try:
            config.load()
        except ValueError as error:
            _fail(str(error))
    try:
        # From here on requests wait in the queue until they are answered: no one who reads the lines below is refused.
        listener.listen(config.backlog)
    except OSError as error:
        _fail(_not_listening(host, port, error))
    typer.echo(f"Serving on {site}, Ctrl-C stops\n  read  {site}/docs\n  try   curl '{site}{TO_TRY}'")
    try:
        if workers == 1:
            serving.Server(config).run(sockets=[listener])
        else:
            supervisor = serving.supervisor(config, [listener])
            supervisor.run()
            if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
                raise typer.Exit(1)
    except KeyboardInterrupt:
        pass


def _reachable(host: str) -> str:
    """The name under which a listener is asked from the same machine."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    return f"[{name}]" if ":" in name else name


def _not_listening(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is in use: choose another one with --port, or 0 for any that is free."
    return f"Cannot listen on {host}, port {port}: {error.strerror}."


def _told(outcome: "Outcome") -> str:
    if not (outcome.created or outcome.updated or outcome.deleted):
        return f"Nothing to change, the data is at revision {outcome.revision}"
    counts = f"{outcome.created} created, {outcome.updated} updated, {outcome.deleted} deleted"
    return f"Seeded: {counts}, the data is at revision {outcome.revision}"


def _shown(url: str) -> str:
    """A database URL as it may be printed."""
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string(hide_password=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _fail(words: str) -> NoReturn:
    typer.echo(words, err=True)
    raise typer.Exit(1)
