from __future__ import annotations

import pytest
import trio
from control_bench import HANDLERS, PING, exchange, handshaken, masked, raw_socket, served
from trio_websocket import ConnectionClosed

from actors.errors import MailboxClosed, Rejected
from router.control.client import open_control
from router.control.connection import Peer, WithPeer
from router.control.limits import ControlLimits
from router.control.protocol.journal import EventNotice
from router.control.protocol.overview import GetStatus, Ping, Pong, StatusResult
from router.events import ControlFault


async def test_a_request_is_answered_with_its_id() -> None:
    async with served() as server, raw_socket(server.endpoint.url) as socket:
        assert await exchange(socket, PING) == {"jsonrpc": "2.0", "id": 1, "result": {"pid": 4711}}
        assert (await exchange(socket, PING.replace("1,", '"a",')))["id"] == "a"


@pytest.mark.parametrize(
    ("frame", "code", "answered_id"),
    [
        ("", -32700, None),
        ("{", -32700, None),
        ("\x00\x01", -32700, None),
        (b"\xff\xff", -32700, None),
        ("[" * 20 + "]" * 20, -32600, None),
        ('{"a":' * 100_000, -32700, None),
        ("42", -32600, None),
        (f"[{PING},{PING}]", -32600, None),
        ('{"jsonrpc":"1.0","id":3,"method":"ping"}', -32600, 3),
        ('{"jsonrpc":"2.0","id":4}', -32600, 4),
        ('{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600, None),
        ('{"jsonrpc":"2.0","id":5,"method":"no.such"}', -32601, 5),
        ('{"jsonrpc":"2.0","id":6,"method":"pairing.approve","params":{"channel":"zalo"}}', -32602, 6),
        ('{"jsonrpc":"2.0","id":7,"method":"ping","params":{"extra":1}}', -32602, 7),
        ('{"jsonrpc":"2.0","id":8,"method":"ping","params":[1]}', -32602, 8),
    ],
)
async def test_a_wrong_frame_gets_its_code_and_the_connection_lives(
    frame: str | bytes, code: int, answered_id: int | None
) -> None:
    async with served() as server, raw_socket(server.endpoint.url) as socket:
        answer = await exchange(socket, frame)
        assert (answer["error"]["code"], answer["id"]) == (code, answered_id)
        assert (await exchange(socket, PING))["result"] == {"pid": 4711}
        assert server.events == []


async def test_a_request_without_id_is_done_and_not_answered() -> None:
    done = trio.Event()

    async def note(params: Ping) -> Pong:
        done.set()
        return Pong(pid=1)

    async with served({**HANDLERS, "ping": note}) as server, raw_socket(server.endpoint.url) as socket:
        await socket.send_message('{"jsonrpc":"2.0","method":"ping"}')
        await done.wait()
        assert (await exchange(socket, '{"jsonrpc":"2.0","id":2,"method":"status"}'))["id"] == 2


async def test_a_too_long_message_ends_only_its_own_connection() -> None:
    async with served(limits=ControlLimits(message_bytes=1000)) as server, open_control(server.endpoint) as other:
        async with raw_socket(server.endpoint.url) as socket:
            await socket.send_message("x" * 1001)
            with pytest.raises(ConnectionClosed) as caught:
                await socket.get_message()
        assert caught.value.reason is not None
        assert caught.value.reason.code == 1009
        assert await other.call(Ping()) == Pong(pid=4711)


async def test_requests_of_one_connection_run_side_by_side() -> None:
    opened = trio.Event()

    async def wait(params: Ping) -> Pong:
        await opened.wait()
        return Pong(pid=1)

    async with served({**HANDLERS, "ping": wait}) as server, raw_socket(server.endpoint.url) as socket:
        await socket.send_message(PING)
        assert (await exchange(socket, '{"jsonrpc":"2.0","id":2,"method":"status"}'))["id"] == 2
        opened.set()
        assert '"id":1' in str(await socket.get_message())


async def test_requests_beyond_the_bound_are_answered_unavailable() -> None:
    async def hang(params: Ping) -> Pong:
        await trio.sleep_forever()
        raise AssertionError

    async with (
        served({**HANDLERS, "ping": hang}, ControlLimits(requests_at_once=2)) as server,
        raw_socket(server.endpoint.url) as socket,
    ):
        await socket.send_message(PING)
        await socket.send_message(PING)
        answer = await exchange(socket, '{"jsonrpc":"2.0","id":3,"method":"status"}')
        assert (answer["id"], answer["error"]["code"]) == (3, -32003)


async def test_a_client_that_dies_takes_its_requests_with_it() -> None:
    began, ended = trio.Event(), trio.Event()

    async def hang(params: Ping) -> Pong:
        began.set()
        try:
            await trio.sleep_forever()
        finally:
            ended.set()
        raise AssertionError

    async with served({**HANDLERS, "ping": hang}) as server:
        with trio.CancelScope() as client:
            async with raw_socket(server.endpoint.url) as socket:
                await socket.send_message(PING)
                await began.wait()
                client.cancel()
        with trio.fail_after(10):
            await ended.wait()
        async with open_control(server.endpoint) as other:
            await other.call(GetStatus())
    assert server.events == []


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    ended = trio.Event()

    async def flood(params: Ping, peer: Peer) -> Pong:
        try:
            notice = EventNotice(name="x", at="", level="info", text="y" * 100_000)
            while True:
                peer.notify(notice)
                await trio.lowlevel.checkpoint()
        finally:
            ended.set()

    limits = ControlLimits(queued_messages=10, write_seconds=60)
    async with served({**HANDLERS, "ping": WithPeer(flood)}, limits) as server:
        stream = await handshaken(server.port)
        await stream.send_all(masked(PING))
        with trio.fail_after(10):
            await ended.wait()
        await stream.aclose()


async def test_a_write_that_nobody_reads_ends_at_its_deadline() -> None:
    ended = trio.Event()

    async def big(params: Ping) -> Pong:
        raise Rejected("z" * 20_000_000)

    async def hang(params: GetStatus) -> StatusResult:
        try:
            await trio.sleep_forever()
        finally:
            ended.set()
        raise AssertionError

    limits = ControlLimits(write_seconds=0.05, close_seconds=0.05)
    async with (
        served({**HANDLERS, "ping": big, "status": hang}, limits) as server,
        await handshaken(server.port) as stream,
    ):
        await stream.send_all(masked(PING.replace("ping", "status")) + masked(PING))
        with trio.fail_after(10):
            await ended.wait()


async def test_a_client_that_does_not_answer_pings_is_cut_off() -> None:
    async with served(limits=ControlLimits(ping_seconds=0.05, close_seconds=0.05)) as server:
        stream = await handshaken(server.port)
        with trio.fail_after(10):
            try:
                while await stream.receive_some(4096):
                    pass
            except trio.BrokenResourceError:
                pass
        await stream.aclose()


async def test_a_broken_handler_is_an_event_and_an_error_without_detail() -> None:
    async def broken(params: Ping) -> Pong:
        raise RuntimeError("the detail")

    async with served({**HANDLERS, "ping": broken}) as server, raw_socket(server.endpoint.url) as socket:
        answer = await exchange(socket, PING)
        assert answer["error"]["code"] == -32603
        assert "the detail" not in str(answer)
        [fault] = server.events
        assert isinstance(fault, ControlFault)
        assert fault.method == "ping"
        assert fault.error.startswith("RuntimeError: the detail at test_control_connection.py:")


async def test_a_handler_that_answers_the_wrong_thing_is_a_fault() -> None:
    async def wrong(params: Ping) -> EventNotice:
        return EventNotice(name="", at="", level="", text="")

    async with served({**HANDLERS, "ping": wrong}) as server, raw_socket(server.endpoint.url) as socket:
        assert (await exchange(socket, PING))["error"]["code"] == -32603
        assert len(server.events) == 1


@pytest.mark.parametrize(
    ("error", "code"), [(Rejected("no pairing here"), -32001), (MailboxClosed("the actor has ended"), -32003)]
)
async def test_an_error_of_ours_is_told_in_its_own_words(error: Exception, code: int) -> None:
    async def failing(params: Ping) -> Pong:
        raise error

    async with served({**HANDLERS, "ping": failing}) as server, raw_socket(server.endpoint.url) as socket:
        assert (await exchange(socket, PING))["error"] == {"code": code, "message": str(error)}
        assert server.events == []


async def test_a_method_without_handler_is_not_found() -> None:
    async with served({}) as server, raw_socket(server.endpoint.url) as socket:
        assert (await exchange(socket, PING))["error"]["code"] == -32601
