"""Where fetching may go: names judged by all that they stand for, and connections to nothing but what was judged."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Any, Final

import httpcore
import trio

from actors.errors import RouterError
from actors.net.addresses import is_public

_NO_SUCH_NAME: Final = (OSError, ValueError)
"""What resolvers raise: for names that nobody has, and for what cannot be a name."""


class Unfetchable(RouterError):
    """The file cannot be had. `reason` is made of fixed words, fit for a person to read; `passing`: later it might."""

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.passing = passing


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to the very addresses that were judged. Raises Unfetchable for a name not known, or not public."""

    def __init__(self, wire: httpcore.AsyncNetworkBackend, allow_private: bool) -> None:
        self._wire = wire
        self._allow_private = allow_private

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *_: Any, **__: Any
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await _addresses(host, port)
        except _NO_SUCH_NAME:
            addresses = []
        if not addresses:
            raise Unfetchable("the server's name is not known", passing=True)
        _judge(addresses, self._allow_private)
        return await self._connected(addresses, port, timeout)

    async def _connected(self, addresses: list[str], port: int, timeout: float | None) -> httpcore.AsyncNetworkStream:
        for address in addresses[:-1]:
            try:
                return await self._wire.connect_tcp(address, port, timeout)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._wire.connect_tcp(addresses[-1], port, timeout)


async def judge_for_proxy(host: str, allow_private: bool) -> None:
    """Judges a host that a proxy will connect to, by what its name stands for here. Raises Unfetchable."""
    try:
        addresses = await _addresses(host, 0)
    except _NO_SUCH_NAME:
        return
    _judge(addresses, allow_private)


async def _addresses(host: str, port: int) -> list[str]:
    """All that the name stands for; spellings such as `0x7f.1` too, which only the system's resolver reads."""
    found = await trio.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


def _judge(addresses: Iterable[str], allow_private: bool) -> None:
    """One bad address among good ones spoils the name: which one would be used is chance, or a rebinding attack."""
    if not allow_private and not all(map(is_public, addresses)):
        raise Unfetchable("its address is not public")
