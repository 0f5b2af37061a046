"""One connection to the database file: opened with care, used by one thread at a time, opened anew after trouble."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from actors.errors import StoreUnavailable
from router.store.faults import HARMLESS, damaged, primary_code, translated
from router.store.schema import check_owner, migrate

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

# FULL: with a WAL, NORMAL would lose the last commits on a power cut.
# The WAL is copied back into the file every 4000 pages (16 MB): with 10^5 messages kept, keys and sessions touch so
# many pages that SQLite's own 1000 made a commit of 256 finished turns four times as slow. What a burst left above
# 64 MB is given back.
# secure_delete FAST overwrites forgotten text with zeros where that costs no extra writing.
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -16384",
    "PRAGMA secure_delete = FAST",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
)


class Connection:
    """Runs work on a SQLite database. Blocking; callers see to it that only one thread is inside at any time.

    Every method raises StoreUnavailable for what the world does to the file, StoreUnusable when the file is not for
    this program, and lets mistakes of this program through. After any of them the next call starts afresh.
    """

    def __init__(self, path: Path, *, busy_timeout_seconds: float = 2.0, may_make_file: bool = True) -> None:
        self._path = path
        self._busy_timeout_seconds = busy_timeout_seconds
        self._may_make_file = may_make_file
        self._db: sqlite3.Connection | None = None

    def run(self, work: Work[T]) -> T:
        """Gives `work` the open database and returns what it returns."""
        try:
            return work(self._opened())
        except sqlite3.Error as error:
            self._mend(error)
            unavailable = translated(error, self._path)
            if unavailable is None:
                raise
            raise unavailable from error
        except msgspec.DecodeError as error:
            raise damaged(self._path, error) from error

    def write(self, work: Work[T]) -> T:
        """Runs `work` in one transaction: durable against power loss when it returns, undone when it raises."""
        return self.run(lambda db: _in_transaction(db, work))

    def close(self) -> None:
        """Closes the file; the last one to close it folds the WAL back in. Can be opened again by using it."""
        db, self._db = self._db, None
        if db is not None:
            db.close()

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            if not self._may_make_file and not self._path.exists():
                raise StoreUnavailable(f"{self._path} is gone: put it back, or stop and start to begin an empty one")
            self._db = _open(self._path, self._busy_timeout_seconds)
            # From here on a file that is missing was taken away; an empty one in its place would look like amnesia.
            self._may_make_file = False
        return self._db

    def _mend(self, error: sqlite3.Error) -> None:
        if self._db is not None and (self._db.in_transaction or primary_code(error) not in HARMLESS):
            self.close()


def _in_transaction(db: sqlite3.Connection, work: Work[T]) -> T:
    # IMMEDIATE: whoever has to wait for a lock waits here, before anything was done.
    db.execute("BEGIN IMMEDIATE")
    try:
        result = work(db)
        db.execute("COMMIT")
        return result
    finally:
        # SQLite has rolled back by itself after some errors, and COMMIT has ended it when all went well.
        if db.in_transaction:
            db.execute("ROLLBACK")


def _open(path: Path, busy_timeout_seconds: float) -> sqlite3.Connection:
    _make_private(path)
    db = sqlite3.connect(path, timeout=busy_timeout_seconds, isolation_level=None, check_same_thread=False)
    try:
        # Before anything that writes, so that a file that is not ours stays as it is.
        check_owner(db, path)
        for pragma in _PRAGMAS:
            db.execute(pragma)
        migrate(db)
    except BaseException:
        db.close()
        raise
    return db


def _make_private(path: Path) -> None:
    """Mode 0600 from the first moment on; SQLite gives -wal and -shm the mode of the database."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Never opens a file that exists: closing it again would drop this process's own locks on it.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        _narrow(path)
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be made: {error.strerror}") from error


def _narrow(path: Path) -> None:
    for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            try:
                file.chmod(0o600)
            except OSError as error:
                raise StoreUnavailable(f"{file} is open to others and cannot be closed: {error.strerror}") from error
