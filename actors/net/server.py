"""The HTTP/1.1 server: accepts connections, gives each a task, and stops as gently as it is asked to."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Any

import trio

from actors.net.connection import Connection
from actors.net.http import HttpLimits
from actors.net.service import ErrorReport, Handler, Screen, Service

OUT_OF_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})
"""accept(2) fails with these while the process or machine is short of something; they pass."""
ACCEPT_PAUSE_SECONDS = 0.1

DEFAULT_LIMITS = HttpLimits()


async def open_listeners(host: str, port: int) -> list[trio.SocketListener]:
    """Listens on every address that `host` means; port 0 takes a free one, the same for all of them.

    Raises: OSError when an address cannot be had (in use, not of this machine, not permitted).
    """
    return list(await trio.open_tcp_listeners(port, host=host))


def bound_port(listeners: Sequence[trio.SocketListener]) -> int:
    """The port that was given: what to print or connect to after asking for port 0."""
    return int(listeners[0].socket.getsockname()[1])


async def serve_http(
    handler: Handler,
    listeners: Sequence[trio.abc.Listener[Any]],
    *,
    screen: Screen | None = None,
    on_error: ErrorReport | None = None,
    limits: HttpLimits = DEFAULT_LIMITS,
    stopping: trio.Event | None = None,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Answers requests with `handler` until cancelled, or until `stopping` is set and what was begun is finished.

    `screen` sees each head before its body is read, and may answer then; it must not wait.

    Error handling: an exception of `handler` is answered with a bare 500 and given to `on_error`. Without `on_error` it
    ends the server and is raised here. What peers do wrong is answered and never raised.

    Stopping: when `stopping` is set, listeners close, idle connections close, and requests whose head has arrived have
    `limits.grace_seconds`. On cancellation all of it ends at once, handlers included.

    Resource handling: the listeners are closed when this returns, however it does.
    """
    service = Service(handler, screen, on_error, limits)
    server = _Server(service)
    try:
        async with trio.open_nursery() as connections:
            async with trio.open_nursery() as accepting:
                for listener in listeners:
                    accepting.start_soon(server.accept_forever, listener, connections)
                task_status.started()
                if stopping is not None:
                    await stopping.wait()
                    accepting.cancel_scope.cancel()
            await _close_all(listeners)
            server.begin_stop()
            connections.cancel_scope.deadline = trio.current_time() + limits.grace_seconds
    finally:
        with trio.CancelScope(shield=True):
            await _close_all(listeners)


async def _close_all(listeners: Sequence[trio.abc.Listener[Any]]) -> None:
    for listener in listeners:
        await listener.aclose()


class _Server:
    """The connections of one `serve_http`, and the room for them."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._open: dict[Connection, None] = {}  # the oldest first
        self._room = trio.Semaphore(service.limits.max_connections)

    async def accept_forever(self, listener: trio.abc.Listener[Any], nursery: trio.Nursery) -> None:
        while True:
            try:
                stream = await listener.accept()
            except OSError as error:
                if error.errno not in OUT_OF_RESOURCES:
                    raise
                await trio.sleep(ACCEPT_PAUSE_SECONDS)
                continue
            await self._admit(stream, nursery)

    async def _admit(self, stream: trio.abc.Stream, nursery: trio.Nursery) -> None:
        """Waits for room if need be; so at most one connection per listener is accepted and not yet served."""
        try:
            self._room.acquire_nowait()
        except trio.WouldBlock:
            await self._wait_for_room(stream)
        connection = Connection(stream, self._service)
        self._open[connection] = None
        nursery.start_soon(self._serve, connection)

    async def _serve(self, connection: Connection) -> None:
        try:
            await connection.serve()
        finally:
            self._open.pop(connection, None)
            self._room.release()

    async def _wait_for_room(self, stream: trio.abc.Stream) -> None:
        self._service.waiting += 1
        self._end_one_idle()
        try:
            await self._room.acquire()
        except trio.Cancelled:
            await trio.aclose_forcefully(stream)
            raise
        finally:
            self._service.waiting -= 1

    def _end_one_idle(self) -> None:
        """Somebody who waits is worth more than a connection that only idles, or that dawdles over its first line."""
        idle = (one for one in self._open if one.idle)
        useless = min(idle, key=lambda one: one.since, default=None)
        if useless is not None:
            del self._open[useless]  # so that two who wait do not both choose it
            useless.close_idle()

    def begin_stop(self) -> None:
        self._service.stopping = True
        for connection in self._open:
            if connection.idle:
                connection.close_idle()
