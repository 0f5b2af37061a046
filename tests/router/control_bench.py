"""A real control server on the loopback interface, with handlers that a test scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec
import trio
from trio_websocket import WebSocketConnection, wrap_client_stream

from actors.secret import Secret
from router.control.connection import Handlers
from router.control.endpoint import Endpoint
from router.control.limits import ControlLimits
from router.control.protocol.overview import GetStatus, Ping, Pong, StatusResult, StoreStatus
from router.control.protocol.pairing import (
    ApprovePairing,
    ListPairings,
    PairingApproved,
    PairingListResult,
    PairingMeta,
    PairingReport,
)
from router.control.server import ControlAddress, serve_control
from router.events import Event

CANARY = "canary-token-7f3a91c2e8"
TOKEN = Secret(CANARY)

STATUS = StatusResult(version="0.1.0", pid=4711, uptime_seconds=3723.0, state="serving", store=StoreStatus(ok=True))
REQUEST = PairingReport(
    channel="zalo",
    account_id="default",
    id="6ede9afa66b88fe6d6a9",
    code="7GVCMMUW",
    created_at="2026-11-20T09:46:37.164Z",
    last_seen_at="2026-11-20T09:46:37.164Z",
    expires_at="2026-11-20T10:46:37.164Z",
    meta=PairingMeta(name="Chị Ba"),
)
APPROVED = PairingApproved(channel="zalo", account_id="default", id="6ede9afa66b88fe6d6a9", name="Chị Ba")


async def pong(params: Ping) -> Pong:
    return Pong(pid=4711)


async def status(params: GetStatus) -> StatusResult:
    return STATUS


async def one_request(params: ListPairings) -> PairingListResult:
    return PairingListResult(channel=params.channel, requests=(REQUEST,))


async def approve(params: ApprovePairing) -> PairingApproved:
    return APPROVED


HANDLERS: Handlers = {"ping": pong, "status": status, "pairing.list": one_request, "pairing.approve": approve}


class Served:
    """A running server: where it is, and what it emitted."""

    def __init__(self, endpoint: Endpoint, events: list[Event]) -> None:
        self.endpoint = endpoint
        self.port = int(endpoint.url.removesuffix("/").rpartition(":")[2])
        self.events = events


@asynccontextmanager
async def served(handlers: Handlers = HANDLERS, limits: ControlLimits | None = None) -> AsyncIterator[Served]:
    """Serves while the body runs."""
    events: list[Event] = []
    async with trio.open_nursery() as nursery:
        serve = partial(
            serve_control,
            host="127.0.0.1",
            port=0,
            token=TOKEN,
            handlers=handlers,
            limits=limits or ControlLimits(),
            emit=events.append,
        )
        address: ControlAddress = await nursery.start(serve)
        yield Served(Endpoint(address.url, TOKEN, 4711), events)
        nursery.cancel_scope.cancel()


BEARER = (b"Authorization", b"Bearer " + CANARY.encode())


@asynccontextmanager
async def raw_socket(
    url: str, headers: tuple[tuple[bytes, bytes], ...] = (BEARER,)
) -> AsyncIterator[WebSocketConnection]:
    """A WebSocket client that knows nothing of the protocol, and is somebody else's work."""
    host, port = url.removeprefix("ws://").removesuffix("/").split(":")
    stream = await trio.open_tcp_stream(host, int(port))
    async with stream, trio.open_nursery() as nursery:
        socket = await wrap_client_stream(nursery, stream, host, "/", extra_headers=list(headers))
        yield socket
        with trio.move_on_after(5):
            await socket.aclose()
        nursery.cancel_scope.cancel()


async def exchange(socket: WebSocketConnection, frame: str | bytes) -> dict[str, Any]:
    """Sends one frame, gives the next one that comes back."""
    await socket.send_message(frame)
    answer: dict[str, Any] = msgspec.json.decode(await socket.get_message())
    return answer


PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer " + CANARY.encode() + b"\r\n\r\n"
)


async def handshaken(port: int) -> trio.SocketStream:
    """A socket whose owner speaks WebSocket by hand, and so may stop reading."""
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    await stream.send_all(HANDSHAKE)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += await stream.receive_some(1)
    assert head.startswith(b"HTTP/1.1 101")
    return stream


def masked(text: str) -> bytes:
    """A short text frame as a client has to send it, under the mask of all zeros."""
    return bytes([0x81, 0x80 | len(text)]) + bytes(4) + text.encode()
