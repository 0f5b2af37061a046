from __future__ import annotations

import random

import pytest
import trio
from control_bench import (
    BEARER,
    CANARY,
    HANDLERS,
    HANDSHAKE,
    PING,
    TOKEN,
    handshaken,
    masked,
    pong,
    raw_socket,
    served,
)
from trio_websocket import ConnectionClosed, ConnectionRejected

from actors.errors import SettingsError
from router.control.client import open_control
from router.control.limits import ControlLimits
from router.control.protocol.overview import Ping, Pong
from router.control.server import judge_handshake, serve_control
from router.events import ControlFault

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


async def test_what_is_not_a_websocket_handshake_harms_nobody() -> None:
    async with served() as server:
        for garbage in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00garbage\r\n\r\n", NOT_ASCII):
            stream = await trio.open_tcp_stream("127.0.0.1", server.port)
            await stream.send_all(garbage)
            answer = await stream.receive_some(4096)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
            await stream.aclose()
        async with open_control(server.endpoint) as client:
            assert await client.call(Ping()) == Pong(pid=4711)
        assert server.events == []


async def test_a_client_that_never_finishes_its_handshake_is_closed() -> None:
    async with served(limits=ControlLimits(handshake_seconds=0.05)) as server:
        stream = await trio.open_tcp_stream("127.0.0.1", server.port)
        await stream.send_all(b"GET / HTTP/1.1\r\n")
        assert await stream.receive_some(4096) == b""
        await stream.aclose()


async def test_one_client_too_many_is_closed_and_gets_in_once_another_leaves() -> None:
    async with served(limits=ControlLimits(clients=1)) as server:
        async with open_control(server.endpoint) as first:
            await first.call(Ping())
            stream = await trio.open_tcp_stream("127.0.0.1", server.port)
            assert await stream.receive_some(1) == b""
            await stream.aclose()
        # The server may need a moment to see that the first one has gone.
        with trio.fail_after(10):
            while True:
                stream = await trio.open_tcp_stream("127.0.0.1", server.port)
                try:
                    await stream.send_all(b"GET / HTTP/1.1\r\n\r\n")
                    if await stream.receive_some(1):
                        break
                except trio.BrokenResourceError:
                    pass
                finally:
                    await stream.aclose()


async def test_a_handler_of_no_method_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"no such methods in the protocol: pnig"):
        await serve_control(host="127.0.0.1", port=0, token=TOKEN, handlers={"pnig": pong})


async def test_a_taken_port_is_a_settings_error_that_names_it() -> None:
    async with served() as server:
        with pytest.raises(
            SettingsError, match=rf"cannot listen on 127\.0\.0\.1:{server.port}: Address already in use; .*"
        ):
            await serve_control(host="127.0.0.1", port=server.port, token=TOKEN, handlers=HANDLERS)


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
    broken = ControlLimits(message_bytes="many", close_seconds=0.05)  # type: ignore[arg-type] # makes the library fail at the first message
    async with served(limits=broken) as server:
        for count in (1, 2):
            async with await handshaken(server.port) as stream:
                await stream.send_all(masked(PING))
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
        async with open_control(server.endpoint) as other:
            for _ in range(20):
                stream = await trio.open_tcp_stream("127.0.0.1", server.port)
                try:
                    await stream.send_all(_random_bytes(chance))
                    await stream.receive_some(4096)
                except trio.BrokenResourceError:
                    pass
                await stream.aclose()
            assert await other.call(Ping()) == Pong(pid=4711)
        assert server.events == []
