from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from control_bench import CANARY, TOKEN
from trio.testing import memory_stream_pair
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Ping,
    Pong,
    RejectConnection,
    Request,
    TextMessage,
)

from router.control import link as link_module
from router.control.link import Link, LinkEnded, LinkRejected


class Server:
    """The other end, played by the protocol library over a memory stream."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self._protocol = WSConnection(ConnectionType.SERVER)
        self._events: list[Event] = []

    async def send(self, *events: Event) -> None:
        await self.stream.send_all(b"".join(self._protocol.send(event) for event in events))

    async def next(self) -> Event:
        while not self._events:
            self._protocol.receive_data(bytes(await self.stream.receive_some()))
            self._events.extend(self._protocol.events())
        return self._events.pop(0)


@asynccontextmanager
async def joined() -> AsyncIterator[tuple[Link, Server]]:
    """A link after its handshake, and the server it is joined to."""
    ours, theirs = memory_stream_pair()
    link, server = Link(ours), Server(theirs)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(link.shake_hands, "localhost:1", "/", TOKEN)
        request = await server.next()
        assert isinstance(request, Request)
        assert (b"authorization", f"Bearer {CANARY}".encode()) in request.extra_headers
        await server.send(AcceptConnection())
    yield link, server


async def test_a_message_in_pieces_is_one_message(autojump_clock: trio.abc.Clock) -> None:
    async with joined() as (link, server):
        await server.send(TextMessage(data="a", message_finished=False), TextMessage(data="b"), TextMessage(data="c"))
        assert [await link.receive(), await link.receive()] == ["ab", "c"]


async def test_a_ping_is_answered_while_somebody_waits(autojump_clock: trio.abc.Clock) -> None:
    async with joined() as (link, server):
        await server.send(Ping(payload=b"there?"), TextMessage(data="x"))
        assert await link.receive() == "x"
        answer = await server.next()
        assert isinstance(answer, Pong)
        assert answer.payload == b"there?"


async def test_what_was_said_before_the_goodbye_is_still_heard(autojump_clock: trio.abc.Clock) -> None:
    async with joined() as (link, server):
        await server.send(TextMessage(data="last words"), CloseConnection(code=1001))
        assert await link.receive() == "last words"
        with pytest.raises(LinkEnded, match="closed by the router"):
            await link.receive()
        with pytest.raises(LinkEnded):
            await link.send("too late")


async def test_a_stream_that_just_ends_ends_the_link(autojump_clock: trio.abc.Clock) -> None:
    async with joined() as (link, server):
        await server.stream.aclose()
        with pytest.raises(LinkEnded, match="closed by the router"):
            await link.receive()


async def test_bytes_that_are_no_frame_end_the_link(autojump_clock: trio.abc.Clock) -> None:
    async with joined() as (link, server):
        await server.stream.send_all(b"\xff\xff\xff\xff")
        with pytest.raises(LinkEnded):
            await link.receive()


async def test_an_answer_without_end_is_cut_off(
    autojump_clock: trio.abc.Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "MAX_MESSAGE_CHARACTERS", 10)
    async with joined() as (link, server):
        await server.send(TextMessage(data="x" * 10))
        assert await link.receive() == "x" * 10
        await server.send(TextMessage(data="x" * 11))
        with pytest.raises(LinkEnded, match="longer than 10 characters"):
            await link.receive()


async def test_a_refused_handshake_tells_its_status(autojump_clock: trio.abc.Clock) -> None:
    ours, theirs = memory_stream_pair()
    link, server = Link(ours), Server(theirs)

    async def refuse() -> None:
        await server.next()
        await server.send(RejectConnection(status_code=403))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(refuse)
        with pytest.raises(LinkRejected) as caught:
            await link.shake_hands("localhost:1", "/", TOKEN)
    assert caught.value.status == 403


async def test_a_cancelled_receive_takes_nothing(autojump_clock: trio.abc.Clock) -> None:
    async with joined() as (link, server):
        with trio.move_on_after(1) as patience:
            await link.receive()
        assert patience.cancelled_caught
        await server.send(TextMessage(data="x"))
        assert await link.receive() == "x"


async def test_after_a_cancelled_send_the_connection_is_not_used_again(autojump_clock: trio.abc.Clock) -> None:
    async with joined() as (link, _):
        link._stream.send_stream.send_all_hook = trio.sleep_forever  # type: ignore[attr-defined]
        with trio.move_on_after(1):
            await link.send("half")
        with pytest.raises(LinkEnded):
            await link.send("the other half")


async def test_closing_waits_a_second_for_a_goodbye_and_no_longer(autojump_clock: trio.abc.Clock) -> None:
    async with joined() as (link, server):
        began = trio.current_time()
        await link.aclose()
        assert trio.current_time() - began == 1
        goodbye = await server.next()
        assert isinstance(goodbye, CloseConnection)
        assert goodbye.code == 1000


async def test_closing_a_link_that_has_ended_is_quiet(autojump_clock: trio.abc.Clock) -> None:
    async with joined() as (link, server):
        await server.stream.aclose()
        await link.aclose()
        await link.aclose()
