"""The README and the generated pages say what is true: their commands, replies, addresses and links."""

import json
import re
from pathlib import Path

import pytest

from app.settings import documented

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ADDRESSES = re.findall(r"\| `(/v1/[^`]+)` \|", README)


def test_it_is_short():
    assert len(README.splitlines()) <= 120


def test_the_reply_that_it_shows_is_the_reply(client):
    url, reply = re.search(r"\$ curl 'http://127\.0\.0\.1:8000([^']+)'\n(.+)\n", README).groups()
    assert client.get(url).json() == json.loads(reply)


@pytest.mark.parametrize("url", ADDRESSES)
def test_addresses_answer(client, url):
    answer = client.get(url)
    assert answer.status_code == 200
    if "disputed" not in url and "csv" not in url:
        assert answer.json()["data"]


def test_both_commands_are_there_once():
    assert (
        len(
            re.findall(r"^python3 -m venv .* initiatives serve$".replace(" initiatives", ".*initiatives"), README, re.M)
        )
        == 1
    )
    assert len(re.findall(r"^python3 -m venv .*pytest -n auto$", README, re.M)) == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        if "NNNN" not in target:
            assert (page.parent / target).exists(), target


def test_settings_are_documented():
    assert (ROOT / "docs/settings.md").read_text(encoding="utf-8") == documented() + "\n"
