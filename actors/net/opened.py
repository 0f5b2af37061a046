"""What httpcore has connected, kept in sight, so that it can be closed whatever httpcore makes of it."""

from __future__ import annotations

from typing import Any

import httpcore
import trio


class OpenedNetwork(httpcore.AsyncNetworkBackend):
    """Remembers what was connected, to close it: httpcore forgets a connection that is cancelled in its handshake."""

    def __init__(self, wire: httpcore.AsyncNetworkBackend) -> None:
        self._wire = wire
        self._streams: list[httpcore.AsyncNetworkStream] = []

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *_: Any, **__: Any
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._wire.connect_tcp(host, port, timeout)
        self._streams.append(stream)
        return stream

    async def aclose(self) -> None:
        """Closes all of it at once, also what is closed already."""
        for stream in self._streams:
            # Cancelled from the start: the socket is closed all the same, and nothing is waited for.
            with trio.CancelScope(shield=True) as scope:
                scope.cancel()
                await stream.aclose()
