"""Copies of whole lists as files: made while one is sent for the first time at a revision, sent from the disk after that."""

import asyncio
import errno
import io
import os
import shutil
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import ExitStack, aclosing, suppress
from pathlib import Path
from threading import Lock
from typing import IO, Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.api.editions import Editions
from app.api.writers import Writer

SMALL = 1_000_000
"""Bytes up to which a list is made anew each time: it needs no file."""
SPARE = 1_000_000_000
"""Bytes that stay free on the disk: where there is less room, no copies are made."""
PIECE = 1 << 18
"""Bytes that are read at a time: smaller pieces cost more calls, larger ones do not fit the processor's cache."""

Edition = tuple[int, str, str]
"""Revision, digest, and what else the files depend on."""


class Copies:
    """The files of one process, or of all that share a folder."""

    def __init__(self, root: Path | None):
        self.editions = Editions(root)
        self.being_made: set[tuple[Edition, str]] = set()

    def find(self, edition: Edition, name: str) -> IO[bytes] | None:
        """A file that is there, whole."""
        with suppress(OSError):
            return (self.editions.folder(*edition) / name).open("rb", buffering=0)
        return None

    def close(self) -> None:
        """Take the files away where nobody else could have use for them."""
        self.editions.close()


class Copying(Writer):
    """Gives what another writer gives, and makes a file of it; what goes wrong with the file harms nobody."""

    def __init__(self, writer: Writer, copies: Copies, edition: Edition, name: str):
        super().__init__(writer.resource, writer.keys, writer.about)
        self._writer, self._copies, self._edition, self._name = writer, copies, edition, name
        self._file: IO[bytes] = io.BytesIO()
        self._path: Path | None = None
        """Where the file is while it is made; null as long as all that was written is small."""
        self._open = ExitStack()
        self._ended = False
        # A thread may still be writing when the answer is broken off.
        self._lock = Lock()

    def head(self) -> bytes:
        return self._copied(self._writer.head())

    def some(self, documents: Sequence[str]) -> bytes:
        return self._copied(self._writer.some(documents))

    def tail(self) -> bytes:
        return self._copied(self._writer.tail(), last=True)

    def close(self) -> None:
        with self._lock:
            self._end()

    def _copied(self, piece: bytes, *, last: bool = False) -> bytes:
        with self._lock:
            if not self._ended:
                try:
                    self._write(piece)
                    if last and self._path is not None:
                        self._finish(self._path)
                except OSError:
                    self._end()
        return piece

    def _write(self, piece: bytes) -> None:
        self._file.write(piece)
        if self._path is None and self._file.tell() > SMALL:
            self._path = self._begin()
        if self._path is not None and shutil.disk_usage(self._path.parent).free < SPARE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _begin(self) -> Path:
        """Go on in a file. Raises OSError where it cannot be, or another request is making it."""
        making, key = self._copies.being_made, (self._edition, self._name)
        if key in making:
            raise FileExistsError
        making.add(key)
        self._open.callback(making.discard, key)
        path = self._open.enter_context(self._copies.editions.unfinished()) / self._name
        start, self._file = self._file, self._open.enter_context(path.open("wb"))
        start.seek(0)
        shutil.copyfileobj(start, self._file)
        return path

    def _finish(self, path: Path) -> None:
        """Move the file to its place, when it is on the disk for good."""
        self._file.flush()
        os.fsync(self._file.fileno())
        folder = self._copies.editions.folder(*self._edition)
        folder.mkdir(exist_ok=True)
        path.replace(folder / self._name)
        self._copies.editions.tidy(folder)

    def _end(self) -> None:
        self._ended = True
        with suppress(OSError):
            self._open.close()


async def read(file: IO[bytes]) -> AsyncGenerator[bytes]:
    """The bytes of a file in pieces."""
    while piece := await asyncio.to_thread(file.read, PIECE):
        yield piece


async def evenly(pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """The same bytes in pieces of the size that a file is read in, which compressed bytes depend on."""
    waiting = bytearray()
    async with aclosing(pieces):
        async for piece in pieces:
            waiting += piece
            while len(waiting) >= PIECE:
                yield bytes(waiting[:PIECE])
                del waiting[:PIECE]
    yield bytes(waiting)


class Streamed(StreamingResponse):
    """Pieces of an answer; however it ends, what makes them ends with it, and what they are made of is closed."""

    def __init__(self, pieces: AsyncGenerator[bytes], close: Callable[[], None], **told: Any):
        super().__init__(pieces, **told)
        self._pieces, self._close = pieces, close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with aclosing(self._pieces):
                await super().__call__(scope, receive, send)
        finally:
            self._close()
