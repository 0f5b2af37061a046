"""The words of the HTTP server: what a handler is given, what it gives back, and the limits.

Rule: no I/O here. The server gives meaning to these values; handlers and tests only build and read them.
"""

from __future__ import annotations

from typing import Protocol

import msgspec
import trio

HeaderPairs = tuple[tuple[bytes, bytes], ...]
"""Header names in lower case with their values, in the order in which they came."""

TEXT_PLAIN = "text/plain; charset=utf-8"
APPLICATION_JSON = "application/json"


class Peer(Protocol):
    """Who is at the other end of the connection that a request came on."""

    @property
    def host(self) -> str:
        """The address it connects from; "" when the stream is not a socket."""
        ...

    async def wait_gone(self) -> None:
        """Returns when the peer has closed its side. For a handler that waits long; may be cancelled."""
        ...

    async def hang_up(self, last_words: bytes = b"") -> None:
        """Sends `last_words` as they are and ends the connection; the handler's response goes nowhere.

        For simulators of trouble: a service answers.
        """
        ...


class Nobody:
    """The peer of a request that never was on a wire, such as one built by a test."""

    host = ""

    async def wait_gone(self) -> None:
        """Who never was there does not go."""
        await trio.sleep_forever()

    async def hang_up(self, last_words: bytes = b"") -> None:
        """Nobody hears it."""


NOBODY: Peer = Nobody()


class Head(msgspec.Struct, frozen=True):
    """A request before its body is read."""

    method: str
    path: str
    """Percent-decoded, without the query; `/` separators that were encoded look like the others."""
    query: str = ""
    """As it came, without the `?`."""
    headers: HeaderPairs = ()
    http_version: str = "1.1"
    peer: Peer = NOBODY

    def get(self, name: bytes) -> bytes | None:
        """The first value of a header, by its lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


class Request(Head, frozen=True):
    """A request with its whole body, transfer coding removed."""

    body: bytes = b""


class Response(msgspec.Struct, frozen=True):
    """An answer. Its length is stated for it; it is never sent in pieces."""

    status: int
    body: bytes = b""
    content_type: str = TEXT_PLAIN
    headers: HeaderPairs = ()
    close: bool = False
    """Ends the connection after this answer."""


class HttpLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one listener lets its peers do. Every number must be above zero."""

    max_body_bytes: int = 1024 * 1024
    max_head_bytes: int = 16 * 1024
    """Request line and headers; IIS and h11 chose the same."""
    max_connections: int = 512
    """Further ones wait to be accepted; one that waits takes the place of one that idles."""
    max_requests_per_connection: int = 100_000
    head_seconds: float = 10.0
    """From the first byte to the blank line; a new connection has as long for its first byte."""
    body_seconds: float = 30.0
    send_seconds: float = 30.0
    idle_seconds: float = 75.0
    """Between two requests of a connection."""
    linger_seconds: float = 5.0
    """How long a connection that the server ends is read on, so that the peer sees the answer and not a reset."""
    grace_seconds: float = 10.0
    """How long requests that have begun may go on once the server is told to stop."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value <= 0:
                raise ValueError(f"{name} must be above zero, not {value}")
