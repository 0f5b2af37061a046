"""Kept connections over loopback: TLS, connections that are kept, and those that ended meanwhile."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
import trio
import trustme
from net_peers import OK, read_request

from actors.net.kept import KeptTransport
from actors.net.transport import Body

KEPT_SECONDS = 20.0

Serve = Callable[[trio.abc.Stream], Awaitable[None]]


def no_tls() -> ssl.SSLContext:
    raise AssertionError("plain http asked for TLS")


def request(port: int, scheme: str = "http", content: bytes = b"{}") -> httpx.Request:
    headers = [(b"host", b"here"), (b"content-length", b"%d" % len(content))]
    url = f"{scheme}://127.0.0.1:{port}/bot/getMe"
    return httpx.Request("POST", url, headers=headers, stream=Body(content), extensions={"timeout": {"connect": 5.0}})


async def ask(transport: KeptTransport, asked: httpx.Request) -> bytes:
    with trio.fail_after(10):
        response = await transport.handle_async_request(asked)
        body = b"".join([part async for part in response.aiter_raw()])
        await response.aclose()
    return body


@asynccontextmanager
async def serving(serve: Serve, accepted: list[int] | None = None) -> AsyncIterator[int]:
    async def handler(stream: trio.abc.Stream) -> None:
        if accepted is not None:
            accepted.append(1)
        async with stream:
            await serve(stream)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, handler, 0)
        yield listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel()


async def answers(stream: trio.abc.Stream) -> None:
    while await read_request(stream):
        await stream.send_all(OK)


async def answers_once(stream: trio.abc.Stream) -> None:
    await read_request(stream)
    await stream.send_all(OK)


async def test_a_kept_connection_carries_request_after_request() -> None:
    accepted: list[int] = []
    transport = KeptTransport(4, KEPT_SECONDS, no_tls)
    async with transport, serving(answers, accepted) as port:
        assert [await ask(transport, request(port)) for _ in range(3)] == [b"{}"] * 3
    assert len(accepted) == 1


async def test_a_connection_that_the_server_has_ended_is_not_used_again() -> None:
    accepted: list[int] = []
    transport = KeptTransport(4, KEPT_SECONDS, no_tls)
    async with transport, serving(answers_once, accepted) as port:
        await ask(transport, request(port))
        with trio.fail_after(10):
            while any(line.is_usable() for line in transport._idle):
                await trio.sleep(0.001)
        assert await ask(transport, request(port)) == b"{}"
    assert len(accepted) == 2


async def test_a_connection_that_idled_for_too_long_is_not_used_again() -> None:
    accepted: list[int] = []
    transport = KeptTransport(4, 0.0, no_tls)
    async with transport, serving(answers, accepted) as port:
        await ask(transport, request(port))
        await ask(transport, request(port))
    assert len(accepted) == 2


async def test_another_server_gets_a_connection_of_its_own() -> None:
    transport = KeptTransport(1, KEPT_SECONDS, no_tls)
    async with transport, serving(answers) as one, serving(answers) as other:
        for port in (one, other, one):
            await ask(transport, request(port))
        assert [line.origin.port for line in transport._idle] == [one]


async def test_a_server_that_answers_before_it_has_read_all_is_heard() -> None:
    async def impatient(stream: trio.abc.Stream) -> None:
        await stream.send_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnope")
        with trio.move_on_after(5):
            while await stream.receive_some():
                pass

    transport = KeptTransport(1, KEPT_SECONDS, no_tls)
    async with transport, serving(impatient) as port:
        assert await ask(transport, request(port, content=b"x" * 200_000)) == b"nope"
        assert transport._idle == []


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@asynccontextmanager
async def serving_tls(authority: trustme.CA, name: str, accepted: list[int] | None = None) -> AsyncIterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)

    async def serve(stream: trio.abc.Stream) -> None:
        with suppress(trio.BrokenResourceError):  # the client hung up, as it should on some names
            await answers(trio.SSLStream(stream, context, server_side=True))

    async with serving(serve, accepted) as port:
        yield port


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_https_is_spoken_and_its_connections_are_kept(authority: trustme.CA) -> None:
    accepted: list[int] = []
    transport = KeptTransport(2, KEPT_SECONDS, lambda: trusting(authority))
    async with transport, serving_tls(authority, "127.0.0.1", accepted) as port:
        for _ in range(3):
            assert await ask(transport, request(port, "https")) == b"{}"
    assert len(accepted) == 1


async def test_a_certificate_for_another_name_is_refused(authority: trustme.CA) -> None:
    asked_for = b"{}"
    transport = KeptTransport(1, KEPT_SECONDS, lambda: trusting(authority))
    async with transport, serving_tls(authority, "api.test") as port:
        asked = request(port, "https", asked_for)
        with pytest.raises(httpx.ConnectError):
            await ask(transport, asked)
        assert isinstance(asked.stream, Body)
        assert not asked.stream.begun


async def test_a_certificate_of_nobody_we_know_is_refused(authority: trustme.CA) -> None:
    transport = KeptTransport(1, KEPT_SECONDS, ssl.create_default_context)
    async with transport, serving_tls(authority, "127.0.0.1") as port:
        with pytest.raises(httpx.ConnectError):
            await ask(transport, request(port, "https"))


async def test_room_is_given_back_whatever_becomes_of_a_request() -> None:
    async def hangs_up(stream: trio.abc.Stream) -> None:
        await read_request(stream)

    transport = KeptTransport(1, KEPT_SECONDS, no_tls)
    async with transport, serving(hangs_up) as port:
        for _ in range(3):
            with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
                await ask(transport, request(port))
        with trio.CancelScope() as scope:
            scope.cancel()
            await transport.handle_async_request(request(port))
        assert scope.cancelled_caught
        assert transport._room.value == 1
