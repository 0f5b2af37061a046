"""The simulated Bot API on real sockets: outside clients, broken connections, webhooks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import trio
import zalo_bot  # type: ignore[import-untyped]

from actors.net.http import Request, Response
from actors.net.server import bound_port, open_listeners, serve_http
from actors.testing.bot_api import Behaviour, BotApi, SimulatedBot, deliver, post_webhook, run_bot_api

TOKEN = "1459232241454765289:abc-xyz"
TED = "6ede9afa66b88fe6d6a9"
SECRET = "a secret of the webhook"


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with run_bot_api(TOKEN) as served:
        yield served


@pytest.fixture
def bot(api: BotApi) -> SimulatedBot:
    return api.bot(TOKEN)


async def post(api: BotApi, method: str, **params: object) -> Any:
    async with httpx.AsyncClient() as client:
        return (await client.post(f"{api.url}/bot{TOKEN}/{method}", json=params, timeout=10)).json()


async def test_python_zalo_bot_gets_on_with_it(api: BotApi, bot: SimulatedBot) -> None:
    """An outside opinion: a client that was written against the live service."""
    image_id = api.show_image(bot, TED, "https://x/p.jpg")
    message_id = api.say(bot, TED, "xin chào")

    async def converse() -> list[object]:
        async with zalo_bot.Bot(TOKEN, base_url=api.url) as client:
            me = await client.get_me()
            image = (await client.get_update(timeout=3)).message
            text = (await client.get_update(timeout=3)).message
            empty = await client.get_update(timeout=1)
            sent = await client.send_message(TED, "chào Ted")
            await client.send_photo(TED, "caption", "https://x/p.png")
            await client.send_sticker(TED, "0e07")
            await client.send_chat_action(TED, "typing")
            ids = [me.id, image.message_id, text.message_id, sent.message_id]
            return [*ids, image.photo_url, text.text, text.chat.id, empty]

    got = await trio.to_thread.run_sync(asyncio.run, converse())
    assert got[:4] == [bot.bot_id, image_id, message_id, bot.sent[0].message_id]
    assert got[4:] == ["https://x/p.jpg", "xin chào", TED, None]
    assert [(sent.method, sent.text) for sent in bot.sent] == [
        ("sendMessage", "chào Ted"),
        ("sendPhoto", "caption"),
        ("sendSticker", ""),
    ]
    assert [action.action for action in bot.actions] == ["typing"]


async def test_a_connection_dropped_before_the_call_leaves_no_trace(api: BotApi, bot: SimulatedBot) -> None:
    api.know(bot, TED)
    bot.faults.drop("sendMessage", "before")
    with pytest.raises(httpx.RemoteProtocolError):
        await post(api, "sendMessage", chat_id=TED, text="lost")
    assert bot.sent == []
    assert (await post(api, "sendMessage", chat_id=TED, text="kept"))["ok"] is True


async def test_a_connection_dropped_after_the_call_has_its_effect(api: BotApi, bot: SimulatedBot) -> None:
    api.know(bot, TED)
    bot.faults.drop("sendMessage", "after")
    with pytest.raises(httpx.RemoteProtocolError):
        await post(api, "sendMessage", chat_id=TED, text="gone out")
    assert bot.texts == ["gone out"]


async def test_half_an_answer_is_not_an_answer(api: BotApi, bot: SimulatedBot) -> None:
    api.know(bot, TED)
    bot.faults.cut("sendMessage")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        await post(api, "sendMessage", chat_id=TED, text="gone out")
    assert bot.texts == ["gone out"]


async def test_an_update_waits_for_the_next_poll_when_the_poller_dies(api: BotApi, bot: SimulatedBot) -> None:
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: post(api, "getUpdates", timeout=30))
            while bot.queue.pollers == 0:
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
    with trio.fail_after(10):
        while bot.queue.pollers:
            await trio.lowlevel.checkpoint()
    api.say(bot, TED, "still here")
    assert (await post(api, "getUpdates", timeout=5))["result"]["message"]["text"] == "still here"


class Hook:
    """A bot's webhook that keeps what it is sent and answers what it is told."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Request] = []
        self.statuses: list[int] = []
        """Answers in order; 200 when none is left."""

    async def serve(self, *, task_status: trio.TaskStatus[None]) -> None:
        listeners = await open_listeners("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{bound_port(listeners)}/zalo?x=1"
        await serve_http(self.handle, listeners, task_status=task_status)

    async def handle(self, request: Request) -> Response:
        await trio.lowlevel.checkpoint()
        self.requests.append(request)
        return Response(self.statuses.pop(0) if self.statuses else 200)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    served = Hook()
    async with trio.open_nursery() as nursery:
        await nursery.start(served.serve)
        yield served
        nursery.cancel_scope.cancel()


async def test_setting_a_webhook_probes_it_without_the_secret(api: BotApi, hook: Hook) -> None:
    answer = await post(api, "setWebhook", url=hook.url, secret_token=SECRET)
    verification = answer["result"]["verification"]
    assert (verification["ok"], verification["outcome"], verification["status_code"]) == (True, "webhook.ok", 200)
    [probe] = hook.requests
    assert (probe.method, probe.path, probe.query) == ("POST", "/zalo", "x=1")
    assert probe.get(b"user-agent") == b"Java/1.8.0_192"
    assert probe.get(b"x-bot-api-secret-token") is None
    body = json.loads(probe.body)
    assert body["event_name"] == "webhook.test"
    assert body["message"]["message_id"] == "webhook-test"
    assert body["message"]["date"] < 1e11  # seconds, here alone


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(403, "http.403"), (404, "http.404"), (503, "http.5xx"), (400, "http.other"), (204, "ok")],
)
async def test_a_probe_tells_how_it_was_answered(api: BotApi, hook: Hook, status: int, outcome: str) -> None:
    hook.statuses = [200, status]
    await post(api, "setWebhook", url=hook.url, secret_token=SECRET)
    result = (await post(api, "testWebhook"))["result"]
    assert (result["ok"], result["outcome"]) == (outcome == "ok", f"webhook.{outcome}")


@pytest.mark.parametrize(("probe", "bodies"), [("empty", [b""]), ("none", [])])
async def test_the_probe_is_a_switch(api: BotApi, hook: Hook, probe: Any, bodies: list[bytes]) -> None:
    api.behaviour = Behaviour(probe=probe)
    assert (await post(api, "setWebhook", url=hook.url, secret_token=SECRET))["result"]["verification"]["ok"] is True
    assert [request.body for request in hook.requests] == bodies


async def test_a_webhook_that_nobody_serves_is_stored_all_the_same(api: BotApi, bot: SimulatedBot) -> None:
    [listener] = await open_listeners("127.0.0.1", 0)
    url = f"http://127.0.0.1:{bound_port([listener])}/"
    await listener.aclose()
    answer = await post(api, "setWebhook", url=url, secret_token=SECRET)
    assert answer["result"]["verification"]["outcome"] == "webhook.err.conn"
    assert bot.webhook is not None


async def test_what_is_said_goes_to_the_webhook_in_order_and_with_the_secret(
    api: BotApi, bot: SimulatedBot, hook: Hook
) -> None:
    await post(api, "setWebhook", url=hook.url, secret_token=SECRET)
    ids = [api.say(bot, TED, str(n)) for n in range(5)]
    await api.wait_until(lambda: len(bot.deliveries) == 6)
    events = hook.requests[1:]
    assert [json.loads(event.body)["message"]["message_id"] for event in events] == ids
    assert {event.get(b"x-bot-api-secret-token") for event in events} == {SECRET.encode()}
    assert {event.get(b"content-type") for event in events} == {b"application/json"}
    assert [(delivery.message_id, delivery.status) for delivery in bot.deliveries[1:]] == [(i, 200) for i in ids]
    assert len(bot.queue) == 0


async def test_a_webhooks_body_is_wrapped_if_so_switched(api: BotApi, bot: SimulatedBot, hook: Hook) -> None:
    api.behaviour = Behaviour(webhook_wrapped=True, probe="none")
    await post(api, "setWebhook", url=hook.url, secret_token=SECRET)
    api.say(bot, TED, "wrapped")
    await api.wait_until(lambda: len(bot.deliveries) == 1)
    body = json.loads(hook.requests[0].body)
    assert body["ok"] is True
    assert body["result"]["message"]["text"] == "wrapped"


@pytest.mark.parametrize(("retries", "attempts"), [(0, [503]), (1, [503, 503]), (5, [503, 503, 200])])
async def test_a_delivery_is_repeated_only_if_so_switched(
    api: BotApi, bot: SimulatedBot, hook: Hook, retries: int, attempts: list[int]
) -> None:
    api.behaviour = Behaviour(webhook_retries=retries, webhook_retry_seconds=0.001, probe="none")
    await post(api, "setWebhook", url=hook.url, secret_token=SECRET)
    hook.statuses = [503, 503]
    api.say(bot, TED, "again")
    await api.wait_until(lambda: len(bot.deliveries) == len(attempts))
    assert [delivery.status for delivery in bot.deliveries] == attempts


async def test_delivering_by_hand_needs_a_webhook(api: BotApi, bot: SimulatedBot, hook: Hook) -> None:
    update = bot.injected[api.say(bot, TED, "by hand")]
    with pytest.raises(LookupError, match="setWebhook first"):
        await deliver(bot, update, api.behaviour)
    await post(api, "setWebhook", url=hook.url, secret_token=SECRET)
    assert (await deliver(bot, update, api.behaviour)).ok


async def test_a_webhook_that_never_answers_is_given_up() -> None:
    [listener] = await open_listeners("127.0.0.1", 0)
    delivery = await post_webhook(f"http://127.0.0.1:{bound_port([listener])}/", b"{}", timeout_seconds=0.01)
    assert (delivery.outcome, delivery.status, delivery.ok) == ("webhook.err.timeout", None, False)
    await listener.aclose()
