"""Servers as processes on one core: the project in several settings, and what a user would pick instead."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Self

from benchmarks.load import Cost, ask, cost, pin, request

SERVER_CORE, LOAD_CORE = 0, 1


@dataclass
class Subject:
    """A server that is started when it is entered, and ended when it is left."""

    name: str
    command: Sequence[str]
    """Its words; `{port}`, and `{port+1}`, `{port+2}` where it wants more, are filled in."""
    probe: str
    """A path that it answers with 200 as soon as it is ready."""
    environment: Mapping[str, str] = field(default_factory=dict)
    core: int | None = SERVER_CORE
    port: int = 0
    to_answer: float = 0
    """Seconds from its start to the first answer."""

    def __enter__(self) -> Self:
        self.port = _free_port()
        ports = {"{port}": self.port, "{port+1}": self.port + 1, "{port+2}": self.port + 2}
        words = [reduce(lambda text, name: text.replace(name, str(ports[name])), ports, word) for word in self.command]
        began = time.perf_counter()
        self._process = subprocess.Popen(
            words, env=os.environ | self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        pin(self.pid, self.core)
        while True:
            if self._process.poll() is not None:
                assert self._process.stderr is not None
                raise RuntimeError(f"{self.name} ended: {self._process.stderr.read().decode()[-2000:]}")
            try:
                if ask(self.port, self.probe).status == 200:
                    break
            except OSError:
                time.sleep(0.01)
            if time.perf_counter() - began > 120:
                self.__exit__()
                raise RuntimeError(f"{self.name} does not answer")
        self.to_answer = time.perf_counter() - began
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def cost(self, paths: Sequence[str], count: int, connections: int = 1, **headers: str) -> Cost:
        """What some paths, asked in turn, cost it."""
        requests = [request(path, **headers) for path in paths]
        return cost(self.pid, self.port, requests, count, connections)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def project(url: str, *, cache: bool, workers: int = 1, core: int | None = SERVER_CORE) -> Subject:
    """This project, its response cache on or off, as the README starts it but for the lines of log."""
    environment = {"DATABASE_URL": url, "BETTER_SOURCES": "false", "LOG_REQUESTS": "false"}
    # An installed program is compiled; without this, a start may be spent on doing it again.
    environment["PYTHONDONTWRITEBYTECODE"] = ""
    environment |= {} if cache else {"CACHE_BYTES": "0"}
    command = [sys.executable, "-m", "app", "serve", "--port", "{port}", "--workers", str(workers)]
    return Subject("this project", command, "/readyz", environment, core)


def constant(body: Path) -> Subject:
    """Bare Starlette with the bytes of a file."""
    return Subject("bare Starlette", [sys.executable, "-m", "benchmarks.constant", str(body), "{port}"], "/")


def ordinary(path: Path) -> Subject:
    """The application that most people would write."""
    command = [sys.executable, "-m", "benchmarks.ordinary", f"sqlite:///{path}", "{port}"]
    return Subject("ordinary application", command, "/commitments?limit=1")


def datasette(others: Path, path: Path) -> Subject:
    """Datasette with flat rows, its limits raised so that it always counts and facets."""
    command = [str(others / "datasette"), "serve", str(path), "--port", "{port}"]
    for name, value in {"sql_time_limit_ms": 60000, "facet_time_limit_ms": 60000, "max_returned_rows": 1000}.items():
        command += ["--setting", name, str(value)]
    return Subject("Datasette", command, "/-/versions.json")


def roapi(others: Path, path: Path) -> Subject:
    """roapi with flat rows, which it holds in memory."""
    command = [str(others / "roapi"), "-a", "127.0.0.1:{port}", "-p", "127.0.0.1:{port+1}"]
    command += ["--addr-flight-sql", "127.0.0.1:{port+2}", "-t", f"commitment={path}"]
    return Subject("roapi", command, "/api/tables/commitment?limit=1", {"RUST_LOG": "error"})
