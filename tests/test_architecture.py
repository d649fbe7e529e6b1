"""The house: imports point down, the engine names no resource, SQL is built and never written, functions stay short."""

import ast
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

from app.resources import CATALOG

ROOT = Path(__file__).parent.parent
APP = ROOT / "app"
LONGEST = 60
"""Lines of a function, its docstring aside."""
EVERYDAY = {"source", "sources", "statement", "statements", "relation", "relations", "place"}
"""Names of resources that are words of SQL, of provenance (core/provenance.py holds its tables) and of every day."""
PRODUCT = "initiatives_"
"""What our metrics begin with: the name of the program."""


def files(*folders):
    found = [path for folder in folders for path in sorted((APP / folder).rglob("*.py"))]
    assert found
    return found


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def test_layers_hold():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def words(path):
    """Names of modules and classes, and texts that are no sentences, of a file without its docstrings."""
    tree = parsed(path)
    docs = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) if not name.islower():
                yield name
            case ast.ImportFrom(module=str() as module):
                yield module
            case ast.Constant(value=str() as text) if id(node) not in docs and " " not in text:
                yield text.removeprefix(PRODUCT)


@pytest.mark.parametrize("path", files("api"), ids=lambda path: path.stem)
def test_engine_names_no_resource(path):
    named = {word for resource in CATALOG for word in (resource.name, resource.singular)} - EVERYDAY
    made = {
        word
        for resource in CATALOG
        for word in (resource.name.upper(), resource.table.__name__, resource.read.__name__)
    }
    for text in words(path):
        assert not text.startswith("app.resources"), text
        assert text not in made - {"Statement", "Source"}, text
        assert not named & set(re.split(r"[^a-z]+", text)), text


@pytest.mark.parametrize("path", files("core"), ids=lambda path: path.stem)
def test_core_knows_neither_http_nor_resources(path):
    for node in ast.walk(parsed(path)):
        modules = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        for module in modules:
            assert module.partition(".")[0] not in ("fastapi", "starlette"), module
            assert not module.startswith(("app.resources", "app.api", "app.views")), module


@pytest.mark.parametrize("path", files("resources"), ids=lambda path: path.stem)
def test_resources_know_neither_http_nor_sessions(path):
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom | ast.Import):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            assert not [
                module for module in modules if module.startswith(("fastapi", "starlette", "app.api", "app.views"))
            ]
            assert "Session" not in [alias.name for alias in node.names]


SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|DROP|CREATE)\b\s+\S")


@pytest.mark.parametrize("path", files("api", "views", "resources"), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_sql_is_written_as_text(path):
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            assert not {"text", "TextClause"} & {alias.name for alias in node.names}, path
        # The exports write a database of their own, for download: its tables are named by the declarations alone.
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and path.parent.name != "exports":
            assert not SQL.search(node.value), node.value


def lines(node):
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_functions_are_short():
    long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": lines(node)
        for path in files(".")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and lines(node) > LONGEST
    }
    assert not long


def test_modules_say_what_they_are_for():
    assert not [path for path in files(".") if path.read_text(encoding="utf-8") and not ast.get_docstring(parsed(path))]


def test_no_comment_tells_history():
    told = re.compile(r"\b(TODO|FIXME|XXX|HACK|previously|no longer used|was changed|used to be)\b")
    for path in files("."):
        for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
            assert token.type != tokenize.COMMENT or not told.search(token.string), (
                f"{path}:{token.start[0]} {token.string}"
            )
