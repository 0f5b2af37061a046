"""A bot that receives by webhook, opened as the router opens it, with the simulated Bot API posting to its listener."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from zalo_fakes import OWN, SHOP
from zalo_stage import DEADLINE_SECONDS, TED, TOKEN, Accepting, receiving

from actors.channel import Channel, Shared
from actors.net.listening import ListenOptions, serve_webhooks
from actors.net.webhooks import WebhookListener
from actors.secret import Secret
from actors.testing.bot_api import Behaviour, BotApi, run_bot_api
from actors.testing.bot_api.webhook import post_webhook
from actors.zalo.channel import KIND
from actors.zalo.settings import ZaloSettings
from actors.zalo.updates import is_probe


@asynccontextmanager
async def hooked(directory: Path, behaviour: Behaviour) -> AsyncIterator[tuple[BotApi, str, Channel]]:
    """The simulator, the address of the webhook, and the channel behind it."""
    with trio.fail_after(DEADLINE_SECONDS):
        async with run_bot_api(TOKEN, behaviour=behaviour) as api, trio.open_nursery() as nursery:
            webhooks = WebhookListener(lambda _refusal: None)
            url = await nursery.start(serve_webhooks, webhooks, ListenOptions(), lambda error: pytest.fail(str(error)))
            settings = ZaloSettings(
                bot_token=Secret(TOKEN),
                api_url=api.url,
                webhook_url=f"{url}/b%C3%A1n",
                webhook_secret=(Secret("secret-1"), Secret("secret-0")),
            )
            async with KIND.open(SHOP, settings, Shared(state_dir=directory, webhooks=webhooks)) as channel:
                yield api, f"{url}/b%C3%A1n", channel
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    "behaviour", [Behaviour(), Behaviour(webhook_wrapped=True, probe="empty"), Behaviour(verification=False)]
)
async def test_what_is_said_to_the_bot_comes_in(tmp_path: Path, behaviour: Behaviour) -> None:
    async with hooked(tmp_path, behaviour) as (api, url, channel):
        assert (await channel.start()).user_id == OWN
        intake = Accepting()
        async with receiving(channel, intake):
            await api.wait_until(lambda: api.bot(OWN).webhook is not None)
            for number in range(10):
                api.say(OWN, TED, f"line {number}")
            assert await intake.wait_for_texts(10) == [f"line {number}" for number in range(10)]
        webhook = api.bot(OWN).webhook
        assert webhook is not None
        assert (webhook.url, webhook.secret_token) == (url, "secret-1")
    assert all(delivery.ok for delivery in api.deliveries(OWN))
    assert {call.method for call in api.calls} == {"getMe", "getWebhookInfo", "setWebhook"}


async def test_starting_again_leaves_the_webhook_alone_and_does_not_set_it_again(tmp_path: Path) -> None:
    async with hooked(tmp_path, Behaviour()) as (api, _, channel):
        for _ in range(2):
            await channel.start()
            intake = Accepting()
            async with receiving(channel, intake):
                while not intake.goods:  # said once it is remembered
                    await trio.sleep(0.005)
            assert intake.verifications == ["webhook.ok: Your endpoint responded successfully."]
        assert (api.count("setWebhook"), api.count("deleteWebhook")) == (1, 0)


async def test_the_path_answers_503_before_the_account_receives(tmp_path: Path) -> None:
    async with hooked(tmp_path, Behaviour()) as (_, url, channel):
        await channel.start()
        delivery = await post_webhook(url, b'{"message": {}}', secret_token="secret-0")
        assert delivery.status == 503
        assert (await post_webhook(url, b"")).status == 200  # a probe


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (b'{"event_name": "webhook.test"}', True),
        (b'{"event_name": "webhook.test", "message": {"message_id": "webhook-test", "date": 1, "text": "x"}}', True),
        (b'{"ok": true, "result": {"event_name": "webhook.test"}}', True),
        (b'{"event_name": "webhook.test", "message": {"from": {"id": "1"}}}', False),
        (b'{"event_name": "webhook.test", "message": {"chat": {"id": "1"}}}', False),
        (b'{"event_name": "message.text.received", "message": {"text": "webhook.test"}}', False),
        (b'["webhook.test"]', False),
        (b"webhook.test", False),
        (b"", False),
    ],
)
def test_a_probe_has_neither_sender_nor_chat(raw: bytes, answer: bool) -> None:
    assert is_probe(raw) is answer
