"""What SQLite's errors mean to the router: which are the world's doing, and which are our own mistakes.

The world's doing (a full disk, a lock, a failing drive) becomes StoreUnavailable. A mistake of this program (a wrong
statement, a broken constraint) stays what it is and propagates.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from actors.errors import RouterError, StoreUnavailable

_WHAT_TO_DO = {
    sqlite3.SQLITE_FULL: "the disk is full: free some space",
    sqlite3.SQLITE_IOERR: "the disk does not answer as it should: look at the drive and the system's log",
    sqlite3.SQLITE_BUSY: "another program holds a write lock on it: end that program",
    sqlite3.SQLITE_LOCKED: "another program holds a write lock on it: end that program",
    sqlite3.SQLITE_PROTOCOL: "another program holds a lock on it: end that program",
    sqlite3.SQLITE_READONLY: "it cannot be written: look at the owner and the mode of the file and its directory",
    sqlite3.SQLITE_PERM: "it cannot be written: look at the owner and the mode of the file and its directory",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: look at the owner and the mode of the file and its directory",
    sqlite3.SQLITE_NOLFS: "the file system does not allow files of this size: move the state directory",
}
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

HARMLESS = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
"""After these the connection is as good as before; after any other it is opened anew."""


class StoreDamaged(StoreUnavailable):
    """The file is not a sound database. It is left as it is: restore a copy, or move it away to begin an empty one."""


class StoreUnusable(RouterError):
    """The file is sound but of a newer version, or of another program. It is left as it is."""


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's result code without its extension; 0 when the error did not come from SQLite itself."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def damaged(path: Path, error: Exception) -> StoreDamaged:
    """Says of the file at `path` what `error` tells about its content."""
    return StoreDamaged(
        f"{path} is damaged ({error}). Nothing was changed in it: restore a copy, or move it and its -wal file away"
    )


def translated(error: sqlite3.Error, path: Path) -> StoreUnavailable | None:
    """What to raise in its place, or None for a mistake of this program."""
    code = primary_code(error)
    if code in _DAMAGE:
        return damaged(path, error)
    if code in _WHAT_TO_DO:
        return StoreUnavailable(f"{path}: {_WHAT_TO_DO[code]} ({error})")
    return None
