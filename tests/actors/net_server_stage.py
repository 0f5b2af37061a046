"""An HTTP server over memory streams, and an h11 client at the other end of a connection.

A test file takes the fixture by naming it: `serve = net_server_stage.serve`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import h11
import pytest
import trio
import trio.testing

from actors.net.http import Request, Response
from actors.net.server import serve_http

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class MemoryListener(trio.abc.Listener[trio.abc.HalfCloseableStream]):
    """Accepts what `connect` offers; never more than one waits."""

    def __init__(self) -> None:
        self._offer, self._taken = trio.open_memory_channel[trio.abc.HalfCloseableStream](0)
        self.closed = False
        self.failures: list[OSError] = []

    async def connect(self) -> trio.abc.HalfCloseableStream:
        ours, theirs = trio.testing.memory_stream_pair()
        await self._offer.send(theirs)
        return ours

    async def accept(self) -> trio.abc.HalfCloseableStream:
        if self.failures:
            await trio.lowlevel.checkpoint()
            raise self.failures.pop()
        return await self._taken.receive()

    async def aclose(self) -> None:
        self.closed = True
        await trio.lowlevel.checkpoint()


class Client:
    """An HTTP peer that notices every breach of the protocol, because h11 does."""

    def __init__(self, stream: trio.abc.HalfCloseableStream) -> None:
        self.stream = stream
        self._machine = h11.Connection(h11.CLIENT)

    async def send(self, raw: bytes) -> None:
        await self.stream.send_all(raw)

    async def ask(self, method: str = "GET", target: str = "/", body: bytes = b"") -> tuple[int, bytes]:
        headers = [("Host", "x"), ("Content-Length", str(len(body)))]
        data = self._machine.send(h11.Request(method=method, target=target, headers=headers))
        data += self._machine.send(h11.Data(data=body))
        self._machine.send(h11.EndOfMessage())
        await self.stream.send_all(data)
        return await self.answer()

    async def answer(self) -> tuple[int, bytes]:
        """The next answer in full; the machine must have sent or be made to believe that a request went out."""
        status, body = 0, b""
        while True:
            event = self._machine.next_event()
            if event is h11.NEED_DATA:
                self._machine.receive_data(bytes(await self.stream.receive_some()))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                break
        if self._machine.our_state is h11.DONE and self._machine.their_state is h11.DONE:
            self._machine.start_next_cycle()
        return status, body

    async def read_to_end(self) -> bytes:
        received = b""
        while data := await self.stream.receive_some():
            received += data
        return received


Serve = Callable[..., Awaitable[MemoryListener]]


async def echo(request: Request) -> Response:
    await trio.lowlevel.checkpoint()
    return Response(200, f"{request.method} {request.path}?{request.query} ".encode() + request.body)


@pytest.fixture
async def serve(nursery: trio.Nursery) -> AsyncIterator[Serve]:
    async def start(handler: Callable[[Request], Awaitable[Response]] = echo, **options: Any) -> MemoryListener:
        listener = MemoryListener()
        await nursery.start(lambda task_status: serve_http(handler, [listener], task_status=task_status, **options))
        return listener

    yield start
    nursery.cancel_scope.cancel()


async def client_of(listener: MemoryListener) -> Client:
    return Client(await listener.connect())


async def raw_answer(serve: Serve, raw: bytes, **options: Any) -> bytes:
    client = await client_of(await serve(**options))
    await client.send(raw)
    await client.stream.send_eof()
    return await client.read_to_end()
