"""A few kept connections behind the interface of an httpx transport: httpcore's connections without its pool.

Every message of every bot is two requests, so what carries them decides how much the router can carry. httpcore's own
connection does the HTTP; what is left out is the pool around it, whose book-keeping costs more than the connection when
one client speaks to one server. Failures are httpx's, so that the tables of `actors.net.transport` hold.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import httpcore
import httpx
import trio

from actors.net.opened import OpenedNetwork

FAILURES: Final[dict[type[Exception], type[httpx.TransportError]]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
}
"""What httpcore's connection raises, and what a transport of httpx raises for it."""


class Line:
    """One connection to one server, used by one request at a time."""

    def __init__(
        self, origin: httpcore.Origin, connection: httpcore.AsyncHTTPConnection, network: OpenedNetwork
    ) -> None:
        self.origin = origin
        self.connection = connection
        self._network = network

    def is_usable(self) -> bool:
        """Whether another request can go over it: not closed, not idle for too long, not ended by the server."""
        return self.connection.is_available() and not self.connection.has_expired()

    async def aclose(self) -> None:
        """Closes it at once, also while cancelled: nothing here takes time."""
        await self._network.aclose()


class _Rest(httpx.AsyncByteStream):
    """The body of an answer as it arrives; closing it gives its line back."""

    def __init__(self, response: httpcore.Response, give_back: Callable[[], Awaitable[None]]) -> None:
        self._response = response
        self._give_back: Callable[[], Awaitable[None]] | None = give_back

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._response.stream:  # type: ignore[union-attr] # ours are asynchronous
                yield part
        except tuple(FAILURES) as error:
            raise _failure(error) from error

    async def aclose(self) -> None:
        if self._give_back is not None:
            give_back, self._give_back = self._give_back, None
            try:
                await self._response.aclose()
            finally:
                await give_back()


class KeptTransport(httpx.AsyncBaseTransport):
    """Keeps at most `max_connections` connections; further requests wait for one."""

    def __init__(
        self,
        max_connections: int,
        keep_alive_seconds: float,
        tls: Callable[[], ssl.SSLContext],
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """`tls` is called when the first https request needs it; `network` replaces the real one, for tests."""
        self._room = trio.Semaphore(max_connections)
        self._keep_alive_seconds = keep_alive_seconds
        self._tls = tls
        self._network = network or httpcore.TrioBackend()
        self._idle: list[Line] = []
        """The one used last at the end."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Returns once the head of the answer is here; that is no checkpoint. Close the response to free its line.

        Raises: httpx.TransportError, by the table above. Cancelled, the connection is closed.
        """
        await self._room.acquire()
        line = await self._line_to(_origin(request.url))
        try:
            response = await line.connection.handle_async_request(_encoded(request))
        except BaseException as error:
            self._room.release()
            await line.aclose()
            if isinstance(error, tuple(FAILURES)):
                raise _failure(error) from error
            raise

        async def give_back() -> None:
            await self._take_back(line)

        return httpx.Response(response.status, headers=response.headers, stream=_Rest(response, give_back))

    async def aclose(self) -> None:
        """Closes the connections that idle."""
        while self._idle:
            await self._idle.pop().aclose()

    async def _line_to(self, origin: httpcore.Origin) -> Line:
        while self._idle:
            line = self._idle.pop()
            if line.origin == origin and line.is_usable():
                return line
            await line.aclose()
        network = OpenedNetwork(self._network)
        connection = httpcore.AsyncHTTPConnection(
            origin,
            ssl_context=self._tls() if origin.scheme == b"https" else None,
            keepalive_expiry=self._keep_alive_seconds,
            network_backend=network,
        )
        return Line(origin, connection, network)

    async def _take_back(self, line: Line) -> None:
        self._room.release()
        if line.connection.is_available():
            self._idle.append(line)
        else:
            await line.aclose()


def _origin(url: httpx.URL) -> httpcore.Origin:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/").origin


def _encoded(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


def _failure(error: BaseException) -> httpx.TransportError:
    kind = next(FAILURES[each] for each in type(error).__mro__ if each in FAILURES)
    return kind(str(error))
