"""Requests straight to their server: h11 on Trio's streams, behind the interface of an httpx transport.

Every message of every bot is two requests, so what carries them decides how much the router can carry: this takes
about half the processor time of httpx's own transport, which is left to what needs a proxy. Failures are httpx's, so
that the tables of `actors.net.transport` hold for both.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import h11
import httpx
import trio

READ_BYTES: Final = 64 * 1024
MAX_HEAD_BYTES: Final = 100 * 1024
DEFAULT_PORTS: Final = {"http": 80, "https": 443}

Origin = tuple[bool, str, int]
"""Whether it speaks TLS, its host, its port."""
Connect = Callable[[str, int], Awaitable[trio.abc.Stream]]


class Line:
    """One connection, used by one request at a time."""

    def __init__(self, origin: Origin, stream: trio.abc.Stream) -> None:
        self.origin = origin
        self.idle_since = 0.0
        self._stream = stream
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)

    async def ask(self, request: httpx.Request) -> h11.Response:
        """Sends the request and waits for the head of its answer.

        Raises: httpx.LocalProtocolError for what HTTP cannot carry; httpx.ReadError and RemoteProtocolError when no
        answer comes.
        """
        head = self._encoded(request)
        # A server may answer before it has read all, and end the connection: so what counts is what it said.
        with suppress(trio.BrokenResourceError):
            await self._stream.send_all(head)
            async for part in request.stream:  # type: ignore[union-attr] # ours are asynchronous
                await self._stream.send_all(self._h11.send(h11.Data(data=part)) or b"")
            self._h11.send(h11.EndOfMessage())
        while not isinstance(event := await self.next_event(), h11.Response):
            if isinstance(event, h11.ConnectionClosed):
                raise httpx.RemoteProtocolError("the server closed the connection without an answer")
        return event

    def _encoded(self, request: httpx.Request) -> bytes:
        try:
            head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
            return self._h11.send(head) or b""
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error)) from error

    async def next_event(self) -> object:
        """The next part of the answer, as h11 has it. Raises: httpx.ReadError, httpx.RemoteProtocolError."""
        try:
            while (event := self._h11.next_event()) is h11.NEED_DATA:
                self._h11.receive_data(bytes(await self._stream.receive_some(READ_BYTES)))
        except trio.BrokenResourceError as error:
            raise httpx.ReadError("the connection broke") from error
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from error
        return event

    def renew(self) -> bool:
        """Makes it ready for another request; False when this was its last."""
        if self._h11.our_state is not h11.DONE or self._h11.their_state is not h11.DONE:
            return False
        self._h11.start_next_cycle()
        self.idle_since = trio.current_time()
        return True

    def looks_broken(self) -> bool:
        """Whether something has arrived that nobody asked for: the server's end of the connection, as a rule."""
        stream = self._stream.transport_stream if isinstance(self._stream, trio.SSLStream) else self._stream
        return isinstance(stream, trio.SocketStream) and stream.socket.is_readable()

    async def aclose(self) -> None:
        """Closes the connection without ceremony."""
        await trio.aclose_forcefully(self._stream)


class _Rest(httpx.AsyncByteStream):
    """The body of an answer as it arrives."""

    def __init__(self, line: Line, give_back: Callable[[Line], Awaitable[None]]) -> None:
        self._line: Line | None = line
        self._give_back = give_back

    def __aiter__(self) -> _Rest:
        return self

    async def __anext__(self) -> bytes:
        if self._line is not None and isinstance(event := await self._line.next_event(), h11.Data):
            return bytes(event.data)
        raise StopAsyncIteration

    async def aclose(self) -> None:
        if self._line is not None:
            line, self._line = self._line, None
            await self._give_back(line)


class DirectTransport(httpx.AsyncBaseTransport):
    """Keeps at most `max_connections` connections; further requests wait for one."""

    def __init__(
        self,
        max_connections: int,
        keep_alive_seconds: float,
        tls: Callable[[], ssl.SSLContext],
        connect: Connect = trio.open_tcp_stream,
    ) -> None:
        self._room = trio.Semaphore(max_connections)
        self._keep_alive_seconds = keep_alive_seconds
        self._tls = tls
        self._connect = connect
        self._idle: list[Line] = []
        """The one used last at the end."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Returns once the head of the answer is here; that is no checkpoint. Close the response to free its line.

        Raises: httpx.ConnectTimeout, ConnectError, and what `Line.ask` does. Cancelled, the connection is closed.
        """
        line: Line | None = None
        await self._room.acquire()
        try:
            line = await self._line_for(request)
            head = await line.ask(request)
        except BaseException:
            self._room.release()
            if line is not None:
                await line.aclose()
            raise
        headers = head.headers.raw_items()
        return httpx.Response(head.status_code, headers=headers, stream=_Rest(line, self._take_back))

    async def aclose(self) -> None:
        """Closes the connections that idle. It takes no time, and a cancellation must not leave the half of them."""
        with trio.CancelScope(shield=True):
            while self._idle:
                await self._idle.pop().aclose()

    async def _line_for(self, request: httpx.Request) -> Line:
        origin = _origin(request.url)
        oldest = trio.current_time() - self._keep_alive_seconds
        while self._idle:
            line = self._idle.pop()
            if line.origin == origin and line.idle_since > oldest and not line.looks_broken():
                return line
            await line.aclose()
        return Line(origin, await self._opened(origin, request.extensions["timeout"]["connect"]))

    async def _opened(self, origin: Origin, timeout_seconds: float) -> trio.abc.Stream:
        speaks_tls, host, port = origin
        with trio.move_on_after(timeout_seconds):
            try:
                stream = await self._connect(host, port)
                return await self._secured(stream, host) if speaks_tls else stream
            except (OSError, trio.BrokenResourceError) as error:
                raise httpx.ConnectError("no connection") from error
        raise httpx.ConnectTimeout("no connection in time")

    async def _secured(self, stream: trio.abc.Stream, host: str) -> trio.abc.Stream:
        secured = trio.SSLStream(stream, self._tls(), server_hostname=host, https_compatible=True)
        try:
            await secured.do_handshake()
        except BaseException:
            await trio.aclose_forcefully(secured)
            raise
        return secured

    async def _take_back(self, line: Line) -> None:
        self._room.release()
        if line.renew():
            self._idle.append(line)
        else:
            await line.aclose()


def _origin(url: httpx.URL) -> Origin:
    return url.scheme == "https", url.raw_host.decode("ascii"), url.port or DEFAULT_PORTS[url.scheme]
