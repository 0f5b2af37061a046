"""The HTTP client while an answer is on its way: cancelled, kept, read in parts; with a clock that jumps."""

from __future__ import annotations

import gc

import pytest
import trio
import trio.testing
from net_peers import OK, MemoryEnd, Peer, answering, carrier, client_to, failing_as, post, read_request, silent
from trio.testing import MockClock

from actors.errors import BadCredentials, UnknownOutcome
from actors.net.client import ANSWER_SECONDS

__all__ = ["carrier"]  # a fixture, used below

pytestmark = pytest.mark.usefixtures("carrier")


# --- cancellation


async def test_a_cancelled_request_closes_its_connection(autojump_clock: MockClock) -> None:
    closed = trio.Event()

    async def peer(stream: MemoryEnd) -> None:
        await read_request(stream)
        assert await stream.receive_some() == b""
        closed.set()

    async with client_to(peer) as (client, _):
        with trio.move_on_after(1) as scope:
            await post(client)
        assert scope.cancelled_caught
        await closed.wait()


def two_halves(head_after: float, body_after: float) -> Peer:
    async def peer(stream: MemoryEnd) -> None:
        await read_request(stream)
        await trio.sleep(head_after)
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{")
        await trio.sleep(body_after)
        await stream.send_all(b"ab}")

    return peer


async def test_a_kept_answer_whose_head_has_arrived_is_returned_though_cancelled(autojump_clock: MockClock) -> None:
    async with client_to(two_halves(1, 3)) as (client, _):
        with trio.move_on_after(2) as scope:
            answer = await post(client, keep_answer=True)
            # Nothing has been a checkpoint since: what follows may decide for itself.
            with pytest.raises(trio.Cancelled):
                await trio.lowlevel.checkpoint()
        assert answer.body == b"{ab}"
        assert scope.cancel_called


async def test_a_kept_answer_is_not_kept_before_its_head_arrives(autojump_clock: MockClock) -> None:
    async with client_to(two_halves(3, 0)) as (client, _):
        with trio.move_on_after(2) as scope:
            await post(client, keep_answer=True)
        assert scope.cancelled_caught
        assert trio.current_time() == 2


async def test_a_kept_answer_is_waited_for_only_so_long(autojump_clock: MockClock) -> None:
    async with client_to(two_halves(1, 1000)) as (client, _):
        with trio.move_on_after(2), failing_as(UnknownOutcome):
            await post(client, keep_answer=True)
        assert trio.current_time() == 1 + ANSWER_SECONDS


async def test_without_keep_answer_a_cancellation_is_felt_in_the_body(autojump_clock: MockClock) -> None:
    async with client_to(two_halves(1, 3)) as (client, _):
        with trio.move_on_after(2) as scope:
            await post(client)
        assert scope.cancelled_caught
        assert trio.current_time() == 2


# --- streams


def events(pause: float, count: int) -> Peer:
    async def peer(stream: MemoryEnd) -> None:
        await read_request(stream)
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        for n in range(count):
            await trio.sleep(pause)
            await stream.send_all(b"data: %d\n\n" % n)
        await stream.aclose()

    return peer


async def test_a_stream_gives_lines_as_they_arrive(autojump_clock: MockClock) -> None:
    async with (
        client_to(events(10, 2)) as (client, _),
        client.stream("/chat", body=b"{}", timeout_seconds=15) as answer,
    ):
        assert (answer.status, answer.content_type, trio.current_time()) == (200, "text/event-stream", 0)
        got = [(line, trio.current_time()) async for line in answer.lines()]
    assert got == [("data: 0", 10), ("", 10), ("data: 1", 20), ("", 20)]


async def test_a_stream_that_falls_silent_is_an_unknown_outcome(autojump_clock: MockClock) -> None:
    async with (
        client_to(events(10, 2)) as (client, _),
        client.stream("/chat", body=b"{}", timeout_seconds=15, idle_seconds=4) as answer,
    ):
        with failing_as(UnknownOutcome, "silent for 4 s"):
            await answer.read()
        assert trio.current_time() == 4


async def test_leaving_a_stream_early_closes_it_and_leaves_nothing_behind(autojump_clock: MockClock) -> None:
    # An async generator dropped half-way would warn when collected, and a warning fails the test.
    async with client_to(events(1, 1000), connections=1) as (client, network):
        for _ in range(5):
            async with client.stream("/chat", body=b"{}", timeout_seconds=15) as answer:
                assert await anext(answer.lines()) == "data: 0"
            del answer
            gc.collect()
        assert len(network.connected_to) == 5


async def test_a_stream_read_to_its_end_gives_its_connection_back(autojump_clock: MockClock) -> None:
    async with client_to(answering(OK, OK)) as (client, network):
        for _ in range(2):
            async with client.stream("/x", timeout_seconds=5) as answer:
                assert await answer.read() == b"{}"
    assert len(network.connected_to) == 1


async def test_a_stream_raises_what_a_post_raises(autojump_clock: MockClock) -> None:
    async with client_to(silent) as (client, _):
        with failing_as(UnknownOutcome, "within 5 s"):
            async with client.stream("/chat", body=b"{}", timeout_seconds=5):
                pass


async def test_an_error_in_the_block_passes_through_a_stream(autojump_clock: MockClock) -> None:
    async with client_to(events(1, 1000)) as (client, _):
        with pytest.raises(BadCredentials):
            async with client.stream("/chat", body=b"{}", timeout_seconds=5):
                raise BadCredentials("no")
