"""Seed folders for tests: copies of the article's, the invented second one, and edits of their text."""

from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

TESTS = Path(__file__).parent
SEED = TESTS.parent / "seed"
ARTICLE = "trust-compact-article"
FOLDERS = (ARTICLE, "reference-codes", "reference-elements")
"""The article's data alone, without better sources."""
SECOND = "coastal-courier-lantern-article"


def article(target: Path) -> Path:
    """A copy of the article's folders that a test may edit."""
    for name in FOLDERS:
        copytree(SEED / name, target / name)
    return target


def add_second(target: Path) -> Path:
    """Put the invented folder beside others."""
    copytree(TESTS / "seed_second" / SECOND, target / SECOND)
    return target


@dataclass(frozen=True)
class Edit:
    """Text to be replaced in a file, once; without `old` the new text is put at the end of the file."""

    file: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        path = root / self.file
        path.parent.mkdir(exist_ok=True)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        assert not self.old or before.count(self.old) == 1, f"{self.old!r} stands {before.count(self.old)} times"
        after = before.replace(self.old, self.new) if self.old else before + self.new
        path.write_text(after, encoding="utf-8")
