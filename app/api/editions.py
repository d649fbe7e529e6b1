"""Folders of files that are made once for an edition of the dataset: other processes may make the same ones."""

import hashlib
import math
import re
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app import __version__

UNFINISHED = ".making-"
OURS = re.compile("[0-9]+-[0-9a-f]{16}")
"""Names of our folders: the root may hold others, which are none of our business."""
DAY = 86_400


class Editions:
    """A folder with one for each edition: one revision, as this version of the program shows it."""

    def __init__(self, root: Path | None):
        """Without a root it is a temporary folder, which goes with this object."""
        self._given = root
        self._own: Path | None = None
        self._remove: Callable[[], object] = lambda: None

    def root(self) -> Path:
        """Where the folders are. Raises OSError where they cannot be."""
        if self._given is not None:
            self._given.mkdir(parents=True, exist_ok=True)
            return self._given
        if self._own is None:
            self._own = Path(tempfile.mkdtemp(prefix="initiatives_exports-"))
            self._remove = weakref.finalize(self, shutil.rmtree, self._own, ignore_errors=True)
        return self._own

    def folder(self, revision: int, digest: str, *told: str) -> Path:
        """The folder of an edition, which need not be there; `told` is what its files depend on besides the data."""
        name = hashlib.blake2b("\0".join((__version__, digest, *told)).encode(), digest_size=8).hexdigest()
        return self.root() / f"{revision}-{name}"

    @contextmanager
    def unfinished(self) -> Iterator[Path]:
        """A folder to write in; what is to stay is moved to its place before the end."""
        folder = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self.root()))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def tidy(self, current: Path) -> None:
        """Take old editions away but the last one, which may still be on its way to someone."""
        folders = [path for path in current.parent.iterdir() if path != current and path.is_dir()]
        old = sorted((path for path in folders if OURS.fullmatch(path.name)), key=_age)[1:]
        broken = [path for path in folders if path.name.startswith(UNFINISHED) and _age(path) > DAY]
        for path in (*old, *broken):
            shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        """Take a temporary root away."""
        self._remove()


def _age(path: Path) -> float:
    """Seconds since a folder was written; endless for one that another process takes away meanwhile."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return math.inf
