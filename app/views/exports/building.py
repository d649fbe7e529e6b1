"""Builds the files of a revision once, into a folder that outlives the request."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import orjson

from app.api.answers import Answers, Moved, settled
from app.api.editions import Editions
from app.api.params import Reading
from app.core.db import Unavailable
from app.resources import CATALOG
from app.views.exports.files import KINDS, Bundle, Made, listed

MANIFEST = "files.json"


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
        self.editions = Editions(folder)
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

    async def close(self) -> None:
        """Stop building, and take a temporary folder away."""
        if self._building is not None:
            self._building.cancel()
            await asyncio.gather(self._building, return_exceptions=True)
        self.editions.close()

    async def _attempt(self) -> Built:
        revision, digest, at = await self.answers.dataset()
        kinds = (kind.name for kind in KINDS.values() if _can(kind.library))
        ready = self.editions.folder(revision, digest, self.base, *kinds)
        if not (ready / MANIFEST).exists():
            await self._write(ready, revision, at)
        return Built(revision, digest, at, ready, await asyncio.to_thread(self._settle, ready))

    async def _write(self, ready: Path, revision: int, at: str) -> None:
        """Write everything beside its place, then move it there whole: other processes may do the same."""
        with self.editions.unfinished() as folder:
            bundle = await asyncio.to_thread(Bundle, CATALOG, folder)
            try:
                for position, resource in enumerate(CATALOG):
                    question = await self.answers.question(Reading(CATALOG, resource, b""))
                    async for found, _, documents in self.answers.chunks(question):
                        if found != revision:
                            raise Moved
                        await asyncio.to_thread(bundle.some, position, documents)
                files = await asyncio.to_thread(bundle.finish, revision, at, self.base)
                await asyncio.to_thread(_place, folder, ready, listed(files))
            except BaseException:
                bundle.abandon()
                raise

    def _settle(self, ready: Path) -> Sequence[Made]:
        """The files that are there; those of old revisions go."""
        self.editions.tidy(ready)
        return [Made(**one) for one in orjson.loads((ready / MANIFEST).read_bytes())]


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
