"""Streams a long list in every format from a server of its own, and says how much memory that took.

    python -m benchmarks.exports [--rows 1000000] [--resource commitments] [--formats csv,xlsx,parquet,ndjson]

Rows are copies of one record under other ids. Memory is what the process holds for itself (RssAnon): pages of the
database file that the system maps into it (RssFile) are the system's to take back.
"""

import argparse
import re
import sqlite3
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx

from app.core.db import engine
from app.resources import CATALOG
from app.startup import prepare
from benchmarks.subjects import project


def fill(path: Path, name: str, rows: int) -> None:
    """A database with so many copies of the example of a resource."""
    made = engine(f"sqlite:///{path}")
    prepare(made, better_sources=False)
    made.dispose()
    resource = CATALOG[name]
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA synchronous = OFF")
        for table in ("record", resource.singular):
            columns = [column for (_, column, *_) in database.execute(f'PRAGMA table_info("{table}")')]
            new = {
                "id": "'synthetic-' || printf('%08d', n)",
                "document": "replace(document, ?, 'synthetic-' || printf('%08d', n))",
            }
            values = ", ".join(new.get(column, f'"{column}"') for column in columns)
            quoted = ", ".join(f'"{column}"' for column in columns)
            example = (resource.example,) * (2 if "document" in columns else 1)
            database.execute(
                f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows}) "
                f'INSERT INTO "{table}" ({quoted}) SELECT {values} FROM "{table}", numbers WHERE id = ?',
                example,
            )


def memory(pid: int) -> dict[str, float]:
    """What a process holds, in MB."""
    text = Path(f"/proc/{pid}/status").read_text()
    return {
        name: int(found[1]) / 1024 for name in ("RssAnon", "RssFile") if (found := re.search(rf"{name}:\s+(\d+)", text))
    }


def stream(address: str, pid: int, name: str, format: str, target: Path) -> None:
    """Take a whole list in one format to a file, watching the server's memory."""
    url = f"{address}/v1/{name}?format={format}"
    for _ in range(3):
        httpx.get(f"{url}&limit=500", headers={"Accept-Encoding": "identity"}).raise_for_status()
    before = memory(pid)
    peak = dict(before)
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            for kind, held in memory(pid).items():
                peak[kind] = max(peak[kind], held)

    watching = threading.Thread(target=watch)
    watching.start()
    started = time.perf_counter()
    first = None
    with (
        target.open("wb") as file,
        httpx.stream("GET", url, headers={"Accept-Encoding": "identity"}, timeout=None) as answer,
    ):
        answer.raise_for_status()
        for piece in answer.iter_raw():
            first = first or time.perf_counter() - started
            file.write(piece)
    seconds = time.perf_counter() - started
    done.set()
    watching.join()
    print(
        f"{format:8} {count(format, target):>9,} rows {target.stat().st_size / 1e6:9.1f} MB in {seconds:6.1f} s, "
        f"first byte after {(first or 0) * 1000:5.0f} ms, memory +{peak['RssAnon'] - before['RssAnon']:.1f} MB "
        f"(of {before['RssAnon']:.0f}), mapped file pages +{peak['RssFile'] - before['RssFile']:.0f} MB",
        flush=True,
    )


def count(format: str, path: Path) -> int:
    """Records in a file."""
    if format == "parquet":
        import pyarrow.parquet

        return int(pyarrow.parquet.ParquetFile(path).metadata.num_rows)
    if format == "xlsx":
        found = 0
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if member.startswith("xl/worksheets/"):
                    rest, rows = b"", 0
                    with archive.open(member) as sheet:
                        while piece := sheet.read(1 << 20):
                            rows += (rest + piece).count(b"<row ")
                            rest = piece[-4:]
                    found += rows
        return found - sum(1 for _ in _headers(path))
    with path.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b"")) - (format == "csv")


def _headers(path: Path) -> Iterator[str]:
    """The rows of a workbook that hold no record: one of names for each sheet, and those that say what it is."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True)
    yield from book.sheetnames[:-1]
    yield from (str(row) for row in book.worksheets[-1].iter_rows(values_only=True))


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--resource", default="commitments")
    asked.add_argument("--formats", default="ndjson,csv,xlsx,parquet")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "synthetic.db"
        fill(path, given.resource, given.rows)
        with project(f"sqlite:///{path}", cache=True, core=None) as served:
            for format in given.formats.split(","):
                stream(
                    f"http://127.0.0.1:{served.port}",
                    served.pid,
                    given.resource,
                    format,
                    Path(folder) / f"out.{format}",
                )
