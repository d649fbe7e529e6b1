"""Measures the project beside what a user would pick instead.

    python -m benchmarks [--quick] [--folder FOLDER] [--only NAMES] [--write]

Needs what `pip install '.[test]'` brings, and two cores: one for the server that is measured, one for the load. Other
servers are installed into an environment of their own in the folder, where the databases are kept, too. `--quick` takes
two minutes once the databases are there: 100,000 rows and fewer rounds. `--write` writes docs/benchmarks.md and its
picture. Everything is done on 127.0.0.1 and ends by itself.
"""

import argparse
import os
import subprocess
import tempfile
import venv
from contextlib import ExitStack
from pathlib import Path

from benchmarks import data, report
from benchmarks.comparisons import Bench
from benchmarks.load import pin
from benchmarks.subjects import LOAD_CORE

HERE = Path(__file__).parent


def others(folder: Path) -> Path:
    """The programs of the environment that holds the other servers."""
    place = folder / "others"
    if not (place / "bin" / "datasette").exists():
        venv.create(place, with_pip=True)
        subprocess.run(
            [place / "bin" / "pip", "install", "--quiet", "--requirement", HERE / "requirements.txt"], check=True
        )
    return place / "bin"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--quick", action="store_true", help="100,000 rows, three rounds")
    asked.add_argument("--folder", type=Path, help="where databases are kept (else a temporary folder)")
    asked.add_argument("--only", help="some of the comparisons, such as kept,made,start")
    asked.add_argument("--write", action="store_true", help="write docs/benchmarks.md and its picture")
    given = asked.parse_args()
    with ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        bench = Bench(folder.resolve(), others(folder.resolve()), rounds=3 if given.quick else 5)
        for rows in (200, 100_000) if given.quick else (200, 100_000, 1_000_000):
            data.ours(bench.folder, rows)
        pin(os.getpid(), LOAD_CORE)
        results = []
        for name, comparison in bench.all(large=not given.quick).items():
            if given.only is None or name in given.only.split(","):
                for result in comparison:
                    print(result, flush=True)
                    results.append(result)
    if given.write:
        report.write(results, (HERE / "requirements.txt").read_text().splitlines()[1:])


if __name__ == "__main__":
    main()
