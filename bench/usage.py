"""What a process has used, as Linux tells it in /proc."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
UTIME, STIME = 11, 12
"""Places in /proc/<pid>/stat behind the name, which may hold anything (proc(5))."""


class Usage(msgspec.Struct, frozen=True):
    """Since the process began, all its threads together."""

    cpu_seconds: float
    rss_bytes: int


def usage_of(pid: int) -> Usage:
    """Raises OSError when the process is gone, or the machine has no /proc."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return Usage((int(stat[UTIME]) + int(stat[STIME])) / TICKS_PER_SECOND, pages * PAGE_BYTES)
