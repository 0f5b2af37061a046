"""Whether files have changed, seen from outside.

Looked at rather than notified of: a look sees a file that an editor put in the place of another, a link that was turned
elsewhere (as mounted secrets are), and a file on a network share, and a handful of them costs microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

Mark = tuple[int, int, int, int] | None
"""What one file looks like: device, inode, size and time of its last change in ns; None when there is none."""


def fingerprints(paths: Iterable[Path]) -> Mapping[Path, Mark]:
    """What each file looks like now. Blocks for as long as the file system takes."""
    return {path: _mark(path) for path in paths}


def _mark(path: Path) -> Mark:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
