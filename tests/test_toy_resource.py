"""A new resource takes one file, one line, one migration and one seed file: `docs/toy-resource.patch` proves it.

To make the patch anew after the tree has moved: `git apply` it to a clean checkout (`--3way` where lines moved), put
the number of the newest migration into `down_revision` of `0900_vessels.py`, `git add --intent-to-add` the new files,
write `git diff -U1 > docs/toy-resource.patch` and take the changes back.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

ROOT = Path(__file__).parent.parent
PATCH = ROOT / "docs" / "toy-resource.patch"

URLS = [
    "/v1",
    "/v1/vessels",
    "/v1/vessels?kind=frigate",
    "/v1/vessels?flag=india&topic=defense&commissioned__gte=2009",
    "/v1/vessels?topic__not=defense",
    "/v1/vessels?facet=flag&sort=-title&limit=1",
    "/v1/vessels?format=csv&fields=title,topics",
    "/v1/vessels/toy-frigate",
    "/v1/vessels/toy-frigate?include=flag",
    "/v1/vessels/TF",
    "/v1/places?vessel=toy-submarine",
    "/v1/places/india/vessels",
    "/v1/records?resource=vessels",
    "/v1/vessels?type=frigate",
    "/v1/ships",
    "/openapi.json",
]

ASK = """
import json, sys
from pathlib import Path
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel
from tests.conftest import served
from tests.databases import Database

database = Database("sqlite", f"sqlite:///{sys.argv[1]}")
database.prepare(Path("seed"))
assert {"vessel", "vessel_topics"} <= set(database.tables())
with database.engine.connect() as connection:
    differences = [str(one) for one in compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)]
    assert not [one for one in differences if "vessel" in one], differences
database.engine.dispose()
replies = {}
with served(database) as client:
    for url in json.loads(sys.argv[2]):
        answer = client.get(url)
        replies[url] = [answer.status_code, answer.headers.get("location"), answer.text]
Path(sys.argv[3]).write_text(json.dumps(replies), encoding="utf-8")
"""


def touched():
    """Files of the patch, with the lines that it adds and takes away."""
    files = {}
    for line in PATCH.read_text(encoding="utf-8").splitlines():
        if line.startswith("diff --git "):
            name = line.rpartition(" b/")[2]
            files[name] = [0, 0, False]
        elif line.startswith("new file"):
            files[name][2] = True
        elif re.match(r"[+-](?![+-]{2} )", line):
            files[name]["+-".index(line[0])] += 1
    return files


def test_patch_touches_one_resource_one_line_one_migration_and_one_seed_file():
    files = touched()
    assert sorted(name.rpartition("/")[0] for name in files) == [
        "app/resources",
        "app/resources",
        "migrations/versions",
        "seed/trust-compact-article",
    ]
    # The line in RESOURCES and its import.
    assert files.pop("app/resources/__init__.py") == [2, 0, False]
    assert all(new and not gone for _, gone, new in files.values())


def test_migration_of_the_patch_follows_the_newest():
    newest = sorted(path.name.partition("_")[0] for path in (ROOT / "migrations" / "versions").glob("[0-9]*.py"))[-1]
    assert f"+down_revision = '{newest}'" in PATCH.read_text(encoding="utf-8"), "see how to make the patch anew, above"


@pytest.fixture(scope="module")
def replies(tmp_path_factory):
    """What a copy of the tree with the patch answers."""
    tree = tmp_path_factory.mktemp("toy") / "tree"
    for name in ("app", "migrations", "seed", "tests"):
        copytree(ROOT / name, tree / name, ignore=ignore_patterns("__pycache__", "better-sources"))
    subprocess.run(
        ["git", "apply", str(PATCH)],
        cwd=tree,
        check=True,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)},
    )
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(tree / "toy.db"), json.dumps(URLS), str(tree / "replies.json")],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((tree / "replies.json").read_text(encoding="utf-8"))


def data(replies, url):
    status, _, text = replies[url]
    assert status == 200, text
    return json.loads(text)


def ids(replies, url):
    return [record["id"] for record in data(replies, url)["data"]]


def test_toy_is_listed_filtered_sorted_and_counted(replies):
    assert ids(replies, "/v1/vessels") == ["toy-frigate", "toy-submarine"]
    assert ids(replies, "/v1/vessels?kind=frigate") == ["toy-frigate"]
    assert ids(replies, "/v1/vessels?flag=india&topic=defense&commissioned__gte=2009") == ["toy-frigate"]
    assert ids(replies, "/v1/vessels?topic__not=defense") == ["toy-submarine"]
    page = data(replies, "/v1/vessels?facet=flag&sort=-title&limit=1")
    assert [record["id"] for record in page["data"]] == ["toy-submarine"]
    assert {value["value"]: value["count"] for value in page["meta"]["facets"]["flag"]} == {
        "india": 1,
        "united-states": 1,
    }
    assert replies["/v1/vessels?format=csv&fields=title,topics"][2].splitlines()[1] == "toy-frigate,Toy frigate,defense"


def test_toy_has_detail_include_alias_and_links_both_ways(replies):
    record = data(replies, "/v1/vessels/toy-frigate")
    assert (record["flag"], record["commissioned"], record["topics"]) == ("india", "2009-04", ["defense"])
    assert data(replies, "/v1/vessels/toy-frigate?include=flag")["included"]["flag"][0]["id"] == "india"
    assert replies["/v1/vessels/TF"][:2] == [307, "/v1/vessels/toy-frigate"]
    assert ids(replies, "/v1/places?vessel=toy-submarine") == ["united-states"]
    assert ids(replies, "/v1/places/india/vessels") == ["toy-frigate"]
    assert ids(replies, "/v1/records?resource=vessels") == ["toy-frigate", "toy-submarine"]


def test_toy_has_hints_index_and_docs(replies):
    assert "vessels" in [one["name"] for one in data(replies, "/v1")["resources"]]
    assert json.loads(replies["/v1/vessels?type=frigate"][2])["errors"][0]["did_you_mean"] == ["kind"]
    assert json.loads(replies["/v1/ships"][2])["errors"][0]["did_you_mean"] == ["/v1/vessels"]
    document = data(replies, "/openapi.json")
    assert {"/v1/vessels", "/v1/vessels/{id}", "/v1/places/{id}/vessels"} <= document["paths"].keys()
    assert "vessels.commissioned" in document["components"]["parameters"]
    assert "vessels" in [tag["name"] for tag in document["tags"]]
