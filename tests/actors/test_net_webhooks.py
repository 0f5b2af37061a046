"""The law of the webhook listener, spoken to over HTTP: who is let in, and what everybody else is told."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import pytest
import trio
from net_server_stage import Client, MemoryListener
from trio.testing import MockClock

from actors.messages import AccountKey
from actors.net.http import Head, HttpLimits, Response
from actors.net.refusals import Refusal
from actors.net.server import serve_http
from actors.net.webhooks import Door, WebhookListener
from actors.secret import Secret

SHOP, CAFE = AccountKey("zalo", "shop"), AccountKey("zalo", "cafe")
UPDATE = b'{"event_name": "message.text.received"}'
PROBE = b'{"event_name": "webhook.test"}'


def is_probe(body: bytes) -> bool:
    return body == PROBE


class Stage:
    """A listener on a memory stream, its doors, and what came through them."""

    def __init__(self, rate_per_minute: int = 6000) -> None:
        self.refusals: list[Refusal] = []
        self.webhooks = WebhookListener(self.refusals.append, rate_per_minute)
        self.taken: list[tuple[AccountKey, bytes]] = []
        self.answer = Response(200, b"ok\n")
        self._listener = MemoryListener()
        self._doors = ExitStack()

    def open_door(self, account: AccountKey, *secrets: str, path: str = "/hook") -> ExitStack:
        """Registered until the stage ends, or the stack that is returned is closed."""

        async def receive(body: bytes) -> Response:
            await trio.lowlevel.checkpoint()
            self.taken.append((account, body))
            return self.answer

        door = Door(account, path, tuple(Secret(each) for each in secrets), receive, is_probe)
        stack = self._doors.enter_context(ExitStack())
        stack.enter_context(self.webhooks.register(door))
        return stack

    async def serve(self, limits: HttpLimits, *, task_status: trio.TaskStatus[None]) -> None:
        routes = self.webhooks.routes
        await serve_http(routes.handle, [self._listener], screen=routes.screen, limits=limits, task_status=task_status)

    async def connect(self) -> Client:
        return Client(await self._listener.connect())

    async def raw(self, data: bytes) -> bytes:
        """What is answered to these bytes, up to the end of the connection."""
        client = await self.connect()
        await client.send(data)
        await client.stream.send_eof()
        return await client.read_to_end()

    async def post(self, body: bytes = UPDATE, secret: str | None = "secret-1", **options: Any) -> tuple[int, str]:
        """Status and head of the answer to one POST."""
        data = (await self.raw(request(body, secret, **options))).decode()
        return int(data.split(" ", 2)[1]), data.partition("\r\n\r\n")[0].lower()


def request(
    body: bytes = UPDATE,
    secret: str | None = "secret-1",
    *,
    path: str = "/hook",
    method: str = "POST",
    content_type: str | None = "application/json",
    length: int | None = None,
) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close"]
    lines += [f"Content-Length: {len(body) if length is None else length}"] if length != -1 else []
    lines += [f"Content-Type: {content_type}"] if content_type is not None else []
    lines += [f"X-Bot-Api-Secret-Token: {secret}"] if secret is not None else []
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


LIMITS = HttpLimits(max_body_bytes=10_000)


@pytest.fixture
async def stage(nursery: trio.Nursery) -> AsyncIterator[Stage]:
    stage = Stage()
    await nursery.start(stage.serve, LIMITS)
    yield stage
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize("path", ["/hook", "/hook/", "/hook?x=1", "/%68ook", "http://elsewhere.test/hook"])
async def test_what_comes_with_the_secret_reaches_its_account_once(stage: Stage, path: str) -> None:
    stage.open_door(SHOP, "secret-1")
    assert (await stage.post(path=path))[0] == 200
    assert stage.taken == [(SHOP, UPDATE)]
    assert stage.refusals == []


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"path": "/other", "method": "GET", "secret": None}, 404),
        ({"path": "/", "secret": None}, 404),
        ({"method": "GET", "secret": None, "content_type": "text/plain"}, 405),
        ({"method": "HEAD"}, 405),
        ({"method": "PUT"}, 405),
        ({"secret": None, "content_type": "text/plain"}, 401),
        ({"secret": ""}, 401),
        ({"secret": "secret-2"}, 401),
        ({"secret": "secret-"}, 401),
        ({"secret": "secret-1x"}, 401),
        ({"secret": "Secret-1"}, 401),
        ({"secret": "s\xe9cret-1"}, 401),
        ({"secret": "secret-1" * 500}, 401),
        ({"content_type": "text/plain", "length": 20_000}, 415),
        ({"content_type": None}, 415),
        ({"content_type": "application/jsonp"}, 415),
        ({"length": 10_001}, 413),
        ({"secret": None, "length": 10_001}, 401),
    ],
)
async def test_the_first_thing_that_is_wrong_decides(stage: Stage, options: dict[str, Any], status: int) -> None:
    stage.open_door(SHOP, "secret-1")
    assert (await stage.post(**options))[0] == status
    assert stage.taken == []


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/vnd.zalo+json"]
)
async def test_json_goes_by_several_names(stage: Stage, content_type: str) -> None:
    stage.open_door(SHOP, "secret-1")
    assert (await stage.post(content_type=content_type))[0] == 200


async def test_what_is_allowed_is_said(stage: Stage) -> None:
    stage.open_door(SHOP, "secret-1")
    assert "\r\nallow: post\r\n" in (await stage.post(method="GET"))[1]


@pytest.mark.parametrize(
    ("body", "secret", "content_type", "status"),
    [
        (b"", None, None, 200),
        (b"", "wrong", "text/plain", 200),
        (b"", "secret-1", None, 200),
        (PROBE, None, "application/json", 200),
        (PROBE, "wrong", None, 200),
        (UPDATE, None, "application/json", 401),
        (PROBE + b" ", None, "application/json", 401),
        (b" " * 5000, None, "application/json", 401),
    ],
)
async def test_a_probe_without_the_secret_is_answered_and_reaches_nobody(
    stage: Stage, body: bytes, secret: str | None, content_type: str | None, status: int
) -> None:
    stage.open_door(SHOP, "secret-1")
    assert (await stage.post(body, secret, content_type=content_type))[0] == status
    assert stage.taken == []


async def test_a_body_of_unknown_length_is_not_read_without_the_secret(stage: Stage) -> None:
    stage.open_door(SHOP, "secret-1")
    chunked = b"Transfer-Encoding: chunked\r\n\r\n"
    head = b"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    assert b" 401 " in await stage.raw(head + chunked)
    with_secret = head + b"X-Bot-Api-Secret-Token: secret-1\r\n" + chunked
    assert b" 200 " in await stage.raw(with_secret + b"%x\r\n%b\r\n0\r\n\r\n" % (len(UPDATE), UPDATE))
    assert stage.taken == [(SHOP, UPDATE)]


async def test_the_secret_says_who_is_meant_on_a_shared_path_and_both_hold_while_one_is_changed(stage: Stage) -> None:
    stage.open_door(SHOP, "shop-old", "shop-new")
    stage.open_door(CAFE, "cafe-key", path="/hook/")
    for secret in ("cafe-key", "shop-old", "shop-new"):
        assert (await stage.post(secret.encode(), secret))[0] == 200
    assert stage.taken == [(CAFE, b"cafe-key"), (SHOP, b"shop-old"), (SHOP, b"shop-new")]


async def test_an_account_that_has_ended_is_503_and_not_404(stage: Stage) -> None:
    shop = stage.open_door(SHOP, "shop-key")
    stage.open_door(CAFE, "cafe-key")
    shop.close()
    assert (await stage.post(secret="shop-key"))[0] == 401  # the other one's path: the secret is nobody's now
    assert (await stage.post(secret="cafe-key"))[0] == 200
    stage.open_door(SHOP, "shop-key", path="/own").close()
    status, head = await stage.post(secret="shop-key", path="/own")
    assert (status, "\r\nretry-after: 5" in head) == (503, True)
    stage.open_door(SHOP, "shop-key", path="/own")
    assert (await stage.post(secret="shop-key", path="/own"))[0] == 200


async def test_the_rate_is_each_accounts_own_and_guessing_does_not_use_it_up(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        stage = Stage(rate_per_minute=3)
        await nursery.start(stage.serve, LIMITS)
        shop = stage.open_door(SHOP, "shop-key")
        stage.open_door(CAFE, "cafe-key")
        for _ in range(5):
            assert (await stage.post(secret="wrong"))[0] == 401
        assert [(await stage.post(secret="shop-key"))[0] for _ in range(4)] == [200, 200, 200, 429]
        assert (await stage.post(secret="cafe-key"))[0] == 200
        shop.close()
        stage.open_door(SHOP, "shop-key")  # a restart of the account brings no new minute
        status, head = await stage.post(secret="shop-key")
        assert (status, "\r\nretry-after: 20" in head) == (429, True)
        await trio.sleep(20)
        assert (await stage.post(secret="shop-key"))[0] == 200
        nursery.cancel_scope.cancel()


async def test_what_the_account_answers_is_passed_on_and_refusals_are_told(stage: Stage) -> None:
    stage.open_door(SHOP, "secret-1")
    stage.answer = Response(503, b"the inbox is full\n")
    assert (await stage.post())[0] == 503
    await stage.post(secret="guess-canary", content_type="text/canary")
    await stage.post(content_type="text/canary")
    await stage.post(path="/canary")
    assert stage.refusals == [
        Refusal("/hook", 503, "the inbox is full", SHOP),
        Refusal("/hook", 401, "no valid secret"),
        Refusal("/hook", 415, "the content type is not JSON", SHOP),
    ]


async def test_many_wrong_secrets_are_told_in_one_line_a_minute(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        stage = Stage()
        await nursery.start(stage.serve, LIMITS)
        stage.open_door(SHOP, "secret-1")
        for _ in range(30):
            await stage.post(secret="wrong")
        await trio.sleep(60)
        await stage.post(secret="wrong")
        assert [each.times for each in stage.refusals] == [1, 30]
        nursery.cancel_scope.cancel()


async def test_a_connection_goes_on_after_a_refusal_whose_body_was_here(stage: Stage) -> None:
    stage.open_door(SHOP, "secret-1")
    keep = request(UPDATE, "wrong").replace(b"Connection: close\r\n", b"")
    good = request().replace(b"Connection: close\r\n", b"")
    answers = await stage.raw(keep + good + keep + good)
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"401", b"200", b"401", b"200"]
    assert len(stage.taken) == 2


async def test_a_body_that_dawdles_is_408_with_the_secret_and_without(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        stage = Stage()
        await nursery.start(stage.serve, HttpLimits(body_seconds=10.0))
        stage.open_door(SHOP, "secret-1")
        for secret in ("secret-1", None):
            client = await stage.connect()
            await client.send(request(b"{", secret, length=100))
            began = trio.current_time()
            assert b" 408 " in await client.read_to_end()
            assert trio.current_time() - began == pytest.approx(10.0)
        nursery.cancel_scope.cancel()


async def test_no_repr_of_what_is_kept_shows_a_secret(stage: Stage) -> None:
    stage.open_door(SHOP, "canary-secret")
    way = stage.webhooks._ways["/hook"]
    assert "canary" not in repr((stage.webhooks, way, way.locks, way.locks[0].door))
    assert "canary" not in json.dumps([str(each) for each in stage.refusals])


def test_a_path_of_another_kind_is_not_taken_over() -> None:
    stage = Stage()
    stage.open_door(SHOP, "secret-1", path="/a")
    with pytest.raises(ValueError, match="served already"):
        stage.webhooks.routes.add("/a", stage.webhooks.routes._exact["/a"])
    assert stage.webhooks.routes.screen(Head("POST", "/b")) is not None
