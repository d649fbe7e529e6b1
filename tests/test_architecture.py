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


SQL = re.compile(
    r"\b(SELECT|FROM|WHERE|JOIN|UNION|PRAGMA|INSERT INTO|DELETE FROM|DROP|CREATE|ALTER)\b|\bUPDATE\s"
    r"|(?i:\bselect\b.+\bfrom\b.*\?|\binsert\s+into\b|\bdelete\s+from\b|\bupdate\b.+\bset\b.+=|\bpragma\s"
    r"|\b(drop|create|alter)\s+(virtual\s+)?(table|index|view|trigger)\b)",
    re.DOTALL,
)
TAKES_TEXT = {"text", "TextClause", "DDL", "exec_driver_sql", "executescript"}
"""What runs SQL that is written as text, or lets it into a statement."""
WRITES_SQL = {
    "core/db.py": "sets a connection up, before anything is asked",
    "core/sqlite.py": "asks whether the file has changed",
    "core/index.py": "full-text indexes of two databases, for which SQLAlchemy has no words; values are bound",
    "doctor.py": "asks the databases' own catalogs",
    "startup.py": "takes PostgreSQL's lock for migrations",
    "views/exports/files.py": "writes a SQLite file for download, its tables named by declarations alone",
}
"""The only files that may hold SQL as text, and why."""


def texts(tree):
    """Texts of a program without its docstrings; of those put together from pieces the whole, `?` for what is not text."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}

    def whole(node):
        match node:
            case ast.Constant(value=str() as text):
                return text
            case ast.JoinedStr(values=pieces):
                return "".join(map(whole, pieces))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return whole(left) + whole(right)
        return "?"

    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) and id(node) not in docs:
            yield whole(node)


def sql_as_text(tree):
    """Whatever in a program writes SQL as text."""
    database = {"sqlalchemy", "sqlmodel"}
    modules = {"sa"}
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str() as module, names=names) if module.partition(".")[0] in database:
                yield from TAKES_TEXT & {alias.name for alias in names}
            case ast.Import(names=names):
                modules |= {alias.asname or alias.name for alias in names if alias.name.partition(".")[0] in database}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr="exec_driver_sql" | "executescript" as name):
                yield name
            case ast.Attribute(value=of, attr=name) if name in TAKES_TEXT and ast.unparse(of) in modules:
                yield name
            case ast.Call(func=ast.Name(id="literal_column"), args=[given]) if "?" in "".join(texts(given)):
                yield "literal_column"
    yield from filter(SQL.search, texts(tree))


@pytest.mark.parametrize("path", files("."), ids=lambda path: path.relative_to(APP).as_posix())
def test_no_sql_is_written_as_text(path):
    found = list(sql_as_text(parsed(path)))
    if path.relative_to(APP).as_posix() in WRITES_SQL:
        assert found, "needs no permission"
    else:
        assert not found


@pytest.mark.parametrize(
    "program",
    [
        "from sqlalchemy import text",
        "from sqlalchemy.sql import text as words",
        "from sqlmodel import text",
        "import sqlalchemy\nsqlalchemy.text(asked)",
        "import sqlalchemy as sa\nsa.text(asked)",
        "connection.exec_driver_sql(asked)",
        'run("SELECT 1")',
        "run(f'select {column} from {table}')",
        "run('select ' + column + ' from ' + table)",
        "run('delete from ' + table)",
        "run(f'DROP TABLE {table}')",
        "run('WHERE id = %s' % id)",
        "literal_column(f'{asked}')",
    ],
)
def test_sql_as_text_is_found(program):
    assert list(sql_as_text(ast.parse(program)))


def test_other_text_is_not_taken_for_sql():
    program = "'Select what is to be shown from the list.'; found.text; text('a'); f'{count} of {total} from {source}'"
    assert not list(sql_as_text(ast.parse(program)))


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
