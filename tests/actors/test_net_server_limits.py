"""The HTTP server: deadlines, sizes and room, with a clock that jumps."""

from __future__ import annotations

import net_server_stage
import pytest
import trio
import trio.testing
from net_server_stage import GET, Serve, client_of, raw_answer
from trio.testing import MockClock

from actors.net.http import HttpLimits, Request, Response

serve = net_server_stage.serve


async def test_a_slow_head_is_cut_off_with_408(serve: Serve, autojump_clock: MockClock) -> None:
    client = await client_of(await serve(limits=HttpLimits(head_seconds=10)))
    started = trio.current_time()
    await client.send(b"GET / HT")
    for _ in range(4):  # a byte now and then does not extend the time
        await trio.sleep(2)
        await client.send(b"T")
    received = await client.read_to_end()
    assert trio.current_time() - started == pytest.approx(10, abs=0.1)
    assert received.startswith(b"HTTP/1.1 408 ")


async def test_a_slow_body_is_cut_off_with_408(serve: Serve, autojump_clock: MockClock) -> None:
    client = await client_of(await serve(limits=HttpLimits(body_seconds=30)))
    started = trio.current_time()
    await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nab")
    await trio.sleep(20)
    await client.send(b"c")
    received = await client.read_to_end()
    assert trio.current_time() - started == pytest.approx(30, abs=0.1)
    assert received.startswith(b"HTTP/1.1 408 ")


async def test_a_handler_may_take_longer_than_any_reading(serve: Serve, autojump_clock: MockClock) -> None:
    async def slow(request: Request) -> Response:
        await trio.sleep(10_000)
        return Response(200, b"done")

    client = await client_of(await serve(slow))
    assert await client.ask() == (200, b"done")


async def test_an_idle_connection_ends_without_a_word(serve: Serve, autojump_clock: MockClock) -> None:
    client = await client_of(await serve(limits=HttpLimits(head_seconds=10, idle_seconds=60)))
    await client.ask()
    answered = trio.current_time()
    assert await client.read_to_end() == b""
    assert trio.current_time() - answered == pytest.approx(60, abs=0.1)


async def test_a_connection_that_never_speaks_has_only_the_time_of_a_head(
    serve: Serve, autojump_clock: MockClock
) -> None:
    client = await client_of(await serve(limits=HttpLimits(head_seconds=10, idle_seconds=60)))
    started = trio.current_time()
    assert await client.read_to_end() == b""
    assert trio.current_time() - started == pytest.approx(10, abs=0.1)


async def test_a_peer_that_does_not_read_is_given_up(serve: Serve, autojump_clock: MockClock) -> None:
    listener = await serve(limits=HttpLimits(send_seconds=30))
    ours, theirs = trio.testing.lockstep_stream_pair()  # sending waits until the other side reads
    await listener._offer.send(theirs)
    await ours.send_all(GET)
    await trio.sleep(31)
    with pytest.raises(trio.BrokenResourceError):
        await ours.send_all(GET)


async def test_a_body_over_the_limit_is_413_and_the_client_can_read_it(serve: Serve) -> None:
    client = await client_of(await serve(limits=HttpLimits(max_body_bytes=1000)))
    await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
    await client.send(b"x" * 500_000)
    assert (await client.stream.receive_some()).startswith(b"HTTP/1.1 413 ")
    await client.send(b"x" * 500_000)  # still taken in: no reset that would destroy the answer
    assert await client.read_to_end() == b""


async def test_a_chunked_body_over_the_limit_is_413(serve: Serve) -> None:
    raw = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\n"
    received = await raw_answer(serve, raw + raw[-1031:], limits=HttpLimits(max_body_bytes=2000))
    assert received.startswith(b"HTTP/1.1 413 ")


async def test_lingering_has_an_end(serve: Serve, autojump_clock: MockClock) -> None:
    client = await client_of(await serve(limits=HttpLimits(max_body_bytes=10, linger_seconds=5)))
    await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
    await trio.sleep(5.5)
    with pytest.raises(trio.BrokenResourceError):
        await client.send(b"x")


async def test_more_connections_than_allowed_wait_their_turn(serve: Serve, autojump_clock: MockClock) -> None:
    release = trio.Event()

    async def held(request: Request) -> Response:
        await release.wait()
        return Response(200, b"", close=True)

    listener = await serve(held, limits=HttpLimits(max_connections=1))
    first = await client_of(listener)
    await first.send(GET)
    await trio.testing.wait_all_tasks_blocked()
    second = await client_of(listener)
    await second.send(GET)
    with trio.move_on_after(1) as waited:
        await listener.connect()  # the second is accepted and waits; a third is not even accepted
    assert waited.cancelled_caught
    release.set()
    assert (await first.read_to_end()).startswith(b"HTTP/1.1 200 ")
    await first.stream.aclose()
    assert (await second.read_to_end()).startswith(b"HTTP/1.1 200 ")


async def test_an_idle_connection_gives_way_to_one_that_waits(serve: Serve, autojump_clock: MockClock) -> None:
    listener = await serve(limits=HttpLimits(max_connections=1))
    first = await client_of(listener)
    assert (await first.ask())[0] == 200
    second = await client_of(listener)
    with trio.fail_after(1):  # long before the first has idled too long
        assert (await second.ask())[0] == 200
        assert await first.read_to_end() == b""


async def test_a_busy_connection_ends_with_its_answer_when_another_waits(serve: Serve) -> None:
    release = trio.Event()

    async def held(request: Request) -> Response:
        await release.wait()
        return Response(200)

    listener = await serve(held, limits=HttpLimits(max_connections=1))
    first = await client_of(listener)
    await first.send(GET)
    await trio.testing.wait_all_tasks_blocked()
    second = await client_of(listener)
    await second.send(GET)
    await trio.testing.wait_all_tasks_blocked()
    release.set()
    assert b"connection: close" in (await first.read_to_end()).lower()
    await first.stream.aclose()
    assert b"connection: close" not in bytes(await second.stream.receive_some()).lower()


async def test_while_there_is_room_newcomers_end_nobody(serve: Serve) -> None:
    listener = await serve()
    first = await client_of(listener)
    for _ in range(20):
        await first.send(GET)
        await listener.connect()  # comes in at the very moment of the answer
        assert b"connection: close" not in bytes(await first.stream.receive_some()).lower()


async def test_a_connection_ends_after_its_share_of_requests(serve: Serve) -> None:
    client = await client_of(await serve(limits=HttpLimits(max_requests_per_connection=2)))
    await client.send(GET + GET + GET)
    received = await client.read_to_end()
    assert received.count(b"HTTP/1.1 200 ") == 2
    assert received.count(b"connection: close") == 1


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="max_connections must be above zero, not 0"):
        HttpLimits(max_connections=0)


@pytest.mark.parametrize("first", [b"", b"GET / HT"])
async def test_who_has_dawdled_longest_gives_way_to_one_that_waits(
    serve: Serve, autojump_clock: MockClock, first: bytes
) -> None:
    listener = await serve(limits=HttpLimits(max_connections=3, head_seconds=50))
    stuck = [await client_of(listener) for _ in range(3)]
    await trio.sleep(1)
    for client in stuck[1:]:
        await client.send(b"GET / HTTP/1.1\r\nHost:")
        await trio.sleep(1)
    await stuck[0].send(first)
    await trio.sleep(1)
    busy = await client_of(listener)
    assert (await busy.ask())[0] == 200
    assert trio.current_time() < 5
    expected = stuck[1] if first else stuck[0]
    assert await expected.read_to_end() == b""  # without a word: nobody is there to read it
    assert (await busy.ask())[0] == 200
