"""The HTTP server over memory streams, with an h11 client at the other end and a clock that jumps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import h11
import pytest
import trio
import trio.testing
from trio.testing import MockClock

from actors.net.http import Head, HttpLimits, Request, Response
from actors.net.server import serve_http

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class MemoryListener(trio.abc.Listener[trio.abc.HalfCloseableStream]):
    """Accepts what `connect` offers; never more than one waits."""

    def __init__(self) -> None:
        self._offer, self._taken = trio.open_memory_channel[trio.abc.HalfCloseableStream](0)
        self.closed = False
        self.failures: list[OSError] = []

    async def connect(self) -> trio.abc.HalfCloseableStream:
        ours, theirs = trio.testing.memory_stream_pair()
        await self._offer.send(theirs)
        return ours

    async def accept(self) -> trio.abc.HalfCloseableStream:
        if self.failures:
            await trio.lowlevel.checkpoint()
            raise self.failures.pop()
        return await self._taken.receive()

    async def aclose(self) -> None:
        self.closed = True
        await trio.lowlevel.checkpoint()


class Client:
    """An HTTP peer that notices every breach of the protocol, because h11 does."""

    def __init__(self, stream: trio.abc.HalfCloseableStream) -> None:
        self.stream = stream
        self._machine = h11.Connection(h11.CLIENT)

    async def send(self, raw: bytes) -> None:
        await self.stream.send_all(raw)

    async def ask(self, method: str = "GET", target: str = "/", body: bytes = b"") -> tuple[int, bytes]:
        headers = [("Host", "x"), ("Content-Length", str(len(body)))]
        data = self._machine.send(h11.Request(method=method, target=target, headers=headers))
        data += self._machine.send(h11.Data(data=body))
        self._machine.send(h11.EndOfMessage())
        await self.stream.send_all(data)
        return await self.answer()

    async def answer(self) -> tuple[int, bytes]:
        """The next answer in full; the machine must have sent or be made to believe that a request went out."""
        status, body = 0, b""
        while True:
            event = self._machine.next_event()
            if event is h11.NEED_DATA:
                self._machine.receive_data(bytes(await self.stream.receive_some()))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                break
        if self._machine.our_state is h11.DONE and self._machine.their_state is h11.DONE:
            self._machine.start_next_cycle()
        return status, body

    async def read_to_end(self) -> bytes:
        received = b""
        while data := await self.stream.receive_some():
            received += data
        return received


Serve = Callable[..., Awaitable[MemoryListener]]


async def echo(request: Request) -> Response:
    await trio.lowlevel.checkpoint()
    return Response(200, f"{request.method} {request.path}?{request.query} ".encode() + request.body)


@pytest.fixture
async def serve(nursery: trio.Nursery) -> AsyncIterator[Serve]:
    async def start(handler: Callable[[Request], Awaitable[Response]] = echo, **options: Any) -> MemoryListener:
        listener = MemoryListener()
        await nursery.start(lambda task_status: serve_http(handler, [listener], task_status=task_status, **options))
        return listener

    yield start
    nursery.cancel_scope.cancel()


async def client_of(listener: MemoryListener) -> Client:
    return Client(await listener.connect())


async def raw_answer(serve: Serve, raw: bytes, **options: Any) -> bytes:
    client = await client_of(await serve(**options))
    await client.send(raw)
    await client.stream.send_eof()
    return await client.read_to_end()


async def test_a_connection_serves_many_requests(serve: Serve) -> None:
    client = await client_of(await serve())
    assert await client.ask("GET", "/a%20b?c=%20d") == (200, b"GET /a b?c=%20d ")
    assert await client.ask("POST", "/x", b"tiny") == (200, b"POST /x? tiny")
    assert await client.ask("POST", "/x", b"b" * 500_000) == (200, b"POST /x? " + b"b" * 500_000)


async def test_pipelined_requests_are_answered_in_order(serve: Serve) -> None:
    first = b"POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    received = await raw_answer(serve, first + GET.replace(b"/ ", b"/2 ") + GET.replace(b"/ ", b"/3 "))
    assert received.count(b"HTTP/1.1 200 OK") == 3
    assert received.index(b"POST /1? abc") < received.index(b"GET /2?") < received.index(b"GET /3?")


async def test_a_chunked_body_is_joined(serve: Serve) -> None:
    raw = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert (await raw_answer(serve, raw)).endswith(b"POST /? abcde")


async def test_headers_come_in_lower_case_and_are_found(serve: Serve) -> None:
    async def handler(request: Request) -> Response:
        return Response(200, (request.get(b"x-one") or b"") + repr(request.get(b"x-two")).encode())

    received = await raw_answer(
        serve, GET.replace(b"\r\n\r\n", b"\r\nX-ONE: yes\r\nX-One: later\r\n\r\n"), handler=handler
    )
    assert received.endswith(b"yesNone")


async def test_an_absolute_target_is_read_as_its_path(serve: Serve) -> None:
    assert (await raw_answer(serve, GET.replace(b"/ ", b"http://x:80/hook?q=1 "))).endswith(b"GET /hook?q=1 ")


async def test_head_has_the_length_and_no_body(serve: Serve) -> None:
    received = await raw_answer(serve, GET.replace(b"GET", b"HEAD"))
    assert b"content-length: 8\r\n" in received
    assert received.endswith(b"\r\n\r\n")


async def test_an_answer_without_content_has_neither_length_nor_body(serve: Serve) -> None:
    async def handler(request: Request) -> Response:
        return Response(204, b"ignored")

    received = await raw_answer(serve, GET + GET, handler=handler)
    assert received.count(b"HTTP/1.1 204 No Content\r\n") == 2
    assert b"content-length" not in received
    assert b"ignored" not in received


async def test_http_1_0_is_answered_and_closed(serve: Serve) -> None:
    client = await client_of(await serve())
    await client.send(b"GET /old HTTP/1.0\r\n\r\n")
    received = await client.read_to_end()
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert received.endswith(b"GET /old? ")


async def test_connection_close_is_honoured(serve: Serve) -> None:
    client = await client_of(await serve())
    await client.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + GET)
    assert (await client.read_to_end()).count(b"HTTP/1.1 200") == 1


async def test_a_client_that_waits_for_100_is_told_to_go_on(serve: Serve) -> None:
    client = await client_of(await serve())
    await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
    assert await client.stream.receive_some() == b"HTTP/1.1 100 \r\n\r\n"
    await client.send(b"body")
    assert (await client.stream.receive_some()).endswith(b"POST /? body")


async def test_a_client_that_waits_for_100_with_too_much_is_refused_instead(serve: Serve) -> None:
    client = await client_of(await serve(limits=HttpLimits(max_body_bytes=3)))
    await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
    assert (await client.read_to_end()).startswith(b"HTTP/1.1 413 ")


SMUGGLED = {
    "both lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "differing lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    "listed lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4, 5\r\n\r\nabcde",
    "signed length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd",
    "old and chunked": b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "space before colon": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 4\r\n\r\nabcd",
    "two hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "bad chunk length": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "bad chunk end": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc0\r\n\r\n",
    "nul in a header": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "words": b"hello there\r\n\r\n",
}


@pytest.mark.parametrize("raw", SMUGGLED.values(), ids=SMUGGLED.keys())
async def test_what_could_be_read_in_two_ways_is_400_and_the_end(serve: Serve, raw: bytes) -> None:
    handled: list[Request] = []

    async def handler(request: Request) -> Response:
        handled.append(request)
        return Response(200)

    received = await raw_answer(serve, raw + GET, handler=handler)
    assert received.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"connection: close\r\n" in received.lower()
    assert b"HTTP/1.1 200" not in received
    assert len(received.partition(b"\r\n\r\n")[2]) > 10
    assert handled == []


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", b"501"),
        (b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", b"501"),
        (b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", b"505"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000, b"431"),
    ],
)
async def test_what_is_not_spoken_here_is_named(serve: Serve, raw: bytes, status: bytes) -> None:
    assert (await raw_answer(serve, raw)).startswith(b"HTTP/1.1 " + status + b" ")


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


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="max_connections must be above zero, not 0"):
        HttpLimits(max_connections=0)
