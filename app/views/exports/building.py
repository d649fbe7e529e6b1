"""Builds the files of a revision once, into a folder that outlives the request."""

import asyncio
import hashlib
import math
import re
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import orjson

from app import __version__
from app.api.answers import Answers, Moved, settled
from app.api.params import Reading
from app.core.db import Unavailable
from app.resources import CATALOG
from app.views.exports.files import KINDS, Bundle, Made, listed

MANIFEST = "files.json"
UNFINISHED = ".making-"
OURS = re.compile("[0-9]+-[0-9a-f]{16}")
"""Names of our folders: the place may hold others, which are none of our business."""
DAY = 86_400


@dataclass(frozen=True)
class Built:
    """The files of one revision."""

    revision: int
    digest: str
    at: str
    folder: Path
    files: Sequence[Made]


class Exports:
    """The files of the current revision; built in the background by whoever asks first."""

    PATIENCE = 8.0
    """Seconds that a request waits for the files before it is told to come again."""

    def __init__(self, answers: Answers, folder: Path | None, base: str):
        self.answers, self.base = answers, base
        self._given = folder
        self._own: Path | None = None
        self._remove: Callable[[], object] = lambda: None
        self._built: Built | None = None
        self._building: asyncio.Task[Built] | None = None

    async def current(self) -> Built:
        """The files of the current revision. Raises Unavailable where they are not ready in time."""
        revision, digest, _ = await self.answers.dataset()
        if self._built is None or (self._built.revision, self._built.digest) != (revision, digest):
            if self._building is None or self._building.done():
                self._building = asyncio.create_task(settled(self._attempt))
            try:
                self._built = await asyncio.wait_for(asyncio.shield(self._building), self.PATIENCE)
            except TimeoutError:
                raise Unavailable("the files are being built") from None
        return self._built

    def folder(self) -> Path:
        """Where the files are kept: as set, or a folder of this process that goes with it."""
        if self._given is not None:
            self._given.mkdir(parents=True, exist_ok=True)
            return self._given
        if self._own is None:
            self._own = Path(tempfile.mkdtemp(prefix="initiatives-exports-"))
            self._remove = weakref.finalize(self, shutil.rmtree, self._own, ignore_errors=True)
        return self._own

    async def close(self) -> None:
        """Stop building, and take the folder of this process away."""
        if self._building is not None:
            self._building.cancel()
            await asyncio.gather(self._building, return_exceptions=True)
        self._remove()

    async def _attempt(self) -> Built:
        revision, digest, at = await self.answers.dataset()
        told = "\0".join(
            (__version__, digest, self.base, *(kind.name for kind in KINDS.values() if _can(kind.library)))
        )
        name = f"{revision}-{hashlib.blake2b(told.encode(), digest_size=8).hexdigest()}"
        ready = self.folder() / name
        if not (ready / MANIFEST).exists():
            await self._write(ready, revision, at)
        return Built(revision, digest, at, ready, await asyncio.to_thread(self._settle, ready))

    async def _write(self, ready: Path, revision: int, at: str) -> None:
        """Write everything beside its place, then move it there whole: other processes may do the same."""
        folder = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self.folder()))
        bundle = await asyncio.to_thread(Bundle, CATALOG, folder)
        try:
            for position, resource in enumerate(CATALOG):
                async for found, _, documents in self.answers.chunks(Reading(CATALOG, resource, b"")):
                    if found != revision:
                        raise Moved
                    await asyncio.to_thread(bundle.some, position, documents)
            files = await asyncio.to_thread(bundle.finish, revision, at, self.base)
            await asyncio.to_thread(_place, folder, ready, listed(files))
        except BaseException:
            bundle.abandon()
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _settle(self, ready: Path) -> Sequence[Made]:
        """The files that are there. Old revisions go but the last one, which may still be on its way to someone."""
        folders = [path for path in ready.parent.iterdir() if path != ready and path.is_dir()]
        old = sorted((path for path in folders if OURS.fullmatch(path.name)), key=_age)[1:]
        broken = [path for path in folders if path.name.startswith(UNFINISHED) and _age(path) > DAY]
        for path in (*old, *broken):
            shutil.rmtree(path, ignore_errors=True)
        return [Made(**one) for one in orjson.loads((ready / MANIFEST).read_bytes())]


def _age(path: Path) -> float:
    """Seconds since a folder was written; endless for one that another process takes away meanwhile."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return math.inf


def _place(folder: Path, ready: Path, manifest: bytes) -> None:
    """Move a finished folder to its place, unless another process was faster."""
    (folder / MANIFEST).write_bytes(manifest)
    try:
        folder.rename(ready)
    except OSError:
        if not (ready / MANIFEST).exists():
            raise


def _can(library: str | None) -> bool:
    return library is None or find_spec(library) is not None
