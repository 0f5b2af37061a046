"""Writing a settings file: whole or not at all, readable by its owner only, the one before kept beside it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from router.settings.load import Reading, read_settings

BACKUP_SUFFIX = ".bak"


def try_out(path: Path, text: str, env: Mapping[str, str]) -> Reading:
    """What the text would say as the file at `path`: includes and relative names count from there. Raises OSError."""
    draft = _write_draft(path, text)
    try:
        return read_settings(draft, env=env)
    finally:
        with suppress(OSError):
            draft.unlink()


def save(path: Path, text: str) -> Path | None:
    """Puts the text in place; returns where the file before it is kept, if there was one. Raises OSError.

    A link is followed: what it leads to is replaced, and the link stays.
    """
    real = Path(os.path.realpath(path))
    backup = None
    if real.exists():
        backup = path.with_name(path.name + BACKUP_SUFFIX)
        _put(backup, real.read_bytes())
    _put(real, text.encode())
    return backup


def _put(path: Path, content: bytes) -> None:
    draft = _write_draft(path, content.decode("utf-8", "surrogateescape"))
    try:
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise


def _write_draft(path: Path, text: str) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp gives 0600 whatever the umask is.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(text.encode("utf-8", "surrogateescape"))
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
