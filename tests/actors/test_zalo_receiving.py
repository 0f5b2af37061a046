"""The zalo channel receives: against the simulated Bot API, over loopback."""

from __future__ import annotations

import pytest
import trio
from zalo_fakes import SHOP
from zalo_stage import TED, Accepting, opened, out, receiving, set_webhook

from actors.errors import BadCredentials
from actors.messages import Chat, TextContent
from actors.testing.bot_api import Behaviour


async def test_what_people_write_arrives_in_order() -> None:
    intake = Accepting()
    async with opened() as (api, bot, channel):
        await channel.start()
        ids = [api.say(bot, TED, "before the first poll")]
        async with receiving(channel, intake):
            await intake.wait_for_texts(1)
            ids += [api.say(bot, TED, "while it waits"), api.say(bot, "lan", "@Bot hi", group=True, chat_id="zgr-1")]
            ids += [
                api.show_image(bot, TED, "https://p.test/1.jpg", "cap"),
                api.speak(bot, TED, "https://p.test/1.aac"),
            ]
            await intake.wait_for_texts(5)
    assert [one.message_id for one in intake.accepted] == ids
    assert intake.texts == ["before the first poll", "while it waits", "@Bot hi", "cap", ""]
    assert [one.kind for one in intake.accepted] == ["text", "text", "text", "image", "voice"]
    assert intake.accepted[2].chat == Chat(SHOP, "zgr-1", "group")
    assert intake.accepted[3].media[0].url == "https://p.test/1.jpg"
    assert intake.accepted[0].sent_at is not None


async def test_an_update_that_comes_twice_is_accepted_once() -> None:
    intake = Accepting()
    async with opened(Behaviour(updates="replay")) as (api, bot, channel), receiving(channel, intake):
        again = api.say(bot, TED, "a")
        await intake.wait_for_texts(1)
        api.replay(bot, again)
        api.say(bot, TED, "b")
        assert await intake.wait_for_texts(2) == ["a", "b"]


async def test_the_bots_echo_in_a_group_is_not_taken_for_a_message() -> None:
    intake = Accepting()
    async with opened(Behaviour(echo_in_groups=True)) as (api, bot, channel):
        await channel.start()
        api.know(bot, "zgr-1")
        await channel.send(out(TextContent("my own words"), "zgr-1"))
        api.say(bot, TED, "a person's")
        async with receiving(channel, intake):
            assert await intake.wait_for_texts(1) == ["a person's"]


async def test_what_cannot_be_read_is_shelved_and_the_next_is_taken() -> None:
    intake = Accepting()
    async with opened() as (api, bot, channel), receiving(channel, intake):
        api.inject(bot, b'{"event_name":"message.text.received","message":{"text":"\\ud800"}}')
        api.say(bot, TED, "next")
        assert await intake.wait_for_texts(1) == ["next"]
    [(raw, reason)] = intake.shelved
    assert b"\\ud800" in raw
    assert reason.startswith("expected JSON")
    assert intake.troubles == []


async def test_an_outage_of_polls_is_trouble_while_sends_go_on() -> None:
    intake = Accepting()
    async with opened() as (api, bot, channel):
        bot.faults.answer_html("getUpdates", 504)
        async with receiving(channel, intake):
            await intake.wait_for_trouble()
            api.know(bot, TED)
            assert await channel.send(out(TextContent("sends work")))
            api.say(bot, TED, "after the outage")
            assert await intake.wait_for_texts(1) == ["after the outage"]
    assert intake.troubles[0][0] == "getUpdates: HTTP 504 without an answer of the Bot API (504)"


async def test_a_webhook_that_somebody_sets_while_it_polls_is_taken_away() -> None:
    intake = Accepting()
    async with opened() as (api, bot, channel):
        await channel.start()
        set_webhook(bot)
        async with receiving(channel, intake):
            await api.wait_until(lambda: bot.webhook is None and api.count("getUpdates") == 2)
            api.say(bot, TED, "heard again")
            assert await intake.wait_for_texts(1) == ["heard again"]
    assert api.count("deleteWebhook") == 1


async def test_a_token_revoked_while_it_polls_ends_receiving() -> None:
    intake = Accepting()
    async with opened() as (api, bot, channel):
        api.say(bot, TED, "first words")

        async def revoke_then() -> None:
            await api.wait_for_calls(2, "getUpdates")
            bot.revoke()
            api.say(bot, TED, "to the poll that waits")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(revoke_then)
            with pytest.raises(BadCredentials, match="getUpdates: Unauthorized"):
                await channel.receive(intake)
    assert intake.texts == ["first words", "to the poll that waits"]


async def test_what_comes_after_a_cancelled_poll_waits_for_the_next_start() -> None:
    first, second = Accepting(), Accepting()
    async with opened() as (api, bot, channel):
        async with receiving(channel, first):
            await api.wait_for_calls(1, "getUpdates")
        api.say(bot, TED, "kept")
        async with receiving(channel, second):
            assert await second.wait_for_texts(1) == ["kept"]
    assert first.texts == []
