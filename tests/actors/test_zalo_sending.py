"""Every content that there is, as the simulated Bot API sees it come."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from zalo_fakes import SHOP
from zalo_stage import TED, opened, out

from actors.errors import Rejected
from actors.hosting import FileHost
from actors.messages import (
    Chat,
    Content,
    Outbound,
    ParseMode,
    PhotoContent,
    PhotoFileContent,
    StickerContent,
    TextContent,
    VoiceContent,
)
from actors.zalo.channel import ZaloChannel
from actors.zalo.sending import SENDS, Sender

AAC = "https://x.test/note.aac"


def test_there_is_a_row_for_every_content() -> None:
    assert set(SENDS) == set(get_args(Content))


@pytest.mark.parametrize(
    ("content", "call"),
    [
        (TextContent("hi"), ("sendMessage", "hi", "", "")),
        (PhotoContent("https://x.test/p.png", "cap"), ("sendPhoto", "cap", "https://x.test/p.png", "")),
        (VoiceContent(AAC), ("sendVoice", "", AAC, "")),
        (StickerContent("0e078a2fb66a5f34067b"), ("sendSticker", "", "", "0e078a2fb66a5f34067b")),
    ],
)
async def test_each_content_has_its_method(content: Content, call: tuple[str, ...]) -> None:
    async with opened() as (api, bot, channel):
        api.know(bot, TED)
        message_id = await channel.send(out(content))
    (sent,) = bot.sent
    assert (sent.method, sent.text, sent.url, sent.sticker) == call
    assert message_id == sent.message_id


@pytest.mark.parametrize("mode", [None, "markdown", "html"])
async def test_a_text_is_sent_with_the_way_it_is_to_be_read(mode: ParseMode | None) -> None:
    async with opened() as (api, bot, channel):
        api.know(bot, TED)
        await channel.send(out(TextContent("*hi*", mode)))
    assert [(sent.text, sent.parse_mode) for sent in bot.sent] == [("*hi*", mode or "")]


async def test_a_picture_of_our_own_is_sent_by_the_address_it_is_given(tmp_path: Path) -> None:
    picture = tmp_path / f"{'a' * 32}.png"
    picture.write_bytes(b"PNG")
    async with opened() as (api, bot, channel):
        api.know(bot, TED)
        assert isinstance(channel, ZaloChannel)
        sender = Sender(channel._api, FileHost(tmp_path, "https://bot.example.com/"))
        await sender.send(out(PhotoFileContent(str(picture), "cap")))
    (sent,) = bot.sent
    assert (sent.url, sent.text) == (f"https://bot.example.com/media/{picture.name}", "cap")


async def test_a_picture_of_our_own_is_refused_by_a_router_that_hosts_nothing() -> None:
    async with opened() as (api, bot, channel):
        api.know(bot, TED)
        with pytest.raises(Rejected, match="hosts no files"):
            await channel.send(out(PhotoFileContent("/tmp/x.png")))
        assert api.calls == []


async def test_a_voice_note_to_a_group_is_refused_before_the_api_could_say_that_it_worked() -> None:
    async with opened() as (api, _, channel):
        with pytest.raises(Rejected, match="private chats only"):
            await channel.send(Outbound(1, Chat(SHOP, "zgr-1", "group"), VoiceContent(AAC)))
        assert api.calls == []
