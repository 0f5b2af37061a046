"""Scripted HTTP peers at the other end of a client's connections, and a watch over its errors."""

from __future__ import annotations

import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import httpcore
import httpx
import pytest
import trio
import trio.testing
from httpcore._backends.trio import TrioStream

from actors.errors import RouterError
from actors.net.answer import HttpAnswer
from actors.net.client import HttpClient, open_http_client
from actors.net.kept import KeptTransport
from actors.net.transport import KEEP_ALIVE_SECONDS, shared_tls

CANARY = "4242:canary-token"
BASE = f"http://api.test/bot{CANARY}"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

MemoryEnd = trio.StapledStream[trio.testing.MemorySendStream, trio.testing.MemoryReceiveStream]
Peer = Callable[[MemoryEnd], Awaitable[None]]


class MemoryStream(TrioStream):
    """A connection that never looks broken from outside, as one that breaks just now does."""

    def get_extra_info(self, info: str) -> Any:
        return None


class Network(httpcore.AsyncNetworkBackend):
    """Connects to `peer`, which gets the other end of every connection."""

    def __init__(self, nursery: trio.Nursery, peer: Peer | None) -> None:
        self._nursery = nursery
        self._peer = peer
        self.connected_to: list[tuple[str, int]] = []

    async def connect_tcp(self, host: str, port: int, timeout: float | None = None, *_: Any, **__: Any) -> MemoryStream:
        if self._peer is None:
            with trio.move_on_after(timeout or float("inf")):
                await trio.sleep_forever()
            raise httpcore.ConnectTimeout
        return MemoryStream(await self.connect(host, port))

    async def connect(self, host: str, port: int) -> MemoryEnd:
        if self._peer is None:
            await trio.sleep_forever()
            raise AssertionError("unreachable")
        self.connected_to.append((host, port))
        ours, theirs = trio.testing.memory_stream_pair()
        self._nursery.start_soon(self._play, self._peer, theirs)
        return ours

    async def _play(self, peer: Peer, stream: MemoryEnd) -> None:
        with suppress(trio.BrokenResourceError):  # the client went away in the middle, as some tests want
            await peer(stream)


def kept(network: Network, connections: int) -> httpx.AsyncBaseTransport:
    return KeptTransport(connections, KEEP_ALIVE_SECONDS, shared_tls, network)


def through_httpx(network: Network, connections: int) -> httpx.AsyncBaseTransport:
    """What carries requests through a proxy."""
    transport = httpx.AsyncHTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    transport._pool = httpcore.AsyncConnectionPool(network_backend=network, max_connections=connections)
    return transport


Carrier = Callable[[Network, int], httpx.AsyncBaseTransport]
_in_use: list[Carrier] = [kept]


@pytest.fixture(params=[kept, through_httpx], ids=lambda carrier: carrier.__name__)
def carrier(request: pytest.FixtureRequest) -> Iterator[Carrier]:
    """Has `client_to` use one after the other; what callers may rely on holds with both."""
    _in_use.append(request.param)
    yield request.param
    _in_use.pop()


@asynccontextmanager
async def client_to(
    peer: Peer | None, connections: int = 4, **options: Any
) -> AsyncIterator[tuple[HttpClient, Network]]:
    async with trio.open_nursery() as nursery:
        network = Network(nursery, peer)
        transport = _in_use[-1](network, connections)
        async with transport, open_http_client(base_url=BASE, transport=transport, **options) as client:
            yield client, network
        nursery.cancel_scope.cancel()


async def read_request(stream: trio.abc.ReceiveStream) -> bytes:
    """The next request, head and body; empty when the client went away instead."""
    got = b""
    while b"\r\n\r\n" not in got:
        part = await stream.receive_some()
        if not part:
            return b""
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0].split(b":")[1]):
        body += await stream.receive_some()
    return head + b"\r\n\r\n" + body


def answering(*answers: bytes, seen: list[bytes] | None = None) -> Peer:
    """Answers one request after the other on each connection, then closes it."""

    async def peer(stream: MemoryEnd) -> None:
        async with stream:
            for answer in answers:
                request = await read_request(stream)
                if not request:
                    return
                if seen is not None:
                    seen.append(request)
                await stream.send_all(answer)

    return peer


async def silent(stream: MemoryEnd) -> None:
    """Reads a request and never answers."""
    await read_request(stream)
    await trio.sleep_forever()


async def post(client: HttpClient, **options: Any) -> HttpAnswer:
    return await client.post("/getMe", body=b"{}", **{"timeout_seconds": 30.0, **options})


@contextmanager
def failing_as(kind: type[RouterError], words: str | None = None) -> Iterator[None]:
    """Expects the error, and that it shows the token nowhere."""
    with pytest.raises(kind, match=words) as caught:
        yield
    assert_hides_the_token(caught.value)


def assert_hides_the_token(error: BaseException) -> None:
    seen: BaseException | None = error
    while seen is not None:
        shown = f"{seen!r} {seen} {vars(seen)} {''.join(traceback.format_exception(seen))}"
        assert "canary" not in shown
        assert not isinstance(seen, httpx.RequestError)
        seen = seen.__cause__ or seen.__context__
