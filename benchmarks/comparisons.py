"""What is compared with what: the same question to two servers, in turn, several times."""

import multiprocessing
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any, cast

import orjson

from benchmarks import data
from benchmarks.generate import KINDS
from benchmarks.load import Connection, ask, request
from benchmarks.subjects import Subject, constant, datasette, ordinary, project, roapi

LARGE, LARGEST = 100_000, 1_000_000


@dataclass(frozen=True)
class Result:
    """How the project fares beside another server at one kind of work."""

    work: str
    beside: str
    target: float
    mine: float
    """Microseconds of server CPU for each request, or what `unit` says."""
    other: float
    unit: str = "µs"
    at_most: bool = False
    """Whether the ratio is to stay below the target."""

    @property
    def ratio(self) -> float:
        """How many times what the project takes the other one takes; of growth, the other way round."""
        return self.mine / self.other if self.at_most else self.other / self.mine

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target

    def __str__(self) -> str:
        bound = "at most" if self.at_most else "at least"
        return (
            f"{'ok  ' if self.met else 'MISS'} {self.work:58} {self.mine:10.1f} {self.unit:3} beside "
            f"{self.other:10.1f} {self.beside:24} ratio {self.ratio:7.2f}, {bound} {self.target}"
        )


@dataclass(frozen=True)
class Bench:
    """The comparisons, with the folder of databases and the programs of the other servers."""

    folder: Path
    others: Path
    rounds: int

    def all(self, *, large: bool) -> dict[str, Iterator[Result]]:
        """Every comparison by name; `large` with those at a million rows."""
        most = LARGEST if large else LARGE
        return {
            "kept": self.kept(),
            "made": self.made(),
            **{f"datasette-{rows}": self.beside_datasette(rows) for rows in sorted({LARGE, most})},
            **{f"roapi-{rows}": self.beside_roapi(rows) for rows in (200, LARGE)},
            "export": self.whole_export(),
            "facets": self.facets(),
            "search": self.searches(most),
            "growth": self.growth(most),
            "during-searches": self.during_searches(most),
            "postgresql": self.on_postgresql(),
            "workers": self.workers(),
            "start": self.start(),
        }

    def ours(self, rows: int, *, cache: bool = False) -> Subject:
        """The project with so many rows, its cache off unless it is asked for."""
        return project(f"sqlite:///{data.ours(self.folder, rows)}", cache=cache)

    def kept(self) -> Iterator[Result]:
        """Answers of the cache, beside the same bytes as a constant."""
        with self.ours(200, cache=True) as mine:
            for name, path in (("item", item(7)), ("page of 50", page(0))):
                with self._constant(mine, path) as limit:
                    own, other = self._alternate((mine, [path]), (limit, ["/"]), 3000)
                    yield Result(f"{name}, kept", limit.name, 0.95, own, other)
                    tag = ask(mine.port, path).headers["etag"]
                    own, other = self._alternate((mine, [path]), (limit, ["/"]), 3000, If_None_Match=tag)
                    yield Result(f"{name}, 304", f"{limit.name}, full", 1.3, own, other)

    def made(self) -> Iterator[Result]:
        """Answers that are not kept."""
        with self.ours(LARGE) as mine:
            for name, path, least in (("item", item(7), 0.35), ("page of 50", page(0), 0.25)):
                with self._constant(mine, path) as limit:
                    own, other = self._alternate((mine, [path]), (limit, ["/"]), 2000)
                    yield Result(f"{name}, not kept", limit.name, least, own, other)
            with ordinary(data.ours(self.folder, LARGE)) as other_one:
                own, other = self._alternate((mine, items(LARGE)), (other_one, _moved(items(LARGE))), 200)
                yield Result("item with its links, not kept", other_one.name, 10, own, other)
                self._same((mine, pages()[0]), (other_one, _moved(pages())[0]))
                own, other = self._alternate((mine, pages()), (other_one, _moved(pages())), 60)
                yield Result("page of 50 with its links, not kept", other_one.name, 10, own, other)

    def beside_datasette(self, rows: int) -> Iterator[Result]:
        """Items and pages, flat rows for Datasette."""
        with self.ours(rows) as mine, datasette(self.others, data.flat(self.folder, rows)) as other_one:
            base, least = f"/flat-{rows}/commitment", 8 if rows == LARGE else 5
            theirs = [f"{base}/{path.rsplit('/', 1)[1]}.json?_shape=objects" for path in items(rows)]
            own, other = self._alternate((mine, items(rows)), (other_one, theirs), 200)
            yield Result(f"item, {rows:,} rows", other_one.name, least, own, other)
            theirs = [f"{base}.json?_shape=objects&_size=50&_sort=id&{path.split('&', 1)[1]}" for path in pages()]
            self._same((mine, pages()[0]), (other_one, theirs[0]))
            # Datasette counts all that match for each page: a few will do.
            own, other = self._alternate((mine, pages()[:4]), (other_one, theirs[:4]), 4)
            yield Result(f"page of 50, {rows:,} rows", other_one.name, least, own, other)

    def beside_roapi(self, rows: int) -> Iterator[Result]:
        """Items and pages, flat rows in memory for roapi."""
        with self.ours(rows) as mine, roapi(self.others, data.table(self.folder, rows)) as other_one:
            base, least = "/api/tables/commitment", 2 if rows == 200 else 5
            theirs = [f"{base}?filter%5Bid%5D=%27{path.rsplit('/', 1)[1]}%27" for path in items(rows)]
            own, other = self._alternate((mine, items(rows)), (other_one, theirs), 200)
            yield Result(f"item, {rows:,} rows", other_one.name, least, own, other)
            theirs = [
                f"{base}?limit=50&sort=id&filter%5Binitiative%5D=%27{initiative}%27&filter%5Bkind%5D=%27{kind}%27"
                for initiative, kind in COMBINED
            ]
            self._same((mine, pages()[0]), (other_one, theirs[0]))
            own, other = self._alternate((mine, pages()), (other_one, theirs), len(pages()) * 2)
            yield Result(f"page of 50, {rows:,} rows", other_one.name, least, own, other)

    def whole_export(self) -> Iterator[Result]:
        """Half of all rows as CSV, made; all rows, which are a file after the first time; and half of them from its lines."""
        half = "/v1/commitments?initiative=trust&format=csv"
        with self.ours(LARGE) as mine, roapi(self.others, data.table(self.folder, LARGE)) as other_one:
            for work, least, path, condition in (
                ("half of the rows as CSV, made", 0.3, half, HALF),
                ("all rows as CSV, again", 1.0, "/v1/commitments?format=csv", ""),
                ("half of the rows as CSV, from the lines of all", 0.3, half, HALF),
            ):
                theirs = f"/api/tables/commitment?{condition}"
                own, other = self._alternate((mine, [path]), (other_one, [theirs]), 1, Accept=CSV)
                yield Result(f"{work}, {LARGE:,} rows", other_one.name, least, own / 1e3, other / 1e3, "ms")

    def facets(self) -> Iterator[Result]:
        """Counts by kind of the rows of two pillars, some 25,000."""
        pillars = "trust-pharmaceuticals,trust-national-programs"
        path = f"/v1/commitments?pillar={pillars}&facet=kind&limit=1"
        # Another condition each time, and the same rows: nothing was counted before.
        new = (f"{path}&id__not={id.rsplit('/', 1)[1]}" for id in items(LARGE))
        theirs = [f"/flat-{LARGE}/commitment.json?pillar__in={pillars}&_facet=kind&_size=1"]
        with self.ours(LARGE) as mine, datasette(self.others, data.flat(self.folder, LARGE)) as other_one:
            own = [mine.cost([next(new)], 1).cpu for _ in range(self.rounds)]
            again, other = self._alternate((mine, [path]), (other_one, theirs), 5)
            yield Result("facet over 25,000 matches, first", other_one.name, 20, statistics.median(own), other)
            yield Result("facet over 25,000 matches, again", other_one.name, 20, again, other)

    def searches(self, rows: int) -> Iterator[Result]:
        """A page of what two words find: one row in a hundred."""
        with self.ours(rows) as mine, datasette(self.others, data.flat(self.folder, rows)) as other_one:
            own, other = self._alternate(
                (mine, ["/v1/commitments?q=north+plants&limit=50"]),
                (other_one, [f"/flat-{rows}/commitment.json?_search=north+plants&_size=50&_shape=objects"]),
                5,
            )
            yield Result(f"search, {rows:,} rows, one in a hundred found", other_one.name, 5, own, other)

    def growth(self, rows: int) -> Iterator[Result]:
        """The same requests with few rows and with many."""
        with self.ours(200) as few, self.ours(rows) as many:
            cursors = {one.port: _later(one, 2) for one in (few, many)}
            for name, here, there in (
                ("item", items(200), items(rows)),
                ("page of 50", [ALL], [ALL]),
                ("third page of 50 by its cursor", [cursors[few.port]], [cursors[many.port]]),
            ):
                other, own = self._alternate((few, here), (many, there), 1000)
                yield Result(f"{name}, {rows:,} rows", "200 rows", 1.2, own, other, at_most=True)

    def during_searches(self, rows: int) -> Iterator[Result]:
        """How long items take while others search broadly, 99th percentile."""
        with self.ours(rows) as mine:
            alone = [mine.cost(items(rows), 1500).p99 for _ in range(self.rounds)]
            with _asking(mine, "/v1/commitments?q=partners&limit=50", "/v1/search?q=steady+supply"):
                busy = [mine.cost(items(rows), 1500).p99 for _ in range(self.rounds)]
            own, other = statistics.median(busy), statistics.median(alone)
            yield Result("p99 of items during broad searches", "alone", 2, own, other, "ms", at_most=True)

    def on_postgresql(self) -> Iterator[Result]:
        """The same data on PostgreSQL, CPU of the project's process."""
        with data.postgresql(self.folder, LARGE) as url:
            with self.ours(LARGE) as here, project(url, cache=False) as there:
                for name, paths in (("item", items(LARGE)), ("page of 50", pages())):
                    other, own = self._alternate((here, paths), (there, paths), 1000)
                    yield Result(f"{name}, not kept, on PostgreSQL", "on SQLite", 0.5, own, other)
            with self.ours(LARGE, cache=True) as here, project(url, cache=True) as there:
                other, own = self._alternate((here, [page(0)]), (there, [page(0)]), 3200, connections=16)
                yield Result("page of 50, kept, 16 connections, on PostgreSQL", "on SQLite", 0.8, own, other)

    def workers(self) -> Iterator[Result]:
        """Seconds for the same requests with two processes and with one, on both cores."""
        url = f"sqlite:///{data.ours(self.folder, LARGE)}"
        took: dict[int, list[float]] = {1: [], 2: []}
        with project(url, cache=False, core=None) as one, project(url, cache=False, workers=2, core=None) as two:
            for _ in range(self.rounds):
                for number, subject in ((1, one), (2, two)):
                    took[number].append(_seconds(subject, page(0), 3000))
        one_took, two_took = (statistics.median(took[number]) * 1e6 / 3000 for number in (1, 2))
        yield Result("page of 50, not kept, 2 workers, time each", "1 worker", 1.6, two_took, one_took)

    def start(self) -> Iterator[Result]:
        """From nothing to the first answer on a database that is there, beside importing the same libraries."""
        imports = "import fastapi, sqlmodel, uvicorn, pydantic_settings, orjson, asyncpg, jinja2, prometheus_client"
        own, other = [], []
        for _ in range(self.rounds):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", imports], check=True)
            other.append(time.perf_counter() - began)
            with self.ours(200, cache=True) as mine:
                own.append(mine.to_answer)
        yield Result(
            "start to first answer", "importing the libraries", 1.5,
            statistics.median(own) * 1000, statistics.median(other) * 1000, "ms", at_most=True,
        )  # fmt: skip

    @contextmanager
    def _constant(self, mine: Subject, path: str) -> Iterator[Subject]:
        """Bare Starlette with the bytes that the project answers to a path."""
        body = self.folder / "body"
        body.write_bytes(ask(mine.port, path).body)
        with constant(body) as limit:
            yield limit

    def _alternate(
        self,
        first: tuple[Subject, Sequence[str]],
        second: tuple[Subject, Sequence[str]],
        count: int,
        connections: int = 1,
        **headers: str,
    ) -> tuple[float, float]:
        """Median CPU for each request of two servers that are asked in turn."""
        costs: tuple[list[float], list[float]] = ([], [])
        for subject, paths in (first, second):
            subject.cost(paths, min(count, len(paths)), **headers)
        for _ in range(self.rounds):
            for found, (subject, paths) in zip(costs, (first, second), strict=True):
                found.append(subject.cost(paths, count, connections, **headers).cpu)
        return statistics.median(costs[0]), statistics.median(costs[1])

    def _same(self, mine: tuple[Subject, str], other: tuple[Subject, str]) -> None:
        """Both must find the same records in the same order."""
        found = [[row["id"] for row in _rows(orjson.loads(ask(one.port, path).body))] for one, path in (mine, other)]
        if found[0] != found[1]:
            raise ValueError(f"{other[0].name} finds {found[1][:3]}..., the project {found[0][:3]}...")


CSV = "application/csv, text/csv"
ALL = "/v1/commitments?limit=50"
HALF = "filter%5Binitiative%5D=%27trust%27"
COMBINED = [(initiative, kind) for initiative in ("trust", "compact") for kind in KINDS]
"""Conditions of pages: an initiative and a kind."""


def item(number: int) -> str:
    """Path of one commitment."""
    return f"/v1/commitments/synthetic-{number:08d}"


def items(rows: int) -> list[str]:
    """Paths of commitments from everywhere in the table."""
    return [item(number) for number in range(0, rows, max(1, rows // 200))]


def page(number: int) -> str:
    """Path of a page of 50 under one of the conditions."""
    initiative, kind = COMBINED[number]
    return f"/v1/commitments?limit=50&initiative={initiative}&kind={kind}"


def pages() -> list[str]:
    """Paths of pages under every condition."""
    return [page(number) for number in range(len(COMBINED))]


def _moved(paths: Sequence[str]) -> list[str]:
    """The paths of the ordinary application."""
    return [path.removeprefix("/v1") for path in paths]


def _rows(found: Any) -> list[dict[str, Any]]:
    """The rows of an answer of any of the servers."""
    return found if isinstance(found, list) else found.get("data") or found["rows"]


def _later(subject: Subject, pages: int) -> str:
    """The path of a later page of all commitments, as the pages before it give it."""
    path = ALL
    for _ in range(pages):
        path = orjson.loads(ask(subject.port, path).body)["links"]["next"]
    return path


@contextmanager
def _asking(subject: Subject, *paths: str) -> Iterator[None]:
    """Ask a server the same again and again, from a process for each path, until the block ends."""
    processes = [multiprocessing.Process(target=_ask_on, args=[subject.port, path], daemon=True) for path in paths]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _ask_on(port: int, path: str) -> None:
    with Connection(port) as connection:
        while True:
            connection.send(request(path))
            connection.receive()


def _seconds(subject: Subject, path: str, count: int, connections: int = 8) -> float:
    """Seconds until so many answers were there, on several connections, none of which waits for another."""
    asked, answer = request(path), ask(subject.port, path)
    with ExitStack() as stack:
        answered = stack.enter_context(DefaultSelector())
        open_ones = [stack.enter_context(Connection(subject.port)) for _ in range(connections)]
        began = time.perf_counter()
        for connection in open_ones:
            answered.register(connection, EVENT_READ)
            connection.send(asked)
        left = count
        while left:
            for key, _ in answered.select():
                connection = cast(Connection, key.fileobj)
                connection.pass_over(answer)
                connection.send(asked)
                left = max(0, left - 1)
        return time.perf_counter() - began
