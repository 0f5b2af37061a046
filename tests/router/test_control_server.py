from __future__ import annotations

import random

import pytest
import trio
import trio.lowlevel
from control_bench import BEARER, CANARY, HANDLERS, TOKEN, exchange, pong, raw_socket, served
from trio_websocket import ConnectionClosed, ConnectionRejected

from actors.errors import MailboxClosed, Rejected, SettingsError
from router.control.client import open_control
from router.control.connection import Peer, WithPeer
from router.control.limits import ControlLimits
from router.control.protocol import EventNotice, GetStatus, Ping, Pong
from router.control.server import judge_handshake, serve_control
from router.events import ControlFault

PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer " + CANARY.encode() + b"\r\n\r\n"
)
NOT_ASCII = HANDSHAKE.replace(b"Host: x", b"Host: \xbe")
ORIGINS = frozenset({b"http://127.0.0.1:18790"})


def judged(*headers: tuple[bytes, bytes], path: str = "/") -> int | None:
    refusal = judge_handshake(path, headers, TOKEN, ORIGINS)
    return refusal.status if refusal else None


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (b"Bearer " + CANARY.encode(), None),
        (b"Bearer " + CANARY.encode()[:-1], 401),
        (b"Bearer " + CANARY.upper().encode(), 401),
        (b"Basic " + CANARY.encode(), 401),
        (b"Bearer", 401),
        (b"Bearer \xff\xfe", 401),
        (b"", 401),
    ],
)
def test_only_the_exact_token_opens_the_socket(value: bytes, status: int | None) -> None:
    assert judged((b"authorization", value)) == status


def test_no_token_and_one_wrong_token_among_two_are_refused() -> None:
    assert judged() == 401
    assert judged(BEARER, (b"Authorization", b"Bearer other")) == 401


@pytest.mark.parametrize(
    "origin", [b"http://evil.example", b"null", b"http://127.0.0.1:18791", b"", b"http://localhost"]
)
def test_a_page_from_elsewhere_is_refused_even_with_the_token(origin: bytes) -> None:
    assert judged(BEARER, (b"Origin", origin)) == 403


def test_our_own_page_may_come_in() -> None:
    assert judged(BEARER, (b"Origin", b"http://127.0.0.1:18790")) is None


def test_another_path_is_not_the_control_socket() -> None:
    assert judged(BEARER, path="/other") == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [((), 401), (((b"Authorization", b"Bearer wrong"),), 401), ((BEARER, (b"Origin", b"http://evil.example")), 403)],
)
async def test_a_refused_handshake_gets_its_http_status(headers: tuple[tuple[bytes, bytes], ...], status: int) -> None:
    async with served() as server:
        with pytest.raises(BaseExceptionGroup) as caught:
            async with raw_socket(server.endpoint.url, headers):
                pass
        [rejected] = caught.value.exceptions
        assert isinstance(rejected, ConnectionRejected)
        assert rejected.status_code == status
        assert CANARY.encode() not in (rejected.body or b"")


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


async def test_what_is_not_a_websocket_handshake_harms_nobody() -> None:
    async with served() as server:
        port = int(server.endpoint.url.split(":")[2].strip("/"))
        for garbage in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00garbage\r\n\r\n", NOT_ASCII):
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            await stream.send_all(garbage)
            answer = await stream.receive_some(4096)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
            await stream.aclose()
        async with open_control(server.endpoint) as client:
            assert await client.call(Ping()) == Pong(pid=4711)
        assert server.events == []


async def test_a_client_that_never_finishes_its_handshake_is_closed() -> None:
    async with served(limits=ControlLimits(handshake_seconds=0.05)) as server:
        port = int(server.endpoint.url.split(":")[2].strip("/"))
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        await stream.send_all(b"GET / HTTP/1.1\r\n")
        assert await stream.receive_some(4096) == b""
        await stream.aclose()


async def test_one_client_too_many_is_closed_and_gets_in_once_another_leaves() -> None:
    async with served(limits=ControlLimits(clients=1)) as server:
        port = int(server.endpoint.url.split(":")[2].strip("/"))
        async with open_control(server.endpoint) as first:
            await first.call(Ping())
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            assert await stream.receive_some(1) == b""
            await stream.aclose()
        # The server may need a moment to see that the first one has gone.
        with trio.fail_after(10):
            while True:
                stream = await trio.open_tcp_stream("127.0.0.1", port)
                try:
                    await stream.send_all(b"GET / HTTP/1.1\r\n\r\n")
                    if await stream.receive_some(1):
                        break
                except trio.BrokenResourceError:
                    pass
                finally:
                    await stream.aclose()


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
        port = int(server.endpoint.url.split(":")[2].strip("/"))
        stream = await _handshaken(port)
        await stream.send_all(_masked(PING.encode()))
        with trio.fail_after(10):
            await ended.wait()
        await stream.aclose()


async def test_a_write_that_nobody_reads_ends_at_its_deadline() -> None:
    async def big(params: Ping) -> EventNotice:
        raise Rejected("z" * 20_000_000)

    async with served({**HANDLERS, "ping": big}, ControlLimits(write_seconds=0.1, close_seconds=0.1)) as server:
        port = int(server.endpoint.url.split(":")[2].strip("/"))
        stream = await _handshaken(port)
        await stream.send_all(_masked(PING.encode()))
        received = 0
        await trio.sleep(0.5)  # The one real wait here: not reading is what is tested.
        with trio.fail_after(10):
            try:
                while chunk := await stream.receive_some(1_000_000):
                    received += len(chunk)
            except trio.BrokenResourceError:
                pass
        assert received < 20_000_000
        await stream.aclose()


async def _handshaken(port: int) -> trio.SocketStream:
    """A socket whose owner speaks WebSocket by hand, and so may stop reading."""
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    await stream.send_all(HANDSHAKE)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += await stream.receive_some(1)
    assert head.startswith(b"HTTP/1.1 101")
    return stream


def _masked(payload: bytes) -> bytes:
    """A short text frame as a client has to send it, under the mask of all zeros."""
    return bytes([0x81, 0x80 | len(payload)]) + bytes(4) + payload


async def test_a_client_that_does_not_answer_pings_is_cut_off() -> None:
    async with served(limits=ControlLimits(ping_seconds=0.05, close_seconds=0.05)) as server:
        stream = await _handshaken(int(server.endpoint.url.split(":")[2].strip("/")))
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
        assert fault.error.startswith("RuntimeError: the detail at test_control_server.py:")


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


async def test_a_handler_of_no_method_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"no such methods in the protocol: pnig"):
        await serve_control(host="127.0.0.1", port=0, token=TOKEN, handlers={"pnig": pong})


async def test_a_taken_port_is_a_settings_error_that_names_it() -> None:
    async with served() as server:
        port = int(server.endpoint.url.split(":")[2].strip("/"))
        with pytest.raises(SettingsError, match=rf"cannot listen on 127\.0\.0\.1:{port}: Address already in use; .*"):
            await serve_control(host="127.0.0.1", port=port, token=TOKEN, handlers=HANDLERS)


async def test_stopping_says_goodbye_and_cancels_what_runs() -> None:
    began = trio.Event()

    async def hang(params: Ping) -> Pong:
        began.set()
        await trio.sleep_forever()
        raise AssertionError

    async with trio.open_nursery() as nursery:
        left = trio.Event()

        async def client(url: str) -> None:
            async with raw_socket(url) as socket:
                await socket.send_message(PING)
                with pytest.raises(ConnectionClosed):
                    await socket.get_message()
            left.set()

        async with served({**HANDLERS, "ping": hang}) as server:
            nursery.start_soon(client, server.endpoint.url)
            await began.wait()
        with trio.fail_after(10):
            await left.wait()


async def test_a_bug_below_ends_one_connection_and_is_an_event() -> None:
    broken = ControlLimits(message_bytes="many")  # type: ignore[arg-type] # makes the library fail at the first message
    async with served(limits=broken) as server:
        for count in (1, 2):
            async with await _handshaken(int(server.endpoint.url.split(":")[2].strip("/"))) as stream:
                await stream.send_all(_masked(PING.encode()))
                while await stream.receive_some(4096):
                    pass  # It says goodbye.
            with trio.fail_after(10):
                while len(server.events) < count:
                    await trio.lowlevel.checkpoint()
        fault = server.events[0]
        assert isinstance(fault, ControlFault)
        assert fault.error.startswith("TypeError: ")


def _random_bytes(chance: random.Random) -> bytes:
    """What a confused or hostile client might send after (or instead of) its handshake."""
    handshake = bytearray(HANDSHAKE)
    for _ in range(chance.choice((0, 0, 0, 1, 3))):
        handshake[chance.randrange(len(handshake))] = chance.randrange(256)
    frames = []
    for _ in range(chance.randrange(6)):
        payload = chance.choice((PING.encode(), chance.randbytes(chance.randrange(60)), b"\x03\xe8bye", b"\x03\xe7"))
        opcode = chance.choice((0x81, 0x81, 0x82, 0x01, 0x80, 0x88, 0x89, 0x8A, 0x83, 0xC1))
        masked = chance.choice((0x80, 0x80, 0x80, 0))
        frame = bytes([opcode, masked | len(payload)]) + bytes(4 if masked else 0) + payload
        frames.append(chance.choice((frame, frame, frame[: chance.randrange(len(frame))])))
    return bytes(handshake) + b"".join(frames)


@pytest.mark.parametrize("seed", range(5))
async def test_no_bytes_of_one_client_harm_another(seed: int) -> None:
    chance = random.Random(seed)
    async with served(limits=ControlLimits(handshake_seconds=0.1, close_seconds=0.05)) as server:
        port = int(server.endpoint.url.split(":")[2].strip("/"))
        async with open_control(server.endpoint) as other:
            for _ in range(20):
                stream = await trio.open_tcp_stream("127.0.0.1", port)
                try:
                    await stream.send_all(_random_bytes(chance))
                    await stream.receive_some(4096)
                except trio.BrokenResourceError:
                    pass
                await stream.aclose()
            assert await other.call(Ping()) == Pong(pid=4711)
        assert server.events == []
