"""One client of the control socket, from its first frame to its last.

Whatever happens here ends with the connection: requests still running are cancelled when their client is gone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import trio
from msgspec import UNSET
from trio_websocket import ConnectionClosed, WebSocketConnection

from actors.errors import RouterError
from router.control.failures import as_control_error, fault_of
from router.control.jsonrpc import (
    ControlError,
    ErrorCode,
    RequestFrame,
    decode_request,
    encode_error,
    encode_notification,
    encode_result,
    salvage_id,
)
from router.control.limits import ControlLimits
from router.control.protocol import Method, decode_call, notification_name
from router.events import ControlFault, Event

Emit = Callable[[Event], None]


class Peer:
    """The client that asked, for handlers that go on telling it things."""

    def __init__(self, outgoing: trio.MemorySendChannel[str], connection: trio.CancelScope) -> None:
        self._outgoing = outgoing
        self._connection = connection
        self._unsubscribe: Callable[[], None] = lambda: None

    def replace_subscription(self, unsubscribe: Callable[[], None]) -> None:
        """Ends the subscription this client had; `unsubscribe` ends the new one, at the latest when the client goes."""
        self._unsubscribe()
        self._unsubscribe = unsubscribe

    def notify(self, notice: msgspec.Struct) -> None:
        """Queues a notification. A client whose queue is full reads too slowly and is cut off."""
        try:
            self._outgoing.send_nowait(encode_notification(notification_name(notice), notice))
        except trio.WouldBlock:
            self._connection.cancel()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # It has gone; its handlers are being cancelled.


Handler = Callable[[Any], Awaitable[msgspec.Struct]]
"""Takes the method's params struct, gives its result struct.

May raise ControlError, or any RouterError, whose text the client is shown. It is cancelled when its client goes: shield
what must be finished.
"""


class WithPeer(msgspec.Struct, frozen=True):
    """A handler that also needs to know who asks."""

    call: Callable[[Any, Peer], Awaitable[msgspec.Struct]]


Handlers = Mapping[str, Handler | WithPeer]


class Connection:
    """Reads requests, runs their handlers side by side, writes answers one at a time."""

    def __init__(self, socket: WebSocketConnection, handlers: Handlers, limits: ControlLimits, emit: Emit) -> None:
        self._socket = socket
        self._handlers = handlers
        self._limits = limits
        self._emit = emit
        self._running = 0

    async def run(self) -> None:
        """Serves the client until it leaves or has to be cut off."""
        self._outgoing, queued = trio.open_memory_channel[str](self._limits.queued_messages)
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                self._peer = Peer(self._outgoing, nursery.cancel_scope)
                nursery.start_soon(self._write, queued)
                nursery.start_soon(self._check_alive)
                try:
                    while True:
                        await self._take(await self._socket.get_message())
                finally:
                    self._peer.replace_subscription(lambda: None)
        except* ConnectionClosed:
            pass

    async def _take(self, frame: str | bytes) -> None:
        try:
            request = decode_request(frame)
        except ControlError as error:
            await self._outgoing.send(encode_error(salvage_id(frame), error))
            return
        if self._running >= self._limits.requests_at_once:
            busy = f"this connection has {self._running} requests running; wait for an answer before asking more"
            await self._answer(request, encode_error(_id_of(request), ControlError(ErrorCode.UNAVAILABLE, busy)))
            return
        self._running += 1
        self._nursery.start_soon(self._run, request)

    async def _run(self, request: RequestFrame) -> None:
        try:
            await self._answer(request, await self._outcome(request))
        finally:
            self._running -= 1

    async def _outcome(self, request: RequestFrame) -> str:
        try:
            return encode_result(_id_of(request), await self._call(request))
        except RouterError as error:
            return encode_error(_id_of(request), as_control_error(error))
        except Exception as error:  # noqa: BLE001 a handler's bug is one request's failure, never the router's
            self._emit(ControlFault(method=request.method[:64], error=fault_of(error)))
            hidden = ControlError(ErrorCode.INTERNAL, "internal error; the router's log says more")
            return encode_error(_id_of(request), hidden)

    async def _call(self, request: RequestFrame) -> msgspec.Struct:
        method, params = decode_call(request)
        handler = self._handlers.get(method.name)
        match handler:
            case None:
                raise ControlError(ErrorCode.METHOD_NOT_FOUND, f"this router does not serve {method.name}")
            case WithPeer(call=call):
                return _checked(method, await call(params, self._peer))
            case _:
                return _checked(method, await handler(params))

    async def _answer(self, request: RequestFrame, answer: str) -> None:
        if request.id is not UNSET:
            await self._outgoing.send(answer)

    async def _write(self, queued: trio.MemoryReceiveChannel[str]) -> None:
        async for message in queued:
            with trio.move_on_after(self._limits.write_seconds) as patience:
                await self._socket.send_message(message)
            if patience.cancelled_caught:
                self._nursery.cancel_scope.cancel()

    async def _check_alive(self) -> None:
        while True:
            await trio.sleep(self._limits.ping_seconds)
            with trio.move_on_after(self._limits.ping_seconds) as patience:
                await self._socket.ping()
            if patience.cancelled_caught:
                self._nursery.cancel_scope.cancel()


def _id_of(request: RequestFrame) -> str | int | None:
    return None if request.id is UNSET else request.id


def _checked(method: Method, result: msgspec.Struct) -> msgspec.Struct:
    if not isinstance(result, method.result_type):
        raise TypeError(f"{method.name} answered {type(result).__name__}, expected {method.result_type.__name__}")
    return result
