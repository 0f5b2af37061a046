"""The HTTP server and the service behind it: screens, failures, stopping, and peers that go."""

from __future__ import annotations

from typing import Any

import net_server_stage
import pytest
import trio
import trio.testing
from net_server_stage import GET, MemoryListener, Serve, client_of, echo, raw_answer
from trio.testing import MockClock

from actors.net.http import Head, HttpLimits, Request, Response
from actors.net.server import serve_http

serve = net_server_stage.serve


def only_post(head: Head) -> Response | None:
    return None if head.method == "POST" else Response(405, b"POST only\n", headers=((b"allow", b"POST"),))


async def test_a_screened_request_is_refused_and_the_connection_goes_on(serve: Serve) -> None:
    client = await client_of(await serve(screen=only_post))
    assert await client.ask("GET") == (405, b"POST only\n")
    assert await client.ask("PUT", body=b"here already") == (405, b"POST only\n")
    assert await client.ask("POST", body=b"ok") == (200, b"POST /? ok")


async def test_a_screened_request_whose_body_is_not_here_ends_the_connection(serve: Serve) -> None:
    client = await client_of(await serve(screen=only_post))
    await client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nab")
    received = await client.read_to_end()
    assert received.startswith(b"HTTP/1.1 405 ")
    assert b"connection: close" in received.lower()
    assert b"allow: POST" in received


async def failing(request: Request) -> Response:
    raise LookupError("a detail that is nobody's business")


async def test_a_failing_handler_is_500_without_detail_and_is_reported(serve: Serve) -> None:
    errors: list[Exception] = []
    received = await raw_answer(serve, GET, handler=failing, on_error=errors.append)
    assert received.startswith(b"HTTP/1.1 500 ")
    assert b"detail" not in received
    assert [type(error) for error in errors] == [LookupError]


def failing_screen(head: Head) -> Response | None:
    raise LookupError("a detail that is nobody's business")


async def unsendable(request: Request) -> Response:
    return Response(200, headers=((b"location", b"/\r\nset-cookie: stolen"),))


@pytest.mark.parametrize(
    "options", [{"screen": failing_screen}, {"handler": unsendable}], ids=["screen", "unsendable answer"]
)
async def test_other_mistakes_of_the_service_are_500_and_reported_too(serve: Serve, options: dict[str, Any]) -> None:
    errors: list[Exception] = []
    received = await raw_answer(serve, GET, on_error=errors.append, **options)
    assert received.startswith(b"HTTP/1.1 500 ")
    assert b"stolen" not in received
    assert len(errors) == 1


async def test_a_failing_screen_without_a_report_ends_the_server() -> None:
    listener = MemoryListener()
    with pytest.RaisesGroup(LookupError, flatten_subgroups=True):
        async with trio.open_nursery() as inner:
            inner.start_soon(lambda: serve_http(echo, [listener], screen=failing_screen))
            await (await client_of(listener)).send(GET)
    assert listener.closed


async def test_a_failing_handler_without_a_report_ends_the_server(nursery: trio.Nursery) -> None:
    listener = MemoryListener()
    with pytest.RaisesGroup(LookupError, flatten_subgroups=True):
        async with trio.open_nursery() as inner:
            inner.start_soon(lambda: serve_http(failing, [listener]))
            client = await client_of(listener)
            await client.send(GET)
            assert (await client.read_to_end()).startswith(b"HTTP/1.1 500 ")
    assert listener.closed


async def test_a_handlers_own_broken_stream_is_not_taken_for_the_peers(serve: Serve) -> None:
    async def handler(request: Request) -> Response:
        raise trio.BrokenResourceError("somebody else's stream")

    errors: list[Exception] = []
    received = await raw_answer(serve, GET, handler=handler, on_error=errors.append)
    assert received.startswith(b"HTTP/1.1 500 ")
    assert len(errors) == 1


async def test_stopping_closes_idle_connections_and_finishes_what_was_begun() -> None:
    stopping, release = trio.Event(), trio.Event()

    async def held(request: Request) -> Response:
        if request.path == "/held":
            await release.wait()
        return Response(200, b"finished")

    listener = MemoryListener()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: serve_http(held, [listener], stopping=stopping))
        idle, half, busy = [await client_of(listener) for _ in range(3)]
        await idle.ask()
        await half.send(b"GET / HT")
        await busy.send(GET.replace(b"/ ", b"/held ") + GET)
        await trio.testing.wait_all_tasks_blocked()
        stopping.set()
        assert await idle.read_to_end() == b""
        assert await half.read_to_end() == b""
        assert listener.closed
        release.set()
        received = await busy.read_to_end()
        assert received.count(b"finished") == 1
        assert b"connection: close" in received.lower()
        await busy.stream.aclose()


async def test_stopping_does_not_wait_beyond_the_grace(autojump_clock: MockClock) -> None:
    stopping = trio.Event()

    async def endless(request: Request) -> Response:
        await trio.sleep_forever()
        raise AssertionError

    listener = MemoryListener()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(
            lambda: serve_http(endless, [listener], stopping=stopping, limits=HttpLimits(grace_seconds=7))
        )
        client = await client_of(listener)
        await client.send(GET)
        await trio.testing.wait_all_tasks_blocked()
        started = trio.current_time()
        stopping.set()
    assert trio.current_time() - started == pytest.approx(7, abs=0.1)


async def test_cancelling_ends_handlers_and_closes_everything() -> None:
    ended = trio.Event()

    async def endless(request: Request) -> Response:
        try:
            await trio.sleep_forever()
        finally:
            ended.set()
        raise AssertionError

    listener = MemoryListener()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: serve_http(endless, [listener]))
        client = await client_of(listener)
        await client.send(GET)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert ended.is_set()
    assert listener.closed
    assert await client.read_to_end() == b""


async def test_a_handler_can_wait_for_its_peer_to_go(serve: Serve) -> None:
    gone = trio.Event()

    async def handler(request: Request) -> Response:
        await request.peer.wait_gone()
        gone.set()
        return Response(200)

    client = await client_of(await serve(handler))
    await client.send(GET)
    await trio.testing.wait_all_tasks_blocked()
    assert not gone.is_set()
    await client.stream.aclose()
    await gone.wait()


async def test_what_is_pipelined_while_waiting_for_the_peer_to_go_is_kept(
    serve: Serve, autojump_clock: MockClock
) -> None:
    async def handler(request: Request) -> Response:
        with trio.move_on_after(5):
            await request.peer.wait_gone()
        return Response(200, request.path.encode())

    client = await client_of(await serve(handler))
    await client.send(GET.replace(b"/ ", b"/1 "))
    await trio.testing.wait_all_tasks_blocked()
    await client.send(GET.replace(b"/ ", b"/2 "))
    await trio.sleep(12)
    received = bytes(await client.stream.receive_some())
    assert received.count(b"HTTP/1.1 200") == 2
    assert received.endswith(b"/2")


async def test_hanging_up_ends_the_connection_after_the_last_words(serve: Serve) -> None:
    async def handler(request: Request) -> Response:
        await request.peer.hang_up(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")
        return Response(200, b"never seen")

    received = await raw_answer(serve, GET, handler=handler)
    assert received.endswith(b"half")


async def test_a_shortage_of_descriptors_passes(serve: Serve, autojump_clock: MockClock) -> None:
    listener = MemoryListener()
    listener.failures.append(OSError(24, "Too many open files"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: serve_http(echo, [listener]))
        assert (await (await client_of(listener)).ask())[0] == 200
        nursery.cancel_scope.cancel()


async def test_another_failure_of_accept_is_raised(autojump_clock: MockClock) -> None:
    listener = MemoryListener()
    listener.failures.append(OSError(22, "Invalid argument"))
    with pytest.RaisesGroup(OSError, flatten_subgroups=True):
        await serve_http(echo, [listener])
    assert listener.closed
