"""While somebody writes, no answer is older than what was committed before it was asked for, and none is torn."""

import csv
import random
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

import httpx
import pytest

from tests.conftest import served
from tests.test_contract_changes import place, write

IDS = [f"changing-{number}" for number in range(6)]
REQUESTS = 250
TURN, END = "turn", "end"
PATHS = [
    f"/v1/places?id={','.join(IDS)}",
    f"/v1/places?id={','.join(IDS)}&limit=6&facet=kind&sort=-title",
    f"/v1/places?id={','.join(IDS)}&format=csv",
    f"/v1/places?id={','.join(IDS)}&format=ndjson",
    f"/v1/records?id={','.join(IDS)}&fields=title",
    "/v1/places?q=as+of+revision",
    *(f"/v1/places/{id}" for id in IDS),
]


class Writer:
    """Writes revisions, each of which renames every one of some places to its own number."""

    def __init__(self, database):
        self.database = database
        self.committed = self._next()

    def _next(self):
        number = self.database.revision + 1
        assert write(self.database, *(place(id, f"As of revision {number}") for id in IDS)) == number
        return number

    def _write(self, turns):
        while turns.get() == TURN:
            self.committed = self._next()

    @contextmanager
    def at_work(self):
        """Writes at each TURN that is put, while the readers go on; gives where to put them.

        It is never far behind, however busy the machine is: a few turns wait, and who puts another one waits with them.
        """
        turns = Queue(3)
        with ThreadPoolExecutor(1) as thread:
            writing = thread.submit(self._write, turns)
            try:
                yield turns
            finally:
                turns.put(END, timeout=30)
            writing.result()


def titles(answer):
    """The titles of all records of an answer, whatever its format."""
    kind = answer.headers["content-type"]
    if kind.startswith("text/csv"):
        return [row["title"] for row in csv.DictReader(answer.text.splitlines())]
    if kind == "application/x-ndjson":
        return [httpx.Response(200, text=line).json()["title"] for line in answer.text.splitlines()]
    found = answer.json()
    return [record["title"] for record in found.get("data", [found])]


def read(url, writer, turns, seed):
    """Ask in no order, giving the writer a turn at every fifth request; how many answers were 304, and the revisions seen."""
    dice, tags, revisions, unchanged = random.Random(seed), {}, set(), 0
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        for number in range(REQUESTS):
            if number % 5 == 0:
                turns.put(TURN, timeout=30)
            path, encoding = dice.choice(PATHS), dice.choice(("identity", "gzip"))
            least = writer.committed
            headers = {"Accept-Encoding": encoding}
            if (tag := tags.get((path, encoding))) and dice.random() < 0.5:
                headers["If-None-Match"] = tag
            answer = client.get(path, headers=headers)
            assert answer.status_code in (200, 304), answer.text
            revision = int(answer.headers["dataset-revision"])
            assert revision >= least, f"{path} is of revision {revision}, {least} was committed"
            if answer.status_code == 304:
                assert answer.headers["etag"] == headers["If-None-Match"]
                assert int(answer.headers["etag"].strip('"').split("-")[0]) == revision
                unchanged += 1
                continue
            assert set(titles(answer)) == {f"As of revision {revision}"}
            tags[path, encoding] = answer.headers["etag"]
            revisions.add(revision)
    return unchanged, revisions


@pytest.mark.parametrize("room", [0, 1_000_000], ids=["nothing kept", "answers kept"])
def test_no_answer_is_stale_or_torn_while_somebody_writes(own_database, room):
    writer = Writer(own_database)
    with served(own_database, cache_bytes=room) as client, ThreadPoolExecutor(3) as threads:
        with writer.at_work() as turns:
            found = list(threads.map(lambda seed: read(str(client.base_url), writer, turns, seed), range(3)))
        assert sum(unchanged for unchanged, _ in found) > 0
        assert len(set().union(*(revisions for _, revisions in found))) > 20


def test_an_answer_may_make_room_while_it_is_looked_at(database):
    def ask(seed):
        dice, statuses = random.Random(seed), set()
        with httpx.Client(base_url=client.base_url, timeout=30, trust_env=False) as own:
            for _ in range(300):
                statuses.add(own.get(f"/v1/commitments/{dice.choice(ids)}").status_code)
        return statuses

    with served(database, cache_bytes=40_000) as client, ThreadPoolExecutor(8) as threads:
        ids = [one["id"] for one in client.get("/v1/commitments?limit=100").json()["data"]]
        assert set().union(*threads.map(ask, range(8))) == {200}
        metrics = client.get("/metrics").text
    for counted in ("hits", "evictions"):
        assert float(re.search(rf"^initiatives_cache_{counted} (\S+)", metrics, re.M)[1]) > 100


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_a_killed_writer_left_in_the_file_is_not_taken_for_a_commit(own_database):
    write(own_database, place("changing", "Before"))
    file = Path(own_database.url.removeprefix("sqlite:///"))
    journal = file.with_name(f"{file.name}-journal")
    with served(own_database) as client:
        assert client.get("/v1/places/changing").json()["title"] == "Before"
        killed = sqlite3.connect(file, isolation_level=None)
        assert killed.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
        # Without waiting for the disk, the journal can be rolled back from at any moment.
        killed.executescript("PRAGMA synchronous = OFF; BEGIN IMMEDIATE; PRAGMA user_version = 7")
        left = journal.read_bytes()
        killed.execute("COMMIT")
        killed.close()
        journal.write_bytes(left)  # as if it had been killed before it could remove it
        assert client.get("/v1/places/changing").json()["title"] == "Before"
        assert not journal.exists()
        # This commit leaves the same counter in the file's header as the one that was rolled back.
        write(own_database, place("changing", "After"))
        assert client.get("/v1/places/changing").json()["title"] == "After"
