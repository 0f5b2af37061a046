"""The http agent against a real server on this machine."""

from __future__ import annotations

import msgspec
import pytest
import trio
from agents_support import make_turn, open_service

from actors.agents.http import open_http_agent
from actors.agents.settings import HttpSettings
from actors.errors import Rejected, RetryLater
from actors.messages import Media, Reply
from actors.net.http import APPLICATION_JSON, TEXT_PLAIN, Request, Response
from actors.net.server import bound_port, open_listeners
from actors.secret import Secret


class Service:
    """Gives one answer to everything and keeps what it was asked."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.requests: list[Request] = []

    async def handle(self, request: Request) -> Response:
        self.requests.append(request)
        return self.response


async def answer(service: Service, headers: dict[str, Secret] | None = None) -> Reply:
    async with (
        open_service(service.handle) as url,
        open_http_agent(HttpSettings(url=url, headers=headers or {})) as agent,
    ):
        return await agent.answer(make_turn())


async def test_the_service_is_posted_the_turn_with_the_headers_of_the_settings() -> None:
    service = Service(Response(204))
    await answer(service, headers={"Authorization": Secret("Bearer abc"), "X-Shop": Secret("7")})
    (request,) = service.requests
    assert (request.method, request.path) == ("POST", "/answer")
    assert request.get(b"content-type") == b"application/json"
    assert request.get(b"authorization") == b"Bearer abc"
    assert request.get(b"x-shop") == b"7"
    assert msgspec.json.decode(request.body)["sessionKey"] == "agent:main:main"


@pytest.mark.parametrize(
    ("response", "reply"),
    [
        (Response(204), Reply()),
        (Response(200, b"", APPLICATION_JSON), Reply()),
        (Response(200, b"\n", TEXT_PLAIN), Reply()),
        (Response(200, b"{}", APPLICATION_JSON), Reply()),
        (Response(200, b'{"text": "a"}', "application/json; charset=utf-8"), Reply("a")),
        (Response(200, b'"a"', "application/vnd.x+json"), Reply("a")),
        (Response(202, b'{"text": "a"}', APPLICATION_JSON), Reply("a")),
        (Response(200, "chào\n".encode(), TEXT_PLAIN), Reply("chào")),
        (Response(200, b'{"text": "a"}', "text/plain"), Reply('{"text": "a"}')),
        (Response(200, b"# a", "text/markdown"), Reply("# a")),
        (
            Response(200, b'{"media": ["https://x/1.png"]}', APPLICATION_JSON),
            Reply(media=(Media(kind="image", url="https://x/1.png"),)),
        ),
    ],
)
async def test_what_the_service_answers_is_the_reply(response: Response, reply: Reply) -> None:
    assert await answer(Service(response)) == reply


@pytest.mark.parametrize(
    ("response", "complaint"),
    [
        (Response(200, b"<html>", "text/html; charset=utf-8"), "text/html: expected JSON or text/plain"),
        (Response(200, b"\x89PNG", "image/png"), "image/png"),
        (Response(200, b"oops", APPLICATION_JSON), "not a JSON object or string: oops"),
        (Response(200, b'{"answer": 1}', APPLICATION_JSON), "its keys are: answer"),
        (Response(400, b"bad turn"), "HTTP 400: bad turn"),
        (Response(401, b"who?"), "HTTP 401; check the key or headers"),
        (Response(302, b"", headers=((b"location", b"/else"),)), "HTTP 302, a redirect"),
    ],
)
async def test_an_answer_that_is_none_is_rejected(response: Response, complaint: str) -> None:
    async with open_service(Service(response).handle) as url, open_http_agent(HttpSettings(url=url)) as agent:
        with pytest.raises(Rejected, match=complaint):
            await agent.answer(make_turn())


@pytest.mark.parametrize(
    ("headers", "wait_seconds"), [((), None), (((b"retry-after", b"12"),), 12.0), (((b"retry-after", b"soon"),), None)]
)
async def test_a_busy_service_says_when_to_ask_again(
    headers: tuple[tuple[bytes, bytes], ...], wait_seconds: float | None
) -> None:
    service = Service(Response(429, b"slow down", headers=headers))
    async with open_service(service.handle) as url, open_http_agent(HttpSettings(url=url)) as agent:
        with pytest.raises(RetryLater, match="HTTP 429: slow down") as caught:
            await agent.answer(make_turn())
    assert caught.value.retry_after_seconds == wait_seconds


async def test_a_service_that_is_not_there_may_come_back() -> None:
    listeners = await open_listeners("127.0.0.1", 0)
    port = bound_port(listeners)
    for listener in listeners:
        await listener.aclose()
    async with open_http_agent(HttpSettings(url=f"http://127.0.0.1:{port}/")) as agent:
        with pytest.raises(RetryLater, match="not reached"):
            await agent.answer(make_turn())


async def test_a_service_that_hangs_up_may_be_asked_again() -> None:
    async def hang_up(request: Request) -> Response:
        await request.peer.hang_up(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf")
        return Response(500)

    async with open_service(hang_up) as url, open_http_agent(HttpSettings(url=url)) as agent:
        with pytest.raises(RetryLater, match="no whole answer"):
            await agent.answer(make_turn())


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    service = Service(Response(200, b"x" * (1024 * 1024 + 1)))
    async with open_service(service.handle) as url, open_http_agent(HttpSettings(url=url)) as agent:
        with pytest.raises(RetryLater, match="larger than allowed"):
            await agent.answer(make_turn())


async def test_an_address_that_is_none_is_rejected() -> None:
    async with open_http_agent(HttpSettings(url="ftp://x/")) as agent:
        with pytest.raises(Rejected, match="not an http:// or https:// URL"):
            await agent.answer(make_turn())


async def test_a_header_that_the_service_repeats_is_not_shown() -> None:
    service = Service(Response(500, b"bad header: Bearer hunter22"))
    settings = {"authorization": Secret("Bearer hunter22")}
    async with open_service(service.handle) as url, open_http_agent(HttpSettings(url=url, headers=settings)) as agent:
        with pytest.raises(RetryLater, match=r"bad header: \*\*\*$"):
            await agent.answer(make_turn())


async def test_cancelling_closes_the_connection() -> None:
    arrived, gone = trio.Event(), trio.Event()

    async def wait(request: Request) -> Response:
        arrived.set()
        await request.peer.wait_gone()
        gone.set()
        return Response(204)

    async with open_service(wait) as url, open_http_agent(HttpSettings(url=url)) as agent:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(agent.answer, make_turn())
            await arrived.wait()
            nursery.cancel_scope.cancel()
        with trio.fail_after(20):
            await gone.wait()
