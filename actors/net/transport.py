"""What carries requests, and what its failures mean.

The tables here decide between "certainly had no effect" and "may have had one". The decisive fact is whether the body
began to leave: a server that has not seen the whole body cannot have acted on it.
"""

from __future__ import annotations

import functools
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import httpx

from actors.errors import Rejected, RetryLater, RouterError, UnknownOutcome
from actors.net.answer import system_words
from actors.net.kept import KeptTransport

KEEP_ALIVE_SECONDS: Final = 20.0
"""Idle connections are closed before the fronts of this world do (nginx: 60 to 75 s), or a request may meet the end."""

Transport = httpx.AsyncBaseTransport
"""What carries requests; tests give one of their own."""

CANNOT_BE_SENT: Final = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeError)
NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
FOREIGN: Final = (*CANNOT_BE_SENT, httpx.TransportError)

# Both log request lines, and a bot token is part of those.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@functools.cache
def shared_tls() -> ssl.SSLContext:
    """The one TLS context of the process, made when the first https request needs it: making one costs 26 ms."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


class Body(httpx.AsyncByteStream):
    """A request's body that remembers whether it began to leave. It begins only once the head has been written."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.begun = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _Parts(self)

    def take(self) -> bytes:
        """The content, which begins to leave."""
        self.begun = True
        return self._content


class _Parts:
    """A body once through. No generator: one that is left half-way by a cancellation would have to be closed."""

    def __init__(self, body: Body) -> None:
        self._body: Body | None = body

    def __aiter__(self) -> _Parts:
        return self

    async def __anext__(self) -> bytes:
        content = self._body.take() if self._body is not None else b""
        self._body = None
        if not content:
            raise StopAsyncIteration
        return content


def has_begun(request: httpx.Request) -> bool:
    """Whether the body of `request` began to leave."""
    return isinstance(request.stream, Body) and request.stream.begun


def named_error(error: Exception, *, begun: bool) -> RouterError:
    """The foreign `error` as one of ours, by the tables above, in words that hold nothing of the request."""
    words = f"{type(error).__name__}{system_words(error)}"
    if isinstance(error, CANNOT_BE_SENT):
        return Rejected(f"the request cannot be sent: {words}; check the address in the settings")
    if isinstance(error, NEVER_SENT) or not begun:
        return RetryLater(f"the server was not reached: {words}")
    return UnknownOutcome(f"no whole answer came back: {words}")


def late_error(timeout_seconds: float, *, begun: bool) -> RouterError:
    """The error for a deadline that has passed."""
    if begun:
        return UnknownOutcome(f"no whole answer within {timeout_seconds:g} s")
    return RetryLater(f"the server was not reached within {timeout_seconds:g} s")


class Transports:
    """The connections of one client: one pool per scheme, made when it is first needed, so that http needs no TLS."""

    def __init__(self, proxy: str | None, max_connections: int, given: Transport | None) -> None:
        self._proxy = proxy
        self._max_connections = max_connections
        self._given = given
        self._made: dict[str, Transport] = {}

    def of(self, scheme: str) -> Transport:
        """The transport for URLs of `scheme`."""
        if self._given is not None:
            return self._given
        if scheme not in self._made:
            self._made[scheme] = self._make(scheme)
        return self._made[scheme]

    def _make(self, scheme: str) -> Transport:
        if self._proxy is None:
            return KeptTransport(self._max_connections, KEEP_ALIVE_SECONDS, shared_tls)
        # The bare context trusts nobody: should an https URL ever reach it, the handshake fails.
        tls = shared_tls() if scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        limits = httpx.Limits(max_connections=self._max_connections, keepalive_expiry=KEEP_ALIVE_SECONDS)
        proxy = httpx.Proxy(self._proxy, ssl_context=shared_tls() if self._proxy.startswith("https:") else None)
        return httpx.AsyncHTTPTransport(verify=tls, trust_env=False, limits=limits, proxy=proxy)

    async def aclose(self) -> None:
        """Closes every connection."""
        for transport in self._made.values():
            await transport.aclose()


def parse_url(url: str) -> httpx.URL:
    """An absolute http or https URL. Raises Rejected for anything else, without showing it."""
    parsed = None
    with suppress(httpx.InvalidURL, UnicodeError):
        parsed = httpx.URL(url)
    if parsed is None or parsed.scheme not in ("http", "https") or not parsed.host or (parsed.port or 0) > 65535:
        raise Rejected("the request cannot be sent: its address is not an http:// or https:// URL")
    return parsed


def raw_headers(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as bytes. Raises Rejected, without showing it, for what HTTP cannot carry."""
    with suppress(UnicodeError):
        return [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    raise Rejected("the request cannot be sent: a header (an API key, perhaps) holds characters that are not ASCII")
