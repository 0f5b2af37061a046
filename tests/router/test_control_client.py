from __future__ import annotations

import socket
from functools import partial

import msgspec
import pytest
import trio
from control_bench import APPROVED, CANARY, HANDLERS, REQUEST, STATUS, TOKEN, served

from actors.secret import Secret
from router.control import protocol
from router.control.client import open_control
from router.control.connection import Peer, WithPeer
from router.control.endpoint import Endpoint, NotRunning
from router.control.jsonrpc import ControlError, ErrorCode
from router.control.protocol import METHODS
from router.control.protocol.journal import EventNotice
from router.control.protocol.overview import GetStatus, Ping, Pong, StatusResult
from router.control.protocol.pairing import ApprovePairing, ListPairings, PairingListResult


async def test_every_method_gives_its_result_struct() -> None:
    async with served() as server, open_control(server.endpoint) as client:
        assert await client.call(Ping()) == Pong(pid=4711)
        assert await client.call(GetStatus()) == STATUS
        assert (await client.call(ListPairings(channel="zalo"))).requests == (REQUEST,)
        assert await client.call(ApprovePairing(channel="zalo", code="7GVCMMUW")) == APPROVED


async def test_an_error_of_the_router_keeps_its_code_and_words() -> None:
    async def missing(params: ApprovePairing) -> Pong:
        raise ControlError(ErrorCode.NOT_FOUND, f"No pending pairing request found for code: {params.code}")

    async with served({**HANDLERS, "pairing.approve": missing}) as server, open_control(server.endpoint) as client:
        with pytest.raises(ControlError, match="No pending pairing request found for code: ABCD2345") as caught:
            await client.call(ApprovePairing(channel="zalo", code="ABCD2345"))
        assert caught.value.code is ErrorCode.NOT_FOUND


async def test_answers_find_their_caller_in_whatever_order_they_come() -> None:
    gates = {name: trio.Event() for name in ("first", "second")}

    async def named(params: ListPairings) -> PairingListResult:
        await gates[params.channel or ""].wait()
        return PairingListResult(channel=params.channel, requests=())

    order: list[str] = []
    async with (
        served({**HANDLERS, "pairing.list": named}) as server,
        open_control(server.endpoint) as client,
        trio.open_nursery() as nursery,
    ):

        async def ask(name: str, then: str | None) -> None:
            result = await client.call(ListPairings(channel=name))
            assert result.channel == name
            order.append(name)
            if then is not None:
                gates[then].set()

        nursery.start_soon(ask, "first", None)
        nursery.start_soon(ask, "second", "first")
        gates["second"].set()
    assert order == ["second", "first"]


async def test_an_answer_that_does_not_come_is_unavailable_and_the_next_call_is_not_confused() -> None:
    calls = 0

    async def slow_once(params: Ping) -> Pong:
        nonlocal calls
        calls += 1
        if calls == 1:
            await trio.sleep(0.1)
        return Pong(pid=calls)

    async with served({**HANDLERS, "ping": slow_once}) as server, open_control(server.endpoint) as client:
        with pytest.raises(ControlError, match=r"did not answer within 0\.01 s") as caught:
            await client.call(Ping(), timeout_seconds=0.01)
        assert caught.value.code is ErrorCode.UNAVAILABLE
        assert (await client.call(Ping())).pid == 2


async def test_notifications_arrive_in_order_between_answers() -> None:
    async def tell(params: Ping, peer: Peer) -> Pong:
        for number in range(3):
            peer.notify(EventNotice(name=f"n{number}", at="", level="info", text=""))
        return Pong(pid=1)

    async with served({**HANDLERS, "ping": WithPeer(tell)}) as server, open_control(server.endpoint) as client:
        await client.call(Ping())
        notices = [await client.next_notice() for _ in range(3)]
        assert [notice.name for notice in notices if isinstance(notice, EventNotice)] == ["n0", "n1", "n2"]


async def test_an_answer_of_another_version_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served() as server, open_control(server.endpoint) as client:
        older = msgspec.structs.replace(METHODS["ping"], result_type=StatusResult)
        monkeypatch.setattr(protocol, "_METHOD_OF", {Ping: older})
        with pytest.raises(ControlError, match="are its version and this one's the same"):
            await client.call(Ping())


async def test_a_wrong_token_is_unauthorized_and_not_told() -> None:
    async with served() as server:
        wrong = Endpoint(server.endpoint.url, Secret("wrong-" + CANARY), 1)
        with pytest.raises(ControlError) as caught:
            async with open_control(wrong):
                pass
        assert caught.value.code is ErrorCode.UNAUTHORIZED
        assert CANARY not in str(caught.value)


async def test_a_left_over_address_means_not_running() -> None:
    with socket.socket() as bound_and_not_listening:
        bound_and_not_listening.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{bound_and_not_listening.getsockname()[1]}/"
        with pytest.raises(NotRunning, match=f"the router is not running: nobody answers at {url}"):
            async with open_control(Endpoint(url, TOKEN, 1)):
                pass


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:1/", "ws://127.0.0.1/", "ws://127.0.0.1:port/", "ws://[::1"])
async def test_an_address_that_is_none_means_not_running(url: str) -> None:
    with pytest.raises(NotRunning, match="is not the address of a router"):
        async with open_control(Endpoint(url, TOKEN, 1)):
            pass


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"\x00" * 100]
)
async def test_another_program_at_the_address_means_not_running(answer: bytes) -> None:
    async def other(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some()
            await stream.send_all(answer)

    async with trio.open_nursery() as nursery:
        [listener] = await nursery.start(partial(trio.serve_tcp, other, 0, host="127.0.0.1"))
        url = f"ws://127.0.0.1:{listener.socket.getsockname()[1]}/"
        with pytest.raises(NotRunning, match="the router is not running: what answers at"):
            async with open_control(Endpoint(url, TOKEN, 1)):
                pass
        nursery.cancel_scope.cancel()


async def test_a_router_that_stops_while_asked_is_not_running() -> None:
    began = trio.Event()

    async def hang(params: Ping) -> Pong:
        began.set()
        await trio.sleep_forever()
        raise AssertionError

    async with trio.open_nursery() as nursery:

        async def ask(endpoint: Endpoint) -> None:
            async with open_control(endpoint) as client:
                with pytest.raises(NotRunning, match="the router closed the connection"):
                    await client.call(Ping())

        async with served({**HANDLERS, "ping": hang}) as server:
            nursery.start_soon(ask, server.endpoint)
            await began.wait()


async def test_an_error_of_the_caller_arrives_as_itself() -> None:
    async with served() as server:
        with pytest.raises(KeyError, match="not in the table"):
            async with open_control(server.endpoint):
                raise KeyError("not in the table")


async def test_leaving_frees_a_client_that_calls_hang_on() -> None:
    async def hang(params: Ping) -> Pong:
        await trio.sleep_forever()
        raise AssertionError

    async with served({**HANDLERS, "ping": hang}) as server:
        with trio.move_on_after(0.05) as patience:
            async with open_control(server.endpoint) as client:
                await client.call(Ping())
        assert patience.cancelled_caught
