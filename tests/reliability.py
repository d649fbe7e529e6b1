"""What the service stands, measured: small in the tests, larger by `python -m tests.reliability --help`.

Each function runs one trial and returns figures; what they have to be is asserted by the tests and by `main`.
"""

import argparse
import asyncio
import multiprocessing
import random
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from app.api.answers import Answers
from app.startup import migrate
from tests.databases import BACKENDS, Database
from tests.operating import Cluster, Load, Service, ask, cluster, quantile, service, statuses
from tests.seeds import article

Figures = dict[str, Any]
CACHED = "/v1/commitments?initiative=compact&kind=procurement"
PATHS = (
    CACHED,
    "/v1/minerals/lithium",
    "/v1/minerals?used_in=semiconductors",
    "/v1/commitments?facet=kind&limit=5",
    "/v1/statements?limit=20",
    "/v1/organizations?format=csv",
    "/v1/search?q=lithium",
    "/v1/nothing",
    "/v1/commitments?knd=x",
)


# Connections


async def slow_clients(port: int, head: float, body: float) -> Figures:
    """Seconds until the server closes connections of several kinds of slowness, by kind."""

    async def closed(*pieces: bytes, drip: bytes = b"", every: float = 0.2) -> tuple[float, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for piece in pieces:
            writer.write(piece)
        began, received = time.monotonic(), b""
        while True:
            try:
                piece = await asyncio.wait_for(reader.read(65536), every if drip else head + body + 20)
            except TimeoutError:
                with suppress(OSError):
                    writer.write(drip)
                continue
            except OSError:
                break
            if not piece:
                break
            received += piece
        writer.close()
        return time.monotonic() - began, received

    whole = f"GET {CACHED} HTTP/1.1\r\nHost: a\r\n"
    kinds = {
        "nothing": closed(),
        "half a line": closed(b"GET /v1"),
        "half a head": closed(f"{whole}X-More: ".encode()),
        "a head that drips": closed(whole.encode(), drip=b"X-Y: z\r\n"),
        "second head that drips": closed(f"{whole}\r\n".encode(), b"GET /", drip=b"x"),
        "a body that never comes": closed(f"{whole}Content-Length: 100\r\n\r\n".encode()),
        "a body that drips": closed(f"{whole}Content-Length: 60000\r\n\r\n".encode(), drip=b"x"),
        "idle after an answer": closed(f"{whole}\r\n".encode()),
    }
    found = await asyncio.gather(*kinds.values())
    return {name: (round(seconds, 2), received) for name, (seconds, received) in zip(kinds, found, strict=True)}


async def unread_answers(served: Service, clients: int, wait: float) -> Figures:
    """Clients that ask for much and read nothing; how many connections the server holds at most, and in the end."""
    before = served.sockets()
    connections = []
    for _ in range(clients):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", served.port))
        connection.sendall(b"GET /v1/statements?limit=500 HTTP/1.1\r\nHost: a\r\n\r\n" * 40)
        connections.append(connection)
    held, until = 0, time.monotonic() + wait
    while (after := served.sockets() - before) or held < clients:
        held = max(held, after)
        if time.monotonic() > until:
            break
        await asyncio.sleep(0.05)
    for connection in connections:
        connection.close()
    return {"held": held, "held after a while": after}


async def crowd(served: Service, half_open: int, idle: int, seconds: float) -> Figures:
    """Many connections that do nothing, and how others fare beside them."""
    port = served.port
    before = served.memory()
    connections: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    ended: list[float] = []

    async def hold(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        connections.append((reader, writer))
        began = time.monotonic()
        if number < half_open:
            writer.write(b"GET /v1/minerals HTTP/1.1\r\nHost: a\r\nX-Half: ")
            await reader.read()
            ended.append(time.monotonic() - began)

    waiting: list[asyncio.Task[None]] = []
    for number in range(half_open + idle):
        waiting.append(asyncio.create_task(hold(number)))
        if number % 200 == 199:
            await asyncio.sleep(0.02)
    await asyncio.sleep(1)
    async with Load(port, PATHS[:4], clients=2, pause=0.005) as load:
        # Idle ones ask now and then, so that they are kept.
        until = time.monotonic() + seconds
        peak = before
        while time.monotonic() < until:
            peak = max(peak, served.memory())
            await asyncio.sleep(0.2)
    taken = [one.seconds for one in load.samples]
    if half_open:
        await asyncio.wait(waiting[:half_open], timeout=15)
    for _, writer in connections:
        writer.close()
    for task in waiting:
        task.cancel()
    return {
        "held": len(connections),
        "requests of others": len(taken),
        "statuses": dict(statuses(load.samples)),
        "p50 ms": round(quantile(taken, 0.5) * 1000, 2),
        "p99 ms": round(quantile(taken, 0.99) * 1000, 2),
        "memory MB before": before >> 20,
        "memory MB": peak >> 20,
        "half-open closed": len(ended),
        "longest half-open s": round(max(ended, default=0), 2),
    }


# Starting


def _database(url: str) -> Database:
    return Database("sqlite" if url.startswith("sqlite") else "postgresql", url)


def _prepare(url: str, seeds: str, working: Any) -> None:
    """In a process of its own: what `initiatives serve` does before it serves; tells when its transaction is at work."""
    _database(url).prepare(Path(seeds), say=lambda _: working.set())


def _prepare_together(url: str, seeds: str, ready: Any, outcome: Any) -> None:
    """The same at a signal, telling what came of it."""
    database = _database(url)
    ready.wait()
    try:
        outcome.put(str(database.prepare(Path(seeds))))
    except Exception as error:
        outcome.put(f"{type(error).__name__}: {error}")
    database.engine.dispose()


def _processes() -> Any:
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["tests.reliability", "alembic.command"])
    return made


WHOLE = 2
"""Starts that are let finish, to know how long the work takes."""


def killed(
    make: Callable[[], Database], seeds: Path, reference: Database, times: int, *, from_revision: str = ""
) -> Figures:
    """Kill -9 at random moments of what a first start does, or one that has to migrate; the next start each time."""
    processes = _processes()
    expected = reference.contents()
    found: Counter[str] = Counter()
    wrong, longest = 0, 0.0
    for number in range(WHOLE + times):
        database = make()
        if from_revision:
            database.prepare(seeds)
            with database.engine.begin() as connection:
                migrate(connection, from_revision)
        before = database.contents()
        database.engine.dispose()
        working = processes.Event()
        process = processes.Process(target=_prepare, args=(database.url, str(seeds), working))
        process.start()
        assert working.wait(60)
        began = time.monotonic()
        if number < WHOLE:
            process.join()
            longest = max(longest, time.monotonic() - began)
            continue
        process.join(random.uniform(0, longest))
        process.kill()
        process.join()
        after = database.contents()
        found["nothing" if after == before else "all" if after == expected else "a part"] += 1
        database.prepare(seeds)
        wrong += database.contents() != expected
        database.engine.dispose()
    return {
        "kills": times,
        "in the middle": found["nothing"],
        "half applied": found["a part"],
        "wrong after the next start": wrong,
    }


def eight_starts(make: Callable[[], Database], seeds: Path, reference: Database, times: int) -> Figures:
    """Eight instances that start at once on an empty database."""
    processes = _processes()
    expected = reference.contents()
    said: Counter[str] = Counter()
    wrong = 0
    for _ in range(times):
        database = make()
        ready, outcome = processes.Event(), processes.Queue()
        started = [
            processes.Process(target=_prepare_together, args=(database.url, str(seeds), ready, outcome))
            for _ in range(8)
        ]
        for process in started:
            process.start()
        time.sleep(0.2)
        ready.set()
        for _ in started:
            words = outcome.get(timeout=120)
            said["seeded" if words.startswith("Outcome") else "found it done" if words == "None" else words] += 1
        for process in started:
            process.join()
        wrong += database.contents() != expected
        database.engine.dispose()
    return {"rounds": times, "said": dict(said), "wrong": wrong}


# Faults


async def outage(served: Service, server: Cluster, seconds: float) -> Figures:
    """The database stopped at once under load, for some seconds."""
    async with (
        Load(served.port, [CACHED], clients=1) as cached,
        Load(
            served.port, ["/v1/minerals?limit=3", "/v1/statements?limit=3&sort=-id", "/v1/nothing-kept/x"], clients=1
        ) as other,
        Load(served.port, ["/healthz"], clients=1) as alive,
        Load(served.port, ["/readyz"], clients=1, pause=0.05) as ready,
    ):
        # Answers that are not kept: a parameter that changes makes each of them new.
        other.paths = Varying("/v1/commitments?limit=3&title__contains=x{}")
        await asyncio.sleep(1)
        stop = time.monotonic()
        await asyncio.to_thread(server.stop)
        down = time.monotonic()
        await asyncio.sleep(seconds)
        start = time.monotonic()
        await asyncio.to_thread(server.start)
        up = time.monotonic()
        await asyncio.sleep(2)

    def during(load, after=0.0):
        return [one for one in load.samples if down + after < one.at < start - 0.05]

    def back(load):
        good = (one for one in load.samples if one.at > down + 0.2 and one.status == 200 and not one.stale)
        return min(one.at + one.seconds for one in good) - up

    def later(load):
        return [one for one in load.samples if one.at > up + 1]

    not_ready = [one.at + one.seconds - stop for one in ready.samples if one.status == 503]
    return {
        "healthz": dict(statuses(alive.samples)),
        "readyz 503 after s": round(min(not_ready), 3),
        "readyz while away": dict(statuses(during(ready, 0.3))),
        "kept while away": dict(Counter((one.status, one.stale) for one in during(cached, 0.3))),
        "other while away": dict(statuses(during(other, 0.3))),
        "other p99 ms": round(quantile([one.seconds for one in during(other)], 0.99) * 1000, 1),
        "other longest ms": round(max(one.seconds for one in during(other)) * 1000, 1),
        "kept longest ms": round(max(one.seconds for one in during(cached)) * 1000, 1),
        "back after s": round(max(back(one) for one in (cached, other, ready)), 3),
        "one second later": dict(statuses([*later(cached), *later(other), *later(ready)])),
        "stale one second later": sum(one.stale for one in later(cached)),
    }


class Varying(Sequence[str]):
    """A path with a number that is another one each time."""

    def __init__(self, pattern: str):
        self.pattern, self.number = pattern, 0

    def __len__(self) -> int:
        return 1 << 60

    def __getitem__(self, _: Any) -> Any:
        self.number += 1
        return self.pattern.format(self.number)


async def terminated(served: Service, clients: int = 4) -> Figures:
    """SIGTERM under load: what becomes of requests, and what readiness says."""
    async with (
        Load(served.port, PATHS[:6], clients=clients, pause=0) as load,
        Load(served.port, ["/readyz"], clients=1) as ready,
    ):
        await asyncio.sleep(0.7)
        at = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(served.process.wait, 30)
        ended = time.monotonic()
    after = [one for one in ready.samples if one.at > at]
    refused = [one.at for one in (*load.samples, *ready.samples) if one.status == -1]
    first_503 = next(one.at for one in after if one.status == 503)
    return {
        "exit code": code,
        "statuses": dict(statuses([one for one in load.samples if one.status != -1])),
        "answered after the signal": sum(one.at > at and one.status == 200 for one in load.samples),
        "readyz 503 after ms": round((first_503 - at) * 1000, 1),
        "refused from s": round(min(refused) - at, 2) if refused else None,
        "ended after s": round(ended - at, 2),
        "readiness first": bool(not refused or first_503 < min(refused)),
    }


async def mixed(served: Service, seconds: float, different: int = 2 * Answers.SUMMARIES, clients: int = 4) -> Figures:
    """Many kinds of request for a long time: memory, descriptors, threads.

    First come so many different questions that all room for kept answers, totals and facets is taken: memory that
    grows later is none that was meant to.
    """
    told: Counter[int | None] = Counter()
    varied = Varying("/v1/commitments?limit=20&title__contains=a{}")
    cold = served.memory()
    async with Load(
        served.port, [*PATHS, "/metrics", "/healthz", "/docs", "/v1/export.json"], clients=clients, pause=0.002
    ) as load:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        for _ in range(different):
            await ask(reader, writer, varied[0])
        writer.close()
        made_room = await asyncio.to_thread(served.metric, "cache_evictions")
        async with Load(served.port, varied, clients=1, pause=0.02) as more:
            memory, descriptors, threads = [served.memory()], served.descriptors(), served.threads()
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                await asyncio.sleep(1)
                memory.append(served.memory())
                for one in (load, more):
                    told += statuses(one.samples)
                    one.samples.clear()
    return {
        "statuses": dict(told),
        "memory MB before all": cold >> 20,
        "kept answers that made room before": made_room,
        "memory MB, by tenths": [round(one / 2**20, 1) for one in memory[:: max(1, len(memory) // 10)]],
        "drift %": round((memory[-1] / memory[0] - 1) * 100, 2),
        "descriptors": (descriptors, served.descriptors()),
        "threads": (threads, served.threads()),
        "requests": told.total(),
    }


# By command


def databases(
    folder: Path, seeds: Path, server: Cluster
) -> tuple[dict[str, Callable[[], Database]], dict[str, Database]]:
    """By backend, what makes an empty database, and one that is seeded."""
    numbers = iter(range(10**6))

    def sqlite() -> Database:
        return Database("sqlite", f"sqlite:///{folder}/{next(numbers)}.db")

    def postgresql() -> Database:
        name = f"made_{next(numbers)}"
        server.sql(f"CREATE DATABASE {name}")
        return Database("postgresql", server.url(name))

    made: dict[str, Callable[[], Database]] = {"sqlite": sqlite, "postgresql": postgresql}
    seeded = {backend: make() for backend, make in made.items()}
    for database in seeded.values():
        database.prepare(seeds)
        database.engine.dispose()
    return made, seeded


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("--on", choices=BACKENDS, help="one database alone")
    parser.add_argument(
        "--kill", type=int, default=0, metavar="N", help="kill -9 during seeding and migration, on each database"
    )
    parser.add_argument(
        "--starts", type=int, default=0, metavar="N", help="rounds of eight starts at once, on each database"
    )
    parser.add_argument("--outage", type=float, default=0, metavar="S", help="seconds without the database")
    parser.add_argument("--idle", type=int, default=0, metavar="N", help="half-open and as many idle connections")
    parser.add_argument("--slow", action="store_true", help="slow clients against the limits as they are")
    parser.add_argument("--term", type=int, default=0, metavar="N", help="SIGTERM under load, on each database")
    parser.add_argument("--mixed", type=float, default=0, metavar="S", help="seconds of mixed load, on each database")
    chosen = parser.parse_args()
    folder = Path(mkdtemp(prefix="initiatives-reliability-"))
    folder.chmod(0o755)
    seeds = article(folder / "seed")
    with cluster(folder / "server") as server:
        made, seeded = databases(folder, seeds, server)

        def tell(name: str, figures: Figures) -> Figures:
            print(f"{name}:", *(f"  {key}: {value}" for key, value in figures.items()), sep="\n", flush=True)
            return figures

        options = {"seed_path": seeds, "log_requests": "false"}
        for backend in (chosen.on,) if chosen.on else BACKENDS:
            for work, from_revision in (("first start", ""), ("migration", "0001")) if chosen.kill else ():
                figures = killed(made[backend], seeds, seeded[backend], chosen.kill, from_revision=from_revision)
                tell(f"kill, {work}, {backend}", figures)
                assert figures["half applied"] == figures["wrong after the next start"] == 0
            if chosen.starts:
                tell(f"eight starts, {backend}", eight_starts(made[backend], seeds, seeded[backend], chosen.starts))
            for number in range(chosen.term):
                with service(folder, seeded[backend].url, **options) as served:
                    tell(f"SIGTERM {number + 1}, {backend}", asyncio.run(terminated(served)))
            if chosen.mixed:
                with service(folder, seeded[backend].url, **options, cache_bytes=4_000_000) as served:
                    figures = tell(f"mixed load, {backend}", asyncio.run(mixed(served, chosen.mixed)))
                    assert figures["kept answers that made room before"] > 0
                    assert figures["drift %"] <= 5
                    assert set(figures["statuses"]) == {200, 404, 422}
        if chosen.idle:
            with service(folder, seeded["sqlite"].url, **options) as served:
                tell("crowd", asyncio.run(crowd(served, chosen.idle, chosen.idle, 8)))
        if chosen.slow:
            with service(folder, seeded["sqlite"].url, **options) as served:
                slow = asyncio.run(slow_clients(served.port, 10, 30))
                tell("slow clients, seconds until closed", {kind: seconds for kind, (seconds, _) in slow.items()})
        if chosen.outage:
            with service(folder, seeded["postgresql"].url, **options) as served:
                served.get(CACHED)
                tell("outage", asyncio.run(outage(served, server, chosen.outage)))


if __name__ == "__main__":
    sys.exit(main())
