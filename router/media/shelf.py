"""Files that came with messages, in a directory of the state directory.

A file is named after the message that it came with and the address that it came from, so that a turn that runs again
finds it. It appears under its name at once and whole, or not at all.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import trio

from actors.filetypes import EXTENSIONS, HEAD_BYTES

PART = ".part"
"""The extension of what is being written."""


class Draft:
    """A file that is being written."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self.head = b""
        """The first bytes, as many as a file's kind is told by."""
        self.bytes = 0

    async def write(self, part: bytes) -> None:
        """Appends `part`. Raises OSError."""
        self.head = (self.head + part[:HEAD_BYTES])[:HEAD_BYTES]
        self.bytes += len(part)
        await trio.to_thread.run_sync(self._file.write, part)

    async def keep(self, extension: str) -> Path:
        """Makes it a file of the shelf; durable when it returns. Raises OSError."""
        return await trio.to_thread.run_sync(self._keep, self._path.with_suffix(extension))

    def _keep(self, path: Path) -> Path:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._path.replace(path)
        return path


class MediaShelf:
    """The directory of inbound files; made (0700) when the first file comes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def find(self, stem: str) -> Path | None:
        """The file of that name, whatever its extension. None when there is none, or the directory cannot be read."""
        return await trio.to_thread.run_sync(self._find, stem)

    @asynccontextmanager
    async def draft(self, stem: str) -> AsyncIterator[Draft]:
        """Begins a file (0600). Unless it is kept, it is gone when the block is left. Raises OSError."""
        path = self._directory / f"{stem}{PART}"
        file = await trio.to_thread.run_sync(self._open, path)
        try:
            yield Draft(path, file)
        finally:
            # A thread that was left behind by a cancellation cannot be: writes are not abandoned, so this is the last.
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(_drop, path, file)

    async def prune(self, before: float, keep: Collection[int]) -> int:
        """Removes files last written before `before` (Unix seconds), but not those of the inbox ids in `keep`.

        Returns how many. What cannot be removed is left for the next time.
        """
        return await trio.to_thread.run_sync(self._prune, before, frozenset(keep))

    def _find(self, stem: str) -> Path | None:
        paths = (self._directory / f"{stem}{extension}" for extension in EXTENSIONS)
        with suppress(OSError):
            return next((path for path in paths if path.is_file()), None)
        return None

    def _open(self, path: Path) -> BinaryIO:
        for each in (self._directory.parent, self._directory):  # `parents` alone would make the upper one 0755
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory.chmod(0o700)
        path.unlink(missing_ok=True)
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def _prune(self, before: float, keep: frozenset[int]) -> int:
        removed = 0
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError), os.scandir(self._directory) as entries:
            for entry in entries:
                if _inbox_id(entry.name) not in keep and _is_older(entry, before):
                    with suppress(OSError):
                        os.unlink(entry.path)
                        removed += 1
        return removed


def _drop(path: Path, file: BinaryIO) -> None:
    with suppress(OSError):
        file.close()
    with suppress(OSError):
        path.unlink()


def _inbox_id(name: str) -> int | None:
    digits = name.partition("-")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else None


def _is_older(entry: os.DirEntry[str], before: float) -> bool:
    with suppress(OSError):
        return entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime < before
    return False
