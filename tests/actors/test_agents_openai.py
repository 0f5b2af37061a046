"""The openai agent against the simulated model server."""

from __future__ import annotations

import json

import pytest
import trio
from agents_support import make_turn, open_service

from actors.agents.openai import open_openai_agent
from actors.agents.settings import OpenaiSettings
from actors.errors import Rejected, RetryLater
from actors.messages import HistoryEntry, Reply
from actors.net.http import Request, Response
from actors.secret import Secret
from actors.testing.model_server import BreakOff, Fail, HangUp, Raw, Say, Stall, open_model_server

both_ways = pytest.mark.parametrize("stream", [False, True])


def settings(base_url: str, *, stream: bool = False, key: str | None = None) -> OpenaiSettings:
    return OpenaiSettings(base_url=base_url, model="m", stream=stream, api_key=None if key is None else Secret(key))


@both_ways
async def test_the_model_is_asked_with_the_history(stream: bool) -> None:
    history = (HistoryEntry("user", "a"), HistoryEntry("assistant", "b"))
    async with open_model_server() as server, open_openai_agent(settings(server.base_url, stream=stream)) as agent:
        assert await agent.answer(make_turn("c", history=history)) == Reply("c")
    (asked,) = server.requests
    assert (asked.model, asked.stream) == ("m", stream)
    assert [(message.role, message.content) for message in asked.messages] == [
        ("user", "a"),
        ("assistant", "b"),
        ("user", "c"),
    ]


@both_ways
async def test_a_base_url_may_end_in_a_slash(stream: bool) -> None:
    async with (
        open_model_server() as server,
        open_openai_agent(settings(server.base_url + "/", stream=stream)) as agent,
    ):
        assert await agent.answer(make_turn("c")) == Reply("c")


@both_ways
async def test_the_key_is_sent(stream: bool) -> None:
    async with (
        open_model_server(api_key="sk-right") as server,
        open_openai_agent(settings(server.base_url, stream=stream, key="sk-right")) as agent,
    ):
        assert await agent.answer(make_turn("c")) == Reply("c")


@both_ways
async def test_a_wrong_key_is_rejected_and_never_shown(stream: bool) -> None:
    async with (
        open_model_server(api_key="sk-right") as server,
        open_openai_agent(settings(server.base_url, stream=stream, key="sk-wrong")) as agent,
    ):
        with pytest.raises(Rejected, match="HTTP 401") as caught:
            await agent.answer(make_turn())
    assert "sk-wrong" not in repr(caught.value)
    assert server.requests == []


@both_ways
async def test_a_key_that_the_server_repeats_is_not_shown(stream: bool) -> None:
    async with open_model_server() as server:
        server.then(Fail(status=400, message="no such project for sk-mine"), Raw(body=b"hello sk-mine"))
        async with open_openai_agent(settings(server.base_url, stream=stream, key="sk-mine")) as agent:
            for _ in range(2):
                with pytest.raises(Rejected, match=r"\*\*\*") as caught:
                    await agent.answer(make_turn())
                assert "sk-mine" not in str(caught.value)


@both_ways
async def test_a_busy_server_says_when_to_ask_again(stream: bool) -> None:
    async with open_model_server() as server:
        server.then(Fail(status=429, message="Rate limit reached", retry_after_seconds=20))
        async with open_openai_agent(settings(server.base_url, stream=stream)) as agent:
            with pytest.raises(RetryLater, match="Rate limit reached") as caught:
                await agent.answer(make_turn())
    assert caught.value.retry_after_seconds == 20


@both_ways
async def test_a_server_that_hangs_up_may_be_asked_again(stream: bool) -> None:
    async with open_model_server() as server:
        server.then(HangUp())
        async with open_openai_agent(settings(server.base_url, stream=stream)) as agent:
            with pytest.raises(RetryLater):
                await agent.answer(make_turn())
            assert await agent.answer(make_turn("c")) == Reply("c")


async def test_half_a_stream_is_no_answer() -> None:
    async with open_model_server() as server:
        server.then(BreakOff("Dear cust"))
        async with open_openai_agent(settings(server.base_url, stream=True)) as agent:
            with pytest.raises(RetryLater):
                await agent.answer(make_turn())


async def test_nothing_is_read_after_the_end_of_the_stream() -> None:
    event = b'data: {"choices": [{"delta": {"content": "all"}}]}\n\ndata: [DONE]\n\n'
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n"

    async def break_off(request: Request) -> Response:
        await request.peer.hang_up(head + event)
        return Response(500)

    async with open_service(break_off) as url, open_openai_agent(settings(url, stream=True)) as agent:
        assert await agent.answer(make_turn()) == Reply("all")


async def test_a_server_may_answer_whole_though_a_stream_was_asked_for() -> None:
    body = json.dumps({"choices": [{"message": {"content": "whole"}}]}).encode()
    async with open_model_server() as server:
        server.then(Raw(body=body))
        async with open_openai_agent(settings(server.base_url, stream=True)) as agent:
            assert await agent.answer(make_turn()) == Reply("whole")


@both_ways
async def test_an_answer_cut_at_the_token_limit_is_still_given(stream: bool) -> None:
    async with open_model_server() as server:
        server.then(Say(text="as far as", finish_reason="length"))
        async with open_openai_agent(settings(server.base_url, stream=stream)) as agent:
            assert await agent.answer(make_turn()) == Reply("as far as")


@both_ways
async def test_a_wrong_path_is_rejected_with_the_servers_words(stream: bool) -> None:
    async with open_model_server() as server:
        wrong = server.base_url.removesuffix("/v1")
        async with open_openai_agent(settings(wrong, stream=stream)) as agent:
            with pytest.raises(Rejected, match=r"HTTP 404.*Unknown request URL"):
                await agent.answer(make_turn())


@both_ways
async def test_cancelling_closes_the_connection(stream: bool) -> None:
    async with open_model_server() as server:
        server.then(Stall())
        async with open_openai_agent(settings(server.base_url, stream=stream)) as agent:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(agent.answer, make_turn())
                with trio.fail_after(20):
                    await server.wait_asked(1)
                nursery.cancel_scope.cancel()
            with trio.fail_after(20):
                await server.wait_gone(1)
