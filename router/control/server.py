"""The control socket: who may open it, and how many.

Two doors are shut before a byte of a request is read. The token keeps other users of the machine out; the Origin check
keeps out web pages, whose browser may open a socket to this machine but always says where the page came from.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable
from ipaddress import ip_address
from typing import NoReturn

import msgspec
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, WebSocketRequest, wrap_server_stream
from wsproto.utilities import ProtocolError

from actors.errors import SettingsError
from actors.secret import Secret
from router.control.connection import Connection, Emit, Handlers
from router.control.failures import fault_of
from router.control.limits import ControlLimits
from router.control.protocol import METHODS
from router.events import ControlFault, Event

CLIENTS_OWN_DOING = (
    ConnectionClosed,
    ProtocolError,
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    # wsproto decodes some headers as ASCII and as domain names without minding what was sent.
    UnicodeError,
)
"""Ends a connection without a word in the log: anybody on this machine could fill it otherwise."""

Headers = Iterable[tuple[bytes, bytes]]


class ControlAddress(msgspec.Struct, frozen=True):
    """Where the socket really listens."""

    url: str
    port: int


class Refusal(msgspec.Struct, frozen=True):
    """Why a handshake is not accepted."""

    status: int
    reason: str


def judge_handshake(path: str, headers: Headers, token: Secret, origins: frozenset[bytes]) -> Refusal | None:
    """None if this client may come in. Of a header that is given twice, every value must be right."""
    given = [(name.lower(), value.strip()) for name, value in headers]
    if any(value.lower() not in origins for name, value in given if name == b"origin"):
        return Refusal(403, "requests of web pages from elsewhere are not accepted")
    expected = b"Bearer " + token.reveal().encode()
    credentials = [value for name, value in given if name == b"authorization"]
    if not credentials or not all(hmac.compare_digest(value, expected) for value in credentials):
        return Refusal(401, "the token is missing or wrong")
    if path != "/":
        return Refusal(404, "the control socket is at /")
    return None


def _ignore(event: Event) -> None:
    pass


async def serve_control(
    *,
    host: str,
    port: int,
    token: Secret,
    handlers: Handlers,
    limits: ControlLimits = ControlLimits(),  # noqa: B008 frozen
    emit: Emit = _ignore,
    task_status: trio.TaskStatus[ControlAddress] = trio.TASK_STATUS_IGNORED,
) -> NoReturn:
    """Serves the protocol until cancelled; `started` gives the address, with the port that 0 became.

    Raises: SettingsError when it cannot listen there; ValueError for a handler of a method that does not exist.
    Cancelled, it says goodbye to its clients (at most `limits.close_seconds`) and cancels their requests.
    """
    strangers = sorted(set(handlers) - set(METHODS))
    if strangers:
        raise ValueError(f"no such methods in the protocol: {', '.join(strangers)}")
    listeners = await _listen(host, port)
    actual_port = listeners[0].socket.getsockname()[1]
    server = _Server(token, _own_origins(host, actual_port), handlers, limits, emit)
    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, server.serve_stream, listeners)
        task_status.started(ControlAddress(f"ws://{_in_url(host)}:{actual_port}/", actual_port))
    raise AssertionError("unreachable: the listeners serve until cancelled")


async def _listen(host: str, port: int) -> list[trio.SocketListener]:
    try:
        return list(await trio.open_tcp_listeners(port, host=host))
    except (OSError, OverflowError) as error:
        # One OSError per address may be wrapped in another; the innermost has the number.
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        why = os.strerror(cause.errno) if isinstance(cause, OSError) and cause.errno else str(error)
        advice = "stop what listens there, or set control.port to a free port (0 takes any)"
        raise SettingsError((f"control: cannot listen on {host}:{port}: {why}; {advice}",)) from error


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _own_origins(host: str, port: int) -> frozenset[bytes]:
    names = {host}
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if loopback:
        names |= {"localhost", "127.0.0.1", "::1"}
    return frozenset(f"http://{_in_url(name)}:{port}".lower().encode() for name in names)


class _Server:
    """What all connections share."""

    def __init__(
        self, token: Secret, origins: frozenset[bytes], handlers: Handlers, limits: ControlLimits, emit: Emit
    ) -> None:
        self._token = token
        self._origins = origins
        self._handlers = handlers
        self._limits = limits
        self._emit = emit
        self._clients = 0

    async def serve_stream(self, stream: trio.SocketStream) -> None:
        if self._clients >= self._limits.clients:
            await trio.aclose_forcefully(stream)
            return
        self._clients += 1
        try:
            await self._converse(stream)
        except* CLIENTS_OWN_DOING:
            pass
        except* Exception as fault:  # noqa: BLE001 what one client provokes must not take the router down
            self._emit(ControlFault(method="", error=fault_of(fault.exceptions[0])))
        finally:
            self._clients -= 1
            await trio.aclose_forcefully(stream)

    async def _converse(self, stream: trio.SocketStream) -> None:
        async with trio.open_nursery() as nursery:
            socket: WebSocketConnection | None = None
            with trio.move_on_after(self._limits.handshake_seconds):
                request = await wrap_server_stream(nursery, stream, max_message_size=self._limits.message_bytes)
                socket = await self._admit(request)
            if socket is not None:
                try:
                    await Connection(socket, self._handlers, self._limits, self._emit).run()
                finally:
                    with trio.CancelScope(deadline=trio.current_time() + self._limits.close_seconds, shield=True):
                        await socket.aclose()
            nursery.cancel_scope.cancel()

    async def _admit(self, request: WebSocketRequest) -> WebSocketConnection | None:
        refusal = judge_handshake(request.path, request.headers, self._token, self._origins)
        if refusal is None:
            return await request.accept()
        headers = [(b"WWW-Authenticate", b"Bearer")] if refusal.status == 401 else []
        await request.reject(refusal.status, extra_headers=headers, body=refusal.reason.encode())
        return None
