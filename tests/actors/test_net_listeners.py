"""The HTTP server on real sockets: ports, addresses, and an answer that a reset would destroy."""

from __future__ import annotations

import pytest
import trio

from actors.net.http import HttpLimits, Request, Response
from actors.net.server import bound_port, open_listeners, serve_http


async def who(request: Request) -> Response:
    await trio.lowlevel.checkpoint()
    return Response(200, request.peer.host.encode(), close=True)


async def test_port_0_gives_a_port_that_can_be_read_back_and_connected_to(nursery: trio.Nursery) -> None:
    listeners = await open_listeners("127.0.0.1", 0)
    await nursery.start(lambda task_status: serve_http(who, listeners, task_status=task_status))
    async with await trio.open_tcp_stream("127.0.0.1", bound_port(listeners)) as stream:
        await stream.send_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b"".join([bytes(piece) async for piece in stream])
    assert received.endswith(b"\r\n\r\n127.0.0.1")
    nursery.cancel_scope.cancel()


async def test_a_taken_port_is_an_os_error() -> None:
    listeners = await open_listeners("127.0.0.1", 0)
    with pytest.raises(OSError, match="Address already in use"):
        await open_listeners("127.0.0.1", bound_port(listeners))
    for listener in listeners:
        await listener.aclose()


async def test_a_refused_upload_can_still_read_its_answer(nursery: trio.Nursery) -> None:
    listeners = await open_listeners("127.0.0.1", 0)
    limits = HttpLimits(max_body_bytes=1000)
    await nursery.start(lambda task_status: serve_http(who, listeners, limits=limits, task_status=task_status))
    async with await trio.open_tcp_stream("127.0.0.1", bound_port(listeners)) as stream:
        await stream.send_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n" + b"x" * 8_000_000)
        received = b"".join([bytes(piece) async for piece in stream])
    assert received.startswith(b"HTTP/1.1 413 ")
    nursery.cancel_scope.cancel()
