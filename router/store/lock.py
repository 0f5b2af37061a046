"""Locks between processes of one machine, held by the kernel: a process that dies, however it dies, lets go."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs

from actors.errors import AlreadyRunning, StoreUnavailable
from actors.secret import Secret


@contextmanager
def lock_file(path: Path, what: str = "this state directory") -> Iterator[None]:
    """Holds an exclusive lock on `path` within the `with`; the file, mode 0600, is made if needed and is left behind.

    The file holds the number of the process, for people; what counts is the kernel's lock. `what` names in the error's
    text what the lock stands for.

    Raises: AlreadyRunning when the lock is held, also by this same process; StoreUnavailable when the file or its
    directory (made with mode 0700) cannot be opened or does not support locks.
    """
    descriptor = _open(path)
    try:
        _acquire(descriptor, path, what)
        _write_pid(descriptor, f"{os.getpid()}\n")
        yield
        _write_pid(descriptor, "")
    finally:
        # Never unlinked: another process may have opened it already and would then lock a file that nobody can find.
        os.close(descriptor)


def token_lock_path(directory: Path, token: Secret) -> Path:
    """Where the lock on a token lives: named by the token's SHA-256, so that the token itself is not on the disk."""
    return directory / f"{hashlib.sha256(token.reveal().encode()).hexdigest()}.lock"


def machine_lock_directory() -> Path:
    """The user's directory for locks that hold for all state directories of this machine. It is not made here.

    It lies with the user's state and not in a temporary directory, where cleaners delete files that are still locked,
    nor in the login session's runtime directory, which a service started at boot does not share.
    """
    return platformdirs.user_state_path("zalo-router", appauthor=False) / "locks"


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StoreUnavailable(f"the lock file {path} cannot be opened: {error.strerror}") from error


def _acquire(descriptor: int, path: Path, what: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
        raise AlreadyRunning(f"process {holder} already uses {what} (lock file {path}): stop it first") from error
    except OSError as error:
        raise StoreUnavailable(f"the lock file {path} cannot be locked: {error.strerror}") from error


def _write_pid(descriptor: int, text: str) -> None:
    # The lock holds without it, so a full disk does not matter here.
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)
