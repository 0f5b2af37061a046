"""The zalo channel against the simulated Bot API, over loopback; by script where a clock has to jump."""

from __future__ import annotations

import traceback

import pytest
import trio
from trio.testing import MockClock
from zalo_fakes import OWN, SHOP, FakeIntake, FakePoster, html, ok, refused
from zalo_stage import DEFAULT, TED, TOKEN, opened, out, receiving, set_webhook

from actors.channel import Channel, ShowsTyping
from actors.errors import (
    BadCredentials,
    Rejected,
    RetryLater,
    RouterError,
    SettingsError,
    TooManyRequests,
    UnknownOutcome,
)
from actors.messages import Chat, Identity, PhotoContent, TextContent
from actors.secret import Secret
from actors.testing.bot_api import Behaviour, run_bot_api
from actors.zalo import client
from actors.zalo.channel import KIND, ZaloChannel, open_zalo
from actors.zalo.settings import ZaloSettings


def test_it_is_known_by_the_words_of_the_settings() -> None:
    assert (KIND.name, KIND.label, KIND.id_prefixes) == ("zalo", "Zalo", ("zalo:", "zl:"))
    assert KIND.settings is ZaloSettings
    assert (KIND.text_limit_utf16, KIND.max_sends_in_flight) == (2000, 4)


# --- opening and starting


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (ZaloSettings(), "zalo:shop: botToken: expected"),
        (ZaloSettings(bot_token=Secret("")), "zalo:shop: botToken: expected"),
        (ZaloSettings(bot_token=Secret(TOKEN), webhook_url="https://x/"), "zalo:shop: webhookSecret"),
        (
            ZaloSettings(bot_token=Secret(TOKEN), webhook_url="https://x/", webhook_secret=Secret("canary-1")),
            "zalo:shop: webhookUrl: no webhook listener",
        ),
        (ZaloSettings(bot_token=Secret(TOKEN), proxy="socks5://u:canary@h"), "proxy: expected"),
    ],
)
async def test_settings_that_cannot_work_are_told_by_name(settings: ZaloSettings, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        async with open_zalo(SHOP, settings):
            pass
    assert "canary" not in str(caught.value)


async def test_opening_does_not_speak_to_the_network() -> None:
    async with opened() as (api, _, channel):
        assert api.calls == []
        assert isinstance(channel, ShowsTyping)


@pytest.mark.parametrize(
    "behaviour",
    [
        DEFAULT,
        Behaviour(status_is_error_code=True),
        Behaviour(no_webhook_info="empty-url", success_has_error_code=False),
    ],
)
async def test_start_says_who_the_bot_is_and_leaves_no_webhook_alone(behaviour: Behaviour) -> None:
    async with opened(behaviour) as (api, bot, channel):
        identity = await channel.start()
        assert identity.user_id == OWN
        assert identity.display_name
        assert identity.can_join_groups is bot.can_join_groups
        assert [call.method for call in api.calls] == ["getMe", "getWebhookInfo"]


async def test_start_takes_a_webhook_away() -> None:
    async with opened() as (api, bot, channel):
        set_webhook(bot)
        await channel.start()
        assert [call.method for call in api.calls] == ["getMe", "getWebhookInfo", "deleteWebhook"]
        assert bot.webhook is None


@pytest.mark.parametrize("status_is_error_code", [False, True])
async def test_start_refuses_a_token_that_is_not_accepted(status_is_error_code: bool) -> None:
    async with opened(Behaviour(status_is_error_code=status_is_error_code)) as (_, bot, channel):
        bot.revoke()
        with pytest.raises(BadCredentials, match=r"^getMe: Unauthorized \(401\)$"):
            await channel.start()


@pytest.mark.parametrize("method", ["getMe", "getWebhookInfo"])
async def test_start_may_be_tried_again_when_the_api_is_in_trouble(method: str) -> None:
    async with opened() as (_, bot, channel):
        bot.faults.answer_html(method, 502)
        bot.faults.drop(method, "before")
        bot.faults.drop(method, "after")
        bot.faults.cut(method)
        bot.faults.refuse(method, 500, "Internal server error")
        for _ in range(5):
            with pytest.raises(RetryLater):
                await channel.start()
        assert (await channel.start()).user_id == OWN


async def test_start_may_be_tried_again_when_nobody_is_there() -> None:
    async with run_bot_api() as api:
        url = api.url
    async with open_zalo(SHOP, ZaloSettings(bot_token=Secret(TOKEN), api_url=url)) as channel:
        with pytest.raises(RetryLater, match="not reached"):
            await channel.start()


@pytest.mark.parametrize(
    ("me", "name"),
    [
        ({"id": OWN, "account_name": "bot.V", "display_name": "Bot Shop"}, "Bot Shop"),
        ({"id": OWN, "account_name": "bot.V"}, "bot.V"),
        ({"id": OWN}, ""),
    ],
)
async def test_a_bot_goes_by_its_display_name_where_it_has_one(me: dict[str, str], name: str) -> None:
    poster = FakePoster(ok(me), refused(404))
    channel = ZaloChannel(SHOP, client.BotApi(poster, poster, Secret(TOKEN)))
    assert await channel.start() == Identity(OWN, name)


# --- sending


async def test_texts_and_pictures_go_out_and_their_ids_come_back() -> None:
    async with opened() as (api, bot, channel):
        api.know(bot, TED)
        first = await channel.send(out(TextContent("Xin chào 👋")))
        second = await channel.send(out(PhotoContent("https://x.test/p.png", "cap")))
        third = await channel.send(out(PhotoContent("https://x.test/q.png")))
        assert [(sent.method, sent.text, sent.url) for sent in bot.sent] == [
            ("sendMessage", "Xin chào 👋", ""),
            ("sendPhoto", "cap", "https://x.test/p.png"),
            ("sendPhoto", "", "https://x.test/q.png"),
        ]
        assert [first, second, third] == [sent.message_id for sent in bot.sent]


async def test_a_chat_that_does_not_exist_is_rejected_with_the_peers_words() -> None:
    async with opened() as (_, _, channel):
        with pytest.raises(Rejected, match=r"^sendMessage: The chat_id is invaild \(410\)$"):
            await channel.send(out(TextContent("x"), chat_id="nobody"))


async def fail(channel: Channel) -> RouterError:
    with pytest.raises(RouterError) as caught:
        await channel.send(out(TextContent("x")))
    return caught.value


async def test_a_failed_send_says_truly_whether_it_may_have_gone_out() -> None:
    async with opened() as (api, bot, channel):
        api.know(bot, TED)
        faults = bot.faults

        faults.refuse("sendMessage", 429, "Quota exceeded")
        assert type(await fail(channel)) is TooManyRequests
        faults.refuse("sendMessage", 403, "Internal server error")
        assert type(await fail(channel)) is RetryLater
        faults.answer_html("sendMessage", 429)
        assert type(await fail(channel)) is TooManyRequests
        faults.refuse("sendMessage", 400, "Bad request")
        assert type(await fail(channel)) is Rejected
        assert bot.sent == []

        faults.answer_html("sendMessage", 504)
        assert type(await fail(channel)) is UnknownOutcome
        faults.drop("sendMessage", "before")
        assert type(await fail(channel)) is UnknownOutcome
        assert bot.sent == []

        faults.drop("sendMessage", "after")
        assert type(await fail(channel)) is UnknownOutcome
        faults.cut("sendMessage")
        assert type(await fail(channel)) is UnknownOutcome
        assert len(bot.sent) == 2

        bot.revoke()
        assert type(await fail(channel)) is BadCredentials
        bot.reinstate()
        assert await channel.send(out(TextContent("well again")))


async def test_a_poll_that_waits_holds_up_no_send() -> None:
    async with opened() as (api, bot, channel), receiving(channel, FakeIntake()):
        await api.wait_for_calls(1, "getUpdates")
        for n in range(8):
            api.know(bot, f"chat-{n}")
        async with trio.open_nursery() as nursery:
            for n in range(8):
                nursery.start_soon(channel.send, out(TextContent(str(n)), f"chat-{n}"))
        assert sorted(bot.texts) == [str(n) for n in range(8)]
        assert api.count("getUpdates") == 1


# --- typing


async def test_typing_is_shown() -> None:
    async with opened() as (api, bot, channel):
        assert isinstance(channel, ShowsTyping)
        api.know(bot, TED)
        await channel.show_typing(Chat(SHOP, TED))
        assert [(action.chat_id, action.action) for action in bot.actions] == [(TED, "typing")]


async def test_typing_that_fails_is_let_go() -> None:
    poster = FakePoster(refused(401), html(502), RetryLater("not reached"), UnknownOutcome("x"), Rejected("x"))
    channel = ZaloChannel(SHOP, client.BotApi(poster, poster, Secret(TOKEN)))
    for _ in range(5):
        await channel.show_typing(Chat(SHOP, TED))
    assert poster.methods == ["sendChatAction"] * 5


async def test_typing_that_hangs_is_let_go_after_five_seconds(autojump_clock: MockClock) -> None:
    poster = FakePoster()
    await ZaloChannel(SHOP, client.BotApi(poster, poster, Secret(TOKEN))).show_typing(Chat(SHOP, TED))
    assert trio.current_time() == 5


async def test_no_error_of_any_call_shows_the_token() -> None:
    async with opened() as (api, bot, channel):
        api.know(bot, TED)
        errors: list[BaseException] = []
        for order in (bot.faults.cut, lambda method: bot.faults.drop(method, "before")):
            order("*")
            errors.append(await fail(channel))
        bot.faults.refuse("*", 400, f"no bot {TOKEN}")
        errors.append(await fail(channel))
        bot.revoke()
        errors.append(await fail(channel))
    for error in errors:
        shown = repr(error) + "".join(traceback.format_exception(error))
        assert "canary-token" not in shown
        assert error.__cause__ is None
        assert error.__context__ is None


def test_settings_do_not_show_the_token() -> None:
    assert "canary" not in repr(ZaloSettings(bot_token=Secret(TOKEN)))
