"""The simulated model server, looked at by OpenAI's own client and by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import openai
import pytest
import trio

from actors.net.http import Request
from actors.testing.model_server import (
    BreakOff,
    Fail,
    HangUp,
    ModelServer,
    Raw,
    Say,
    Stall,
    last_user_text,
    open_model_server,
)

Call = Callable[[openai.OpenAI], object]


@asynccontextmanager
async def open_client(base_url: str, api_key: str = "sk-1") -> AsyncIterator[openai.OpenAI]:
    with openai.OpenAI(base_url=base_url, api_key=api_key, max_retries=0) as client:
        yield client


def whole(client: openai.OpenAI) -> str | None:
    return (
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "xin chào"}])
        .choices[0]
        .message.content
    )


def streamed(client: openai.OpenAI) -> str:
    chunks = client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "xin chào bạn"}], stream=True
    )
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


async def test_openais_client_reads_a_whole_answer() -> None:
    def call(client: openai.OpenAI) -> openai.types.chat.ChatCompletion:
        return client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "xin chào"}], temperature=0.5, max_tokens=3
        )

    async with open_model_server() as server, open_client(server.base_url) as client:
        completion = await trio.to_thread.run_sync(call, client)
    assert (completion.choices[0].message.content, completion.choices[0].finish_reason) == ("xin chào", "stop")
    assert completion.usage is not None
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (2, 2)
    (asked,) = server.requests
    assert (asked.model, asked.temperature, asked.max_tokens, asked.stream) == ("m", 0.5, 3, False)


async def test_openais_client_reads_a_stream() -> None:
    async with open_model_server() as server, open_client(server.base_url) as client:
        assert await trio.to_thread.run_sync(streamed, client) == "xin chào bạn"


async def test_a_stream_tells_its_usage_when_asked() -> None:
    def call(client: openai.OpenAI) -> list[openai.types.chat.ChatCompletionChunk]:
        return list(
            client.chat.completions.create(
                model="m",
                messages=[{"role": "user", "content": "a b c"}],
                stream=True,
                stream_options={"include_usage": True},
            )
        )

    async with open_model_server() as server, open_client(server.base_url) as client:
        *_, last = await trio.to_thread.run_sync(call, client)
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.total_tokens == 6


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (Fail(status=429), openai.RateLimitError),
        (Fail(status=500), openai.InternalServerError),
        (Fail(status=400, message="bad"), openai.BadRequestError),
        (HangUp(), openai.APIConnectionError),
    ],
)
async def test_openais_client_sees_the_failures_as_such(act: Fail | HangUp, error: type[Exception]) -> None:
    async with open_model_server() as server, open_client(server.base_url) as client:
        server.then(act)
        with pytest.raises(error):
            await trio.to_thread.run_sync(whole, client)
        assert await trio.to_thread.run_sync(whole, client) == "xin chào"


async def test_a_wrong_key_is_refused() -> None:
    async with open_model_server(api_key="sk-right") as server:
        async with open_client(server.base_url, "sk-wrong") as client:
            with pytest.raises(openai.AuthenticationError, match="Incorrect API key provided: sk-wrong"):
                await trio.to_thread.run_sync(whole, client)
        async with open_client(server.base_url, "sk-right") as client:
            assert await trio.to_thread.run_sync(whole, client) == "xin chào"
    assert len(server.requests) == 1


async def test_a_stream_may_break_off_in_the_middle() -> None:
    async with open_model_server() as server:
        server.then(BreakOff("xin"))
        async with await trio.open_tcp_stream("127.0.0.1", int(server.base_url.split(":")[2].split("/")[0])) as stream:
            body = b'{"model": "m", "messages": [], "stream": true}'
            head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
            await stream.send_all(head + body)
            heard = b""
            while chunk := await stream.receive_some():
                heard += bytes(chunk)
    assert b'"content":"xin"' in heard
    assert b"[DONE]" not in heard
    assert not heard.endswith(b"0\r\n\r\n")


def request(body: object, path: str = "/v1/chat/completions", method: str = "POST") -> Request:
    return Request(method=method, path=path, body=msgspec.json.encode(body))


HI = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (request(HI), 200),
        (request(HI, method="GET"), 404),
        (request(HI, path="/v1/models"), 404),
        (request({"model": "m"}), 400),
        (request([]), 400),
    ],
)
async def test_only_completions_are_answered(asked: Request, status: int) -> None:
    assert (await ModelServer().handle(asked)).status == status


async def test_the_script_is_followed_and_then_left() -> None:
    server = ModelServer(choose=lambda _: Say(text="chosen"))
    server.then(Raw(body=b"raw", status=418), Fail(status=503, retry_after_seconds=9))
    first, second, third = [await server.handle(request(HI)) for _ in range(3)]
    assert (first.status, first.body) == (418, b"raw")
    assert (second.status, second.headers) == (503, ((b"retry-after", b"9"),))
    assert b'"chosen"' in third.body


async def test_an_answer_may_be_slow(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer()
    server.then(Say(delay_seconds=30))
    began = trio.current_time()
    await server.handle(request(HI))
    assert trio.current_time() - began == 30


async def test_a_stalled_request_lasts_until_its_peer_goes() -> None:
    async with open_model_server() as server:
        server.then(Stall())
        async with await trio.open_tcp_stream("127.0.0.1", int(server.base_url.split(":")[2].split("/")[0])) as stream:
            body = b'{"model": "m", "messages": []}'
            head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
            await stream.send_all(head + body)
            await server.wait_asked(1)
            assert server.gone == 0
        with trio.fail_after(20):
            await server.wait_gone(1)


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ([], ""),
        ([{"role": "system", "content": "a"}], ""),
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "a"),
        ([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {}}]}], "a"),
    ],
)
async def test_what_is_repeated_is_the_last_words_of_the_user(messages: list[object], text: str) -> None:
    server = ModelServer()
    await server.handle(request({"model": "m", "messages": messages}))
    assert last_user_text(server.requests[0]) == text
