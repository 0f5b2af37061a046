"""Programs that we run, once they are started: fed, read, and seen to their end; none is left behind.

Each is started without a shell, with pipes on all three streams, and as the leader of a process group of its own
(`start_new_session=True`). What a program leaves running in its group when it ends is killed with it: a grandchild
would hold the pipes open, and the answer would never be complete.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec
import trio

from actors.restart import short_line

GRACE_SECONDS = 5.0
"""From SIGTERM to SIGKILL, as Trio itself has it for its subprocesses."""

DRAIN_SECONDS = 1.0
"""From the end of stdout to being ended, and from the program's end to the end of reading what it left in the pipes.
Only a child that has left the group can make the second one last."""

TAIL_BYTES = 4096

Feed = Callable[[trio.abc.SendStream], Awaitable[None]]
"""Writes the program's stdin; it is closed when this returns."""
Take = Callable[[bytes], bool]
"""Is given stdout as it comes, and b"" at its end; False ends the program."""


class Ended(msgspec.Struct, frozen=True):
    """How a program ended."""

    exit_code: int
    """Negative: the signal that ended it."""
    last_words: str
    """The last line of its stderr, shortened; empty when it wrote none. For the operator only."""

    def __str__(self) -> str:
        how = f"exit code {self.exit_code}" if self.exit_code >= 0 else f"signal {-self.exit_code}"
        return f"{how}: {self.last_words}" if self.last_words else how


async def attend(
    process: trio.Process, feed: Feed, take: Take, *, grace_seconds: float = GRACE_SECONDS, tail: Tail | None = None
) -> Ended:
    """Runs the three pipes until the program has ended, of itself or because `take` said False.

    `tail` is given what it says on stderr, for a caller who wants more of that than the last line.
    On cancellation the program's group gets SIGTERM, after `grace_seconds` SIGKILL; it is gone when this returns.
    """
    tail, feeding = tail or Tail(), trio.CancelScope()
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_feed, process, feed, feeding)
            nursery.start_soon(_read, process.stdout, take, nursery.cancel_scope)
            nursery.start_soon(_read, process.stderr, tail.add, nursery.cancel_scope)
            await process.wait()
            signal_group(process, signal.SIGKILL)
            feeding.cancel()
            nursery.cancel_scope.deadline = trio.current_time() + DRAIN_SECONDS
    finally:
        await end_program(process, grace_seconds)
    assert process.returncode is not None  # noqa: S101 it was waited for
    return Ended(process.returncode, tail.last_line())


async def _feed(process: trio.Process, feed: Feed, scope: trio.CancelScope) -> None:
    stdin = process.stdin
    assert stdin is not None  # noqa: S101 started with a pipe
    # A program may answer without reading all that it is told; that is no failure.
    with scope, suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        async with stdin:
            await feed(stdin)


async def _read(stream: trio.abc.ReceiveStream | None, take: Take, scope: trio.CancelScope) -> None:
    assert stream is not None  # noqa: S101 started with a pipe
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        while chunk := await stream.receive_some(65536):
            if not take(bytes(chunk)):
                scope.cancel()
                return
    if not take(b""):
        # It is likely to be ending: its exit code and last words are worth a moment.
        scope.deadline = trio.current_time() + DRAIN_SECONDS


async def end_program(process: trio.Process, grace_seconds: float = GRACE_SECONDS) -> bool:
    """SIGTERM, after `grace_seconds` SIGKILL, to the program's whole group; closes its pipes. Cannot be cancelled.

    Returns whether the program ended without SIGKILL. One that has ended already may have left children: they go too.
    """
    heeded = True
    with trio.CancelScope(shield=True):
        if process.returncode is None:
            signal_group(process, signal.SIGTERM)
            with trio.move_on_after(grace_seconds) as patience:
                await process.wait()
            heeded = not patience.cancelled_caught
        # Also when it ended in time, or just now unasked: its children may not have.
        signal_group(process, signal.SIGKILL)
        await process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                await stream.aclose()
    return heeded


def signal_group(process: trio.Process, number: signal.Signals) -> None:
    """To the program and whatever it started in its group; nothing, if they are gone."""
    # The group's id is the leader's pid. It stays taken while any member lives, and is not taken again at once.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


class Tail:
    """Keeps the end of what a program says on stderr."""

    def __init__(self) -> None:
        self._kept = b""

    def add(self, chunk: bytes) -> bool:
        """Takes what came; always wants more."""
        self._kept = (self._kept + chunk)[-TAIL_BYTES:]
        return True

    @property
    def text(self) -> str:
        """The end of it, as much as is kept."""
        return self._kept.decode("utf-8", "replace")

    def last_line(self) -> str:
        """The last line that says something, shortened; for the operator only."""
        lines = [line for line in self._kept.splitlines() if line.strip()]
        return short_line(lines[-1].decode("utf-8", "replace")) if lines else ""
