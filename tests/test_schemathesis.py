"""What the server answers is what the OpenAPI document says, whatever is asked: schemathesis with all its checks.

By default a few requests of every kind of operation. `SCHEMATHESIS_EXAMPLES=200 pytest -n 2 tests/test_schemathesis.py`
asks every operation, with as many examples as that on each database; with many, some operations at a time, since each
run chooses among all that it has seen, ever more slowly.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "0"))
KINDS = (
    "/v1",
    "/v1/places",
    "/v1/places/{id}",
    "/v1/places/{id}/effects",
    "/v1/statements/aggregate",
    "/v1/records/{id}",
    "/v1/search",
    "/v1/suggest",
    "/v1/graph",
    "/v1/paths",
    "/v1/questions/{id}",
    "/v1/exports/{name}",
    "/readyz",
)
"""One operation of each kind."""


PARTS = max(1, EXAMPLES // 100)
"""In how many runs all operations are fuzzed."""


@pytest.mark.parametrize(
    ("phase", "part"),
    [("examples", 0), ("coverage", 0), ("stateful", 0), *(("fuzzing", part) for part in range(PARTS))],
)
def test_every_answer_is_documented(client: httpx.Client, phase: str, part: int, tmp_path: Path) -> None:
    known = client.get("/openapi.json").json()["paths"]
    # Links lead from operation to operation, so that none may be left out.
    asked = list(known) if EXAMPLES or phase == "stateful" else [path for path in known if path in KINDS]
    asked = asked[part :: PARTS if phase == "fuzzing" else 1]
    chosen = [f"--include-path={path}" for path in asked]
    command = [
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
        f"--config-file={Path(__file__).with_name('schemathesis.toml')}",
        *("run", f"{client.base_url}/openapi.json".replace("//openapi", "/openapi"), f"--phases={phase}"),
        f"--max-examples={EXAMPLES or 5}",
        *("--workers=1", "--seed=1", "--generation-database=none", "--continue-on-failure", "--no-color", *chosen),
    ]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2_000:]
    assert " passed" in run.stdout
    if phase == "stateful":
        followed = int(re.search(r"API Links: +(\d+) covered", run.stdout)[1])
        assert followed > EXAMPLES // 20, run.stdout
