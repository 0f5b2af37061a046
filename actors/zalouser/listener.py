"""`zca listen` as a child of the account: started, heard, and ended with it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import trio

from actors.channel import Intake
from actors.messages import AccountKey, Identity
from actors.programs import GRACE_SECONDS, Tail, end_program, signal_group
from actors.zalouser.answers import listening_failure
from actors.zalouser.hearing import Hearing, Patience
from actors.zalouser.leftover import end_leftover, written_down
from actors.zalouser.process import Zca

ENDING_SECONDS: Final = 1.0
"""From the end of stdout to the end of the process and of its stderr."""


class Listener:
    """The receiving side of one personal account."""

    def __init__(
        self,
        zca: Zca,
        arguments: Sequence[str],
        patience: Patience,
        warn: Callable[[str], None],
        *,
        record: Path | None = None,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        """`arguments` follow `listen`; `warn` is told what an operator should know.

        In the file `record` the process is written down, so that one that outlives a killed router is found and ended.
        """
        self._zca = zca
        self._words = ("listen", *arguments)
        self._patience = patience
        self._warn = warn
        self._record = record
        self._grace_seconds = grace_seconds

    async def run(self, account: AccountKey, own: Identity, intake: Intake) -> None:
        """Listens until `intake.stopping`, with one process. When this returns or raises, that process is gone.

        Raises: Recycle when the program asks for a fresh start; BadCredentials when it says that nobody is logged in;
        RetryLater for every other end, 0 included, and, in a group, when its connection is lost for too long.
        """
        if await end_leftover(self._record, self._grace_seconds):
            self._warn("ended a zca listener that a killed router had left behind")
        process = await self._zca.open(self._words)
        tail = Tail()
        hearing = Hearing(account, own, intake, self._patience, partial(signal_group, process, signal.SIGTERM))
        with written_down(process.pid, self._record):
            try:
                await _hear(process, hearing, tail)
            finally:
                if not await end_program(process, self._grace_seconds):
                    self._warn(f"zca listen ignored SIGTERM for {self._grace_seconds:g} s and was killed")
        if intake.stopping:
            return
        assert process.returncode is not None  # noqa: S101 it was waited for
        raise listening_failure(process.returncode, tail.text.strip() or hearing.last_noise)


async def _hear(process: trio.Process, hearing: Hearing, tail: Tail) -> None:
    """Reads both streams to their end, then leaves the process a moment to end by itself."""
    assert process.stdin is not None  # noqa: S101 started with pipes
    assert process.stdout is not None  # noqa: S101
    assert process.stderr is not None  # noqa: S101
    async with trio.open_nursery() as nursery:
        # stdin stays open: a program that reads it would take its end for a wish to be gone.
        nursery.start_soon(_follow, process.stderr, tail)
        await hearing.listen(process.stdout)
        nursery.cancel_scope.deadline = trio.current_time() + ENDING_SECONDS
        await process.wait()


async def _follow(stream: trio.abc.ReceiveStream, tail: Tail) -> None:
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        while chunk := await stream.receive_some(4096):
            tail.add(bytes(chunk))
