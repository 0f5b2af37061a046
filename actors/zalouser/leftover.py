"""The listener that a router which was killed has left behind.

It lives on with nobody to read it: it holds the profile, so that no other may listen, and the next message ends it and
is lost with it. So the process is written down while it runs, and ended at the next start. What is ended is that very
process and nothing that has its number by now: number, start time and boot must all be the same. Where the system does
not tell those (`/proc` is Linux), nothing is written down and nothing is ended.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
import trio

LOOK_SECONDS: Final = 0.05
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_START_TIME: Final = 19
"""Field 22 of `/proc/<pid>/stat`, counted behind the command's name (proc_pid_stat(5))."""


class ProcessMark(msgspec.Struct, frozen=True):
    """One process, told apart from every other that this machine ever runs."""

    pid: int
    start_time: str
    boot_id: str


def mark_of(pid: int) -> ProcessMark | None:
    """The mark of a process that lives now; None when there is none, or the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot_id = _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else ProcessMark(pid, fields[_START_TIME - 1], boot_id)


@contextmanager
def written_down(pid: int, file: Path | None) -> Iterator[None]:
    """Keeps the mark of a process in `file` for the length of the block. Without a file it does nothing."""
    mark = None if file is None else mark_of(pid)
    if file is None or mark is None:
        yield
        return
    # A disk that is full is no reason not to listen.
    with suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.encode(mark))
    try:
        yield
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)


async def end_leftover(file: Path | None, grace_seconds: float) -> bool:
    """Ends the process whose mark is in `file`, with its group: SIGTERM, after `grace_seconds` SIGKILL.

    Returns whether there was one.
    """
    mark = None if file is None else _read(file)
    if mark is None or mark_of(mark.pid) != mark:
        return False
    _signal(mark, signal.SIGTERM)
    with trio.move_on_after(grace_seconds):
        while mark_of(mark.pid) == mark:
            await trio.sleep(LOOK_SECONDS)  # no child of ours: there is nothing to wait on
    _signal(mark, signal.SIGKILL)
    return True


def _signal(mark: ProcessMark, number: signal.Signals) -> None:
    if mark_of(mark.pid) == mark:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(mark.pid, number)


def _read(file: Path) -> ProcessMark | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=ProcessMark)
    except (OSError, msgspec.DecodeError):
        return None
