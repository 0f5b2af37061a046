"""What Ctrl-C and SIGTERM mean: the first asks for an orderly end, the second ends at once."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio


class Interruption:
    """Which signal, if any, ended it at once."""

    signal_number = 0


@asynccontextmanager
async def heeding_signals(stop: trio.Event) -> AsyncIterator[Interruption]:
    """Sets `stop` at the first SIGINT or SIGTERM and cancels the body at the second. Main thread only."""
    interruption = Interruption()
    async with trio.open_nursery() as nursery:
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:

            async def heed() -> None:
                await anext(signals)
                stop.set()
                interruption.signal_number = await anext(signals)
                nursery.cancel_scope.cancel()

            nursery.start_soon(heed)
            yield interruption
            nursery.cancel_scope.cancel()
