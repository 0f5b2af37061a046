"""What Ctrl-C and SIGTERM mean: the first asks for an orderly end, the second ends at once.

A terminal sends Ctrl-C, and a service manager SIGTERM, to a whole group of processes. When a parent among them passes
its own on, as the loader of the program of one file does, one signal comes twice: the echo does not count.

At once means within a second: what could still hold the process up then (a send in its grace, a thread on a stuck disk)
is left behind, which is no worse than a crash, and a crash loses nothing.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

LAST_SECOND = 1.0
ECHO_SECONDS = 0.25
"""So soon nobody presses Ctrl-C again because the first was of no use."""


class Interruption:
    """Which signal, if any, ended it at once."""

    signal_number = 0


@asynccontextmanager
async def heeding_signals(stop: trio.Event, on_hangup: Callable[[], None] | None = None) -> AsyncIterator[Interruption]:
    """Sets `stop` at the first SIGINT or SIGTERM and cancels the body at the second. Main thread only.

    With `on_hangup`, SIGHUP calls it and does nothing else; without, it ends the process as it always does.
    """
    interruption = Interruption()
    async with trio.open_nursery() as nursery:
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:

            async def heed() -> None:
                first = await anext(signals)
                stop.set()
                interruption.signal_number = await _second(signals, first)
                _end_within(LAST_SECOND, 128 + interruption.signal_number)
                nursery.cancel_scope.cancel()

            nursery.start_soon(heed)
            if on_hangup is not None:
                await nursery.start(_heed_hangups, on_hangup)
            yield interruption
            nursery.cancel_scope.cancel()


async def _second(signals: AsyncIterator[int], first: int) -> int:
    echoes_end = trio.current_time() + ECHO_SECONDS
    number = await anext(signals)
    while number == first and trio.current_time() < echoes_end:
        number = await anext(signals)
    return number


async def _heed_hangups(on_hangup: Callable[[], None], *, task_status: trio.TaskStatus[None]) -> None:
    with trio.open_signal_receiver(signal.SIGHUP) as signals:
        task_status.started()
        async for _ in signals:
            on_hangup()


def _end_within(seconds: float, code: int) -> None:
    timer = threading.Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()
