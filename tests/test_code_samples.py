"""The code samples of the OpenAPI document run as they are printed, and print what the server answers."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

END = "\x1e"
"""What is written after the output of each sample."""
PATH = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
BASH = 'for sample in sample-*; do . "./$sample"; printf "\\036"; done'
PYTHON = """
from pathlib import Path
from runpy import run_path
for sample in sorted(Path().glob("sample-*")):
    run_path(str(sample))
    print("\\x1e", end="")
"""
JAVASCRIPT = """
import { readdirSync } from "node:fs";
for (const sample of readdirSync(".").filter((name) => name.startsWith("sample-")).sort()) {
  await import(`./${sample}`);
  process.stdout.write("\\x1e");
}
"""
RUNS = {
    "curl": ("", ("bash", "-euo", "pipefail", "-c", BASH)),
    "Python": (".py", (sys.executable, "-c", PYTHON)),
    "JavaScript": (".mjs", ("node", "--input-type=module", "-e", JAVASCRIPT)),
}
"""For each language the ending of its files, and what runs all in the folder, one after the other."""


@pytest.mark.parametrize("language", RUNS)
def test_code_samples_print_the_answer(clients: Callable[[str], httpx.Client], tmp_path: Path, language: str) -> None:
    client = clients("sqlite")
    server = str(client.base_url).rstrip("/")
    ending, (program, *arguments) = RUNS[language]
    if language == "curl" and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    targets = []
    for path, item in client.get("/openapi.json").json()["paths"].items():
        named = {one["label"]: one["source"] for one in item["get"]["x-codeSamples"]}
        assert set(named) == set(RUNS), path
        source = named[language].replace("http://127.0.0.1:8000", server)
        (tmp_path / f"sample-{len(targets):03}{ending}").write_text(source, encoding="utf-8")
        targets.append(re.findall(rf"{server}([^'\"]+)", source)[0])
    assert len(targets) > 100

    found = shutil.which(program, path=PATH)
    assert found, program
    ran = subprocess.run([found, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)

    assert ran.returncode == 0, ran.stderr
    printed = ran.stdout.split(END)
    assert printed.pop() == ""
    for target, text in zip(targets, printed, strict=True):
        answer = client.get(target, follow_redirects=True)
        assert answer.status_code == 200, target
        assert json.loads(text) == answer.json(), target
